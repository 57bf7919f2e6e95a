"""Which cells and which degree does a function need? Finds it and writes `rectifier.kernels.plans`.

For every activation and derivative of the catalog, at the default parameters, tables of several
ranges and degrees are made by `rectifier.kernels.tabled` and evaluated as ``native/tabled.hpp``
does, rounding by rounding. Held against the formula in fp64, at numbers all over the cells, beside
their edges and zeros, and up to infinity where an end cell is a line, a table may be off by
`VALUE_ULP` and `SLOPE_ULP`. Of those that are not, the one is recorded that costs least on
normal data: an operation more for each degree, some for zeros that are to be sharp, and many for
each element that is in no cell.
"""

from __future__ import annotations

import contextlib
import itertools
import math
from collections.abc import Callable, Iterator

import numpy as np
from plan_search import Array, Function, formula, search_all
from table_errors import below_powers, errors, points

from rectifier import catalog
from rectifier.analysis import breakpoints
from rectifier.expression import PRIMITIVES, Expr, postorder
from rectifier.expression.tree import Call
from rectifier.kernels.tabled import CELLS, Plan, column, single

VALUE_ULP = 1.5
"""The bar is 2; what is left is for the numbers that were not tried."""
SLOPE_ULP = 2.6
"""The bar is 4."""
ZERO_ULP, ZERO_SLOPE_ULP = 1.85, 2.75
"""Beside 0 where the function is 0 there: the product with x is rounded too, and so is the first
coefficient. More numbers are tried in such a cell."""
LINE_ULP = 0.5
"""So near to a line a function is to be where a cell goes on to infinity."""
REACHES = (16.0, 12.0, 9.0, 7.0, 6.0, 5.0, 4.0, 3.0)
"""To so far from 0 the cells go, where the function is no line before."""
DEGREES = (9, 4, 5, 6, 7, 8)
"""In this order: where the last is not enough, the others are not."""
SHARP = {0: 0.0, 1: 2.0, 2: 2.0, 3: 5.0}
"""Operations more for zeros of this order that get one more coefficient."""
SHARP_ONLY = {("tanh_exp", False)}
"""What passes without, but not over all numbers: -1.602968e-4 is 2.07 ulp off then."""
PER_CELL, DENSE = 250, 6000
"""Numbers tried in each cell, first and where they pass."""
VECTOR, ELEMENT = 15.0, 6.0
"""Operations for a vector that has an element in no cell, and for the element."""
FOLDED = 0.85, -1.0
"""Operations for each degree, and more or less for the rest, where one register holds the cells."""
MOST = 40.0
"""What costs more is not recorded: the formula serves as well."""
WIDE = 1.75, 1.0
"""Operations for each degree, and more for the rest, where there are 64 cells."""
FAR = np.geomspace(16, 3e38, 600)
CHEAP = {
    "add",
    "sub",
    "mul",
    "div",
    "neg",
    "square",
    "pow",
    "abs",
    "sign",
    "maximum",
    "minimum",
} | {
    "where",
    *(name for name, primitive in PRIMITIVES.items() if primitive.boolean),
}
FEW = 24
"""What is made of so few of these alone is as fast as memory by its formula."""


def line_from(f: Function, side: int) -> float | None:
    """Return from where on the function is a line, to a quarter of an ulp; None if it is none."""
    far = side * np.array([64.0, 128.0])
    one, two = f(far)
    rise = (two - one) / (64 * side)
    start = one - rise * 64 * side
    if not math.isfinite(start) or abs(single(rise) - rise) > 1e-9 * abs(rise):
        rise = single(rise) if math.isfinite(rise) else 0.0
    x = side * np.concatenate(
        [[1e-30], np.geomspace(1e-6, 1 / 32, 64), np.arange(1, 513) / 32, FAR]
    )
    true, line = f(x), start + single(rise) * x
    unit = np.ldexp(1.0, np.maximum(np.frexp(np.abs(true))[1], -125) - 24)
    same = (np.abs(true - line) <= LINE_ULP * unit) | (true == line)
    if not same[-512:].all():
        return None
    wrong = np.flatnonzero(~same)
    return 0.0 if not wrong.size else float(x[wrong[-1] + 1])


def kinks(f: Function, expression: Expr, parameters: dict[str, float]) -> list[float]:
    """Return the break points of an expression at which it is really not smooth."""
    found = []
    for point in breakpoints(expression, parameters):
        if abs(point) > 20:
            continue
        half = 0.02
        nodes = np.cos(np.pi * (np.arange(9) + 0.5) / 9)
        fit = np.polynomial.Polynomial.fit(point + half * nodes, f(point + half * nodes), 8)
        x = point + half * np.linspace(-0.9, 0.9, 40)
        true = f(x)
        near = np.abs(fit(x) - true) <= 2e-9 * np.max(np.abs(true)) + 1e-300
        if not near.all():
            found.append(float(point))
    return found


