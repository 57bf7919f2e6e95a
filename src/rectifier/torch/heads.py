"""What lies between a loss and the last layers: the operations, what bounds them, the targets.

Part of the torch front end, on autograd's graph; for `rectifier.torch.wiring`, which says what the
names of nodes are.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import Tensor

from rectifier.torch import connections
from rectifier.torch.graph import PRODUCTS, SHAPES, above_of, leaf_of, name_of, variable_of
from rectifier.torch.targets import difference_of, dimension_of, saved, target_of

SQUASHES: dict[str, tuple[float, float]] = {
    "sigmoid": (0.0, 1.0),
    "softmax": (0.0, 1.0),
    "safe_softmax": (0.0, 1.0),
    "hardsigmoid": (0.0, 1.0),
    "tanh": (-1.0, 1.0),
    "relu": (0.0, math.inf),
    "softplus": (0.0, math.inf),
    "exp": (0.0, math.inf),
    "log_sigmoid_forward": (-math.inf, 0.0),
    "mkldnn_rnn_layer": (-1.0, 1.0),
    "thnn_fused_lstm_cell": (-1.0, 1.0),
    "gated_tanh": (-1.0, 1.0),
}
"""Ranges of operations that bound their output."""

RECURRENT = frozenset({"mkldnn_rnn_layer", "thnn_fused_lstm_cell"})
"""An LSTM in one node: a layer whose output is a tanh times a sigmoid."""

ENTROPIES = frozenset({"binary_cross_entropy", "binary_cross_entropy_with_logits"})
"""Losses whose targets are probabilities."""

ONE_SIDED = ENTROPIES | {"kl_div"}
"""Losses whose second argument is a target."""

ROWS = 8
"""Examples of a batch from which an output that is nought for all of them may be so for any."""


@dataclass
class Seen:
    """A head or a joint by the parameters of its layers; named later."""

    weights: tuple[Tensor, ...]
    facts: dict[str, Any] = field(default_factory=dict)


def read_heads(start: Any, products: dict[int, Any]) -> list[Seen]:
    """The shortest way from the loss to each layer that lies below no other.

    Where there is none, as in a model that is nothing but tables, to the nearest table.
    """
    heads: list[Seen] = []
    tables: list[Seen] = []
    seen = {start}
    level: list[tuple[Any, tuple[Any, ...]]] = [(start, ())]
    for _ in range(64):
        following: list[tuple[Any, tuple[Any, ...]]] = []
        for node, way in level:
            if id(node) in products:
                heads.append(_head((*way, node), products[id(node)][0][0]))
                continue
            if name_of(node) in RECURRENT:
                matrices = [leaf for up in above_of(node) if (leaf := leaf_of(up)) is not None]
                heads += [_head((*way, node), leaf) for leaf in matrices if leaf.dim() > 1][:1]
                continue
            above = above_of(node)
            if name_of(node).startswith("embedding") and not tables:
                table = next((t for up in above if isinstance(t := variable_of(up), Tensor)), None)
                tables += [] if table is None else [_head((*way, node), table)]
            if name_of(node) in ONE_SIDED and node.next_functions[0][0] is not None:
                above = above[:1]  # a target may carry a gradient too; it is not what is judged
            for up in above:
                if up not in seen:
                    seen.add(up)
                    following.append((up, (*way, node)))
        level = following[:512]
        if len(heads) >= 16:
            break
    return heads or tables


def _gated(name: str, above: list[Any]) -> bool:
    """Whether this is what an LSTM or a GRU gives, operation by operation.

    ``sigmoid(o) * tanh(c)`` of the one, ``(h - n) * sigmoid(z) + n`` with a tanh n of the other.
    """
    names = {name_of(up) for up in above}
    if name == "mul":
        return names == {"sigmoid", "tanh"}
    if name != "add" or names != {"mul", "tanh"}:
        return False
    product = next(up for up in above if name_of(up) == "mul")
    return {name_of(up) for up in above_of(product)} <= {"sub", "sigmoid"}


def _called(node: Any) -> str:
    """The name in a chain; logits minus their log-sum-exp are a log-softmax spelt out."""
    name, above = name_of(node), above_of(node)
    if name == "sub" and len(above) == 2 and name_of(above[1]) == "logsumexp":
        return "log_softmax"
    if _gated(name, above):
        return "gated_tanh"
    inner = [up for up in above if not isinstance(getattr(up, "variable", None), Tensor)]
    return f"{name}*" if len(inner) > 1 and name not in PRODUCTS else name


def _head(way: tuple[Any, ...], weight: Tensor) -> Seen:
    chain = tuple(_called(node) for node in way)
    facts: dict[str, Any] = {"chain": chain}
    place = next((i for i, name in enumerate(chain) if name in SQUASHES or "clamp" in name), None)
    below = way[:-1] if place is None else way[: place + 1]
    output = _output(way[place], chain[place]) if place is not None else None
    bounds = (-math.inf, math.inf)
    if place is not None:
        facts["low"], facts["high"] = bounds = _bounds(way[place], chain[place])
        facts["scale"] = connections.scale(way[:place])
    facts |= _spread(way, chain)
    target, predicted = target_of(below, output)
    shown = output if output is not None else predicted
    given = predicted if predicted is not None else shown
    if shown is not None and shown.numel():
        facts["output_low"], facts["output_high"] = _range(shown)
        facts.setdefault("width", shown.shape[-1] if shown.dim() > 1 else 1)
    facts |= _of_target(below, target)
    if target is not None and target.numel() and target.is_floating_point():
        facts["target_low"], facts["target_high"] = _range(target)
        low, high = bounds
        slack = 0.01 * (high - low if math.isfinite(high - low) else 1.0)
        outside = (target < low - slack) | (target > high + slack)
        facts["outside"] = float(outside.double().mean())
        facts["excess"] = float((target - target.clamp(low, high)).double().square().mean())
        if facts["outside"] > 0 and given is not None and given.shape == target.shape:
            facts["bound"] = _at_bound(given, target, bounds)
        if place is not None and chain[place] == "softmax" and output is not None:
            facts["outside"] = max(facts["outside"], _off_one(way[place], output, target))
        if place is not None and chain[place] == "relu" and output is not None:
            facts["mute"] = _mute(output, target)
    return Seen((weight,), facts | _labels(way, chain))


def _of_target(way: tuple[Any, ...], target: Tensor | None) -> dict[str, float]:
    """Mean and spread of a regression target, or of what it differs by from the output."""
    values = difference_of(way) if target is None else target
    if values is None or values.numel() < 2 or not values.is_floating_point():
        return {}
    wide = values.double()
    return {"target_mean": float(wide.mean()), "target_std": float(wide.std())}


def _labels(way: tuple[Any, ...], chain: tuple[str, ...]) -> dict[str, Any]:
    """The targets of a binary cross-entropy; over a softmax, which of them do not sum to one."""
    place = next((i for i, name in enumerate(chain) if name in ENTROPIES), None)
    target = saved(way[place], "target") if place is not None else None
    if place is None or target is None or not target.numel():
        return {}
    facts: dict[str, Any] = {}
    facts["target_low"], facts["target_high"] = _range(target)
    below = next((i for i in range(place + 1, len(chain)) if chain[i] not in SHAPES), None)
    if below is not None and chain[below] in ("softmax", "safe_softmax"):
        spread = saved(way[below], "result")
        if spread is not None and spread.shape == target.shape:
            facts["outside"] = _off_one(way[below], spread, target)
    return facts


def _off_one(node: Any, spread: Tensor, target: Tensor) -> float:
    """Share of the rows of targets that do not sum to one, as those of the softmax over them do."""
    if spread.shape != target.shape:
        return 0.0
    sums = target.double().sum(dimension_of(node, spread))
    return float(((sums - 1).abs() > 0.05).double().mean())


def _at_bound(output: Tensor, target: Tensor, bounds: tuple[float, float]) -> tuple[float, ...]:
    """Outputs at a bound, all of them, and of the first their targets' sum and squares beyond it.

    At it is what lies within a twentieth of the targets' spread.
    """
    target = target.double()
    close = 0.05 * target.std() if target.numel() > 1 else target.new_zeros(())
    counts = [target.new_zeros(()) for _ in range(3)]
    for bound, outward in zip(bounds, (-1.0, 1.0), strict=True):
        if math.isfinite(bound):
            at = (output.double() - bound).abs() <= close
            beyond = outward * (target - bound)[at]
            for place, value in enumerate((at.sum(), beyond.sum(), beyond.square().sum())):
                counts[place] = counts[place] + value
    held, total, squares = torch.stack(counts).tolist()
    return held, float(target.numel()), total, squares


def _mute(output: Tensor, target: Tensor) -> float:
    """Share of a rectified output's columns that are nought in every row, their targets not.

    Not at nought is a column of targets whose mean is half of all targets' root mean square.
    """
    if output.shape != target.shape or target.dim() != 2 or target.shape[0] < ROWS:
        return math.nan
    wide = target.double()
    wanted = wide.mean(0) >= 0.5 * wide.square().mean().sqrt()
    return float((wanted & (output == 0).all(0)).double().mean())


def _output(node: Any, name: str) -> Tensor | None:
    """What an operation gave: some keep it, others what they were given."""
    result = saved(node, "result")
    given = saved(node, "self") if result is None else None
    if given is None:
        return result
    if "clamp" in name:
        low, high = _bounds(node, name)
        return given.clamp(low, high)
    if name == "softplus":
        return torch.nn.functional.softplus(given, node._saved_beta, node._saved_threshold)
    again = {
        "hardsigmoid": torch.nn.functional.hardsigmoid,
        "log_sigmoid_forward": torch.nn.functional.logsigmoid,
    }.get(name)
    return None if again is None else again(given)


def _spread(way: tuple[Any, ...], chain: tuple[str, ...]) -> dict[str, Any]:
    """Over how many values a softmax goes, and whether these are what a likelihood picks from."""
    facts: dict[str, Any] = {}
    for place, name in enumerate(chain):
        if name not in ("log_softmax", "softmax", "safe_softmax"):
            continue
        values = saved(way[place], "result")
        if values is None or name_of(way[place]) != name:
            facts["width"] = 0  # over how many is not known
            continue
        dimension = dimension_of(way[place], values)
        facts["width"] = values.shape[dimension]
        above = [step for step in chain[:place] if step != "log"]
        below = name_of(way[place + 1]) if place + 1 < len(way) else ""
        if above and above[-1] in ("nll_loss", "nll_loss2_d"):
            facts["across"] = dimension % values.dim() != min(1, values.dim() - 1)
        elif name == "log_softmax" and below in ("addmm", "mm") and values.shape[-1] > 1:
            facts["across"] = dimension % values.dim() == 0 and values.dim() == 2
        if name == "log_softmax":
            break
    return facts


def _bounds(node: Any, name: str) -> tuple[float, float]:
    if "clamp" not in name:
        return SQUASHES[name]
    low, high = getattr(node, "_saved_min", None), getattr(node, "_saved_max", None)
    return (
        -math.inf if not isinstance(low, int | float) else float(low),
        math.inf if not isinstance(high, int | float) else float(high),
    )


def _range(values: Tensor) -> tuple[float, float]:
    low, high = torch.aminmax(values.detach())
    return float(low), float(high)
