"""From outcomes to a `Comparison`: a pure function of the plan and the store's content.

Layer: compare, no framework. What is sorted, averaged and tested is decided here; how the tests
work is in `rectifier.compare.statistics`, what is said in `rectifier.compare.recommend`.

A final run that failed is not dropped: it counts as guessing (1 / number of classes), since that is
what its user would have got.
"""

from __future__ import annotations

import itertools
import math
import statistics as averages
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from rectifier.compare import statistics
from rectifier.compare.plan import Plan
from rectifier.compare.recommend import recommend
from rectifier.compare.result import Comparison, Interval, Row, Verdict
from rectifier.compare.trial import Outcome, Trial
from rectifier.compare.tuning import at_edge, best_rates, tuning_points
from rectifier.errors import InvalidInputError

METRIC = "test accuracy"


@dataclass(frozen=True)
class _Arm:
    """One activation's final runs; ``scores`` has guessing in place of failed ones."""

    name: str
    rate: float
    trials: tuple[Trial, ...]
    outcomes: tuple[Outcome, ...]

    @property
    def scores(self) -> tuple[float, ...]:
        return tuple(
            1 / trial.data.classes if _score(outcome) is None else _score(outcome) or 0.0
            for trial, outcome in zip(self.trials, self.outcomes, strict=True)
        )

    @property
    def finished(self) -> int:
        return sum(_score(outcome) is not None for outcome in self.outcomes)


def summarize(
    plan: Plan,
    outcomes: Mapping[str, Outcome],
    *,
    environment: Mapping[str, str] | None = None,
) -> Comparison:
    """Judge what a plan's trials came to.

    Args:
        plan: What was run.
        outcomes: By hash of the trial. Seeds that are not there for every activation are left out.
        environment: Machine and versions, for the report.

    Returns:
        The comparison, best mean test score first.

    Raises:
        InvalidInputError: Not even one seed is complete.
    """
    try:
        points = tuning_points(plan, outcomes)
        rates = best_rates(plan, points)
    except KeyError:
        points, rates = (), {}
    arms, seeds = _arms(plan, outcomes, rates) if rates else ((), ())
    if not seeds:
        raise InvalidInputError(
            "not one seed has finished for every activation, so there is nothing to compare yet; "
            "resume the comparison"
        )
    ranked = sorted(
        arms, key=lambda arm: (arm.finished == 0, -averages.fmean(arm.scores), arm.name)
    )
    rows, deviation, factor = _rows(plan, ranked)
    alpha = (1 - statistics.LEVEL) / factor
    equals = tuple(row.activation for row in rows if row.verdict in ("best", "no difference"))
    comparison = Comparison(
        task=plan.task.name,
        metric=METRIC,
        target=plan.target,
        seeds=seeds,
        rows=rows,
        tuning=points,
        recommendation="",
        recommended=equals,
        smallest_detectable=statistics.smallest_detectable(deviation, len(seeds), alpha),
        trials=len(plan.tuning_trials()) + len(arms) * len(seeds),
        settings=plan.settings,
        environment=dict(environment or {}),
    )
    needed = _seeds_to_settle(ranked, equals, alpha)
    return replace(comparison, recommendation=recommend(comparison, needed))


def _score(outcome: Outcome) -> float | None:
    return outcome.test if outcome.status == "finished" else None


def _arms(
    plan: Plan, outcomes: Mapping[str, Outcome], rates: Mapping[str, float]
) -> tuple[tuple[_Arm, ...], tuple[int, ...]]:
    trials = plan.final_trials(rates)
    missing = {trial.seed for trial in trials if trial.hash not in outcomes}
    seeds = tuple(seed for seed in plan.seeds if seed not in missing)
    arms = []
    for activation in plan.activations:
        own = tuple(
            trial
            for trial in trials
            if trial.activation.name == activation.name and trial.seed not in missing
        )
        found = tuple(outcomes[trial.hash] for trial in own)
        arms.append(_Arm(activation.name, rates[activation.name], own, found))
    return tuple(arms), seeds


def _resolution(arm: _Arm) -> float:
    return 1 / min(trial.data.test_samples for trial in arm.trials)


