"""Per-unit numbers of what goes in and out of an activation, in one pass, on a GPU.

Layer: kernels/gpu, beside `launch`; the counterpart of ``native/statistics.hpp``. Takes PyTorch
tensors on one CUDA device, made current by the caller (in interpreted mode, CPU tensors), without
importing PyTorch. A tensor is outer positions, units, inner ones; a program sums a tile of it, in
float over some hundred elements, and `finish` adds the programs' sums up in double, always in the
same order. Counts are exact.
"""

from __future__ import annotations

import functools
import math
import sys
from typing import Any

import triton
import triton.language as tl

from rectifier.kernels.gpu.basics import widen
from rectifier.kernels.gpu.launch import Constants, run

Extent = tuple[int, int, int]
"""Outer positions, units, inner positions."""

_PROGRAMS = 2048
"""About how many programs share a large tensor."""
_TILE = 1024
"""Elements that a program looks at at a time."""
_WIDE, _LANES = 128, (16, 128, _TILE)
"""Of them side by side, where units are and where inner positions are: few shapes, since each is
compiled when it is first met."""


@triton.jit
def _offsets(
    first, outer, units, inner, OUTER: tl.constexpr, UNITS: tl.constexpr, INNER: tl.constexpr
):
    """Offsets of a tile's elements, and which of them are there; shape (OUTER, UNITS · INNER).

    One of UNITS and INNER is 1: units or inner positions lie side by side. The second dimension of
    the grid counts tiles of units, or units where a tile holds inner positions of one.
    """
    row = first + tl.arange(0, OUTER)
    if UNITS > 1:
        column = tl.program_id(0) * UNITS + tl.arange(0, UNITS)
        inside = (row < outer)[:, None] & (column < units)[None, :]
        at = row[:, None].to(tl.int64) * units + column[None, :]
    else:
        # rows are of inner positions: several rows of each outer position where they are long
        runs = (inner + INNER - 1) // INNER
        lane = (row % runs)[:, None] * INNER + tl.arange(0, INNER)[None, :]
        inside = (row < outer * runs)[:, None] & (lane < inner)
        at = ((row // runs).to(tl.int64) * units + tl.program_id(0))[:, None] * inner + lane
    return at, inside


@triton.jit(do_not_specialize=["outer", "units", "inner", "each"])
def forward_sums(
    x_ptr, y_ptr, units_ptr, whole_ptr, outer, units, inner, each, low, high, zeros,
    READ: tl.constexpr, OUTER: tl.constexpr, UNITS: tl.constexpr, INNER: tl.constexpr,
):  # fmt: skip
    """Sum a chunk of rows of some units: five numbers of each, seven of all."""
    shape: tl.constexpr = (OUTER, UNITS * INNER)
    positive = tl.zeros(shape, tl.float32)
    nonzero = tl.zeros(shape, tl.float32)
    size = tl.zeros(shape, tl.float32)
    total = tl.zeros(shape, tl.float32)
    squares = tl.zeros(shape, tl.float32)
    output = tl.zeros(shape, tl.float32)
    output_squares = tl.zeros(shape, tl.float32)
    lowest = tl.full(shape, float("inf"), tl.float32)
    highest = tl.full(shape, float("-inf"), tl.float32)
    outside = tl.zeros(shape, tl.float32)
    bad = tl.zeros(shape, tl.float32)
    bad_output = tl.zeros(shape, tl.float32)
    begin = tl.program_id(1) * each
    for first in range(0, each, OUTER):
        at, inside = _offsets(begin + first, outer, units, inner, OUTER, UNITS, INNER)
        x = widen(tl.load(x_ptr + at, mask=inside, other=0.0))
        if READ:
            y = widen(tl.load(y_ptr + at, mask=inside, other=0.0))
        else:
            y = tl.where(x <= 0.0, 0.0, x)  # NaN stays
        positive += (y > 0.0).to(tl.float32)
        nonzero += (y != 0.0).to(tl.float32)
        size += tl.abs(y)
        total += x
        squares += x * x
        output += y
        output_squares += y * y
        known = inside & (x == x)
        lowest = tl.minimum(lowest, tl.where(known, x, float("inf")))
        highest = tl.maximum(highest, tl.where(known, x, float("-inf")))
        outside += (((x < low) | (x > high)) & inside).to(tl.float32)
        outside += ((y == 0.0) & inside).to(tl.float32) * zeros
        bad += ((x != x) | (tl.abs(x) == float("inf"))).to(tl.float32)
        bad_output += ((y != y) | (tl.abs(y) == float("inf"))).to(tl.float32)
    chunk = tl.program_id(1).to(tl.int64)
    to = units_ptr + chunk * 5 * units
    if UNITS > 1:
        column = tl.program_id(0) * UNITS + tl.arange(0, UNITS)
        there = column < units
        tl.store(to + column, tl.sum(positive, axis=0), mask=there)
        tl.store(to + units + column, tl.sum(nonzero, axis=0), mask=there)
        tl.store(to + 2 * units + column, tl.sum(size, axis=0), mask=there)
        tl.store(to + 3 * units + column, tl.sum(total, axis=0), mask=there)
        tl.store(to + 4 * units + column, tl.sum(squares, axis=0), mask=there)
    else:
        unit = tl.program_id(0)
        tl.store(to + unit, tl.sum(positive))
        tl.store(to + units + unit, tl.sum(nonzero))
        tl.store(to + 2 * units + unit, tl.sum(size))
        tl.store(to + 3 * units + unit, tl.sum(total))
        tl.store(to + 4 * units + unit, tl.sum(squares))
    whole = whole_ptr + (chunk * tl.num_programs(0) + tl.program_id(0)) * 7
    tl.store(whole, tl.sum(output))
    tl.store(whole + 1, tl.sum(output_squares))
    tl.store(whole + 2, tl.min(lowest))
    tl.store(whole + 3, tl.max(highest))
    tl.store(whole + 4, tl.sum(outside))
    tl.store(whole + 5, tl.sum(bad))
    tl.store(whole + 6, tl.sum(bad_output))


@triton.jit(do_not_specialize=["chunks", "wide", "programs"])
def finish(units_ptr, whole_ptr, out_ptr, chunks, wide, programs, gap, BLOCK: tl.constexpr):
    """Add up what the programs of `forward_sums` left: `wide` numbers of units, then seven of all.

    ``gap`` is added to the count of what lies outside: NaN where it is not known.
    """
    if tl.program_id(0) < tl.num_programs(0) - 1:
        column = tl.program_id(0) * BLOCK + tl.arange(0, BLOCK)
        there = column < wide
        sums = tl.zeros((8, BLOCK), tl.float64)
        for first in range(0, chunks, 8):
            row = first + tl.arange(0, 8)
            inside = (row < chunks)[:, None] & there[None, :]
            at = row[:, None].to(tl.int64) * wide + column[None, :]
            sums += tl.load(units_ptr + at, mask=inside, other=0.0).to(tl.float64)
        tl.store(out_ptr + column, tl.sum(sums, axis=0), mask=there)
    else:
        place = tl.arange(0, 8)
        added = tl.zeros((BLOCK, 8), tl.float64)
        least = tl.full((BLOCK, 8), float("inf"), tl.float64)
        most = tl.full((BLOCK, 8), float("-inf"), tl.float64)
        for first in range(0, programs, BLOCK):
            row = first + tl.arange(0, BLOCK)
            inside = (row < programs)[:, None] & (place < 7)[None, :]
            found = tl.load(whole_ptr + row[:, None] * 7 + place[None, :], mask=inside, other=0.0)
            number = found.to(tl.float64)
            added += number
            least = tl.minimum(least, tl.where(inside, number, float("inf")))
            most = tl.maximum(most, tl.where(inside, number, float("-inf")))
        numbers = tl.sum(added, axis=0)
        numbers += tl.where(place == 4, gap, 0.0)
        numbers = tl.where(place == 2, tl.min(least, axis=0), numbers)
        numbers = tl.where(place == 3, tl.max(most, axis=0), numbers)
        tl.store(out_ptr + wide + place, numbers, mask=place < 7)


@triton.jit(do_not_specialize=["outer", "units", "inner", "each"])
def gradient_sums(
    g_ptr, h_ptr, counts_ptr, squares_ptr, outer, units, inner, each,
    OUTER: tl.constexpr, UNITS: tl.constexpr, INNER: tl.constexpr,
):  # fmt: skip
    """Count the elements of g that are not zero, by units; sum the squares of h, in double."""
    nonzero = tl.zeros((OUTER, UNITS * INNER), tl.float32)
    squares = tl.zeros((OUTER, UNITS * INNER), tl.float64)
    begin = tl.program_id(1) * each
    for first in range(0, each, OUTER):
        at, inside = _offsets(begin + first, outer, units, inner, OUTER, UNITS, INNER)
        g = widen(tl.load(g_ptr + at, mask=inside, other=0.0))
        h = widen(tl.load(h_ptr + at, mask=inside, other=0.0)).to(tl.float64)
        nonzero += (g != 0.0).to(tl.float32)
        squares += h * h
    chunk = tl.program_id(1).to(tl.int64)
    to = counts_ptr + chunk * units
    if UNITS > 1:
        column = tl.program_id(0) * UNITS + tl.arange(0, UNITS)
        tl.store(to + column, tl.sum(nonzero, axis=0), mask=column < units)
    else:
        tl.store(to + tl.program_id(0), tl.sum(nonzero))
    tl.store(squares_ptr + chunk * tl.num_programs(0) + tl.program_id(0), tl.sum(squares))


@functools.cache
def _constants(*named: tuple[str, Any]) -> Constants:
    return Constants(dict(named), 4)


def _blocks(size: int, each: int) -> int:
    return -(-size // each)


@functools.cache
def _tiling(extent: Extent) -> tuple[tuple[int, int, int], int, tuple[tuple[str, int], ...]]:
    """The grid, how many rows a program sums, and the shape of its tile."""
    outer, units, inner = extent
    if inner == 1:
        across, rows, down = _blocks(units, _WIDE), outer, _TILE // _WIDE
        shape = (("OUTER", down), ("UNITS", _WIDE), ("INNER", 1))
    else:
        lanes = next((lanes for lanes in _LANES if lanes >= inner), _LANES[-1])
        across, rows, down = units, outer * _blocks(inner, lanes), _TILE // lanes
        shape = (("OUTER", down), ("UNITS", 1), ("INNER", lanes))
    chunks = max(1, min(_blocks(rows, down), _blocks(_PROGRAMS, across)))
    each = _blocks(_blocks(rows, chunks), down) * down
    return (across, _blocks(rows, each), 1), each, shape


def forward(x: Any, y: Any, extent: Extent, region: tuple[float, float], *, zeros_too: bool) -> Any:
    """Count and sum one application of an activation.

    Args:
        x: The input, without gaps, not empty.
        y: The output, of the same layout and type; None: it is ReLU of the input.
        extent: Their layout.
        region: Inputs below the first or above the second count as outside; the first NaN: not
            known, the count is NaN.
        zeros_too: Whether outputs that are zero count as outside as well.

    Returns:
        float64: five numbers of each unit and seven of all elements, in the order of
        `rectifier.kernels.statistics`, one after the other, ``(5 · units + 7,)``.
    """
    grid, each, shape = _tiling(extent)
    units, programs = extent[1], grid[0] * grid[1]
    torch = sys.modules["torch"]
    whole = x.new_empty(7 * programs, dtype=torch.float32)
    room = x.new_empty(5 * units * grid[1], dtype=torch.float32)
    out = x.new_empty(5 * units + 7, dtype=torch.float64)
    known = not math.isnan(region[0])
    given = (x, x if y is None else y, room, whole, *extent, each, *region, float(zeros_too))
    run(forward_sums, grid, _constants(("READ", y is not None), *shape), *given)
    rest = (room, whole, out, grid[1], 5 * units, programs, 0.0 if known else math.nan)
    run(finish, (_blocks(5 * units, 128) + 1, 1, 1), _constants(("BLOCK", 128)), *rest)
    return out


def gradient(g: Any, h: Any, extent: Extent) -> tuple[Any, Any]:
    """Count what flows back through a site, and how large it is.

    Args:
        g: The gradient by the site's input, without gaps, not empty.
        h: By its output, of the same layout and type.
        extent: Their layout.

    Returns:
        Non-zero elements of g per unit, ``(chunks, units)`` float32, and the squares of h,
        ``(programs,)`` float64, both to be summed over the first dimension.
    """
    grid, each, shape = _tiling(extent)
    torch = sys.modules["torch"]
    counts = g.new_empty((grid[1], extent[1]), dtype=torch.float32)
    squares = g.new_empty(grid[0] * grid[1], dtype=torch.float64)
    run(gradient_sums, grid, _constants(*shape), g, h, counts, squares, *extent, each)
    return counts, squares
