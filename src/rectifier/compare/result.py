"""What a comparison found: plain, framework-free rows that reports draw.

A `Comparison` is a pure function of the trials in the store; nothing here computes.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

Verdict = Literal["best", "no difference", "worse", "failed"]
"""``best``: separable from all others. ``no difference``: not separable from the leader.
``worse``: separably worse than the leader. ``failed``: no seed finished with finite numbers."""


@dataclass(frozen=True)
class Interval:
    """An estimate with its confidence interval, in the unit of the estimate."""

    value: float
    low: float
    high: float
    level: float = 0.95


@dataclass(frozen=True)
class Row:
    """One activation's results over its seeds.

    Attributes:
        activation: Name. ``seeds``: how many finished. ``failed_seeds``: how many diverged.
        learning_rate: The tuned one. ``learning_rate_at_edge``: it lies at the end of the grid.
        score: Mean test score (accuracy in 0…1, or as `Comparison.metric` says).
        scores: The score of each seed, in the order of `Comparison.seeds`; None: that seed failed.
        epochs_to_target: Median epochs to the target; None where most seeds never reached it.
        reached_target: How many seeds reached it.
        step_time: Median seconds per training step.
        dead, sparsity: Mean share over the model's sites, at the end of training; NaN: no sites.
        difference: Paired difference to the leader (negative: worse); None for the leader.
        p_value: Of that difference, corrected for the number of comparisons; None for the leader.
        probability_of_improvement: That a run of this activation beats a run of the leader.
        verdict: In one word or two.
        curves: Per-epoch mean over seeds: ``train_loss``, ``validation_score``.
        failure: Why the first failed seed failed; empty where none did.
    """

    activation: str
    seeds: int
    failed_seeds: int
    learning_rate: float
    learning_rate_at_edge: bool
    score: Interval
    scores: tuple[float | None, ...]
    epochs_to_target: float | None
    reached_target: int
    step_time: float
    dead: float
    sparsity: float
    difference: Interval | None
    p_value: float | None
    probability_of_improvement: float | None
    verdict: Verdict
    curves: Mapping[str, tuple[float, ...]] = field(default_factory=dict)
    failure: str = ""


@dataclass(frozen=True)
class TuningPoint:
    """One learning rate tried for one activation: mean validation score over the tuning seeds."""

    activation: str
    learning_rate: float
    score: float


@dataclass(frozen=True)
class Comparison:
    """A whole comparison, best mean score first.

    Attributes:
        task: Name. ``metric``: what the score is, such as ``test accuracy``.
        target: Validation score that "epochs to target" counts to.
        rows: Best first. ``tuning``: all learning rates tried.
        recommendation: Sentences for a person; may say that there is no difference.
        recommended: Names that the data cannot tell apart from the best, the leader first.
        smallest_detectable: Difference in score that this many seeds could have shown (power 0.8).
        settings: Everything that determined the trials.
        environment: Machine and versions. ``trials``: how many trials stand behind this.
    """

    task: str
    metric: str
    target: float
    seeds: tuple[int, ...]
    rows: tuple[Row, ...]
    tuning: tuple[TuningPoint, ...]
    recommendation: str
    recommended: tuple[str, ...]
    smallest_detectable: float
    trials: int
    settings: Mapping[str, Any] = field(default_factory=dict)
    environment: Mapping[str, str] = field(default_factory=dict)
