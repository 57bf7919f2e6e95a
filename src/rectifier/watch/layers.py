"""Layers with weights while they are trained: norms, gradients, and how far a step moves them.

Layer: watch, on torch. Runs at detailed steps only; the numbers go to `rectifier.watch.training`.
"""

from __future__ import annotations

import math
import weakref
from collections.abc import Iterator, Mapping

import numpy as np
import torch
from torch import Tensor
from torch.optim import Optimizer

from rectifier.torch.sites import Layer
from rectifier.watch import statistics
from rectifier.watch.record import LayerRecord
from rectifier.watch.thinning import Thinning
from rectifier.watch.training import LayerLedger
from rectifier.watch.weights import bad_elements, held, is_plain, joint, ratio, weights


class Layers:
    """All layers that were seen, and the optimisers that hold their weights.

    Args:
        thinning: Which observed steps are kept.
    """

    def __init__(self, thinning: Thinning) -> None:
        self._thinning = thinning
        self._ledgers: dict[Layer, LayerLedger] = {}
        self._optimizers: weakref.WeakSet[Optimizer] = weakref.WeakSet()
        self._known: tuple[int, int, list[Tensor]] = (0, -1, [])
        self._own: dict[Layer, list[Tensor]] = {}
        self._before: list[tuple[Tensor, Tensor]] = []

    def __iter__(self) -> Iterator[Layer]:
        return iter(self._ledgers)

    def add(self, layer: Layer) -> None:
        """A layer has run."""
        if layer not in self._ledgers:
            self._ledgers[layer] = LayerLedger(self._thinning)

    def add_optimizer(self, optimizer: Optimizer) -> None:
        """An optimiser exists."""
        self._optimizers.add(optimizer)

    def parameters(self, optimizer: Optimizer | None) -> list[Tensor]:
        """What a step changes; without an optimiser all that requires a gradient."""
        if optimizer is None:
            found = [t for layer in self._ledgers for t in layer.tensors() if t.requires_grad]
            return list({id(t): t for t in found if is_plain(t)}.values())
        count = sum(len(group["params"]) for group in optimizer.param_groups)
        if self._known[:2] != (id(optimizer), count):
            plain = [p for p in held(optimizer) if is_plain(p)]
            self._known = id(optimizer), count, plain
        return self._known[2]

    def matrices(self) -> list[Tensor]:
        """The weights of all layers, as they are at this step."""
        self._own = {layer: weights(layer) for layer in self._ledgers}
        return [w for own in self._own.values() for w in own]

    def take(
        self,
        index: int,
        step: int,
        optimizer: Optimizer | None,
        parameters: list[Tensor],
        gradients: Mapping[int, float],
        norms: Mapping[int, float],
    ) -> None:
        """Take in a detailed step.

        Args:
            index: Number of the observed step.
            step: The step.
            optimizer: About to step; None: the program updates its weights by hand.
            parameters: Those that it holds.
            gradients: Norm of the gradient by the parameter's ``id``.
            norms: Norm of the weight by its ``id``.
        """
        trained = {id(p) for o in self._optimizers for p in held(o)}
        stepping = set(map(id, parameters))
        for layer, ledger in self._ledgers.items():
            own = self._own.get(layer)
            if not own:
                continue
            ids = {id(w) for w in own}
            ledger.describe(
                parameters=sum(t.numel() for t in layer.tensors()),
                trainable=any(w.requires_grad for w in own),
                held=optimizer is None or bool(ids & trained),
            )
            if optimizer is not None and not ids & stepping and ledger.held:
                continue  # another optimiser's step
            gradient = joint(gradients[key] for key in ids if key in gradients)
            weight = joint(norms[key] for key in ids if key in norms)
            ledger.put(
                index,
                step,
                weight_norm=weight,
                gradient_norm=gradient,
                gradient_rms=gradient / math.sqrt(max(sum(w.numel() for w in own), 1)),
                non_finite_gradient=bad_elements([w.grad for w in own], gradient),
                non_finite_weight=bad_elements(own, weight),
            )

    def before(self, parameters: list[Tensor]) -> None:
        """Copy some elements of each weight before a step."""
        self._before = [(p, statistics.some(p).clone()) for p in parameters]

    def after(self, step: int) -> float:
        """How far the step moved all weights over their norm; NaN where nothing was copied."""
        before, self._before = self._before, []
        if not before:
            return math.nan
        old = [copy for _, copy in before]
        change = torch._foreach_sub([statistics.some(p) for p, _ in before], old)
        moved, size = statistics.fetch([statistics.norms(change), statistics.norms(old)])
        scale = np.sqrt([p.numel() / max(copy.numel(), 1) for p, copy in before])
        pairs = dict(
            zip(
                (id(p) for p, _ in before),
                zip((moved * scale).tolist(), (size * scale).tolist(), strict=True),
                strict=True,
            )
        )
        for layer, ledger in self._ledgers.items():
            own = [pairs[id(w)] for w in self._own.get(layer, ()) if id(w) in pairs]
            if own:
                ledger.put_update(step, ratio(joint(m for m, _ in own), joint(s for _, s in own)))
        return ratio(joint(m for m, _ in pairs.values()), joint(s for _, s in pairs.values()))

    def records(self) -> tuple[LayerRecord, ...]:
        """The layers' part of the record, in forward order."""
        return tuple(
            ledger.record(layer.name, layer.kind, layer.model, layer.order)
            for layer, ledger in sorted(self._ledgers.items(), key=lambda item: item[0].order)
        )
