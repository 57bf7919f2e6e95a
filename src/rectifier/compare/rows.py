"""One row of a comparison: the figures of one arm over its seeds, verdicts left out.

Layer: compare, no framework; part of `rectifier.compare.summary`.
"""

from __future__ import annotations

import itertools
import math
import statistics as averages
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from rectifier.compare import statistics
from rectifier.compare.plan import Plan
from rectifier.compare.resampling import interquartile_mean
from rectifier.compare.result import Interval, Row, Verdict
from rectifier.compare.trial import Outcome, Setting, Trial
from rectifier.compare.tuning import at_edge

_MOST_POINTS = 60
"""Epochs of a curve that are kept for a report; of longer ones every so many."""


@dataclass(frozen=True)
class ArmRuns:
    """One arm's final runs, what its steps cost, and how it was tuned.

    Attributes:
        name: Of the arm. ``trials``, ``outcomes``: in the order of the seeds.
        cost: Of its cost trial; None where nothing was timed.
        settings: What each study chose. ``tried``: what each study tried; empty: nothing.
    """

    name: str
    trials: tuple[Trial, ...]
    outcomes: tuple[Outcome, ...]
    cost: Outcome | None
    settings: tuple[Setting, ...]
    tried: tuple[Sequence[tuple[Setting, float]], ...]

    @property
    def scores(self) -> tuple[float, ...]:
        """Test scores, guessing in place of failed ones."""
        return tuple(
            trial.data.guess if (found := final_score(outcome)) is None else found
            for trial, outcome in zip(self.trials, self.outcomes, strict=True)
        )

    @property
    def finished(self) -> int:
        """Runs that gave a score."""
        return sum(final_score(outcome) is not None for outcome in self.outcomes)


def final_score(outcome: Outcome) -> float | None:
    """The test score of a run that finished."""
    return outcome.test if outcome.status == "finished" else None


def row(plan: Plan, arm: ArmRuns, verdict: Verdict, studies: Sequence[int]) -> Row:
    """The row of one arm; how it compares with others is left out."""
    epochs = [
        outcome.epochs_to(plan.target) if outcome.status == "finished" else math.inf
        for outcome in arm.outcomes
    ]
    median = statistics.censored_median(epochs)
    steps = None if median is None else median * (arm.trials[0].steps if arm.trials else 1)
    cost = arm.cost or Outcome("finished")
    reasons = [outcome.reason for outcome in arm.outcomes if outcome.status != "finished"]
    lowest = -math.inf if arm.trials and arm.trials[0].data.kind == "values" else 0.0
    unknown = Interval(math.nan, math.nan, math.nan)
    return Row(
        activation=arm.name,
        seeds=arm.finished,
        failed_seeds=len(arm.outcomes) - arm.finished,
        learning_rate=averages.median(setting.learning_rate for setting in arm.settings),
        learning_rate_at_edge=any(at_edge(tried) for tried in arm.tried),
        score=statistics.mean_interval(arm.scores, studies, lowest=lowest)
        if arm.finished
        else unknown,
        scores=tuple(final_score(outcome) for outcome in arm.outcomes),
        epochs_to_target=median,
        reached_target=sum(math.isfinite(epoch) for epoch in epochs),
        step_time=cost.step_time,
        dead=_mean([outcome.dead for outcome in arm.outcomes]),
        sparsity=_mean([outcome.sparsity for outcome in arm.outcomes]),
        difference=None,
        p_value=None,
        probability_of_improvement=None,
        verdict=verdict,
        curves=_curves(arm.outcomes),
        failure=reasons[0] if reasons else "",
        middle=interquartile_mean(arm.scores, studies) if arm.finished else unknown,
        warmup=averages.median(setting.warmup for setting in arm.settings),
        weight_decay=averages.median(setting.weight_decay for setting in arm.settings),
        survival=statistics.survival(epochs, plan.epochs),
        steps_to_target=steps,
        seconds_to_target=_times(steps, cost.step_time),
        joules_to_target=_times(steps, cost.joules),
        gradient_flow=_median([outcome.gradient_flow for outcome in arm.outcomes]),
        sharpness=_median([outcome.sharpness for outcome in arm.outcomes]),
        memory=cost.memory,
        joules=cost.joules,
        energy=cost.energy,
        together=max((outcome.together for outcome in arm.outcomes), default=1),
    )


def _times(steps: float | None, cost: float) -> float | None:
    return None if steps is None or not math.isfinite(cost) else steps * cost


def _finite(values: Sequence[float]) -> list[float]:
    return [value for value in values if math.isfinite(value)]


def _mean(values: Sequence[float]) -> float:
    return averages.fmean(_finite(values)) if _finite(values) else math.nan


def _median(values: Sequence[float]) -> float:
    return averages.median(_finite(values)) if _finite(values) else math.nan


def _curves(outcomes: Sequence[Outcome]) -> dict[str, tuple[float, ...]]:
    """Mean and middle 80 % over the runs that got as far as each epoch."""
    curves: dict[str, tuple[float, ...]] = {}
    for name in ("train_loss", "validation_score"):
        columns = [
            _finite([value for value in values if value is not None])
            for values in itertools.zip_longest(*(getattr(each, name) for each in outcomes))
        ]
        columns = columns[:: max(1, math.ceil(len(columns) / _MOST_POINTS))]
        curves[name] = tuple(_mean(column) for column in columns)
        for end, share in (("_low", 0.1), ("_high", 0.9)):
            curves[name + end] = tuple(
                float(np.quantile(column, share)) if column else math.nan for column in columns
            )
    return curves
