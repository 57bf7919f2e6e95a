"""``raise_learning_rate``: every step is made larger by one factor, or the rate is held up.

Layer: doctor's remedies; the counterpart of ``lower_learning_rate``. Settings: ``from``, ``to``,
and ``hold``: true to keep a schedule from taking the rate below ``to``.
"""

from __future__ import annotations

import dataclasses

import torch

from rectifier.doctor.finding import Remedy
from rectifier.doctor.remedies.lower_learning_rate import LowerLearningRate


class RaiseLearningRate(LowerLearningRate):
    """Scales each group's rate by ``to / from`` for the time of the step, or holds it up."""

    def __init__(self, remedy: Remedy) -> None:
        if remedy.settings.get("hold"):  # whatever the schedule came down to, nothing among others
            settings = {**remedy.settings, "from": remedy.settings.get("to")}
            remedy = dataclasses.replace(remedy, settings=settings)
        super().__init__(remedy)
        self.floor = self.number("to") if remedy.settings.get("hold") else 0.0

    def before_step(self, optimizer: torch.optim.Optimizer | None, step: int) -> None:
        """Raise."""
        if not self.floor or optimizer is None:
            super().before_step(optimizer, step)
            return
        self._kept[optimizer] = [group["lr"] for group in optimizer.param_groups]
        for group in optimizer.param_groups:
            group["lr"] = max(group["lr"], self.floor)
        self.say(f"learning rate of {type(optimizer).__name__}: held at {self.floor:g} or above")

    def apply(self, model: torch.nn.Module, optimizer: torch.optim.Optimizer | None) -> None:
        """Raise the rates for good, by factor or to the floor."""
        if not self.floor or optimizer is None:
            super().apply(model, optimizer)
            return
        for group in optimizer.param_groups:
            group["lr"] = max(group["lr"], self.floor)
        self.say(f"learning rate of {type(optimizer).__name__}: raised to {self.floor:g}")


ACTION = RaiseLearningRate
