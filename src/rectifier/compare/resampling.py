"""What is told by drawing seeds anew: the interquartile mean's interval, the chance to be best.

Layer: compare; NumPy and SciPy, no framework. The bootstrap goes by tuning study where seeds share
one, its draws are fixed, and its percentiles are widened for few seeds (T. Hesterberg 2015, "What
teachers should know about the bootstrap", section 5.3); the tests simulate how often the intervals
hold.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rectifier import optional
from rectifier.compare.result import Interval
from rectifier.compare.statistics import LEVEL

RESAMPLES = 2000


def _resampled(studies: Sequence[int] | None, count: int, seed: int = 0) -> NDArray[np.int64]:
    """Places of seeds drawn with replacement, shape (resamples, count).

    Where seeds share studies, studies are drawn first, then seeds within each that was drawn.
    """
    draw = np.random.default_rng(seed)
    groups = [] if studies is None else sorted(set(studies))
    if len(groups) < 2 or len(groups) == count:
        return draw.integers(0, count, (RESAMPLES, count))
    own = np.asarray(studies)
    members = [np.flatnonzero(own == group) for group in groups]
    sizes = np.array([len(each) for each in members])
    table = np.zeros((len(groups), int(sizes.max())), np.int64)
    for place, each in enumerate(members):
        table[place, : len(each)] = each
    drawn = draw.integers(0, len(groups), (RESAMPLES, len(groups)))
    study = drawn[:, np.arange(count) % len(groups)]
    within = (draw.random((RESAMPLES, count)) * sizes[study]).astype(np.int64)
    found: NDArray[np.int64] = table[study, within]
    return found


def interquartile_mean(
    scores: Sequence[float], studies: Sequence[int] | None = None, level: float = LEVEL
) -> Interval:
    """Mean of the middle half of the scores, with its interval by bootstrap.

    Source: R. Agarwal et al. (2021), "Deep reinforcement learning at the edge of the statistical
    precipice", section 4.
    """
    values = np.asarray(scores, dtype=np.float64)
    count = len(values)
    point = float(_iqm(values[None])[0])
    if count < 3:
        return Interval(point, math.nan, math.nan, level)
    drawn = _iqm(values[_resampled(studies, count)])
    stats: Any = optional.require("scipy.stats", extra="compare", purpose="comparing activations")
    # Widened: as many standard errors as Student's t says, the spread corrected for its bias.
    reach = math.sqrt(count / (count - 1)) * float(stats.t.isf((1 - level) / 2, count - 1))
    tail = float(stats.norm.sf(reach))
    low, high = np.quantile(drawn, [tail, 1 - tail])
    return Interval(point, float(low), min(1.0, float(high)), level)


def _iqm(rows: NDArray[np.float64]) -> NDArray[np.float64]:
    """Of each row: values weighted by how much of them lies between the quartiles."""
    ordered = np.sort(rows, axis=1)
    count = ordered.shape[1]
    edges = np.arange(count + 1) / count
    weight = np.clip(np.minimum(edges[1:], 0.75) - np.maximum(edges[:-1], 0.25), 0, None)
    found: NDArray[np.float64] = (ordered * weight).sum(axis=1) / weight.sum()
    return found


def chances_to_be_best(
    scores: Sequence[Sequence[float]], studies: Sequence[int] | None = None
) -> tuple[float, ...]:
    """For each arm, how often it has the highest mean when seeds are drawn anew; ties shared.

    Args:
        scores: Of every arm on the same seeds.
        studies: Which tuning study each seed's settings come from.
    """
    table = np.asarray(scores, dtype=np.float64)
    if table.shape[1] < 2:
        return tuple(math.nan for _ in scores)
    means = table[:, _resampled(studies, table.shape[1])].mean(axis=2)
    top = np.isclose(means, means.max(axis=0), rtol=0, atol=1e-12)
    shares = (top / top.sum(axis=0)).mean(axis=1)
    return tuple(float(share) for share in shares)
