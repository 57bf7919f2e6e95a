"""The vocabulary of autograd's graph: what its nodes are called and how one walks it.

Part of the torch front end; `rectifier.torch.wiring` reads losses with it. Nodes are known by their
names: ``AddmmBackward0`` is ``addmm`` here.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Iterator
from typing import Any

from torch import Tensor

MOST_NODES = 20_000
"""Nodes of one graph that are looked at."""

PRODUCTS = frozenset({
    "addmm", "mm", "bmm", "baddbmm", "mv", "addmv", "convolution", "bilinear", "linear",
    "mkldnn_convolution", "cudnn_convolution", "mkldnn_linear",
})  # fmt: skip
"""Operations that multiply with a weight, if one of their inputs is a parameter."""

SHAPES = frozenset({
    "view", "unsafe_view", "reshape", "reshape_alias", "t", "transpose", "permute", "expand",
    "squeeze", "unsqueeze", "clone", "slice", "select", "alias", "as_strided", "to_copy",
    "contiguous", "flatten", "split", "split_with_sizes", "chunk", "unbind", "index", "gather",
    "index_select", "narrow", "to_device", "repeat", "as_strided_scatter", "movedim",
})  # fmt: skip
"""Operations that move elements and leave them as they are."""

LOOKUPS = frozenset({"embedding", "embedding_bag", "index", "index_select", "gather", "select"})
"""Operations that pick rows of a table: what they give is data, though it comes from a parameter.
"""


def name_of(node: Any) -> str:
    """``LogSoftmaxBackward0`` -> ``log_softmax``."""
    return _plain_name(node.name())


@functools.lru_cache(maxsize=1024)
def _plain_name(name: str) -> str:
    plain = re.sub(r"Backward\d*$", "", name.rpartition("::")[2])
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", plain).lower().lstrip("_")


def nodes(start: Any) -> Iterator[Any]:
    """A graph's nodes, the nearest to its end first."""
    seen = {start}
    level = [start]
    while level and len(seen) < MOST_NODES:
        following = []
        for node in level:
            yield node
            for up, _ in node.next_functions:
                if up is not None and up not in seen:
                    seen.add(up)
                    following.append(up)
        level = following
    yield from level


def above_of(node: Any) -> list[Any]:
    """The nodes whose output enters this one."""
    return [up for up, _ in node.next_functions if up is not None]


def leaf_of(node: Any) -> Tensor | None:
    """The matrix at the end of a few operations that only shape or scale it; else None."""
    for _ in range(6):
        variable = getattr(node, "variable", None)
        if isinstance(variable, Tensor):
            return variable
        if name_of(node) in LOOKUPS | PRODUCTS:
            return None  # a product is data, though the one input that has a graph is a weight
        above = above_of(node)
        if len(above) != 1 and "weight_norm" not in name_of(node):
            return None
        node = above[0]
    return None


def variable_of(node: Any) -> Any:
    """The leaf that a node accumulates a gradient for; None for any other node."""
    return getattr(node, "variable", None)
