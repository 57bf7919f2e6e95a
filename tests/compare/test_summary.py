from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace

import pytest
from compare_plans import finals

from rectifier.compare.plan import Plan
from rectifier.compare.result import Comparison
from rectifier.compare.summary import summarize
from rectifier.compare.trial import Outcome
from rectifier.errors import InvalidInputError

Quick = Callable[..., Plan]
OutcomesOf = Callable[..., dict[str, Outcome]]

GOOD = (0.90, 0.91, 0.92, 0.93, 0.94, 0.95)
BAD = (0.70, 0.72, 0.71, 0.74, 0.73, 0.76)


def row(comparison: Comparison, name: str):  # type: ignore[no-untyped-def]
    return next(row for row in comparison.rows if row.activation == name)


def test_clear_winner(quick: Quick, outcomes_of: OutcomesOf) -> None:
    plan = quick(["relu", "tanh"], seeds=6)
    found = summarize(plan, outcomes_of(plan, {"relu": BAD, "tanh": GOOD}))
    assert [each.activation for each in found.rows] == ["tanh", "relu"]
    best, worse = found.rows
    assert (best.verdict, worse.verdict) == ("best", "worse")
    assert best.difference is best.p_value is best.probability_of_improvement is None
    assert worse.difference is not None
    assert worse.difference.value == pytest.approx(sum(BAD) / 6 - sum(GOOD) / 6)
    assert worse.difference.low < worse.difference.value < worse.difference.high < 0
    assert worse.p_value is not None
    assert worse.p_value < 1e-3
    assert worse.probability_of_improvement == 0.0
    assert found.recommended == ("tanh",)
    assert found.recommendation.startswith("Use tanh: 92.5 % test accuracy, 19.8 points above relu")
    assert found.trials == plan.total
    assert found.seeds == plan.seeds


def test_no_difference(quick: Quick, outcomes_of: OutcomesOf) -> None:
    plan = quick(["relu", "tanh"], seeds=6, timing=True)
    other = (0.91, 0.90, 0.93, 0.92, 0.95, 0.945)
    outcomes = outcomes_of(plan, {"relu": GOOD, "tanh": other})
    found = summarize(plan, outcomes)
    assert [each.verdict for each in found.rows] == ["no difference"] * 2
    assert found.recommended == ("tanh", "relu")
    assert "No difference: 6 seeds cannot tell all of them apart" in found.recommendation
    assert "steps take the same time" in found.recommendation
    assert "seeds would settle which of them matter" in found.recommendation
    assert "Keep relu" in found.recommendation
    assert found.more_seeds is not None
    assert not found.settled
    assert 0 < found.smallest_detectable < 0.1


def test_identical_scores_are_no_difference(quick: Quick, outcomes_of: OutcomesOf) -> None:
    plan = quick(["relu", "tanh"], seeds=6)
    found = summarize(plan, outcomes_of(plan, {"relu": GOOD, "tanh": GOOD}))
    assert [each.verdict for each in found.rows] == ["no difference"] * 2
    assert found.rows[1].p_value == 1.0
    assert found.rows[1].probability_of_improvement == 0.5
    assert "would show it" not in found.recommendation


def test_cheapest_of_equals_is_named(quick: Quick, outcomes_of: OutcomesOf) -> None:
    plan = quick(["relu", "tanh", "gelu"], seeds=6, timing=True)
    scores = {"relu": GOOD, "tanh": GOOD, "gelu": BAD}
    times = {"relu": 1e-3, "tanh": 3e-3, "gelu": 1e-4}
    found = summarize(plan, outcomes_of(plan, scores, times))
    assert row(found, "gelu").verdict == "worse"
    assert set(found.pareto) == {"relu", "gelu"}
    fastest = "relu has the shortest training step here (1 ms; tanh takes 3 ms)"
    assert fastest in found.recommendation


