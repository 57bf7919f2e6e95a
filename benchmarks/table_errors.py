"""What the loop over a table computes, rounding by rounding, and by how much it is off.

Used by `table_plans`, which searches for tables, and by `half_plans`.
"""

from __future__ import annotations

import math

import numpy as np
from plan_search import Array, Function

from rectifier.kernels.tabled import Plan

MANY = 300000
"""Numbers tried where a value is little less than a power of 2."""


def compute(table: Array, plan: Plan, x: Array) -> tuple[Array, Array]:
    """Return what the loop computes of numbers of float, and the cells that they are in."""
    at = np.abs(x) if plan.fold else x
    place = at.astype(np.float64) * plan.scale
    how = {"nearest": np.rint, "down": np.floor, "up": np.ceil}[plan.rounding]
    cell = how(place) - plan.first
    if plan.low:
        cell = np.maximum(cell, 0)
    if plan.high:
        cell = np.minimum(cell, plan.cells - 1)
    inside = (cell >= 0) & (cell < plan.cells)
    rows = table[:, np.where(inside, cell, 0).astype(int)]
    t = (at - rows[0]).astype(np.float32)
    last = plan.degree + 1
    y = rows[last]
    for k in range(last - 1, max(plan.sharp - 1, 0), -1):
        y = fused(y, t, rows[k])
    if plan.sharp:
        y = fused(t, rows[-1], y)
    if plan.sharp == 2:
        y = fused(y, t, rows[1])
    if plan.sharp == 3:
        square = t * t
        lost = fused(t, t, -square)
        y = fused(square, y, fused(lost, y, fused(t, rows[2], rows[1])))
    below = np.signbit(x)
    if plan.fold == "odd":
        y = np.where(below, -y, y)
    elif plan.fold in ("rises", "falls"):
        y = np.where(below == (plan.fold == "falls"), np.float32(1) - y, y)
    elif plan.fold in ("up", "down"):
        y = np.where(below == (plan.fold == "down"), y + x, y)
    return y, np.where(inside, cell, -1).astype(int)


def fused(a: Array, b: Array, c: Array) -> Array:
    """Return a b + c in float, rounded once, but for a second rounding once in 2**29."""
    return (a.astype(np.float64) * b.astype(np.float64) + c.astype(np.float64)).astype(np.float32)


def points(plan: Plan, zeros: list[float], rng: np.random.Generator, count: int) -> Array:
    """Return numbers of float from all over the cells and beside what is special."""
    found = [np.array([0.0, -0.0], np.float32)]
    for cell in range(plan.cells):
        low, high = plan.edges(cell)
        if math.isinf(low):
            low = high - 1
            found.append(high - np.geomspace(1e-3, 3e38, 400))
        if math.isinf(high):
            high = low + 1
            found.append(low + np.geomspace(1e-3, 3e38, 400))
        found.append(rng.uniform(low, high, count))
        found += [around(low), around(high)]
        if low <= 0 <= high:
            found += [side * np.geomspace(1e-45, high - low, 5000) for side in (-1, 1)]
            found.append(rng.uniform(low, high, 7 * count))
    for zero in zeros:
        found += [zero + side * np.geomspace(1e-9, 0.1, 400) for side in (-1, 1)]
        found.append(around(zero))
    with np.errstate(over="ignore"):
        return on_both_sides(plan, np.unique(np.concatenate(found).astype(np.float32)))


def on_both_sides(plan: Plan, x: Array) -> Array:
    """Return numbers of a folded function with those on the other side of 0; others as they are."""
    return np.concatenate([x, -x]) if plan.fold else x


def below_powers(f: Function, plan: Plan, rng: np.random.Generator) -> Array:
    """Return numbers beside a zero at 0 where a value is little less than a power of 2.

    An error is the most ulp there, and the larger, the further from 0.
    """
    found = [np.zeros(0)]
    for cell in range(plan.cells):
        low, high = plan.edges(cell)
        if not low <= 0 <= high or math.isinf(high - low) or f(np.zeros(1))[0] != 0:
            continue
        for end in (low, high):
            if end == 0:
                continue
            x = end * np.geomspace(2.0**-6, 1, 4001)
            size = np.log2(np.abs(f(x)) + 1e-300)
            crossed = np.flatnonzero(np.floor(size[1:]) != np.floor(size[:-1]))
            found += [x[k] * rng.uniform(0.97, 1.0005, MANY) for k in crossed[-2:]]
    return on_both_sides(plan, np.concatenate(found).astype(np.float32))


def around(x: float) -> Array:
    """Return the floats beside a number."""
    bits = np.array([x], np.float32).view(np.int32).astype(np.int64)
    beside = (bits + np.arange(-8, 9)).astype(np.int32).view(np.float32)
    return np.where(np.isfinite(beside), beside, np.float32(x))


def counted(f: Function, x: Array, true: Array, slope: bool) -> Array:
    """Return the sizes whose units errors are counted in.

    A derivative beside one of its zeros is measured against what it is a quarter to either side.
    """
    size = np.abs(true)
    if not slope:
        return size
    left, right = f(x * 0.75), f(x * 1.25)
    least = np.minimum(np.abs(left), np.abs(right))
    return np.where(left * right < 0, np.maximum(size, least), size)


def errors(f: Function, table: Array, plan: Plan, x: Array, slope: bool) -> Array:
    """Return by how many ulp a table is off at the worst number of each cell; infinity for NaN."""
    got, cell = compute(table, plan, x)
    x, got, cell = x[cell >= 0], got[cell >= 0].astype(np.float64), cell[cell >= 0]
    wide = x.astype(np.float64)
    true = f(wide)
    size = counted(f, wide, true, slope)
    known = np.isfinite(true) & (size < 3.4e38)
    unit = np.ldexp(1.0, np.maximum(np.frexp(size)[1], -125) - 24)
    off = np.where(known, np.abs(got - true) / unit, np.where(got == true, 0.0, np.inf))
    beyond = np.isnan(got) & ((plan.low & (cell == 0)) | (plan.high & (cell == plan.cells - 1)))
    off = np.where(beyond, 0.0, np.where(np.isnan(off), np.inf, off))  # that is set aside
    worst = np.zeros(plan.cells)
    np.maximum.at(worst, cell, off)
    return worst
