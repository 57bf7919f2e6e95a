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
  needed, or for activations whose derivative can be told from their output.
- NaN in gives NaN out, and a NaN gradient.
"""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable, Mapping
from typing import Any

import torch
from torch import Tensor

from rectifier import catalog, kernels
from rectifier.activation import Activation
from rectifier.errors import (
    InvalidActivationError,
    InvalidInputError,
    KernelUnavailableError,
    UnknownNameError,
)
from rectifier.kernels import choose, native
from rectifier.torch.elementwise import Plan, apply

OWN_ARGUMENTS = frozenset({"input", "inplace", "path"})
"""Argument names of the functions that no parameter may have."""

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
        InvalidActivationError: A parameter has a name that the function needs for itself.
    """
    spec = catalog.get(activation)
    if not isinstance(activation, Activation) or activation is not spec:
        return function(spec)
    clash = OWN_ARGUMENTS & spec.params.keys()
    if clash:
        raise InvalidActivationError(
            f"activation {spec.name!r} has a parameter named {', '.join(sorted(clash))}, which the "
            "torch front end needs for itself; give it another name."
        )
    return _build(spec)


def explain(
    activation: Activation | str,
    dtype: torch.dtype = torch.float32,
    device: torch.device | str = "cpu",
    path: str | None = None,
) -> kernels.Explanation:
    """Say which path computes an activation on contiguous tensors, and why that one.

    A parameter that is a tensor is always computed by the path "composed".

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
    names = tuple(spec.params)

    def traced(input: Tensor, inplace: bool, path: str | None, *values: Any) -> Tensor:
        return _apply(plans, input, dict(zip(names, values, strict=True)), inplace, path)

    # Dynamo cannot look into a Function with forward-mode rules; it need not: below it, the
    # compiler sees every operation.
    torch.compiler.allow_in_graph(traced)  # type: ignore[no-untyped-call]

    def call(
        input: Tensor, *args: Any, inplace: bool = False, path: str | None = None, **given: Any
    ) -> Tensor:
        if args or given:
            given = _bind(spec, args, given)
            values = tuple(given.get(name, spec.params[name].default) for name in names)
        else:
            values = plans.defaults
        if torch.compiler.is_compiling():
            return traced(input, inplace, path, *values)
        if torch.overrides.has_torch_function((input, *values)):
            arguments = dict(zip(names, values, strict=True))
            result: Tensor = torch.overrides.handle_torch_function(
                call, (input, *values), input, inplace=inplace, path=path, **arguments
            )
            return result
        return traced(input, inplace, path, *values)

    call.__name__ = call.__qualname__ = spec.name
    call.__module__ = __name__
    call.__doc__ = _document(spec)
    call.__signature__ = _signature(spec)  # type: ignore[attr-defined]
    call.activation = spec  # type: ignore[attr-defined]
    return call


class _Plans:
    """The plans of one activation, by which parameters are tensors, their values, and the path."""

    def __init__(self, spec: Activation) -> None:
        self.spec = spec
        self.defaults = tuple(param.default for param in spec.params.values())
        self.value = spec.value_expression
        self.slope = spec.derivative_expression
        self.get = functools.lru_cache(maxsize=64)(self._make)

    def _make(
        self, names: tuple[str, ...], values: tuple[float | None, ...], path: str, demanded: bool
    ) -> Plan:
        constants = {
            name: value
            for name, value in zip(self.spec.params, values, strict=True)
            if value is not None
        }
        framework = path == "framework"
        return Plan(
            self.value,
            ("x", *names),
            constants,
            self.slope,
            own=_own(self.spec) if framework else None,
            kernel=self.spec.name if path == "native" else "",
            only_kernel=demanded,
            keeps_output=framework and self.spec.name in _KEEPS_OUTPUT,
        )


def _apply(
    plans: _Plans, input: Any, given: Mapping[str, Any], inplace: bool, path: str | None
) -> Tensor:
    x = _checked(plans.spec, input)
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
            tensors.append(_laid_out(plans.spec, name, value, x))
            values.append(None)
        else:
            values.append(plans.spec.params[name].check(name, value))
    chosen = _path(plans.spec, x.dtype, x.device, path, bool(names), native.available())
    plan = plans.get(tuple(names), tuple(values), chosen, path == "native")
    if not inplace:
        return apply(plan, False, x, *tensors)
    if torch.is_grad_enabled() and not plan.keeps_output:
        # The derivative needs the input, which is about to be overwritten.
        return x.copy_(apply(plan, False, x.clone(), *tensors))
    return x.copy_(apply(plan, False, x, *tensors))


@functools.lru_cache(maxsize=1024)
def _path(
    spec: Activation,
    dtype: torch.dtype,
    device: torch.device,
    path: str | None,
    tensors: bool,
    available: bool,
) -> str:
    """Choose as `kernels.explain` does; `available` only keeps the answers of both cases apart."""
    chosen = kernels.explain(spec, "torch", dtype, device, path).path
    if not tensors or chosen == "composed":
        return chosen
    if path is not None:
        raise KernelUnavailableError(
            f"path {path!r} cannot compute {spec.name!r} with tensors as parameters; "
            "use path='composed' or leave it out."
        )
    return "composed"


def _own(spec: Activation) -> Callable[[Tensor], Tensor]:
    name = choose.OWN["torch"][spec.name]
    found: Callable[[Tensor], Tensor] = getattr(torch, name.removeprefix("torch."))
    return found


def _checked(spec: Activation, input: Any) -> Tensor:
    if not isinstance(input, Tensor):
        raise InvalidInputError(
            f"{spec.name}: expected a torch.Tensor, got {type(input).__name__}; "
            "for arrays and lists use rectifier.numpy."
        )
    if input.is_floating_point():
        if input.layout != torch.strided:
            raise InvalidInputError(
                f"{spec.name}: expected a dense tensor, got layout {input.layout}; "
                "call .to_dense() first."
            )
        return input
    if input.is_complex() or input.is_quantized:
        raise InvalidInputError(
            f"{spec.name}: expected real numbers, got {input.dtype}; "
            "apply it to the real and the imaginary part, or dequantize, as you mean it."
        )
    return input.to(torch.get_default_dtype())


def _laid_out(spec: Activation, name: str, value: Tensor, x: Tensor) -> Tensor:
    """Return a parameter's tensor so that it broadcasts against x as documented."""
    if not value.is_floating_point():
        raise InvalidInputError(
            f"{spec.name}: the parameter {name!r} must be a number or a floating tensor, "
            f"got {value.dtype}."
        )
    if value.dim() == 0:
        return value
    if value.dim() == 1:
        if value.shape[0] == 1:
            return value.reshape(())
        if x.dim() >= 2 and x.shape[1] == value.shape[0]:
            return value.reshape(-1, *([1] * (x.dim() - 2)))
        raise InvalidInputError(
            f"{spec.name}: the parameter {name!r} has {value.shape[0]} values, one per channel, so "
            f"dimension 1 of the input must be {value.shape[0]}; got shape {tuple(x.shape)}."
        )
    fits = value.dim() <= x.dim() and all(
        own in (1, there) for own, there in zip(value.shape[::-1], x.shape[::-1], strict=False)
    )
    if not fits:
        raise InvalidInputError(
            f"{spec.name}: the parameter {name!r} of shape {tuple(value.shape)} does not broadcast "
            f"to the input's shape {tuple(x.shape)}."
        )
    return value