def plans(
    f: Function, bends: list[float], lines: list[float | None], wide: bool = False
) -> Iterator[tuple[Plan, float]]:
    """Yield places of cells, and what it costs to have elements in none; lines begin as given."""
    cells = CELLS * (1 + wide)
    if 0.0 in bends:
        at, below, above = f(np.array([0.0, -1e-9, 1e-9]))
        rounding = "up" if abs(at - below) < abs(at - above) else "down"
    else:
        rounding = "down" if bends else "nearest"
    lost = {"nearest": 1, "down": 0, "up": 0}[rounding]
    seen = set()
    for low, high in itertools.product(REACHES, REACHES):
        ends = [low, high]
        line = [False, False]
        for side in range(2):
            start = lines[side]
            if start is not None and abs(start) <= ends[side]:
                ends[side], line[side] = abs(start), True
        if low != high and sum(line) != 1:
            continue
        if sum(ends) == 0:
            continue
        for scale in scales(ends, line, lost, bends, cells):
            start = -ends[0] * scale
            first = {"down": math.floor, "up": lambda v: math.floor(v) + 1, "nearest": round}[
                rounding
            ](start) - line[0]
            key = (scale, first, *line)
            if key in seen:
                continue
            seen.add(key)
            plan = Plan(scale, first, rounding, *line, 0, wide=wide)
            edges = plan.edges(0)[0], plan.edges(cells - 1)[1]
            inner = plan.edges(0)[1], plan.edges(cells - 1)[0]
            if line[0] and inner[0] > (lines[0] or 0):
                continue
            if line[1] and inner[1] < (lines[1] or 0):
                continue
            yield plan, price([edges])


