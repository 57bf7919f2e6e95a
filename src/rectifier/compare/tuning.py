"""Choosing each arm's nuisance parameters, on validation scores only.

Layer: compare, no framework. A study is one independent repeat of the choice: with a seed of its
own, which decides data, initial weights and the points that are tried, the same points for every
arm. Points are quasi-random (J. Bergstra and Y. Bengio 2012, "Random search for hyper-parameter
optimization"; Sobol's sequence, scrambled, from SciPy). Where the best point of an arm has the
smallest or the largest learning rate tried, more points are tried beyond it, twice at most.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

from rectifier import optional
from rectifier.compare.trial import Outcome, Setting, Trial
from rectifier.errors import InvalidInputError

RATES = {"adam": (1e-3, 1e-1), "adamw": (1e-3, 1e-1), "sgd": (1e-2, 1.0)}
"""Learning rates between which is looked first, by optimiser."""
DECAYS = {"adam": (1e-6, 1e-3), "adamw": (1e-3, 0.5), "sgd": (1e-6, 1e-3)}
"""Weight decays; decoupled from the gradient with ``adamw`` only, hence the different sizes."""
EXTENSIONS = 2
"""How often more is tried beyond an edge."""
BEYOND = 2
"""Points of an extension."""


@dataclass(frozen=True)
class Search:
    """What is tried in a study.

    Attributes:
        grid: Learning rates to try, all of them, with everything else fixed; empty: quasi-random.
        points: How many quasi-random points.
        rates, warmups, decays: Between what. Rates and decays are spread evenly in their
            logarithm. Two equal ends: fixed.
    """

    grid: tuple[float, ...]
    points: int
    rates: tuple[float, float]
    warmups: tuple[float, float]
    decays: tuple[float, float]

    def __post_init__(self) -> None:
        if self.grid and (
            list(self.grid) != sorted(set(self.grid))
            or not all(math.isfinite(rate) and rate > 0 for rate in self.grid)
        ):
            raise InvalidInputError(
                "learning rates must be positive, finite and ascending; "
                f"these came: {list(self.grid)}"
            )
        if not self.grid and self.points < 2:
            raise InvalidInputError(f"a search needs at least 2 points; {self.points} came")
        for name, (low, high) in (("learning rates", self.rates), ("weight decays", self.decays)):
            smallest = 0 if name == "weight decays" and low == high else 1e-300
            if not (smallest <= low <= high < math.inf):
                raise InvalidInputError(
                    f"{name} must be searched between two positive numbers; {low} and {high} came"
                )
        if not 0 <= self.warmups[0] <= self.warmups[1] < 1:
            raise InvalidInputError(
                f"warm-up is a share of the steps, from 0 to below 1; {self.warmups} came"
            )

    @property
    def tuned(self) -> bool:
        """Whether there is more than one point to choose from."""
        return len(self.grid) != 1

    def first(self, study: int) -> tuple[Setting, ...]:
        """The points that every arm is tried at in a study, in order of the learning rate."""
        if self.grid:
            return tuple(Setting(rate, self.warmups[0], self.decays[0]) for rate in self.grid)
        return tuple(sorted(self._setting(unit) for unit in _sobol(study, self.points)))

    def beyond(self, study: int, tried: Sequence[tuple[Setting, float]]) -> tuple[Setting, ...]:
        """Points beyond the edge that the best one lies on; none where it lies within.

        Args:
            study: Its seed.
            tried: Points and validation scores of one arm so far.
        """
        extended = len(tried) - len(self.first(study))
        if self.grid or extended >= EXTENSIONS * BEYOND:
            return ()
        edge = at_edge(tried)
        if not edge:
            return ()
        rates = [setting.learning_rate for setting, _ in tried]
        stride = (self.rates[1] / self.rates[0]) ** 0.25
        units = _sobol(study, self.points + EXTENSIONS * BEYOND)[self.points + extended :][:BEYOND]
        found = []
        for place, unit in enumerate(units):
            share = (place + 1) / len(units)
            rate = max(rates) * stride**share if edge > 0 else min(rates) / stride**share
            inner = self._setting(unit)
            found.append(Setting(_rounded(rate), inner.warmup, inner.weight_decay))
        return tuple(sorted(found))

    def _setting(self, unit: Sequence[float]) -> Setting:
        return Setting(
            _rounded(_between(self.rates, unit[0])),
            round(self.warmups[0] + (self.warmups[1] - self.warmups[0]) * unit[1], 3),
            _rounded(_between(self.decays, unit[2])) if self.decays[1] else 0.0,
        )


def _between(ends: tuple[float, float], share: float) -> float:
    return float(ends[0] * (ends[1] / ends[0]) ** share)


def _rounded(value: float) -> float:
    """Three digits are enough for a setting, and easier to type again."""
    return float(f"{value:.3g}")


@cache
def _sobol(study: int, count: int) -> tuple[tuple[float, ...], ...]:
    qmc: Any = optional.require("scipy.stats", extra="compare", purpose="tuning").qmc
    sampler = qmc.Sobol(d=3, scramble=True, seed=study)
    points = sampler.random_base2(max(1, math.ceil(math.log2(count))))
    return tuple(tuple(float(share) for share in point) for point in points[:count])


def at_edge(tried: Sequence[tuple[Setting, float]]) -> int:
    """-1 or 1 if the best point has the smallest or the largest learning rate tried, else 0."""
    rates = [setting.learning_rate for setting, _ in tried]
    if len(set(rates)) < 2:
        return 0
    rate = best(tried).learning_rate
    return (rate == max(rates)) - (rate == min(rates))


def best(tried: Sequence[tuple[Setting, float]]) -> Setting:
    """The point with the best score; of equals the one with the smallest rate, which is safer."""
    return max(sorted(tried, key=lambda pair: pair[0]), key=lambda pair: pair[1])[0]


def score(trial: Trial, outcome: Outcome) -> float:
    """Validation score of a tuning run; one that failed counts as guessing."""
    found = outcome.validation if outcome.status == "finished" else None
    return trial.data.guess if found is None else found


Tried = Mapping[tuple[str, int], Sequence[tuple[Setting, float]]]
"""Points and scores by name of the arm and seed of the study."""
