"""Steps that no observer wants to be told of one by one: what is noted of them, and how.

Part of the torch front end's interception (`rectifier.torch.interception`, which alone uses it).
While all observers sleep, a training step of half a millisecond leaves nothing of ours in a near
cache, so that hooks written in Python cost some percent of it. Where the compiled kernels are there
what has to run is compiled too (``native/nap.cpp``); `Nap` here is what it does, and its
reference. All that is out of the ordinary is handed back to the interception.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from time import perf_counter as _clock
from typing import TYPE_CHECKING, Any, Protocol

import torch
from torch import Tensor
from torch.optim import Optimizer

from rectifier.kernels import native
from rectifier.torch import observer
from rectifier.torch.boundary import Boundary

if TYPE_CHECKING:
    from rectifier.torch.underway import Underway

MOST = 256
"""Backward passes without a step of any optimiser after which no nap goes on."""

_AT_HAND = observer.is_at_hand

CLOCKED = 16
"""Of so many notes one has its time taken: that takes time too."""


class Awake(Protocol):
    """What a nap hands back."""

    def before(self, optimizer: Optimizer, args: Any, kwargs: Any) -> None:
        """An optimiser is about to step, and not in a way that a nap notes."""

    def after(self, optimizer: Optimizer, args: Any, kwargs: Any) -> None:
        """An optimiser has stepped, and not in a way that a nap notes."""

    def woken(self) -> None:
        """The last step of a nap has ended."""

    def over(self) -> None:
        """A backward pass is over during which the nap ended."""


class Nap:
    """Notes steps while all observers sleep.

    Args:
        boundary: Holds the observers.
        way: Is told while a backward pass runs.
        stepping: The ``id`` of each optimiser whose step is under way.
        awake: Takes over.

    Attributes:
        left: Steps until all are asked again; 0: nobody sleeps.
        backwards: Backward passes since the nap began.
        thread: Whose steps count.
        scaled: What a ``GradScaler`` has scaled and not yet seen back; None where there is none.
        run: ``torch.autograd.backward`` without ours, and ``watched`` with.
    """

    def __init__(
        self, boundary: Boundary, way: Underway, stepping: list[int], awake: Awake
    ) -> None:
        self.left = self.backwards = self.timed = 0
        self.clocked = 0.0
        self.thread = 0
        self.scaled: tuple[Tensor, Tensor] | None = None
        self.run: Any = None
        self.watched: Any = None
        self._boundary, self._way, self._stepping, self._awake = boundary, way, stepping, awake
        self._losses: list[tuple[int, Tensor | float]] = []
        self._stepped: list[int] = []
        self._met: set[int] = set()

    def _asleep(self) -> bool:
        if self.left <= 0 or self._boundary.busy != 0:
            return False
        return threading.get_ident() == self.thread

    def meet(self, optimizer: Optimizer) -> None:
        """Steps of this optimiser have been told of: from now on they may be noted instead."""
        self._met.add(id(optimizer))

    def take(self) -> tuple[int, list[tuple[int, Tensor | float]], list[int], int, int, float]:
        """All that a `Sleep` holds, in its order; nothing is noted and nobody sleeps any more."""
        found = (self.left, self._losses, self._stepped, self.backwards, self.timed, self.clocked)
        self.left = self.backwards = self.timed = 0
        self.clocked = 0.0
        self._losses, self._stepped = [], []
        return found

    def note(self, loss: Tensor | None) -> None:
        """A backward pass begins: keep its loss; a number where reading it means no waiting."""
        start = 0.0 if self.timed and self.left % CLOCKED else _clock()
        self.backwards += 1
        if loss is not None:
            here = loss.dim() == 0 and observer.is_at_hand(loss)
            value = loss.item() if here else loss.detach().clone()
            self._losses.append((self._boundary.step, value))
        self._noted(start)

    def _noted(self, start: float) -> None:
        if start:
            self.timed += 1
            self.clocked += _clock() - start

    def before_step(self, optimizer: Optimizer, args: Any, kwargs: Any) -> None:
        """Called before an optimiser steps."""
        if self._asleep() and id(optimizer) in self._met:
            if id(optimizer) in self._stepping:
                self._stepping.clear()  # its last step raised, so that its end was never seen
            self._stepping.append(id(optimizer))
            return
        self._awake.before(optimizer, args, kwargs)

    def after_step(self, optimizer: Optimizer, args: Any, kwargs: Any) -> None:
        """Called after an optimiser has stepped."""
        stepping = self._stepping
        if not self._asleep():
            self._awake.after(optimizer, args, kwargs)
            return
        if stepping != [id(optimizer)]:
            if id(optimizer) in stepping:
                del stepping[stepping.index(id(optimizer)) :]
            return
        start = 0.0 if self.timed and self.left % CLOCKED else _clock()
        stepping.clear()
        self._boundary.step += 1
        self._stepped.append(id(optimizer))
        self.left -= 1
        self._noted(start)
        if not self.left:
            self._awake.woken()

    def _is_plain(self, arguments: tuple[Any, ...], names: dict[str, Any]) -> bool:
        """Whether a backward pass may be noted: the loss alone is given, under no mode."""
        return (
            len(arguments) == 1
            and not names
            and type(arguments[0]) is Tensor
            and self.scaled is None
            and self.backwards < MOST
            and self._asleep()
            and torch._C._len_torch_function_stack() == 0
            and torch.autograd.backward is self.watched
        )

    def passage(self, awake: Callable[..., Any]) -> Callable[..., Any]:
        """What stands in for ``Tensor.backward``.

        ``torch.compile`` takes what it calls of this name for what it stands for. Of other methods
        it would not: compiled hooks cannot stand in for what a compiled training step may call.

        Args:
            awake: What is called where no note is to be taken.
        """

        def backward(*args: Any, **kwargs: Any) -> Any:
            return self._back(args[0]) if self._is_plain(args, kwargs) else awake(*args, **kwargs)

        return backward

    def _back(self, loss: Tensor) -> None:
        self.note(loss)
        self._way.paused += 1
        try:
            self.run(loss)
        finally:
            self._way.paused -= 1
            if self.left == 0:
                self._awake.over()


def nap(boundary: Boundary, way: Underway, stepping: list[int], awake: Awake) -> Nap:
    """A `Nap`; the compiled one, which does the same, where there is one."""
    made = getattr(native.module(), "Nap", None)
    if made is None:
        return Nap(boundary, way, stepping, awake)
    back = awake.before, awake.after, awake.woken, awake.over
    modes = torch._C._len_torch_function_stack
    found: Nap = made(
        boundary, way, stepping, *back, Tensor, modes, torch.autograd, observer, _AT_HAND, MOST
    )
    return found
