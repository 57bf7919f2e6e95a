"""Row-wise functions and the halves of gated units on any array library with NumPy's names.

Layer: analysis (imports no framework; the library is handed in), as `rectifier.analysis.portable`.
The support of sparsemax and of entmax is found from the sorted row, and the result then written in
terms of the numbers on the support alone: that is what is differentiated, so a gradient needs no
derivative of sorting, and is right to every order. NumPy's own functions are the reference.
"""

from __future__ import annotations

import math
import numbers
from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType
from typing import Any

from rectifier.activation import Activation
from rectifier.errors import InvalidActivationError, InvalidInputError, UnknownNameError

HALVES = ("last", "first", "odd", "even")
"""What may gate: a half of the axis, or every other number counted from 0."""


def parts(name: str, x: Any, axis: int, gate: str) -> tuple[Any, Any]:
    """Return the linear part of an array and the part that gates.

    Args:
        name: The unit, for the message.
        x: An array that can be sliced.
        axis: The axis that holds both.
        gate: One of `HALVES`.

    Raises:
        UnknownNameError: `gate` is something else.
        InvalidActivationError: The axis is no whole number.
        InvalidInputError: There is no such axis, or its length is odd.
    """
    gate, size = check_gate(gate), length(name, x.shape, axis)
    if size % 2:
        raise InvalidInputError(
            f"{name}: expected an even number of elements along axis {axis}, got shape "
            f"{tuple(x.shape)}."
        )
    half, before = size // 2, [slice(None)] * (axis % len(x.shape))
    if gate in ("last", "first"):
        one, two = slice(0, half), slice(half, size)
    else:
        one, two = slice(0, size, 2), slice(1, size, 2)
    first, second = x[(*before, one)], x[(*before, two)]
    return (first, second) if gate in ("last", "odd") else (second, first)


def gated_function(
    unit: Activation, product: Callable[..., Any], checked: Callable[[str, Any], Any]
) -> Callable[..., Any]:
    """Return a gated unit as a function ``f(x, axis=-1, gate="last", **parameters)``.

    Args:
        unit: The unit.
        product: It as a front end's function of ``x`` with the parameter ``gate``.
        checked: Makes an array of an input, or raises; takes the unit's name before it.
    """

    def call(x: Any, axis: int = -1, gate: str = "last", **parameters: Any) -> Any:
        linear, gating = parts(unit.name, checked(unit.name, x), axis, gate)
        return product(linear, gate=gating, **parameters)

    return named(call, unit.name, f"{unit.summary}\n\n{unit.formula}\n\n{unit.source}")


def named(call: Callable[..., Any], name: str, document: str) -> Callable[..., Any]:
    """Give a function its name and its docstring."""
    call.__name__ = call.__qualname__ = name
    call.__doc__ = document
    return call


def check_axis(name: str, axis: Any, word: str = "axis") -> int:
    """Return the number of an axis after checking that it is a whole number.

    Args:
        name: What takes it, for the message.
        axis: What was given.
        word: What the front end calls it: ``axis`` or ``dim``.

    Raises:
        InvalidActivationError: It is something else.
    """
    if isinstance(axis, bool) or not isinstance(axis, numbers.Integral):
        raise InvalidActivationError(
            f"{name}: {word} must be a whole number, such as -1 for the last one, got {axis!r}."
        )
    return int(axis)


def check_gate(gate: Any) -> str:
    """Return the name of the part that gates.

    Raises:
        UnknownNameError: It is none of `HALVES`.
    """
    if gate not in HALVES:
        raise UnknownNameError("part that gates", gate, HALVES)
    return str(gate)


def check_place(name: str, shape: Sequence[int | None], axis: Any, word: str = "axis") -> int:
    """Return an axis as an int after checking that an input of this shape has it.

    Raises:
        InvalidActivationError: The axis is no whole number.
        InvalidInputError: There is no such axis.
    """
    place = check_axis(name, axis, word)
    if not -len(shape) <= place < len(shape):
        raise InvalidInputError(
            f"{name}: there is no {word} {place} in an input of {len(shape)} dimensions, "
            f"of shape {tuple(shape)}."
        )
    return place


