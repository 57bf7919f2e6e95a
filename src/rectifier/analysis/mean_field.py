"""What one layer of a wide network does to variance, correlation and gradient.

Layer: analysis (NumPy only). In a wide layer the pre-activations are normally distributed, so a
layer is a map between numbers: the variance q of the pre-activations and the correlation c between
those of two inputs (Poole et al. 2016, Schoenholz et al. 2017). Here are the averages that the map
needs; `rectifier.analysis.depth` iterates it.
"""

from __future__ import annotations

import functools
import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from rectifier.activation import Activation
from rectifier.analysis import shape
from rectifier.analysis.gaussian import expectation
from rectifier.analysis.normal import Array, norm_cdf, norm_pdf
from rectifier.analysis.operations import values

_REACH = 9.0
_NODES, _WEIGHTS = np.polynomial.legendre.leggauss(10)
_SCALES = (0.0, *(sign * 2.0**-k for k in range(1, 9, 2) for sign in (-1.0, 1.0)))
_ENDS = np.array([-30.0, 30.0])
_NEGLIGIBLE = 1e-9
_DIGITS = 11
"""Two variances that agree in so many digits count as the same, so that a fixed point is cheap."""


@dataclass(frozen=True)
class Averages:
    """Averages over h ~ N(0, q) of an activation f.

    Attributes:
        mean: E[f(h)].
        second: E[f(h)²].
        fourth: E[f(h)⁴]; infinite where it does not exist.
        slope: E[f'(h)²].
        elasticity: d log E[f(h)²] / d log q: by how many per cent the variance after the layer
            rises with 1 % more before it.
        curvature: q² times the second derivative of E[f(h)²] by q, relative to E[f(h)²].
        silent: The probability that f' is exactly 0.
    """

    mean: float
    second: float
    fourth: float
    slope: float
    elasticity: float
    curvature: float
    silent: float


def averages(spec: Activation, given: Mapping[str, float], variance: float) -> Averages:
    """Return the averages at a variance, which is 0 or more and finite.

    Args:
        spec: The activation.
        given: Values of its parameters.
        variance: q.
    """
    rounded = float(f"{variance:.{_DIGITS}g}")
    return _averages(spec, tuple(given.items()), rounded)


@functools.lru_cache(maxsize=4096)
def _averages(
    spec: Activation, parameters: tuple[tuple[str, float], ...], variance: float
) -> Averages:
    given, deviation = dict(parameters), math.sqrt(variance)
    form, slope = spec.value_expression, spec.derivative_expression

    def average(function: Any, expression: Any = form) -> float:
        points = shape.breakpoints(expression, given)
        breaks = tuple(p / deviation for p in points) if deviation else ()
        return expectation(lambda z: function(z, values(expression, deviation * z, given)), breaks)

    second = average(lambda z, f: f * f)
    # d/dq E[F(√q z)] = E[(z² - 1) F(√q z)] / 2q: needs no derivative, so a jump does no harm.
    # Once more, and the Hermite polynomial of order 4 is there.
    tilt = average(lambda z, f: (z * z - 1) * f * f)
    bend = average(lambda z, f: (z**4 - 6 * z * z + 3) * f * f)
    flat = shape.zero_gradient(spec.expression, given)
    edges = np.array(flat, np.float64).reshape(-1, 2)
    if deviation:
        silent = float(np.diff(norm_cdf(edges / deviation), axis=1).sum()) if flat else 0.0
    else:
        silent = float(any(low <= 0 <= high for low, high in flat))
    return Averages(
        mean=average(lambda z, f: f),
        second=second,
        fourth=average(lambda z, f: f**4),
        slope=average(lambda z, f: f * f, slope),
        elasticity=tilt / (2 * second) if second > 0 else math.nan,
        curvature=bend / (4 * second) if second > 0 else math.nan,
        silent=silent,
    )


def product(
    spec: Activation, given: Mapping[str, float], variances: tuple[float, float], correlation: float
) -> float:
    """Return E[f(u) f(v)] for normal u and v of mean 0.

    Args:
        spec: The activation.
        given: Values of its parameters.
        variances: Of u and of v.
        correlation: Between them, from -1 to 1.
    """
    rounded = tuple(float(f"{v:.{_DIGITS}g}") for v in (*variances, correlation))
    return _product(spec, tuple(given.items()), *rounded)


@functools.lru_cache(maxsize=4096)
def _product(
    spec: Activation,
    parameters: tuple[tuple[str, float], ...],
    first: float,
    second: float,
    correlation: float,
) -> float:
    """Gauss-Legendre rules between the break points of f(u), and for each u of f(v)."""
    given, form = dict(parameters), spec.value_expression
    one, two = math.sqrt(first), math.sqrt(second)
    breaks = np.array((0.0, *shape.breakpoints(form, given)))
    z, weight = _rule(breaks[None] / max(one, 1e-300))
    z, weight = z[0], weight[0]
    across = two * math.sqrt(max(1 - correlation**2, 0.0))
    centre = two * correlation * z
    if across < 1e-9 * two:  # the same input, or its mirror image
        return float((values(form, one * z, given) * values(form, centre, given) * weight).sum())
    inner, inner_weight = _rule((breaks - centre[:, None]) / across)
    with np.errstate(all="ignore"):
        average = (values(form, centre[:, None] + across * inner, given) * inner_weight).sum(axis=1)
        return float((values(form, one * z, given) * average * weight).sum())


def _rule(breaks: Array) -> tuple[Array, Array]:
    """Return nodes and weights for N(0, 1), a row for each row of break points."""
    fixed = np.arange(-_REACH, _REACH + 1)
    near = (breaks[..., None] + np.array(_SCALES)).reshape(len(breaks), -1)
    edges = np.concatenate([np.broadcast_to(fixed, (len(breaks), fixed.size)), near], axis=1)
    edges = np.sort(np.clip(edges, -_REACH, _REACH), axis=1)
    half = 0.5 * np.diff(edges, axis=1)[..., None]
    nodes = edges[:, :-1, None] + half * (1 + _NODES)
    weights = half * _WEIGHTS * norm_pdf(nodes)
    return nodes.reshape(len(breaks), -1), weights.reshape(len(breaks), -1)
