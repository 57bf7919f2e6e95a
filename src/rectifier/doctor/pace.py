"""Which rate goes with a treatment, beside what a rule says of it. Framework-free and pure.

Layer: doctor, for `rectifier.doctor.in_turn`. A rule tells that steps overshoot, or creep; what
suits depends on the optimiser, on how long the program trains, and on what else is done.
"""

from __future__ import annotations

import dataclasses
import math

import numpy as np

from rectifier.doctor import evidence, judge
from rectifier.doctor.finding import Remedy
from rectifier.doctor.rates import ADAPTIVE, ADAPTIVE_RATE, PLAIN_RATE, lower
from rectifier.watch.record import Record

HELD, SHARE, RAISED = 30, 0.8, 3.0
"""Steps at least, and share of those before the overshoot, over which a rate was one and the same;
and the rate over that one, from which a schedule raised it."""


def with_rate(treatment: tuple[Remedy, ...], record: Record) -> tuple[Remedy, ...]:
    """With smaller steps, where gradients are to be clipped whose size the optimiser divides out.

    A step of Adam's is about as long as its rate, whatever the gradient's norm (Kingma and Ba 2015,
    section 2.1), so that a bound of that norm alone leaves steps that are far too long as they are.
    """
    rate = evidence.largest(record.training.learning_rate)
    actions = {remedy.action for remedy in treatment}
    if (
        "clip_gradients" not in actions
        or actions & set(judge.RATES)
        or record.optimizer not in ADAPTIVE
        or not rate >= 10 * ADAPTIVE_RATE
    ):
        return treatment
    slower = lower(record, record.steps, "Clipped gradients do not shorten Adam's steps.")
    return treatment if slower is None else (*treatment, slower)


def with_pace(treatment: tuple[Remedy, ...], record: Record) -> tuple[Remedy, ...]:
    """With a lowered rate of Adam's kind that suits how long the program trains, and what; one that
    was raised on the way comes back to where it was.
    """
    usual = judge.usual_rate(record)

    def paced(remedy: Remedy) -> Remedy:
        given = remedy.settings
        plain = remedy.action == "lower_learning_rate" and not {"cap", "relative"} & set(given)
        if not plain or not 0.1 * float(given["from"]) >= usual > float(given["to"]):
            return remedy
        return dataclasses.replace(remedy, settings={**given, "to": usual})

    treatment = tuple(_as_before(remedy, record) for remedy in treatment)
    if record.optimizer not in ADAPTIVE:
        return treatment
    return tuple(map(paced, treatment))


def faster(treatment: tuple[Remedy, ...], record: Record) -> list[tuple[Remedy, ...]]:
    """Steps as large as normalised inputs allow, where raw ones had kept plain steps small.

    The largest curvature by a first layer's weights grows with the sum of the mean squares of what
    enters it, and a stable rate falls with that (LeCun et al. 1998, "Efficient BackProp", 4.3).
    """
    rate = evidence.largest(record.training.learning_rate)
    squares = [float((feed.mean**2 + feed.std**2).sum()) for feed in record.circumstances.feeds]
    if (
        not any(remedy.action == "normalize_input" for remedy in treatment)
        or any(remedy.action in judge.RATES for remedy in treatment)
        or record.optimizer in ADAPTIVE
        or not 0 < rate < PLAIN_RATE
    ):
        return []
    size = max(filter(math.isfinite, squares), default=1.0)
    to = min(PLAIN_RATE, rate * size)
    if to < 3 * rate:
        return []
    settings = {"from": float(f"{rate:.6g}"), "to": float(f"{to:.1g}")}
    why = "Normalised inputs bear the larger steps that raw ones did not."
    return [(Remedy("raise_learning_rate", why, settings),)]


def _as_before(remedy: Remedy, record: Record) -> Remedy:
    """At most the rate that was held until a schedule raised it, where the steps overshot then.

    Taken down with the rest of the schedule, what was sound before would be next to nothing.
    """
    given = remedy.settings
    if remedy.action != "lower_learning_rate" or {"cap", "relative"} & set(given):
        return remedy
    steps, rates = record.training.step, record.training.learning_rate
    if steps.size != rates.size:
        return remedy
    high = np.flatnonzero(np.isfinite(rates) & (rates >= 0.99 * float(given["from"])))
    before = evidence.finite(rates[: high[0]]) if high.size else rates[:0]
    if before.size < HELD:
        return remedy
    held = float(np.median(before))
    same = float(np.mean(np.abs(before - held) <= 0.01 * held))
    if not (0 < held <= float(given["from"]) / RAISED and same >= SHARE):
        return remedy
    return dataclasses.replace(remedy, settings={**given, "to": float(f"{held:.6g}"), "cap": True})
