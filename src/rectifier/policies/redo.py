"""ReDo: recycle dormant units every so many steps.

For `rectifier.policies`. Source: Sokar, Agarwal, Castro and Evci 2023, "The dormant neuron
phenomenon in deep reinforcement learning", algorithm 1. With ``measure="gradient"`` the magnitude
of the gradient takes the place of the activation's, since that tells little in residual networks
and behind functions that are not ReLU: Liu et al. 2025, "Measure gradients, not activations!
Enhancing neuronal activity in deep reinforcement learning" (GraMa).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from torch import Tensor, nn
from torch.optim import Optimizer

from rectifier.errors import InvalidInputError
from rectifier.policies.measures import TAU, Activity, checked_tau, dormant
from rectifier.policies.policy import Policy, checked_count
from rectifier.torch.sites import Site

MEASURES = ("activation", "gradient")


@dataclass(frozen=True)
class Round:
    """One round of recycling.

    Attributes:
        step: After which it came. ``ratio``: share of dormant units over all sites.
        dormant: Dormant units by site. ``recycled``: how many of them were recycled.
    """

    step: int
    ratio: float
    dormant: dict[str, int]
    recycled: int


class ReDo(Policy):
    """Recycles dormant units; steps itself with the optimiser.

    A round redraws the incoming weights of dormant units as their layer was initialised, sets the
    outgoing ones to zero and clears the optimiser's memory of both.

    Args:
        model: The model.
        optimizer: Its optimiser.
        every: Steps between two rounds.
        tau: Units whose mean magnitude is at most τ of their layer's are dormant: 0.025, or 0.1.
        window: Steps before a round whose batches the means are over.
        measure: Of what: ``"activation"``, or ``"gradient"`` for residual networks and functions
            other than ReLU.

    Attributes:
        rounds: What was found and done, oldest first.

    Raises:
        InvalidInputError: An argument is out of bounds.

    Example:
        >>> import torch
        >>> from torch import nn
        >>> model = nn.Sequential(nn.Linear(2, 8), nn.ReLU(), nn.Linear(8, 1))
        >>> _ = nn.init.constant_(model[0].bias, -9.0)
        >>> optimizer = torch.optim.Adam(model.parameters())
        >>> with ReDo(model, optimizer, every=5) as redo:
        ...     for _ in range(5):
        ...         loss = model(torch.ones(4, 2)).sum()
        ...         loss.backward()
        ...         optimizer.step()
        >>> redo.rounds[0].ratio, redo.rounds[0].recycled
        (1.0, 8)
    """

    def __init__(
        self,
        model: nn.Module,
        optimizer: Optimizer,
        *,
        every: int = 1000,
        tau: float = TAU,
        window: int = 1,
        measure: Literal["activation", "gradient"] = "activation",
    ) -> None:
        self.every = checked_count("every", every)
        self.window = min(checked_count("window", window), self.every)
        self.tau = checked_tau(tau)
        if measure not in MEASURES:
            raise InvalidInputError(f"measure is one of {MEASURES}, got {measure!r}")
        self.measure = measure
        self.rounds: list[Round] = []
        self._activity: dict[Site, Activity] = {}
        super().__init__(model, optimizer)

    @property
    def dormant_ratio(self) -> float:
        """Share of dormant units at the latest round; NaN before the first."""
        return self.rounds[-1].ratio if self.rounds else float("nan")

    def wants_step(self, step: int) -> bool:
        """Those of the window at the end of a round."""
        return step % self.every >= self.every - self.window

    def on_site(self, site: Site, input: Tensor, output: Tensor) -> None:
        """Add up activations."""
        activity = self._activity.setdefault(site, Activity())
        if self.measure == "activation":
            activity.add(output, site.axis_in(output))

    def on_output_gradient(self, site: Site, token: int, gradient: Tensor | None) -> None:
        """Add up gradients."""
        if self.measure == "gradient" and gradient is not None:
            self._activity.setdefault(site, Activity()).add(gradient, site.axis_in(gradient))

    def act(self, step: int) -> None:
        """At the end of a round, recycle."""
        if step % self.every != self.every - 1:
            return
        found = {
            site: dormant(activity.mean, self.tau)
            for site, activity in self._activity.items()
            if activity.mean.numel()
        }
        self._activity.clear()
        units = sum(chosen.numel() for chosen in found.values())
        counts = {site.name: int(chosen.sum()) for site, chosen in found.items()}
        recycled = sum(
            counts[site.name]
            # The last site first: what is redrawn behind a recycled unit must end at zero too.
            for site, chosen in sorted(found.items(), key=lambda item: -item[0].order)
            if counts[site.name] and self.recycle(site, chosen)
        )
        ratio = sum(counts.values()) / units if units else float("nan")
        self.rounds.append(Round(step, ratio, counts, recycled))
