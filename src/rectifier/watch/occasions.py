"""When to look at something that happens again and again: at first often, then ever less.

Layer: watch, standard library only; used by `rectifier.watch.census`.
"""

from __future__ import annotations

import math
import sys

_GROWTH = 1.6


class Occasions:
    """The first three of something, then at ever longer intervals."""

    def __init__(self) -> None:
        self._next = self.count = 0
        self._late = False

    def now(self, *, later: bool = False) -> bool:
        """Count one more; whether it is to be looked at.

        Args:
            later: Not this one, since looking would mean waiting for a device: the first after it
                of which that is not true.
        """
        place, self.count = self.count, self.count + 1
        due = place >= self._next
        self._late = due and later
        if not due or later:
            return False
        self._next = place + 1 if place < 2 else math.ceil(place * _GROWTH)
        return True

    def ahead(self) -> int:
        """How many more are not to be looked at; one that is late wakes nobody."""
        return sys.maxsize if self._late else self._next - self.count

    def passed(self, number: int) -> None:
        """So many more have passed, of those that are not to be looked at."""
        self.count += number

    def again(self) -> None:
        """Begin anew: something has changed."""
        self._next = self.count = 0
