"""Row-wise functions on NumPy arrays: softmax, sparsemax, entmax, CReLU, maxout, top-k.

Layer: the NumPy front end, on the records of the catalog. Everything is computed in fp64 along one
axis and rounded once to the type of the input; NaN in a row makes the whole row NaN where its
outputs depend on all of it. These definitions are the reference for the other front ends.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any

import numpy as np

from rectifier import catalog
from rectifier.analysis.rows import check_k, length
from rectifier.errors import InvalidInputError
from rectifier.numpy.functions import Array, as_input


def _softmax(x: Array) -> Array:
    e = np.exp(x - x.max(axis=-1, keepdims=True))
    return np.asarray(e / e.sum(axis=-1, keepdims=True))


def _log_softmax(x: Array) -> Array:
    shifted = x - x.max(axis=-1, keepdims=True)
    return np.asarray(shifted - np.log(np.exp(shifted).sum(axis=-1, keepdims=True)))


def _sparsemax(x: Array) -> Array:
    """Martins and Astudillo, algorithm 1: the threshold is the mean excess over the support."""
    shifted = x - x.max(axis=-1, keepdims=True)
    ordered = -np.sort(-shifted, axis=-1)
    count = np.arange(1, x.shape[-1] + 1)
    excess = np.cumsum(ordered, axis=-1) - 1
    size = (count * ordered > excess).sum(axis=-1, keepdims=True)
    threshold = np.take_along_axis(excess, np.maximum(size, 1) - 1, axis=-1) / size
    return np.asarray(np.maximum(shifted - threshold, 0))


def _entmax15(x: Array) -> Array:
    """Peters, Niculae and Martins: p = max(x / 2 - threshold, 0)², by a quadratic per support."""
    half = (x - x.max(axis=-1, keepdims=True)) / 2
    ordered = -np.sort(-half, axis=-1)
    count = np.arange(1, x.shape[-1] + 1)
    mean = np.cumsum(ordered, axis=-1) / count
    spread = np.cumsum(ordered**2, axis=-1) - count * mean**2
    threshold = mean - np.sqrt(np.maximum((1 - spread) / count, 0))
    size = (threshold <= ordered).sum(axis=-1, keepdims=True)
    chosen = np.take_along_axis(threshold, np.maximum(size, 1) - 1, axis=-1)
    return np.asarray(np.maximum(half - chosen, 0) ** 2)


def _crelu(x: Array) -> Array:
    return np.concatenate([np.maximum(x, 0), np.maximum(-x, 0)], axis=-1)


def _maxout(x: Array, pieces: int) -> Array:
    if x.shape[-1] % pieces:
        raise InvalidInputError(
            f"maxout: expected a multiple of pieces={pieces} elements, got {x.shape[-1]}."
        )
    return np.asarray(x.reshape(*x.shape[:-1], x.shape[-1] // pieces, pieces).max(axis=-1))


def _topk(x: Array, k: int) -> Array:
    check_k("topk", k, x.shape[-1])
    # NaN counts as the largest number, or it would be dropped in silence.
    order = np.argsort(-np.where(np.isnan(x), np.inf, x), axis=-1, kind="stable")[..., :k]
    result = np.zeros_like(x)
    np.put_along_axis(result, order, np.take_along_axis(x, order, axis=-1), axis=-1)
    return result


def _batch_topk(x: Array, k: int) -> Array:
    check_k("batch_topk", k, x.shape[-1])
    rows = x.size // x.shape[-1]
    return _topk(x.reshape(1, -1), k * rows).reshape(x.shape) if rows else x.copy()


_ALGORITHMS: Mapping[str, Callable[..., Array]] = MappingProxyType(
    {
        "softmax": _softmax,
        "log_softmax": _log_softmax,
        "softmin": lambda x: _softmax(-x),
        "sparsemax": _sparsemax,
        "entmax15": _entmax15,
        "crelu": _crelu,
        "maxout": _maxout,
        "topk": _topk,
        "batch_topk": _batch_topk,
    }
)


class Rowwise:
    """A row-wise function on NumPy arrays.

    Args:
        name: A name of `rectifier.catalog.rowwise_names`.

    Example:
        >>> rowwise("sparsemax")([2.0, 1.5, -1.0])
        array([0.75, 0.25, 0.  ])
    """

    def __init__(self, name: str) -> None:
        self.record = catalog.rowwise(name)

    def __call__(self, x: Any, /, *, axis: int = -1, **options: Any) -> Any:
        """Return the function of each row along an axis.

        Args:
            x: fp16, fp32, fp64 or integers; at least one element along the axis.
            axis: The axis.
            **options: Whole numbers, such as ``k`` of ``topk``.

        Returns:
            A new array of the input's type; fp64 for integers.

        Raises:
            InvalidInputError: There is no such axis, or it has no suitable length.
            InvalidActivationError: An option is missing, unknown or not a whole number from 1, or
                the axis is not a whole number.
        """
        source = as_input(x)
        length(self.record.name, source.shape, axis)
        rows = np.moveaxis(source.astype(np.float64), axis, -1)
        with np.errstate(all="ignore"):
            result = _ALGORITHMS[self.record.name](rows, **self.record.chosen(options))
        dtype = source.dtype if source.dtype.kind == "f" else np.dtype(np.float64)
        return np.moveaxis(result, -1, axis).astype(dtype)

    def __repr__(self) -> str:
        return f"<rectifier.numpy row-wise function {self.record.name}>"


def rowwise(name: str) -> Rowwise:
    """Return a row-wise function of NumPy arrays.

    Raises:
        UnknownNameError: There is no such function.
    """
    return Rowwise(name)
