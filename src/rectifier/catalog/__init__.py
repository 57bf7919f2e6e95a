"""The catalog: one definition of each activation, found by name.

Layer: above activation (standard library only; the build reads it before anything is installed).
Every module of this package without a leading underscore is a family; its ``ACTIVATIONS`` are found
by scanning, so that a new activation or family needs no registration. What follows from a
definition is left to analysis, the kernels and the front ends.
"""

from __future__ import annotations

import functools
import importlib
import pkgutil
from collections.abc import Mapping
from types import MappingProxyType

from rectifier.activation import Activation
from rectifier.errors import InvalidActivationError, UnknownNameError

__all__ = ["all_activations", "families", "get", "names"]


def get(name: str | Activation) -> Activation:
    """Return the activation of a name; an activation is returned as it is.

    Args:
        name: A name, an alias or a class name; upper and lower case, ``-`` and ``_`` are not told
            apart.

    Raises:
        UnknownNameError: There is no such activation; the message lists the nearest names.
        InvalidActivationError: The argument is neither a name nor an activation.

    Example:
        >>> get("GELU_new").name
        'gelu_tanh'
    """
    if isinstance(name, Activation):
        return name
    if not isinstance(name, str):
        raise InvalidActivationError(
            f"expected the name of an activation or an Activation, got {type(name).__name__}; "
            "rectifier.names() lists the names, rectifier.define makes an Activation."
        )
    index = _index()
    found = index.get(name.strip().lower().replace("-", "_").replace(" ", "_"))
    if found is None:
        raise UnknownNameError("activation", name, index)
    return found


def names(family: str | None = None) -> tuple[str, ...]:
    """Return the names of all activations, or of one family, in the order of the files.

    Raises:
        UnknownNameError: There is no such family.
    """
    if family is None:
        return tuple(activation.name for activation in all_activations())
    members = _families()
    if family not in members:
        raise UnknownNameError("family", family, members)
    return tuple(activation.name for activation in members[family])


def families() -> tuple[str, ...]:
    """Return the names of the families."""
    return tuple(_families())


def all_activations() -> tuple[Activation, ...]:
    """Return every activation of the catalog, family by family."""
    return tuple(activation for members in _families().values() for activation in members)


@functools.cache
def _families() -> Mapping[str, tuple[Activation, ...]]:
    found: dict[str, tuple[Activation, ...]] = {}
    for module in sorted(pkgutil.iter_modules(__path__), key=lambda info: info.name):
        if not module.name.startswith("_"):
            found[module.name] = importlib.import_module(f"{__name__}.{module.name}").ACTIVATIONS
    return MappingProxyType(found)


@functools.cache
def _index() -> Mapping[str, Activation]:
    index: dict[str, Activation] = {}
    for activation in all_activations():
        keys = {activation.name, *activation.aliases, activation.class_name.lower()}
        for key in keys:
            if key in index:
                raise InvalidActivationError(
                    f"the catalog has two activations called {key!r}: "
                    f"{index[key].name} and {activation.name}."
                )
            index[key] = activation
    return MappingProxyType(index)
