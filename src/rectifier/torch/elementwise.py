"""Any activation of the catalog, or of a user, as an operation that autograd understands.

Layer: torch front end, on `rectifier.torch.program` and `rectifier.kernels`. What is differentiated
is the expression, symbolically; so a backward pass is as accurate as a forward pass, and what is
kept for it is the input alone, whatever the formula. Gradients of gradients, forward-mode
derivatives and `torch.func` transforms follow, because each derivative is again such an operation.

A gradient at a NaN input is NaN, by every path. torch lets relu, elu, leaky_relu and others pass a
finite gradient there, which hides where a NaN came from.

Checking what a caller gave, and choosing the path, is left to `rectifier.torch.functional`.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import Tensor
from torch.utils._python_dispatch import _get_current_dispatch_mode

from rectifier.errors import KernelUnavailableError
from rectifier.expression import Expr, differentiate
from rectifier.kernels import native
from rectifier.torch.program import Program, lower

CHUNK = 1 << 15
"""How many elements each thread gets at a time on the CPU: 256 KiB for each fp64 intermediate."""


@dataclass(frozen=True, eq=False)
class Plan:
    """What to compute, by which path, and how to derive it.

    Attributes:
        expression: The formula.
        names: The variables that come as tensors, ``"x"`` first.
        constants: The values of the others.
        slope: The derivative by x, where it is not to be had by `differentiate` alone.
        own: torch's own operation of x, on the path "framework".
        kernel: Name of the compiled kernel, on the path "native".
        only_kernel: Whether to raise where the kernel cannot run, for it was asked for by name.
        keeps_output: Whether the derivatives may be taken at the output instead of the input, so
            that the input need not be kept.
    """

    expression: Expr
    names: tuple[str, ...] = ("x",)
    constants: Mapping[str, float] = field(default_factory=dict)
    slope: Expr | None = None
    own: Callable[[Tensor], Tensor] | None = None
    kernel: str = ""
    only_kernel: bool = False
    keeps_output: bool = False

    @functools.cached_property
    def program(self) -> Program:
        """The formula, lowered."""
        return lower(self.expression, self.names, self.constants)

    @functools.cached_property
    def derivatives(self) -> tuple[Plan, ...]:
        """The derivative by each of the names, in their order."""
        slope = self.slope if self.slope is not None else differentiate(self.expression, "x")
        others = (differentiate(self.expression, name) for name in self.names[1:])
        return tuple(Plan(each, self.names, self.constants) for each in (slope, *others))

    def working_dtype(self, x: Tensor) -> torch.dtype:
        """Return the precision to compute in.

        Half precision computes in float32. float32 computes in float64 where a device has it,
        unless the formula rounds only once: exp alone, in float32, is off by up to 100 ulp of what
        a tail of GELU needs.
        """
        if x.dtype == torch.float64:
            return torch.float64
        if x.dtype == torch.float32 and not self.program.rounds_once and x.device.type != "mps":
            return torch.float64
        return torch.float32

    def compute(self, x: Tensor, parameters: Sequence[Tensor], unrounded: bool) -> Tensor:
        """Compute the values; what autograd sees of it is `Elementwise`."""
        if self.own is not None and not unrounded:
            return self.own(x)
        if self.kernel and not unrounded and self._kernel_runs(x):
            out = torch.empty_like(x)
            values = tuple(self.constants.values())
            native.unary(self.kernel, "forward", _dense(x), _dense(out), parameters=values)
            return out
        dtype = self.working_dtype(x)
        if not unrounded and _cut_up(x, parameters):
            return in_chunks(self.program, dtype, x, parameters)
        result = self.program.run([tensor.to(dtype) for tensor in (x, *parameters)])
        return result if unrounded else result.to(x.dtype)

    def pull_back(self, x: Tensor, parameters: Sequence[Tensor], grad: Tensor) -> Tensor:
        """Return the gradient by x from the gradient by the result."""
        if self.keeps_output and self.own is torch.relu:
            # threshold_backward passes the gradient at NaN; the clamp is NaN there and 0 elsewhere.
            passed: Tensor = torch.ops.aten.threshold_backward.default(grad, x.detach(), 0.0)
            return passed + torch.clamp(x.detach(), 0.0, 0.0)
        if self.kernel and not torch.is_grad_enabled() and _real(grad) and _fits(x):
            out = torch.empty_like(x).copy_(grad)
            dense = _dense(out)
            values = tuple(self.constants.values())
            native.unary(self.kernel, "backward", _dense(x), dense, grad=dense, parameters=values)
            return out
        return self.term(0, x, parameters, grad).sum_to_size(x.shape)

    def term(self, which: int, x: Tensor, parameters: Sequence[Tensor], factor: Tensor) -> Tensor:
        """Return the derivative by name number `which`, times a factor, rounded once.

        The derivative by a parameter may come back already summed over the elements.
        """
        plan = self.derivatives[which]
        whole = factor.shape == x.shape and not torch.is_grad_enabled() and _real(factor)
        if whole and _cut_up(x, parameters):
            dtype = plan.working_dtype(x)
            return in_chunks(plan.program, dtype, x, parameters, factor, total=which > 0)
        derivative = apply(plan, True, x, *parameters)
        product = derivative * factor.to(derivative.dtype)
        return product.to(x.dtype) if which == 0 else product

    def _kernel_runs(self, x: Tensor) -> bool:
        if _fits(x):
            return True
        if self.only_kernel:
            raise KernelUnavailableError(
                f"path 'native' cannot compute {self.kernel!r} on this tensor: expected a plain "
                f"float32 CPU tensor, contiguous or channels-last, outside of tracing; got "
                f"{type(x).__name__} of {x.dtype} on {x.device} with strides {x.stride()}; "
                "call .contiguous() or leave path out."
            )
        return False


class Elementwise(torch.autograd.Function):
    """A plan, applied, where no transform of ``torch.func`` is active."""

    @staticmethod
    def forward(ctx: Any, plan: Plan, unrounded: bool, x: Tensor, *parameters: Tensor) -> Tensor:
        """Compute, and keep what the derivatives need: the input, or the output if that will do.

        Args:
            ctx: The context that autograd brings.
            plan: What to compute.
            unrounded: Whether to leave the result in the working precision.
            x: The input.
            *parameters: The tensors of ``plan.names[1:]``.
        """
        output = plan.compute(x, parameters, unrounded)
        ctx.plan = plan
        kept = (output if plan.keeps_output else x, *parameters)
        ctx.save_for_backward(*kept)
        ctx.save_for_forward(*kept)
        return output

    @staticmethod
    def backward(ctx: Any, *grads: Any) -> Any:
        """Return the gradients by x and by the parameters."""
        x, *parameters = ctx.saved_tensors
        plan, grad = ctx.plan, grads[0]
        result: list[Tensor | None] = [None, None]
        result.append(plan.pull_back(x, parameters, grad) if ctx.needs_input_grad[2] else None)
        for which, parameter in enumerate(parameters, start=1):
            if ctx.needs_input_grad[which + 2]:
                product = plan.term(which, x, parameters, grad)
                result.append(product.sum_to_size(parameter.shape).to(parameter.dtype))
            else:
                result.append(None)
        return tuple(result)

    @staticmethod
    def jvp(ctx: Any, *tangents: Any) -> Any:
        """Return the tangent of the result from those of x and of the parameters."""
        x, *parameters = ctx.saved_tensors
        terms = [
            ctx.plan.term(which, x, parameters, tangent)
            for which, tangent in enumerate(tangents[2:])
            if tangent is not None
        ]
        return functools.reduce(torch.add, terms).to(x.dtype)


class Transformable(Elementwise):
    """The same in the form that ``torch.func`` needs, which costs 45 µs more for every call."""

    @staticmethod
    def forward(  # type: ignore[override]
        plan: Plan, unrounded: bool, x: Tensor, *parameters: Tensor
    ) -> Tensor:
        """Compute; arguments as for `Elementwise`."""
        return plan.compute(x, parameters, unrounded)

    @staticmethod
    def setup_context(ctx: Any, inputs: tuple[Any, ...], output: Tensor) -> None:
        """Keep what the derivatives need."""
        plan, _, x, *parameters = inputs
        ctx.plan = plan
        kept = (output if plan.keeps_output else x, *parameters)
        ctx.save_for_backward(*kept)
        ctx.save_for_forward(*kept)

    @staticmethod
    def vmap(info: Any, in_dims: tuple[Any, ...], *args: Any) -> tuple[Tensor, int]:
        """Apply to a batch at once: its dimension goes first, the others align as they did."""
        plan, unrounded, *tensors = args
        dims = in_dims[2:]
        rank = max(t.dim() - (dim is not None) for t, dim in zip(tensors, dims, strict=True))
        moved = [
            tensor if dim is None else _batch_first(tensor, dim, rank)
            for tensor, dim in zip(tensors, dims, strict=True)
        ]
        return apply(plan, unrounded, *moved), 0


def apply(plan: Plan, unrounded: bool, x: Tensor, *parameters: Tensor) -> Tensor:
    """Apply a plan; autograd sees one operation.

    Args:
        plan: What to compute.
        unrounded: Whether to leave the result in the working precision.
        x: The input, floating.
        *parameters: The tensors of ``plan.names[1:]``, broadcasting against x.

    Returns:
        A new tensor of the broadcast shape.
    """
    transforming = torch._C._are_functorch_transforms_active()
    kind = Transformable if transforming else Elementwise
    result: Tensor = kind.apply(plan, unrounded, x, *parameters)  # type: ignore[no-untyped-call]
    return result


def _batch_first(tensor: Tensor, dim: int, rank: int) -> Tensor:
    """Move the batch dimension to the front and pad with ones so that `rank` dimensions follow."""
    tensor = tensor.movedim(dim, 0)
    padding = rank - (tensor.dim() - 1)
    return tensor.reshape(tensor.shape[0], *([1] * padding), *tensor.shape[1:])


def _real(tensor: Tensor) -> bool:
    """Whether a tensor is plain numbers in this machine's memory, and nobody traces."""
    return (
        type(tensor) in (Tensor, torch.nn.Parameter)
        and tensor.device.type == "cpu"
        and tensor.layout == torch.strided
        and _get_current_dispatch_mode() is None
        and not torch._C._get_tracing_state()
        and not torch._C._functorch.is_functorch_wrapped_tensor(tensor)
    )


