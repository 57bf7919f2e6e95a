"""Where NaN and infinity first appeared.

Layer: watch, on torch. Within a step they are looked for in the order in which a pass spreads them:
input, parameters, sites, loss, gradients. The first of each kind is kept.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping

import torch

from rectifier.torch.sites import Layer, Site
from rectifier.watch.ledger import Observation
from rectifier.watch.record import NonFinite

_ORDER = {"input": 0, "parameter": 1, "site": 2, "loss": 3, "gradient": 4}


class Trouble:
    """Keeps the first of each kind."""

    def __init__(self) -> None:
        self._first: dict[str, NonFinite] = {}

    def look(
        self,
        step: int,
        *,
        suspicious: bool,
        input_count: float,
        observations: Mapping[Site, Observation],
        layers: Iterable[Layer],
        gradients: Mapping[int, float],
    ) -> None:
        """Look at one observed step.

        Args:
            step: The step.
            suspicious: Whether a loss is already known to be non-finite.
            input_count: Non-finite values in what entered the model; NaN: not known.
            observations: What was measured at the sites.
            layers: All that were seen.
            gradients: Norm of each parameter's gradient by the parameter's ``id``.
        """
        bad_sites = [site for site, seen in observations.items() if _is_bad(seen)]
        bad_gradients = {key for key, norm in gradients.items() if not math.isfinite(norm)}
        if input_count > 0:
            self._found(step, "input", "input")
        if not (suspicious or bad_sites or bad_gradients):
            return
        layers = tuple(layers)
        for layer in layers:
            if any(
                t.is_floating_point() and not bool(torch.isfinite(t).all()) for t in layer.tensors()
            ):
                self._found(step, "parameter", layer.name)
                break
        if bad_sites:
            first = min(bad_sites, key=lambda site: site.order)
            self._found(step, "site", first.name, first.source)
        if bad_gradients:
            named = [
                layer.name for layer in layers if bad_gradients & {id(t) for t in layer.tensors()}
            ]
            self._found(step, "gradient", named[-1] if named else "gradient")

    def look_at_losses(self, losses: Mapping[int, Iterable[float]], name: str, source: str) -> None:
        """Look at the losses of some steps, observed or not.

        Args:
            losses: By step.
            name: The loss function.
            source: Where it is called.
        """
        for step, values in sorted(losses.items()):
            if not all(map(math.isfinite, values)):
                self._found(step, "loss", name or "loss", source)
                return

    def _found(self, step: int, where: str, name: str, source: str = "") -> None:
        if where not in self._first:
            self._first[where] = NonFinite(step, where, name, source)

    def list(self) -> tuple[NonFinite, ...]:
        """All that was found, the earliest first."""
        return tuple(sorted(self._first.values(), key=lambda n: (n.step, _ORDER[n.where])))


def _is_bad(seen: Observation) -> bool:
    if seen.bad > 0:
        return True
    return seen.whole is not None and bool((seen.whole[-2:] > 0).any())
