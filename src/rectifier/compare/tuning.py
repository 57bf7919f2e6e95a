"""Choosing each activation's learning rate, on validation scores only.

Layer: compare, no framework. Where two rates score alike the lower loss is not looked at: the mean
over the tuning seeds decides, and of equals the smaller rate, which is the safer one.
"""

from __future__ import annotations

from collections.abc import Mapping

from rectifier.compare.plan import Plan
from rectifier.compare.result import TuningPoint
from rectifier.compare.trial import Outcome


def tuning_points(plan: Plan, outcomes: Mapping[str, Outcome]) -> tuple[TuningPoint, ...]:
    """Mean validation score of every activation at every learning rate.

    A run that failed counts as guessing, so a rate at which one of two runs diverges is not chosen
    for the other one's luck.

    Args:
        plan: What was run.
        outcomes: By hash of the trial; all tuning trials must be there.
    """
    scores: dict[tuple[str, float], list[float]] = {}
    for trial in plan.tuning_trials():
        outcome = outcomes[trial.hash]
        score = outcome.validation if outcome.status == "finished" else None
        key = trial.activation.name, trial.learning_rate
        scores.setdefault(key, []).append(1 / trial.data.classes if score is None else score)
    return tuple(
        TuningPoint(activation.name, rate, sum(found) / len(found))
        for activation in plan.activations
        for rate in plan.learning_rates
        if (found := scores.get((activation.name, rate)))
    )


def best_rates(plan: Plan, points: tuple[TuningPoint, ...]) -> dict[str, float]:
    """The learning rate of every activation, by name.

    Args:
        plan: What was run.
        points: Of `tuning_points`; none where the plan has a single learning rate.
    """
    rates = {activation.name: plan.learning_rates[0] for activation in plan.activations}
    best: dict[str, float] = {}
    for point in points:  # rates ascend, so a later equal does not replace the smaller one
        if point.score > best.get(point.activation, float("-inf")):
            best[point.activation] = point.score
            rates[point.activation] = point.learning_rate
    return rates


def at_edge(plan: Plan, rate: float) -> bool:
    """Whether a tuned rate is the smallest or largest tried; a better one may lie beyond."""
    return plan.tuned and rate in (plan.learning_rates[0], plan.learning_rates[-1])