def _fits(tensor: Tensor) -> bool:
    """Whether a compiled kernel can take a tensor."""
    return tensor.dtype == torch.float32 and _real(tensor) and _dense(tensor) is not None


def _cut_up(x: Tensor, parameters: Sequence[Tensor]) -> bool:
    """Whether a tensor is worth cutting into chunks, and can be."""
    return (
        x.numel() > CHUNK
        and x.is_contiguous()
        and all(parameter.dim() == 0 and _real(parameter) for parameter in parameters)
        and _real(x)
    )


def in_chunks(
    program: Program,
    dtype: torch.dtype,
    x: Tensor,
    parameters: Sequence[Tensor],
    factor: Tensor | None = None,
    total: bool = False,
) -> Tensor:
    """Run a program on pieces that stay in the cache, which is several times as fast.

    Args:
        program: What to run.
        dtype: The precision to run it in.
        x: The input, contiguous, on the CPU.
        parameters: The program's other tensors, without dimensions.
        factor: What to multiply the result by, of the shape of x.
        total: Whether to return the sum, in `dtype`.

    Returns:
        A tensor like x, or without dimensions if it is the sum.
    """
    size = CHUNK * torch.get_num_threads()
    others = [parameter.to(dtype) for parameter in parameters]
    out = torch.zeros((), dtype=dtype) if total else torch.empty_like(x)
    flat = x.reshape(-1)
    factors = None if factor is None else factor.reshape(-1)
    for start in range(0, x.numel(), size):
        piece = slice(start, start + size)
        part = program.run([flat[piece].to(dtype), *others])
        if factors is not None:
            part = part * factors[piece]
        if total:
            out += part.sum()
        else:
            out.view(-1)[piece] = part
    return out


def _dense(tensor: Tensor) -> Tensor | None:
    """Return a contiguous view of all elements in the order of memory; None if there are gaps."""
    if tensor.is_contiguous():
        return tensor
    if tensor.dim() == 4 and tensor.is_contiguous(memory_format=torch.channels_last):
        return tensor.permute(0, 2, 3, 1)
    if tensor.dim() == 5 and tensor.is_contiguous(memory_format=torch.channels_last_3d):
        return tensor.permute(0, 2, 3, 4, 1)
    return None
