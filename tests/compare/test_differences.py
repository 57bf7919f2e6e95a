"""Pairs judged together: the fast forms against plain ones, and what the pieces are for."""

from __future__ import annotations

import itertools
import math

import numpy as np
import pytest

from rectifier.compare import statistics
from rectifier.compare.differences import errors_of, judged
from rectifier.compare.resampling import resampled
from rectifier.compare.spreads import shared_differences

SAMPLES = 2000


def drawn(
    draw: np.random.Generator, arms: int, seeds: int, studies: int, luck: float
) -> np.ndarray:
    scores = 0.9 + draw.normal(0, 0.008, seeds) + draw.normal(0, 0.006, (arms, seeds))
    scores += draw.normal(0, luck, (arms, studies))[:, np.arange(seeds) % studies]
    return np.round(scores * SAMPLES) / SAMPLES


@pytest.mark.parametrize("studies", [None, 3])
def test_many_errors_at_once_are_those_of_the_plain_form(studies: int | None) -> None:
    rows = np.random.default_rng(0).normal(0, 1, (50, 10))
    rows[:25] += np.random.default_rng(1).normal(0, 2, (25, 3))[:, np.arange(10) % 3]
    groups = None if studies is None else np.arange(10) % studies
    own = None if groups is None else groups.tolist()
    plain = [statistics.spread(row, own, 0.3).error for row in rows]
    assert errors_of(rows, groups, 0.3) == pytest.approx(plain, rel=1e-12)


def test_the_draws_interval_is_that_of_a_plain_loop() -> None:
    first, second = drawn(np.random.default_rng(2), 2, 8, 8, 0.0)
    (found,), factor = judged([first, second], 0.0)
    gaps = second - first
    error = gaps.std(ddof=1) / math.sqrt(8)
    ratios = []
    for places in resampled(None, 8):
        again = gaps[places]
        unsure = again.std(ddof=1) / math.sqrt(8)
        ratios.append(abs(again.mean() - gaps.mean()) / unsure if unsure > 1e-12 else math.inf)
    reach = sorted(ratios)[math.ceil(0.95 * (len(ratios) - 1))] * error
    assert factor == 1.0
    assert found.bootstrap is not None
    assert found.bootstrap.high == pytest.approx(gaps.mean() + reach)
    assert found.student == statistics.paired(second, first, 0.0).interval()
    assert found.interval.high == max(found.bootstrap.high, found.student.high)


def test_zero_is_left_out_exactly_where_the_p_value_is_small() -> None:
    draw, small = np.random.default_rng(3), 0
    for looks, studies in itertools.product((1, 5), (3, 10)):
        for _ in range(5):
            scores = drawn(draw, 4, 10, studies, 0.001)
            scores[0] += 0.012
            found, _ = judged(scores, 1 / SAMPLES, [n % studies for n in range(10)], looks)
            for each in found:
                out = each.interval.low > 0 or each.interval.high < 0
                assert out == (each.p_value < 0.05)
                assert each.bootstrap is not None
                assert each.interval.low == min(each.bootstrap.low, each.student.low)
                small += out
    assert 0 < small < 120


def test_alike_to_the_last_and_apart_for_sure() -> None:
    (same,), _ = judged([[0.9] * 6] * 2, 0.0)
    assert (same.p_value, same.interval.low, same.interval.high) == (1.0, 0.0, 0.0)
    (apart,), _ = judged([[0.9] * 6, [0.8] * 6], 0.0)
    assert apart.p_value == 0.0
    (rounded,), _ = judged([[0.9] * 6, [0.9] * 6], 0.01)
    assert rounded.interval.low < 0 < rounded.interval.high
    assert rounded.p_value == 1.0
    assert judged([[0.9] * 6], 0.0) == ((), 1.0)


def test_few_seeds_are_judged_by_t_alone() -> None:
    (found,), _ = judged([[0.9, 0.91, 0.93, 0.9], [0.8, 0.79, 0.81, 0.83]], 0.0)
    assert found.bootstrap is found.middle is None
    assert found.interval == found.student


def test_interquartile_means_are_not_moved_by_a_run_that_went_wrong() -> None:
    draw = np.random.default_rng(4)
    scores = drawn(draw, 2, 12, 12, 0.0)
    scores[1, 3] = 0.1
    (found,), _ = judged(scores, 1 / SAMPLES)
    assert found.middle is not None
    assert abs(found.middle.value) < 0.01 < 0.05 < -found.gap.mean
    assert found.middle.high - found.middle.low < 0.1 * (found.interval.high - found.interval.low)


def test_equal_arms_of_three_studies_are_not_told_apart() -> None:
    """Why the ratio between and within studies is told from all arms: a pair's own is too few."""
    draw, own = np.random.default_rng(5), [n % 3 for n in range(30)]
    wrong = {"shared": 0, "own": 0}
    for _ in range(100):
        scores = drawn(draw, 6, 30, 3, 0.004)
        alone = [
            statistics.paired(scores[b], scores[a], 1 / SAMPLES, own)
            for a, b in itertools.combinations(range(6), 2)
        ]
        for name, gaps in (
            ("own", alone), ("shared", shared_differences(scores, 1 / SAMPLES, own)),
        ):  # fmt: skip
            corrected, _ = statistics.correct([gap.p_value for gap in gaps], 6)
            wrong[name] += min(each.p_value for each in corrected) < 0.05
    assert wrong["shared"] <= 5 + 2 * math.sqrt(100 * 0.05 * 0.95)
    assert wrong["own"] > 10


def test_what_is_between_studies_is_in_a_shared_difference() -> None:
    scores = drawn(np.random.default_rng(6), 4, 12, 3, 0.02)
    own = [n % 3 for n in range(12)]
    shared = shared_differences(scores, 0.0, own)
    plain = shared_differences(scores, 0.0)
    assert all(a.error > 1.5 * b.error for a, b in zip(shared, plain, strict=True))
    assert all(a.mean == b.mean for a, b in zip(shared, plain, strict=True))
    assert plain == tuple(
        statistics.paired(scores[b], scores[a], 0.0) for a, b in itertools.combinations(range(4), 2)
    )
