"""All pairs of arms judged together: by a studentised bootstrap, and by Student's t beside it.

Layer: compare; NumPy and SciPy, no framework. Seeds are drawn anew for all arms at once, so pairs
stay pairs; where seeds share tuning studies, studies are drawn first, then seeds within each
(`rectifier.compare.resampling.resampled`). In every draw a difference is divided by its standard
error *in that draw* (the bootstrap-t; B. Efron 1981, P. Hall 1988), which is what makes few seeds
and few studies count as few: percentiles, corrected for bias (BCa) or not, are too narrow with
three studies, and so are by far draws within studies alone (``benchmarks/calibration.py
--bootstrap`` prints how often each holds the truth).

What comes of the draws is how far out 95 % of these ratios reach, beside how far Student's t does
with the same standard error. Beyond 95 %, where 2,000 draws are few and the correction for the
number of arms has to look, they are taken to go as much farther than t as there. (To hold every
pair against the largest ratio of all pairs in each draw needs no such rule, but with ten seeds of
six arms it asks for differences a third larger.) Draws of one study alone say nothing of the spread
between studies and are left out.

Two arms are called different only where Student's t says so too, from
`rectifier.compare.spreads.shared_differences`. Alone, t knows nothing of the shape of the scores,
and the bootstrap is too sure where many seeds share three studies. The larger p-value decides, and
the interval that is told is the two joined.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from rectifier.compare import statistics
from rectifier.compare.resampling import drawn_studies, interquartile_means, resampled
from rectifier.compare.result import Interval
from rectifier.compare.spreads import shared_differences
from rectifier.compare.statistics import FEWEST, LEVEL, Spread

Array = NDArray[np.float64]


@dataclass(frozen=True)
class Difference:
    """What is known of one arm less another; all intervals are corrected alike.

    Attributes:
        gap: The mean difference with the error and degrees of freedom of what decides.
            ``plain``: with those of Student's t.
        p_value: Corrected for the number of pairs and of looks.
        interval: Leaves out zero exactly where ``p_value`` is below 0.05.
        student: By Student's t alone. ``bootstrap``: by drawing seeds anew alone; None: too few.
            ``interval`` is the wider of the two.
        middle: Of the interquartile means' difference, by the same two ways; None: too few seeds.
    """

    gap: Spread
    plain: Spread
    p_value: float
    interval: Interval
    student: Interval
    bootstrap: Interval | None = None
    middle: Interval | None = None


@dataclass(frozen=True)
class _Figure:
    """A figure of every arm, as it is and in every draw.

    Attributes:
        value: (arms,). ``drawn``: (arms, draws).
        parts: (arms, seeds): what each seed has to do with it; their mean has its error.
        drawn_parts: (arms, draws, seeds).
        step: Smallest step of a difference of parts.
    """

    value: Array
    drawn: Array
    parts: Array
    drawn_parts: Array
    step: float


def judged(
    scores: Sequence[Sequence[float]],
    resolution: float,
    studies: Sequence[int] | None = None,
    looks: int = 1,
) -> tuple[tuple[Difference, ...], float]:
    """The differences of all pairs, (0, 1), (0, 2), …: the second of each less the first.

    Args:
        scores: Of every arm on the same seeds.
        resolution: Smallest step of a score; 0 for none.
        studies: Which tuning study each seed's settings come from.
        looks: How often the verdicts may be looked at; each look tests at that part of the level.

    Returns:
        The differences, and the factor that the next one that is not told apart has to survive.
    """
    table = np.asarray(scores, dtype=np.float64)
    arms, count = table.shape
    pairs = list(itertools.combinations(range(arms), 2))
    student = shared_differences(table, resolution, studies)
    drawn: Sequence[Spread | None] = [None] * len(pairs)
    middle = drawn
    if count >= FEWEST and pairs:
        drawn, middle = _by_draws(table, pairs, resolution * math.sqrt(2), studies)
    corrected, factor = statistics.correct(
        [
            max(each.p_value for each in both if each is not None)
            for both in zip(student, drawn, strict=True)
        ],
        arms,
    )
    found = []
    for place, fixed in enumerate(corrected):
        level = 1 - (1 - LEVEL) / (fixed.factor * looks)
        one, inner = drawn[place], middle[place]
        gap = _wider(student[place], one, level)
        found.append(
            Difference(
                gap,
                student[place],
                min(1.0, fixed.p_value * looks),
                gap.interval(level),
                student[place].interval(level),
                None if one is None else one.interval(level),
                None if inner is None else inner.interval(level),
            )
        )
    return tuple(found), factor * looks


def _wider(student: Spread, drawn: Spread | None, level: float = LEVEL) -> Spread:
    """The one with the wider interval; both are about the same value."""
    if drawn is None:
        return student
    return max(student, drawn, key=lambda each: each.interval(level).high)


def _by_draws(
    table: Array, pairs: Sequence[tuple[int, int]], step: float, studies: Sequence[int] | None
) -> tuple[list[Spread], list[Spread]]:
    """The mean differences as the draws know them; the interquartile means', both ways joined."""
    count = table.shape[1]
    places = resampled(studies, count)
    if drawn_studies(studies, count) is not None:
        own = np.asarray(studies)[places]
        places = places[(own != own[:, :1]).any(axis=1)]
    draws = table[:, places]
    figures = (
        _Figure(table.mean(axis=1), draws.mean(axis=2), table, draws, step),
        _Figure(
            interquartile_means(table), interquartile_means(draws), _inner(table), _inner(draws),
            2 * step,
        ),
    )  # fmt: skip
    means, middles = [], []
    for pair in pairs:
        means.append(_drawn(figures[0], pair, studies)[1])
        middles.append(_wider(*_drawn(figures[1], pair, studies)))
    return means, middles


