"""Per-unit statistics of tensors on the CPU by the compiled kernel, in one pass.

Layer: torch front end, on `rectifier.kernels.statistics`. None is returned where the kernel does
not apply (another device or element type, not compiled); `rectifier.watch.statistics` then computes
the same with torch.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import torch
from torch import Tensor

from rectifier.kernels import statistics as compiled

ROWS = {name: row for row, name in enumerate(compiled.UNIT_NUMBERS)}
"""Row of each number in what `forward` returns of the units."""

WHOLE = {name: place for place, name in enumerate(compiled.WHOLE_NUMBERS)}
"""Place of each number in what `forward` returns of all elements."""


def applies(tensor: Tensor) -> bool:
    """Whether the kernel takes tensors like this one."""
    return (
        tensor.device.type == "cpu"
        and tensor.dtype in (torch.float32, torch.bfloat16)
        and type(tensor) in (Tensor, torch.nn.Parameter)
        and tensor.layout is torch.strided
        and compiled.available()
    )


def forward(
    input: Tensor,
    output: Tensor | None,
    axis: int,
    low: float = -math.inf,
    high: float = math.inf,
) -> tuple[Tensor, Tensor] | None:
    """Count and sum one application of an activation.

    Args:
        input: As it was before the activation ran.
        output: Of the same shape; None: it is ReLU of the input, and need not be read.
        axis: Dimension of the units.
        low: Inputs below it count as outside.
        high: Inputs above it count as outside.

    Returns:
        float64 ``(5, units)`` as `ROWS` says, and ``(7,)`` as `WHOLE` says; None: not possible.
    """
    if not applies(input):
        return None
    if output is None:
        x, extent = _whole(input.detach(), axis)
        y = None
    elif input.dtype is output.dtype and input.shape == output.shape:
        x, y, extent = _aligned(input.detach(), output.detach(), axis)
    else:
        return None
    per_unit = torch.empty((len(ROWS), extent[1]), dtype=torch.float64)
    whole = torch.empty(len(WHOLE), dtype=torch.float64)
    compiled.forward(
        x.data_ptr(),
        0 if y is None else y.data_ptr(),
        x.dtype is torch.bfloat16,
        extent,
        (low, high),
        per_unit.data_ptr(),
        whole.data_ptr(),
        torch.get_num_threads(),
    )
    return per_unit, whole


def gradient(to_input: Tensor, to_output: Tensor, axis: int) -> tuple[Tensor, float] | None:
    """Count what flows back through a site, and how large it is.

    Args:
        to_input: Gradient with respect to the site's input.
        to_output: Gradient with respect to its output, of the same shape.
        axis: Dimension of the units.

    Returns:
        Non-zero elements of the first per unit, float64 ``(units,)``, and the sum of squares of the
        second, of a large tensor from an eighth of it; None: not possible.
    """
    alike = to_input.dtype is to_output.dtype and to_input.shape == to_output.shape
    if not (alike and applies(to_input) and applies(to_output)):
        return None
    g, h, extent = _aligned(to_input.detach(), to_output.detach(), axis)
    nonzero = torch.empty(extent[1], dtype=torch.float64)
    squares = compiled.gradient(
        g.data_ptr(),
        h.data_ptr(),
        g.dtype is torch.bfloat16,
        extent,
        nonzero.data_ptr(),
        torch.get_num_threads(),
    )
    return nonzero, squares


def norms(tensors: Sequence[Tensor]) -> list[float] | None:
    """Euclidean norm of each of several tensors.

    Args:
        tensors: Any; the kernel takes contiguous float32 ones on the CPU.

    Returns:
        The norms, from sums in double precision; None: not possible, for one of them at least.
    """
    for tensor in tensors:
        if tensor.dtype is not torch.float32 or not tensor.is_contiguous():
            return None
        if not applies(tensor):
            return None
    squares = compiled.sums_of_squares(
        [tensor.data_ptr() for tensor in tensors],
        [tensor.numel() for tensor in tensors],
        torch.get_num_threads(),
    )
    return list(map(math.sqrt, squares))


def _whole(one: Tensor, axis: int) -> tuple[Tensor, tuple[int, int, int]]:
    """A tensor without gaps, and its layout as outer positions, units and inner ones."""
    shape = one.shape
    if not one.is_contiguous():
        if axis == 1 and one.dim() > 2:
            moved = one.movedim(1, -1)
            if moved.is_contiguous():  # channels last
                return one, (moved.numel() // shape[1], shape[1], 1)
        one = one.contiguous()
    return one, (math.prod(shape[:axis]), shape[axis], math.prod(shape[axis + 1 :]))


def _aligned(one: Tensor, two: Tensor, axis: int) -> tuple[Tensor, Tensor, tuple[int, int, int]]:
    """Both with the same layout without gaps, and that as outer positions, units and inner ones."""
    if one.stride() != two.stride():
        one, two = one.contiguous(), two.contiguous()
    one, extent = _whole(one, axis)
    two, _ = _whole(two, axis)
    return one, two, extent
