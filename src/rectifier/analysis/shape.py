"""The shape of a function of one variable, read from its expression: kinks, pieces, range, slopes.

Layer: analysis (NumPy only). The expression says where a function can fail to be smooth: where the
argument of ``abs``, ``sign``, ``sqrt`` or ``log``, a denominator or the base of a broken power
changes sign, or the difference of the arguments of ``maximum`` or ``minimum`` or of the two sides
of a condition. Between those break points it is analytic, so what holds at many points of a piece,
such as "the derivative is 0", holds on all of it. What is searched is the interval from -`REACH` to
`REACH`; a break point beyond is not found.
"""

from __future__ import annotations

import functools
import itertools
import math
from collections.abc import Callable, Mapping
from typing import Literal

import numpy as np

from rectifier.analysis.normal import Array
from rectifier.analysis.operations import values
from rectifier.expression import Call, Constant, Expr, differentiate, postorder

REACH = 64.0
"""How far from zero break points are searched."""

_COMPARISONS = frozenset({"lt", "le", "gt", "ge", "eq"})
_GRID = np.unique(
    np.concatenate(
        [
            np.linspace(-REACH, REACH, 16385),
            *(sign * np.geomspace(1e-12, REACH, 2001) for sign in (-1.0, 1.0)),
        ]
    )
)
_GRID.setflags(write=False)
_WITHOUT_BOUND = 1e15
"""A value of a wave at one of the `_TAILS` that no bounded function of the field has."""
_VANISHING = 1e-30
"""A falling tail below it goes to 0: the last of the `_TAILS` is at 1e140."""
_TAILS = 10.0 ** np.array([2, 3, 4, 6, 8, 12, 16, 20, 24, 28, 32, 40, 48, 64, 80, 100, 140])

Parameters = Mapping[str, float]
Interval = tuple[float, float]


def breakpoints(expression: Expr, parameters: Parameters | None = None) -> tuple[float, ...]:
    """Return the points at which the expression may fail to be smooth, in order.

    Args:
        expression: Over ``x`` and the parameters.
        parameters: Values of the parameters.
    """
    return _breakpoints(expression, tuple((parameters or {}).items()))


# Remembered, since range, kinks, moments and Lipschitz constant all begin with it.
@functools.lru_cache(maxsize=256)
def _breakpoints(expression: Expr, given: tuple[tuple[str, float], ...]) -> tuple[float, ...]:
    parameters = dict(given)
    found: list[float] = []
    for node in postorder(expression):
        if not isinstance(node, Call):
            continue
        if node.op in ("abs", "sign", "sqrt", "log"):
            watched = node.args[0]
        elif node.op == "div":
            watched = node.args[1]
        elif node.op == "pow" and not _is_whole(node.args[1]):
            watched = node.args[0]
        elif node.op in ("maximum", "minimum") or node.op in _COMPARISONS:
            watched = node.args[0] - node.args[1]
        else:
            continue
        # The break points of inner parts show where a narrow outer one hides: abs(x - c) < 1e-7.
        found += _changes(watched, parameters, np.union1d(_GRID, found) if found else _GRID)
    unique: list[float] = []
    for point in sorted(found):  # of points that are one but for rounding, the shortest number
        if unique and abs(point - unique[-1]) <= 1e-9 * max(1.0, abs(point)):
            unique[-1] = min(unique[-1], point, key=lambda p: (len(repr(p)), p))
        else:
            unique.append(point)
    return tuple(unique)


def _is_whole(exponent: Expr) -> bool:
    return isinstance(exponent, Constant) and exponent.value >= 0 and exponent.value % 1 == 0


def _changes(expression: Expr, parameters: Parameters | None, grid: Array) -> list[float]:
    """Return where the sign of an expression changes, to -1, 0 or 1, between points of a grid."""

    def sign(x: Array) -> Array:
        return np.sign(values(expression, x, parameters))

    signs = sign(grid)
    steps = np.flatnonzero((signs[:-1] != signs[1:]) & ~np.isnan(signs[:-1] + signs[1:]))
    if not steps.size:
        return []
    low, high, left = grid[steps], grid[steps + 1], signs[steps]
    for _ in range(80):
        middle = 0.5 * (low + high)
        on_left = sign(middle) == left
        low, high = np.where(on_left, middle, low), np.where(on_left, high, middle)
    near = np.array([low, high, np.round(high, 9) + 0.0])
    exact = sign(near) == 0
    best = np.where(exact.any(axis=0), np.argmax(exact[::-1], axis=0), 1)
    return [float(p) for p in near[::-1][best, np.arange(len(steps))] if abs(p) < REACH]


