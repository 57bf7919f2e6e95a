"""Layers with weights while they are trained: norms, gradients, and how far a step moves them.

Layer: watch, on torch. Runs at detailed steps only; the numbers go to `rectifier.watch.training`.
"""

from __future__ import annotations

import math
import weakref
from collections.abc import Iterable, Iterator, Mapping

from torch import Tensor
from torch.optim import Optimizer

from rectifier.torch.sites import Layer
from rectifier.watch.movement import Movement
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
        self._movement = Movement()
        self._followed: list[int] = []
        self._norms: Mapping[int, float] = {}

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
        self._norms = norms
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

    def before(self, parameters: Iterable[Tensor]) -> Tensor:
        """Copy some elements of each weight before a step.

        Args:
            parameters: What the step changes.

        Returns:
            About the norm of each of `followed`, shape (number of them,).
        """
        self._own = {layer: weights(layer) for layer in self._ledgers}
        known = {id(w): w for own in self._own.values() for w in own}
        known.update((id(p), p) for p in parameters)
        self._followed = list(known)
        return self._movement.keep(list(known.values()))

    @property
    def followed(self) -> list[int]:
        """The ``id`` of each tensor that was copied."""
        return self._followed

    def after(self, step: int, parameters: Iterable[Tensor]) -> float:
        """How far the step moved all parameters over their norm; NaN where nothing was copied."""
        change, sizes = self._movement.after(), self._norms
        if not change:
            return math.nan
        stepped = {id(p) for p in parameters} & change.keys()
        for layer, ledger in self._ledgers.items():
            own = [id(w) for w in self._own.get(layer, ()) if id(w) in stepped]
            if own:
                moved = ratio(joint(change[k] for k in own), joint(sizes[k] for k in own))
                ledger.put_update(step, moved)
        return ratio(joint(change[k] for k in stepped), joint(sizes[k] for k in stepped))

    def records(self) -> tuple[LayerRecord, ...]:
        """The layers' part of the record, in forward order."""
        return tuple(
            ledger.record(layer.name, layer.kind, layer.model, layer.order)
            for layer, ledger in sorted(self._ledgers.items(), key=lambda item: item[0].order)
        )
