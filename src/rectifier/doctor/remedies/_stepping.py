"""``add_to_optimizer`` with ``how="step"``: a step after each backward pass, where none is taken.

With ``how="step_too"``: of one optimiser among several, the one that takes none.

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
        self._depth = 0
        self._restore: list[tuple[Any, Any, Any]] = []

    @property
    def interception(self) -> Any:
        """Set while attached."""
        return self._interception

    @interception.setter
    def interception(self, value: Any) -> None:
        if value is not None and self._interception is None:
            owners: tuple[Any, Any] = (torch.autograd, torch.Tensor)
            for owner in owners:
                before = owner.backward
                owner.backward = after = self._then_step(before)
                self._restore.append((owner, before, after))
        elif value is None:
            for owner, before, after in self._restore:
                if owner.backward is after:  # else whoever wrapped it first has put it back
                    owner.backward = before
            self._restore.clear()
        self._interception = value

    def _then_step(self, backward: Any) -> Any:
        """The outermost of nested calls steps: a mode of torch's makes of one call two."""

        @functools.wraps(backward)
        def outer(*args: Any, **kwargs: Any) -> Any:
            if not self._depth:
                self._before()
            self._depth += 1
            try:
                result = backward(*args, **kwargs)
            finally:
                self._depth -= 1
            if not self._depth:
                self._step()
            return result

        return outer

    def wants_step(self, step: int) -> bool:
        """None: it needs no site."""
        del step
        return False

    def on_optimizer(self, optimizer: Optimizer) -> None:
        """It never stepped by itself."""
        if not isinstance(optimizer, torch.optim.LBFGS):
            self._optimizers.add(optimizer)

    def _before(self) -> None:
        """A backward pass begins."""

    def _step(self) -> None:
        for optimizer in tuple(self._optimizers):
            if any(p.grad is not None for group in optimizer.param_groups for p in group["params"]):
                optimizer.step()
                self.say(f"{type(optimizer).__name__} steps after each backward pass")

    def apply(self, model: nn.Module, optimizer: Optimizer | None) -> None:
        """Nothing: whoever holds the model in hand calls ``step``."""
        del model, optimizer


class SteppingToo(Stepping):
    """Steps the one that the program never steps, after the pass that brings its first gradients.

    A loss of another network may reach what it holds as well, as a generator's goes through its
    critic; that pass adds to gradients which are there, and takes no step. Which optimisers the
    program steps is known after their first round, which is waited for.
    """

    def __init__(self, remedy: Remedy) -> None:
        super().__init__(remedy)
        self._passes: weakref.WeakKeyDictionary[Optimizer, int] = weakref.WeakKeyDictionary()
        self._fresh: list[Optimizer] = []
        self._stepping = False

    def before_step(self, optimizer: Optimizer | None, step: int) -> None:
        """The program steps this one itself."""
        del step
        if optimizer is not None and not self._stepping:
            self._optimizers.discard(optimizer)

    def _before(self) -> None:
        self._fresh = [o for o in tuple(self._optimizers) if not _has_gradients(o)]

    def _step(self) -> None:
        for optimizer in self._fresh:
            if optimizer not in self._optimizers or not _has_gradients(optimizer):
                continue
            self._passes[optimizer] = self._passes.get(optimizer, 0) + 1
            if self._passes[optimizer] < 2:
                continue
            self._stepping = True
            try:
                optimizer.step()
            finally:
                self._stepping = False
            self.say(f"{type(optimizer).__name__} steps after the backward pass of its own loss")


def _has_gradients(optimizer: Optimizer) -> bool:
    """Whether a gradient is there that was not cleared."""
    held = (p for group in optimizer.param_groups for p in group["params"])
    return any(p.grad is not None and bool(p.grad.any()) for p in held)
