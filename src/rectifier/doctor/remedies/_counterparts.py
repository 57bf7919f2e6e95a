"""Places in a copy of a model that stand for those in the model itself.

Layer: doctor's remedies, for those that change what sites compute. An average of the weights, a
target network, a fresh model that the best weights are loaded into: each is another module of the
same class, which no optimiser holds, and in a program that was edited it would have the edit too.
`_shadows` knows copies by their weights, once and before these move; this knows them by their
places, whenever they come. Without a graph several calls of one line, as in a loop over layers,
pass for one site; they come in the order of the model's own.
"""

from __future__ import annotations

import weakref
from collections import Counter

from torch import Tensor
from torch.optim import Optimizer

from rectifier.doctor.remedies import Site


class Counterparts:
    """Knows the places that a remedy acts at, and finds theirs in models that are not trained."""

    def __init__(self) -> None:
        self._optimizers: weakref.WeakSet[Optimizer] = weakref.WeakSet()
        self._met: dict[tuple[str, str, str, int], Site] = {}
        self._names: dict[tuple[str, str, str], list[str]] = {}
        self._calls: Counter[str] = Counter()

    def know(self, optimizer: Optimizer) -> None:
        """What it holds is trained."""
        self._optimizers.add(optimizer)

    def meet(self, site: Site) -> None:
        """The remedy acts here."""
        if site.model and site.feeding is not None:
            self._met.setdefault(_place(site), site)

    def of(self, site: Site) -> Site | None:
        """The place of which this one is a copy's; None where it is none, or is trained itself."""
        found = self._met.get(_place(site))
        if found is None or found.model == site.model or self._is_held(site):
            return None
        names = self._names.setdefault((site.model, site.function, site.source), [])
        if site.name not in names:
            names.append(site.name)
        line = [s for s in self._met.values() if s.model == found.model and _on_one(s, site)]
        if len(names) > 1 or len(line) < 2:
            return found
        turn = self._calls[site.name] % len(line)
        self._calls[site.name] += 1
        return sorted(line, key=lambda s: s.order)[turn]

    def _is_held(self, site: Site) -> bool:
        """Whether an optimiser holds the layer before it; where none is known none can tell."""
        weight = getattr(site.layer_module(), "weight", None)
        if not isinstance(weight, Tensor) or not self._optimizers:
            return True
        return any(
            parameter is weight
            for optimizer in tuple(self._optimizers)
            for group in optimizer.param_groups
            for parameter in group["params"]
        )


def _on_one(one: Site, other: Site) -> bool:
    """Whether two functional calls stand in one line, where only the graph tells them apart."""
    return bool(one.source) and (one.source, one.function) == (other.source, other.function)


def _place(site: Site) -> tuple[str, str, str, int]:
    """Class of the model, layer within it, function and width: alike in every copy."""
    return site.model.partition(":")[0], site.layer, site.function, site.units
