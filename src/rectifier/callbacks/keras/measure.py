"""A batch's arrays as the numbers that `rectifier.watch.ledger` keeps.

For `rectifier.callbacks.keras`; NumPy only. The definitions are those of `rectifier.watch`, told on
the host instead of on the device.
"""

from __future__ import annotations

import functools
import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rectifier import catalog
from rectifier.errors import UnknownNameError
from rectifier.numpy import function as numpy_function
from rectifier.watch.ledger import Feeding, Observation

Array = NDArray[Any]

SAMPLE = 4096
"""Elements kept of the latest pre-activations for their histogram."""


def observe(
    seen: Observation, x: Array, y: Array, into: Array, out: Array, axis: int, function: str
) -> None:
    """Add one application of a site to what was seen of it in this step.

    Args:
        seen: Sums so far.
        x: Its input.
        y: Its output, of the same shape.
        into: Gradient of the loss with respect to the input.
        out: Gradient of the loss with respect to the output.
        axis: Dimension of the units.
        function: Name of the activation.
    """
    others = tuple(i for i in range(y.ndim) if i != axis)
    elements = y.size // max(y.shape[axis], 1)
    if not elements:
        return
    seen.elements += elements
    seen.rows += y.shape[0] if y.ndim > 3 else elements
    seen.active = _plus(seen.active, np.sum(y > 0, axis=others))
    seen.nonzero = _plus(seen.nonzero, np.sum(into != 0, axis=others))
    seen.gradient_elements += elements
    square = float(np.square(out, dtype=np.float64).sum())
    seen.gradient_squares = square + _known(seen.gradient_squares)
    with np.errstate(invalid="ignore", over="ignore"):
        sums = [
            np.sum(y != 0, axis=others),
            np.abs(y, dtype=np.float64).sum(axis=others),
            x.sum(axis=others, dtype=np.float64),
            np.square(x, dtype=np.float64).sum(axis=others),
        ]
        whole = [
            y.sum(dtype=np.float64),
            np.square(y, dtype=np.float64).sum(),
            float(x.min()),
            float(x.max()),
            _saturated(x, y, function),
            np.count_nonzero(~np.isfinite(x)),
            np.count_nonzero(~np.isfinite(y)),
        ]
    seen.sums = _plus(seen.sums, np.array(sums, dtype=np.float64))
    seen.whole = _joined(seen.whole, np.array(whole, dtype=np.float64))
    flat = x.reshape(-1)
    seen.sample = flat[:: max(1, flat.size // SAMPLE)][:SAMPLE].astype(np.float64)


def _plus(known: Any, value: Any) -> Any:
    return value if known is None else known + value


def _joined(known: Array | None, new: Array) -> Array:
    """As a sum, but of the smallest and the largest input."""
    if known is None:
        return new
    both: Array = known + new
    both[2], both[3] = min(known[2], new[2]), max(known[3], new[3])
    return both


def _known(value: float) -> float:
    return 0.0 if math.isnan(value) else value


def _saturated(x: Array, y: Array, function: str) -> float:
    if function in ("relu", "relu6"):  # exactly where the output is zero
        return int(y.size - np.count_nonzero(y))
    bounds = _bounds(function)
    if bounds is None:
        return math.nan
    return int(np.count_nonzero(x < bounds[0]) + np.count_nonzero(x > bounds[1]))


@functools.cache
def _bounds(function: str) -> tuple[float, float] | None:
    """Inputs beyond which the slope stays below 1 % of its maximum; None: there are none."""
    try:
        slope = numpy_function(catalog.get(function)).derivative
    except UnknownNameError:
        return None
    points = np.linspace(-32, 32, 6401)
    steep = np.abs(slope(points))
    open_ = np.flatnonzero(steep >= 0.01 * steep.max())
    low, high = int(open_[0]), int(open_[-1])
    if low == 0 and high == points.size - 1:
        return None
    return (
        -np.inf if low == 0 else float(points[low]),
        np.inf if high == points.size - 1 else float(points[high]),
    )


def feeding(weight: Array | None, bias: Array | None, units: int) -> Feeding:
    """Bias and norm of the incoming weights of each unit; NaN where they cannot be told."""
    unknown = np.full(units, np.nan)
    norm = unknown
    if weight is not None and weight.size and weight.shape[-1] == units:
        rows = weight.reshape(-1, units).astype(np.float64)
        norm = np.sqrt(np.square(rows).sum(axis=0))
    flat = None if bias is None else bias.reshape(-1)
    return Feeding(
        bias=flat.astype(np.float64) if flat is not None and flat.size == units else unknown,
        norm=norm,
    )


def norm(*arrays: Array) -> float:
    """Euclidean norm of all elements."""
    return math.sqrt(sum(float(np.square(a, dtype=np.float64).sum()) for a in arrays))


def bad(*arrays: Array) -> float:
    """Count of NaN and infinite elements."""
    return float(sum(np.count_nonzero(~np.isfinite(a)) for a in arrays))
