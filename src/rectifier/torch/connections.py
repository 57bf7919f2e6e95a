"""What lies between two layers, read from autograd's graph: linear operations alone, or a squash.

Part of the torch front end, beside `rectifier.torch.wiring`, whose products these functions take:
by a node's id, the weight that it multiplies with and the nodes of its other inputs.
"""

from __future__ import annotations

import math
from typing import Any

from torch import Tensor

from rectifier.torch.graph import LOOKUPS, PRODUCTS, SHAPES, above_of, name_of, variable_of
from rectifier.torch.targets import saved

Products = dict[int, tuple[list[Tensor], list[Any]]]

_SUMS = frozenset({"add", "sub", "rsub", "cat", "stack"})
"""Operations on several inputs that are linear in all of them together."""

_LINEAR = SHAPES | {
    "mul", "div", "neg", "add", "sub", "rsub", "mean", "sum", "avg_pool2_d", "avg_pool1_d",
    "avg_pool3_d", "adaptive_avg_pool2_d", "adaptive_avg_pool1_d", "adaptive_avg_pool3_d",
    "mkldnn_adaptive_avg_pool2_d", "constant_pad_nd", "native_dropout", "native_batch_norm",
    "cudnn_batch_norm", "upsample_nearest2_d", "upsample_bilinear2_d", "upsample_nearest1_d",
    "max_pool2_d_with_indices", "max_pool3_d_with_indices", "reflection_pad2_d", "pixel_shuffle",
    "replication_pad2_d", "pixel_unshuffle", "stack", "cat", "batch_norm_impl_index", "index_add",
    "scatter_add",
}  # fmt: skip
"""Operations that are linear in what the network computed, and pooling, which no one takes for an
activation. Batch normalisation is one affine map at evaluation."""

_SCALES = frozenset({"native_layer_norm", "native_group_norm", "fused_rms_norm"})
"""Normalisations of each example by itself. They take any factor out of what they are given, so of
several with linear layers alone between them the last does what all do."""


def looked_up(node: Any) -> bool:
    """Whether what a node gives was picked from a table by linear operations alone."""
    for _ in range(12):
        if name_of(node) in LOOKUPS and not above_of(node)[1:] and _leaf_below(node):
            return True
        above = above_of(node)
        if name_of(node) not in _LINEAR or len(above) != 1:
            return False
        node = above[0]
    return False


def _leaf_below(node: Any) -> bool:
    return any(isinstance(variable_of(up), Tensor) for up in above_of(node))


def joint(data: list[Any], products: Products) -> tuple[Tensor, Any, bool, bool] | None:
    """The layer that feeds another by linear operations alone, its node, whether in a sum, and
    whether an example's normalisation is among the operations (not in a sum, where it weighs one
    part of it against the others).

    Of several that are added or stand side by side the widest, if each of them is a layer. Products
    with what needs no gradient (an adjacency) are linear too.
    """
    reached: dict[int, Any] = {}
    scaled = False
    seen, waiting = {id(data[0])}, [data[0]]
    for _ in range(48):
        if not waiting:
            break
        node = waiting.pop()
        if id(node) in products:
            reached[id(node)] = node
            continue
        above = [up for up in above_of(node) if not isinstance(variable_of(up), Tensor)]
        name = name_of(node)
        scaled = scaled or name in _SCALES
        passes = name in _LINEAR | PRODUCTS | _SCALES or _is_identity(node)
        if not passes or _chooses(node) or not above or (len(above) > 1 and name not in _SUMS):
            return None
        waiting += [up for up in above if id(up) not in seen]
        seen.update(map(id, above))
    if waiting or not reached or (scaled and len(reached) > 1):
        return None
    first = max(reached.values(), key=lambda node: sides(products[id(node)][0][0], node)[1])
    return products[id(first)][0][0], first, len(reached) > 1, scaled


def all_linear(products: Products) -> bool:
    """Whether whatever enters a product came there from others, or from data, by linear operations.

    However long the way is, as through the sums of an integrator's steps.
    """
    seen: set[int] = set()
    waiting = [up for _, data in products.values() for up in data]
    fed = bool(waiting)
    while waiting:
        node = waiting.pop()
        if id(node) in seen or id(node) in products:
            continue
        seen.add(id(node))
        above = [up for up in above_of(node) if not isinstance(variable_of(up), Tensor)]
        name = name_of(node)
        if isinstance(variable_of(node), Tensor) or looked_up(node):
            continue
        passes = (name in _LINEAR | PRODUCTS or _is_identity(node)) and not _chooses(node)
        if not passes or (len(above) > 1 and name not in _SUMS):
            return False
        waiting += above
    return fed


def _is_identity(node: Any) -> bool:
    """Whether an activation is none: a slope of one below zero (``LeakyReLU(True)``)."""
    return name_of(node) == "leaky_relu" and float(node._saved_negative_slope) == 1.0


