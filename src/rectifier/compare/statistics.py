"""Judging differences between activations from few, paired, noisy scores.

Layer: compare; NumPy and SciPy, no framework. Choices, each checked by simulation in the tests:

* Intervals and tests are Student's t on paired differences. With ten seeds a percentile bootstrap
  that promises 95 % covers about 90 %, and a sign-flip test cannot fall below 2⁻⁹, too coarse for
  many comparisons.
* The leader is chosen by looking at the scores, so comparing only it with the others as if it had
  been named in advance finds differences that are not there. All pairs are tested and corrected
  together (Holm's steps with the bounds of J. P. Shaffer 1986, "Modified sequentially rejective
  multiple test procedures": how many pairs can still be equal at once, given that others are not).
* An accuracy over m samples moves in steps of 1/m. Two seeds can agree to the last sample by
  chance, which would look like certainty, so the variance of rounding (2 · 1/12 m²) is added.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np

from rectifier import optional
from rectifier.compare.result import Interval

LEVEL = 0.95
POWER = 0.8
_MOST_SEEDS = 10_000


def _stats() -> Any:
    return optional.require("scipy.stats", extra="compare", purpose="comparing activations")


def require() -> None:
    """Raise now, not after the training, if what is needed here is not installed.

    Raises:
        MissingPackageError: SciPy is not installed.
    """
    _stats()


@dataclass(frozen=True)
class Difference:
    """A paired difference of two activations over the same seeds.

    Attributes:
        mean: First minus second. ``deviation``: of the differences. ``count``: number of seeds.
        p_value: Two-sided, not corrected; 1 where fewer than two seeds leave it open.
    """

    mean: float
    deviation: float
    count: int
    p_value: float

    def interval(self, level: float = LEVEL) -> Interval:
        """The difference with the interval of that level; without bounds for a single seed."""
        if self.count < 2:
            return Interval(self.mean, math.nan, math.nan)
        half = _stats().t.isf((1 - level) / 2, self.count - 1)
        reach = float(half) * self.deviation / math.sqrt(self.count)
        return Interval(self.mean, self.mean - reach, self.mean + reach)


def mean_interval(scores: Sequence[float], level: float = LEVEL) -> Interval:
    """Mean of a score over seeds with its interval, cut to 0 … 1."""
    values = np.asarray(scores, dtype=np.float64)
    mean = float(values.mean())
    if len(values) < 2:
        return Interval(mean, math.nan, math.nan, level)
    half = float(_stats().t.isf((1 - level) / 2, len(values) - 1))
    reach = half * float(values.std(ddof=1)) / math.sqrt(len(values))
    return Interval(mean, max(0.0, mean - reach), min(1.0, mean + reach), level)


def paired(first: Sequence[float], second: Sequence[float], resolution: float) -> Difference:
    """Test whether two activations differ, from their scores on the same seeds.

    Args:
        first: Scores of one, a seed each.
        second: Scores of the other, same seeds in the same order.
        resolution: Smallest step of a score, such as 1 / number of test samples; 0 for none.
    """
    gaps = np.asarray(first, dtype=np.float64) - np.asarray(second, dtype=np.float64)
    count, mean = len(gaps), float(gaps.mean())
    if count < 2:
        return Difference(mean, math.nan, count, 1.0)
    deviation = math.sqrt(float(gaps.var(ddof=1)) + resolution**2 / 6)
    if mean == 0:
        return Difference(0.0, deviation, count, 1.0)
    if deviation == 0:
        return Difference(mean, 0.0, count, 0.0)
    statistic = abs(mean) / (deviation / math.sqrt(count))
    return Difference(mean, deviation, count, float(2 * _stats().t.sf(statistic, count - 1)))


@cache
def _true_counts(arms: int) -> frozenset[int]:
    """How many of all pairs can be equal at once: sums over the groups of a partition."""
    if arms < 2:
        return frozenset({0})
    return frozenset(
        group * (group - 1) // 2 + rest
        for group in range(1, arms + 1)
        for rest in _true_counts(arms - group)
    )


@dataclass(frozen=True)
class Corrected:
    """A p-value after correction, and the factor that the correction amounts to.

    An interval of level ``1 - 0.05 / factor`` leaves out zero exactly when ``p_value`` < 0.05.
    """

    p_value: float
    factor: float


def correct(p_values: Sequence[float], arms: int) -> tuple[tuple[Corrected, ...], float]:
    """Correct the p-values of all pairs of ``arms`` activations for their number.

    Args:
        p_values: Of all arms · (arms - 1) / 2 pairs, in any order.
        arms: Number of activations.

    Returns:
        The corrected values in the same order, and the factor that the next pair that is not yet
        separated has to survive.
    """
    pairs = arms * (arms - 1) // 2
    if len(p_values) != pairs:
        raise ValueError(f"{arms} arms have {pairs} pairs; {len(p_values)} p-values came")
    counts = _true_counts(arms)
    corrected: list[Corrected | None] = [None] * pairs
    running, next_factor = 0.0, 1.0
    for rank, index in enumerate(np.argsort(p_values, kind="stable")):
        p_value = float(p_values[index])
        bound = max(count for count in counts if count <= pairs - rank)
        if running < 1 - LEVEL:
            next_factor = float(max(1, bound))
        running = max(running, p_value * max(1, bound))
        factor = running / p_value if p_value > 0 else float(max(1, bound))
        corrected[int(index)] = Corrected(min(1.0, running), max(1.0, factor))
    return tuple(value for value in corrected if value is not None), next_factor


def probability_of_improvement(first: Sequence[float], second: Sequence[float]) -> float:
    """That a run of the first scores higher than a run of the second, ties counting half.

    Source: R. Agarwal et al. (2021), "Deep reinforcement learning at the edge of the statistical
    precipice", section 4.
    """
    gaps = np.subtract.outer(np.asarray(first), np.asarray(second))
    return float(np.mean((gaps > 0) + 0.5 * (gaps == 0)))


def censored_median(values: Sequence[float]) -> float | None:
    """Median where infinite means "never"; None if the median run never got there."""
    ordered = sorted(values)
    # The upper of two middle values, so that half of the runs failing is not hidden by the others.
    lower, upper = ordered[(len(ordered) - 1) // 2], ordered[len(ordered) // 2]
    return (lower + upper) / 2 if math.isfinite(upper) else None


def power(difference: float, deviation: float, count: int, alpha: float) -> float:
    """Chance that a true difference is found by a two-sided paired t test.

    Args:
        difference: The true one.
        deviation: Standard deviation of the paired differences.
        count: Number of seeds.
        alpha: Level of the test, correction included.
    """
    if count < 2:
        return 0.0
    if difference == 0:
        return alpha
    if deviation <= 0:
        return 1.0
    stats = _stats()
    limit = float(stats.t.isf(alpha / 2, count - 1))
    shift = abs(difference) / deviation * math.sqrt(count)
    # The square of a non-central t is a non-central F. SciPy's own non-central t gives NaN in its
    # lower tail, such as nct.cdf(-4.7, 9, 6.3).
    return float(stats.ncf.sf(limit**2, 1, count - 1, shift**2))


def smallest_detectable(deviation: float, count: int, alpha: float) -> float:
    """Difference that is found with power 0.8; NaN where nothing can be found.

    Args:
        deviation: Standard deviation of the paired differences.
        count: Number of seeds.
        alpha: Level of the test, correction included.
    """
    if count < 2 or not math.isfinite(deviation):
        return math.nan
    low, high = 0.0, deviation
    while power(high, deviation, count, alpha) < POWER and high < 1e6 * max(deviation, 1e-12):
        high *= 2
    for _ in range(50):
        middle = (low + high) / 2
        low, high = (
            (middle, high) if power(middle, deviation, count, alpha) < POWER else (low, middle)
        )
    return high


def seeds_needed(difference: float, deviation: float, alpha: float) -> int | None:
    """Seeds to find a difference with power 0.8; None if not even 10,000 would do.

    Args:
        difference: The one to settle.
        deviation: Standard deviation of the paired differences.
        alpha: Level of the test, correction included.
    """

    def enough(count: int) -> bool:
        return power(difference, deviation, count, alpha) >= POWER

    if difference == 0 or not math.isfinite(deviation) or not enough(_MOST_SEEDS):
        return None
    low, high = 1, _MOST_SEEDS
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if enough(middle) else (middle, high)
    return high
