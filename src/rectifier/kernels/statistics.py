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


BLOCKS, BLOCK = 256, 64
"""Of a large buffer so many blocks of so many elements are looked at where some are enough."""


def kept_of(size: int) -> int:
    """How many of so many elements are looked at."""
    return size if size < 2 * BLOCKS * BLOCK else BLOCKS * BLOCK


@functools.cache
def _module() -> ModuleType:
    return importlib.import_module("rectifier._native")


@functools.cache
def available() -> bool:
    """Say whether the compiled statistics can be used in this process; asked once."""
    return native.available()


@functools.cache
def of_tensors(*kinds: object) -> ModuleType:
    """The compiled statistics that ask tensors themselves, instead of taking addresses.

    Args:
        kinds: PyTorch's types of tensors and parameters, its float32 and bfloat16, and its strided
            layout, by which tensors are told from others; and what says how many threads it uses.

    Returns:
        A module with ``output_of(tensor, axis)``, which gives elements of each unit, how many of
        them are rows that are told apart, the numbers of `outputs` packed, and their count, or None
        of a tensor that is not an ordinary one, and with
        ``told_by(outputs, silent)``, which says of sites with what was got of them whether one is
        not finite (2), or other units are silent than those packed in ``silent`` (1), and with
        ``any_bad_gradient(parameters, rest)``, which says whether NaN or infinity is among some
        elements of their gradients, of a large one `kept_of` so many, and appends to ``rest`` the
        gradients that are no ordinary ones.
    """
    _module().know(*kinds)
    return _module()


def forward(
    x: int,
    y: int,
    half: bool,
    extent: tuple[int, int, int],
    region: tuple[float, float],
    zeros_too: bool,
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
        region: Inputs below and above are counted as outside; NaN: not known, the count is NaN.
        zeros_too: Whether outputs that are zero are counted as outside as well.
        per_unit: Address of float64 ``(len(UNIT_NUMBERS), units)``, written.
        whole: Address of float64 ``(len(WHOLE_NUMBERS),)``, written.
        threads: Most threads to use.
    """
    _module().forward_statistics(x, y, half, *extent, *region, zeros_too, per_unit, whole, threads)


def outputs(y: int, half: bool, extent: tuple[int, int, int], per_unit: int, threads: int) -> float:
    """Count and sum the output of an activation alone, in one pass.

    Args:
        y: Address of the output: float32, or bfloat16 where ``half``.
        half: Whether the elements are bfloat16.
        extent: As in `forward`.
        per_unit: Address of float64 ``(3, units)``, written: the first rows of `UNIT_NUMBERS`.
        threads: Most threads to use.

    Returns:
        How many elements are NaN or infinite.
    """
    return float(_module().output_statistics(y, half, *extent, per_unit, threads))


def sums_of_squares(buffers: list[int], sizes: list[int], some: bool, threads: int) -> list[float]:
    """The sum of squares of each of several contiguous float32 buffers.

    Args:
        buffers: Their addresses.
        sizes: How many elements each has.
        some: Whether that of a large buffer may be told from an eighth of it.
        threads: Most threads to use.
    """
    found: list[float] = _module().sums_of_squares(buffers, sizes, some, threads)
    return found


def keep_blocks(buffers: list[int], sizes: list[int], kept: int) -> list[float]:
    """Copy some blocks of each of several contiguous float32 buffers.

    Args:
        buffers: Their addresses.
        sizes: How many elements each has.
        kept: Address of float32 ``(sum of `kept_of` each size,)``, written.

    Returns:
        The sum of squares of what was copied, of each.
    """
    found: list[float] = _module().keep_blocks(buffers, sizes, kept)
    return found


def moved_blocks(buffers: list[int], sizes: list[int], kept: int) -> list[float]:
    """The sum of squares of how far the same elements are from what `keep_blocks` copied.

    Args:
        buffers: The addresses of the buffers.
        sizes: How many elements each has.
        kept: Address of what was copied.
    """
    found: list[float] = _module().moved_blocks(buffers, sizes, kept)
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