def _rows(plan: Plan, ranked: Sequence[_Arm]) -> tuple[tuple[Row, ...], float, float]:
    """Rows in order, the typical deviation of differences to the leader, the next factor."""
    resolution = _resolution(ranked[0])
    pairs = list(itertools.combinations(range(len(ranked)), 2))
    differences = [
        statistics.paired(ranked[low].scores, ranked[high].scores, resolution)
        for high, low in pairs
    ]
    corrected, factor = statistics.correct([each.p_value for each in differences], len(ranked))
    # The pairs of the leader come first: (0, 1), (0, 2), …
    to_leader = dict(zip(range(1, len(ranked)), zip(differences, corrected, strict=True)))  # noqa: B905
    worse = {place for place, (_, fixed) in to_leader.items() if fixed.p_value < 0.05}
    alone = len(ranked) > 1 and all(
        place in worse or not arm.finished for place, arm in enumerate(ranked) if place
    )
    rows = []
    for place, arm in enumerate(ranked):
        difference: Interval | None = None
        p_value = improvement = None
        verdict: Verdict = "best" if alone else "no difference"
        if arm.finished == 0:
            verdict = "failed"
        elif place and ranked[0].finished:
            found, fixed = to_leader[place]
            difference = found.interval(1 - (1 - statistics.LEVEL) / fixed.factor)
            p_value = fixed.p_value if found.count > 1 else None
            improvement = statistics.probability_of_improvement(arm.scores, ranked[0].scores)
            verdict = "worse" if place in worse else "no difference"
        rows.append(_row(plan, arm, verdict, difference, p_value, improvement))
    deviations = [
        found.deviation for place, (found, _) in to_leader.items() if ranked[place].finished
    ]
    return tuple(rows), averages.median(deviations) if deviations else math.nan, factor


def _row(
    plan: Plan,
    arm: _Arm,
    verdict: Verdict,
    difference: Interval | None,
    p_value: float | None,
    improvement: float | None,
) -> Row:
    epochs = [
        outcome.epochs_to(plan.target) if outcome.status == "finished" else math.inf
        for outcome in arm.outcomes
    ]
    reasons = [outcome.reason for outcome in arm.outcomes if outcome.status != "finished"]
    return Row(
        activation=arm.name,
        seeds=arm.finished,
        failed_seeds=len(arm.outcomes) - arm.finished,
        learning_rate=arm.rate,
        learning_rate_at_edge=at_edge(plan, arm.rate),
        score=statistics.mean_interval(arm.scores)
        if arm.finished
        else Interval(math.nan, math.nan, math.nan),
        scores=tuple(_score(outcome) for outcome in arm.outcomes),
        epochs_to_target=statistics.censored_median(epochs),
        reached_target=sum(math.isfinite(epoch) for epoch in epochs),
        step_time=_median([outcome.step_time for outcome in arm.outcomes]),
        dead=_mean([outcome.dead for outcome in arm.outcomes]),
        sparsity=_mean([outcome.sparsity for outcome in arm.outcomes]),
        difference=difference,
        p_value=p_value,
        probability_of_improvement=improvement,
        verdict=verdict,
        curves={
            "train_loss": _curve([outcome.train_loss for outcome in arm.outcomes]),
            "validation_score": _curve([outcome.validation_score for outcome in arm.outcomes]),
        },
        failure=reasons[0] if reasons else "",
    )


def _finite(values: Sequence[float]) -> list[float]:
    return [value for value in values if math.isfinite(value)]


def _mean(values: Sequence[float]) -> float:
    return averages.fmean(_finite(values)) if _finite(values) else math.nan


def _median(values: Sequence[float]) -> float:
    return averages.median(_finite(values)) if _finite(values) else math.nan


def _curve(curves: Sequence[Sequence[float]]) -> tuple[float, ...]:
    """Mean over the runs that got as far as each epoch."""
    return tuple(
        _mean([value for value in values if value is not None])
        for values in itertools.zip_longest(*curves)
    )


def _seeds_to_settle(ranked: Sequence[_Arm], equals: Sequence[str], alpha: float) -> int | None:
    """Seeds that would likely tell the leader from the runner-up, if the gap is as it looks."""
    if len(equals) < 2:
        return None
    first, second = ranked[0], ranked[1]
    gap = statistics.paired(first.scores, second.scores, _resolution(first))
    return statistics.seeds_needed(gap.mean, gap.deviation, alpha)
