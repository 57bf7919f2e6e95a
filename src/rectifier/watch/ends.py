"""What enters a network's first layers, and what its last ones give to a loss, over a run.

Layer: watch, on torch; used by `rectifier.watch.census`, whose occasions are theirs. Layers are
known by the ``id`` of their weights.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rectifier.torch import heads, wiring
from rectifier.watch.record.circumstances import Feed, Head

_ROWS, _CELLS = 4096, 2**18
"""Rows of data that are kept for quantiles, and numbers in them, at most."""

_FADING = 0.5
"""What an earlier look at the outputs at a bound counts beside the next: the late ones tell."""


class Heads:
    """The last layers: what their outputs and the targets reach."""

    def __init__(self) -> None:
        self._heads: dict[tuple[int, tuple[str, ...]], Head] = {}
        self._bounds: dict[tuple[int, tuple[str, ...]], NDArray[np.float64]] = {}

    def take(self, head: heads.Seen, step: int, source: str) -> None:
        """Add one look at a head.

        Args:
            head: What was seen of it.
            step: At which step.
            source: Where the program asked for the backward pass.
        """
        (weight,) = head.weights
        key = (id(weight), head.facts["chain"])
        bound = head.facts.pop("bound", None)
        if key not in self._heads:
            self._heads[key] = Head(**head.facts, source=source, step=step)
            self._bounds[key] = np.zeros(4)
            return
        known = self._heads[key]
        changed: dict[str, Any] = {"count": known.count + 1}
        for name, choose in (("low", min), ("high", max)):
            for what in ("output", "target"):
                label = f"{what}_{name}"
                values = [getattr(known, label), head.facts.get(label, math.nan)]
                changed[label] = choose([v for v in values if not math.isnan(v)], default=math.nan)
        new = head.facts.get("outside", math.nan)
        if not math.isnan(new):
            changed["outside"] = new if math.isnan(known.outside) else max(known.outside, new)
        changed["mute"] = head.facts.get("mute", math.nan)
        if bound is not None:
            sums = self._bounds[key] = _FADING * self._bounds[key] + np.array(bound)
            held, outputs, total, squares = sums
            changed["held"] = float(held / outputs)
            changed["short"] = float(total / math.sqrt(held * squares)) if squares > 0 else math.nan
        self._heads[key] = replace(known, **changed)

    def told(self, layer_of: Callable[[int], str]) -> tuple[Head, ...]:
        """All heads, in the order in which they came.

        Args:
            layer_of: The name of the layer whose weights have an ``id``.
        """
        return tuple(replace(head, layer=layer_of(key)) for (key, _), head in self._heads.items())


@dataclass
class _Sums:
    """Running sums of what enters a layer."""

    kind: str
    count: int
    total: NDArray[np.float64]
    squares: NDArray[np.float64]
    low: NDArray[np.float64]
    high: NDArray[np.float64]
    rows: NDArray[np.float64]


class Feeds:
    """The first layers: what enters them."""

    def __init__(self) -> None:
        self._feeds: dict[int, _Sums] = {}

    def take(self, fed: wiring.Fed) -> None:
        """Add one look at what enters a layer."""
        rows = fed.values.detach().double()
        if not rows.numel():
            return
        values = [
            rows.sum(0), rows.square().sum(0), rows.amin(0), rows.amax(0)
        ]  # fmt: skip
        total, squares, low, high = (v.cpu().numpy() for v in values)
        known = self._feeds.get(id(fed.weight))
        if known is None or known.total.shape != total.shape:
            nothing = np.zeros((0, total.size))
            known = _Sums(fed.kind, 0, 0.0 * total, 0.0 * squares, low, high, nothing)
        room = max(0, min(_ROWS, _CELLS // total.size) - known.rows.shape[0])
        some = rows[:: max(1, rows.shape[0] // 256)][:room].cpu().numpy()
        self._feeds[id(fed.weight)] = _Sums(
            fed.kind,
            known.count + rows.shape[0],
            known.total + total,
            known.squares + squares,
            np.minimum(known.low, low),
            np.maximum(known.high, high),
            np.concatenate([known.rows, some]),
        )

    def told(self, layer_of: Callable[[int], str]) -> tuple[Feed, ...]:
        """What entered each layer, in the order in which they came.

        Args:
            layer_of: The name of the layer whose weights have an ``id``.
        """
        return tuple(_told(sums, layer_of(key)) for key, sums in self._feeds.items())


def _told(sums: _Sums, layer: str) -> Feed:
    mean = sums.total / sums.count
    variance = np.maximum(sums.squares / sums.count - mean**2, 0.0)
    low, middle, high = np.quantile(sums.rows, (0.25, 0.5, 0.75), axis=0)
    return Feed(
        *(layer, sums.kind, mean, np.sqrt(variance), sums.low, sums.high),
        middle=middle,
        width=(high - low) / 1.349,
        seen=sums.count,
    )
