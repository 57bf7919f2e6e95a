"""What a caller gives to an activation's function: binding, checking, and saying what is wanted.

Layer: torch front end, below `rectifier.torch.functional`. Everything that a reader of a signature,
a docstring or an error message sees comes from the activation's definition.
"""

from __future__ import annotations

import inspect
from typing import Any

import torch
from torch import Tensor

from rectifier.activation import Activation, broadcasts
from rectifier.catalog import Rowwise
from rectifier.errors import InvalidInputError


def checked(spec: Activation | Rowwise, input: Any) -> Tensor:
    """Return the input as a floating tensor; raise InvalidInputError where it cannot be one."""
    if not isinstance(input, Tensor):
        raise InvalidInputError(
            f"{spec.name}: expected a torch.Tensor, got {type(input).__name__}; "
            "for arrays and lists use rectifier.numpy."
        )
    if input.is_floating_point():
        if input.is_nested:
            raise InvalidInputError(
                f"{spec.name}: expected a dense tensor, got a nested one; apply it to each of the "
                "tensors in it, or to .values() of a jagged one."
            )
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


def laid_out(spec: Activation, name: str, value: Tensor, x: Tensor) -> Tensor:
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
    if not broadcasts(value.shape, x.shape):
        raise InvalidInputError(
            f"{spec.name}: the parameter {name!r} of shape {tuple(value.shape)} does not broadcast "
            f"to the input's shape {tuple(x.shape)}."
        )
    return value


def signature(spec: Activation) -> inspect.Signature:
    """Return the signature of an activation's function."""
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
            kind("keep", only, default="input", annotation=str),
        ],
        return_annotation=Tensor,
    )


def document(spec: Activation) -> str:
    """Return the docstring of an activation's function, from the spec."""
    lines = [spec.summary or f"Apply {spec.name}.", "", f"    f(x) = {spec.formula}", "", "Args:"]
    lines.append("    input: A floating tensor of any shape, on any device.")
    for name, param in spec.params.items():
        lines.append(f"    {name}: A number or a tensor; {param}.")
    lines += [
        "    inplace: Whether to write the result into the input.",
        "    path: ``native``, ``triton``, ``framework`` or ``composed``; None for the fastest",
        "        that is right.",
        "    keep: What backward keeps: ``input``, ``mask``, ``output``, ``code8``, ``code4`` or",
        "        ``code2``; see `rectifier.torch.lean`.",
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
