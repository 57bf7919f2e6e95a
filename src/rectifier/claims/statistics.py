"""Intervals for what the experiments measure. Layer: claims; NumPy and SciPy."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from rectifier import optional
from rectifier.claims.record import Estimate

LEVEL = 0.95


def _stats() -> Any:
    return optional.require("scipy.stats", extra="compare", purpose="measuring claims")


def exact(value: float) -> Estimate:
    """Something that is computed and not sampled."""
    return Estimate(float(value), float(value), float(value))


def mean(values: Sequence[float]) -> Estimate:
    """Mean with its 95 % interval by Student's t.

    One value that is not finite makes the mean infinite, without bounds: a run that failed must not
    be averaged away.
    """
    array = np.asarray(values, dtype=np.float64)
    if len(array) < 2:
        raise ValueError(f"an interval needs at least two values; {len(array)} came")
    if not np.isfinite(array).all():
        return Estimate(math.inf, -math.inf, math.inf)
    centre = float(array.mean())
    half = float(_stats().t.isf((1 - LEVEL) / 2, len(array) - 1))
    reach = half * float(array.std(ddof=1)) / math.sqrt(len(array))
    return Estimate(centre, centre - reach, centre + reach)


def ratio(numerators: Sequence[float], denominators: Sequence[float]) -> Estimate:
    """Ratio of paired positive values: their geometric mean with its 95 % interval."""
    logs = np.log(np.asarray(numerators, float)) - np.log(np.asarray(denominators, float))
    found = mean(logs.tolist())
    return Estimate(math.exp(found.value), math.exp(found.low), math.exp(found.high))


def median_ratio(numerators: Sequence[float], denominators: Sequence[float]) -> Estimate:
    """Median of the ratios of paired times, with its 95 % interval by order statistics.

    For times on a machine that does other work too: what a round was held up by does not count.
    """
    ratios = sorted(a / b for a, b in zip(numerators, denominators, strict=True))
    count = len(ratios)
    if count < 8:
        raise ValueError(f"an interval for a median needs at least eight pairs; {count} came")
    low = int(_stats().binom.ppf((1 - LEVEL) / 2, count, 0.5))
    middle = (ratios[(count - 1) // 2] + ratios[count // 2]) / 2
    return Estimate(middle, ratios[max(0, low - 1)], ratios[min(count - 1, count - low)])


def censored_ratio(
    numerators: Sequence[float],
    denominators: Sequence[float],
    *,
    horizon: float,
    draws: int = 4000,
) -> Estimate:
    """Ratio of the medians of two sets of times, where infinite means "not by the horizon".

    A run that had not arrived by the end may have arrived right after it, or never: the lower end
    of the interval takes the horizon for it where it stands above the line, and infinity below;
    the upper end the other way about. So a race that was ended early gives a wide interval, not a
    large ratio.

    Args:
        numerators: Times of one, a seed each.
        denominators: Times of the other, same seeds.
        horizon: When the runs were ended, in the same unit.
        draws: How often seeds are drawn anew, in pairs, for the 95 % interval (percentiles).

    Returns:
        The value is infinite where most of the first had not arrived, 0 where most of the second
        had not, 1 where both had not; its interval is as above.
    """
    top, bottom = np.asarray(numerators, float), np.asarray(denominators, float)
    rows = np.random.default_rng(0).integers(len(top), size=(draws, len(top)))

    def known(times: Any) -> Any:
        return np.where(np.isinf(times), horizon, times)

    # "inverted_cdf" never averages, and so never makes infinity minus infinity.
    def median(values: Any, axis: int) -> Any:
        return np.quantile(values, 0.5, axis=axis, method="inverted_cdf")

    over, under = float(median(top, 0)), float(median(bottom, 0))
    value = 1.0 if math.isinf(over) and math.isinf(under) else over / under
    tail = (1 - LEVEL) / 2
    least = median(known(top)[rows], 1) / median(bottom[rows], 1)
    most = median(top[rows], 1) / median(known(bottom)[rows], 1)
    low = float(np.quantile(least, tail, method="inverted_cdf"))
    high = float(np.quantile(most, 1 - tail, method="inverted_cdf"))
    return Estimate(value, min(value, low), max(value, high))


def share(hits: int, of: int) -> Estimate:
    """A share of trials with its 95 % interval (Wilson's)."""
    if of < 1:
        raise ValueError("a share needs at least one trial")
    z = float(_stats().norm.isf((1 - LEVEL) / 2))
    value = hits / of
    centre = (value + z * z / (2 * of)) / (1 + z * z / of)
    reach = z / (1 + z * z / of) * math.sqrt(value * (1 - value) / of + z * z / (4 * of * of))
    return Estimate(value, min(value, max(0.0, centre - reach)), max(value, min(1, centre + reach)))


def spread(values: Sequence[float]) -> Estimate:
    """Median with the least and the greatest value: for few runs of something coarse."""
    ordered = sorted(values)
    return Estimate(ordered[(len(ordered) - 1) // 2], ordered[0], ordered[-1])


def difference(first: Sequence[float], second: Sequence[float]) -> Estimate:
    """Mean of paired differences, first minus second, with its 95 % interval."""
    return mean([a - b for a, b in zip(first, second, strict=True)])
