"""Per-unit statistics of tensors on the CPU by the compiled kernel, in one pass.

Layer: torch front end, on `rectifier.kernels.statistics`. None is returned where the kernel does
not apply (another device or element type, not compiled); `rectifier.watch.statistics` then computes
the same with torch.
"""

from __future__ import annotations

import functools
import math
from collections.abc import Sequence
from types import ModuleType
from typing import Any, Self

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from rectifier.kernels import statistics as compiled

Floats = NDArray[np.float64]

ROWS = {name: row for row, name in enumerate(compiled.UNIT_NUMBERS)}
"""Row of each number in what `forward` returns of the units."""

WHOLE = {name: place for place, name in enumerate(compiled.WHOLE_NUMBERS)}
"""Place of each number in what `forward` returns of all elements."""

_TYPES = (torch.float32, torch.bfloat16)
_KINDS = (Tensor, torch.nn.Parameter)
_STRIDED = torch.strided


def applies(tensor: Tensor) -> bool:
    """Whether the kernel takes tensors like this one."""
    return (
        tensor.is_cpu
        and tensor.dtype in _TYPES
        and type(tensor) in _KINDS
        and tensor.layout is _STRIDED
        and compiled.available()
    )


def forward(
    input: Tensor,
    output: Tensor | None,
    axis: int,
    low: float = -math.inf,
    high: float = math.inf,
    *,
    zeros_too: bool = False,
) -> tuple[Floats, Floats] | None:
    """Count and sum one application of an activation.

    Args:
        input: As it was before the activation ran.
        output: Of the same shape; None: it is ReLU of the input, and need not be read.
        axis: Dimension of the units.
        low: Inputs below it count as outside; NaN: not known, the count is NaN.
        high: Inputs above it count as outside.
        zeros_too: Whether outputs that are zero count as outside as well.

    Returns:
        ``(5, units)`` as `ROWS` says, and ``(7,)`` as `WHOLE` says; None: not possible.
    """
    if not applies(input):
        return None
    if output is None:
        x, extent = whole(input, axis)
        y = None
    elif input.dtype is output.dtype and input.shape == output.shape:
        x, y, extent = aligned(input, output, axis)
    else:
        return None
    units = extent[1]
    buffer = torch.empty(len(ROWS) * units + len(WHOLE), dtype=torch.float64)
    at = buffer.data_ptr()
    compiled.forward(
        x.data_ptr(),
        0 if y is None else y.data_ptr(),
        x.dtype is torch.bfloat16,
        extent,
        (low, high),
        zeros_too,
        at,
        at + 8 * len(ROWS) * units,
        torch.get_num_threads(),
    )
    found: Floats = buffer.numpy()
    return found[: -len(WHOLE)].reshape(len(ROWS), units), found[-len(WHOLE) :]


Output = tuple[int, int, bytes, float]
"""What `briefly` gives: elements of a unit, rows among them that are told apart (positions of a
feature map are not), numbers as `outputs` has them, how many elements are NaN or infinite."""


def briefly(output: Tensor, axis: int) -> Output | None:
    """Count and sum the output of an activation alone, in few operations.

    Args:
        output: What it gave.
        axis: Dimension of the units.

    Returns:
        The numbers, packed; None: it is no ordinary tensor without gaps.
    """
    compiled_in = of_tensors()
    found: Output | None
    found = None if compiled_in is None else compiled_in.output_of(output, axis)
    return found


def told_by(outputs: list[Any], silent: dict[Any, bytes]) -> int | None:
    """What the outputs of a step tell.

    Args:
        outputs: Sites, each with what `briefly` gives.
        silent: Of each site the indices of the units that have not fired of late, packed.

    Returns:
        2: Some element is NaN or infinite; else 1: other units are silent, or that cannot be told;
        else 0. None: nothing is compiled.
    """
    compiled_in = of_tensors()
    found: int | None
    found = None if compiled_in is None else compiled_in.told_by(outputs, silent)
    return found


def unpacked(numbers: bytes) -> Floats:
    """What `briefly` packed, ``(3, units)``; read-only."""
    return np.frombuffer(numbers).reshape(3, -1)


def outputs(output: Tensor, axis: int) -> tuple[Floats, float] | None:
    """Count and sum the output of an activation alone.

    Args:
        output: What it gave.
        axis: Dimension of the units.

    Returns:
        ``(3, units)``, the first rows of `ROWS`, and how many elements are NaN or infinite; None:
        not possible.
    """
    if not applies(output):
        return None
    found = briefly(output, axis)
    if found is not None:
        return unpacked(found[2]), found[3]
    y, extent = whole(output.detach(), axis)
    units = extent[1]
    numbers = np.empty((3, units))
    bad = compiled.outputs(
        y.data_ptr(),
        y.dtype is torch.bfloat16,
        extent,
        numbers.ctypes.data,
        torch.get_num_threads(),
    )
    return numbers, bad


def gradient(to_input: Tensor, to_output: Tensor, axis: int) -> tuple[Floats, float] | None:
    """Count what flows back through a site, and how large it is.

    Args:
        to_input: Gradient with respect to the site's input.
        to_output: Gradient with respect to its output, of the same shape.
        axis: Dimension of the units.

    Returns:
        Non-zero elements of the first per unit, ``(units,)``, and the sum of squares of the
        second, of a large tensor from an eighth of it; None: not possible.
    """
    alike = to_input.dtype is to_output.dtype and to_input.shape == to_output.shape
    if not (alike and applies(to_input) and applies(to_output)):
        return None
    g, h, extent = aligned(to_input, to_output, axis)
    nonzero = torch.empty(extent[1], dtype=torch.float64)
    squares = compiled.gradient(
        g.data_ptr(),
        h.data_ptr(),
        g.dtype is torch.bfloat16,
        extent,
        nonzero.data_ptr(),
        torch.get_num_threads(),
    )
    return nonzero.numpy(), squares