def length(name: str, shape: Sequence[int | None], axis: Any, word: str = "axis") -> int:
    """Return the length of an axis after checking that it is there, known and not empty.

    Args:
        name: Whose input it is, for the message.
        shape: The input's shape.
        axis: The axis; negative ones count from the end.
        word: What the front end calls it.

    Raises:
        InvalidActivationError: The axis is no whole number.
        InvalidInputError: There is no such axis, or it is empty.
    """
    place = check_place(name, shape, axis, word)
    size = shape[place]
    if not size:
        raise InvalidInputError(
            f"{name}: expected at least one element along {word} {place}, got shape {tuple(shape)}."
        )
    return size


def check_k(name: str, k: int, size: int) -> None:
    """Check that a row has as many elements as are to be kept.

    Raises:
        InvalidInputError: It has fewer.
    """
    if k > size:
        raise InvalidInputError(
            f"{name}: expected at least k={k} elements in a row, got {size}; take a smaller k."
        )


def compute(name: str, library: Any, held: Callable[[Any], Any], rows: Any, **options: int) -> Any:
    """Compute a row-wise function along the last axis.

    Args:
        name: A name of `rectifier.catalog.rowwise_names`.
        library: A module with NumPy's names, such as ``jax.numpy`` or ``keras.ops``.
        held: What makes a library leave an array out of a derivative.
        rows: A floating array with at least one element along the last axis.
        **options: The function's options.

    Returns:
        An array of the same type.
    """
    return _ALGORITHMS[name](library, held, rows, **options)


def _marked(lib: Any, x: Any, where: Any) -> Any:
    """Return an array that is NaN in some places, and whose gradient is NaN there too.

    Comparisons hide a NaN, and what is picked from an array passes any gradient back to it.
    """
    return x * lib.where(where, math.nan + lib.zeros_like(x), lib.ones_like(x))


def _marked_rows(lib: Any, x: Any) -> Any:
    return _marked(lib, x, lib.isnan(lib.sum(x, axis=-1, keepdims=True)))


def _shifted(lib: Any, held: Callable[[Any], Any], x: Any) -> Any:
    return x - held(lib.max(x, axis=-1, keepdims=True))


def _softmax(lib: Any, held: Callable[[Any], Any], x: Any) -> Any:
    e = lib.exp(_shifted(lib, held, x))
    return e / lib.sum(e, axis=-1, keepdims=True)


def _log_softmax(lib: Any, held: Callable[[Any], Any], x: Any) -> Any:
    shifted = _shifted(lib, held, x)
    return shifted - lib.log(lib.sum(lib.exp(shifted), axis=-1, keepdims=True))


def _sorted(lib: Any, x: Any) -> tuple[Any, Any]:
    """Return rows in descending order and 1, 2, … along them."""
    ordered = -lib.sort(-x, axis=-1)
    return ordered, lib.cumsum(lib.ones_like(x), axis=-1)


def _at(lib: Any, values: Any, place: Any, count: Any) -> Any:
    """Return the value at a place, counted from 1, of each row."""
    return lib.sum(lib.where(count == place, values, 0.0 * place), axis=-1, keepdims=True)


def _sparsemax(lib: Any, held: Callable[[Any], Any], x: Any) -> Any:
    shifted = _shifted(lib, held, _marked_rows(lib, x))
    ordered, count = _sorted(lib, held(shifted))
    excess = lib.cumsum(ordered, axis=-1) - 1.0
    inside = lib.where(count * ordered > excess, lib.ones_like(x), lib.zeros_like(x))
    size = lib.sum(inside, axis=-1, keepdims=True)
    limit = _at(lib, excess, size, count) / size
    support = held(shifted) > limit
    total = lib.sum(lib.where(support, shifted, lib.zeros_like(x)), axis=-1, keepdims=True)
    own = lib.sum(lib.where(support, lib.ones_like(x), lib.zeros_like(x)), axis=-1, keepdims=True)
    result = lib.where(support, shifted - (total - 1.0) / own, lib.zeros_like(x))
    return _spoilt(lib, shifted, result)


