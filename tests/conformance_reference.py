"""One measure for all front ends: values and slopes against fp64 NumPy, in units in the last place.

A front end's test computes on `grid` and hands the results to `judge`. The reference,
`rectifier.numpy` in fp64, is itself held to mpmath by tests/catalog/test_stable_forms.py.
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


def grid(dtype: str) -> np.ndarray:
    """Return fp64 points that the format holds: dense near 0, tails, ±0, ±largest, ±inf, NaN."""
    top = FORMATS[dtype].largest
    near = np.linspace(-6, 6, 241)
    wide = np.linspace(-110, 110, 111)
    far = np.geomspace(1e-30, 1e38, 69)
    kept = rounded(np.concatenate([near, wide, far, -far]), dtype)
    kept = kept[np.isfinite(kept) & (np.abs(kept) > 2.0 ** FORMATS[dtype].smallest)]
    special = [0.0, -0.0, top, -top, math.inf, -math.inf, math.nan]
    return np.concatenate([np.resize(kept, LENGTH - len(special)), special])


WIDER = {
    # exp magnifies the rounding of its argument, by up to the size of that argument.
    **{(name, "float32"): 80.0 for name in ("pserf", "quick_gelu", "srs", "lecun_tanh", "aria2")},
    **{(name, "float32"): 24.0 for name in ("gaussian", "erf", "tanh_exp", "erfact")},
    **{(name, dtype): 800.0 for name in ("laplace",) for dtype in ("float32", "float64")},
    ("lecun_tanh", "float64"): 300.0,
    # Two terms of a slope cancel near its root, at -1.2.
    **{(name, "float32"): 24.0 for name in ("serf", "logish", "smish")},
    # Two exponentials, one in the other: the inner result, up to 745 in fp64, is the argument.
    **{
        (name, dtype): bar
        for name in ("golu", "loglog", "cloglog")
        for dtype, bar in (("float32", 100.0), ("float64", 750.0))
    },
    # Beside a root that the judge's test for crossings does not see: the slope touches 0 or crosses
    # it within a wave that is shorter than its step.
    **{(name, "float32"): 1e5 for name in ("snake", "sinlu", "coslu")},
    **{("snake", dtype): 1.0 for dtype in ("float16", "bfloat16")},
    ("cosine_squasher", "float32"): 80.0,
    # 0.001 is not a number of fp32; the jump is where its neighbour is.
    ("jump_relu", "float32"): 1e7,
    # XLA's log1p in fp64 is 119 ulp off at expm1(-1.75) / 2.
    ("slu", "float64"): 130.0,
}
"""Bars in ulp above the usual for what a front end computes in the format itself, with reasons."""


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
    worst = int(np.argmax(error))
    return Verdict(float(error[worst]), float(x[worst]), tuple(faults))


def _true(spec: Activation, order: int, x: np.ndarray, parameters: dict[str, float]) -> np.ndarray:
    f = function(spec)
    if order == 0:
        return f(x, path="composed", **parameters)
    return f.derivative(x, path="composed", **parameters)