def _chooses(node: Any) -> bool:
    """Whether a product lets some units of some examples through and stops the others.

    Such a mask of noughts and ones is made from the values (the largest of a layer, those above a
    threshold). One that is the same for all examples prunes, one that is the same for all units
    pads, and dropout scales up what it leaves.
    """
    if name_of(node) != "mul" or len(above_of(node)) != 1:
        return False
    mask = saved(node, "other" if node.next_functions[0][0] is not None else "self")
    if mask is None or mask.dim() < 2 or min(mask.shape[0], mask.shape[-1]) < 2:
        return False
    on = mask != 0
    if on.all() or not on.any() or not bool((mask[on] == 1).all()):
        return False
    rows = on.reshape(mask.shape[0], -1)
    varied = on.movedim(-1, 0).reshape(mask.shape[-1], -1)
    return bool((rows != rows[:1]).any()) and bool((varied != varied[:1]).any())


def through_softmax(data: list[Any], products: Products) -> Tensor | None:
    """The layer whose output, by a softmax and nothing else, is what another layer multiplies.

    Attention multiplies what its softmax gives with values, which no parameter is; a temperature or
    noise (Gumbel) before the softmax makes it a choice that is meant.
    """
    node, passed = data[0], False
    for _ in range(12):
        if id(node) in products:
            return products[id(node)][0][0] if passed else None
        name = name_of(node)
        passed = passed or name in ("softmax", "safe_softmax")
        above = above_of(node)
        if len(above) != 1 or name not in SHAPES | {"softmax", "safe_softmax", "native_dropout"}:
            return None
        node = above[0]
    return None


def through_sigmoid(node: Any, weight: Tensor, products: Products) -> bool:
    """Whether what a weight multiplies is a sigmoid of a sum that it took part in, no more."""
    for _ in range(12):
        above = above_of(node)
        if name_of(node) == "sigmoid":
            break
        if len(above) != 1 or name_of(node) not in SHAPES:
            return False
        node = above[0]
    waiting = above_of(node)
    for _ in range(12):
        if not waiting:
            return False
        up = waiting.pop()
        if id(up) in products:
            if products[id(up)][0][0] is weight:
                return True
        elif name_of(up) in SHAPES | {"add"}:
            waiting += above_of(up)
    return False


_NEAR = 4000
"""Nodes that are looked at on the way from a layer's input to where its weight was applied before:
of a recurrence a few, of a network that is asked again all that it computed in one pass."""


def fed_by_itself(data: list[Any], weight: Tensor, products: Products) -> bool:
    """Whether what a weight multiplies depends on what it gave before, nearest nodes first."""
    seen, level = set(data), list(data)
    while level and len(seen) < _NEAR:
        following = []
        for node in level:
            if id(node) in products and products[id(node)][0][0] is weight:
                return True
            fresh = [up for up in above_of(node) if up not in seen]
            seen.update(fresh)
            following += fresh
        level = following
    return False


def sides(weight: Tensor, node: Any) -> tuple[int, int]:
    """Inputs and outputs of a layer; channels where it is a convolution."""
    if "conv" in name_of(node):
        inputs, outputs = weight.shape[1], weight.shape[0]
        return (outputs, inputs) if getattr(node, "_saved_transposed", False) else (inputs, outputs)
    if units_last(node):
        return math.prod(weight.shape[:-1]), weight.shape[-1]
    return math.prod(weight.shape[1:]), weight.shape[0]


def units_last(node: Any) -> bool:
    """Whether the weight of a product lies as ``x @ w`` takes it: inputs first, units last."""
    if in_columns(node):
        return False
    for up in above_of(node):
        variable = variable_of(up)
        if isinstance(variable, Tensor) and variable.dim() > 1:
            return True
    return False


def is_vector(node: Any, above: Any) -> bool:
    """Whether an input of a product is the vector in ``x @ v``, a layer of one unit."""
    return name_of(node) in ("mv", "addmv") and above is node.next_functions[-1][0]


def in_columns(node: Any) -> bool:
    """Whether a product is ``w @ x``, with a sample in each column."""
    if name_of(node) != "mm" or len(node.next_functions) < 2:
        return False
    left = node.next_functions[0][0]
    return isinstance(variable_of(left), Tensor) and variable_of(left).dim() == 2


def scale(above: tuple[Any, ...]) -> float:
    """By what constant an operation's result is multiplied before anything else is done to it.

    NaN where the factor is no single constant: learnt, or one per element.
    """
    product = 1.0
    for node in reversed(above):
        name = name_of(node)
        if name in ("mul", "div"):
            first = node.next_functions[0][0] is not None
            factor = saved(node, "other" if first else "self")
            if len(above_of(node)) != 1 or factor is None or factor.numel() != 1:
                return math.nan
            if name == "div" and not first:
                return math.nan
            product = product * float(factor) if name == "mul" else product / float(factor)
        elif name not in SHAPES:
            break
    return product
