"""Whether the first steps made a recurrent network's gradient explode. Framework-free, pure.

Layer: doctor; part of the rule ``exploding_gradient``, which sees whether it did harm.
"""

from __future__ import annotations

import math

import numpy as np

from rectifier.doctor import evidence
from rectifier.doctor.drawn import drawn_in
from rectifier.doctor.finding import Finding, Remedy
from rectifier.doctor.rates import lower
from rectifier.doctor.rounds import ROUNDS
from rectifier.doctor.wording import number
from rectifier.watch.record import Record

EARLY = 20
"""Steps in which the first updates show."""

GROWN = 1e3
"""Gradient's norm over that of the first step: a rate of a thousandth would be needed for a step
of the first one's size."""


def through_time(record: Record) -> Finding | None:
    """A gradient that the first updates made a thousand times what it was.

    Weights that are multiplied by themselves at every round need change but little for that: the
    step that did it was of a size that other networks bear.

    Args:
        record: Of a run that was harmed.

    Source:
        Pascanu, Mikolov and Bengio 2013, "On the difficulty of training recurrent neural networks",
        sections 2.2 and 3.2 (the product over time; clipping).
    """
    recurrent = [p for p in drawn_in(record) if "weight_hh" in p.name or p.applied >= ROUNDS]
    norms, steps = record.training.gradient_norm[:EARLY], record.training.step[:EARLY]
    if not recurrent or norms.size < 2 or not norms[0] > 0:
        return None
    worst = 1 + int(np.argmax(np.nan_to_num(norms[1:], nan=0.0)))
    if not norms[worst] >= GROWN * norms[0]:
        return None
    size = math.hypot(*(evidence.median(item.weight_norm[:1]) for item in record.layers))
    slower = lower(record, int(steps[worst]), "Smaller steps survive a large gradient.")
    clip = Remedy(
        "clip_gradients",
        "A bound on the gradient's norm keeps one step from making the next a thousandfold.",
        {"max_norm": evidence.one_digit(0.1 * size)},
    )
    return Finding(
        rule="exploding_gradient",
        severity="error",
        cause=(
            f"At step {int(steps[worst])} the gradient's norm was {number(float(norms[worst]))}, "
            f"from {number(float(norms[0]))} at first: {recurrent[0].layer!r} is applied anew at "
            "every time step, and what the first updates changed in it grows from round to round."
        ),
        layer=recurrent[0].layer,
        first_step=int(steps[worst - 1]),  # the update that did it
        evidence={"first_norm": float(norms[0]), "burst_norm": float(norms[worst])},
        remedies=(clip, *((slower,) if slower else ())) if size > 0 else (),
    )
