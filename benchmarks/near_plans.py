"""Which even cells serve a function, and which degree? Finds them and writes `near_plans`.

As ``table_plans.py``, but the cells are 1, 1/2 or 1/4 wide, their centres in the middle, and they
reach to 8 or 16. What is beyond goes on to the table of `rectifier.kernels.plans`. Recorded is what
takes the least time on normal data, if that is clearly less than without.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator

import numpy as np
from plan_search import Array, Function, formula, search_all
from table_errors import below_powers, points
from table_plans import (
    PER_CELL,
    ZERO_SLOPE_ULP,
    ZERO_ULP,
    folds,
    kinks,
    price,
    quality,
)

from rectifier import catalog
from rectifier.kernels.emit_cpp import digest_with_defaults
from rectifier.kernels.plans import PLANS
from rectifier.kernels.tabled import CELLS, Plan

VALUE_ULP, SLOPE_ULP = 1.7, 3.3
"""The bars are 2 and 4; three times as many numbers are tried as by ``table_plans.py``."""
DENSE = 20000
LOOKED_UP = {16: (1.45, 2.6), 32: (2.0, 1.5), 64: (3.1, 1.0)}
"""Cycles of a Zen 4 for a coefficient, and for the rest, of 16 numbers, by the number of cells."""
WITH_CENTRES = {16: (1.7, 1.2), 32: (1.9, 2.3), 64: (3.1, 1.0)}
"""The same where centres are looked up too."""
RAMP = 0.7
"""Cycles more where x is added."""
SHARP = 1.5
"""Cycles more for each order of a sharp zero."""
NANS = 0.4
"""Cycles more where a cell has no polynomial."""
VECTOR, ELEMENT = 60.0, 5.0
"""Cycles for a vector that has an element in no cell, and for the element, by another table: on
data that no processor has seen before, so that it foresees none of the branches."""
GAIN = 0.93
"""What takes more of the time without is not recorded, in the cells or with what is in none."""
MOST_OUTSIDE = 2.0
"""Nor where those in no cell take more cycles than these of 16 numbers."""
DEGREES = range(3, 10)


def candidates(f: Function, bends: list[float]) -> Iterator[Plan]:
    """Yield where the cells may be."""
    if not any(bends):
        for fold in sorted({plan.fold for plan, _ in folds(f, bends, [None, None])}):
            for scale, wide in ((2.0, False), (4.0, True), (2.0, True), (1.0, False)):
                yield Plan(scale, 0, "nearest", False, False, 0, fold=fold, even=True, wide=wide)
    if not bends:
        for scale, first in ((2.0, -CELLS // 2), (2.0, 1 - CELLS // 2), (1.0, -CELLS // 2)):
            yield Plan(scale, first, "nearest", False, False, 0, even=True)
        for scale in (4.0, 2.0):
            yield Plan(scale, -CELLS, "nearest", False, False, 0, even=True, wide=True)


def time_of(plan: Plan) -> float:
    """Return the cycles for 16 numbers that are in cells."""
    each, rest = (LOOKED_UP if plan.even else WITH_CENTRES)[plan.cells]
    more = SHARP * plan.sharp + NANS * bool(plan.aside) + RAMP * (plan.fold in ("up", "down"))
    return each * plan.looked_up + rest + more


def outside(plan: Plan) -> float:
    """Return the cycles for those that are in none, by another table."""
    kept = [plan.edges(cell) for cell in range(plan.cells) if cell not in plan.aside]
    if plan.fold:
        kept += [(-high, -low) for low, high in kept]
    return price(kept, VECTOR, ELEMENT)


def without(plan: Plan) -> float:
    """Return the cycles by the table that there is."""
    kept = [plan.edges(cell) for cell in range(plan.cells) if cell not in plan.aside]
    if plan.fold:
        kept += [(-high, -low) for low, high in kept]
    return time_of(plan) + price(kept, VECTOR, ELEMENT)


def search(
    f: Function,
    scalar: Callable[[float], float],
    slope: bool,
    bends: list[float],
    known: Plan,
) -> tuple[Plan | None, float, float]:
    """Return the plan that takes the least time, its error, and its share of what is known's."""
    most, inside = without(known), GAIN * time_of(known)
    rng = np.random.default_rng(7)
    elsewhere, at_zero = (SLOPE_ULP, ZERO_SLOPE_ULP) if slope else (VALUE_ULP, ZERO_ULP)
    zero = f(np.zeros(1))[0] == 0
    best: tuple[float, Plan | None, float] = (GAIN * most, None, math.inf)
    for plan in candidates(f, bends):
        bar = np.full(plan.cells, elsewhere)
        if zero:
            bar[-plan.first] = at_zero
        x, dense = points(plan, [], rng, PER_CELL), None
        for degree in DEGREES:
            for sharp in (0, 1, 2) if zero else (0,):
                here = plan._replace(degree=degree, sharp=sharp)
                if time_of(here) > inside or time_of(here) + outside(here) >= best[0]:
                    continue
                off = quality(f, scalar, here, x, slope)
                if time(here, off, bar) >= best[0]:
                    continue
                if dense is None:
                    dense = np.concatenate(
                        [points(plan, [], rng, DENSE), below_powers(f, plan, rng)]
                    )
                off = np.maximum(off, quality(f, scalar, here, dense, slope))
                if time(here, off, bar) < best[0]:
                    found = here._replace(aside=failing(off, bar))
                    best = (time(here, off, bar), found, float(max(off[off <= bar])))
    return best[1], best[2], best[0] / most


def failing(off: Array, bar: Array) -> tuple[int, ...]:
    """Return the cells that do not keep their bar."""
    return tuple(int(cell) for cell in np.flatnonzero(~(off <= bar)))


def time(plan: Plan, off: Array, bar: Array) -> float:
    """Return the cycles that a plan takes with what its errors leave of its cells."""
    here = plan._replace(aside=failing(off, bar))
    beyond = outside(here)
    return time_of(here) + beyond if beyond <= MOST_OUTSIDE else math.inf


def measure(name: str) -> list[tuple]:
    """Return plans and figures of an activation's value and derivative."""
    found = []
    known = PLANS.get(digest_with_defaults(catalog.get(name)), (None, None))
    for slope in (False, True):
        given, plan = formula(catalog.get(name), slope), known[slope]
        if plan is None:
            found.append((None, 0.0, 0.0))
            continue
        with np.errstate(all="ignore"):
            bends = kinks(given.of_arrays, given.expression, given.parameters)
            found.append(search(given.of_arrays, given.of_one, slope, bends, plan))
    return found


if __name__ == "__main__":
    search_all(measure, __doc__.splitlines()[0], "near_plans.py")
