"""What attention's softmax is given, read from autograd's graph.

Part of the torch front end, beside `rectifier.torch.wiring`. A softmax whose result is multiplied
with something that is no parameter weighs values: of its result, which autograd keeps, the
logarithms are the scores that went in, up to a constant for each row. In one fused operation
(``scaled_dot_product_attention``) they are not kept.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from typing import Any

import torch
from torch import Tensor

from rectifier.torch.connections import Products
from rectifier.torch.graph import SHAPES, above_of, name_of
from rectifier.torch.heads import Seen
from rectifier.torch.targets import dimension_of, saved

NAMES = frozenset({"softmax", "safe_softmax"})

FEWEST = 8
"""Places that a softmax chooses from, from which one speaks of attention."""

_ROWS = 512
_NEAR = 64
"""Nodes that are looked at on the way from a softmax to the layers whose products it is given."""


def attending(nodes: Iterable[Any], products: Products, known: Collection[int] = ()) -> list[Seen]:
    """Of each softmax that weighs values: the layer before it, how far its scores spread, and how
    many places it chooses from.

    Args:
        nodes: Of the graph.
        products: Those that multiply with a weight.
        known: Ids of weights behind which there is nothing new to see.
    """
    found: dict[int, Seen] = {}
    for node in nodes:
        if name_of(node) != "bmm" or id(node) in products:
            continue
        for up in above_of(node):
            softmax = _softmax(up)
            if softmax is None or id(softmax) in found:
                continue
            weight = _before(softmax, products)
            if weight is None or id(weight) in known:
                continue
            spread = _spread(softmax)
            if spread is not None:
                found[id(softmax)] = Seen((weight,), {"spread": spread[0], "width": spread[1]})
    return list(found.values())


def _softmax(node: Any) -> Any | None:
    """The softmax that a factor of a product is, through shapes and dropout (a mask) alone."""
    for _ in range(12):
        if name_of(node) in NAMES:
            return node
        above = above_of(node)
        if len(above) != 1 or name_of(node) not in SHAPES | {"native_dropout", "mul"}:
            return None
        node = above[0]
    return None


def _before(softmax: Any, products: Products) -> Tensor | None:
    """The weight of the nearest layer."""
    level, seen = above_of(softmax), set(map(id, above_of(softmax)))
    while level and len(seen) < _NEAR:
        following = []
        for node in level:
            if id(node) in products:
                return products[id(node)][0][0]
            fresh = [up for up in above_of(node) if id(up) not in seen]
            seen.update(map(id, fresh))
            following += fresh
        level = following
    return None


def _spread(softmax: Any) -> tuple[float, int] | None:
    """Standard deviation of a row's scores, its median over rows, and the length of a row.

    Places of no weight at all are masked, or too far down for a number.
    """
    result = saved(softmax, "result")
    if result is None or result.dim() < 2:
        return None
    if dimension_of(softmax, result) not in (-1, result.dim() - 1):
        return None
    rows = result.reshape(-1, result.shape[-1])
    rows = rows[:: max(1, rows.shape[0] // _ROWS)]
    spread = spread_of(rows.log(), rows > 0)
    return None if spread is None else (spread, int(result.shape[-1]))


def spread_of(scores: Tensor, seen: Tensor) -> float | None:
    """Standard deviation of a row of scores, its median over rows; None where all rows are short.

    Args:
        scores: Shape (rows, places).
        seen: Which places are not masked, of the same shape; rows with under eight are left out.
    """
    long = seen.sum(-1) >= FEWEST
    scores, seen = scores[long].double(), seen[long]
    if not scores.numel():
        return None
    count = seen.sum(-1)
    mean = torch.where(seen, scores, 0.0).sum(-1) / count
    squares = torch.where(seen, scores - mean[:, None], 0.0).square().sum(-1)
    return float((squares / (count - 1)).sqrt().median())
