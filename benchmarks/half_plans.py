"""Which cells and which degree does a function need in bfloat16? Finds it and writes the plans.

As ``table_plans.py``, of which it is the second half, but a result has 8 bits: polynomials of
degrees 1 to 6 do, and the lines begin nearer to 0. bfloat16 has so few numbers that each one is
tried: what is recorded in `rectifier.kernels.half_plans` is known to keep the bar. A derivative is
multiplied by the gradient before it is rounded, so it has to be near to the true one; of a value,
the rounding hides what is left.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from plan_search import Array, Function, formula, search_all
from table_errors import compute, counted
from table_plans import CELLS, kinks, made, plans, price

from rectifier import catalog
from rectifier.kernels.emit_cpp import computes_directly
from rectifier.kernels.tabled import Plan

VALUE_ULP = 0.5005
"""The bar is 0.51, after rounding; but so the result is the nearest number all but always."""
SLOPE_ULP = 0.0095
"""The bar is 0.51 after rounding, of which 0.5 is the product's own."""
DEGREES = (1, 2, 3, 4, 5, 6)
MOST, MOST_OF_FEW = 19.0, 4.9
"""What costs more is not recorded: looking up serves as well, or few operations and a division."""
NARROWEST = 1 / 64
"""So near to 0 a line may begin that does not begin there."""
INPUTS = (np.arange(65536, dtype=np.uint32) << 16).view(np.float32)
INPUTS = np.sort(INPUTS[np.isfinite(INPUTS)])


def rounded(y: Array) -> Array:
    """Return numbers of float rounded to bfloat16, away from 0 in a tie, as the loop does."""
    bits = y.astype(np.float32).view(np.uint32).astype(np.uint64)
    up = (bits + 0x8000) & 0xFFFF0000
    return np.where(np.isfinite(y), up.astype(np.uint32).view(np.float32), y)


def unit(size: Array) -> Array:
    """Return the ulp of bfloat16 at numbers of some size."""
    return np.ldexp(1.0, np.maximum(np.frexp(size)[1], -125) - 8)


def right(y: Array, true: Array, size: Array, slope: bool) -> Array:
    """Say which results of float are near enough to the true ones, whose ulp is that of a size."""
    with np.errstate(all="ignore"):
        got = y.astype(np.float64) if slope else rounded(y).astype(np.float64)
        off = np.abs(got - true)
        overflows = np.isinf(got) & (np.abs(true) > 3.3895e38) & (got * true > 0)
        near = off <= (SLOPE_ULP if slope else VALUE_ULP) * unit(size)
        return near | overflows | (got == true)


def line_from(f: Function, side: int, slope: bool) -> float | None:
    """Return from where on every number's result is right by a line; None if nowhere."""
    x = side * INPUTS[INPUTS > 0]  # at 0 a kink decides
    one, two = (f(np.array([side * at]))[0] for at in (64.0, 128.0))
    rise = (two - one) / (64 * side)
    start = one - rise * 64 * side
    if not np.isfinite(start) or not np.isfinite(rise):
        return None
    with np.errstate(all="ignore"):
        wide = x.astype(np.float64)
        line = (np.float32(start) + np.float32(rise) * wide).astype(np.float32)
        true = f(wide)
        same = right(line, true, np.abs(true), slope)
    if not same[-1]:
        return None
    wrong = np.flatnonzero(~same)
    if not wrong.size:
        return 0.0
    found = float(x[wrong[-1] + 1])
    return side * max(abs(found), NARROWEST) if abs(found) <= 16 else None


def search(
    f: Function, scalar: Callable[[float], float], slope: bool, bends: list[float], most: float
) -> tuple[Plan | None, float]:
    """Return the plan that costs least and its cost; None if none costs less than what is given."""
    wide = INPUTS.astype(np.float64)
    true = f(wide)
    size = counted(f, wide, true, slope)
    lines = [line_from(f, side, slope) for side in (-1, 1)]
    best: tuple[float, Plan | None] = (most, None)
    candidates = sorted(plans(f, bends, lines), key=lambda pair: pair[1])
    for plan, cost in candidates:
        for degree in DEGREES:
            if degree + cost >= best[0]:
                break
            here = plan._replace(degree=degree)
            got, cell = compute(made(scalar, here), here, INPUTS)
            wrong = (cell >= 0) & ~right(got, true, size, slope)
            beyond = np.isnan(got) & ((here.low & (cell == 0)) | (here.high & (cell == CELLS - 1)))
            bad = np.unique(cell[wrong & ~beyond])
            kept = [here.edges(c) for c in range(CELLS) if c not in bad]
            total = degree + price(kept)
            if total < best[0]:
                best = (total, here._replace(aside=tuple(int(c) for c in bad)))
    return best[1], best[0]


def measure(name: str) -> list[tuple]:
    """Return the plans of an activation's value and derivative."""
    spec, found = catalog.get(name), []
    for slope in (False, True):
        if computes_directly(spec, slope):
            found.append((None, 0.0))
            continue
        given = formula(spec, slope)
        with np.errstate(all="ignore"):
            bends = kinks(given.of_arrays, given.expression, given.parameters)
            most = MOST_OF_FEW if computes_directly(spec, slope, divides=True) else MOST
            found.append(search(given.of_arrays, given.of_one, slope, bends, most))
    return found


if __name__ == "__main__":
    search_all(measure, __doc__.splitlines()[0], "half_plans.py")
