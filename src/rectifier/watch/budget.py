"""Which steps to observe so that observing stays within its share of the time. Framework-free.

The first steps are all observed. After that a step is observed when what was spent, and what one
more observed step costs, stays within the budget's share of the time that has passed (plus a small
allowance, so that a run of a second is not left unseen). A step's cost is the time measured inside
the observation, or the difference between the median observed and the median unobserved step where
that is larger: it also holds what the observation slows down without being inside it.
"""

from __future__ import annotations

import statistics
import time
from collections import deque
from collections.abc import Callable

from rectifier.watch.options import DEFAULT_BUDGET, WatchOptions

FIRST = 10
"""Steps observed before the budget decides: initialisation faults show here."""

ALLOWANCE = 0.02
"""Seconds that may be spent over the budget: nobody notices them."""

_MEMORY = 31
"""How many of the latest steps of each kind the medians are over."""


class Budget:
    """Decides step by step.

    Args:
        options: What the user asked for.
        clock: Seconds that never go back.
    """

    def __init__(
        self, options: WatchOptions, clock: Callable[[], float] = time.perf_counter
    ) -> None:
        self._every = options.every
        self._share = DEFAULT_BUDGET if options.budget is None else options.budget
        self._clock = clock
        self._started = self._step_started = clock()
        self._inside_before = 0.0
        self._seen: deque[float] = deque(maxlen=_MEMORY)
        self._unseen: deque[float] = deque(maxlen=_MEMORY)
        self._inside: deque[float] = deque(maxlen=_MEMORY)
        self.spent = 0.0

    def wants(self, step: int) -> bool:
        """Whether to observe the step that begins now."""
        if self._every is not None:
            return step % self._every == 0
        if step < FIRST:
            return True
        if not self._unseen:
            return False
        elapsed = self._clock() - self._started
        return self.spent + self.cost() <= ALLOWANCE + self._share * elapsed

    def ended(self, observed: bool, inside: float) -> None:
        """A step has ended.

        Args:
            observed: Whether it was observed.
            inside: Seconds spent inside the observation since the run began.
        """
        now = self._clock()
        duration, self._step_started = now - self._step_started, now
        within, self._inside_before = inside - self._inside_before, inside
        if observed:
            self._seen.append(duration)
            self._inside.append(within)
            self.spent += max(within, self.cost() if self._unseen else within)
        else:
            self._unseen.append(duration)
            self.spent += within

    def cost(self) -> float:
        """Seconds that one more observed step is expected to cost."""
        inside = statistics.median(self._inside) if self._inside else 0.0
        if not self._unseen or not self._seen:
            return inside
        return max(inside, statistics.median(self._seen) - statistics.median(self._unseen))

    def overhead(self) -> float:
        """Seconds spent over seconds of the run."""
        return self.spent / max(self._clock() - self._started, 1e-9)
