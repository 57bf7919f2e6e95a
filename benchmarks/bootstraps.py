"""Which bootstrap keeps its word for a paired difference? Drawn scores; for calibration.py.

A score is what the arm is worth, plus what the seed gives to all arms (0.8 points), plus luck of
the arm's tuning study, plus luck of its own (0.6 points), rounded to 2,000 test samples.
"""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
from scipy import stats

from rectifier.compare.differences import judged
from rectifier.compare.resampling import resampled
from rectifier.compare.statistics import paired, seeds_needed

OWN, SHARED, SAMPLES = 0.006, 0.008, 2000
CASES = ((5, 5, 0.0), (10, 10, 0.003), (10, 3, 0.0), (10, 3, 0.004), (10, 3, 0.008),
         (20, 5, 0.004), (30, 3, 0.003))  # fmt: skip
"""Seeds, tuning studies, and the luck of a study."""
MANY = ((6, 10, 10, 0.003), (6, 10, 3, 0.0), (6, 10, 3, 0.004), (6, 30, 3, 0.004),
        (10, 10, 10, 0.003))  # fmt: skip
"""Arms before these."""


def scores_of(
    draw: np.random.Generator, arms: int, seeds: int, studies: int, luck: float, effect: float
) -> np.ndarray:
    """Scores (arms, seeds); the first arm is better by ``effect``."""
    scores = 0.9 + draw.normal(0, SHARED, seeds) + draw.normal(0, OWN, (arms, seeds))
    scores += draw.normal(0, luck, (arms, studies))[:, np.arange(seeds) % studies]
    scores[0] += effect
    return np.round(scores * SAMPLES) / SAMPLES


def percentile(gaps: np.ndarray, places: np.ndarray, own: np.ndarray) -> tuple[float, float]:
    """The middle 95 % of drawn means."""
    low, high = np.quantile(gaps[places].mean(axis=1), [0.025, 0.975])
    return float(low), float(high)


def bca(gaps: np.ndarray, places: np.ndarray, own: np.ndarray) -> tuple[float, float]:
    """Corrected for bias and skewness (B. Efron 1987), leaving out one study at a time."""
    drawn, mean = gaps[places].mean(axis=1), gaps.mean()
    below = (drawn < mean).mean() + 0.5 * (drawn == mean).mean()
    shift = stats.norm.ppf(np.clip(below, 1e-3, 1 - 1e-3))
    without = np.array([gaps[own != study].mean() for study in np.unique(own)])
    apart = without.mean() - without
    bend = (apart**3).sum() / (6 * (apart**2).sum() ** 1.5) if apart.any() else 0.0
    ends = shift + stats.norm.ppf([0.025, 0.975])
    low, high = np.quantile(drawn, stats.norm.cdf(shift + ends / (1 - bend * ends)))
    return float(low), float(high)


def within(gaps: np.ndarray, places: np.ndarray, own: np.ndarray) -> tuple[float, float]:
    """Percentiles of draws within each study: studies as fixed strata."""
    draw, drawn = np.random.default_rng(5), np.zeros_like(places)
    for study in np.unique(own):
        members = np.flatnonzero(own == study)
        drawn[:, members] = members[draw.integers(0, len(members), (len(places), len(members)))]
    return percentile(gaps, drawn, own)


PLAIN: dict[str, Callable[..., tuple[float, float]]] = {
    "percentile": percentile, "BCa": bca, "within studies": within,
}  # fmt: skip


def bootstraps(repeats: int) -> None:
    """Print how often intervals hold the truth, equal arms are told apart, an effect is found."""
    print(f"two equal arms, {repeats} repeats: how often the interval holds the truth, in %")
    for seeds, studies, luck in CASES:
        draw = np.random.default_rng([seeds, studies, round(1e4 * luck)])
        own = np.arange(seeds) % studies
        places = resampled(own.tolist(), seeds)
        held: dict[str, int] = {}
        for _ in range(repeats):
            scores = scores_of(draw, 2, seeds, studies, luck, 0.0)
            gaps = scores[1] - scores[0]
            ends = {
                name: way(gaps, places, own)
                for name, way in PLAIN.items()
                if studies < seeds or way is not within
            }
            (found,), _ = judged(scores.tolist(), 1 / SAMPLES, own.tolist())
            for name, each in (
                ("studentised", found.bootstrap), ("t", found.student),
                ("both", found.interval), ("both, interquartile mean", found.middle),
            ):  # fmt: skip
                assert each is not None
                ends[name] = each.low, each.high
            for name, (low, high) in ends.items():
                held[name] = held.get(name, 0) + (low <= 0 <= high)
        told = "  ".join(f"{name} {100 * hits / repeats:.1f}" for name, hits in held.items())
        print(f"seeds {seeds:2}  studies {studies:2}  luck {100 * luck:.1f}  {told}", flush=True)
    few = max(1, repeats // 4)
    print(f"many equal arms, {few} repeats: how often any two are called different, in %")
    for arms, seeds, studies, luck in MANY:
        draw, own = np.random.default_rng([arms, seeds, studies]), np.arange(seeds) % studies
        wrong = {"studentised": 0, "t": 0, "both": 0}
        for _ in range(few):
            scores = scores_of(draw, arms, seeds, studies, luck, 0.0)
            differences, _ = judged(scores.tolist(), 1 / SAMPLES, own.tolist())
            for name, intervals in (
                ("studentised", [each.bootstrap for each in differences]),
                ("t", [each.student for each in differences]),
                ("both", [each.interval for each in differences]),
            ):
                wrong[name] += any(e is not None and (e.low > 0 or e.high < 0) for e in intervals)
        told = "  ".join(f"{name} {100 * hits / few:.1f}" for name, hits in wrong.items())
        print(f"arms {arms:2}  seeds {seeds}  studies {studies}  luck {100 * luck:.1f}  {told}")
    print(f"one deviation of the differences, {repeats} repeats: how often it is found, in %")
    enough = seeds_needed(1.0, 1.0, 0.05)
    assert enough is not None
    effect = math.sqrt(2) * OWN
    for seeds in sorted({10, enough}):
        draw, found_by = np.random.default_rng(seeds), {"t": 0, "both": 0}
        for _ in range(repeats):
            scores = scores_of(draw, 2, seeds, seeds, 0.0, effect)
            (found,), _ = judged(scores.tolist(), 1 / SAMPLES)
            found_by["t"] += paired(scores[0], scores[1], 1 / SAMPLES).p_value < 0.05
            found_by["both"] += found.p_value < 0.05
        stated = " (the stated number)" if seeds == enough else ""
        told = "  ".join(f"{name} {100 * hits / repeats:.1f}" for name, hits in found_by.items())
        print(f"seeds {seeds}{stated}  {told}")