def norms(tensors: Sequence[Tensor], *, some: bool = False) -> list[float] | None:
    """Euclidean norm of each of several tensors.

    Args:
        tensors: Any; the kernel takes contiguous float32 ones on the CPU.
        some: Whether that of a large one may be told from an eighth of it.

    Returns:
        The norms, from sums in double precision; None: not possible, for one of them at least.
    """
    if not all(map(_plain_floats, tensors)):
        return None
    squares = compiled.sums_of_squares(
        [tensor.data_ptr() for tensor in tensors],
        [tensor.numel() for tensor in tensors],
        some,
        torch.get_num_threads(),
    )
    return list(map(math.sqrt, squares))


def any_bad_gradient(parameters: list[Tensor]) -> tuple[bool, list[Tensor]]:
    """Whether NaN or infinity is among some elements of the gradient of each of several tensors.

    Args:
        parameters: The tensors; those without a gradient count as well.

    Returns:
        Whether there is one, and the gradients that could not be looked at.
    """
    compiled_in = of_tensors()
    if compiled_in is None:
        return False, [p.grad for p in parameters if p.grad is not None]
    rest: list[Tensor] = []
    return compiled_in.any_bad_gradient(parameters, rest), rest


def some(tensor: Tensor) -> Tensor:
    """Blocks of a large tensor, evenly apart, or all of a small one; a view of one without gaps."""
    flat = tensor.detach().reshape(-1)
    size = flat.numel()
    if compiled.kept_of(size) == size:
        return flat
    apart = size // compiled.BLOCKS
    return flat.as_strided((compiled.BLOCKS, compiled.BLOCK), (apart, 1), flat.storage_offset())


class Blocks:
    """Some blocks of each of several tensors, copied, to see later how far they have moved.

    Attributes:
        squares: The sum of squares of what was copied, of each tensor.
        scales: What the norm of what was copied is to be multiplied with for that of the whole.
    """

    def __init__(self, tensors: Sequence[Tensor]) -> None:
        self._tensors = tensors
        self._sizes = [tensor.numel() for tensor in tensors]
        kept = [compiled.kept_of(size) for size in self._sizes]
        self._kept = torch.empty(sum(kept), dtype=torch.float32)
        self.scales = [
            1.0 if some == size else math.sqrt(size / some)
            for size, some in zip(self._sizes, kept, strict=True)
        ]
        addresses = [tensor.data_ptr() for tensor in tensors]
        self.squares = compiled.keep_blocks(addresses, self._sizes, self._kept.data_ptr())

    @classmethod
    def of(cls, tensors: Sequence[Tensor]) -> Self | None:
        """Copy some of each; None: not possible, for one of them at least."""
        return cls(tensors) if all(map(_plain_floats, tensors)) else None

    def moved(self) -> list[float] | None:
        """Sum of squares of how far the copied elements moved, of each; None: no longer there."""
        addresses = [tensor.data_ptr() for tensor in self._tensors]
        if 0 in addresses or [tensor.numel() for tensor in self._tensors] != self._sizes:
            return None
        if any(tensor.dtype is not torch.float32 for tensor in self._tensors):
            return None  # read as what they were, they would be read beyond their end
        return compiled.moved_blocks(addresses, self._sizes, self._kept.data_ptr())


@functools.cache
def _compiled_in() -> ModuleType:
    kinds = Tensor, torch.nn.Parameter, torch.float32, torch.bfloat16, torch.strided
    return compiled.of_tensors(*kinds, torch.get_num_threads)


def of_tensors() -> ModuleType | None:
    """The compiled statistics that ask tensors themselves; None where nothing is compiled."""
    return _compiled_in() if compiled.available() else None


def _plain_floats(tensor: Tensor) -> bool:
    return tensor.dtype is torch.float32 and tensor.is_contiguous() and applies(tensor)


def whole(one: Tensor, axis: int) -> tuple[Tensor, tuple[int, int, int]]:
    """A tensor without gaps, and its layout as outer positions, units and inner ones."""
    shape = one.shape
    units = shape[axis]
    if axis == len(shape) - 1 and units and one.is_contiguous():
        return one, (one.numel() // units, units, 1)
    if not one.is_contiguous():
        if axis == 1 and one.dim() > 2:
            moved = one.movedim(1, -1)
            if moved.is_contiguous():  # channels last
                return one, (moved.numel() // shape[1], shape[1], 1)
        one = one.contiguous()
    return one, (math.prod(shape[:axis]), shape[axis], math.prod(shape[axis + 1 :]))


def aligned(one: Tensor, two: Tensor, axis: int) -> tuple[Tensor, Tensor, tuple[int, int, int]]:
    """Both with the same layout without gaps, and that as outer positions, units and inner ones."""
    if one.stride() != two.stride():
        one, two = one.contiguous(), two.contiguous()
    one, extent = whole(one, axis)
    two, _ = whole(two, axis)
    return one, two, extent
