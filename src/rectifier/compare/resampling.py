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
from rectifier.compare.spreads import shared_spreads
from rectifier.compare.statistics import LEVEL

RESAMPLES = 2000


def resampled(studies: Sequence[int] | None, count: int, seed: int = 0) -> NDArray[np.int64]:
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
    study = drawn[:, drawn_studies(studies, count)]
    within = (draw.random((RESAMPLES, count)) * sizes[study]).astype(np.int64)
    found: NDArray[np.int64] = table[study, within]
    return found


def drawn_studies(studies: Sequence[int] | None, count: int) -> NDArray[np.int64] | None:
    """Number, from 0, of the study that each place of `resampled` comes from; None: its own."""
    groups = 0 if studies is None else len(set(studies))
    return None if groups < 2 or groups == count else np.arange(count) % groups


def interquartile_mean(
    scores: Sequence[float], studies: Sequence[int] | None = None, level: float = LEVEL
) -> Interval:
    """Mean of the middle half of the scores, with its interval by bootstrap.

    Source: R. Agarwal et al. (2021), "Deep reinforcement learning at the edge of the statistical
    precipice", section 4.
    """
    values = np.asarray(scores, dtype=np.float64)
    count = len(values)
    point = float(interquartile_means(values))
    if count < 3:
        return Interval(point, math.nan, math.nan, level)
    drawn = interquartile_means(values[resampled(studies, count)])
    stats: Any = optional.require("scipy.stats", extra="compare", purpose="comparing activations")
    # Widened: as many standard errors as Student's t says, the spread corrected for its bias.
    reach = math.sqrt(count / (count - 1)) * float(stats.t.isf((1 - level) / 2, count - 1))
    tail = float(stats.norm.sf(reach))
    low, high = np.quantile(drawn, [tail, 1 - tail])
    return Interval(point, float(low), min(1.0, float(high)), level)


def interquartile_means(rows: NDArray[np.float64]) -> NDArray[np.float64]:
    """Along the last axis: values weighted by how much of them lies between the quartiles."""
    ordered = np.sort(rows, axis=-1)
    count = ordered.shape[-1]
    edges = np.arange(count + 1) / count
    weight = np.clip(np.minimum(edges[1:], 0.75) - np.maximum(edges[:-1], 0.25), 0, None)
    found: NDArray[np.float64] = (ordered * weight).sum(axis=-1) / weight.sum()
    return found


_SPREADS = np.concatenate([[0.0], np.geomspace(0.05, 50.0, 40)])
"""True spreads of the arms that are thought possible, in standard errors of an arm's mean."""
_ALIKE = 0.15
"""Chance, before any score is seen, that the arms are all worth the same. Nobody can be right for
every spread, not even knowing the noise exactly: with six arms and three studies that would say
0.27 where all are alike and 0.47 where the leader is the best in 0.58. With 0.3 here the leader of
six arms spread by 0.4 points was given 0.44 and was the best in 0.59; with 0.05, that of arms that
are all alike was given 0.32."""


def chances_to_be_best(
    scores: Sequence[Sequence[float]], studies: Sequence[int] | None = None
) -> tuple[float, ...]:
    """For each arm, the chance that its true mean is the highest; ties shared.

    Three things keep this from being too sure. The error of a mean knows of tuning studies and has
    few degrees of freedom where there are few (`rectifier.compare.spreads.shared_spreads`), so
    draws have the tails of Student's t. Who leads of many leads by luck, too, so the arms' true
    means are taken to be spread about their common one by an unknown amount, and are drawn nearer
    to it accordingly: with a chance of `_ALIKE` by none at all, else with a half-Cauchy prior, one
    standard error wide, for that spread (A. Gelman 2006, "Prior distributions for variance
    parameters in hierarchical models"). And which arms go up and down together is drawn anew with
    the seeds, as far as so few seeds show it; else each has its own luck. The tests simulate how
    often it is right.

    Args:
        scores: Of every arm on the same seeds.
        studies: Which tuning study each seed's settings come from.
    """
    table = np.asarray(scores, dtype=np.float64)
    arms, count = table.shape
    if count < 2:
        return tuple(math.nan for _ in scores)
    stats: Any = optional.require("scipy.stats", extra="compare", purpose="comparing activations")
    own = table - table.mean(axis=0)  # what a seed gives to all arms decides nothing
    found = shared_spreads(own.tolist(), studies)
    means = np.array([each.mean for each in found])[:, None]
    errors = np.array([each.error for each in found])[:, None]
    freedom = np.array([each.freedom for each in found])[:, None]
    if arms < 2 or not errors.any():
        top = np.isclose(means[:, 0], means.max(), rtol=0, atol=1e-12)
        return tuple(float(share) for share in top / top.sum())
    luck = own[:, resampled(studies, count)].mean(axis=2) - means
    scale = luck.std(axis=1, keepdims=True)
    luck = np.divide(luck, scale, out=np.zeros_like(luck), where=scale > 0)
    # So few seeds show few of the ways in which the arms can part: the rest is luck of each.
    free = np.random.default_rng(3).standard_normal(luck.shape)
    free = (free - free.mean(axis=0)) * math.sqrt(arms / (arms - 1))
    shown = (count - 1) / (count - 1 + arms)
    luck = math.sqrt(shown) * luck + math.sqrt(1 - shown) * free
    # One level for all arms in a draw, as in a multivariate t: the noise is large or it is small.
    level = np.random.default_rng(1).uniform(size=(1, RESAMPLES))
    errors = errors * np.sqrt(freedom / stats.chi2.isf(level, freedom))
    kept = _kept(means, errors)
    drawn = kept * means + np.sqrt(kept) * errors * luck
    top = np.isclose(drawn, drawn.max(axis=0), rtol=0, atol=1e-12)
    shares = (top / top.sum(axis=0)).mean(axis=1)
    return tuple(float(share) for share in shares)


def _kept(means: NDArray[np.float64], errors: NDArray[np.float64]) -> NDArray[np.float64]:
    """How much of each arm's distance from the common mean to believe, in every draw.

    Args:
        means: (arms, 1), about their common mean.
        errors: (arms, draws).

    Returns:
        Shares (arms, draws): the spread's variance over its sum with the error's, for a spread
        drawn from what the means say of it.
    """
    arms = len(means)
    typical = np.sqrt(np.square(errors).mean(axis=0))  # of each draw
    spreads = _SPREADS[:, None] * typical  # (spreads, draws)
    variance = np.square(spreads)[:, None] + np.square(errors)
    variance = np.maximum(variance, np.finfo(float).tiny)
    fit = -0.5 * (np.log(variance) + np.square(means) / variance).sum(axis=1)
    # The means are about their own mean, which takes one of their degrees of freedom.
    steps = np.gradient(_SPREADS) / (1 + np.square(_SPREADS))
    steps[0] = 0.0
    prior = (1 - _ALIKE) * steps / steps.sum()
    prior[0] = _ALIKE
    weight = fit * (arms - 1) / arms + np.log(prior)[:, None]
    weight = np.exp(weight - weight.max(axis=0))
    reached = np.cumsum(weight, axis=0) / weight.sum(axis=0)
    chosen = (reached < np.random.default_rng(2).uniform(size=reached.shape[1])).sum(axis=0)
    square = np.square(spreads[chosen, np.arange(spreads.shape[1])])
    found: NDArray[np.float64] = square / np.maximum(
        square + np.square(errors), np.finfo(float).tiny
    )
    return found
