"""Part of ``stabilize_loss``: nothing times infinity is nothing, as whoever masks by it means.

Layer: doctor's remedies. ``mask * float("-inf")`` is NaN wherever the mask is zero (IEEE 754), and
so is all that sums over it. Elsewhere results are as before, bit for bit.
"""

from __future__ import annotations

import math
from typing import Any

import torch
from torch import Tensor

NAMES = frozenset({"mul", "__mul__", "__rmul__", "multiply", "mul_", "__imul__", "multiply_"})


def product(func: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Tensor | None:
    """A product with an infinite number, with nothing where the other factor is nothing.

    None where it is no such product, or where no factor is nothing.
    """
    if len(args) < 2 or kwargs:
        return None
    tensors = [a for a in args[:2] if isinstance(a, Tensor)]
    endless = [_is_infinite(a) for a in args[:2]]
    if not tensors or sum(endless) != 1:
        return None
    mask = args[endless.index(False)]
    if not isinstance(mask, Tensor):
        return None
    empty = mask == 0  # before a call in place
    if not bool(empty.any()):
        return None
    result: Tensor = func(*args)
    return result.masked_fill_(empty, 0.0) if result is mask else result.masked_fill(empty, 0.0)


def _is_infinite(value: Any) -> bool:
    if isinstance(value, Tensor):
        return value.dim() == 0 and value.is_floating_point() and bool(torch.isinf(value))
    return isinstance(value, float) and math.isinf(value)