def _entmax15(lib: Any, held: Callable[[Any], Any], x: Any) -> Any:
    half = _shifted(lib, held, _marked_rows(lib, x)) * 0.5
    ordered, count = _sorted(lib, held(half))
    mean = lib.cumsum(ordered, axis=-1) / count
    spread = lib.cumsum(ordered * ordered, axis=-1) - count * mean * mean
    limits = mean - lib.sqrt(lib.maximum((1.0 - spread) / count, lib.zeros_like(x)))
    inside = lib.where(limits <= ordered, lib.ones_like(x), lib.zeros_like(x))
    limit = _at(lib, limits, lib.sum(inside, axis=-1, keepdims=True), count)
    support = held(half) > limit
    kept = lib.where(support, half, lib.zeros_like(x))
    own = lib.sum(lib.where(support, lib.ones_like(x), lib.zeros_like(x)), axis=-1, keepdims=True)
    middle = lib.sum(kept, axis=-1, keepdims=True) / own
    off = lib.where(support, half - middle, lib.zeros_like(x))
    rest = 1.0 - lib.sum(off * off, axis=-1, keepdims=True)
    above = off + lib.sqrt(rest / own)
    return _spoilt(lib, half, lib.where(support, above * above, lib.zeros_like(x)))


def _spoilt(lib: Any, shifted: Any, result: Any) -> Any:
    """Return a result that is NaN along rows with a NaN: comparisons would have hidden it."""
    total = lib.sum(shifted, axis=-1, keepdims=True)
    return lib.where(lib.isnan(total), total + lib.zeros_like(result), result)


def _crelu(lib: Any, held: Callable[[Any], Any], x: Any) -> Any:
    x, zero = _marked(lib, x, lib.isnan(x)), lib.zeros_like(x)
    return lib.concatenate([lib.where(x <= 0, zero, x), lib.where(x >= 0, zero, -x)], axis=-1)


def _maxout(lib: Any, held: Callable[[Any], Any], x: Any, pieces: int) -> Any:
    size = x.shape[-1]
    if size % pieces:
        raise InvalidInputError(
            f"maxout: expected a multiple of pieces={pieces} elements, got {size}."
        )
    groups = lib.reshape(_marked(lib, x, lib.isnan(x)), (*x.shape[:-1], size // pieces, pieces))
    spoilt, ones = lib.isnan(groups), lib.ones_like(groups)
    any_spoilt = lib.any(spoilt, axis=-1, keepdims=True)
    sizes = lib.where(any_spoilt, lib.where(spoilt, ones, -ones), held(groups))
    place = lib.argmax(sizes, axis=-1)
    return lib.take_along_axis(groups, place[..., None], axis=-1)[..., 0]


def _sizes(lib: Any, x: Any) -> Any:
    """Return numbers to order by: NaN counts as the largest, or it would be dropped in silence."""
    return lib.where(lib.isnan(x), math.inf + lib.zeros_like(x), x)


def _topk(lib: Any, held: Callable[[Any], Any], x: Any, k: int) -> Any:
    check_k("topk", k, x.shape[-1])
    x = _marked(lib, x, lib.isnan(x))
    rank = lib.argsort(lib.argsort(-_sizes(lib, held(x)), axis=-1), axis=-1)
    return lib.where(rank < k, x, lib.zeros_like(x))


def _batch_topk(lib: Any, held: Callable[[Any], Any], x: Any, k: int) -> Any:
    size = x.shape[-1]
    check_k("batch_topk", k, size)
    rows = math.prod(x.shape[:-1])
    flat = _topk(lib, held, lib.reshape(x, (rows * size,)), k * rows) if rows else x
    return lib.reshape(flat, x.shape)


_ALGORITHMS: Mapping[str, Callable[..., Any]] = MappingProxyType(
    {
        "softmax": _softmax,
        "log_softmax": _log_softmax,
        "softmin": lambda lib, held, x: _softmax(lib, held, -x),
        "sparsemax": _sparsemax,
        "entmax15": _entmax15,
        "crelu": _crelu,
        "maxout": _maxout,
        "topk": _topk,
        "batch_topk": _batch_topk,
    }
)
