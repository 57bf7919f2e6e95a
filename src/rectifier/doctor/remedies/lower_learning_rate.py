"""``lower_learning_rate``: every step is made smaller by one factor.

Layer: doctor's remedies. Settings: ``from`` and ``to``; ``cap``: true where only what exceeds
``to`` is too high, as at the top of a schedule that comes down by itself. The rate is scaled around
each step and put back after it, so the factor holds whatever schedule or loop sets the rate. A
momentum above 0.95 is shortened to 0.9 first, which makes steps smaller too.
"""

from __future__ import annotations

import weakref
from typing import Any

import torch
from torch import nn

from rectifier.doctor.finding import Remedy
from rectifier.doctor.remedies import Action
from rectifier.torch.sites import Layer

HEAVY, USUAL = 0.95, 0.9
"""Momentum from which it is shortened, and to what (Sutskever et al. 2013: raised above 0.9 late in
a training, with small rates; its steps are 1 / (1 - momentum) times the rate's)."""


class LowerLearningRate(Action):
    """Scales each group's learning rate by ``to / from`` for the time of the step."""

    def __init__(self, remedy: Remedy) -> None:
        super().__init__(remedy)
        self.factor = self.number("to") / self.number("from")
        self.cap = self.number("to") if remedy.settings.get("cap") else 0.0
        self._bare: dict[int, Layer] = {}
        self._kept: weakref.WeakKeyDictionary[torch.optim.Optimizer, list[Any]] = (
            weakref.WeakKeyDictionary()
        )
        self._kept_momentum: weakref.WeakKeyDictionary[torch.optim.Optimizer, list[Any]] = (
            weakref.WeakKeyDictionary()
        )

    def before_step(self, optimizer: torch.optim.Optimizer | None, step: int) -> None:
        """Scale."""
        del step
        if optimizer is None:
            self._scale_gradients()
            return
        self._kept[optimizer] = [group["lr"] for group in optimizer.param_groups]
        self._kept_momentum[optimizer] = [group.get("momentum") for group in optimizer.param_groups]
        first = float(optimizer.param_groups[0]["lr"])
        for group in optimizer.param_groups:
            group["lr"] = min(group["lr"], self.cap) if self.cap else group["lr"] * self.factor
            self._shorten(group, type(optimizer).__name__)
        then = float(optimizer.param_groups[0]["lr"])
        self.say(
            f"learning rate of {type(optimizer).__name__}: held at {self.cap:g} or below"
            if self.cap
            else f"learning rate of {type(optimizer).__name__}: {first:g} → {then:g} "
            f"(× {then / first if first else 1.0:g} at every step)"
        )

    def _shorten(self, group: dict[str, Any], kind: str) -> None:
        """Of a heavy momentum the weight is taken, and the rate raised as much as its steps shrink.

        A momentum of 0.99 makes steps a hundred times the rate's, and an overshoot lasts as long.
        """
        momentum = group.get("momentum")
        if (
            self.factor >= 1.0
            or self.cap
            or not isinstance(momentum, int | float)
            or not momentum > HEAVY
        ):
            return
        larger = min((1 - USUAL) / max(1 - momentum, 1e-3), 1 / self.factor)
        group["momentum"] = USUAL
        group["lr"] = group["lr"] * larger
        self.met |= {"momentum": [momentum, USUAL], "rate_times": [self.factor * larger]}
        self.say(f"momentum of {kind}: {momentum:g} → {USUAL:g}")

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
        momenta = self._kept_momentum.pop(optimizer, [])
        for group, momentum in zip(optimizer.param_groups, momenta, strict=False):
            if momentum is not None:
                group["momentum"] = momentum

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
                    lower = min(group[name], self.cap) if self.cap else group[name] * self.factor
                    group[name] = lower
            self._shorten(group, type(optimizer).__name__)
            self.say(f"learning rate of {type(optimizer).__name__}: {before:g} → {group['lr']:g}")


ACTION = LowerLearningRate
