"""What a comparison found: plain, framework-free rows that reports draw.

A `Comparison` is a pure function of the trials in the store; nothing here computes.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

Verdict = Literal[
    "best", "no difference", "no difference that matters", "worse", "failed", "too few seeds",
    "nothing to compare",
]  # fmt: skip
"""``best``: separable from all others. ``no difference``: not separable from the leader.
``no difference that matters``: so near to the leader, for sure, that nobody need care.
``worse``: separably worse than the leader. ``failed``: no seed finished with finite numbers.
``too few seeds``: one, which has no spread. ``nothing to compare``: it is the only arm."""

NAN = float("nan")


@dataclass(frozen=True)
class Interval:
    """An estimate with its confidence interval, in the unit of the estimate."""

    value: float
    low: float
    high: float
    level: float = 0.95


@dataclass(frozen=True)
class Row:
    """One arm's results over its seeds.

    Attributes:
        activation: Name. ``seeds``: how many finished. ``failed_seeds``: how many diverged.
        learning_rate, warmup, weight_decay: Medians of what the tuning studies chose.
        learning_rate_at_edge: In some study the best rate lies at the end of all that were tried.
        score: Mean test score (accuracy in 0…1, or as `Comparison.metric` says).
        scores: The score of each seed, in the order of `Comparison.seeds`; None: that seed failed.
        epochs_to_target: Median epochs to the target; None where most seeds never reached it.
        reached_target: How many seeds reached it.
        step_time: Median seconds per training step.
        dead, sparsity: Mean share over the model's sites, at the end of training; NaN: no sites.
        difference: Paired difference to the leader (negative: worse); None for the leader.
        p_value: Of that difference, corrected for the number of comparisons; None for the leader.
        probability_of_improvement: That a run of this activation beats a run of the leader.
        verdict: In a few words.
        curves: Over epochs, mean over seeds: ``train_loss``, ``validation_score``, and the ends of
            the middle 80 % of the seeds, with ``_low`` and ``_high`` after the name.
        failure: Why the first failed seed failed; empty where none did.
        middle: Interquartile mean of the scores.
        chance_best: How often it has the best mean when seeds are drawn anew.
        survival: (epochs, share of seeds that have not reached the target).
        steps_to_target, seconds_to_target, joules_to_target: Medians, as ``epochs_to_target``.
        gradient_flow: Gradient of the first layer over that of the last, at the end; median.
        sharpness: Relative rise of the loss one short step up the gradient; median.
        memory: Bytes that a step keeps for the backward pass. ``joules``: energy of a step.
        energy: ``measured`` or ``estimated``; empty: not known.
        together: How many trials of this arm trained as one, at most; 1: none.
        student: The difference's interval by Student's t alone. ``bootstrap``: by drawing seeds
            anew alone. ``difference`` is the two joined.
        middle_difference: Difference of the interquartile means to the leader's, by both ways.
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
    middle: Interval = field(default_factory=lambda: Interval(NAN, NAN, NAN))
    warmup: float = 0.0
    weight_decay: float = 0.0
    chance_best: float = NAN
    survival: tuple[tuple[float, float], ...] = ()
    steps_to_target: float | None = None
    seconds_to_target: float | None = None
    joules_to_target: float | None = None
    gradient_flow: float = NAN
    sharpness: float = NAN
    memory: float = NAN
    joules: float = NAN
    energy: str = ""
    together: int = 1
    student: Interval | None = None
    bootstrap: Interval | None = None
    middle_difference: Interval | None = None


@dataclass(frozen=True)
class TuningPoint:
    """One setting tried for one arm in one study, and its validation score."""

    activation: str
    learning_rate: float
    score: float
    study: int = 0
    warmup: float = 0.0
    weight_decay: float = 0.0


@dataclass(frozen=True)
class Comparison:
    """A whole comparison, best mean score first.

    Attributes:
        task: Name. ``metric``: what the score is, such as ``test accuracy``.
        target: Validation score that "epochs to target" counts to.
        rows: Best first. ``tuning``: all settings tried.
        recommendation: Sentences for a person; may say that there is no difference.
        recommended: Names that the data cannot tell apart from the best, the leader first.
        smallest_detectable: Difference in score that this many seeds could have shown (power 0.8).
        settings: Everything that determined the trials.
        environment: Machine and versions. ``trials``: how many trials stand behind this.
        matters: Smallest difference in score that would matter.
        baseline: The arm in use now; empty: none is.
        improvement: For every row and column (in the order of ``rows``), the chance that a run of
            the row scores higher than a run of the column.
        pareto: Names that no other beats in score, time and memory at once.
        settled: Whether every verdict is a decision: more seeds would change none of them.
        more_seeds: About how many seeds in all would settle what is open; None: not known or none.
        protocol: How it was done, in sentences with every number.
        prior: What the literature would have advised for the domain; empty: nothing.
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
    matters: float = 0.0
    baseline: str = ""
    improvement: tuple[tuple[float, ...], ...] = ()
    pareto: tuple[str, ...] = ()
    settled: bool = False
    more_seeds: int | None = None
    protocol: tuple[str, ...] = ()
    prior: str = ""
