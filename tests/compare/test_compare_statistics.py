"""The choices in statistics.py, checked by simulation: what is promised is what happens."""

from __future__ import annotations

import itertools
import math
import sys

import numpy as np
import pytest
from scipy import stats

from rectifier.compare import statistics
from rectifier.errors import MissingPackageError

SAMPLES = 359
"""Of a digits test split: accuracies move in steps of 1/359."""


def simulated(
    generator: np.random.Generator, arms: int, seeds: int, *, effect: float = 0.0
) -> np.ndarray:
    """Accuracies (arms, seeds): a part that a seed's activations share, a part of their own."""
    shared = generator.normal(0.0, 0.008, seeds)
    scores = 0.96 + shared + generator.normal(0.0, 0.006, (arms, seeds))
    scores[0] += effect
    return np.round(scores * SAMPLES) / SAMPLES


def separated_from_leader(scores: np.ndarray) -> list[int]:
    """Arms that are told apart from the one with the best mean."""
    arms = len(scores)
    pairs = list(itertools.combinations(range(arms), 2))
    found = [statistics.paired(scores[a], scores[b], 1 / SAMPLES).p_value for a, b in pairs]
    corrected, _ = statistics.correct(found, arms)
    leader = int(scores.mean(axis=1).argmax())
    return [
        a + b - leader
        for (a, b), value in zip(pairs, corrected, strict=True)
        if leader in (a, b) and value.p_value < 0.05
    ]


@pytest.mark.parametrize(
    ("arms", "seeds", "repeats"), [(2, 2, 1000), (2, 5, 1000), (2, 10, 1000), (10, 10, 200)]
)
def test_equal_activations_are_called_different_at_most_one_time_in_twenty(
    arms: int, seeds: int, repeats: int
) -> None:
    generator = np.random.default_rng(arms * 100 + seeds)
    wrong = sum(
        bool(separated_from_leader(simulated(generator, arms, seeds))) for _ in range(repeats)
    )
    assert wrong <= 0.05 * repeats + 3 * math.sqrt(0.05 * 0.95 * repeats)


def test_testing_the_leader_as_if_it_had_been_named_before_would_not_be_safe() -> None:
    """Why all pairs are corrected for: the usual way finds differences between equals too often."""
    generator = np.random.default_rng(1)
    wrong = 0
    for _ in range(200):
        scores = simulated(generator, 10, 10)
        leader = int(scores.mean(axis=1).argmax())
        others = [scores[arm] for arm in range(10) if arm != leader]
        p_values = sorted(
            statistics.paired(scores[leader], other, 1 / SAMPLES).p_value for other in others
        )
        wrong += p_values[0] * len(others) < 0.05
    assert wrong > 0.08 * 200


@pytest.mark.parametrize("seeds", [5, 10, 30])
def test_smallest_detectable_difference_is_found_four_times_out_of_five(seeds: int) -> None:
    generator = np.random.default_rng(seeds)
    deviation = math.hypot(0.006, 0.006)
    effect = statistics.smallest_detectable(deviation, seeds, 0.05)
    repeats = 600
    found = sum(
        bool(separated_from_leader(simulated(generator, 2, seeds, effect=effect)))
        for _ in range(repeats)
    )
    assert found / repeats == pytest.approx(0.8, abs=0.06)


def test_intervals_cover_the_truth() -> None:
    generator = np.random.default_rng(3)
    covered = differences = 0
    for _ in range(1000):
        scores = simulated(generator, 2, 10, effect=0.004)
        mean = statistics.mean_interval(scores[0])
        covered += mean.low <= 0.964 <= mean.high
        gap = statistics.paired(scores[0], scores[1], 1 / SAMPLES).interval()
        differences += gap.low <= 0.004 <= gap.high
    assert covered >= 930
    assert differences >= 930


def test_paired_test_is_the_textbooks() -> None:
    first, second = [0.91, 0.93, 0.95, 0.9], [0.9, 0.9, 0.94, 0.91]
    found = statistics.paired(first, second, 0.0)
    expected = stats.ttest_rel(first, second)
    assert found.p_value == pytest.approx(expected.pvalue)
    low, high = expected.confidence_interval(0.95)
    assert (found.interval().low, found.interval().high) == pytest.approx((low, high))


def test_agreement_to_the_last_sample_is_not_certainty() -> None:
    step = 1 / SAMPLES
    assert statistics.paired([0.9 + step] * 2, [0.9] * 2, step).p_value > 0.05
    assert statistics.paired([0.9 + 20 * step] * 5, [0.9] * 5, step).p_value < 1e-4
    assert statistics.paired([0.9] * 5, [0.9] * 5, step).p_value == 1.0
    assert statistics.paired([0.9] * 5, [0.9] * 5, 0.0).p_value == 1.0
    assert statistics.paired([0.8] * 5, [0.9] * 5, 0.0).p_value == 0.0


