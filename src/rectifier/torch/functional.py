"""Every activation of the catalog as a function of a tensor: ``functional.mish(x)``.

Layer: torch front end, on `rectifier.torch.elementwise`. The functions are made from the catalog
when they are first asked for, so this file names none of them. Here what a caller gives is checked,
the path is chosen (`explain` says which), and parameters are laid along the channels.
Arithmetic and derivatives are left to `elementwise`.

What all of them share:

- The element type comes back as it came. Half precision is computed in float32 and rounded once;
  integers and booleans become torch's default floating type; complex numbers are refused.
- A parameter may be a number or a tensor; a tensor gets a gradient if it wants one. A tensor of
  one dimension holds one value per channel, along dimension 1.
- ``inplace=True`` writes the result into the input. It saves memory only where no gradient is
  needed.
- NaN in gives NaN out, and a NaN gradient.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping
from typing import Any

import torch
from torch import Tensor
from torch.autograd import forward_ad
from torch.compiler import is_compiling
from torch.overrides import has_torch_function

from rectifier import catalog, kernels
from rectifier.activation import Activation, check_flag
from rectifier.errors import (
    InvalidActivationError,
    InvalidInputError,
    KernelUnavailableError,
    UnknownNameError,
)
from rectifier.kernels import choose, cuda, native, residual
from rectifier.torch import lean, on_gpu, portable
from rectifier.torch.elementwise import Plan, apply, apply_lean, apply_traced
from rectifier.torch.memory import PLAIN, is_plain
from rectifier.torch.shortcut import shortcut
from rectifier.torch.signature import checked, document, laid_out, signature

_transforming = torch._C._are_functorch_transforms_active  # looked up once: this is asked each call
_KEEPS_OUTPUT = frozenset({"relu"})


@functools.cache
def function(activation: Activation | str) -> Callable[..., Tensor]:
    """Return the function of an activation.

    Args:
        activation: A name or alias of the catalog, or an `Activation`.

    Returns:
        A function ``f(input, *parameters, inplace=False, path=None)``; the same one each time.

    Raises:
        UnknownNameError: No activation has this name.
    """
    spec = catalog.get(activation)
    if not isinstance(activation, Activation) or activation is not spec:
        return function(spec)
    return _build(spec)


def explain(
    activation: Activation | str,
    dtype: torch.dtype = torch.float32,
    device: torch.device | str = "cpu",
    path: str | None = None,
) -> kernels.Explanation:
    """Say which path computes an activation on contiguous tensors, and why that one.

    A parameter that is a tensor of more than one number is computed by the path "composed".

    Args:
        activation: A name of the catalog or an `Activation`.
        dtype: Element type of the input.
        device: Where the input is.
        path: A path asked for by name.

    Returns:
        The path and the reason; ``str()`` of it is a sentence.

    Raises:
        UnknownNameError: No such activation or path.
        KernelUnavailableError: The path asked for cannot run; the message says why.
    """
    return kernels.explain(activation, "torch", dtype, device, path)


def _build(spec: Activation) -> Callable[..., Tensor]:
    plans = _Plans(spec)
    names = spec.parameter_names
    short = shortcut(spec)
    most, quick = short.most, short.fastest()

    def call(
        input: Tensor,
        *args: Any,
        inplace: Any = False,
        path: str | None = None,
        keep: str = "input",
        **given: Any,
    ) -> Tensor:
        if inplace is not False and inplace is not True:
            check_flag(spec.name, "inplace", inplace)
        if (
            most
            and path is None
            and not (args or given)
            and keep == "input"
            and not is_compiling()  # before anything asks the input, so that a compiler stops here
        ):
            if not inplace:
                found = quick(input)
                if found is not None:
                    return found
            elif short.fits(input):
                return input.copy_(short.operation(input.clone()))
        if (  # numbers of another type are taken as floats everywhere, also in where they go
            most
            and not (inplace or is_compiling())
            and type(input) is Tensor
            and not has_torch_function((input,))
            and not input.dtype.is_floating_point
        ):
            return call(checked(spec, input), *args, path=path, keep=keep, **given)
        if keep != "input":
            return _apply_kept(plans, input, spec.bind(args, given), keep, inplace, path)
        if path is None and not (inplace or args or given) and _is_simple(input):
            plan = plans.lean(input)
            if plan is not None:
                return apply_lean(plan, input)
        if args or given:
            given = spec.bind(args, given)
            defaults = zip(names, plans.defaults, strict=True)
            values = tuple(given.get(name, default) for name, default in defaults)
        else:
            values = plans.defaults
        if torch.compiler.is_compiling():
            return _apply_traced(plans, input, values, inplace, path)
        if torch.overrides.has_torch_function((input, *values)):
            arguments = dict(zip(names, values, strict=True))
            result: Tensor = torch.overrides.handle_torch_function(
                call, (input, *values), input, inplace=inplace, path=path, **arguments
            )
            return result
        return _apply(plans, input, dict(zip(names, values, strict=True)), inplace, path)

    call.__name__ = call.__qualname__ = spec.name
    call.__module__ = __name__
    call.__doc__ = document(spec)
    call.__signature__ = signature(spec)  # type: ignore[attr-defined]
    call.activation = spec  # type: ignore[attr-defined]
    return call


def _apply_kept(
    plans: _Plans, input: Any, given: Mapping[str, Any], keep: str, inplace: bool, path: str | None
) -> Tensor:
    """Apply with something else than the input kept for backward; see `rectifier.torch.lean`."""
    spec = plans.spec
    if torch.overrides.has_torch_function((input,)):
        result: Tensor = torch.overrides.handle_torch_function(
            function(spec), (input,), input, inplace=inplace, path=path, keep=keep, **given
        )
        return result
    residual.check(keep)
    lean.check_call(spec, given, inplace)
    x = checked(spec, input)
    values = tuple(spec.parameters(**given).values())
    chosen = _path(spec, x.dtype, x.device, path, False, False, _available())
    plan = plans.get((), values, chosen, path in ("native", "triton"))
    if keep == "output" and plan.keeps_output:
        return apply(plan, False, x)
    return lean.apply(plan, lean.recipe(spec, values, keep), x)


def _is_simple(input: Any) -> bool:
    """Whether nothing but plain autograd, or nobody, looks at what is done to a real tensor."""
    return (
        not is_compiling()  # first, so that a compiler reads no further
        and type(input) in PLAIN
        and not has_torch_function((input,))
        and not _transforming()
        and forward_ad._current_level < 0
        and is_plain(input)
    )


class _Plans:
    """The plans of one activation, by which parameters are tensors, their values, and the path."""

    def __init__(self, spec: Activation) -> None:
        self.spec = spec
        self.defaults = tuple(param.default for param in spec.params.values())
        self.value = spec.value_expression
        self.slope = spec.derivative_expression
        every = ("x", *spec.params)
        self.traced = Plan(self.value, every, slope=self.slope).prepare()
        self.get = functools.lru_cache(maxsize=64)(self._make)
        self._lean: dict[tuple[torch.dtype, str], Plan | None] = {}

    def lean(self, input: Tensor) -> Plan | None:
        """Return the plan for default parameters if it is to run a kernel."""
        dtype = input.dtype
        if input.is_cpu:
            kind, on = "cpu", native.switched_on()
        elif input.is_cuda:
            kind, on = "cuda", cuda.switched_on()
        else:
            return None
        if not on:
            return None
        if (dtype, kind) not in self._lean:
            path = kernels.explain(self.spec, "torch", dtype, kind).path
            plan = None if path == "composed" else self.get((), self.defaults, path, False)
            fits = plan is not None and bool(plan.kernel) and plan.takes(dtype)
            self._lean[dtype, kind] = plan if fits else None
        return self._lean[dtype, kind]

    def _make(
        self, names: tuple[str, ...], values: tuple[float | None, ...], path: str, demanded: bool
    ) -> Plan:
        constants = {
            name: value
            for name, value in zip(self.spec.parameter_names, values, strict=True)
            if value is not None
        }
        framework = path == "framework"
        kernel = path == "triton" or (path != "composed" and native.supports(self.spec))
        return Plan(
            self.value,
            ("x", *names),
            constants,
            self.slope,
            own=_own(self.spec) if framework else None,
            kernel=self.spec.name if kernel else "",
            triton=path == "triton",
            default=not names and values == self.defaults,
            order=self.spec.parameter_names,
            only_kernel=demanded,
            keeps_output=path != "composed" and self.spec.name in _KEEPS_OUTPUT,
        )


def _apply(
    plans: _Plans, input: Any, given: Mapping[str, Any], inplace: bool, path: str | None
) -> Tensor:
    x = checked(plans.spec, input)
    if inplace and x is not input:
        raise InvalidInputError(
            f"{plans.spec.name}: inplace=True needs a floating tensor to write to, "
            f"got {input.dtype}."
        )
    names: list[str] = []
    tensors: list[Tensor] = []
    values: list[float | None] = []
    for name, value in given.items():
        if isinstance(value, Tensor):
            names.append(name)
            tensors.append(laid_out(plans.spec, name, value, x))
            values.append(None)
        else:
            values.append(plans.spec.params[name].check(name, value))
    several = any(tensor.numel() != 1 for tensor in tensors)
    if several and not on_gpu.is_odd(x, tensors):
        several = not (x.is_cuda or cuda.interprets())
    chosen = _path(plans.spec, x.dtype, x.device, path, bool(names), several, _available())
    plan = plans.get(tuple(names), tuple(values), chosen, path in ("native", "triton"))
    if not inplace:
        return apply(plan, False, x, *tensors)
    if torch.is_grad_enabled() and not plan.keeps_output:
        # The derivative needs the input, which is about to be overwritten.
        return x.copy_(apply(plan, False, x.clone(), *tensors))
    return x.copy_(apply(plan, False, x, *tensors))


def _apply_traced(
    plans: _Plans, input: Any, values: tuple[Any, ...], inplace: bool, path: str | None
) -> Tensor:
    """Apply under ``torch.compile`` and ``torch.export``: composed, for them to compile.

    All parameters are tensors here, so that one plan serves, made before the tracer came.
    """
    if path not in (None, "composed"):
        raise KernelUnavailableError(
            f"path {path!r} cannot compute {plans.spec.name!r} while torch.compile or torch.export "
            "traces; leave it out there."
        )
    x = checked(plans.spec, input)
    if torch.onnx.is_in_onnx_export():
        names = plans.spec.parameter_names
        laid = {
            name: laid_out(plans.spec, name, value, x) if isinstance(value, Tensor) else value
            for name, value in zip(names, values, strict=True)
        }
        exported = portable.compute(plans.spec, x, laid)
        return x.copy_(exported) if inplace else exported
    dtype = plans.traced.working_dtype(x)
    tensors = [
        laid_out(plans.spec, name, value, x)
        if isinstance(value, Tensor)
        else torch.full((), float(value), dtype=dtype, device=x.device)
        for name, value in zip(plans.spec.parameter_names, values, strict=True)
    ]
    if not inplace:
        return apply_traced(plans.traced, x, *tensors)
    return x.copy_(apply_traced(plans.traced, x.clone(), *tensors))


@functools.lru_cache(maxsize=1024)
def _path(
    spec: Activation,
    dtype: torch.dtype,
    device: torch.device,
    path: str | None,
    tensors: bool,
    several: bool,
    available: tuple[bool, bool],
) -> str:
    """Choose as `kernels.explain` does; `available` only keeps the answers of both cases apart.

    `tensors` says whether any parameter is a tensor, of which torch's own operation takes none, and
    `several` whether any of those has more numbers than a kernel takes: one, or on the GPU one for
    each channel.
    """
    chosen = kernels.explain(spec, "torch", dtype, device, path).path
    if dtype.itemsize == 1 and path is None:  # torch's own operations lack float8
        return "composed"
    if not several and (chosen != "framework" or not tensors):
        return chosen
    if path is not None and chosen != "composed":
        raise KernelUnavailableError(
            f"path {path!r} cannot compute {spec.name!r} with tensors as parameters; "
            "use path='composed' or leave it out."
        )
    return "composed"


def _available() -> tuple[bool, bool]:
    return native.available(), cuda.switched_on()


def _own(spec: Activation) -> Callable[[Tensor], Tensor]:
    name = choose.OWN["torch"][spec.name]
    found: Callable[[Tensor], Tensor] = getattr(torch, name.removeprefix("torch."))
    return found


def __getattr__(name: str) -> Any:
    if name.startswith("_"):
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    try:
        found = function(name)
    except (InvalidActivationError, UnknownNameError) as error:  # the first: gated, row-wise
        raise AttributeError(f"module {__name__!r} has no function {name!r}: {error}") from error
    globals()[name] = found
    return found


def __dir__() -> list[str]:
    return sorted({*globals(), *catalog.names()})
