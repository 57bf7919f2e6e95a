"""Per-unit statistics of tensors on a GPU by a Triton kernel, in one pass, waiting for nothing.

Layer: torch front end, on `rectifier.kernels.gpu.units`; for the CPU there is
`rectifier.torch.unit_statistics`. None is returned where the kernel does not apply (another device
or element type, no Triton); `rectifier.watch.statistics` then computes the same with torch.
"""

from __future__ import annotations

import functools
import importlib
import math
import warnings
from collections.abc import Callable
from typing import Any, TypeVar

import torch
from torch import Tensor

from rectifier.kernels import cuda
from rectifier.torch import on_gpu
from rectifier.torch.unit_statistics import ROWS, WHOLE, aligned, whole

T = TypeVar("T")

_broken: set[str] = set()
"""Why the kernels cannot be compiled here, once that has been tried."""


def forward(
    input: Tensor,
    output: Tensor | None,
    axis: int,
    low: float = -math.inf,
    high: float = math.inf,
    *,
    zeros_too: bool = False,
) -> tuple[Tensor, Tensor] | None:
    """As `unit_statistics.forward`, of a tensor on a GPU, float64 and there."""
    if not _applies(input):
        return None
    y = None
    if output is None:
        x, extent = whole(input.detach(), axis)
    elif input.dtype is output.dtype and input.shape == output.shape and _applies(output):
        x, y, extent = aligned(input.detach(), output.detach(), axis)
    else:
        return None
    with on_gpu.on(x.device):
        found = _tried(lambda: _units().forward(x, y, extent, (low, high), zeros_too=zeros_too))
    if found is None:
        return None
    place = len(ROWS) * extent[1]
    return found[:place].view(len(ROWS), extent[1]), found[place : place + len(WHOLE)]


def gradient(to_input: Tensor, to_output: Tensor, axis: int) -> tuple[Tensor, Tensor] | None:
    """As `unit_statistics.gradient`, of tensors on a GPU, float64 and there; from all elements."""
    alike = to_input.dtype is to_output.dtype and to_input.shape == to_output.shape
    if not (alike and _applies(to_input) and _applies(to_output)):
        return None
    g, h, extent = aligned(to_input.detach(), to_output.detach(), axis)
    with on_gpu.on(g.device):
        found = _tried(lambda: _units().gradient(g, h, extent))
        if found is None:
            return None
        counts, squares = found
        return counts.sum(0, dtype=torch.float64), squares.sum()


def _applies(tensor: Tensor) -> bool:
    return (
        on_gpu.serves(tensor)
        and tensor.dtype in on_gpu.DTYPES
        and tensor.numel() > 0
        and not _broken
        and not cuda.why_not(str(tensor.dtype).removeprefix("torch."), tensor.device.type)
    )


def _tried(work: Callable[[], T]) -> T | None:
    """What it gives; None, and a warning once, where the kernels cannot be compiled."""
    try:
        return work()
    except torch.OutOfMemoryError:
        raise
    except Exception as error:  # noqa: BLE001 - whatever a compiler may raise
        _broken.add(str(error))
        warnings.warn(
            "The statistics of what is watched are computed by PyTorch's own operations, which "
            f"take longer, because Triton could not compile rectifier's kernel: {error}",
            RuntimeWarning,
            stacklevel=2,
        )
        return None


@functools.cache
def _units() -> Any:
    """The module that launches, imported late since it imports Triton."""
    return importlib.import_module("rectifier.kernels.gpu.units")
