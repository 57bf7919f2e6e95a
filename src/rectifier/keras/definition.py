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
from rectifier.activation import Activation, Param, define
from rectifier.errors import InvalidActivationError, UnknownNameError
from rectifier.expression import to_text


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
    parts = dict(description)
    try:
        name, formula = parts.pop("name"), parts.pop("formula")
        params = {key: Param(**fields) for key, fields in parts.pop("params").items()}
        return define(name, formula, **parts, **params)
    except (KeyError, TypeError, AttributeError) as error:
        raise InvalidActivationError(
            f"expected the description of an activation with name, formula and params, got "
            f"{description!r}: {error}."
        ) from error


def is_listed(activation: Activation) -> bool:
    """Say whether an activation is exactly the catalog's entry of its name."""
    try:
        return catalog.get(activation.name) == activation
    except UnknownNameError:
        return False
