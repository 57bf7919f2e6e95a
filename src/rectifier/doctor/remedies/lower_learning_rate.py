"""``lower_learning_rate``: every step is made smaller by one factor.

Layer: doctor's remedies. Settings: ``from`` and ``to``. The rate is scaled around each step and put
back after it, so the factor holds whatever schedule or loop sets the rate.
"""

from __future__ import annotations

import weakref
from typing import Any

import torch
from torch import nn

from rectifier.doctor.finding import Remedy
from rectifier.doctor.remedies import Action
from rectifier.torch.sites import Layer


class LowerLearningRate(Action):
    """Scales each group's learning rate by ``to / from`` for the time of the step."""

    def __init__(self, remedy: Remedy) -> None:
        super().__init__(remedy)
        self.factor = self.number("to") / self.number("from")
        self._bare: dict[int, Layer] = {}
        self._kept: weakref.WeakKeyDictionary[torch.optim.Optimizer, list[Any]] = (
            weakref.WeakKeyDictionary()
        )

    def before_step(self, optimizer: torch.optim.Optimizer | None, step: int) -> None:
        """Scale."""
        del step
        if optimizer is None:
            self._scale_gradients()
            return
        self._kept[optimizer] = [group["lr"] for group in optimizer.param_groups]
        first = float(optimizer.param_groups[0]["lr"])
        for group in optimizer.param_groups:
            group["lr"] = group["lr"] * self.factor
        self.say(
            f"learning rate of {type(optimizer).__name__}: {first:g} → {first * self.factor:g} "
            f"(× {self.factor:g} at every step)"
        )

    def wants_step(self, step: int) -> bool:
        """The first: a program without optimisers is known by its layers."""
        return step == 0

    def on_layer(self, layer: Layer, output: Any) -> None:
        """A layer of bare tensors, whose gradients take the factor."""
        del output
        if layer.module() is None:
            self._bare[id(layer)] = layer

    def _scale_gradients(self) -> None:
        """The program updates its weights by hand: a smaller gradient is a smaller step."""
        tensors = {id(t): t for layer in self._bare.values() for t in layer.tensors()}
        scaled = [t.grad for t in tensors.values() if t.grad is not None]
        if not scaled:
            self.say("learning rate: set inside the program's own update, left alone")
            return
        for gradient in scaled:
            gradient.mul_(self.factor)
        self.say(f"gradients of the program's own update: × {self.factor:g} at every step")

    def after_step(self, optimizer: torch.optim.Optimizer | None, step: int) -> None:
        """Put back what the program had set."""
        del step
        if optimizer is None:
            return
        for group, rate in zip(optimizer.param_groups, self._kept.pop(optimizer, []), strict=False):
            group["lr"] = rate

    def say(self, sentence: str) -> None:
        """Once for each optimiser: a schedule changes the rate, the factor is the same."""
        head = sentence.partition(":")[0]
        if not any(line.startswith(head) for line in self.log):
            self.log.append(sentence)

    def apply(self, model: nn.Module, optimizer: torch.optim.Optimizer | None) -> None:
        """Scale the rates, and the initial rates from which schedulers compute."""
        del model
        if optimizer is None:
            return
        for group in optimizer.param_groups:
            before = float(group["lr"])
            for name in ("lr", "initial_lr"):
                if name in group:
                    group[name] = group[name] * self.factor
            self.say(f"learning rate of {type(optimizer).__name__}: {before:g} → {group['lr']:g}")


ACTION = LowerLearningRate
