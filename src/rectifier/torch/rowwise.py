"""Row-wise functions on tensors: softmax, sparsemax, entmax, CReLU, maxout, top-k.

Layer: torch front end, on the records of the catalog. Half precision is computed in float32 and
rounded once. What torch has is torch's; sparsemax and entmax have gradients of their own, from the
output alone, since autograd through their sorting would keep a dozen tensors.

NaN: a row with one is NaN in the functions that make a distribution, and so are its gradients. The
others (crelu, maxout, top-k) pass it on, and the gradient is NaN at the place of the NaN alone.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any

import torch
from torch import Tensor

from rectifier import catalog
from rectifier.analysis.rows import check_k, length
from rectifier.errors import InvalidInputError
from rectifier.torch.signature import checked


def _sparsemax(x: Tensor) -> Tensor:
    """Find the nearest point of the simplex, by its threshold, from the sorted row."""
    shifted = x - x.amax(-1, keepdim=True)
    ordered = shifted.sort(-1, descending=True).values
    count = torch.ones_like(x).cumsum(-1)
    excess = ordered.cumsum(-1) - 1
    size = (count * ordered > excess).sum(-1, keepdim=True)
    threshold = excess.gather(-1, (size - 1).clamp(min=0)) / size
    return torch.clamp(shifted - threshold, min=0)


def _entmax15(x: Tensor) -> Tensor:
    """Find entmax at alpha 1.5, by its threshold, from the sorted row."""
    half = (x - x.amax(-1, keepdim=True)) / 2
    ordered = half.sort(-1, descending=True).values
    count = torch.ones_like(x).cumsum(-1)
    mean = ordered.cumsum(-1) / count
    spread = ordered.square().cumsum(-1) - count * mean.square()
    threshold = mean - ((1 - spread) / count).clamp(min=0).sqrt()
    size = (threshold <= ordered).sum(-1, keepdim=True)
    chosen = threshold.gather(-1, (size - 1).clamp(min=0))
    return torch.clamp(half - chosen, min=0).square()


def _support(result: Tensor) -> Tensor:
    return (result > 0).to(result.dtype)


def _root(result: Tensor) -> Tensor:
    # √p has no derivative at 0; off the support nothing is to be derived.
    return torch.where(result > 0, torch.where(result > 0, result, 1).sqrt(), 0)


class _Projection(torch.autograd.Function):
    """A projection of rows on the simplex whose Jacobian follows from its output.

    With a weight w of each output it is diag(w) - w wᵀ / Σw, which is symmetric: so what backward
    does to a gradient is what forward mode does to a tangent.
    """

    @staticmethod
    def forward(
        ctx: Any, x: Tensor, find: Callable[[Tensor], Tensor], weigh: Callable[[Tensor], Tensor]
    ) -> Tensor:
        """Compute, and keep the output."""
        result = find(x)
        ctx.weigh = weigh
        ctx.save_for_backward(result)
        ctx.save_for_forward(result)
        return result

    @staticmethod
    def backward(ctx: Any, *grads: Any) -> Any:
        """The gradient, weighted, less its weighted mean."""
        return _turned(ctx, grads[0]), None, None

    @staticmethod
    def jvp(ctx: Any, *tangents: Any) -> Any:
        """The tangent, in the same way."""
        return _turned(ctx, tangents[0])


class _Traceable(_Projection):
    """The same without a rule for forward mode, which the tracer of ``torch.compile`` refuses."""

    jvp = torch.autograd.Function.jvp


class _Transformable(_Projection):
    """The same in the form that ``torch.func`` needs, which costs more for every call."""

    generate_vmap_rule = True

    @staticmethod
    def forward(  # type: ignore[override]
        x: Tensor, find: Callable[[Tensor], Tensor], weigh: Callable[[Tensor], Tensor]
    ) -> Tensor:
        """Compute."""
        return find(x)

    @staticmethod
    def setup_context(ctx: Any, inputs: tuple[Any, ...], output: Tensor) -> None:
        """Keep the output."""
        ctx.weigh = inputs[2]
        ctx.save_for_backward(output)
        ctx.save_for_forward(output)


def _turned(ctx: Any, way: Tensor) -> Tensor:
    (result,) = ctx.saved_tensors
    weight = ctx.weigh(result)
    mean = (way * weight).sum(-1, keepdim=True) / weight.sum(-1, keepdim=True)
    turned: Tensor = weight * (way - mean)
    return turned


def _projection(
    find: Callable[[Tensor], Tensor], weigh: Callable[[Tensor], Tensor]
) -> Callable[[Tensor], Tensor]:
    """Return a projection as a function that autograd and ``torch.func`` can transform."""

    def call(x: Tensor) -> Tensor:
        if torch.compiler.is_compiling():
            kind: Any = _Traceable
        else:
            kind = _Transformable if torch._C._are_functorch_transforms_active() else _Projection
        result: Tensor = kind.apply(x, find, weigh)
        return result

    return call


def nan_marked(x: Tensor) -> Tensor:
    """Return the input, with a gradient that is NaN where it is NaN, whatever comes back.

    What is kept for it is a mask of a byte an element.
    """
    number = ~x.isnan()
    return x * number / number


def _crelu(x: Tensor) -> Tensor:
    x = nan_marked(x)
    return torch.cat([torch.relu(x), torch.relu(-x)], -1)


def _maxout(x: Tensor, pieces: int) -> Tensor:
    if x.shape[-1] % pieces:
        raise InvalidInputError(
            f"maxout: expected a multiple of pieces={pieces} elements, got {x.shape[-1]}."
        )
    groups = nan_marked(x).reshape(*x.shape[:-1], x.shape[-1] // pieces, pieces)
    largest: Tensor = groups.max(-1).values
    return largest


def _topk(x: Tensor, k: int) -> Tensor:
    check_k("topk", k, x.shape[-1])
    x = nan_marked(x)
    kept = x.topk(k, dim=-1)
    return torch.zeros_like(x).scatter(-1, kept.indices, kept.values)


def _batch_topk(x: Tensor, k: int) -> Tensor:
    check_k("batch_topk", k, x.shape[-1])
    rows = x.numel() // x.shape[-1]
    return _topk(x.reshape(-1), k * rows).reshape(x.shape) if rows else x.clone()


_ALGORITHMS: Mapping[str, Callable[..., Tensor]] = MappingProxyType(
    {
        "softmax": lambda x: torch.softmax(x, -1),
        "log_softmax": lambda x: torch.log_softmax(x, -1),
        "softmin": lambda x: torch.softmax(-x, -1),
        "sparsemax": _projection(_sparsemax, _support),
        "entmax15": _projection(_entmax15, _root),
        "crelu": _crelu,
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
        ``f(input, dim=-1, **options)``; the output has the input's floating type.

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
        input = checked(record, input)
        length(record.name, input.shape, dim, "dim")
        working = torch.float32 if input.dtype.itemsize < 4 else input.dtype
        rows = input.to(working).movedim(dim, -1)
        return algorithm(rows, **record.chosen(options)).movedim(-1, dim).to(input.dtype)

    call.__name__ = call.__qualname__ = record.name
    call.__doc__ = f"{record.summary}\n\n{record.source}"
    return call
