"""One measure for all front ends: values and slopes against fp64 NumPy, in units in the last place.

A front end computes on `grid` and hands the results to `judge`. The reference, `rectifier.numpy` in
fp64, is itself held to mpmath by tests/catalog/test_stable_forms.py.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from rectifier.activation import Activation
from rectifier.numpy import function


@dataclass(frozen=True)
class Format:
    """A floating format: bits after the point, exponent of the smallest normal number, maximum."""

    bits: int
    smallest: int
    largest: float


FORMATS = {
    "float64": Format(52, -1022, float(np.finfo(np.float64).max)),
    "float32": Format(23, -126, float(np.finfo(np.float32).max)),
    "float16": Format(10, -14, 65504.0),
    "bfloat16": Format(7, -126, 3.3895313892515355e38),
}


def rounded(x: np.ndarray, dtype: str) -> np.ndarray:
    """Round fp64 numbers to a format; for bfloat16 by cutting, which is a number of it too."""
    if dtype != "bfloat16":
        with np.errstate(over="ignore"):
            return x.astype(dtype).astype(np.float64)
    bits = x.astype(np.float32).view(np.uint32) & np.uint32(0xFFFF0000)
    return bits.view(np.float32).astype(np.float64)


LENGTH = 487
"""One length for all points, so that a framework compiles an operation once."""


def padded(points: list[float]) -> np.ndarray:
    """Repeat points up to `LENGTH`."""
    return np.resize(np.array(points), LENGTH)


def grid(dtype: str, *, subnormal: bool = False) -> np.ndarray:
    """Return fp64 points that the format holds: dense near 0, tails, ±0, ±largest, ±inf, NaN.

    Args:
        dtype: The format.
        subnormal: Whether to have the smallest number too, and one in the midst of such.
    """
    top = FORMATS[dtype].largest
    near = np.linspace(-6, 6, 241)
    wide = np.linspace(-110, 110, 111)
    far = np.geomspace(1e-30, 1e38, 69)
    kept = rounded(np.concatenate([near, wide, far, -far]), dtype)
    kept = kept[np.isfinite(kept) & (np.abs(kept) > 2.0 ** FORMATS[dtype].smallest)]
    special = [0.0, -0.0, top, -top, math.inf, -math.inf, math.nan]
    if subnormal:
        least = 2.0 ** (FORMATS[dtype].smallest - FORMATS[dtype].bits)
        special += [least, -least, 9 * least, -9 * least]
    return np.concatenate([np.resize(kept, LENGTH - len(special)), special])


@dataclass(frozen=True)
class Verdict:
    """The worst error of finite results in ulp, where it is, and what is wrong besides."""

    ulp: float
    at: float
    faults: tuple[str, ...]


def judge(
    spec: Activation,
    order: int,
    dtype: str,
    x: np.ndarray,
    got: np.ndarray,
    *,
    underflows: bool,
    **parameters: float,
) -> Verdict:
    """Measure a front end's results.

    A unit is that of the true value; beside a zero crossing, where a relative error cannot be
    small, that of the smaller of the values a quarter to either side.

    Args:
        spec: The activation.
        order: 0 for values, 1 for derivatives.
        dtype: The format of `got`.
        x: Points of `grid`.
        got: The results, converted to fp64.
        underflows: Whether the front end computes in the format itself, or its framework takes
            subnormal numbers for 0. Results near them are then held to an absolute bound.
        **parameters: Values of the activation's parameters.
    """
    kind = FORMATS[dtype]
    true = _true(spec, order, x, parameters)
    with np.errstate(over="ignore"):
        left, right = (_true(spec, order, x * s, parameters) for s in (0.75, 1.25))
    crossing = np.sign(left) * np.sign(right) < 0
    beside = np.minimum(np.abs(left), np.abs(right))
    size = np.where(crossing, np.maximum(np.abs(true), beside), np.abs(true))
    finite = np.isfinite(x) & np.isfinite(true) & (np.abs(true) <= kind.largest)
    exponent = np.floor(np.log2(np.maximum(size, 2.0**kind.smallest)))
    with np.errstate(invalid="ignore"):
        off = np.abs(got - true)
        error = off / 2.0 ** (exponent - kind.bits)
    faults = []
    if underflows and dtype != "float16":
        limit = 2.0 ** (kind.smallest + 12)
        flushed = finite & (size < limit)
        if not np.all(off[flushed] <= limit):
            faults.append(f"not near 0 at {x[flushed][~(off[flushed] <= limit)][:3]}")
        error = np.where(flushed, 0.0, error)
    error = np.where(finite, np.where(np.isnan(error), math.inf, error), 0.0)
    nans = np.isnan(x)
    if not np.all(np.isnan(got[nans])):
        faults.append("no NaN at NaN")
    ends = np.isinf(x)
    for point, value, limit in zip(x[ends], got[ends], true[ends], strict=True):
        none = math.isnan(value) and math.isnan(limit)  # a wave has no limit
        same = none or value == limit or math.isclose(value, limit, rel_tol=2.0 ** (2 - kind.bits))
        if not same:
            faults.append(f"{value} instead of {limit} at {point}")
    beyond = np.isfinite(x) & (np.abs(true) > 2 * kind.largest)
    if not np.array_equal(got[beyond], np.copysign(math.inf, true[beyond])):
        faults.append(f"no infinity where the format overflows, at {x[beyond]}: {got[beyond]}")
    worst = int(np.argmax(error))
    return Verdict(float(error[worst]), float(x[worst]), tuple(faults))


def _true(spec: Activation, order: int, x: np.ndarray, parameters: dict[str, float]) -> np.ndarray:
    f = function(spec)
    if order == 0:
        return f(x, path="composed", **parameters)
    return f.derivative(x, path="composed", **parameters)