def test_the_trade_off_is_told_in_words_with_the_chance_to_be_best(
    quick: Quick, outcomes_of: OutcomesOf
) -> None:
    plan = quick(["relu", "tanh", "gelu", "silu"], seeds=6, timing=True)
    scores = {"relu": GOOD, "tanh": GOOD, "gelu": BAD, "silu": BAD}
    times = {"relu": 1e-3, "tanh": 1e-3, "gelu": 1e-4, "silu": 2e-4}
    outcomes = outcomes_of(plan, scores, times)
    for trial in plan.cost_trials():
        kept = {"relu": 4e4, "tanh": 5e5, "gelu": 1e6, "silu": 1e6}[trial.arm.name]
        outcomes[trial.hash] = replace(outcomes[trial.hash], memory=kept)
    found = summarize(plan, outcomes)
    assert found.pareto == ("relu", "gelu")
    first, last = (round(100 * row(found, name).chance_best) for name in ("relu", "gelu"))
    assert first > last
    assert (
        f"Not beaten in score, step time and memory at once: relu (92.5 %, 1 ms, 40 kB, best with "
        f"{first} %) and gelu (72.7 %, 0.1 ms, 1 MB, best with {last} %)."
    ) in found.recommendation
    untimed = summarize(replace(plan, timing=False), outcomes)
    assert "Not beaten" not in untimed.recommendation
    alone = quick(["relu", "tanh"], seeds=6, timing=True)
    found = summarize(
        alone, outcomes_of(alone, {"relu": GOOD, "tanh": BAD}, {"relu": 1e-3, "tanh": 2e-3})
    )
    assert "No other beats relu (92.5 %, 1 ms" in found.recommendation


def test_failed_seeds_count_as_guessing(quick: Quick, outcomes_of: OutcomesOf) -> None:
    plan = quick(["relu", "tanh"], seeds=6)
    broken = (*GOOD[:4], None, None)
    found = summarize(plan, outcomes_of(plan, {"relu": GOOD, "tanh": broken}))
    tanh = row(found, "tanh")
    assert (tanh.seeds, tanh.failed_seeds) == (4, 2)
    assert tanh.scores == broken
    assert tanh.score.value == pytest.approx((sum(GOOD[:4]) + 2 * 0.25) / 6)  # four classes
    assert tanh.reached_target == 4
    assert tanh.failure.startswith("the loss became nan")
    assert "2 of 6 runs of tanh failed (the loss became nan" in found.recommendation
    assert found.recommended[0] == "relu"
    assert "Only relu failed in no run, so take it." in found.recommendation


def test_activation_that_never_finishes_has_failed(quick: Quick, outcomes_of: OutcomesOf) -> None:
    plan = quick(["relu", "tanh"], seeds=3)
    found = summarize(plan, outcomes_of(plan, {"relu": (None,) * 3, "tanh": (0.1, 0.2, 0.1)}))
    assert [each.activation for each in found.rows] == ["tanh", "relu"]
    failed = row(found, "relu")
    assert failed.verdict == "failed"
    assert math.isnan(failed.score.value)
    assert failed.difference is failed.epochs_to_target is None
    assert found.recommended == ("tanh",)
    everything = summarize(plan, outcomes_of(plan, dict.fromkeys(("relu", "tanh"), (None,) * 3)))
    assert [each.verdict for each in everything.rows] == ["failed"] * 2
    assert everything.recommended == ()
    assert everything.recommendation.startswith("No activation finished")


def test_one_seed_cannot_tell(quick: Quick, outcomes_of: OutcomesOf) -> None:
    plan = quick(["relu", "tanh"], seeds=1)
    found = summarize(plan, outcomes_of(plan, {"relu": (0.9,), "tanh": (0.1,)}))
    assert [each.verdict for each in found.rows] == ["too few seeds"] * 2
    assert found.recommended == ("relu", "tanh")
    assert not found.settled
    assert any(sentence.startswith("One seed has no spread") for sentence in found.protocol)
    assert found.rows[1].p_value is None
    assert math.isnan(found.smallest_detectable)
    assert found.recommendation.startswith("Too few seeds: one cannot tell")


