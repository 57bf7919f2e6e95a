"""``learning_rate_too_low``: the steps are so small that nothing is learnt. A rule: pure."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Sequence

import numpy as np

from rectifier.doctor import descent, evidence
from rectifier.doctor.finding import Finding, Remedy
from rectifier.doctor.rates import ADAPTIVE, ADAPTIVE_RATE, USUAL_UPDATE
from rectifier.doctor.rule import Rule
from rectifier.doctor.targets import unit_for
from rectifier.doctor.wording import number, percent
from rectifier.watch.record import Record

TINY = 1e-4
"""A tenth of it: from here on one may ask whether the steps are too small."""

MOVED = 0.03
"""How far the weights have moved in all, over their norm, if they have hardly moved."""

MINUTE = 1e-5
"""A hundredth of the usual change: from here on what the loss did is no excuse for long."""

STILL = 1e-3
"""How far the weights have moved in all, over their norm, if they stand: what the loss did then
is its noise, or what any step downhill brings."""

FAR_FROM = 0.8
"""Loss over its start at which a run that is over, and still falls as it did, has got nowhere."""

STEPS = 30
"""Steps of a run from which its length is no excuse."""

FAINT = 0.01
"""An adaptive optimiser's rate over the usual one, which is about what its steps move a weight by:
two decades below, where tuning looks for one over three decades around it (Bengio 2012)."""

COLLAPSED = 1e-3
"""Learning rate over its peak at which a schedule has ended the training."""

EPSILON = 1e-6
"""What an adaptive optimiser adds to the gradient's size before it divides by it, up to which a
gradient below it has lost its size on the way; whoever chose a larger one meant smaller steps."""

WARMING = 0.02
"""Top of a schedule over the rate that the optimiser was made with, of a warm-up longer than the
run: a linear one was at most at a fiftieth of its length then."""

RAISED = 3e-3
"""Update ratio that the remedy aims at: what a sound opening has (three times the usual one)."""

HURRIED = 1e-2
"""At most, in a run so short that its steps must be larger: steps that all go one way move weights
by their own norm, as far as training from random weights does, in one over the update ratio."""


def _travel(record: Record) -> float:
    """How far the trained matrices moved over their norm, their median by elements; NaN."""
    known = [
        (p.moved, p.size)
        for p in record.circumstances.parameters
        if p.steps and p.trainable and len(p.shape) > 1 and math.isfinite(p.moved)
    ]
    if not known:
        return math.nan
    known.sort()
    sizes = np.cumsum([size for _, size in known])
    return known[int(np.searchsorted(sizes, sizes[-1] / 2))][0]


def _experienced(record: Record) -> bool:
    """Whether weights came in that were learnt elsewhere, so that small steps are meant."""
    trained = [p for p in record.circumstances.parameters if p.steps]
    loaded = sum(p.size for p in trained if p.loaded)
    return loaded > 0.5 * sum(p.size for p in trained)


def _collapse(record: Record) -> tuple[int, float, float] | None:
    """Step at which the rate fell to a thousandth of its peak, with over half the run to go."""
    training = record.training
    known = np.isfinite(training.learning_rate)
    rates, steps = training.learning_rate[known], training.step[known]
    if rates.size < 10 or not rates.max() > 0:
        return None
    peak = int(rates.argmax())
    low = np.flatnonzero((rates <= COLLAPSED * rates[peak]) & (np.arange(rates.size) > peak))
    if not low.size:
        return None
    step = int(steps[low[0]])
    if step > 0.5 * record.steps or rates[low[0] :].max() > 2 * COLLAPSED * rates[peak]:
        return None
    return step, float(rates[peak]), float(rates[-1])


def check(record: Record) -> Sequence[Finding]:
    """Steps of sound gradients that are too small to get anywhere in the time given.

    Either from the start: a step changes the weights by less than 1e-4 of their norm (a tenth of
    the usual 1e-3), all steps together moved them by under 3 %, and the loss is still nine tenths
    of its start or more, or falls so slowly that the second half brought as much as the first, down
    to half of its start (to a fifth where a step changes the weights by less than 1e-5); or the
    weights moved by under 0.1 % in all and half of the loss is left; or, however far steps of up to
    three times that size came, the loss, nine tenths of its start or more, had only begun to fall;
    or the rate of an adaptive optimiser was a hundredth of the usual at most, and half of the loss
    was left where it was falling still; or ten times as much of either where the loss, nine tenths
    of its start or more (four fifths at one rate), fell along a straight line; or three times as
    much of both where it ended above four fifths of its start, and the last third brought half as
    much as the first or more; or a mean squared error, steadily falling by steps below the usual
    1e-3 or, for targets of ten and more, by any, was not yet down to what the targets' mean alone
    would cost; with weights that were not loaded. Or later: a schedule took the rate to a
    thousandth of its peak with over half of the run to go and the loss above a fifth of its start.
    Or a schedule warmed up from first to last and came to a fiftieth of the rate that the optimiser
    was made with. Or an adaptive optimiser's epsilon is larger than the gradient, of most layers,
    and half of the loss was left (a fifth, where it is five times as large): at most 1e-6, or such
    that a step changes the weights by less than 1e-4. Of several trainings one behind the other,
    each by an optimiser of its own, the last is judged too. Where the gradient is cut off or zero
    other rules explain the same picture.

    Source:
        Karpathy, CS231n notes, "Ratio of weights:updates" (1e-3 usual; lower: rate too low);
        Goodfellow, Bengio and Courville 2016, section 11.4.1 (a low rate shows as a loss that falls
        slowly and steadily); Saxe, McClelland and Ganguli 2014 (the time on a plateau goes with the
        inverse of the rate); Smith 2017 (range test); Kingma and Ba 2015, section 2 (epsilon).
    """
    loss = evidence.loss_of(record)
    if not loss.known or record.steps < STEPS or record.optimizer == "LBFGS":
        return ()
    found = (
        _damped(record, loss)
        or _warming(record, loss)
        or _by_schedule(record, loss)
        or _from_the_start(record, loss)
    )
    last = None if found else _last_phase(record)
    if last is None:
        return found
    began = int(last.training.step[0])
    later = _from_the_start(last, evidence.loss_of(last))
    return tuple(dataclasses.replace(item, first_step=began) for item in later)


def _damped(record: Record, loss: evidence.Loss) -> tuple[Finding, ...]:
    """An adaptive optimiser whose epsilon is larger than the gradient: it no longer adapts.

    Steps are rate * g / (|g| + epsilon) then, under half of what the rate says.
    """
    own = [item for item in record.circumstances.optimizers if item.steps]
    if not own or any(item.kind not in ADAPTIVE for item in own) or _experienced(record):
        return ()
    sizes = [evidence.opening_gradient(item) for item in evidence.matrices(record)]
    known = [size for size in sizes if size > 0]
    gradient = float(np.median(known)) if known else math.nan
    epsilon = max(item.epsilon for item in own)
    share = float(np.median([size / (size + epsilon) for size in known])) if known else math.nan
    update = evidence.median(record.training.update_ratio)
    meant = epsilon > EPSILON and not update < TINY
    enough = 0.2 if gradient <= 0.2 * epsilon else 0.5
    if not (share <= 0.5 and loss.start > 0 and loss.end > enough * loss.start) or meant:
        return ()
    rate = evidence.median(record.training.learning_rate)
    smaller = Remedy(
        "stabilize_loss",
        "An epsilon far below the gradient leaves steps the size that the rate gives them.",
        {"epsilon": float(f"{1e-3 * gradient:.0e}")},
    )
    cause = (
        f"The gradient's size {number(gradient)} (median over the layers) is not well above the "
        f"epsilon {number(epsilon)} that {own[0].kind} adds to it before it divides by it, so that "
        f"steps are {percent(share)} of what the learning rate says; the loss went "
        f"from {number(loss.start)} only to {number(loss.end)}."
    )
    found = _finding(record, cause, rate, rate, update, _travel(record))
    numbers = {**found.evidence, "gradient": gradient, "epsilon": epsilon}
    return (dataclasses.replace(found, evidence=numbers, remedies=(smaller,)),)


def _last_phase(record: Record) -> Record | None:
    """The training that began when all before it had ended, of a network that it trains alone."""
    known = sorted(record.circumstances.optimizers, key=lambda item: item.step)
    start = known[-1].step if known else 0
    if not start or any(item.step + item.steps > start for item in known[:-1]):
        return None
    new = {(item.model, item.layer) for item in record.layers if item.step.size}
    new -= {(i.model, i.layer) for i in record.layers if i.step.size and i.step[0] < start}
    facts = record.circumstances
    parameters = tuple(p for p in facts.parameters if (p.model, p.layer) in new)
    if (
        not parameters
        or min(record.steps - start, int((record.training.step >= start).sum())) < STEPS
    ):
        return None
    training = record.training
    late = training.step >= start
    series = {
        item.name: values[late]
        for item in dataclasses.fields(training)
        if isinstance(values := getattr(training, item.name), np.ndarray)
        and values.shape[:1] == late.shape
    }
    return dataclasses.replace(
        record,
        training=dataclasses.replace(training, **series),
        circumstances=dataclasses.replace(facts, parameters=parameters),
        layers=tuple(item for item in record.layers if (item.model, item.layer) in new),
        steps=record.steps - start,
        optimizer=known[-1].kind,
    )


def _warming(record: Record, loss: evidence.Loss) -> tuple[Finding, ...]:
    """A warm-up that is longer than the run."""
    training = record.training
    known = np.isfinite(training.learning_rate) & np.isfinite(training.update_ratio)
    rates, updates = training.learning_rate[known], training.update_ratio[known]
    made = [item.rate for item in record.circumstances.optimizers]
    if rates.size < STEPS or len(made) != 1 or not loss.end > 0.5 * loss.start > 0:
        return ()
    rises = bool(np.all(np.diff(rates) >= 0)) and rates[-1] > rates[0] > 0
    if not rises or not rates[-1] <= WARMING * made[0] or not np.median(updates) < TINY:
        return ()
    cause = (
        f"The schedule still warms up when the training ends: after {record.steps} steps it has "
        f"come from {number(float(rates[0]))} to {number(float(rates[-1]))}, and the optimiser was "
        f"made with {number(made[0])}; the loss went from {number(loss.start)} only to "
        f"{number(loss.end)}."
    )
    bound = float(rates[-1] * HURRIED / max(updates[-1], 1e-12))
    target = evidence.one_digit(min(made[0], bound))
    update = float(np.median(updates))
    return (_finding(record, cause, float(rates[-1]), target, update, _travel(record), hold=True),)


def _from_the_start(record: Record, loss: evidence.Loss) -> tuple[Finding, ...]:
    update = evidence.median(record.training.update_ratio)
    moved = _travel(record)
    rate = evidence.median(record.training.learning_rate)
    by_hand = not record.circumstances.optimizers and not rate > 0
    if math.isnan(moved) and by_hand:  # so far at most
        moved = update * record.steps
    if not (update > 0 and moved > 0) or _experienced(record) or not loss.start > 0:
        return ()
    stuck = loss.end >= 0.9 * loss.start
    little = loss.end >= FAR_FROM * loss.start
    rates = evidence.finite(record.training.learning_rate)
    held = rates.size > 0 and rates.min() >= 0.5 * rates.max()  # no warm-up that has yet to come
    creeps = update < 10 * TINY and moved < 10 * MOVED and descent.is_straight(record)
    creeps = creeps and (stuck or (little and held))
    minute, steady = update < MINUTE, descent.is_steady(record)
    far = loss.end > (0.2 if minute else 0.5) * loss.start
    still = minute and moved < STILL and loss.end > 0.5 * loss.start
    tiny = update < TINY and moved < MOVED and (stuck or still or (far and steady))
    onward = (
        update < 3 * TINY and stuck and descent.gathers_pace(record) and descent.still_falls(record)
    )
    short = update < 3 * TINY and moved < 3 * MOVED and little
    faint = record.optimizer in ADAPTIVE and evidence.largest(record.training.learning_rate) <= (
        FAINT * ADAPTIVE_RATE
    )
    behind = descent.behind_the_mean(record, loss) if steady else math.nan
    unit = unit_for(record) if behind > 0 else None
    onward = onward or (behind > 0 and (update < USUAL_UPDATE or unit is not None))
    rests = held and evidence.at_rest(record, loss)
    onward = onward or (update < 3 * TINY and moved < 3 * MOVED and rests)
    onward = onward or (
        faint and update < TINY and loss.end > 0.5 * loss.start and descent.still_falls(record)
    )
    if not (tiny or onward or creeps or (short and steady and descent.still_falls(record))):
        return ()
    told = f"The learning rate {number(rate)}" if rate > 0 else "The learning rate"
    cause = (
        f"{told} is too low: a step changes the weights by "
        f"{update:.1e} of their norm (1e-3 is usual), all {record.steps} of them by "
        f"{percent(moved)}, and the loss went from {number(loss.start)} only to {number(loss.end)}."
    )
    aim = min(max(RAISED, 1.0 / record.steps), HURRIED)
    factor = min(max(aim / update, 10.0), 1e6)
    adaptive = record.optimizer in ADAPTIVE and record.optimizer != "RMSprop"
    normed = any("LayerNorm" in layer.kind for layer in record.layers)
    usual = min(max(ADAPTIVE_RATE, 1.0 / record.steps), 3 * ADAPTIVE_RATE)
    if adaptive and not normed and rate > 0:  # such steps are of about the rate's size
        factor = max(factor, usual / rate)
    # a schedule may hold the rate down: its top is the most that can be told from outside
    target = evidence.one_digit(rate * factor)
    found = _finding(record, cause, rate, target, update, moved, factor=factor)
    numbers = {**found.evidence, **({"rate_over_usual": rate / ADAPTIVE_RATE} if faint else {})}
    if behind > 0:
        numbers["cost_of_the_mean"] = behind
        said = f"; the mean of the targets alone would cost {number(behind)}."
        cause = cause.removesuffix(".") + said
    if unit is not None:
        size = math.hypot(*(float(unit.settings[key]) for key in ("target_mean", "target_std")))
        cause = cause.replace("too low:", f"too low for targets of size {number(size)}:")
    found = dataclasses.replace(found, cause=cause)
    if unit is not None:  # the steps are as usual, and what they should come to is not
        found = dataclasses.replace(found, remedies=(unit, *found.remedies))
    return (dataclasses.replace(found, evidence=numbers),)


def _by_schedule(record: Record, loss: evidence.Loss) -> tuple[Finding, ...]:
    found = _collapse(record)
    if found is None or not loss.start > 0 or loss.end < 0.2 * loss.start:
        return ()
    step, peak, last = found
    update = evidence.median(record.training.update_ratio[record.training.step >= step])
    if not update < TINY:
        return ()
    cause = (
        f"From step {step} of {record.steps} on the schedule holds the learning rate below a "
        f"thousandth of its peak ({number(peak)}, at the end {number(last)}), so that nothing more "
        f"is learnt; the loss stands at {number(loss.end)} (start {number(loss.start)})."
    )
    return (_finding(record, cause, last, peak, update, math.nan, step=step, hold=True),)


def _finding(
    record: Record,
    cause: str,
    rate: float,
    target: float,
    update: float,
    moved: float,
    *,
    factor: float = math.nan,
    step: int = 0,
    hold: bool = False,
) -> Finding:
    numbers = {"update_ratio": update, "learning_rate": rate, "moved": moved}
    settings: dict[str, object] = {"from": float(f"{rate:.6g}"), "to": float(f"{target:.6g}")}
    if not rate > 0 and not hold:  # updates by hand, whose rate nobody tells
        settings = {"from": 1.0, "to": float(f"{factor:.6g}"), "relative": True}
    if hold:
        settings["hold"] = True
    return Finding(
        rule="learning_rate_too_low",
        severity="error" if evidence.stuck(evidence.loss_of(record)) else "warning",
        cause=cause,
        first_step=step,
        evidence={name: value for name, value in numbers.items() if not math.isnan(value)},
        remedies=(
            Remedy(
                "raise_learning_rate", "Larger steps get somewhere in the time given.", settings
            ),
        ),
    )


RULE = Rule(
    id="learning_rate_too_low",
    check=check,
    summary="The steps are so small that the weights hardly move.",
    source="CS231n notes; Goodfellow, Bengio and Courville 2016, section 11.4.1",
)
