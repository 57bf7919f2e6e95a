"""Continual backprop: at each step replace a tiny share of the least useful units.

For `rectifier.policies`. Source: Dohare et al. 2024, "Loss of plasticity in deep continual
learning", Nature 632, algorithm 1, without the adaptation utility of an earlier version: the
utility of a unit is the running mean of |h| · Σ|w_out|.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import torch
from torch import Tensor, nn
from torch.optim import Optimizer

from rectifier.errors import InvalidInputError
from rectifier.policies.measures import Activity
from rectifier.policies.policy import Policy, checked_count, columns_of, magnitude_of
from rectifier.torch.sites import Site


@dataclass(eq=False)
class Units:
    """What is known of the units of a site; tensors of shape (units,).

    Attributes:
        utility: Running mean of |h| · Σ|w_out|. ``mean``: running mean of h.
        age: Steps since the unit was new. ``replaced``: how many units were replaced so far.
    """

    utility: Tensor
    mean: Tensor
    age: Tensor
    replaced: int = 0
    _due: float = field(default=0.0, repr=False)


class ContinualBackprop(Policy):
    """Replaces the least useful mature units, a few at a time; steps itself with the optimiser.

    What a replaced unit gave on average is added to the bias of the layer that reads it.

    Args:
        model: The model.
        optimizer: Its optimiser.
        replacement_rate: Share of the mature units of a layer that is replaced in a step.
        maturity: Steps for which a new unit is left alone.
        decay: η of the running means.

    Attributes:
        units: What is known of the units, by site.

    Raises:
        InvalidInputError: An argument is out of bounds.
    """

    def __init__(
        self,
        model: nn.Module,
        optimizer: Optimizer,
        *,
        replacement_rate: float = 1e-4,
        maturity: int = 100,
        decay: float = 0.99,
    ) -> None:
        if not 0 < replacement_rate <= 1:
            raise InvalidInputError(f"replacement_rate lies in (0, 1], got {replacement_rate!r}")
        if not 0 <= decay < 1:
            raise InvalidInputError(f"decay lies in [0, 1), usually 0.99, got {decay!r}")
        self.replacement_rate = replacement_rate
        self.maturity = checked_count("maturity", maturity)
        self.decay = decay
        self.units: dict[str, Units] = {}
        self._seen: dict[Site, tuple[Activity, list[Tensor]]] = {}
        super().__init__(model, optimizer)

    def on_site(self, site: Site, input: Tensor, output: Tensor) -> None:
        """Add up activations of this step."""
        activity, signed = self._seen.setdefault(site, (Activity(), []))
        activity.add(output, site.axis_in(output))
        others = [d for d in range(output.dim()) if d != site.axis_in(output)]
        values = output.detach().double()
        signed.append(values.mean(dim=others) if others else values)

    def act(self, step: int) -> None:
        """Update the utilities with this step's batch, and replace."""
        seen, self._seen = self._seen, {}
        for site, (activity, signed) in seen.items():
            layers = self.layers(site)
            weight = None if layers is None else layers[1].weight
            if not isinstance(weight, Tensor):
                continue
            mean = torch.stack(signed).mean(0)
            units = self.units.get(site.name)
            if units is None:
                zero = torch.zeros_like(mean)
                units = self.units[site.name] = Units(zero.clone(), zero.clone(), zero.long())
            units.age += 1
            keep = self.decay
            useful = activity.mean * magnitude_of(weight.double(), site.units)
            units.utility = keep * units.utility + (1 - keep) * useful
            units.mean = keep * units.mean + (1 - keep) * mean
            self._replace(site, units)

    def _replace(self, site: Site, units: Units) -> None:
        mature = units.age > self.maturity
        units._due += self.replacement_rate * int(mature.sum())
        count = min(int(units._due), int(mature.sum()))
        if count < 1:
            return
        units._due -= count
        corrected = units.utility / (1 - self.decay ** units.age.double())
        ranked = torch.where(mature, corrected, torch.inf).argsort(stable=True)
        chosen = torch.zeros_like(mature)
        chosen[ranked[:count]] = True
        layers = self.layers(site)
        if layers is None:
            return
        _fold(layers[1], units, chosen, self.decay)
        if self.recycle(site, chosen):
            units.replaced += count
        for values in (units.utility, units.mean, units.age):
            values[chosen] = 0


def _fold(reader: nn.Module, units: Units, chosen: Tensor, decay: float) -> None:
    """Add what the chosen units gave on average to the bias of the layer that reads them."""
    weight, bias = reader.weight, getattr(reader, "bias", None)
    if not isinstance(weight, Tensor) or not isinstance(bias, Tensor):
        return
    mean = units.mean / (1 - decay ** units.age.double().clamp(min=1))
    columns = columns_of(weight, chosen.numel()).double()
    with torch.no_grad():
        bias += (columns[:, chosen] @ mean[chosen]).to(bias.dtype)
