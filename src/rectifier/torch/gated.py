"""Gated units on tensors: half of a dimension times a function of the other half.

Layer: torch front end, on `rectifier.torch.functional`. A gated unit is an activation of ``x`` with
a tensor as its parameter ``gate``: its gradients come from the expression, and what is kept for
them is the two halves, which are views of the input.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from torch import Tensor

from rectifier import catalog
from rectifier.analysis.rows import check_axis, check_gate, check_place
from rectifier.errors import InvalidInputError
from rectifier.torch.functional import function
from rectifier.torch.gated_fused import Fusion
from rectifier.torch.signature import checked

_OPTIONS = {"inplace", "path", "keep"}
"""What else the product takes; with one of them it is composed."""


def gated(name: str) -> Callable[..., Tensor]:
    """Return a gated unit as a function of a tensor.

    Args:
        name: A name of `rectifier.catalog.gated_names`.

    Returns:
        ``f(input, dim=-1, gate="last", **parameters)``. The output is half as long along ``dim``
        and has the input's floating type. ``gate="last"`` is the convention of
        ``torch.nn.functional.glu``; ``"first"`` that of vLLM's fused kernels, ``"even"`` that of
        GPT-OSS.

    Raises:
        UnknownNameError: There is no such unit.

    Example:
        >>> import torch
        >>> gated("reglu")(torch.tensor([1.0, 2.0, -1.0, 3.0]))
        tensor([0., 6.])
    """
    unit = catalog.gated(name)
    product = function(unit)
    fused = Fusion(unit)

    def call(input: Tensor, dim: int = -1, gate: str = "last", **parameters: Any) -> Tensor:
        input = checked(unit, input)
        dim = check_axis(unit.name, dim, "dim")
        check_gate(gate)
        check_even(unit.name, input, dim)

        def composed(input: Tensor) -> Tensor:
            linear, gating = split(input, dim, gate)
            if input.dim() == 1:  # a parameter of one dimension would mean one value per channel
                return product(linear[None], gate=gating[None], **parameters)[0]
            return product(linear, gate=gating, **parameters)

        result = None
        if not any(option in parameters for option in _OPTIONS):
            result = fused(input, dim, gate, parameters, composed)
        return composed(input) if result is None else result

    call.__name__ = call.__qualname__ = unit.name
    call.__doc__ = f"{unit.summary}\n\n{unit.formula}\n\n{unit.source}"
    return call


def check_even(name: str, input: Tensor, dim: int) -> None:
    """Raise InvalidInputError where a dimension cannot be halved."""
    if input.shape[check_place(name, input.shape, dim, "dim")] % 2:
        raise InvalidInputError(
            f"{name}: expected an even number of elements along dim {dim}, got shape "
            f"{tuple(input.shape)}."
        )


def split(input: Tensor, dim: int, gate: str) -> tuple[Tensor, Tensor]:
    """Return the linear part and the part that gates, as views of what has been checked."""
    half = input.shape[dim] // 2
    if gate in ("last", "first"):
        one, two = input.narrow(dim, 0, half), input.narrow(dim, half, half)
    else:
        place = dim % input.dim()
        shape = (*input.shape[:place], half, 2, *input.shape[place + 1 :])
        one, two = input.reshape(shape).unbind(place + 1)
    return (one, two) if gate in ("last", "odd") else (two, one)
