"""The kernels: one template for each way of going over memory.

Layer: kernels/gpu, above the mathematics; the counterpart of ``native/loop.hpp``. What an
activation computes comes as device functions that `rectifier.kernels.emit_triton` printed, known
when a kernel is compiled:

- ``EXACT`` in double, right for every input; ``QUICK`` in float, right between LOW and HIGH;
- ``MODE`` 0: exact; 1: quick; 2: quick where all of a block lies between LOW and HIGH.

They take the input and where the parameters are: pointers to float64 that are ``width`` apart, one
pointer for all elements or, where ``CHANNELS``, one for each. Offsets to a block are 64 bit wide,
so that more than 2³¹ elements are no special case.
"""

from __future__ import annotations

import triton
import triton.language as tl

from rectifier.kernels.gpu.basics import narrow, widen


@triton.jit
def value(
    x, p, width,
    EXACT: tl.constexpr, QUICK: tl.constexpr, MODE: tl.constexpr,
    LOW: tl.constexpr, HIGH: tl.constexpr,
):  # fmt: skip
    """A function at x, a float, in float."""
    if MODE == 1:
        y = QUICK(x, p, width)
    elif MODE == 2:
        if tl.min(((x >= LOW) & (x <= HIGH)).to(tl.int32)) == 1:
            y = QUICK(x, p, width)
        else:
            y = EXACT(x.to(tl.float64), p, width).to(tl.float32)
    else:
        y = EXACT(x.to(tl.float64), p, width).to(tl.float32)
    return y


@triton.jit
def scaled(
    x, g, p, width,
    EXACT: tl.constexpr, QUICK: tl.constexpr, MODE: tl.constexpr,
    LOW: tl.constexpr, HIGH: tl.constexpr,
):  # fmt: skip
    """g times a function at x, in float, rounded once where it is exact."""
    if MODE == 1:
        y = g * QUICK(x, p, width)
    elif MODE == 2:
        if tl.min(((x >= LOW) & (x <= HIGH)).to(tl.int32)) == 1:
            y = g * QUICK(x, p, width)
        else:
            y = (g.to(tl.float64) * EXACT(x.to(tl.float64), p, width)).to(tl.float32)
    else:
        y = (g.to(tl.float64) * EXACT(x.to(tl.float64), p, width)).to(tl.float32)
    return y


