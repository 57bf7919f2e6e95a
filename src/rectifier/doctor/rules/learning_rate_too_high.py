"""``learning_rate_too_high``: the steps overshoot. A rule: pure, framework-free."""

from __future__ import annotations

import math
from collections.abc import Sequence

from rectifier.doctor import evidence
from rectifier.doctor.finding import Finding, Remedy, Severity
from rectifier.doctor.overshooting import (
    LEARNT,
    OVERSHOOT,
    VIOLENT,
    gradient_burst,
    killed,
    overshoot,
)
from rectifier.doctor.rates import lower
from rectifier.doctor.rule import Rule
from rectifier.doctor.wording import number, of_norm, percent, place
from rectifier.watch.record import Record


def check(record: Record) -> Sequence[Finding]:
    """Steps so large that the loss rose above its start.

    ``error`` where the run came to nothing (non-finite, or its end not a tenth below its start, or,
    a cross-entropy, not a tenth below what guessing gives), or where a quarter of a layer's units
    died of it and the loss did not halve. ``warning`` where it halved in spite of the dead though
    not to a fifth, or recovered from a step that changed the weights by more than their own norm
    and quadrupled the loss, or where an adaptive optimiser's rate and all its steps (over the
    weights as they are, or, where the loss rose, as they were drawn) are thirty times the usual and
    the loss did not fall to a fifth, whether it rose or not, or some hidden layer passes no
    gradient since, or where a schedule raises the rate from first to last, to ten times what the
    optimiser was made with, and it did not fall to a fifth. Else ``info``, and where the loss is
    the sum over an agent's episodes, which does not tell how well it plays, unless it broke or
    units died. Changes that are small in each of many layers, after which the loss rose as much,
    add up (`rectifier.doctor.collapse`).

    Source:
        See `overshoot`; error and recovery after Lewkowycz et al. 2020, "The large learning rate
        phase of deep learning".
    """
    found = overshoot(record)
    if found is None:
        return ()
    burst = gradient_burst(record)
    if burst is not None and burst <= found.step + 5:  # a burst takes a few steps to its height
        return ()
    loss = found.loss
    if found.broke and _fed(record, loss.broke_step):
        return ()  # the data broke the loss, whatever the steps' size
    violent = found.update >= VIOLENT and loss.growth >= 4
    lost = killed(record, found.step)
    bad = found.harmed or (lost is not None and not loss.end < 0.5 * loss.start)
    odd = (
        violent
        or found.restless
        or found.climbed > 0
        or (lost is not None and not loss.reached(LEARNT))
    )
    severity: Severity = "error" if bad else "warning" if odd else "info"
    if evidence.of_episodes(record) and not found.broke and lost is None:
        severity = "info"  # what an agent's moves cost does not tell how well it plays
    rate = f"the learning rate {number(found.learning_rate)}"
    if math.isnan(found.learning_rate):
        rate = "the learning rate"
    size = "more than can be represented"
    if math.isfinite(found.update):
        size = of_norm(found.update)
    if found.broke:
        then = f"and the loss, {number(loss.start)} at first, was no longer finite"
        then += f" from step {loss.broke_step}" if loss.broke_step is not None else ""
    elif loss.growth >= OVERSHOOT:
        then = f"and the loss rose from {number(loss.start)} to {number(loss.peak)}"
        then += f" (step {loss.peak_step})"
        then += f" and ended at {number(loss.end)}"
    else:
        then = f"and the loss went from {number(loss.start)} only to {number(loss.end)}"
    high = "is on the high side" if severity == "info" else "is too high"
    cause = (
        f"{rate[0].upper()}{rate[1:]} {high}: at step {found.step} one update changed the "
        f"weights by {size} (0.1 % is usual), {then}"
    )
    if found.climbed:
        cause = (
            f"The schedule raises the learning rate from first to last, and has left the "
            f"{number(found.climbed)} that the optimiser was made with at step {found.step}, up to "
            f"{number(found.learning_rate)}: a warm-up that nothing ends, {then}"
        )
    if found.layers:
        cause += f"; through {found.layers} layers in a row such changes add up, and the front half"
        cause += " has been without gradient since: all inputs look alike behind it"
    if lost is not None:
        cause += f"; {percent(lost.share)} of the units of {place(lost.site)} died of it"
    remedy = lower(record, found.step, "Smaller steps do not overshoot.")
    if found.climbed:
        settings = {"from": found.learning_rate, "to": found.climbed, "cap": True}
        why = "The rate that the optimiser was made with is where a warm-up ends."
        remedy = Remedy("lower_learning_rate", why, settings)
    evidence_ = {
        "update_ratio": found.update,
        "learning_rate": found.learning_rate,
        "loss_start": loss.start,
        "loss_peak": loss.peak,
        "loss_end": loss.end,
    }
    return (
        Finding(
            rule="learning_rate_too_high",
            severity=severity,
            cause=f"{cause}.",
            first_step=found.step,
            evidence={name: value for name, value in evidence_.items() if not math.isnan(value)},
            remedies=(remedy,) if remedy else (),
        ),
    )


def _fed(record: Record, broke: int | None) -> bool:
    """Whether NaN or infinity entered with the data no later than the loss broke."""
    return any(
        item.where == "input" and (broke is None or item.step <= broke)
        for item in record.non_finite
    )


RULE = Rule(
    id="learning_rate_too_high",
    check=check,
    summary="The steps are so large that they overshoot and undo what was learnt.",
    source="LeCun et al. 1998, section 4.7; Lewkowycz et al. 2020; CS231n notes",
    explains=(
        "dying_relu",
        "dormant_units",
        "saturated_activation",
        "exploding_gradient",
        "vanishing_gradient",
        "non_finite",
    ),
)
