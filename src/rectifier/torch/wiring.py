"""How a network is wired, read from autograd's graph of a few of its losses.

Part of the torch front end. The graph shows what no hook at modules sees: which operation made what
enters a loss, whether anything lies between two layers with weights, which parameters a loss
depends on. It is walked before a backward pass frees it, at ever longer intervals
(`rectifier.watch.census` says when). What lies between the loss and the last layers is read by
`rectifier.torch.heads`.

Nodes of the graph are known by their names (``AddmmBackward0`` is ``addmm`` here) and the tensors
that they keep for the backward pass; a tensor that was overwritten since, and so cannot be read, is
left out.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection
from dataclasses import dataclass, field
from typing import Any

from torch import Tensor

from rectifier.torch import connections
from rectifier.torch.attending import attending
from rectifier.torch.graph import (
    PRODUCTS,
    above_of,
    leaf_of,
    name_of,
    nodes,
    variable_of,
)
from rectifier.torch.heads import Seen, read_heads
from rectifier.torch.targets import saved

WHOLE = frozenset({"mkldnn_rnn_layer", "cudnn_rnn"})
"""A recurrent layer in one node, with all that it is fed."""

FLAT = frozenset({"sign", "round", "floor", "ceil", "trunc", "sgn"})
"""Operations whose derivative is zero everywhere."""

_TABLES = frozenset({"embedding", "embedding_bag", "index_select", "index"})
"""Operations that pick rows of a table by their numbers; a row is an example's, not a unit's."""


@dataclass
class Fed:
    """A layer that no other part of the network feeds, and what entered it: rows by features."""

    weight: Tensor
    kind: str
    values: Tensor


@dataclass
class Wiring:
    """What one graph showed.

    Attributes:
        leaves: Parameters and other leaves that the loss depends on. ``weights``: those of layers.
        columns: Ids of weights whose units are columns, as in ``x @ w``. ``tables``: of matrices
            whose rows are picked by number.
        heads, joints: See `rectifier.watch.record.circumstances`. ``feeds``: first layers.
        wired: Layers that another part of the network feeds. ``flat``: operations without slope.
        squashed: Weights of layers whose input is a softmax over another layer's output.
        attentions: Of each softmax that weighs values, see `rectifier.torch.attending`.
        linear: Whether everything that layers feed other layers is linear in what they gave.
        rounds: How often a weight is applied to a sigmoid of what it gave itself the time before,
            by its id. ``applied``: how often to anything that depends on what it gave before.
    """

    leaves: list[Tensor] = field(default_factory=list)
    weights: list[Tensor] = field(default_factory=list)
    columns: set[int] = field(default_factory=set)
    tables: set[int] = field(default_factory=set)
    heads: list[Seen] = field(default_factory=list)
    joints: list[Seen] = field(default_factory=list)
    feeds: list[Fed] = field(default_factory=list)
    wired: int = 0
    flat: set[str] = field(default_factory=set)
    squashed: list[Seen] = field(default_factory=list)
    attentions: list[Seen] = field(default_factory=list)
    linear: bool = False
    rounds: dict[int, int] = field(default_factory=dict)
    applied: dict[int, int] = field(default_factory=dict)


def read(loss: Tensor, attended: Collection[int] = ()) -> Wiring | None:
    """Read the graph of a loss; None where it has none.

    Args:
        loss: Before its backward pass.
        attended: Ids of weights whose attention was looked at before; once is enough.
    """
    if loss.grad_fn is None:
        return None
    found = Wiring()
    all_nodes = list(nodes(loss.grad_fn))
    known = {id(node): node for node in all_nodes}  # keeps them alive while their ids are used
    products: dict[int, tuple[list[Tensor], list[Any]]] = {}
    for node in known.values():
        variable = getattr(node, "variable", None)
        if isinstance(variable, Tensor):
            found.leaves.append(variable)
            continue
        if name_of(node) in FLAT:
            found.flat.add(name_of(node))
        if name_of(node) in _TABLES:
            picked = [variable_of(up) for up in above_of(node)]
            found.tables |= {id(t) for t in picked if isinstance(t, Tensor) and t.dim() == 2}
        if name_of(node) in WHOLE:
            _feed_recurrent(node, found)
        parts = _parts(node)
        if parts is not None:
            products[id(node)] = parts
            found.weights.append(parts[0][0])
            if "conv" not in name_of(node) and connections.units_last(node):
                found.columns.add(id(parts[0][0]))
    found.heads = read_heads(loss.grad_fn, products)
    often = Counter(id(weights[0]) for weights, _ in products.values())
    for key, (weights, data) in products.items():
        node = known[key]
        if not data:
            _feed(node, weights[0], found)
            continue
        if all(connections.looked_up(up) for up in data):
            continue
        found.wired += 1
        if often[id(weights[0])] > 1 and connections.fed_by_itself(data, weights[0], products):
            found.applied[id(weights[0])] = found.applied.get(id(weights[0]), 0) + 1
        joint = connections.joint(data, products) if len(data) == 1 else None
        shared = connections.through_softmax(data, products) if len(data) == 1 else None
        if len(data) == 1 and connections.through_sigmoid(data[0], weights[0], products):
            found.rounds[id(weights[0])] = found.rounds.get(id(weights[0]), 0) + 1
        if shared is not None:
            found.squashed.append(Seen((shared, weights[0])))
        if joint is not None:
            found.joints.append(Seen((joint[0], weights[0]), _facts(joint, weights[0], node)))
    found.linear = connections.all_linear(products)
    found.attentions = attending(known.values(), products, attended)
    return found


def _parts(node: Any) -> tuple[list[Tensor], list[Any]] | None:
    """Weights and other inputs of a product with a weight; None for any other node."""
    if name_of(node) not in PRODUCTS:
        return None
    weights, data = [], []
    for up in above_of(node):
        leaf = leaf_of(up)
        if leaf is None:
            data.append(up)
        elif leaf.dim() > 1 or (leaf.dim() == 1 and connections.is_vector(node, up)):
            weights.append(leaf)
    return (weights, data) if len(weights) == 1 else None


def _facts(joint: tuple[Tensor, Any, bool, bool], second: Tensor, node: Any) -> dict[str, Any]:
    first, source, summed, normed = joint
    kinds = {"conv" if "conv" in name_of(n) else "linear" for n in (source, node)}
    before, width = connections.sides(first, source)
    entering, outputs = connections.sides(second, node)
    if len(kinds) > 1:
        width = entering  # a flattened feature map has several units a channel
    groups = [getattr(n, "_saved_groups", 1) for n in (source, node)]
    return {
        "kind": kinds.pop() if len(kinds) == 1 else "mixed",
        "inputs": before,
        "width": width,
        "outputs": outputs,
        "grouped": any(isinstance(g, int) and g > 1 for g in groups),
        "summed": summed,
        "normed": normed,
    }


def _feed(node: Any, weight: Tensor, found: Wiring) -> None:
    name = name_of(node)
    columns = connections.in_columns(node)
    for label in ("mat2",) if columns else ("mat1", "input", "self"):
        values = saved(node, label)
        values = values.T if columns and values is not None else values
        if values is not None and values.is_floating_point() and values.dim() >= 2:
            conv = "conv" in name
            rows = values.movedim(1, -1) if conv else values
            rows = rows.reshape(-1, rows.shape[-1])
            first = weight.dim() == 1 or (not conv and connections.units_last(node))
            inputs = weight.shape[0] if first else weight.shape[1]
            if rows.shape[-1] == inputs or conv:
                found.feeds.append(Fed(weight, "conv" if conv else "linear", rows))
            return


def _feed_recurrent(node: Any, found: Wiring) -> None:
    """Data that enter a recurrent layer: its first input has no way back, and no layer before."""
    values = saved(node, "input")
    if node.next_functions[0][0] is not None or values is None or values.dim() < 2:
        return
    matrices = (leaf for up in above_of(node) if (leaf := leaf_of(up)) is not None)
    weight = next((leaf for leaf in matrices if leaf.dim() > 1), None)
    if weight is not None and weight.shape[-1] == values.shape[-1]:
        found.feeds.append(Fed(weight, "linear", values.reshape(-1, values.shape[-1])))
