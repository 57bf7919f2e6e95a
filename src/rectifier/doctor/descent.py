"""How the loss of a run goes down, if it does: straight, steadily, ever faster. Pure.

Layer: doctor; readings of the rule ``learning_rate_too_low``, which says what is a fault.
"""

from __future__ import annotations

import math

import numpy as np

from rectifier.doctor import evidence
from rectifier.watch.record import Record

ENOUGH = 30
"""Losses that show a line."""

PACE = 1.5
"""Fall of the loss in the last third of a run over that before it, from which it gathers pace; a
straight line has one."""

SUMMED = 10.0
"""Squared error at the start over the targets' mean square, from which it is no mean."""

LINE = -0.99
"""Correlation of loss and time from which a loss falls along a straight line."""

STRETCHES = 10
"""Parts of a run whose mean losses are compared to a line."""


def behind_the_mean(record: Record, loss: evidence.Loss) -> float:
    """What the targets' mean alone would cost, where a mean squared error has yet to come to that.

    A constant is the first thing that a network learns. An error that is summed, not averaged, is
    many times what targets and outputs of their size could cost at the start. NaN otherwise.
    """
    for head in record.circumstances.heads:
        variance = head.target_std * head.target_std  # a power of such as 1e200 raises
        if (
            head.chain[:1] == ("mse_loss",)
            and loss.end > variance / evidence.NO_BETTER > 0
            and loss.start <= SUMMED * (variance + head.target_mean * head.target_mean)
            and still_falls(record)
        ):
            return variance
    return math.nan


def is_straight(record: Record) -> bool:
    """Whether the loss is a line that falls, nowhere near any floor.

    As it is, or its means over a few stretches of the run, which the noise of small batches leaves.
    """
    known = np.isfinite(record.training.loss)
    steps, values = record.training.step[known], record.training.loss[known]
    if values.size < ENOUGH or not values.std() > 0:
        return False
    parts = [part.mean() for part in evidence.stretches(record, STRETCHES) if part.size]
    means = np.array(parts)
    return any(
        line.std() > 0 and float(np.corrcoef(time, line)[0, 1]) <= LINE
        for time, line in ((steps, values), (np.arange(means.size), means))
    )


def is_steady(record: Record) -> bool:
    """Whether the loss still fell as fast at the end as in the beginning."""
    early, middle, late = evidence.stretches(record, 3)
    if min(early.size, middle.size, late.size) < 4:
        return False
    first = float(early.mean() - middle.mean())
    second = float(middle.mean() - late.mean())
    return second > 0 and second >= 0.5 * first


def gathers_pace(record: Record) -> bool:
    """Whether the loss fell from each third of the steps to the next, and then half as far again:
    it leaves a plateau.
    """
    parts = evidence.stretches(record, 3)
    if min(part.size for part in parts) < 4:
        return False
    early, middle, late = (float(part.mean()) for part in parts)
    return middle - late >= PACE * (early - middle) > 0


def still_falls(record: Record) -> bool:
    """Whether the last third of the losses lies below the one before by more than their noise."""
    _, then, now = evidence.stretches(record, 3)
    if not then.size or not now.size:
        return False
    noise = math.sqrt(float(then.var()) / then.size + float(now.var()) / now.size)
    return float(then.mean() - now.mean()) > 2 * noise
