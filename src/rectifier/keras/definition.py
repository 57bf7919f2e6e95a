"""An activation as plain data that a saved model can hold, and back.

Layer: Keras front end (needs no Keras). An activation of the catalog is its name; one that a user
defined is its formulas and parameters, which the safe parser of `rectifier.expression` reads, so
loading a file runs no code from it.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import Any

from rectifier import catalog
from rectifier.activation import Activation, Param
from rectifier.errors import InvalidActivationError, UnknownNameError
from rectifier.expression import parse, to_text


def describe(activation: Activation) -> str | dict[str, Any]:
    """Return an activation as a name or as a dictionary of plain values.

    Args:
        activation: The activation.
    """
    if is_listed(activation):
        return activation.name
    stable, slope = activation.stable, activation.stable_derivative
    return {
        "name": activation.name,
        "formula": activation.formula,
        "stable": None if stable is None else to_text(stable),
        "stable_derivative": None if slope is None else to_text(slope),
        "summary": activation.summary,
        "params": {name: dataclasses.asdict(param) for name, param in activation.params.items()},
    }


def restore(description: str | Activation | Mapping[str, Any]) -> Activation:
    """Return the activation of a description, of a name, or as it is.

    Args:
        description: What `describe` returns, or anything that `rectifier.get` takes.

    Raises:
        UnknownNameError: There is no activation of this name.
        InvalidActivationError: The description is incomplete or makes no sense.
    """
    if not isinstance(description, Mapping):
        return catalog.get(description)
    try:
        params = {name: Param(**fields) for name, fields in description["params"].items()}
        names = ("x", *params)
        stable, slope = (
            None if description[key] is None else parse(description[key], names)
            for key in ("stable", "stable_derivative")
        )
        return Activation(
            name=description["name"],
            expression=parse(description["formula"], names),
            params=params,
            summary=description["summary"],
            stable=stable,
            stable_derivative=slope,
        )
    except (KeyError, TypeError, AttributeError) as error:
        raise InvalidActivationError(
            f"expected the description of an activation as a saved model holds it, got "
            f"{description!r}: {type(error).__name__} {error}."
        ) from error


def is_listed(activation: Activation) -> bool:
    """Say whether an activation is exactly the catalog's entry of its name."""
    try:
        return catalog.get(activation.name) == activation
    except UnknownNameError:
        return False
