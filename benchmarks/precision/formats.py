"""Floating formats: all their numbers, and errors counted in units in the last place.

A unit in the last place (ulp) of a number is the distance between neighbours of the format in its
binade; below the smallest normal number it is that of the subnormal ones, so that a result flushed
to 0 counts as wrong by as many steps as were lost. An infinite result counts as the number that
would follow the largest finite one, and so does what is to be rounded there: an overflow that is
due is no error, one that is not is.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

Array = np.ndarray


@dataclass(frozen=True)
class Format:
    """A floating format.

    Attributes:
        name: As NumPy and torch call it.
        bits: Bits after the point.
        smallest: Exponent of the smallest normal number.
        above: Exponent of the power of two that follows the largest number.
        value_bar: Largest error of a value in ulp that passes.
        slope_bar: The same for the first derivative.
    """

    name: str
    bits: int
    smallest: int
    above: int
    value_bar: float
    slope_bar: float

    @property
    def largest(self) -> float:
        """The largest finite number."""
        return 2.0**self.above - 2.0 ** (self.above - 1 - self.bits)

    @property
    def patterns(self) -> int:
        """How many bit patterns there are."""
        return 1 << (32 if self.name == "float32" else 16)


FORMATS = {
    "float32": Format("float32", 23, -126, 128, 2.0, 4.0),
    "float16": Format("float16", 10, -14, 16, 0.51, 0.51),
    "bfloat16": Format("bfloat16", 7, -126, 128, 0.51, 0.51),
}

_SCATTER = 2531
"""Odd, and near the golden section of 4096, so that samples spread evenly over the low bits."""

_EXPONENT = np.int64(0x7FF0000000000000)


def numbers(dtype: str, start: int, stop: int, step: int = 1) -> Array:
    """Return the numbers of a range of bit patterns, in fp32, which holds them all.

    Args:
        dtype: Name of the format.
        start: First bit pattern.
        stop: The one after the last.
        step: Mean distance between patterns. Of each so many one is taken, ever another: the lowest
            bits of multiples of a power of two would all be 0, and such numbers hide what rounding
            does.
    """
    patterns = np.arange(0, stop - start, step, dtype=np.uint32)
    patterns += np.uint32(start)
    if step > 1:
        patterns += patterns // np.uint32(step) * np.uint32(_SCATTER) % np.uint32(step)
    if dtype == "float16":
        return patterns.astype(np.uint16).view(np.float16).astype(np.float32)
    if dtype == "bfloat16":
        patterns <<= np.uint32(16)
    return patterns.view(np.float32)


def neighbours(x: float, dtype: str, reach: int) -> Array:
    """Return the numbers of a format from `reach` steps below the nearest to x to as many above."""
    with np.errstate(over="ignore"):
        near = round_to(np.array([x]), dtype)
    shift = 16 if dtype == "bfloat16" else 0
    kind = np.dtype(np.float16 if dtype == "float16" else np.float32)
    unsigned = np.dtype(f"u{kind.itemsize}")
    pattern = int(near.astype(kind).view(unsigned)[0]) >> shift
    sign = 1 << (8 * kind.itemsize - shift - 1)
    ordered = pattern if pattern < sign else sign - pattern  # ordered as the numbers are
    line = np.arange(ordered - reach, ordered + reach + 1)
    bits = np.where(line >= 0, line, sign - line)
    found = (bits << shift).astype(unsigned).view(kind).astype(np.float32)
    return found[np.isfinite(found)]


def round_to(x: Array, dtype: str) -> Array:
    """Round fp64 numbers to a format and return them in fp32; ties in bfloat16 go to even."""
    if dtype != "bfloat16":
        return x.astype(dtype).astype(np.float32)
    pattern = x.astype(np.float32).view(np.uint32).astype(np.uint64)
    pattern += 0x7FFF + ((pattern >> np.uint64(16)) & np.uint64(1))
    return (pattern & np.uint64(0xFFFF0000)).astype(np.uint32).view(np.float32)


def errors(got: Array, true: Array, kind: Format, scale: Array | None = None) -> Array:
    """Return the errors in ulp.

    Args:
        got: What was computed, in fp64.
        true: What it should be, in fp64, no NaN.
        kind: The format of `got`.
        scale: Where given, a unit is at least that of this number.

    Returns:
        Errors of the shape of `got`; NaN where `got` is NaN.
    """
    ceiling = 2.0**kind.above
    true = np.clip(true, -ceiling, ceiling)
    off = np.abs(np.clip(got, -ceiling, ceiling) - true)
    size = np.abs(true)
    if scale is not None:
        np.maximum(size, scale, out=size)
    np.clip(size, 2.0**kind.smallest, kind.largest, out=size)
    power = (size.view(np.int64) & _EXPONENT).view(np.float64)
    return off * 2.0**kind.bits / power