def test_one_seed_leaves_everything_open() -> None:
    found = statistics.paired([0.9], [0.5], 0.01)
    assert found.p_value == 1.0
    assert math.isnan(found.interval().low)
    assert math.isnan(statistics.mean_interval([0.9]).high)
    assert math.isnan(statistics.smallest_detectable(math.nan, 1, 0.05))
    assert statistics.power(0.5, 0.1, 1, 0.05) == 0.0


def brute_true_counts(arms: int) -> set[int]:
    """By listing every way to colour the arms; pairs of one colour are equal."""
    return {
        sum(a == b for a, b in itertools.combinations(colours, 2))
        for colours in itertools.product(range(arms), repeat=arms)
    }


@pytest.mark.parametrize("arms", [2, 3, 4, 5])
def test_counts_of_pairs_that_can_be_equal_at_once(arms: int) -> None:
    assert statistics._true_counts(arms) == brute_true_counts(arms)


def test_correction_by_hand() -> None:
    # Three arms: all three pairs may be equal; once one is not, at most one can be.
    corrected, factor = statistics.correct([0.001, 0.04, 0.9], 3)
    assert [value.p_value for value in corrected] == pytest.approx([0.003, 0.04, 0.9])
    assert factor == 1.0
    corrected, factor = statistics.correct([0.9, 0.02, 0.04], 3)
    assert [value.p_value for value in corrected] == pytest.approx([0.9, 0.06, 0.06])
    assert factor == 3.0
    assert statistics.correct([], 1) == ((), 1.0)
    with pytest.raises(ValueError, match="3 arms have 3 pairs; 2"):
        statistics.correct([0.1, 0.2], 3)


def test_interval_leaves_out_zero_exactly_when_the_corrected_p_value_is_small() -> None:
    generator = np.random.default_rng(5)
    for _ in range(20):
        scores = simulated(generator, 5, 8, effect=0.008)
        pairs = list(itertools.combinations(range(5), 2))
        found = [statistics.paired(scores[a], scores[b], 1 / SAMPLES) for a, b in pairs]
        corrected, _ = statistics.correct([each.p_value for each in found], 5)
        for each, fixed in zip(found, corrected, strict=True):
            gap = each.interval(1 - 0.05 / fixed.factor)
            assert (gap.low > 0 or gap.high < 0) == (fixed.p_value < 0.05)


def test_power_is_that_of_the_non_central_t() -> None:
    for difference, count, alpha in [(0.003, 10, 0.05), (0.01, 5, 0.01), (0.001, 40, 0.05)]:
        shift = difference / 0.005 * math.sqrt(count)
        limit = stats.t.isf(alpha / 2, count - 1)
        expected = stats.nct.sf(limit, count - 1, shift) + stats.nct.cdf(-limit, count - 1, shift)
        assert statistics.power(difference, 0.005, count, alpha) == pytest.approx(expected)
    assert statistics.power(0.0, 0.005, 10, 0.05) == 0.05
    assert statistics.power(0.1, 0.0, 10, 0.05) == 1.0


def test_power_is_a_probability_everywhere() -> None:
    for count in (2, 3, 10, 1000):
        chances = [statistics.power(10.0**e, 1.0, count, 0.05 / 45) for e in range(-9, 7)]
        assert all(0 <= chance <= 1 + 1e-9 for chance in chances)
        assert all(b >= a - 1e-6 for a, b in itertools.pairwise(chances))


def test_seeds_needed_is_the_smallest_number_that_suffices() -> None:
    needed = statistics.seeds_needed(0.003, 0.007, 0.05)
    assert needed is not None
    found = [
        statistics.power(0.003, 0.007, count, 0.05, 0.75 * (count - 1))
        for count in (needed, needed - 1)
    ]
    assert found[0] >= 0.8 > found[1], "the bootstrap asks for a seed or two more than t"
    assert statistics.seeds_needed(0.0, 0.007, 0.05) is None
    assert statistics.seeds_needed(1e-7, 0.007, 0.05) is None


def test_published_figure_for_power_is_met() -> None:
    """At a standard deviation of 0.5 points in each arm, 0.3 points need about 44 seeds an arm.

    That is for independent arms; the paired test with independent errors needs the same.
    """
    needed = statistics.seeds_needed(0.003, 0.005 * math.sqrt(2), 0.05)
    assert needed == pytest.approx(45, abs=2)


def test_probability_of_improvement() -> None:
    assert statistics.probability_of_improvement([2, 3], [1, 0]) == 1.0
    assert statistics.probability_of_improvement([1, 2], [1, 2]) == 0.5
    assert statistics.probability_of_improvement([1, 1], [1, 2]) == 0.25


def test_median_of_runs_that_may_never_arrive() -> None:
    assert statistics.censored_median([3, 1, 2]) == 2
    assert statistics.censored_median([1, 2, 3, 4]) == 2.5
    assert statistics.censored_median([1, 2, math.inf]) == 2
    assert statistics.censored_median([1, math.inf]) is None
    assert statistics.censored_median([math.inf]) is None


def test_without_scipy_the_install_command_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in sys.modules if name.partition(".")[0] == "scipy"]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "scipy", None)
    with pytest.raises(MissingPackageError, match=r"pip install 'rectifier\[compare\]'"):
        statistics.require()
