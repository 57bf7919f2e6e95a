"""Judging differences between activations from few, paired, noisy scores.

Layer: compare; NumPy and SciPy, no framework. Choices, each checked by simulation in the tests:

* The interval of an arm's mean is Student's t. With ten seeds a percentile bootstrap that promises
  95 % covers about 90 %, and a sign-flip test cannot fall below 2⁻⁹, too coarse for many
  comparisons. Differences are judged in `rectifier.compare.differences`, by a studentised bootstrap
  and by t together.
* Seeds that share a tuning study are not independent: the luck of its choice is in all of them. The
  variance has a part between studies and a part within (one-way analysis of variance), and the
  degrees of freedom follow (F. Satterthwaite 1946).
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
from numpy.typing import NDArray

from rectifier import optional
from rectifier.compare.result import Interval

LEVEL = 0.95
POWER = 0.8
_MOST_SEEDS = 10_000
_DRAWN = 0.75


def _stats() -> Any:
    return optional.require("scipy.stats", extra="compare", purpose="comparing activations")


def require() -> None:
    """Raise now, not after the training, if what is needed here is not installed.

    Raises:
        MissingPackageError: SciPy is not installed.
    """
    _stats()


FEWEST = 5
"""Seeds below which nothing is drawn anew, and Student's t decides alone. Of three seeds one draw
in nine is the same seed three times, which has no spread; of five one in 625."""
POOLED = 0.5
"""The part between studies is left out only where it looks at most this large beside the part
within. At 1, equal arms were told apart in up to 7 of 100 simulations with 3 studies of 10 seeds
each; at a half in 4.4 at most."""


@dataclass(frozen=True)
class Spread:
    """A mean over seeds and how sure it is.

    Attributes:
        mean: The mean. ``error``: its standard error. ``freedom``: degrees of freedom of that.
        count: Number of seeds.
    """

    mean: float
    error: float
    freedom: float
    count: int

    @property
    def deviation(self) -> float:
        """Standard deviation that independent seeds would need for the same error."""
        return self.error * math.sqrt(self.count)

    def interval(self, level: float = LEVEL) -> Interval:
        """The mean with the interval of that level; without bounds for a single seed."""
        if self.count < 2:
            return Interval(self.mean, math.nan, math.nan, level)
        reach = float(_stats().t.isf((1 - level) / 2, self.freedom)) * self.error
        return Interval(self.mean, self.mean - reach, self.mean + reach, level)

    @property
    def p_value(self) -> float:
        """Two-sided, that the true mean is 0; 1 where fewer than two seeds leave it open."""
        if self.count < 2 or self.mean == 0:
            return 1.0
        if self.error == 0:
            return 0.0
        return float(2 * _stats().t.sf(abs(self.mean) / self.error, self.freedom))


@dataclass(frozen=True)
class Parts:
    """One-way analysis of variance by study, of values of a count.

    Attributes:
        between, within: Mean squares. ``outer``, ``inner``: their degrees of freedom.
        shares: What of each is in the variance of the mean.
    """

    between: float
    within: float
    outer: int
    inner: int
    shares: tuple[float, float]


def parts(found: NDArray[np.float64], studies: Sequence[int] | None) -> Parts | None:
    """None where no two values share a study, or all do."""
    count = len(found)
    groups = [] if studies is None else sorted(set(studies))
    if len(groups) < 2 or len(groups) == count:
        return None
    own = np.asarray(studies)
    members = [found[own == group] for group in groups]
    sizes = np.array([len(each) for each in members], dtype=np.float64)
    means = np.array([each.mean() for each in members])
    outer, inner = len(groups) - 1, count - len(groups)
    between = float((sizes * (means - found.mean()) ** 2).sum()) / outer
    within = sum(float(((m - m.mean()) ** 2).sum()) for m in members) / inner
    return Parts(between, within, outer, inner, shares(sizes))


def shares(sizes: NDArray[np.float64]) -> tuple[float, float]:
    """What of the mean squares between and within studies is in the variance of the mean.

    Args:
        sizes: Seeds of each study.
    """
    count, squares = float(sizes.sum()), float((sizes**2).sum())
    typical = (count - squares / count) / (len(sizes) - 1)
    share = squares / count**2 / typical
    return share, max(0.0, 1 / count - share)


def spread(
    values: Sequence[float], studies: Sequence[int] | None = None, resolution: float = 0.0
) -> Spread:
    """Mean of values over seeds, with a standard error that knows of tuning studies.

    Args:
        values: One a seed.
        studies: Which study each seed's settings come from; None: each from its own.
        resolution: Smallest step of a value, for the variance of rounding; 0 for none.
    """
    found = np.asarray(values, dtype=np.float64)
    count, mean = len(found), float(found.mean())
    if count < 2:
        return Spread(mean, math.nan, math.nan, count)
    rounding = resolution**2 / 12
    total = float(found.var(ddof=1)) + rounding
    plain = Spread(mean, math.sqrt(total / count), count - 1.0, count)
    shared = parts(found, studies)
    if shared is None or shared.between <= POOLED * shared.within:
        return plain
    outer, inner = shared.shares[0] * shared.between, shared.shares[1] * shared.within
    variance = max(outer + inner, (total - rounding) / count)
    freedom = variance**2 / (outer**2 / shared.outer + inner**2 / shared.inner)
    return Spread(mean, math.sqrt(variance + rounding / count), freedom, count)


def mean_interval(
    scores: Sequence[float],
    studies: Sequence[int] | None = None,
    level: float = LEVEL,
    lowest: float = 0.0,
) -> Interval:
    """Mean of a score over seeds with its interval, cut at 1 and at the lowest score there is."""
    found = spread(scores, studies).interval(level)
    if math.isnan(found.low):
        return found
    return Interval(found.value, max(lowest, found.low), min(1.0, found.high), level)


def paired(
    first: Sequence[float],
    second: Sequence[float],
    resolution: float,
    studies: Sequence[int] | None = None,
) -> Spread:
    """The difference of two arms, from their scores on the same seeds.

    Args:
        first: Scores of one, a seed each.
        second: Scores of the other, same seeds in the same order.
        resolution: Smallest step of a score, such as 1 / number of test samples; 0 for none.
        studies: Which tuning study each seed's settings come from.
    """
    gaps = np.asarray(first, dtype=np.float64) - np.asarray(second, dtype=np.float64)
    return spread(gaps.tolist(), studies, resolution * math.sqrt(2))


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


def survival(times: Sequence[float], last: float) -> tuple[tuple[float, float], ...]:
    """Share of runs that have not reached the target by each time at which one did.

    The product-limit estimate of E. Kaplan and P. Meier (1958); runs that never got there are
    censored at ``last``, not left out.

    Args:
        times: When each run reached it; infinite: not by the end.
        last: The end.

    Returns:
        Steps of the curve: (time, share still under way), beginning at (0, 1).
    """
    steps, share = [(0.0, 1.0)], 1.0
    for moment in sorted({time for time in times if time <= last}):
        at_risk = sum(time >= moment for time in times)
        share *= 1 - sum(time == moment for time in times) / at_risk
        steps.append((float(moment), share))
    return (*steps, (float(last), share))


def power(
    difference: float, deviation: float, count: int, alpha: float, freedom: float | None = None
) -> float:
    """Chance that a true difference is found by a two-sided paired t test.

    Args:
        difference: The true one.
        deviation: Standard deviation of the paired differences.
        count: Number of seeds.
        alpha: Level of the test, correction included.
        freedom: Degrees of freedom of the deviation; default: one less than seeds.
    """
    if count < 2:
        return 0.0
    if difference == 0:
        return alpha
    if deviation <= 0:
        return 1.0
    stats = _stats()
    own = count - 1 if freedom is None else freedom
    limit = float(stats.t.isf(alpha / 2, own))
    shift = abs(difference) / deviation * math.sqrt(count)
    # The square of a non-central t is a non-central F. SciPy's own non-central t gives NaN in its
    # lower tail, such as nct.cdf(-4.7, 9, 6.3).
    return float(stats.ncf.sf(limit**2, 1, own, shift**2))


def smallest_detectable(
    deviation: float, count: int, alpha: float, freedom: float | None = None
) -> float:
    """Difference that is found with power 0.8; NaN where nothing can be found.

    Args:
        deviation: Standard deviation of the paired differences.
        count: Number of seeds.
        alpha: Level of the test, correction included.
        freedom: As for `power`.
    """
    if count < 2 or not math.isfinite(deviation):
        return math.nan
    low, high = 0.0, deviation
    while power(high, deviation, count, alpha, freedom) < POWER and high < 1e6 * max(
        deviation, 1e-12
    ):
        high *= 2
    for _ in range(50):
        middle = (low + high) / 2
        low, high = (
            (middle, high)
            if power(middle, deviation, count, alpha, freedom) < POWER
            else (low, middle)
        )
    return high


def seeds_needed(difference: float, deviation: float, alpha: float) -> int | None:
    """Seeds to find a difference with power 0.8; None if not even 10,000 would do.

    A difference has to pass the bootstrap, too, which reaches about as far as Student's t with
    three quarters of the degrees of freedom: 1.33 times as far as t with five seeds, 1.035 with
    ten, 1.005 with forty, at 95 % and for normal noise.

    Args:
        difference: The one to settle.
        deviation: Standard deviation of the paired differences.
        alpha: Level of the test, correction included.
    """

    def enough(count: int) -> bool:
        freedom = (count - 1) * (_DRAWN if count >= FEWEST else 1.0)
        return power(difference, deviation, count, alpha, freedom) >= POWER

    if difference == 0 or not math.isfinite(deviation) or not enough(_MOST_SEEDS):
        return None
    low, high = 1, _MOST_SEEDS
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if enough(middle) else (middle, high)
    return high