def kinks(expression: Expr, parameters: Parameters | None = None) -> tuple[float, ...]:
    """Return the points at which the function or its derivative jumps, in order.

    Args:
        expression: Over ``x`` and the parameters.
        parameters: Values of the parameters.

    Example:
        >>> from rectifier.expression import parse
        >>> kinks(parse("maximum(x, 0) + abs(x - 1)"))
        (0.0, 1.0)
    """
    slope = differentiate(expression)
    return tuple(
        point
        for point in breakpoints(expression, parameters)
        if jumps(expression, point, parameters) or jumps(slope, point, parameters)
    )


def jumps(expression: Expr, point: float, parameters: Parameters | None = None) -> bool:
    """Say whether an expression has no limit at a point: the sides differ, or one goes off.

    What goes off by a power or a logarithm changes as much with each step towards the point; what
    has a limit changes less and less.

    Args:
        expression: Over ``x`` and the parameters.
        point: Where to look.
        parameters: Values of the parameters.
    """
    steps = np.array([2.0**-12, 2.0**-16, 2.0**-20]) * max(1.0, abs(point))
    right = values(expression, point + steps, parameters)
    left = values(expression, point - steps, parameters)
    if not np.isfinite(right + left).all():
        return bool(np.isfinite(right).any() or np.isfinite(left).any())
    noise = 1e-9 * (1 + float(np.abs(right).max()))
    _, wide, narrow = np.abs(right - left)
    if narrow > 0.5 * wide and narrow > noise:
        return True
    return any(
        abs(side[2] - side[1]) > max(0.5 * abs(side[1] - side[0]), noise) for side in (right, left)
    )


def pieces(expression: Expr, parameters: Parameters | None = None) -> tuple[Interval, ...]:
    """Return the intervals between the break points, from -inf to inf."""
    edges = (-math.inf, *breakpoints(expression, parameters), math.inf)
    return tuple(itertools.pairwise(edges))


def constant_pieces(
    expression: Expr, value: float = 0.0, parameters: Parameters | None = None
) -> tuple[Interval, ...]:
    """Return the intervals on which the expression equals a value throughout.

    Args:
        expression: Over ``x`` and the parameters.
        value: The value.
        parameters: Values of the parameters.
    """
    merged: list[Interval] = []
    for low, high in pieces(expression, parameters):
        found = values(expression, _inside(low, high), parameters)
        known = found[~np.isnan(found)]  # x erf(0 exp(x)) is 0, and 0 times infinity far out
        if 2 * known.size > found.size and np.all(known == value):
            if merged and merged[-1][1] == low:
                low = merged.pop()[0]
            merged.append((low, high))
    return tuple(merged)


def _inside(low: float, high: float) -> Array:
    """Return points within an interval, near its ends and far from them."""
    if math.isfinite(low) and math.isfinite(high):
        return low + (high - low) * np.linspace(0.001, 0.999, 97)
    away = np.geomspace(1e-6, 1e3, 97)
    if math.isfinite(low):
        return low + away
    if math.isfinite(high):
        return high - away
    return np.concatenate([-away[::-1], away])


def zero_gradient(expression: Expr, parameters: Parameters | None = None) -> tuple[Interval, ...]:
    """Return the intervals on which the derivative is exactly 0: a unit held there never learns."""
    return constant_pieces(differentiate(expression), 0.0, parameters)


def bounds(expression: Expr, parameters: Parameters | None = None) -> Interval:
    """Return infimum and supremum over all real inputs, infinite where there is none.

    Args:
        expression: The form to evaluate; a stable one where there is one.
        parameters: Values of the parameters.
    """
    low, high = -_supremum(-expression, parameters)[1], _supremum(expression, parameters)[1]
    return low + 0.0, high + 0.0  # no negative zeros


def lowest_point(
    expression: Expr, parameters: Parameters | None = None
) -> tuple[float, float] | None:
    """Return place and value of the lowest point; None where a tail goes as low or lower.

    Args:
        expression: The form to evaluate; a stable one where there is one.
        parameters: Values of the parameters.
    """
    place, top = _supremum(-expression, parameters)
    if place is None or _is_flat_at(expression, place, parameters):
        return None
    return place, -top


def _is_flat_at(expression: Expr, place: float, parameters: Parameters | None) -> bool:
    """Say whether a function keeps its value on one side of a place."""
    around = values(expression, place + np.array([-1.0, -0.5, 0.0, 0.5, 1.0]), parameters)
    return bool(np.all(around[:3] == around[2]) or np.all(around[2:] == around[2]))


