"""Plasticity measures: dormant ratio and ranks of features.

For `rectifier.policies`; nothing here changes a model.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn

from rectifier.errors import InvalidInputError
from rectifier.torch.sites import Interception, Observer, Site

TAU = 0.025
"""The usual threshold; 0.1 is the other one in use (Sokar et al. 2023, figures 2 and 9)."""


class Activity:
    """Mean magnitude per unit of what is added, shape (units,)."""

    def __init__(self) -> None:
        self._sum: Tensor | None = None
        self._count = 0

    def add(self, tensor: Tensor, axis: int) -> None:
        """Add a tensor whose units lie on a dimension."""
        values = tensor.detach()
        others = [d for d in range(values.dim()) if d != axis % values.dim()]
        wide = torch.float32 if values.device.type == "mps" else torch.float64
        total = values.abs().sum(dim=others, dtype=wide) if others else values.abs().to(wide)
        self._sum = total if self._sum is None else self._sum + total
        self._count += values.numel() // max(values.shape[axis], 1)

    @property
    def mean(self) -> Tensor:
        """Mean magnitude; without units where nothing was added."""
        if self._sum is None:
            return torch.zeros(0)
        return self._sum / max(self._count, 1)


def dormant(mean: Tensor, tau: float) -> Tensor:
    """Which units are dormant: whose mean magnitude is at most τ times the layer's mean.

    Args:
        mean: Mean magnitude per unit, shape (units,).
        tau: τ, from 0.

    Returns:
        Boolean, shape (units,). In a layer that is zero everywhere all are.

    Source: Sokar et al. 2023, definition 3.1: s_i = E|h_i| / mean_k E|h_k| ≤ τ.
    """
    return mean <= tau * mean.mean()


def checked_tau(tau: float) -> float:
    """τ as a number from 0 to below 1.

    Raises:
        InvalidInputError: It is not.
    """
    if isinstance(tau, bool) or not 0 <= tau < 1:
        raise InvalidInputError(f"tau is a share from 0 to below 1, usually {TAU}, got {tau!r}")
    return float(tau)


class _Seen(Observer):
    def __init__(self) -> None:
        self.sites: dict[Site, Activity] = {}

    def on_site(self, site: Site, input: Tensor, output: Tensor) -> None:
        self.sites.setdefault(site, Activity()).add(output, site.axis_in(output))


def dormant_ratio(model: nn.Module, *args: Any, tau: float = TAU) -> float:
    """Share of dormant units over all activation sites of a model, on one batch.

    Args:
        model: The model; it is called in the mode in which it is, without gradients.
        *args: What to call it with.
        tau: τ.

    Returns:
        From 0 to 1.

    Raises:
        InvalidInputError: ``tau`` is out of bounds, or no activation ran.

    Example:
        >>> import torch
        >>> from torch import nn
        >>> model = nn.Sequential(nn.Linear(2, 4), nn.ReLU(), nn.Linear(4, 1))
        >>> _ = nn.init.constant_(model[0].weight, 1.0)
        >>> model[0].bias.data = torch.tensor([0.0, 0.0, 0.0, -9.0])
        >>> dormant_ratio(model, torch.ones(8, 2))
        0.25

    Source: Sokar et al. 2023, "The dormant neuron phenomenon in deep reinforcement learning".
    """
    tau, seen = checked_tau(tau), _Seen()
    with Interception([seen], [model]), torch.no_grad():
        model(*args)
    found = [dormant(activity.mean, tau) for activity in seen.sites.values()]
    if not found:
        raise InvalidInputError("expected a model that applies an activation, saw none in the call")
    return sum(int(each.sum()) for each in found) / sum(each.numel() for each in found)


def _singular_values(features: Tensor) -> Tensor:
    if features.dim() != 2 or 0 in features.shape:
        raise InvalidInputError(
            f"features must be a matrix (inputs, features), got shape {tuple(features.shape)}"
        )
    found: Tensor = torch.linalg.svdvals(features.detach().to(torch.float64))
    return found


def srank(features: Tensor, delta: float = 0.01) -> int:
    """How many singular values hold all but δ of their sum.

    Args:
        features: Of the penultimate layer, shape (inputs, features).
        delta: δ.

    Returns:
        From 0 (all features are zero) to the smaller extent of the matrix.

    Raises:
        InvalidInputError: It is no matrix, or δ is not between 0 and 1.

    Source: Kumar et al. 2021, "Implicit under-parameterization inhibits data-efficient deep
        reinforcement learning", section 3.
    """
    if not 0 < delta < 1:
        raise InvalidInputError(f"delta lies between 0 and 1, usually 0.01, got {delta!r}")
    values = _singular_values(features)
    total = float(values.sum())
    if total == 0:
        return 0
    # ≥ with a margin for rounding: of equal values exactly enough are taken.
    reached = torch.cumsum(values, 0) / total >= 1 - delta - 1e-12
    return int(torch.argmax(reached.to(torch.int64))) + 1


def effective_rank(features: Tensor) -> float:
    """Exponential of the entropy of the singular values, as shares of their sum.

    Args:
        features: Of the penultimate layer, shape (inputs, features).

    Returns:
        From 1 to the smaller extent of the matrix; 0 where all features are zero.

    Raises:
        InvalidInputError: It is no matrix.

    Source: Roy and Vetterli 2007, "The effective rank", definition 1.
    """
    values = _singular_values(features)
    total = values.sum()
    if float(total) == 0:
        return 0.0
    return float(torch.exp(torch.special.entr(values / total).sum()))