@triton.jit
def channel(start, lane, channels, inner):
    """The channels of some elements; dividing 64 bit numbers takes longer than all the rest."""
    first = (start % (channels * inner)).to(tl.int32)
    return ((first + lane) // inner) % channels


@triton.jit
def place(p_ptr, start, lane, channels, inner, CHANNELS: tl.constexpr):
    """Where the parameters of some elements are."""
    if CHANNELS:  # noqa: SIM108 - of two types, which a conditional expression has not
        p = p_ptr + channel(start, lane, channels, inner)
    else:
        p = p_ptr
    return p


@triton.jit
def forward(
    x_ptr, y_ptr, p_ptr, size, width, inner,
    EXACT: tl.constexpr, QUICK: tl.constexpr, MODE: tl.constexpr,
    LOW: tl.constexpr, HIGH: tl.constexpr, CHANNELS: tl.constexpr, BLOCK: tl.constexpr,
):  # fmt: skip
    """y = f(x) for `size` elements without gaps."""
    start = tl.program_id(0).to(tl.int64) * BLOCK
    lane = tl.arange(0, BLOCK)
    inside = lane < size - start
    x = widen(tl.load(x_ptr + start + lane, mask=inside, other=0.0))
    p = place(p_ptr, start, lane, width, inner, CHANNELS)
    y = value(x, p, width, EXACT, QUICK, MODE, LOW, HIGH)
    tl.store(y_ptr + start + lane, narrow(y, y_ptr.dtype.element_ty), mask=inside)


@triton.jit
def backward(
    x_ptr, g_ptr, y_ptr, p_ptr, size, width, inner,
    EXACT: tl.constexpr, QUICK: tl.constexpr, MODE: tl.constexpr,
    LOW: tl.constexpr, HIGH: tl.constexpr, CHANNELS: tl.constexpr, BLOCK: tl.constexpr,
):  # fmt: skip
    """y = g f'(x)."""
    start = tl.program_id(0).to(tl.int64) * BLOCK
    lane = tl.arange(0, BLOCK)
    inside = lane < size - start
    x = widen(tl.load(x_ptr + start + lane, mask=inside, other=0.0))
    g = widen(tl.load(g_ptr + start + lane, mask=inside, other=0.0))
    p = place(p_ptr, start, lane, width, inner, CHANNELS)
    y = scaled(x, g, p, width, EXACT, QUICK, MODE, LOW, HIGH)
    tl.store(y_ptr + start + lane, narrow(y, y_ptr.dtype.element_ty), mask=inside)


@triton.jit
def sums_of_all(
    x_ptr, g_ptr, sums_ptr, p_ptr, size, each,
    EXACT: tl.constexpr, QUICK: tl.constexpr, MODE: tl.constexpr,
    LOW: tl.constexpr, HIGH: tl.constexpr, BLOCK: tl.constexpr,
):  # fmt: skip
    """Sums of g f'(x) by a parameter, over `each` elements at a time."""
    total = tl.zeros((BLOCK,), tl.float64)
    begin = tl.program_id(0).to(tl.int64) * each
    for first in range(0, each, BLOCK):
        lane = begin + first + tl.arange(0, BLOCK)
        inside = lane < size
        x = widen(tl.load(x_ptr + lane, mask=inside, other=0.0))
        g = widen(tl.load(g_ptr + lane, mask=inside, other=0.0))
        y = scaled(x, g, p_ptr, 1, EXACT, QUICK, MODE, LOW, HIGH)
        total += tl.where(inside, y, 0.0).to(tl.float64)
    tl.store(sums_ptr + tl.program_id(0), tl.sum(total, axis=0))


@triton.jit
def sums_of_columns(
    x_ptr, g_ptr, sums_ptr, p_ptr, rows, columns, rows_each,
    EXACT: tl.constexpr, QUICK: tl.constexpr, MODE: tl.constexpr,
    LOW: tl.constexpr, HIGH: tl.constexpr, ROWS: tl.constexpr, COLUMNS: tl.constexpr,
):  # fmt: skip
    """The same for each channel, where channels lie side by side."""
    column = tl.program_id(0) * COLUMNS + tl.arange(0, COLUMNS)
    there = column < columns
    total = tl.zeros((ROWS, COLUMNS), tl.float64)
    begin = tl.program_id(1).to(tl.int64) * rows_each
    p = (p_ptr + tl.where(there, column, 0))[None, :]
    for first in range(0, rows_each, ROWS):
        row = begin + first + tl.arange(0, ROWS)
        inside = (row < rows)[:, None] & there[None, :]
        at = row[:, None] * columns + column[None, :]
        x = widen(tl.load(x_ptr + at, mask=inside, other=0.0))
        g = widen(tl.load(g_ptr + at, mask=inside, other=0.0))
        y = scaled(x, g, p, columns, EXACT, QUICK, MODE, LOW, HIGH)
        total += tl.where(inside, y, 0.0).to(tl.float64)
    sums = tl.sum(total, axis=0)
    tl.store(sums_ptr + tl.program_id(1).to(tl.int64) * columns + column, sums, mask=there)


@triton.jit
def sums_of_rows(
    x_ptr, g_ptr, sums_ptr, p_ptr, channels, inner,
    EXACT: tl.constexpr, QUICK: tl.constexpr, MODE: tl.constexpr,
    LOW: tl.constexpr, HIGH: tl.constexpr, BLOCK: tl.constexpr,
):  # fmt: skip
    """The same where a channel is a row of `inner` elements: one sum for each row."""
    row = tl.program_id(0).to(tl.int64)
    total = tl.zeros((BLOCK,), tl.float64)
    p = p_ptr + row % channels
    for first in range(0, inner, BLOCK):
        lane = first + tl.arange(0, BLOCK)
        inside = lane < inner
        x = widen(tl.load(x_ptr + row * inner + lane, mask=inside, other=0.0))
        g = widen(tl.load(g_ptr + row * inner + lane, mask=inside, other=0.0))
        y = scaled(x, g, p, channels, EXACT, QUICK, MODE, LOW, HIGH)
        total += tl.where(inside, y, 0.0).to(tl.float64)
    tl.store(sums_ptr + row, tl.sum(total, axis=0))


@triton.jit
def halves(half, SECOND: tl.constexpr, FLAT: tl.constexpr, BLOCK: tl.constexpr):
    """Of a block of a gated unit: offsets of the halves and of the result, and which are there."""
    lane = tl.arange(0, BLOCK)
    if FLAT:  # rows shorter than a block: `half` counts elements, SECOND is the row's length
        result = tl.program_id(0).to(tl.int64) * BLOCK + lane
        inside = result < half
        one = result + (result // SECOND) * SECOND
        two = one + SECOND
    else:
        blocks = tl.cdiv(half, BLOCK)
        row = (tl.program_id(0) // blocks).to(tl.int64)
        column = (tl.program_id(0) % blocks) * BLOCK + lane
        inside = column < half
        result = row * half + column
        one = result + row * half
        two = one + half
    return one, two, result, inside


@triton.jit
def gated_forward(
    x_ptr, y_ptr, p_ptr, half,
    EXACT: tl.constexpr, QUICK: tl.constexpr, MODE: tl.constexpr,
    LAST: tl.constexpr, SECOND: tl.constexpr, FLAT: tl.constexpr, BLOCK: tl.constexpr,
):  # fmt: skip
    """y = f(x, gate) for rows of two halves, the second of which gates where LAST."""
    one, two, result, inside = halves(half, SECOND, FLAT, BLOCK)
    a = widen(tl.load(x_ptr + one, mask=inside, other=0.0))
    b = widen(tl.load(x_ptr + two, mask=inside, other=0.0))
    if LAST:
        x, gate = a, b
    else:
        x, gate = b, a
    if MODE == 1:
        y = QUICK(x, gate, p_ptr, 1)
    else:
        y = EXACT(x.to(tl.float64), gate.to(tl.float64), p_ptr, 1).to(tl.float32)
    tl.store(y_ptr + result, narrow(y, y_ptr.dtype.element_ty), mask=inside)


@triton.jit
def gated_backward(
    x_ptr, g_ptr, y_ptr, p_ptr, half,
    EXACT: tl.constexpr, EXACT_GATE: tl.constexpr,
    QUICK: tl.constexpr, QUICK_GATE: tl.constexpr, MODE: tl.constexpr,
    LAST: tl.constexpr, SECOND: tl.constexpr, FLAT: tl.constexpr, BLOCK: tl.constexpr,
):  # fmt: skip
    """Both halves' gradients, written where the halves were."""
    one, two, result, inside = halves(half, SECOND, FLAT, BLOCK)
    a = widen(tl.load(x_ptr + one, mask=inside, other=0.0))
    b = widen(tl.load(x_ptr + two, mask=inside, other=0.0))
    g = widen(tl.load(g_ptr + result, mask=inside, other=0.0))
    if LAST:
        x, gate = a, b
    else:
        x, gate = b, a
    if MODE == 1:
        by_x = g * QUICK(x, gate, p_ptr, 1)
        by_gate = g * QUICK_GATE(x, gate, p_ptr, 1)
    else:
        x, gate, g = x.to(tl.float64), gate.to(tl.float64), g.to(tl.float64)
        by_x = (g * EXACT(x, gate, p_ptr, 1)).to(tl.float32)
        by_gate = (g * EXACT_GATE(x, gate, p_ptr, 1)).to(tl.float32)
    if LAST:
        a, b = by_x, by_gate
    else:
        a, b = by_gate, by_x
    tl.store(y_ptr + one, narrow(a, y_ptr.dtype.element_ty), mask=inside)
    tl.store(y_ptr + two, narrow(b, y_ptr.dtype.element_ty), mask=inside)


@triton.jit
def biased_forward(
    x_ptr, b_ptr, y_ptr, p_ptr, size, channels, inner,
    EXACT: tl.constexpr, QUICK: tl.constexpr, MODE: tl.constexpr,
    LOW: tl.constexpr, HIGH: tl.constexpr, WAY: tl.constexpr, BLOCK: tl.constexpr,
):  # fmt: skip
    """y = f(x + b), one b for each channel; the sum is rounded to float and no further.

    WAY 0: a block is some elements; 1: part of a row of channels; 2: part of a channel.
    """
    if WAY == 0:
        start = tl.program_id(0).to(tl.int64) * BLOCK
        lane = tl.arange(0, BLOCK)
        inside = lane < size - start
        at = start + lane
        b = tl.load(b_ptr + channel(start, lane, channels, inner))
    else:
        length = channels if WAY == 1 else inner
        blocks = tl.cdiv(length, BLOCK)
        row = (tl.program_id(0) // blocks).to(tl.int64)
        lane = (tl.program_id(0) % blocks) * BLOCK + tl.arange(0, BLOCK)
        inside = lane < length
        at = row * length + lane
        if WAY == 1:
            b = tl.load(b_ptr + lane, mask=inside, other=0.0)
        else:
            b = tl.load(b_ptr + row % channels)
    x = widen(tl.load(x_ptr + at, mask=inside, other=0.0))
    z = tl.where(inside, x + widen(b), 0.0)
    y = value(z, p_ptr, 1, EXACT, QUICK, MODE, LOW, HIGH)
    tl.store(y_ptr + at, narrow(y, y_ptr.dtype.element_ty), mask=inside)


@triton.jit
def biased_backward_columns(
    x_ptr, b_ptr, g_ptr, y_ptr, sums_ptr, p_ptr, rows, columns, rows_each,
    EXACT: tl.constexpr, QUICK: tl.constexpr, MODE: tl.constexpr,
    LOW: tl.constexpr, HIGH: tl.constexpr, ROWS: tl.constexpr, COLUMNS: tl.constexpr,
):  # fmt: skip
    """y = g f'(x + b), and its sums over `rows_each` rows at a time; channels lie side by side."""
    column = tl.program_id(0) * COLUMNS + tl.arange(0, COLUMNS)
    there = column < columns
    b = widen(tl.load(b_ptr + column, mask=there, other=0.0))
    total = tl.zeros((ROWS, COLUMNS), tl.float32)
    begin = tl.program_id(1).to(tl.int64) * rows_each
    for first in range(0, rows_each, ROWS):
        row = begin + first + tl.arange(0, ROWS)
        inside = (row < rows)[:, None] & there[None, :]
        at = row[:, None] * columns + column[None, :]
        x = widen(tl.load(x_ptr + at, mask=inside, other=0.0))
        g = widen(tl.load(g_ptr + at, mask=inside, other=0.0))
        z = tl.where(inside, x + b[None, :], 0.0)
        y = scaled(z, g, p_ptr, 1, EXACT, QUICK, MODE, LOW, HIGH)
        y = tl.where(inside, y, 0.0)
        tl.store(y_ptr + at, narrow(y, y_ptr.dtype.element_ty), mask=inside)
        total += y
    sums = tl.sum(total, axis=0)
    tl.store(sums_ptr + tl.program_id(1).to(tl.int64) * columns + column, sums, mask=there)


@triton.jit
def biased_backward_rows(
    x_ptr, b_ptr, g_ptr, y_ptr, sums_ptr, p_ptr, channels, inner,
    EXACT: tl.constexpr, QUICK: tl.constexpr, MODE: tl.constexpr,
    LOW: tl.constexpr, HIGH: tl.constexpr, BLOCK: tl.constexpr,
):  # fmt: skip
    """The same where a channel is a row of `inner` elements: one sum for each row."""
    row = tl.program_id(0).to(tl.int64)
    b = widen(tl.load(b_ptr + row % channels))
    total = tl.zeros((BLOCK,), tl.float32)
    for first in range(0, inner, BLOCK):
        lane = first + tl.arange(0, BLOCK)
        inside = lane < inner
        at = row * inner + lane
        x = widen(tl.load(x_ptr + at, mask=inside, other=0.0))
        g = widen(tl.load(g_ptr + at, mask=inside, other=0.0))
        z = tl.where(inside, x + b, 0.0)
        y = scaled(z, g, p_ptr, 1, EXACT, QUICK, MODE, LOW, HIGH)
        y = tl.where(inside, y, 0.0)
        tl.store(y_ptr + at, narrow(y, y_ptr.dtype.element_ty), mask=inside)
        total += y
    tl.store(sums_ptr + row, tl.sum(total, axis=0))


@triton.jit
def encode(
    x_ptr, y_ptr, code_ptr, bad_ptr, p_ptr, limits_ptr, size,
    EXACT: tl.constexpr, QUICK: tl.constexpr, MODE: tl.constexpr,
    LOW: tl.constexpr, HIGH: tl.constexpr,
    SLOPE: tl.constexpr, QUICK_SLOPE: tl.constexpr, SLOPE_MODE: tl.constexpr,
    SLOPE_LOW: tl.constexpr, SLOPE_HIGH: tl.constexpr,
    BITS: tl.constexpr, BYTES: tl.constexpr,
):  # fmt: skip
    """y = f(x), and the number of the level of f'(x) in BITS bits; a note where a NaN came in.

    The code of an element is how many of the 2^BITS - 1 limits its derivative exceeds.
    """
    SHARE: tl.constexpr = 8 // BITS
    BLOCK: tl.constexpr = BYTES * SHARE
    block = tl.program_id(0).to(tl.int64)
    start = block * BLOCK
    lane = tl.arange(0, BLOCK)
    inside = lane < size - start
    x = widen(tl.load(x_ptr + start + lane, mask=inside, other=0.0))
    y = value(x, p_ptr, 1, EXACT, QUICK, MODE, LOW, HIGH)
    tl.store(y_ptr + start + lane, narrow(y, y_ptr.dtype.element_ty), mask=inside)
    slope = value(x, p_ptr, 1, SLOPE, QUICK_SLOPE, SLOPE_MODE, SLOPE_LOW, SLOPE_HIGH)
    slope = narrow(slope, x_ptr.dtype.element_ty).to(tl.float32)
    code = tl.zeros((BLOCK,), tl.int32)
    for round_ in tl.static_range(BITS):
        limit = tl.load(limits_ptr + code + ((1 << (BITS - 1 - round_)) - 1))
        code += (slope > limit).to(tl.int32) << (BITS - 1 - round_)
    byte = tl.arange(0, BYTES)
    part = tl.arange(0, SHARE)
    packed = tl.sum(tl.reshape(code, (BYTES, SHARE)) << (part * BITS)[None, :], axis=1)
    tl.store(code_ptr + block * BYTES + byte, packed.to(tl.uint8), mask=byte * SHARE < size - start)
    bad = tl.max((x != x).to(tl.int32), axis=0)
    tl.store(bad_ptr + block, bad.to(tl.uint8))


@triton.jit
def decode(
    code_ptr, bad_ptr, g_ptr, y_ptr, levels_ptr, size,
    BITS: tl.constexpr, BYTES: tl.constexpr,
):  # fmt: skip
    """y = g times the level of each code; NaN throughout a block of `encode` that had one."""
    SHARE: tl.constexpr = 8 // BITS
    BLOCK: tl.constexpr = BYTES * SHARE
    block = tl.program_id(0).to(tl.int64)
    start = block * BLOCK
    lane = tl.arange(0, BLOCK)
    inside = lane < size - start
    byte = tl.arange(0, BYTES)
    part = tl.arange(0, SHARE)
    code = tl.load(code_ptr + block * BYTES + byte, mask=byte * SHARE < size - start, other=0)
    code = (code.to(tl.int32)[:, None] >> (part * BITS)[None, :]) & ((1 << BITS) - 1)
    level = tl.load(levels_ptr + tl.reshape(code, (BLOCK,)))
    g = widen(tl.load(g_ptr + start + lane, mask=inside, other=0.0))
    y = (level * g.to(levels_ptr.dtype.element_ty)).to(tl.float32)
    bad = tl.load(bad_ptr + block)
    y = tl.where(bad != 0, float("nan"), y)
    tl.store(y_ptr + start + lane, narrow(y, y_ptr.dtype.element_ty), mask=inside)