def folds(
    f: Function, bends: list[float], lines: list[float | None]
) -> Iterator[tuple[Plan, float]]:
    """Yield places of cells of ``|x|`` where the function allows, as `plans` does those of x."""
    x = np.linspace(1 / 64, 30, 4001)
    above, below = f(x), f(-x)
    near = 1e-14 * np.abs(above)
    found = [
        name
        for name, other, size in (
            ("even", above, near),
            ("odd", -above, near),
            ("rises", 1 - above, 1e-15),
            ("falls", 1 - above, 1e-15),
            ("up", above - x, 4e-15 * x),
            ("down", above - x, 4e-15 * x),
        )
        if (np.abs(below - other) <= size).all() and np.isfinite(above).all()
    ]
    if not np.signbit(f(np.array([-0.0])))[0] and "odd" in found:  # a sum with 0: -0 gives 0
        found.remove("odd")
    for fold, high in itertools.product(found, REACHES):
        large, small = np.abs(above[-1]), np.abs(below[-1])
        if fold in (("rises", "up") if large < small else ("falls", "down")) or any(bends):
            continue
        start = lines[0] if fold in ("rises", "up") else lines[1]
        line = start is not None and abs(start) <= high
        end = abs(start) if start is not None and line else high
        if end == 0:
            continue
        scale = single((1 - 1e-6) * (CELLS // 2 - line) / end)
        yield Plan(scale, 0, "down", False, line, 0, fold=fold), price([(-high, high)])


def scales(
    ends: list[float], line: list[bool], lost: int, bends: list[float], cells: int
) -> list[float]:
    """Return how many cells a unit may have between two ends, where lines may begin."""
    width = (ends[0] + ends[1]) / (cells - sum(line) - lost)
    found = []
    if any(bends):
        most = max(abs(bend) for bend in bends)
        fine = [s / 2 for s in range(2 * cells, 0, -1) if s / 2 <= 1 / width][:2]
        fine += [single(k / most) for k in range(cells, 0, -1) if k / most <= 1 / width][:1]
        found = [s for s in fine if all(abs(b * s - round(b * s)) < 1e-6 for b in bends)]
    if not found:  # a cell with a kink is set aside
        found = [single((1 - 1e-6) / width)]
    if all(line):
        found.append(single((1 - 1e-6) * (cells - 3) / sum(ends)))
    return found


def price(
    inside: list[tuple[float, float]], vector: float = VECTOR, element: float = ELEMENT
) -> float:
    """Return what it costs, in operations, that some normal numbers are between no two ends."""
    cost = 0.0
    for deviation, weight in ((2.0, 1.0), (4.0, 0.2)):
        scale = deviation * math.sqrt(2)
        kept = sum(math.erf(high / scale) - math.erf(low / scale) for low, high in inside) / 2
        share = max(0.0, 1 - kept)
        cost += weight * (vector * (1 - (1 - share) ** 16) + 16 * element * share)
    return cost


def search(
    f: Function,
    scalar: Callable[[float], float],
    slope: bool,
    bends: list[float],
    sharp_only: bool = False,
) -> tuple:
    """Return the plan that costs least, and its error; None if none keeps the bar."""
    elsewhere, at_zero = (SLOPE_ULP, ZERO_SLOPE_ULP) if slope else (VALUE_ULP, ZERO_ULP)
    if f(np.zeros(1))[0] != 0:
        at_zero = elsewhere
    rng = np.random.default_rng(7)
    best: tuple[float, Plan | None, float] = (MOST, None, math.inf)
    line = np.linspace(-16, 16, 3203)
    y = f(line)
    zeros = [float(v) for v in line[:-1][np.diff(np.sign(y)) != 0]]
    sharps = tuple(SHARP)[sharp_only:] if zeros or f(np.zeros(1))[0] == 0 else (0,)
    lines = [line_from(f, side) for side in (-1, 1)]
    candidates = [*plans(f, bends, lines), *folds(f, bends, lines), *plans(f, bends, lines, True)]
    for plan, cost in sorted(candidates, key=lambda pair: pair[1]):
        if cost + work(plan._replace(degree=DEGREES[1])) >= best[0]:
            continue
        bar = np.full(plan.cells, elsewhere)
        for cell in range(plan.cells):
            low, high = plan.edges(cell)
            if low <= 0 <= high:
                bar[cell] = at_zero
        x, dense = points(plan, zeros, rng, PER_CELL), None
        for degree, sharp in itertools.product(DEGREES, sharps):
            here = plan._replace(degree=degree, sharp=sharp)
            if work(here) + cost >= best[0]:
                continue
            off = quality(f, scalar, here, x, slope)
            if cost_of(here, off, bar) >= best[0]:
                if (degree, sharp) == (DEGREES[0], sharps[-1]) and best[0] + 3 < cost_of(
                    here, off, bar
                ):
                    break
                continue
            if dense is None:
                dense = np.concatenate(
                    [points(plan, zeros, rng, DENSE), below_powers(f, plan, rng)]
                )
            off = np.maximum(off, quality(f, scalar, here, dense, slope))
            aside = tuple(int(cell) for cell in np.flatnonzero(~(off <= bar)))
            if cost_of(here, off, bar) < best[0]:
                found = here._replace(aside=aside)
                best = (cost_of(here, off, bar), found, float(max(off[off <= bar])))
    return best[1], best[2], best[0]


def cost_of(plan: Plan, off: Array, bar: Array) -> float:
    """Return what a plan costs, by its errors in each cell; nearer to the bar it costs more."""
    kept = [plan.edges(cell) for cell in range(plan.cells) if off[cell] <= bar[cell]]
    if plan.fold:
        kept += [(-high, -low) for low, high in kept]
    return work(plan) + price(kept) + max(0.0, max(off[off <= bar], default=0.0) - 1.25)


def work(plan: Plan) -> float:
    """Return what it costs to compute what is in a cell."""
    if plan.wide:
        return WIDE[0] * (plan.degree + SHARP[plan.sharp]) + WIDE[1]
    if not plan.fold:
        return plan.degree + SHARP[plan.sharp]
    return FOLDED[0] * (plan.degree + SHARP[plan.sharp]) + FOLDED[1]


def quality(
    f: Function,
    scalar: Callable[[float], float],
    plan: Plan,
    x: Array,
    slope: bool,
) -> Array:
    """Return by how many ulp the table of a plan is off, in each cell."""
    return errors(f, made(scalar, plan), plan, x, slope)


def made(scalar: Callable[[float], float], plan: Plan) -> Array:
    """Return the table of a plan; NaN in cells that cannot be."""
    rows = np.full((plan.rows, plan.cells), np.nan, np.float32)
    for cell in range(plan.cells):
        with contextlib.suppress(ZeroDivisionError, OverflowError, ValueError):
            rows[:, cell] = column(scalar, plan, cell)
    rows[0] = np.where(np.isfinite(rows[0]), rows[0], 0)
    return rows


def measure(name: str) -> list[tuple]:
    """Return plans and errors of an activation's value and derivative."""
    found = []
    for slope in (False, True):
        given = formula(catalog.get(name), slope)
        called = [node.op for node in postorder(given.expression) if isinstance(node, Call)]
        if len(called) <= FEW and CHEAP.issuperset(called):
            found.append((None, 0.0, 0.0))
            continue
        with np.errstate(all="ignore"):
            bends = kinks(given.of_arrays, given.expression, given.parameters)
            sharp_only = (name, slope) in SHARP_ONLY
            found.append(search(given.of_arrays, given.of_one, slope, bends, sharp_only))
    return found


if __name__ == "__main__":
    search_all(measure, __doc__.splitlines()[0], "plans.py")
