"""Piecewise polynomials for functions of one number, made while the kernels are printed.

Layer: kernels (standard library only, as `rectifier.kernels.emit_cpp`, which prints them). The loop
that evaluates them is in ``native/tabled.hpp``; which function gets which cells and which degree is
measured by ``benchmarks/table_plans.py`` and kept in `rectifier.kernels.plans`.

In a cell a function is ``c0 + t (c1 + t (c2 + ...))`` for ``t = x - centre``. Two choices make that
right to about an ulp in float:

- The centre is a number of float at which the function is nearly one too, so that rounding c0 loses
  nothing (S. Gal, "An accurate elementary mathematical library for the IEEE floating point
  standard", ACM TOMS 17, 1991).
- Where the function has a zero, the centre is the float beside it. Then t is exact and small with
  the function, and the relative error stays what it is. At a zero of higher order the first
  coefficients are 0. Where that is not enough, the plan says ``sharp``: there the first coefficient
  that is not 0 is kept as two floats, the larger of which is in a row of its own.

A function that is the same on both sides of 0, but for its sign or as 1 less the other side, needs
half of the cells: those of ``|x|``.

Even cells have their centres in the middle, at multiples of a power of two, which need not be
looked up. The function there is rounded to a float, so such a table is a little less right, and a
zero is sharp at 0 only. They cost least and do not reach far: what is in none of them is looked up
in another table.

The other coefficients interpolate ``(f - c0) / t`` at Chebyshev points of the cell.
"""

from __future__ import annotations

import functools
import math
import struct
from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple

from rectifier.expression import SCALAR, Expr, evaluate

CELLS = 32
"""How many cells there are: what two registers of 16 floats hold. Of a folded function half."""

_BASE = 12582912.0  # cell_base of native/tabled.hpp
_TRIES = 64
_NEAR = 0.03
"""In ulp: so near to a float the function has to be at a centre, if one of the tries is."""

_NOTHING = 1e-12
"""So small beside what is around, a function in double is 0."""

_RISE = (2.0, 8.0)
"""Where a function rises so much over a cell, the centre is half or all of the way to the end where
it is small: from there on terms add up, from the middle they would cancel."""

Function = Callable[[float], float]


class Plan(NamedTuple):
    """Where the cells of a table are.

    Attributes:
        scale: Cells per unit of x, a number of float.
        first: The first cell is that of x with ``scale * x`` in [first, first + 1), or as near to
            first as to any other integer.
        rounding: ``"nearest"`` where all is smooth; with a kink ``"down"``, where the function at
            it belongs to what is above, or ``"up"``.
        low: Whether the first cell goes on to minus infinity, where the function is a line.
        high: Whether the last cell goes on to infinity.
        degree: Of the polynomials.
        aside: Cells without a polynomial: what is in one is computed as what is in none.
        sharp: Of which order the zeros are, 1 to 3, whose first coefficient is two floats; or 0.
        fold: Whether the cells are those of ``|x|``, and how a result below 0 comes of one above:
            ``"even"``, ``"odd"``, or, where ``f(-x) = 1 - f(x)``, ``"rises"`` or ``"falls"``, as f
            does; or, where ``f(-x) = f(x) - x``, ``"up"`` or ``"down"``. The cells then have the
            smaller of the two. Empty for none.
        even: Whether the centres are in the middle of the cells: then scale is 1, 2 or 4, and the
            rounding to the nearest.
        wide: Whether there are twice as many cells as else.
    """

    scale: float
    first: int
    rounding: str
    low: bool
    high: bool
    degree: int
    aside: tuple[int, ...] = ()
    sharp: int = 0
    fold: str = ""
    even: bool = False
    wide: bool = False

    @property
    def cells(self) -> int:
        """How many cells there are."""
        return CELLS * (1 + self.wide) // (2 if self.fold else 1)

    @property
    def rows(self) -> int:
        """How many numbers a cell has, its centre among them."""
        return self.degree + 2 + (self.sharp > 0)

    @property
    def looked_up(self) -> int:
        """How many of them the loop looks up."""
        return self.rows - self.even

    def edges(self, cell: int) -> tuple[float, float]:
        """Return between which numbers a cell is; a cell that goes on has only one end.

        Of a folded function between which ``|x|`` is.
        """
        start = self.first + cell - {"nearest": 0.5, "down": 0.0, "up": 1.0}[self.rounding]
        low = -math.inf if self.low and cell == 0 else start / self.scale
        high = math.inf if self.high and cell == self.cells - 1 else (start + 1) / self.scale
        return (max(low, 0.0) if self.fold else low), high


def single(number: float) -> float:
    """Return a number rounded to float."""
    rounded: float = struct.unpack("f", struct.pack("f", number))[0]
    return rounded


