"""A bias and an activation in one pass: ``biased("gelu")(x, bias)`` is f(x + bias).

Layer: torch front end, on `rectifier.torch.functional`. On a GPU both directions take one pass over
memory each, and backward sums the bias' gradient on the way; only x and the bias are kept. There
the sum x + bias is rounded to float32 and no further, where the composed form rounds it to the type
of x. Everywhere else it is composed of an addition and the activation's own function.
"""

from __future__ import annotations

import functools
import math
from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor
from torch.autograd import forward_ad

from rectifier import catalog, kernels
from rectifier.activation import Activation
from rectifier.errors import InvalidInputError
from rectifier.torch import on_gpu
from rectifier.torch.functional import function


@functools.cache
def biased(activation: Activation | str) -> Callable[..., Tensor]:
    """Return the function of an activation after a bias.

    Args:
        activation: A name or alias of the catalog, or an `Activation`.

    Returns:
        ``f(input, bias, dim=-1, **parameters)``: the activation of ``input + bias``, where the
        bias has one dimension and lies along dimension ``dim`` of the input. Parameters are numbers
        or tensors, as for the activation's own function.

    Raises:
        UnknownNameError: No activation has this name.

    Example:
        >>> import torch
        >>> biased("relu")(torch.tensor([[1.0, -3.0]]), torch.tensor([0.5, 1.0]))
        tensor([[1.5000, 0.0000]])
    """
    spec = catalog.get(activation)
    plain = function(spec)

    def call(input: Tensor, bias: Tensor, dim: int = -1, **parameters: Any) -> Tensor:
        _check(spec.name, input, bias, dim)
        dim %= input.dim()

        def composed(x: Tensor, b: Tensor) -> Tensor:
            return plain(x + b.reshape(-1, *([1] * (x.dim() - dim - 1))), **parameters)

        if not _fits(spec, input, bias, parameters):
            return composed(input, bias)
        values = spec.parameters(**parameters)
        default = all(values[name] == param.default for name, param in spec.params.items())
        way = _Way(spec.name, tuple(values.values()), default, dim, composed)
        result: Tensor = Biased.apply(input, bias, way)  # type: ignore[no-untyped-call]
        return result

    call.__name__ = call.__qualname__ = f"biased_{spec.name}"
    return call


def _check(name: str, input: Any, bias: Any, dim: int) -> None:
    for role, tensor in (("input", input), ("bias", bias)):
        if not isinstance(tensor, Tensor) or not tensor.is_floating_point():
            got = tensor.dtype if isinstance(tensor, Tensor) else type(tensor).__name__
            raise InvalidInputError(f"{name}: expected a floating tensor as {role}, got {got}.")
    if not -input.dim() <= dim < input.dim() or bias.shape != (input.shape[dim],):
        raise InvalidInputError(
            f"{name}: expected a bias of one dimension, as long as dimension {dim} of the input; "
            f"got {tuple(bias.shape)} for an input of {tuple(input.shape)}."
        )


def _fits(spec: Activation, x: Tensor, bias: Tensor, parameters: dict[str, Any]) -> bool:
    """Whether the Triton kernels can do it."""
    return (
        not any(isinstance(value, Tensor) for value in parameters.values())
        and not torch.compiler.is_compiling()
        and not torch.overrides.has_torch_function((x, bias))
        and not torch._C._are_functorch_transforms_active()
        and forward_ad._current_level < 0
        and x.dtype in on_gpu.DTYPES
        and bias.dtype == x.dtype
        and on_gpu.serves(x)
        and on_gpu.serves(bias)
        and x.is_contiguous()
        and bias.device == x.device
        and kernels.explain(spec, "torch", x.dtype, x.device.type).path == "triton"
    )


class _Way:
    """How one call is computed."""

    def __init__(
        self,
        name: str,
        values: tuple[float, ...],
        default: bool,
        dim: int,
        composed: Callable[[Tensor, Tensor], Tensor],
    ) -> None:
        self.name = name
        self.values = values
        self.default = default
        self.dim = dim
        self.composed = composed

    def given(self, x: Tensor) -> dict[str, Any]:
        """What the launchers want to know beside the tensors."""
        inner = math.prod(x.shape[self.dim + 1 :])
        return {"default": self.default, "inner": inner}


class Biased(torch.autograd.Function):
    """An activation after a bias, by the Triton kernels."""

    @staticmethod
    def forward(ctx: Any, x: Tensor, bias: Tensor, way: _Way) -> Tensor:
        """Compute, and keep x and the bias."""
        from rectifier.kernels.gpu import launch  # deferred: it imports Triton

        ctx.save_for_backward(x, bias)
        ctx.way = way
        out = torch.empty_like(x)
        with on_gpu.on(x.device):
            launch.biased_forward(
                way.name, x.detach(), bias.detach().contiguous(), out,
                on_gpu.numbers(way.values, x.device), **way.given(x),
            )  # fmt: skip
        return out

    @staticmethod
    def backward(ctx: Any, *grads: Any) -> Any:
        """Return the gradients by x and by the bias."""
        from rectifier.kernels.gpu import launch

        (x, bias), way, grad = ctx.saved_tensors, ctx.way, grads[0]
        if torch.is_grad_enabled() or not on_gpu.serves(grad):
            again = torch.is_grad_enabled()
            with torch.enable_grad():
                found = torch.autograd.grad(
                    way.composed(x, bias), (x, bias), grad, create_graph=again
                )
            return *found, None
        if not x.numel():
            return torch.empty_like(x), torch.zeros_like(bias), None
        out = torch.empty_like(x)
        with on_gpu.on(x.device):
            sums = launch.biased_backward(
                way.name, x, bias.contiguous(), grad.contiguous(), out,
                on_gpu.numbers(way.values, x.device), **way.given(x),
            )  # fmt: skip
        return out, sums.sum(0).to(bias.dtype), None
