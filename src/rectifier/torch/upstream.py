"""What a tensor was computed from: the layers upstream, and the functions on the way.

Part of the torch front end's interception (`rectifier.torch.sites`), on the marks that
`rectifier.torch.feeding` leaves on autograd's graph. Functions are named as the graph's nodes are:
``ReluBackward0`` is ``relu``.
"""

from __future__ import annotations

import re
from typing import Any

from torch import Tensor

from rectifier.torch.feeding import MARK, Layer

_REACH = 64
"""How many nodes of the graph are looked at."""

_MOVES = frozenset(
    {
        *("view", "unsafe_view", "reshape_alias", "t", "transpose", "permute", "squeeze", "alias"),
        *("unsqueeze", "expand", "clone", "as_strided", "to_copy", "contiguous", "view_as"),
        *("movedim", "swapaxes", "numpy_t", "unsafe_expand", "copy_slices", "detach", "select"),
        *("slice", "index", "squeeze_multiple", "split", "unbind", "chunk", "view_as_real"),
    }
)
"""Functions that only move or choose numbers."""

_LINEAR = _MOVES | frozenset(
    {
        *("add", "sub", "rsub", "neg", "mean", "sum", "cat", "stack", "repeat", "roll", "flip"),
        *("gather", "index_select", "constant_pad_nd", "reflection_pad2d", "replication_pad2d"),
        *("avg_pool1d", "avg_pool2d", "avg_pool3d", "adaptive_avg_pool1d", "pixel_shuffle"),
        *("adaptive_avg_pool2d", "adaptive_avg_pool3d", "mkldnn_adaptive_avg_pool2d", "cumsum"),
        *("upsample_nearest2d", "upsample_bilinear2d", "upsample_nearest1d", "upsample_linear1d"),
        *("native_dropout", "unfold", "im2col", "col2im", "pad", "tile", "expand_as", "split_with"),
    }
)
"""Functions that are linear, or linear but for a constant."""

_LINEAR_IN_ONE = frozenset({"mul", "div", "mm", "bmm", "addmm", "addcmul", "einsum", "mv", "dot"})
"""Linear where only one operand was computed from layers (dropout's mask, a scale, a matrix)."""


def function_of(node: Any) -> str:
    """The function that a node of the graph is the derivative of: ``relu`` of ReluBackward0."""
    name = re.sub(r"Backward\d*$", "", str(node.name()).rpartition("::")[2])
    words = re.sub(r"(?<=[a-z])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", "_", name).lower()
    return "linear" if words == "addmm" else words.removesuffix("_with_indices")


def upstream(tensor: Tensor) -> tuple[tuple[Layer, ...], tuple[str, ...]]:
    """The nearest layers that a tensor comes from, and what lies between that is not linear.

    Args:
        tensor: With its graph.

    Returns:
        The layers, the nearest on each way, and the names of the functions that are not linear in
        what reaches them, sorted. Nothing where the tensor has no graph or the reach ends first.
    """
    layers: dict[Layer, None] = {}
    between: set[str] = set()
    waiting: list[Any] = [tensor.grad_fn] if tensor.grad_fn is not None else []
    seen: set[Any] = set()
    while waiting:
        node = waiting.pop(0)
        if node in seen:
            continue
        seen.add(node)
        if len(seen) > _REACH:
            return (), ()
        marked = node.metadata.get(MARK)
        if marked is not None:
            layers[marked[0]] = None
            continue
        above = [up for up, _ in node.next_functions if up is not None and not _is_leaf(up)]
        name = function_of(node)
        if name not in _LINEAR and not (name in _LINEAR_IN_ONE | {"linear"} and len(above) < 2):
            between.add(name)
        waiting.extend(above)
    return tuple(layers), tuple(sorted(between))


def origin(tensor: Tensor) -> tuple[str, Layer | None]:
    """What computed a tensor, moves left out, and the nearest layer upstream of that.

    Returns:
        A function's name, or ``layer``, or an empty text for a tensor without a graph; and the
        layer, None where none is near.
    """
    node: Any = tensor.grad_fn
    for _ in range(_REACH):
        if node is None or _is_leaf(node):
            return "", None
        marked = node.metadata.get(MARK)
        if marked is not None:
            return "layer", marked[0]
        above = [up for up, _ in node.next_functions if up is not None]
        if function_of(node) not in _MOVES or not above:
            break
        node = above[0]
    layers, _ = upstream(tensor)
    return function_of(node), layers[0] if layers else None


def path(tensor: Tensor) -> tuple[str, ...]:
    """The functions between a tensor and the nearest layers, from the tensor on, each once."""
    names: dict[str, None] = {}
    waiting: list[Any] = [tensor.grad_fn] if tensor.grad_fn is not None else []
    seen: set[Any] = set()
    while waiting and len(seen) < _REACH:
        node = waiting.pop(0)
        if node in seen or _is_leaf(node) or MARK in node.metadata:
            continue
        seen.add(node)
        name = function_of(node)
        if name not in _MOVES:
            names[name] = None
        waiting.extend(up for up, _ in node.next_functions if up is not None)
    return tuple(names)


def _is_leaf(node: Any) -> bool:
    return hasattr(node, "variable")
