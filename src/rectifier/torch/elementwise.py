"""Any activation of the catalog, or of a user, as an operation that autograd understands.

Layer: torch front end, on `rectifier.torch.program` and `rectifier.kernels`. What is differentiated
is the expression, symbolically; so a backward pass is as accurate as a forward pass, and what is
kept for it is the input alone, whatever the formula. Gradients of gradients, forward-mode
derivatives and `torch.func` transforms follow, because each derivative is again such an operation.

A gradient at a NaN input is NaN, by every path. torch lets relu, elu, leaky_relu and others pass a
finite gradient there, which hides where a NaN came from.

Checking what a caller gave, and choosing the path, is left to `rectifier.torch.functional`.
This is one file because the plan, the operation and its derivatives call each other in a circle.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import Tensor

from rectifier.errors import KernelUnavailableError
from rectifier.expression import Expr, differentiate
from rectifier.kernels import native
from rectifier.torch import on_gpu
from rectifier.torch.memory import can_be_cut, in_chunks, is_real, is_scalar, laid_as, like
from rectifier.torch.program import Program, lower


@dataclass(frozen=True, eq=False)
class Plan:
    """What to compute, by which path, and how to derive it.

    Attributes:
        expression: The formula.
        names: The variables that come as tensors, ``"x"`` first.
        constants: The values of the others.
        slope: The derivative by x, where it is not to be had by `differentiate` alone.
        own: torch's own operation of x, on the path "framework".
        kernel: Name of the compiled kernel, on the path "native", or of the Triton kernel, on the
            path "triton"; beside `own`, for the derivative.
        triton: Whether `kernel` is a Triton kernel.
        default: Whether all parameters are numbers and have their default values.
        order: The names of the kernel's parameters, as it takes them.
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
    triton: bool = False
    default: bool = False
    order: tuple[str, ...] = ()
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

        float32 computes in float64 where a device has it, unless the formula rounds only once: in
        float32 the tail of GELU is off by 100 ulp, because exp magnifies the rounding of its
        argument. Half precision computes in float32, and on the CPU, where that is no slower to
        speak of, in float64 too: Padé units cancel near their zeros.
        """
        if x.dtype == torch.float64:
            return torch.float64
        widest = x.device.type != "mps" if x.dtype == torch.float32 else x.device.type == "cpu"
        return torch.float64 if widest and not self.program.rounds_once else torch.float32

    def prepare(self) -> Plan:
        """Lower everything that a backward pass needs, so that a tracer finds it done."""
        for plan in (self, *self.derivatives):
            plan.program  # noqa: B018 - cached
        return self

    def compute(self, x: Tensor, parameters: Sequence[Tensor], unrounded: bool) -> Tensor:
        """Compute the values; what autograd sees of it is `Elementwise`."""
        if self.own is not None and not unrounded:
            return self.own(x)
        if self.kernel and not unrounded and self._kernel_runs(x, parameters):
            return self.run_kernel(x, parameters)
        dtype = self.working_dtype(x)
        if not unrounded and can_be_cut(x, parameters):
            return in_chunks(self.program, dtype, x, parameters)
        result = self.program.run([tensor.to(dtype) for tensor in (x, *parameters)])
        return result if unrounded else laid_as(result.to(x.dtype), x, parameters)

    def run_kernel(
        self, x: Tensor, parameters: Sequence[Tensor] = (), grad: Tensor | None = None
    ) -> Tensor:
        """Run the compiled kernel on real tensors.

        Args:
            x: The input.
            parameters: The tensors of ``names[1:]``, one number each.
            grad: The gradient by the result, for the gradient by x; None for the value.

        Returns:
            A new tensor like x; of the memory order that torch's own operations give it.
        """
        if self.triton:
            tensors = dict(zip(self.names[1:], parameters, strict=True))
            return on_gpu.run(
                self.kernel, x, grad, self.order, self.constants, tensors, self.default
            )
        out = torch.empty_like(x)
        if not x.is_contiguous():
            x = like(x, out)
        place = 0
        if grad is not None:
            if not (x.is_contiguous() and grad.is_contiguous() and grad.dtype is x.dtype):
                grad = like(grad, out)  # held here while the kernel reads it
            place = grad.data_ptr()
        size = x.numel()
        self.runners[x.dtype](
            grad is not None,
            x.data_ptr(),
            out.data_ptr(),
            place,
            size,
            self.values(parameters) if parameters else self._fixed,
            1 if size <= native.ALONE else torch.get_num_threads(),
        )
        return out

    @functools.cached_property
    def runners(self) -> dict[torch.dtype, native.Runner]:
        """The compiled kernel for each element type."""
        native.openmp()
        types = native.element_types()
        return {getattr(torch, n): native.runner(self.kernel, n) for n in types}

    @functools.cached_property
    def _fixed(self) -> tuple[float, ...]:
        return tuple(self.constants[name] for name in self.order)

    def values(self, parameters: Sequence[Tensor]) -> tuple[float, ...]:
        """Return the parameters of the kernel."""
        given = dict(zip(self.names[1:], parameters, strict=True))
        return tuple(
            float(given[name]) if name in given else self.constants[name] for name in self.order
        )

    def pull_back(self, x: Tensor, parameters: Sequence[Tensor], grad: Tensor) -> Tensor:
        """Return the gradient by x from the gradient by the result."""
        if (
            self.kernel
            and not torch.is_grad_enabled()
            and self.may_read(grad)
            and self._fits(x, parameters)
        ):
            return self.run_kernel(x, parameters, grad)
        if self.own is torch.relu:
            # threshold_backward passes the gradient at NaN; the clamp is NaN there and 0 elsewhere.
            passed: Tensor = torch.ops.aten.threshold_backward.default(grad, x, 0.0)
            return passed + torch.clamp(x.detach(), 0.0, 0.0)
        return self.term(0, x, parameters, grad).sum_to_size(x.shape)

    def term(self, which: int, x: Tensor, parameters: Sequence[Tensor], factor: Tensor) -> Tensor:
        """Return the derivative by name number `which`, times a factor, rounded once.

        The derivative by a parameter may come back already summed over the elements.
        """
        plan = self.derivatives[which]
        whole = factor.shape == x.shape and not torch.is_grad_enabled() and self.may_read(factor)
        if which and self.triton and whole and self._fits(x, parameters):
            tensors = dict(zip(self.names[1:], parameters, strict=True))
            given = (x, factor, self.order, self.constants, tensors)
            total = on_gpu.sum_by(self.kernel, self.names[which], *given)
            if total is not None:
                return total
        if whole and can_be_cut(x, parameters):
            dtype = plan.working_dtype(x)
            return in_chunks(plan.program, dtype, x, parameters, factor, total=which > 0)
        derivative = apply(plan, True, x, *parameters)
        product = derivative * factor.to(derivative.dtype)
        return laid_as(product.to(x.dtype), x, parameters) if which == 0 else product

    def takes(self, dtype: torch.dtype) -> bool:
        """Whether the kernel is there for an element type."""
        return dtype in (on_gpu.DTYPES if self.triton else self.runners)

    def may_read(self, tensor: Tensor) -> bool:
        """Whether the kernel may read a tensor."""
        return on_gpu.serves(tensor) if self.triton else is_real(tensor)

    def _fits(self, x: Tensor, parameters: Sequence[Tensor]) -> bool:
        if self.triton:
            return on_gpu.fits(x, parameters)
        return x.dtype in self.runners and is_real(x) and all(map(is_scalar, parameters))

    def _kernel_runs(self, x: Tensor, parameters: Sequence[Tensor]) -> bool:
        if self._fits(x, parameters):
            return True
        if self.only_kernel:
            path, place = ("triton", "CUDA") if self.triton else ("native", "CPU")
            raise KernelUnavailableError(
                f"path {path!r} cannot compute {self.kernel!r} on this tensor: expected a plain "
                f"{place} tensor of {', '.join(native.DTYPES)}, outside of tracing, and parameters "
                f"of one number; got {type(x).__name__} of {x.dtype} on {x.device} with parameters "
                f"of shape {[tuple(p.shape) for p in parameters]}; leave path out."
            )
        return False


class Lean(torch.autograd.Function):
    """A compiled kernel of a real tensor alone, with as little around it as autograd allows."""

    @staticmethod
    def forward(ctx: Any, x: Tensor, plan: Plan) -> Tensor:
        """Compute, and keep the input, or the output where that will do."""
        out = plan.run_kernel(x) if plan.own is None else plan.own(x)
        ctx.save_for_backward(out if plan.keeps_output else x)
        ctx.plan = plan
        return out

    @staticmethod
    def backward(ctx: Any, *grads: Any) -> Any:
        """Return the gradient by x."""
        grad, plan = grads[0], ctx.plan
        (x,) = ctx.saved_tensors
        if torch.is_grad_enabled() or not plan.may_read(grad):
            return plan.pull_back(x, (), grad), None
        return plan.run_kernel(x, (), grad), None


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


class Traceable(torch.autograd.Function):
    """The same, always composed, in the form that the tracer of ``torch.compile`` can read.

    It refuses rules for forward mode, so there are none; nor is there a gradient of the gradient,
    which compiled programs do not have.
    """

    @staticmethod
    def forward(*given: Any) -> Tensor:
        """Compute; arguments as for `Elementwise`."""
        # Where nothing wants a gradient, the tracer leaves out the context if there are as many
        # arguments besides it as the signature has parameters. So the signature has one.
        ctx, plan, x, *parameters = given
        ctx.plan = plan
        ctx.save_for_backward(x, *parameters)
        dtype = plan.working_dtype(x)
        result: Tensor = plan.program.run([_as(tensor, dtype) for tensor in (x, *parameters)])
        return _as(result, x.dtype)

    @staticmethod
    def backward(ctx: Any, *grads: Any) -> Any:
        """Return the gradients by x and by the parameters."""
        x, *parameters = ctx.saved_tensors
        result: list[Tensor | None] = [None]
        for which, tensor in enumerate((x, *parameters)):
            if not ctx.needs_input_grad[which + 1]:
                result.append(None)
                continue
            plan = ctx.plan.derivatives[which]
            dtype = plan.working_dtype(x)
            derivative = plan.program.run([_as(each, dtype) for each in (x, *parameters)])
            product = derivative * _as(grads[0], dtype)
            result.append(_as(product.sum_to_size(tensor.shape), tensor.dtype))
        return tuple(result)


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


def apply_lean(plan: Plan, x: Tensor) -> Tensor:
    """Apply a plan that has a compiled kernel, without tensors as parameters, to a real tensor.

    Not for forward-mode derivatives.
    """
    if not (x.requires_grad and torch.is_grad_enabled()):
        return plan.run_kernel(x) if plan.own is None else plan.own(x)
    result: Tensor = Lean.apply(x, plan)  # type: ignore[no-untyped-call]
    return result


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


def apply_traced(plan: Plan, x: Tensor, *parameters: Tensor) -> Tensor:
    """Apply a prepared plan while a compiler traces; arguments as for `apply`."""
    result: Tensor = Traceable.apply(plan, x, *parameters)  # type: ignore[no-untyped-call]
    return result


def _as(tensor: Tensor, dtype: torch.dtype) -> Tensor:
    """Convert a tensor, and do nothing to one of that type.

    ``to`` would give the same tensor once more, which the tracer of torch 2.11 takes for a result
    of its own: gradients were zero.
    """
    return tensor if tensor.dtype == dtype else tensor.to(dtype)


def _batch_first(tensor: Tensor, dim: int, rank: int) -> Tensor:
    """Move the batch dimension to the front and pad with ones so that `rank` dimensions follow."""
    tensor = tensor.movedim(dim, 0)
    padding = rank - (tensor.dim() - 1)
    return tensor.reshape(tensor.shape[0], *([1] * padding), *tensor.shape[1:])
