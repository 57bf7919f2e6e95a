"""Row-wise functions on tensors: softmax, sparsemax, entmax, CReLU, maxout, top-k.

Layer: torch front end, on the records of the catalog. Half precision is computed in float32 and
rounded once. What torch has is torch's; sparsemax and entmax have gradients of their own, from the
output alone, since autograd through their sorting would keep a dozen tensors.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any

import torch
from torch import Tensor

from rectifier import catalog
from rectifier.errors import InvalidInputError


class _Sparsemax(torch.autograd.Function):
    """The nearest point of the simplex, along the last dimension."""

    @staticmethod
    def forward(ctx: Any, x: Tensor) -> Tensor:
        """Find the threshold from the sorted row."""
        shifted = x - x.amax(-1, keepdim=True)
        ordered = shifted.sort(-1, descending=True).values
        count = torch.arange(1, x.shape[-1] + 1, dtype=x.dtype, device=x.device)
        excess = ordered.cumsum(-1) - 1
        size = (count * ordered > excess).sum(-1, keepdim=True)
        threshold = excess.gather(-1, (size - 1).clamp(min=0)) / size
        result = torch.clamp(shifted - threshold, min=0)
        ctx.save_for_backward(result)
        return result

    @staticmethod
    def backward(ctx: Any, *grads: Any) -> Any:
        """The gradient on the support, less its mean there."""
        (result,) = ctx.saved_tensors
        support = (result > 0).to(result.dtype)
        mean = (grads[0] * support).sum(-1, keepdim=True) / support.sum(-1, keepdim=True)
        return support * (grads[0] - mean)


class _Entmax15(torch.autograd.Function):
    """Entmax at alpha 1.5, along the last dimension."""

    @staticmethod
    def forward(ctx: Any, x: Tensor) -> Tensor:
        """Find the threshold from the sorted row."""
        half = (x - x.amax(-1, keepdim=True)) / 2
        ordered = half.sort(-1, descending=True).values
        count = torch.arange(1, x.shape[-1] + 1, dtype=x.dtype, device=x.device)
        mean = ordered.cumsum(-1) / count
        spread = ordered.square().cumsum(-1) - count * mean.square()
        threshold = mean - ((1 - spread) / count).clamp(min=0).sqrt()
        size = (threshold <= ordered).sum(-1, keepdim=True)
        chosen = threshold.gather(-1, (size - 1).clamp(min=0))
        result = torch.clamp(half - chosen, min=0).square()
        ctx.save_for_backward(result)
        return result

    @staticmethod
    def backward(ctx: Any, *grads: Any) -> Any:
        """The gradient weighted with √p, less its weighted mean."""
        (result,) = ctx.saved_tensors
        # √p has no derivative at 0; off the support nothing is to be derived.
        weight = torch.where(result > 0, torch.where(result > 0, result, 1).sqrt(), 0)
        mean = (grads[0] * weight).sum(-1, keepdim=True) / weight.sum(-1, keepdim=True)
        return weight * (grads[0] - mean)


def _own(kind: Any) -> Callable[[Tensor], Tensor]:
    """Return an autograd function as a plain one."""

    def call(x: Tensor) -> Tensor:
        result: Tensor = kind.apply(x)
        return result

    return call


def _maxout(x: Tensor, pieces: int) -> Tensor:
    if x.shape[-1] % pieces:
        raise InvalidInputError(
            f"maxout: expected a multiple of pieces={pieces} elements, got {x.shape[-1]}."
        )
    largest: Tensor = x.reshape(*x.shape[:-1], -1, pieces).max(-1).values
    return largest


def _topk(x: Tensor, k: int) -> Tensor:
    if k > x.shape[-1]:
        raise InvalidInputError(f"topk: expected at least k={k} elements, got {x.shape[-1]}.")
    kept = x.topk(k, dim=-1)
    return torch.zeros_like(x).scatter(-1, kept.indices, kept.values)


def _batch_topk(x: Tensor, k: int) -> Tensor:
    if k > x.shape[-1]:
        raise InvalidInputError(
            f"batch_topk: expected at least k={k} elements in a row, got {x.shape[-1]}."
        )
    rows = x.numel() // x.shape[-1]
    return _topk(x.reshape(-1), k * rows).reshape(x.shape) if rows else x.clone()


_ALGORITHMS: Mapping[str, Callable[..., Tensor]] = MappingProxyType(
    {
        "softmax": lambda x: torch.softmax(x, -1),
        "log_softmax": lambda x: torch.log_softmax(x, -1),
        "softmin": lambda x: torch.softmax(-x, -1),
        "sparsemax": _own(_Sparsemax),
        "entmax15": _own(_Entmax15),
        "crelu": lambda x: torch.cat([torch.relu(x), torch.relu(-x)], -1),
        "maxout": _maxout,
        "topk": _topk,
        "batch_topk": _batch_topk,
    }
)


def rowwise(name: str) -> Callable[..., Tensor]:
    """Return a row-wise function of a tensor.

    Args:
        name: A name of `rectifier.catalog.rowwise_names`.

    Returns:
        ``f(input, dim=-1, **options)``; the output has the input's type.

    Raises:
        UnknownNameError: There is no such function.

    Example:
        >>> import torch
        >>> rowwise("sparsemax")(torch.tensor([2.0, 1.5, -1.0]))
        tensor([0.7500, 0.2500, 0.0000])
    """
    record = catalog.rowwise(name)
    algorithm = _ALGORITHMS[record.name]

    def call(input: Tensor, dim: int = -1, **options: Any) -> Tensor:
        if not isinstance(input, Tensor) or not input.is_floating_point():
            got = input.dtype if isinstance(input, Tensor) else type(input).__name__
            raise InvalidInputError(f"{record.name}: expected a floating tensor, got {got}.")
        if not -input.dim() <= dim < input.dim() or not input.shape[dim]:
            raise InvalidInputError(
                f"{record.name}: expected at least one element along dimension {dim}, got shape "
                f"{tuple(input.shape)}."
            )
        working = torch.float32 if input.dtype in (torch.float16, torch.bfloat16) else input.dtype
        rows = input.to(working).movedim(dim, -1)
        return algorithm(rows, **record.chosen(options)).movedim(-1, dim).to(input.dtype)

    call.__name__ = call.__qualname__ = record.name
    call.__doc__ = f"{record.summary}\n\n{record.source}"
    return call
