"""``add_to_optimizer`` with ``how="step"``: a step after each backward pass, where none is taken.

Layer: doctor's remedies. The step comes when ``backward`` has returned, as if the program's next
line took it: within the pass the program could not yet change or read its gradients.
"""

from __future__ import annotations

import functools
import weakref
from typing import Any

import torch
from torch import nn
from torch.optim import Optimizer

from rectifier.doctor.finding import Remedy
from rectifier.doctor.remedies import Action


class Stepping(Action):
    """Steps every optimiser that has gradients, but one that needs a closure."""

    def __init__(self, remedy: Remedy) -> None:
        super().__init__(remedy)
        self._optimizers: weakref.WeakSet[Optimizer] = weakref.WeakSet()
        self._interception: Any = None
        self._outer: Any = None
        self._inner: Any = None

    @property
    def interception(self) -> Any:
        """Set while attached."""
        return self._interception

    @interception.setter
    def interception(self, value: Any) -> None:
        self._interception = value
        backward: Any = torch.autograd.backward
        if value is not None and self._outer is None:
            self._inner = backward

            @functools.wraps(backward)
            def outer(*args: Any, **kwargs: Any) -> Any:
                result = self._inner(*args, **kwargs)
                self._step()
                return result

            self._outer = torch.autograd.backward = outer
        elif value is None:
            if backward is self._outer:  # else the interception has put back what was there before
                torch.autograd.backward = self._inner
            self._outer = None

    def wants_step(self, step: int) -> bool:
        """None: it needs no site."""
        del step
        return False

    def on_optimizer(self, optimizer: Optimizer) -> None:
        """It never stepped by itself."""
        if not isinstance(optimizer, torch.optim.LBFGS):
            self._optimizers.add(optimizer)

    def _step(self) -> None:
        for optimizer in tuple(self._optimizers):
            if any(p.grad is not None for group in optimizer.param_groups for p in group["params"]):
                optimizer.step()
                self.say(f"{type(optimizer).__name__} steps after each backward pass")

    def apply(self, model: nn.Module, optimizer: Optimizer | None) -> None:
        """Nothing: whoever holds the model in hand calls ``step``."""
        del model, optimizer