def _inner(scores: Array) -> Array:
    """What each seed has to do with an interquartile mean: what lies outside counts as the edge."""
    ordered, place = np.sort(scores, axis=-1), scores.shape[-1] / 4 - 0.5
    first, part = int(place), place - int(place)
    # A quarter of the weight, each value in the middle of its own (Hazen's quantile).
    low = (1 - part) * ordered[..., first] + part * ordered[..., first + 1]
    high = (1 - part) * ordered[..., -1 - first] + part * ordered[..., -2 - first]
    found: Array = 2 * np.clip(scores, low[..., None], high[..., None])
    return found


def _drawn(
    figure: _Figure, pair: tuple[int, int], studies: Sequence[int] | None
) -> tuple[Spread, Spread]:
    """A pair's difference with the error of Student's t, and with the draws'."""
    a, b = pair
    value = float(figure.value[b] - figure.value[a])
    student = statistics.spread(figure.parts[b] - figure.parts[a], studies, figure.step)
    student = replace(student, mean=value)
    groups = drawn_studies(studies, student.count)
    errors = errors_of(figure.drawn_parts[b] - figure.drawn_parts[a], groups, figure.step)
    moved = np.abs(figure.drawn[b] - figure.drawn[a] - value)
    if student.error == 0:
        return student, student
    far = np.where(moved > 1e-12, np.inf, 0.0)  # moved without any error
    ratios = np.divide(moved, errors, out=far, where=errors > 0)
    plain = (student.interval().high - value) / student.error
    farther = float(np.quantile(ratios, LEVEL, method="higher")) / plain
    return student, replace(student, error=student.error * farther)


def errors_of(rows: Array, groups: NDArray[np.int64] | None, step: float) -> Array:
    """Standard error of each row's mean: `rectifier.compare.statistics.spread`, many at once.

    Args:
        rows: (draws, seeds).
        groups: Number of the study at each place, from 0; None: each seed has its own.
        step: Smallest step of a value.

    Returns:
        (draws,).
    """
    count, rounding = rows.shape[1], step**2 / 12
    plain: Array = rows.var(axis=1, ddof=1) / count
    if groups is not None:
        member = np.eye(int(groups.max()) + 1)[groups]
        sizes = member.sum(axis=0)
        means = rows @ member / sizes
        between = (sizes * np.square(means - rows.mean(axis=1, keepdims=True))).sum(axis=1)
        between /= len(sizes) - 1
        within = np.square(rows - means[:, groups]).sum(axis=1) / (count - len(sizes))
        shares = statistics.shares(sizes)
        parted = np.maximum(shares[0] * between + shares[1] * within, plain)
        plain = np.where(between <= statistics.POOLED * within, plain, parted)
    found: Array = np.sqrt(plain + rounding / count)
    return found
