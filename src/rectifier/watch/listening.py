"""Tell others, while a program runs, what has been measured so far.

Layer: watch, standard library only. A `Listener` (a sink, the live table) gets the whole record now
and then; it never sees tensors, and what it raises does not reach the program. `Listeners` decides
when each is told: not more often than it wants, and so seldom that all of them together cost 1 % of
the time. What calls `Listeners.tick` after each step is `rectifier.watch.announcer`.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from rectifier.watch.record import Record

SHARE = 0.01
"""Share of the time that making and handing out records may cost."""


class Listener(Protocol):
    """What wants to know how a run goes.

    Attributes:
        interval: Least seconds between two updates.
    """

    interval: float

    def open(self) -> None:
        """The first step has been taken: import and open what is needed."""

    def update(self, record: Record) -> None:
        """Something new was measured.

        Args:
            record: All that was observed so far.
        """

    def close(self, record: Record, findings: Sequence[Mapping[str, Any]]) -> None:
        """The run is over.

        Args:
            record: All that was observed.
            findings: What the doctor says of it, as `Finding.to_dict` gives it.
        """


class Listeners:
    """Tells several listeners, each in its own time.

    Args:
        listeners: Who is told, in this order.
        clock: Seconds that never go back.

    Attributes:
        notes: One sentence for each listener that failed; it is not told again.
    """

    def __init__(
        self, listeners: Sequence[Listener] = (), clock: Callable[[], float] = time.perf_counter
    ) -> None:
        self._clock = clock
        self._due: list[tuple[Listener, float]] = [(each, clock()) for each in listeners]
        self._earliest = clock()
        self.notes: list[str] = []

    def __bool__(self) -> bool:
        """Whether anybody is still to be told."""
        return bool(self._due)

    def open(self) -> None:
        """The program trains; what it takes to set up is done now."""
        self._due = [(each, due) for each, due in self._due if self._try(each, "open")]

    def tick(self, record: Callable[[], Record]) -> None:
        """A step has ended: tell those whose time has come.

        Args:
            record: Makes the record; called only if somebody is told.
        """
        start = self._clock()
        if start < self._earliest or not self._due:
            return
        made = record()
        told = [listener for listener, due in self._due if due <= start]
        failed = {id(each) for each in told if not self._try(each, "update", made)}
        now = self._clock()
        rest = (now - start) / SHARE
        self._due = [
            (each, now + max(each.interval, rest) if each in told else max(due, now + rest))
            for each, due in self._due
            if id(each) not in failed
        ]
        self._earliest = min((due for _, due in self._due), default=now)

    def close(self, record: Record, findings: Sequence[Mapping[str, Any]]) -> None:
        """The run is over: tell all that did not fail."""
        for listener, _ in self._due:
            self._try(listener, "close", record, findings)
        self._due = []

    def _try(self, listener: Listener, method: str, *args: Any) -> bool:
        try:
            getattr(listener, method)(*args)
        except Exception as error:  # noqa: BLE001 - the program must not suffer from it; noted
            name = getattr(listener, "name", type(listener).__name__)
            self.notes.append(f"{name} was told no more: {type(error).__name__}: {error}")
            return False
        return True