def _supremum(
    expression: Expr, parameters: Parameters | None, beside: tuple[float, ...] = ()
) -> tuple[float | None, float]:
    """Return where the supremum is attained (None if it is not) and the supremum.

    At the points of `beside` the value shortly after them counts instead.
    """
    avoided = np.array(beside)

    def function(x: Array) -> Array:
        if beside:
            x = np.where(np.isin(x, avoided), x + 2.0**-30 * np.maximum(1.0, np.abs(x)), x)
        return values(expression, x, parameters)

    tails = [_limit(function(side * _TAILS)) for side in (-1.0, 1.0)]
    beyond = max((tail for tail in tails if not math.isnan(tail)), default=-math.inf)
    grid = function(_GRID)
    if np.isnan(grid).all():
        return None, math.nan
    at = int(np.nanargmax(grid))
    if beyond == math.inf or math.isinf(grid[at]):
        return None, math.inf
    low, high = _GRID[max(at - 1, 0)], _GRID[min(at + 1, len(_GRID) - 1)]
    for _ in range(60):  # thirds: the highest point of the grid has one hill beside it
        one, two = low + (high - low) / 3, high - (high - low) / 3
        pair = function(np.array([one, two]))
        low, high = (one, high) if pair[0] < pair[1] else (low, two)
    places = np.array([_GRID[at], low, high])
    heights = function(places)
    best = int(np.nanargmax(heights))
    if heights[best] > 1e3 * (1 + abs(grid[at])):  # a pole: it rises as long as one looks closer
        return None, math.inf
    if beyond >= heights[best]:
        return None, beyond
    return float(places[best]), float(heights[best])


def _limit(tail: Array) -> float:
    """Return what values at ever larger inputs come to at most; NaN if that cannot be told."""
    known = tail[~np.isnan(tail)]
    if not known.size:
        return math.nan
    if math.isinf(known[-1]) or known.size == 1:
        return float(known[-1])
    if abs(known[-1]) < _VANISHING and abs(known[-1]) < abs(known[-2]):
        return 0.0
    if abs(known[-1] - known[-2]) <= 1e-9 * (1 + abs(known[-1])):
        return float(known[-1])
    steps = np.diff(known)
    if np.all(steps < 0):
        return -math.inf
    growing = np.all(steps > 0) or known.max() > _WITHOUT_BOUND  # the latter as x cos(x) does
    return math.inf if growing else math.nan


def direction(
    expression: Expr, parameters: Parameters | None = None
) -> Literal["increasing", "decreasing", "constant"] | None:
    """Return in which direction a function is monotone, not strictly; None if it is not.

    Args:
        expression: The form to evaluate; a stable one where there is one.
        parameters: Values of the parameters.
    """
    near = values(expression, _GRID, parameters)
    left, right = (values(expression, side * _TAILS, parameters) for side in (-1.0, 1.0))
    results = np.concatenate([left[~np.isnan(left)][::-1], near, right[~np.isnan(right)]])
    with np.errstate(all="ignore"):  # two infinite neighbours have no difference
        steps = np.diff(results)
        noise = 4 * np.spacing(np.maximum(np.abs(results[:-1]), np.abs(results[1:])))
    noise[~np.isfinite(noise)] = 0.0  # beside a pole: 1 / x jumps from -1e12 to inf and falls again
    up, down = bool(np.any(steps > noise)), bool(np.any(steps < -noise))
    if np.isnan(results).any() or (up and down):
        return None
    if up:
        return "increasing"
    return "decreasing" if down else "constant"


def lipschitz(
    expression: Expr, derivative: Expr | None = None, parameters: Parameters | None = None
) -> float:
    """Return the largest |slope| over all real inputs; infinite when there is none or a jump.

    Args:
        expression: The plain formula.
        derivative: The form of its derivative to evaluate; the symbolic one when left out.
        parameters: Values of the parameters.
    """
    breaks = breakpoints(expression, parameters)
    if any(jumps(expression, point, parameters) for point in breaks):
        return math.inf
    slope = derivative or differentiate(expression)
    # At a break point itself a derivative's formula may be neither of its limits: sign(0) is 0.
    return max(_supremum(sided, parameters, breaks)[1] for sided in (slope, -slope))


def is_homogeneous(function: Callable[[Array], Array]) -> bool:
    """Say whether f(c x) = c f(x) for all c > 0, so that scaling a layer scales its output.

    Args:
        function: The function on arrays.
    """
    x = np.concatenate([-np.geomspace(1e-12, 1e3, 61), np.geomspace(1e-12, 1e3, 61)])
    base = function(x)
    return all(
        bool(np.allclose(function(factor * x), factor * base, rtol=1e-12, atol=0.0))
        for factor in (0.37, 2.0, 11.0)
    )


def symmetry(function: Callable[[Array], Array]) -> Literal["odd", "even"] | None:
    """Return whether f(-x) is -f(x) (``"odd"``), f(x) (``"even"``) or neither.

    Args:
        function: The function on arrays.
    """
    x = np.geomspace(1e-6, 30.0, 401)
    right, left = function(x), function(-x)
    if np.array_equal(right, left) or np.allclose(left, right, rtol=1e-12, atol=0.0):
        return "even"
    return "odd" if np.allclose(left, -right, rtol=1e-12, atol=0.0) else None