def _bind(spec: Activation, args: tuple[Any, ...], given: dict[str, Any]) -> dict[str, Any]:
    """Return the given parameters by name; positions count in the order of the spec."""
    names = tuple(spec.params)
    listed = ", ".join(names) or "none"
    if len(args) > len(names):
        raise TypeError(
            f"{spec.name}() takes the input and {len(names)} parameters ({listed}), "
            f"got {len(args)} after the input."
        )
    bound = dict(zip(names, args, strict=False))
    for name, value in given.items():
        if name not in names:
            raise TypeError(
                f"{spec.name}() has no parameter {name!r}; its parameters are: {listed}."
            )
        if name in bound:
            raise TypeError(f"{spec.name}() got the parameter {name!r} twice.")
        bound[name] = value
    return bound


def _signature(spec: Activation) -> inspect.Signature:
    kind = inspect.Parameter
    either, only = kind.POSITIONAL_OR_KEYWORD, kind.KEYWORD_ONLY
    return inspect.Signature(
        [
            kind("input", either, annotation=Tensor),
            *(
                kind(name, either, default=param.default, annotation=float | Tensor)
                for name, param in spec.params.items()
            ),
            kind("inplace", only, default=False, annotation=bool),
            kind("path", only, default=None, annotation=str | None),
        ],
        return_annotation=Tensor,
    )


def _document(spec: Activation) -> str:
    lines = [spec.summary or f"Apply {spec.name}.", "", f"    f(x) = {spec.formula}", "", "Args:"]
    lines.append("    input: A floating tensor of any shape, on any device.")
    for name, param in spec.params.items():
        notes = [param.description] if param.description else []
        notes.append(f"default {param.default:g}")
        notes += [f"at least {param.low:g}"] if param.low is not None else []
        notes += [f"at most {param.high:g}"] if param.high is not None else []
        notes += ["learnable"] if param.learnable else []
        lines.append(f"    {name}: A number or a tensor; {', '.join(notes)}.")
    lines += [
        "    inplace: Whether to write the result into the input.",
        "    path: ``native``, ``framework`` or ``composed``; None for the fastest that is right.",
        "",
        "Returns:",
        "    A tensor of the input's shape, element type and device.",
        "",
        f"Source: {spec.source}",
    ]
    if spec.source.equation:
        lines[-1] += f" ({spec.source.equation})"
    if spec.differs:
        lines += ["", spec.differs]
    return "\n".join(lines)


def __getattr__(name: str) -> Any:
    if name.startswith("_"):
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    try:
        found = function(name)
    except UnknownNameError as error:
        raise AttributeError(f"module {__name__!r} has no function {name!r}: {error}") from error
    globals()[name] = found
    return found


def __dir__() -> list[str]:
    return sorted({*globals(), *catalog.names()})
