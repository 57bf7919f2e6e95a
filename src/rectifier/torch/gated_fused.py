"""Gated units in one pass, where that can be: contiguous numbers, no float64 on the CPU, or on a GPU.

Layer: torch front end, on `rectifier.kernels.gated` and, for CUDA devices, on the Triton kernels,
below `rectifier.torch.gated`. What is kept for backward is the input alone, 8 bytes for each
element of the result in float32, and both gradients are written in one pass. All else is left to
the composed form, the gradient of a gradient too.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import torch
from torch import Tensor
from torch.autograd import forward_ad

from rectifier.activation import Activation
from rectifier.kernels import cuda
from rectifier.kernels import gated as kernels
from rectifier.torch import on_gpu
from rectifier.torch.memory import is_plain, is_real

Composed = Callable[[Tensor], Tensor]


class Fused(torch.autograd.Function):
    """A gated unit of a real tensor, in one pass."""

    @staticmethod
    def forward(ctx: Any, input: Tensor, dim: int, call: _Call) -> Tensor:
        """Compute, and keep the input.

        Args:
            ctx: The context that autograd brings.
            input: Contiguous.
            dim: The dimension that is halved, counted from 0.
            call: What to compute.
        """
        ctx.save_for_backward(input)
        ctx.dim, ctx.call = dim, call
        return call.run(input, dim, _half(input, dim))

    @staticmethod
    def backward(ctx: Any, *grads: Any) -> Any:
        """Return the gradient by the input."""
        (input,), call, grad = ctx.saved_tensors, ctx.call, grads[0]
        if torch.is_grad_enabled() or not (on_gpu.serves(grad) if call.on_gpu else is_real(grad)):
            again = torch.is_grad_enabled()
            with torch.enable_grad():
                result = call.composed(input)
                (found,) = torch.autograd.grad(result, input, grad, create_graph=again)
            return found, None, None
        out = torch.empty_like(input, memory_format=torch.contiguous_format)
        return call.run(input, ctx.dim, out, grad.contiguous()), None, None


class _Call:
    """One way of computing a unit, and the composed one beside it."""

    def __init__(
        self,
        unit: Activation,
        last: bool,
        values: tuple[float, ...],
        composed: Composed,
        gpu: bool,
    ) -> None:
        self.unit = unit
        self.last = last
        self.values = values
        self.composed = composed
        self.on_gpu = gpu

    def run(self, input: Tensor, dim: int, out: Tensor, grad: Tensor | None = None) -> Tensor:
        half = input.shape[dim] // 2
        for size in input.shape[dim + 1 :]:
            half *= size
        if self.on_gpu:
            from rectifier.kernels.gpu import launch  # deferred: it imports Triton

            with on_gpu.on(input.device):
                launch.gated(
                    self.unit.name, input.detach(), out, on_gpu.numbers(self.values, input.device),
                    grad=grad, half=half, last=self.last,
                )  # fmt: skip
            return out
        kernels.run(
            self.unit, input.detach(), out, grad=grad, half=half, last=self.last,
            parameters=self.values, threads=torch.get_num_threads(),
        )  # fmt: skip
        return out


def fused(
    unit: Activation,
    input: Tensor,
    dim: int,
    gate: str,
    parameters: Mapping[str, Any],
    composed: Composed,
) -> Tensor | None:
    """Compute a gated unit in one pass.

    Args:
        unit: The unit.
        input: Both halves, checked.
        dim: The dimension that is halved.
        gate: ``"last"`` or ``"first"``; interleaved halves are not for this.
        parameters: The unit's other parameters by name, those that were given.
        composed: Computes the same from the input; for gradients of gradients.

    Returns:
        The result; None where it has to be composed.
    """
    if (
        gate not in ("last", "first")
        or any(isinstance(value, Tensor) for value in parameters.values())
        or torch.compiler.is_compiling()
        or torch.overrides.has_torch_function((input,))
        or torch._C._are_functorch_transforms_active()
        or forward_ad._current_level >= 0
        or not is_plain(input)
        or not input.is_contiguous()
    ):
        return None
    dtype = str(input.dtype).removeprefix("torch.")
    gpu = on_gpu.serves(input) and cuda.supports_gated(
        unit, dtype, input.device.type, cuda.switched_on()
    )
    if not gpu and not (is_real(input) and kernels.supports(unit, dtype)):
        return None
    values = tuple(unit.parameters(**parameters).values())[1:]
    call = _Call(unit, gate == "last", values, composed, gpu)
    dim %= input.dim()
    if not (input.requires_grad and torch.is_grad_enabled()):  # autograd would cost microseconds
        return call.run(input, dim, _half(input, dim))
    result: Tensor = Fused.apply(input, dim, call)  # type: ignore[no-untyped-call]
    return result


def _half(input: Tensor, dim: int) -> Tensor:
    """Return a new tensor for the result."""
    shape = list(input.shape)
    shape[dim] //= 2
    return input.new_empty(shape)
