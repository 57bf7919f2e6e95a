"""Gated units in one pass, where that can be: contiguous, on a GPU, or no float64 on the CPU.

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
from rectifier.kernels import cuda, native
from rectifier.kernels import gated as kernels
from rectifier.torch import on_gpu
from rectifier.torch.memory import is_real

Composed = Callable[[Tensor], Tensor]

_CODES = {getattr(torch, name): native.DTYPES[name] for name in kernels.DTYPES}
"""The element types that the compiled kernels take, by their numbers."""

# Looked up once: they are asked at every call.
_has_torch_function = torch.overrides.has_torch_function
_transforming = torch._C._are_functorch_transforms_active
_threads = torch.get_num_threads


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
        self, of: Fusion, dtype: torch.dtype, last: bool, values: tuple[float, ...],
        composed: Composed, gpu: bool,
    ) -> None:  # fmt: skip
        self.of = of
        self.dtype = dtype
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
                    self.of.unit.name, input.detach(), out,
                    on_gpu.numbers(self.values, input.device),
                    grad=grad, half=half, last=self.last,
                )  # fmt: skip
            return out
        if half and (size := input.numel()):
            run = self.of.runner()
            run(
                _CODES[self.dtype], input.data_ptr(), 0 if grad is None else grad.data_ptr(),
                out.data_ptr(), size // (2 * half), half, self.last, (0.0, *self.values),
                _threads(),
            )  # fmt: skip
        return out


class Fusion:
    """A gated unit in one pass, where that can be."""

    def __init__(self, unit: Activation) -> None:
        self.unit = unit
        self._defaults = tuple(unit.parameters().values())[1:]
        self._runner: kernels.Runner | None = None

    def __getstate__(self) -> dict[str, Any]:
        return self.__dict__ | {"_runner": None}

    def runner(self) -> kernels.Runner:
        """Return the compiled kernel, looked up once."""
        if self._runner is None:
            self._runner = kernels.runner(self.unit)
        return self._runner

    def __call__(
        self,
        input: Tensor,
        dim: int,
        gate: str,
        parameters: Mapping[str, Any],
        composed: Composed,
    ) -> Tensor | None:
        """Compute the unit.

        Args:
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
            or (parameters and any(isinstance(value, Tensor) for value in parameters.values()))
            or torch.compiler.is_compiling()
            or _has_torch_function((input,))
            or _transforming()
            or forward_ad._current_level >= 0
            or not input.is_contiguous()
        ):
            return None
        gpu = self._runs_on_gpu(input)
        if not gpu and not (input.dtype in _CODES and is_real(input) and self._compiled()):
            return None
        values = self._defaults
        if parameters:
            values = tuple(self.unit.parameters(**parameters).values())[1:]
        call = _Call(self, input.dtype, gate == "last", values, composed, gpu)
        dim %= input.dim()
        if not (input.requires_grad and torch.is_grad_enabled()):  # autograd takes microseconds
            return call.run(input, dim, _half(input, dim))
        result: Tensor = Fused.apply(input, dim, call)  # type: ignore[no-untyped-call]
        return result

    def _runs_on_gpu(self, input: Tensor) -> bool:
        if not on_gpu.serves(input):
            return False
        name = str(input.dtype).removeprefix("torch.")
        return cuda.supports_gated(self.unit, name, input.device.type, cuda.switched_on())

    def _compiled(self) -> bool:
        """Whether there is a compiled kernel, and the environment leaves it on."""
        if self._runner is not None:
            return native.switched_on()
        return kernels.supports(self.unit)


def _half(input: Tensor, dim: int) -> Tensor:
    """Return a new tensor for the result."""
    shape = list(input.shape)
    shape[dim] //= 2
    return input.new_empty(shape)
