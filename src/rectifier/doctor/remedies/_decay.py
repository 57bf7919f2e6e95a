"""``stabilize_loss`` with ``decay``: a weight decay that outweighs the loss becomes a usual one.

Layer: doctor's remedies. A decay is a penalty on the weights that the optimiser adds to the loss by
itself; here it is bounded around each step and put back after it. With ``epsilon`` so is what an
adaptive optimiser adds to the size of the gradient that it divides by.
"""

from __future__ import annotations

import weakref
from typing import Any

import torch
from torch import nn

from rectifier.doctor.remedies import Action

COUPLED, DECOUPLED = 5e-4, 0.01
"""Usual decays: added to the gradient (Krizhevsky et al. 2012; He et al. 2016: 1e-4), and times the
rate apart from it (AdamW's default, Loshchilov and Hutter 2019)."""


class Decay(Action):
    """Bounds each group's ``weight_decay`` for the time of the step."""

    name = "weight_decay"
    _kept: weakref.WeakKeyDictionary[torch.optim.Optimizer, list[Any]]

    def __init__(self, remedy: Any) -> None:
        super().__init__(remedy)
        self._kept = weakref.WeakKeyDictionary()

    def _bound(self, optimizer: torch.optim.Optimizer) -> None:
        for group in optimizer.param_groups:
            apart = group.get("decoupled_weight_decay", type(optimizer).__name__ == "AdamW")
            usual = DECOUPLED if apart else COUPLED
            if self.remedy.settings["decay"] is not True:  # less, where the gradient is small too
                usual = min(usual, self.number("decay"))
            strong = float(group.get("weight_decay", 0.0))
            if strong > usual:
                group["weight_decay"] = usual
                self.met["weight_decay"] = [strong, usual]
                self.say(f"weight decay of {type(optimizer).__name__}: {strong:g} → {usual:g}")

    def before_step(self, optimizer: torch.optim.Optimizer | None, step: int) -> None:
        """Bound."""
        del step
        if optimizer is not None:
            self._kept[optimizer] = [g.get(self.name) for g in optimizer.param_groups]
            self._bound(optimizer)

    def after_step(self, optimizer: torch.optim.Optimizer | None, step: int) -> None:
        """Put back what the program had set."""
        del step
        if optimizer is None:
            return
        before = self._kept.pop(optimizer, [])
        for group, value in zip(optimizer.param_groups, before, strict=False):
            if value is not None:
                group[self.name] = value

    def apply(self, model: nn.Module, optimizer: torch.optim.Optimizer | None) -> None:
        """Bound for good."""
        del model
        if optimizer is not None:
            self._bound(optimizer)


class Epsilon(Decay):
    """Bounds each group's ``eps`` likewise, to the setting ``epsilon``."""

    name = "eps"

    def _bound(self, optimizer: torch.optim.Optimizer) -> None:
        bound = self.number("epsilon")
        for group in optimizer.param_groups:
            large = group.get("eps")
            if isinstance(large, int | float) and large > bound:
                group["eps"] = bound
                self.met["eps"] = [large, bound]
                self.say(f"eps of {type(optimizer).__name__}: {large:g} → {bound:g}")