def scalar_function(expression: Expr, parameters: Mapping[str, float]) -> Function:
    """Return an expression as a function of x, in double; infinite or NaN where it has no value."""
    operations = {name: _guarded(scalar) for name, scalar in SCALAR.items()}
    given = dict(parameters)

    def function(x: float) -> float:
        given["x"] = x
        return float(evaluate(expression, operations, given))

    return function


def _guarded(scalar: Callable[..., float]) -> Callable[..., float]:
    @functools.wraps(scalar)
    def guarded(*arguments: float) -> float:
        try:
            return scalar(*arguments)
        except OverflowError:
            return math.inf
        except (ValueError, ZeroDivisionError):
            return math.nan

    return guarded


def table(f: Function, plan: Plan) -> list[list[float]]:
    """Return the centres of the cells, then the coefficients of each power, lowest first.

    Args:
        f: The function.
        plan: Its cells.

    Returns:
        ``plan.rows`` rows of ``plan.cells`` numbers of float; of a sharp plan the last is the
        larger halves of what is two floats, and 0.
    """
    nothing = [0.0, *[math.nan] * (plan.rows - 1)]
    columns = [
        nothing if cell in plan.aside else column(f, plan, cell) for cell in range(plan.cells)
    ]
    return [list(row) for row in zip(*columns, strict=True)]


def column(f: Function, plan: Plan, cell: int) -> list[float]:
    """Return the centre of one cell and its coefficients."""
    if plan.fold in ("rises", "up"):
        f = _mirrored(f)
    low, high = plan.edges(cell)
    if math.isinf(low) or math.isinf(high):
        return _line(f, math.copysign(1.0, high if math.isinf(high) else low), plan.rows - 2)
    centre, order = _middle(f, plan, cell) if plan.even else _centre(f, low, high)
    exact = f(centre)
    start = single(exact)
    if order > 1 or (start == 0 and centre == 0):
        exact = start = -0.0 if any(math.copysign(1, f(z)) < 0 for z in (0.0, -0.0)) else 0.0
    sharp = plan.sharp > 0 and order == plan.sharp
    order = max(order, 1)
    half = (high - low) / 2
    count = plan.degree - order + 1
    places, values = [], []
    for k in range(count):
        t = (low + high) / 2 + half * math.cos(math.pi * (k + 0.5) / count) - centre
        if abs(t) < 1e-3 * half:  # where the difference below has lost its digits
            t = 1e-3 * half
        places.append(t / half)
        values.append((f(centre + t) - exact) / t**order)
    powers = _interpolate(places, values)
    exactly = [c / half**k for k, c in enumerate(powers)]
    more = [0.0] * (plan.sharp > 0)
    if sharp:
        more = [_toward_zero(exactly[0])]
        exactly[0] -= more[0]  # of the same sign: so the sum is -0 at -0
    between = [0.0] * (order - 1)
    if sharp and order > 1:
        between[-1] = -0.0  # times 0 and added, it leaves the sign as it is
    return [centre, start, *between, *map(single, exactly), *more]


def _mirrored(f: Function) -> Function:
    return lambda x: f(-x)


def _toward_zero(number: float) -> float:
    """Return the float next to a number, not larger."""
    near = single(number)
    if abs(near) <= abs(number):
        return near
    bits: int = struct.unpack("i", struct.pack("f", near))[0]
    lower: float = struct.unpack("f", struct.pack("i", bits - 1))[0]
    return lower


def _line(f: Function, side: float, degree: int) -> list[float]:
    """Return the cell of a straight line, by two points far out at which sums are exact."""
    one, two = f(64 * side), f(128 * side)
    rise = (two - one) / (64 * side)
    start = one - rise * 64 * side
    if start == 0:
        start = -0.0 if rise != 0 or math.copysign(1, one) < 0 else 0.0
    return [0.0, single(start), single(rise), *[0.0] * (degree - 1)]


def _middle(f: Function, plan: Plan, cell: int) -> tuple[float, int]:
    """Return as `_centre` does, for even cells."""
    centre = (plan.first + cell) / plan.scale
    return centre, (_order(f, 1 / plan.scale) if centre == 0 and f(0.0) == 0 else 0)


def _order(f: Function, width: float) -> int:
    """Return the order of a zero at 0, as seen on one side of it."""
    one, two = f(width * 2.0**-12), f(width * 2.0**-11)
    return round(math.log2(abs(two / one))) if one and two else 1


