"""Models that are copies of one that was drawn anew, or of what came of it.

Layer: doctor's remedies, for ``reinitialize``. Clients of a federated training, tasks of
meta-learning, models of an ensemble: a copy of the sick weights gets the same draw as the first one
had, else their average is nothing; a copy of what was trained since is left alone; one that was
made like the first, and is as sick, is drawn for itself.
"""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn

from rectifier.doctor.remedies import kind_of

ALIKE = 1.2
"""Spread of a weight over that of the sick one, up or down, within which it is drawn likewise."""


class Copies:
    """Knows the weights of each kind of model before and after they were drawn."""

    def __init__(self) -> None:
        self._known: dict[tuple[object, ...], tuple[list[Tensor], list[Tensor]]] = {}
        self._before: list[Tensor] = []

    def settled(self, model: nn.Module) -> bool:
        """Whether nothing need be drawn for this model; a copy of sick weights gets the draw."""
        known = self._known.get(kind_of(model))
        own = _state(model)
        self._before = [] if known else [t.detach().clone() for t in own]
        if known is None:
            return False
        before, after = known
        if all(torch.equal(one, other) for one, other in zip(own, before, strict=True)):
            with torch.no_grad():
                for one, other in zip(own, after, strict=True):
                    one.copy_(other)
            return True
        return not all(
            _as_wide(one, other)
            for one, other in zip(own, before, strict=True)
            if one.dim() > 1 and one.is_floating_point()
        )

    def drawn(self, model: nn.Module) -> None:
        """The model that `settled` was asked about has its weights now."""
        if self._before:
            after = [t.detach().clone() for t in _state(model)]
            self._known[kind_of(model)] = self._before, after
            self._before = []


def _state(model: nn.Module) -> list[Tensor]:
    return [t for t in model.state_dict(keep_vars=True).values() if isinstance(t, Tensor)]


def _as_wide(one: Tensor, other: Tensor) -> bool:
    here, there = (float(t.detach().double().std()) for t in (one, other))
    if not (here > 0 and there > 0):
        return here == there
    return abs(math.log(here / there)) <= math.log(ALIKE)