def test_one_activation_has_nothing_to_be_compared_with(
    quick: Quick, outcomes_of: OutcomesOf
) -> None:
    plan = quick(["relu"], seeds=3)
    found = summarize(plan, outcomes_of(plan, {"relu": (0.9, 0.8, 0.7)}))
    assert found.recommended == ("relu",)
    assert found.recommendation.startswith("Only relu was run")
    assert found.rows[0].verdict == "nothing to compare"
    assert not any("paired by seed" in sentence for sentence in found.protocol)


def test_both_ways_are_told_and_the_wider_decides(quick: Quick, outcomes_of: OutcomesOf) -> None:
    plan = quick(["relu", "tanh"], seeds=6)
    worse = summarize(plan, outcomes_of(plan, {"relu": BAD, "tanh": GOOD})).rows[1]
    assert worse.difference is not None
    assert worse.bootstrap is not None
    assert worse.student is not None
    assert worse.difference.low == min(worse.bootstrap.low, worse.student.low)
    assert worse.difference.high == max(worse.bootstrap.high, worse.student.high)
    assert worse.bootstrap.high != worse.student.high
    assert worse.middle_difference is not None
    assert worse.middle_difference.value == pytest.approx(-0.2)  # 0.725 and 0.925
    assert worse.middle_difference.high < 0
    few = summarize(
        quick(["relu", "tanh"], seeds=4), outcomes_of(plan, {"relu": BAD, "tanh": GOOD})
    )
    assert few.rows[1].bootstrap is few.rows[1].middle_difference is None
    assert few.rows[1].difference == few.rows[1].student
    assert any("4 seeds are too few to draw" in sentence for sentence in few.protocol)


def test_a_few_runs_that_make_a_difference_are_told(quick: Quick, outcomes_of: OutcomesOf) -> None:
    """The means say one thing, the middle halves the other."""
    plan = quick(["relu", "tanh"], seeds=10)
    steady = tuple(0.9 + 0.001 * (place % 3) for place in range(10))
    odd = tuple(
        score + (0.002 if place % 10 < 6 else -0.2 - 0.01 * place)
        for place, score in enumerate(steady)
    )
    found = summarize(plan, outcomes_of(plan, {"relu": steady, "tanh": odd}))
    row_ = row(found, "tanh")
    assert row_.difference is not None
    assert row_.difference.value < 0 < found.rows[0].score.value
    told = "By the interquartile mean tanh is ahead of relu" in found.recommendation
    assert told == (row_.verdict == "worse" and row_.middle_difference.value > 0)


def test_epochs_to_target_and_curves(quick: Quick, outcomes_of: OutcomesOf) -> None:
    plan = quick(["relu"], seeds=3, timing=True)
    outcomes = outcomes_of(plan, {"relu": (0.9, 0.8, 0.7)})
    found = summarize(plan, outcomes).rows[0]
    assert found.epochs_to_target == 2  # 0.9 ≥ 0.8 in the second epoch
    assert found.reached_target == 3
    assert found.survival == ((0.0, 1.0), (2.0, 0.0), (2.0, 0.0))
    steps = 2 * 4  # 120 samples, 32 a step
    assert found.steps_to_target == steps
    assert found.seconds_to_target == pytest.approx(steps * 1e-3)
    assert found.joules_to_target == pytest.approx(steps * 0.01)
    assert found.curves["train_loss"] == (1.0, 0.5)
    assert found.curves["validation_score"] == (0.5, 0.9)
    assert (found.step_time, found.dead, found.sparsity) == (1e-3, 0.25, 0.5)
    never = summarize(quick(["relu"], seeds=3, target=0.95, timing=True), outcomes).rows[0]
    assert never.epochs_to_target is never.seconds_to_target is None
    assert never.reached_target == 0
    assert never.survival == ((0.0, 1.0), (2.0, 1.0))


