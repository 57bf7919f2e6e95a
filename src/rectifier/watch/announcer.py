"""Gives listeners their chance after each step.

Layer: watch, on torch's interception. An observer that asks for no step to be seen: it measures
nothing, and hands on what the watcher has. What it costs counts as the watcher's own cost.
"""

from __future__ import annotations

from collections.abc import Callable

from torch.optim import Optimizer

from rectifier.torch.sites import Observer, Sleep
from rectifier.watch.listening import Listeners
from rectifier.watch.record import Record

_PATIENCE = 16
"""Most steps that pass without listeners being asked."""


class Announcer(Observer):
    """Tells listeners after each step; stands after the watcher in the row of observers.

    Args:
        listeners: Who may be told.
        record: Makes the record of what was observed so far.
    """

    training_only = True

    def __init__(self, listeners: Listeners, record: Callable[[], Record]) -> None:
        self._listeners = listeners
        self._record = record
        self._opened = False

    def wants_step(self, step: int) -> bool:
        """None: nothing is measured here."""
        return False

    def sleeps(self, step: int) -> int:
        """A few steps make no difference."""
        return _PATIENCE

    def after_sleep(self, step: int, sleep: Sleep) -> None:
        """Some steps have ended."""
        self._listeners.tick(self._record)

    def before_step(self, optimizer: Optimizer | None, step: int) -> None:
        """Set up at the first step, whose cost is reported apart from what watching costs."""
        if not self._opened:
            self._opened = True
            self._listeners.open()

    def after_step(self, optimizer: Optimizer | None, step: int) -> None:
        """A step has ended."""
        self._listeners.tick(self._record)
