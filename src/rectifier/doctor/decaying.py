"""A weight decay that pulls harder than the gradient. Framework-free, pure.

Layer: doctor; part of the rule ``vanishing_gradient``, as signal and gradient shrink with the
weights. That it harmed is for the rule to say.

Source: Krogh and Hertz 1991 (decay takes what the data do not hold); Loshchilov and Hutter 2019 (as
part of the gradient, and apart from it); Wang and Aitchison 2024, "How to set AdamW's weight decay
as you scale model and dataset size" (1 / (rate x decay) is the number of steps that weights are an
average over; good ones are an epoch or more).
"""

from __future__ import annotations

import math

import numpy as np

from rectifier.doctor import evidence
from rectifier.doctor.finding import Finding, Remedy, Severity
from rectifier.doctor.wording import number, percent
from rectifier.watch.record import OptimizerFacts, Record

ADAPTIVE = frozenset({"Adam", "NAdam", "RAdam", "Adamax", "RMSprop", "Adagrad"})
"""Optimisers whose steps are of the rate's size whatever the gradient's is."""

STRONGER = 3.0
"""Decay over gradient, element by element, from which the steps go where the decay pulls."""

FORGOTTEN = 0.01
"""Share of a weight that a decay takes at each step, apart from the gradient: the weights are an
average over a hundred steps then."""

GONE = 0.5
"""Share of a weight that a decay must take in all, where its size is that of the step."""

BESIDE = 0.1
"""Part of the gradient that the remedy leaves a decay."""


def _stepping(record: Record) -> OptimizerFacts | None:
    """The one optimiser that stepped; None where several did."""
    stepping = [item for item in record.circumstances.optimizers if item.steps]
    return stepping[0] if len(stepping) == 1 else None


def withering(record: Record, severity: Severity) -> Finding | None:
    """Weights that a decay took down to nothing."""
    left = evidence.withered(record)
    if left is None:
        return None
    said = "next to nothing" if left < 1e-6 else f"{100 * left:.2g} %"
    cause = (
        f"The weights of every layer shrank to {said} of their norm, and the signal and the "
        "gradient with them: the weight decay pulls harder than the gradient."
    )
    first = min(evidence.matrices(record), key=lambda item: item.order)
    norms = evidence.finite(first.weight_norm)
    at = first.step[: norms.size][norms <= 0.5 * norms[0]]
    numbers = {"weights_left": left}
    optimizer = _stepping(record)
    if optimizer is not None and (pull := _pull(record, optimizer)) >= STRONGER:
        numbers["pull"] = pull
    return _finding(record, cause, int(at[0]) if at.size else 0, numbers, severity)


def decaying(record: Record, severity: Severity) -> Finding | None:
    """Weights that a decay pulls at harder than the gradient, from the start."""
    optimizer = _stepping(record)
    if optimizer is None or not optimizer.decay > 0:
        return None
    taken = optimizer.rate * optimizer.decay
    if optimizer.apart:
        if not taken >= FORGOTTEN or not record.steps * FORGOTTEN >= 1:
            return None
        cause = (
            f"The weight decay {number(optimizer.decay)} takes {percent(taken)} of every weight at "
            f"each step of {optimizer.kind}: nothing outlasts some {round(1 / taken)} steps."
        )
        return _finding(record, cause, 0, {"taken": taken}, severity)
    pull = _pull(record, optimizer)
    lasting = optimizer.kind in ADAPTIVE or taken * record.steps >= GONE
    if not (pull >= STRONGER and lasting):
        return None
    cause = (
        f"The weight decay {number(optimizer.decay)} pulls at the weights {number(pull)} times as "
        "hard as the gradient did at the start (median over the layers)."
    )
    return _finding(record, cause, 0, {"pull": pull}, severity)


def _pull(record: Record, optimizer: OptimizerFacts) -> float:
    """Decay over gradient as first seen, median over the layers with weights; NaN if unknown."""
    size = {
        p.layer: math.hypot(p.std, p.mean)
        for p in record.circumstances.parameters
        if p.fan_in > 1 and p.std > 0
    }
    pulls = [
        optimizer.decay * size[item.layer] / gradient
        for item in evidence.matrices(record)
        if item.layer in size and (gradient := evidence.opening_gradient(item)) > 0
    ]
    return float(np.median(pulls)) if pulls else math.nan


def _finding(
    record: Record, cause: str, step: int, numbers: dict[str, float], severity: Severity
) -> Finding:
    decay: bool | float = True
    optimizer = _stepping(record)
    if "pull" in numbers and optimizer is not None:
        decay = evidence.one_digit(BESIDE * optimizer.decay / numbers["pull"])
    first = min(evidence.matrices(record), key=lambda item: item.order, default=None)
    return Finding(
        rule="vanishing_gradient",
        severity=severity,
        cause=cause,
        layer=first.layer if first is not None else "",
        first_step=step,
        evidence=numbers,
        remedies=(
            Remedy(
                "stabilize_loss",
                "A weight decay of usual strength leaves the loss in charge.",
                {"decay": decay},
            ),
        ),
    )