def _centre(f: Function, low: float, high: float) -> tuple[float, int]:
    """Return the centre of a cell and the order of the zero that the function has there."""
    width = high - low
    if low - 1e-6 * width <= 0 <= high + 1e-6 * width and f(0.0) == 0:
        return 0.0, _order(f, width if low + high >= 0 else -width)
    around = [low - width / 16 + width * 1.125 * k / 12 for k in range(13)]
    inner = [min(max(x, low), high) for x in (around[0], around[-1])]
    spread = [inner[0], *around[1:-1], inner[1]]
    values = [f(x) for x in spread]
    for k in range(12):
        if values[k] * values[k + 1] < 0:
            return single(_bisect(f, spread[k], spread[k + 1])), 1
    touched = _touched(f, spread, values)
    if touched is not None:
        return single(touched), 0
    ends = abs(f(low + 1e-9 * width)), abs(f(high - 1e-9 * width))
    rise = max(ends) / min(ends) if min(ends) > 0 else math.inf
    shift = width / 2 * (0.0 if rise < _RISE[0] else 0.5 if rise < _RISE[1] else 1.0)
    middle = (low + high) / 2 + (shift if ends[1] < ends[0] else -shift)
    return _nearly_single(f, middle, width), 0


def _touched(f: Function, spread: Sequence[float], values: Sequence[float]) -> float | None:
    """Return where a function is 0 and does not change its sign; None if nowhere."""
    k = min(range(1, len(values) - 1), key=lambda k: abs(values[k]))
    step = (spread[k + 1] - spread[k]) / 64

    def rise(x: float) -> float:
        return f(x + step) - f(x - step)

    most, ends = max(map(abs, values)), (spread[k - 1], spread[k + 1])
    if abs(values[k]) > 0.1 * most or rise(ends[0]) * rise(ends[1]) >= 0:
        return None
    place = _bisect(rise, *ends)
    return place if abs(f(place)) <= _NOTHING * most else None


def _bisect(f: Function, low: float, high: float) -> float:
    sign = f(low) > 0
    for _ in range(60):
        middle = (low + high) / 2
        low, high = (middle, high) if (f(middle) > 0) == sign else (low, middle)
    return (low + high) / 2


def _nearly_single(f: Function, middle: float, width: float) -> float:
    """Return the float near the middle where the function is nearest to one, or near enough."""
    best, least = single(middle), math.inf
    for k in range(_TRIES):
        offset = (k + 1) // 2 * (1 if k % 2 else -1)
        place = single(middle + offset * width / 1021)
        value = f(place)
        if value == 0 or not math.isfinite(value):
            return best
        unit = math.ldexp(1.0, math.frexp(value)[1] - 24)
        off = abs(value - single(value)) / unit
        if off < least:
            best, least = place, off
        if least < _NEAR:
            break
    return best


def _interpolate(places: Sequence[float], values: Sequence[float]) -> list[float]:
    """Return the coefficients of the polynomial through the points, lowest power first."""
    count = len(places)
    divided = list(values)
    for step in range(1, count):
        for k in range(count - 1, step - 1, -1):
            divided[k] = (divided[k] - divided[k - 1]) / (places[k] - places[k - step])
    powers = [0.0] * count
    for k in range(count - 1, -1, -1):
        shifted = [0.0, *powers[:-1]]
        powers = [up - places[k] * at for up, at in zip(shifted, powers, strict=True)]
        powers[0] += divided[k]
    return powers


def shape(plan: Plan) -> str:
    """Return what decides on the code that evaluates a table, as arguments of C++'s ``Shape``."""
    nans = plan.low or plan.high or bool(plan.aside)
    flags = ", ".join(str(flag).lower() for flag in (plan.low, plan.high, nans))
    usual = not (plan.even or plan.wide)
    fold = f", Fold::{plan.fold or 'none'}" if plan.fold or not usual else ""
    cells = "" if usual else f", {plan.cells}, {round(plan.scale) if plan.even else 0}"
    return f"{plan.degree}, Rounding::{plan.rounding}, {flags}, {plan.sharp}{fold}{cells}"


def emit_table(name: str, expression: Expr, parameters: Mapping[str, float], plan: Plan) -> str:
    """Return a table as C++: a constant of the type ``Cells`` of ``native/tabled.hpp``.

    Args:
        name: Of the constant.
        expression: Over ``x`` and the parameters.
        parameters: Their values.
        plan: The cells.
    """
    rows = table(scalar_function(expression, parameters), plan)
    defaults = ", ".join(map(repr, parameters.values())) or "0.0"
    scale, shift = f"{single(plan.scale).hex()}F", _BASE - plan.first
    if plan.even:  # nothing is multiplied by the scale, and no centre looked up
        shift, rows = shift / plan.scale, rows[1:]
    return "\n".join(
        (
            f"alignas(64) constexpr float {name}_numbers[] = {{",
            *(_printed(row[k : k + 8]) for row in rows for k in range(0, plan.cells, 8)),
            "};",
            f"constexpr double {name}_defaults[] = {{{defaults}}};",
            f"constexpr Cells {name}{{",
            f"    {scale}, {shift!r}F, {name}_numbers, {len(parameters)}, {name}_defaults}};",
        )
    )


def _printed(numbers: Sequence[float]) -> str:
    shown = ("NAN" if number != number else f"{number.hex()}F" for number in numbers)
    return "    " + " ".join(f"{number}," for number in shown)
