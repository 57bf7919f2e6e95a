"""Which steps to observe so that observing stays within its share of the time. Framework-free.

Observed are, first, steps at growing distances: the first ten, and whenever the run is 5 % longer
than at the last observed step. That is 75 of the first 330 steps and 145 of 10,000: so few that a
long run does not feel them, and enough that even a training of half a second is judged by more
than a handful, its last half by a dozen.

Second, any step for which the time suffices: when what was spent, and what one more observed step
costs, stays within what may be spent by then. That is the budget's share of `PERIOD` seconds when
these have passed, more than the share before and less after, falling to half of it. What the very
first step costs to set up is reported but not charged, and the time before it earns nothing.

A step's cost is the time measured inside the observation, or the difference between the median
observed and the median unobserved step where that is larger: it also holds what the observation
slows down without being inside it. On a device that runs behind the program the time inside is
mostly waiting for earlier work, which does not count. There the program waits before each observed
step too, so that what lies between two of them is the time of unobserved ones.
"""

from __future__ import annotations

import math
import statistics
import time
from collections import deque
from collections.abc import Callable

from rectifier.watch.options import DEFAULT_BUDGET, WatchOptions

FIRST = 10
"""Steps observed in any case: initialisation faults show here."""

GROWTH = 0.05
"""A step that is this much later than the last observed one is observed in any case."""

PERIOD = 50.0
"""Seconds after which the share is what the budget says."""

_MEMORY = 31
"""How many of the latest steps of each kind the medians are over."""

_NAP, _NAP_SECONDS = 64, 0.05
"""Most steps that pass without asking whether to observe the next, and seconds of them that do so
even where the budget might allow the next one before they are over."""

_OFTEN = 16
"""Unobserved steps after which a step's cost is estimated anew: medians take time themselves."""


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
        self._started = self._training = self._step_started = clock()
        self._inside_before = 0.0
        self._seen: deque[float] = deque(maxlen=_MEMORY)
        self._unseen: deque[float] = deque(maxlen=_MEMORY)
        self._inside: deque[float] = deque(maxlen=_MEMORY)
        self._setup: float | None = None
        self._latest = 0
        self._cost: float | None = None
        self._behind = False
        self._waited_before = 0.0
        self._done: tuple[int, float] | None = None
        self.spent = 0.0

    def wants(self, step: int, *, alone: bool = True) -> bool:
        """Whether to observe the step that begins now.

        Args:
            step: The step.
            alone: Whether no other process has to decide alike; else time is no ground to look.
        """
        if self._every is not None:
            return step % self._every == 0
        if step < FIRST or step >= self._latest * (1 + GROWTH):
            return True
        if not alone or not self._unseen:
            return False
        elapsed = self._clock() - self._training
        return self.spent + self.cost() <= allowed(self._share, elapsed)

    def caught_up(self, step: int) -> None:
        """The device, which runs behind, has done all there was before this observed step."""
        now = self._clock()
        self._behind, self._step_started = True, now
        if self._done is not None and step > self._done[0]:
            self._unseen.append((now - self._done[1]) / (step - self._done[0]))

    def ended(self, step: int, observed: bool, inside: float, waited: float = 0.0) -> None:
        """A step has ended.

        Args:
            step: The step.
            observed: Whether it was observed.
            inside: Seconds spent inside the observation since the run began.
            waited: Of them those spent waiting for the device.
        """
        now = self._clock()
        duration, self._step_started = now - self._step_started, now
        within, self._inside_before = inside - self._inside_before, inside
        within -= waited - self._waited_before
        self._waited_before = waited
        if observed:
            self._latest = step
        if self._setup is None:
            self._setup = within  # finds and names everything: no measure of what later steps cost
            self._training = now  # importing and loading data earn nothing to spend
        elif observed:
            self._seen.append(duration)
            self._inside.append(within)
            self.spent += max(within, self.cost() if self._unseen else within)
        else:
            if not self._behind:
                self._unseen.append(duration)
            self.spent += within
        if observed:
            self._done = step + 1, now
        if observed or len(self._unseen) < _MEMORY or step % _OFTEN == 0:
            self._cost = None

    def sleeps(self, step: int) -> int:
        """How many steps may pass before `wants` has to be asked again, at ``step`` it said no."""
        if self._every is not None:
            return min(-step % self._every, _NAP)
        if not self._unseen:
            return 0
        typical = max(min(self._unseen), 1e-9)
        forced = math.ceil(self._latest * (1 + GROWTH)) - step
        elapsed = max(self._clock() - self._training, 1e-9)
        missing = self.spent + self.cost() - allowed(self._share, elapsed)
        seconds = max(_NAP_SECONDS, missing / growth(self._share, elapsed))
        return max(0, min(forced, _NAP, int(seconds / typical)))

    def slept(self, steps: int, inside: float) -> None:
        """So many steps have ended that nobody looked at, ``inside`` being what that cost."""
        if not steps:
            return
        now = self._clock()
        duration, self._step_started = now - self._step_started, now
        if not self._behind:
            self._unseen.append(duration / steps)
        self.spent += inside
        self._cost = None if len(self._unseen) < _MEMORY else self._cost

    def cost(self) -> float:
        """Seconds that one more observed step is expected to cost."""
        if self._cost is None:
            self._cost = self._estimate()
        return self._cost

    def _estimate(self) -> float:
        inside = statistics.median(self._inside) if self._inside else 0.0
        if not self._unseen or not self._seen:
            return inside
        return max(inside, statistics.median(self._seen) - statistics.median(self._unseen))

    def overhead(self) -> float:
        """Seconds spent over seconds of the run."""
        elapsed = self._clock() - self._started
        return (self.spent + (self._setup or 0.0)) / max(elapsed, 1e-9)


def allowed(share: float, elapsed: float) -> float:
    """Seconds that may have been spent after ``elapsed`` seconds under a budget of ``share``."""
    return share * (elapsed + math.sqrt(PERIOD * elapsed)) / 2


def growth(share: float, elapsed: float) -> float:
    """How much more may be spent with each second after ``elapsed``; later it is less."""
    return share * (1 + math.sqrt(PERIOD / elapsed) / 2) / 2
