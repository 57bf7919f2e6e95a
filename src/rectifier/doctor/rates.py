"""Which learning rates and steps are usual, and what lower rate the evidence speaks for. Pure.

Layer: doctor; for the rules that find steps too large or too small, and for who treats them.
"""

from __future__ import annotations

import numpy as np

from rectifier.doctor import evidence
from rectifier.doctor.finding import Remedy
from rectifier.watch.record import Record

LARGE_UPDATE = 0.1
"""A step that changes the weights by a tenth: a hundred times the usual 1e-3."""

USUAL_UPDATE = 1e-3
"""Update ratio of a training that goes well (Karpathy, CS231n notes)."""

SOUND_UPDATE = 0.01
"""Update ratio of a sound opening: ten times the usual 1e-3, since early steps are the largest."""

ADAPTIVE = frozenset({"Adam", "AdamW", "NAdam", "RAdam", "Adamax", "RMSprop"})
ADAPTIVE_RATE = 1e-3
"""Default of optimisers whose steps are about their rate in size (Kingma and Ba 2015)."""

PLAIN_RATE = 0.1
"""Usual rate of plain and momentum SGD (He et al. 2016, section 3.4)."""

APART = 30.0
"""Rate of an optimiser over another's, from which it is the one that overshoots."""


def _beside(record: Record) -> Remedy | None:
    """For an optimiser that steps behind another one on the same loss, at a far higher rate.

    Of such steps the course of the training tells nothing, so its rate goes a decade down, and to
    what is usual for its kind at most.
    """
    seen = evidence.largest(record.training.learning_rate)
    far = [o for o in record.circumstances.optimizers if o.steps and o.rate >= APART * seen]
    if not far:
        return None
    fastest = max(far, key=lambda item: item.rate)
    usual = ADAPTIVE_RATE if fastest.kind in ADAPTIVE else PLAIN_RATE
    target = evidence.one_digit(min(0.1 * fastest.rate, usual))
    why = f"Of several optimisers {fastest.kind} alone takes far larger steps."
    settings = {"from": float(f"{fastest.rate:.6g}"), "to": target}
    return Remedy("lower_learning_rate", why, settings)


def lower(record: Record, step: float, why: str) -> Remedy | None:
    """The remedy: to a tenth, or lower where the steps say so.

    To a tenth, as learning rates are searched in decades (Smith 2017; Godbole et al. 2023, "Deep
    Learning Tuning Playbook"). Lower in proportion, where needed, so that the opening steps come
    down to `SOUND_UPDATE`, and those at the onset to less than `LARGE_UPDATE`; with an optimiser
    that steps by about its rate whatever the gradient not below its usual 1e-3. Where the rate is
    not known (updates by hand, an optimiser of the user's own), ``from`` is 1, ``to`` the factor.
    """
    if (beside := _beside(record)) is not None:
        return beside
    rate = evidence.learning_rate_at(record, step)
    opening = evidence.opening_update(record, max(step, 0))
    onset = evidence.update_before(record, "", step - 10, step + 2)
    settings: dict[str, object]
    # no update was seen there, or none moved anything (a network that is dead as a whole): no bound
    known = [(SOUND_UPDATE, opening), (LARGE_UPDATE, onset)]
    factor = max(1e-4, min([0.1, *(limit / ratio for limit, ratio in known if ratio > 0)]))
    if record.optimizer in ADAPTIVE and rate > 0:  # its first steps tell of its own start alone
        factor = max(factor, min(0.1, ADAPTIVE_RATE / rate))
    if not rate > 0:  # the program's own update, or an optimiser of its own
        unknown = not np.isfinite(record.training.learning_rate).any()
        known_ratio = opening > 0 or onset > 0
        if not (unknown and known_ratio):
            return None
        settings = {"from": 1.0, "to": float(f"{factor:.2g}"), "relative": True}
        return Remedy("lower_learning_rate", why, settings)
    target = evidence.one_digit(rate * factor)
    if record.optimizer == "LBFGS" and rate > 1:  # of a Newton step the whole is due
        target = 1.0  # and a search along it finds less
    settings = {"from": float(f"{rate:.6g}"), "to": target}
    usual = evidence.median(record.training.learning_rate)
    if usual <= min(0.1 * rate, 3 * target):  # the schedule comes down to that by itself
        settings |= {"to": max(target, float(f"{usual:.6g}")), "cap": True}
    return Remedy("lower_learning_rate", why, settings)
