"""The compiled per-unit statistics: whether they are there, and how to call them.

Layer: kernels, beside `rectifier.kernels.native`. Takes addresses, so that no framework is
imported; who calls vouches for the buffers. Used through `rectifier.torch.unit_statistics`.
"""

from __future__ import annotations

import functools
import importlib
from types import ModuleType

from rectifier.kernels import native

UNIT_NUMBERS = ("positive", "nonzero", "absolute", "input", "input_square")
"""Rows of what `forward` writes of each unit: counts of outputs, and sums."""

WHOLE_NUMBERS = (
    *("output", "output_square", "input_min", "input_max", "outside"),
    *("bad_input", "bad_output"),
)
"""What `forward` writes of all elements together: sums, extent, counts."""


@functools.cache
def _module() -> ModuleType:
    return importlib.import_module("rectifier._native")


@functools.cache
def available() -> bool:
    """Say whether the compiled statistics can be used in this process; asked once."""
    return native.available()


def forward(
    x: int,
    y: int,
    half: bool,
    extent: tuple[int, int, int],
    region: tuple[float, float],
    per_unit: int,
    whole: int,
    threads: int,
) -> None:
    """Count and sum one application of an activation, in one pass.

    Args:
        x: Address of the input: float32, or bfloat16 where ``half``.
        y: Address of the output, of the same type and layout; 0: it is max(x, 0).
        half: Whether the elements are bfloat16.
        extent: How many outer positions, units and inner positions the contiguous buffers have.
        region: Inputs below and above are counted as outside.
        per_unit: Address of float64 ``(len(UNIT_NUMBERS), units)``, written.
        whole: Address of float64 ``(len(WHOLE_NUMBERS),)``, written.
        threads: Most threads to use.
    """
    _module().forward_statistics(x, y, half, *extent, *region, per_unit, whole, threads)


def sums_of_squares(buffers: list[int], sizes: list[int], threads: int) -> list[float]:
    """The sum of squares of each of several contiguous float32 buffers.

    Args:
        buffers: Their addresses.
        sizes: How many elements each has.
        threads: Most threads to use.
    """
    found: list[float] = _module().sums_of_squares(buffers, sizes, threads)
    return found


def gradient(
    to_input: int,
    to_output: int,
    half: bool,
    extent: tuple[int, int, int],
    nonzero: int,
    threads: int,
) -> float:
    """Count non-zero elements of a gradient per unit, and square another, in one pass.

    Args:
        to_input: Address of the gradient with respect to the input.
        to_output: Address of that with respect to the output, of the same type and layout.
        half: Whether the elements are bfloat16.
        extent: As in `forward`.
        nonzero: Address of float64 ``(units,)``, written.
        threads: Most threads to use.

    Returns:
        The sum of squares of the second, of a large buffer from an eighth of it.
    """
    found = _module().gradient_statistics(to_input, to_output, half, *extent, nonzero, threads)
    return float(found)
