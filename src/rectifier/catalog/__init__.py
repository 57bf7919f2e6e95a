"""The catalog: one definition of each activation, found by name.

Layer: above activation and definition (standard library only; the build reads it before anything
is installed).
Every module of this package without a leading underscore is a family; its ``ACTIVATIONS`` are found
by scanning, so that a new activation or family needs no registration. What follows from a
definition is left to analysis, the kernels and the front ends.

What takes more than one number is apart, so that everything else here may rely on one: `gated` for
units that multiply two halves of their input, `rowwise` for functions of a whole row.
"""

from __future__ import annotations

import functools
import importlib
import pkgutil
from collections.abc import Mapping
from types import MappingProxyType

from rectifier.activation import Activation
from rectifier.catalog import _gated, _pade, _rowwise
from rectifier.catalog._entry import Advice
from rectifier.catalog._gated import GATED
from rectifier.catalog._rowwise import ROWWISE, Rowwise
from rectifier.definition import from_formula, is_formula
from rectifier.errors import InvalidActivationError, OtherKindError, UnknownNameError

__all__ = [
    "Advice",
    "Rowwise",
    "advice",
    "all_activations",
    "families",
    "gated",
    "gated_names",
    "get",
    "names",
    "pade_start",
    "rowwise",
    "rowwise_names",
]


def get(name: str | Activation) -> Activation:
    """Return the activation of a name or of a formula; an activation is returned as it is.

    Args:
        name: A name, an alias or a class name; upper and lower case, ``-`` and ``_`` are not told
            apart. Or a formula over ``x`` without parameters, or ``name=formula``.

    Raises:
        UnknownNameError: There is no such activation; the message lists the nearest names.
        ExpressionError: A formula cannot be read.
        InvalidActivationError: The argument is neither a name nor an activation.

    Example:
        >>> get("GELU_new").name
        'gelu_tanh'
        >>> get("x * sigmoid(1.5 * x)").name
        'x_times_sigmoid_1p5_times_x'
    """
    if isinstance(name, Activation):
        return name
    if not isinstance(name, str):
        raise InvalidActivationError(
            f"expected the name of an activation or an Activation, got {type(name).__name__}; "
            "rectifier.names() lists the names, rectifier.define makes an Activation."
        )
    if is_formula(name):
        return from_formula(name)
    index, key = _index(), _key(name)
    for kind, others in (("gated", _GATED), ("rowwise", _ROWWISE)):
        if key not in index and key in others:
            raise OtherKindError(kind, name)
    if key not in index:
        raise UnknownNameError("activation", name, index)
    return index[key]


def gated(name: str) -> Activation:
    """Return the gated unit of a name: an activation of ``x`` and of its parameter ``gate``.

    Raises:
        UnknownNameError: There is no such unit; the message lists the nearest names.

    Example:
        >>> gated("SwiGLU").formula
        'x * (gate * sigmoid(beta * gate))'
    """
    if _key(name) not in _GATED:
        raise UnknownNameError("gated unit", name, _GATED)
    return _GATED[_key(name)]


def gated_names() -> tuple[str, ...]:
    """Return the names of all gated units."""
    return tuple(unit.name for unit in GATED)


def rowwise(name: str) -> Rowwise:
    """Return the record of a row-wise function.

    Raises:
        UnknownNameError: There is no such function; the message lists the nearest names.
    """
    if _key(name) not in _ROWWISE:
        raise UnknownNameError("row-wise function", name, _ROWWISE)
    return _ROWWISE[_key(name)]


def rowwise_names() -> tuple[str, ...]:
    """Return the names of all row-wise functions."""
    return tuple(record.name for record in ROWWISE)


def pade_start(name: str, like: str = "leaky_relu") -> dict[str, float]:
    """Return the published coefficients with which a Padé unit starts near another activation.

    Args:
        name: ``"pau"``, ``"pau_a"``, ``"pau_c"`` or ``"pau_d"``.
        like: ``"relu"``, ``"leaky_relu"``, ``"tanh"``, ``"sigmoid"``, ``"gelu"`` or ``"swish"``.

    Returns:
        Values by the names of the unit's parameters, as every front end takes them.

    Raises:
        UnknownNameError: There is no such unit, or nothing is published for that.

    Example:
        >>> round(pade_start("pau_a", "tanh")["a1"], 6)
        1.000301
    """
    versions: Mapping[str, _pade.Version] = {"pau": "B", "pau_a": "A", "pau_c": "C", "pau_d": "B"}
    known = get(name).name
    if known not in versions:
        raise UnknownNameError("Padé unit", name, versions)
    return _pade.start(versions[known], like)


def _key(name: str) -> str:
    return name.strip().lower().replace("-", "_").replace(" ", "_")


_GATED = MappingProxyType(
    {key: unit for unit in GATED for key in (unit.name, unit.class_name.lower(), *unit.aliases)}
)
_ROWWISE = MappingProxyType(
    {key: each for each in ROWWISE for key in (each.name, each.class_name.lower(), *each.aliases)}
)


def advice(name: str) -> Advice:
    """Return when to use something of the catalog and when not: its own advice or its family's.

    Args:
        name: The name of an activation, a gated unit or a row-wise function; no alias.

    Raises:
        UnknownNameError: There is nothing of that name.

    Example:
        >>> advice("relu").sources[0]
        'Glorot et al. 2011, Deep Sparse Rectifier Neural Networks'
    """
    if name in gated_names():
        family: Mapping[str, Advice] = _gated.ADVICE
    elif name in rowwise_names():
        family = _rowwise.ADVICE
    else:
        module = importlib.import_module(f"{__name__}.{get(name).family}")
        family = module.ADVICE
    return family.get(name, family[""])


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