def test_learning_rate_comes_from_validation_and_its_edge_is_told(
    quick: Quick, outcomes_of: OutcomesOf
) -> None:
    plan = quick(["relu", "tanh"], seeds=3, learning_rates=(0.1, 0.2, 0.4))
    found = summarize(plan, outcomes_of(plan, {"relu": (0.9,) * 3, "tanh": (0.8,) * 3}))
    assert all(each.learning_rate == 0.1 and each.learning_rate_at_edge for each in found.rows)
    assert "every activation scores best at the smallest or largest" in found.recommendation
    assert len(found.tuning) == 6


def test_diverged_tuning_run_counts_as_guessing(quick: Quick, outcomes_of: OutcomesOf) -> None:
    plan = quick(["relu"], seeds=1, tuning_seeds=(100, 101))
    outcomes = outcomes_of(plan, {"relu": (0.9,)})
    small, large = plan.search.grid
    for trial in plan.first_trials():
        if trial.setting.learning_rate == large:
            outcomes[trial.hash] = (
                Outcome("finished", validation=0.99)
                if trial.seed == 101
                else Outcome("diverged", validation=0.99, reason="nan")
            )
    found = summarize(plan, outcomes)
    scores = {(point.study, point.learning_rate): point.score for point in found.tuning}
    assert scores == {(100, small): 0.9, (100, large): 0.25, (101, small): 0.9, (101, large): 0.99}
    assert found.rows[0].learning_rate == (small + large) / 2  # the median of two studies


def test_seeds_that_are_not_complete_are_left_out(quick: Quick, outcomes_of: OutcomesOf) -> None:
    plan = quick(["relu", "tanh"], seeds=3)
    outcomes = outcomes_of(plan, {"relu": GOOD[:3], "tanh": GOOD[:3]})
    last = finals(plan, plan.search.grid[0])[-1]
    del outcomes[last.hash]
    found = summarize(plan, outcomes)
    assert found.seeds == (0, 1)
    assert found.rows[0].seeds == 2
    for missing in ({}, {key: outcomes[key] for key in list(outcomes)[:4]}):
        with pytest.raises(InvalidInputError, match="not one seed has finished"):
            summarize(plan, missing)


def test_alike_within_what_matters_is_a_verdict(quick: Quick, outcomes_of: OutcomesOf) -> None:
    plan = quick(["relu", "tanh"], seeds=6, matters=0.02)
    near = tuple(score + 0.001 * (-1) ** place for place, score in enumerate(GOOD))
    found = summarize(plan, outcomes_of(plan, {"relu": GOOD, "tanh": near}))
    assert {each.verdict for each in found.rows} == {"no difference that matters"}
    assert found.settled
    assert found.more_seeds is None
    assert found.recommendation.startswith("No difference that matters: on blobs all of them")
    assert "Keep relu" in found.recommendation
    strict = summarize(
        quick(["relu", "tanh"], seeds=6, matters=0.0),
        outcomes_of(plan, {"relu": GOOD, "tanh": near}),
    )
    assert not strict.settled


def test_a_real_difference_too_small_to_matter_is_none(
    quick: Quick, outcomes_of: OutcomesOf
) -> None:
    lower = tuple(score - 0.2 - 1e-3 * place for place, score in enumerate(GOOD))
    for matters, verdicts in ((0.3, {"no difference that matters"}), (0.0, {"best", "worse"})):
        plan = quick(["relu", "tanh"], seeds=6, matters=matters)
        found = summarize(plan, outcomes_of(plan, {"relu": GOOD, "tanh": lower}))
        assert {each.verdict for each in found.rows} == verdicts


def test_more_looks_ask_for_more(quick: Quick, outcomes_of: OutcomesOf) -> None:
    lower = tuple(
        score - gap for score, gap in zip(GOOD, (0.1, 0.0, 0.1, 0.0, 0.1, 0.05), strict=True)
    )
    found = {}
    for looks in (1, 5):
        plan = quick(["relu", "tanh"], seeds=6, looks=looks)
        found[looks] = summarize(plan, outcomes_of(plan, {"relu": GOOD, "tanh": lower})).rows[1]
    assert found[5].p_value == pytest.approx(min(1, 5 * found[1].p_value))
    assert found[5].difference.low < found[1].difference.low
