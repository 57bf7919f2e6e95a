"""``learning_rate_too_high``: the steps overshoot. A rule: pure, framework-free.

One file, though long: when steps overshot, whom it harmed and what rate would not is one reading.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from rectifier.doctor import evidence
from rectifier.doctor.collapse import collapsed
from rectifier.doctor.deadness import can_die
from rectifier.doctor.finding import Finding, Remedy, Severity
from rectifier.doctor.outputs import is_deaf
from rectifier.doctor.rule import Rule
from rectifier.doctor.wording import number, of_norm, percent, place
from rectifier.watch.record import Record, SiteRecord

LARGE_UPDATE = 0.1
"""A step that changes the weights by a tenth: a hundred times the usual 1e-3."""

VIOLENT = 1.0
"""A step as large as the weights: what was learnt, or drawn, is replaced."""

OVERSHOOT = 1.25
"""Loss over its start from which a rise is no batch noise."""

USUAL_UPDATE = 1e-3
"""Update ratio of a training that goes well (Karpathy, CS231n notes)."""

RESTLESS = 30.0
"""A decade and a half above what is usual, in rate and in update ratio."""

SWOLLEN = 5.0
"""Growth of weight norms, their median over the layers, that no sound training needs: trained
weights are about twice as long as those they were drawn as."""

LEARNT = 0.2
"""Share of the first loss left at the end, from which a rise on the way did no harm that lasted."""

LOST = 0.25
"""Share of a layer's units that died of the steps, from which the layer is harmed."""

ADAPTIVE = frozenset({"Adam", "AdamW", "NAdam", "RAdam", "Adamax", "RMSprop"})
ADAPTIVE_RATE = 1e-3
"""Default of optimisers whose steps are about their rate in size (Kingma and Ba 2015)."""

PLAIN_RATE = 0.1
"""Usual rate of plain and momentum SGD (He et al. 2016, section 3.4)."""

CLIMBED = 10.0
"""Rate at the end over the one that the optimiser was made with, from which a schedule that never
came down has left it behind: tuning looks for rates by decades."""

APART = 30.0
"""Rate of an optimiser over another's, from which it is the one that overshoots."""

SOUND_UPDATE = 0.01
"""Update ratio of a sound opening: ten times the usual 1e-3, since early steps are the largest."""


@dataclass(frozen=True)
class Overshoot:
    """The moment at which the steps became too large.

    Attributes:
        step: When. ``learning_rate``: then. ``update``: largest update ratio of that time.
        harmed: Whether the run came to nothing. ``broke``: the loss became non-finite.
        restless: Whether all steps were large, whether the loss rose or not.
        layers: Through how many layers in a row small changes added up; 0: one change was large.
        climbed: The rate that a schedule has left behind; 0: none.
    """

    step: int
    learning_rate: float
    update: float
    harmed: bool
    broke: bool
    loss: evidence.Loss
    restless: bool = False
    layers: int = 0
    climbed: float = 0.0


def overshoot(record: Record) -> Overshoot | None:
    """Find where the steps overshot, if they did.

    Both must hold, as either alone is found in healthy runs: the loss rose clearly above where an
    untrained network stands (adversarial and reinforcement losses rise too, though with small
    steps), and just before it some step changed the weights by a tenth or more (Adam's first steps
    do, though without harm). A loss that breaks (NaN, infinity) after such a step counts as a rise.

    Source:
        Steps beyond 2/curvature raise the loss (LeCun, Bottou, Orr and Müller, "Efficient
        BackProp", 1998, section 4.7). Rises from which training recovers below the start are
        the "catapult" of Lewkowycz et al. 2020 and no harm. The usual ratio of update to weight is
        1e-3 (Karpathy, CS231n notes, "Ratio of weights:updates"); 1e-1 is two decades above it.
    """
    loss = evidence.loss_of(record)
    training = record.training
    if not training.step.size or record.optimizer == "LBFGS":
        return None
    if evidence.broke_falling(record, loss):
        return None
    rise = _rise_step(record, loss)
    if rise is None:
        return _no_progress(record, loss) or _restless(record, loss) or _climbing(record, loss)
    end = max(loss.peak_step, rise)
    low = min(rise - 10, _violent_before(record, rise))
    update = evidence.update_before(record, "", low, end)
    exploded = bool(np.isinf(training.update_ratio).any())
    if not (update >= LARGE_UPDATE or exploded):
        return _grown(record, loss) or _blind(record, loss) or _climbing(record, loss)
    harmed = not loss.end < 0.9 * loss.start or loss.end >= 0.9 * evidence.guess_of(record)
    step = _first_large(record, low, end, rise)
    rate = evidence.learning_rate_at(record, step)
    restless = not harmed and _restless(record, loss, rose=True) is not None
    return Overshoot(step, rate, update, harmed, loss.broke_step is not None, loss, restless)


def _rise_step(record: Record, loss: evidence.Loss) -> int | None:
    """First step at which the loss stood clearly above its start, or broke."""
    if math.isfinite(loss.start) and loss.start > 0:
        steps, values = evidence.losses_of(record)
        risen = values > OVERSHOOT * loss.start
        risen[0] = False
        if risen.any():
            return int(steps[int(risen.argmax())])
    return loss.broke_step


def _violent_before(record: Record, rise: int) -> float:
    """The step last observed before the loss rose, if it replaced the weights; else infinity.

    Of a long run not every step is kept: what lies between is not known, and that step tells.
    """
    training = record.training
    place = int(np.searchsorted(training.step, rise)) - 1
    replaced = place >= 0 and training.update_ratio[place] >= VIOLENT
    return float(training.step[place]) if replaced else math.inf


def _no_progress(record: Record, loss: evidence.Loss) -> Overshoot | None:
    """Weights that are replaced every ten steps, to no avail, without a clear rise.

    All run long, or until they had become so large that the same steps look small: a normalisation
    behind them lets them grow without a rise.
    """
    update = evidence.median(record.training.update_ratio)
    if not evidence.stuck(loss) or record.observed_steps < 20:
        return None
    if not update >= LARGE_UPDATE and _swollen(record):
        update = evidence.opening_update(record, 0)
    if not update >= LARGE_UPDATE:
        return None
    if evidence.withered(record) is not None:
        return None
    rate = evidence.learning_rate_at(record, 0)
    return Overshoot(int(record.training.step[0]), rate, update, True, False, loss)


def _grown(record: Record, loss: evidence.Loss) -> Overshoot | None:
    """A late rise, to no avail, on weights that large steps made so large that steps look small."""
    updates = record.training.update_ratio
    large = updates >= LARGE_UPDATE
    if not large.sum() >= max(20, 0.2 * evidence.finite(updates).size):
        return None
    if not (loss.known and loss.end >= 0.9 * loss.start) or evidence.withered(record) is not None:
        return None
    step = int(record.training.step[int(large.argmax())])
    rate, most = evidence.learning_rate_at(record, step), evidence.largest(updates)
    return Overshoot(step, rate, most, True, False, loss)


def _restless(record: Record, loss: evidence.Loss, *, rose: bool = False) -> Overshoot | None:
    """Adaptive steps that are thirty times the usual in rate and in size, and a middling end.

    With such optimisers a rate that is too high need not make the loss rise: clipping and the bound
    on each element's step keep it where the steps' own noise lets it fall no further. Where it
    rose, steps count over the weights as they were drawn, too. Nor does its fall clear them where a
    hidden layer lets no gradient through any more.
    """
    training = record.training
    rate, update = evidence.largest(training.learning_rate), _of_matrices(record)
    if record.optimizer not in ADAPTIVE or not rate >= RESTLESS * ADAPTIVE_RATE:
        return None
    if rose:
        update = max(update, _against_drawn(record))
    large = update >= RESTLESS * USUAL_UPDATE or _swollen(record)
    if not large or record.observed_steps < 20:
        return None
    peak = evidence.largest(training.update_ratio)
    if not (peak >= LARGE_UPDATE and loss.known and loss.start > 0):
        return None
    if loss.reached(LEARNT) and not is_deaf(record):
        return None
    start, end = int(training.step[0]), int(training.step[-1])
    step = _first_large(record, start, end, start)
    rate = evidence.learning_rate_at(record, step)
    return Overshoot(step, rate, peak, False, False, loss, restless=True)


def _climbing(record: Record, loss: evidence.Loss) -> Overshoot | None:
    """A schedule that raises the rate from first to last, far beyond what the optimiser was made
    with: a warm-up that nothing ends, in a training that came to little.
    """
    training = record.training
    rates = evidence.finite(training.learning_rate)
    made = [item.rate for item in record.circumstances.optimizers if item.steps]
    if rates.size < 20 or len(made) != 1 or not made[0] > 0:
        return None
    if not (np.all(np.diff(rates) >= 0) and rates[-1] >= CLIMBED * made[0]):
        return None
    if not loss.known or not loss.start > 0 or loss.reached(LEARNT):
        return None
    past = np.flatnonzero(training.learning_rate > made[0])
    step = int(training.step[past[0]])
    peak = evidence.largest(training.update_ratio)
    harmed = evidence.stuck(loss)
    return Overshoot(step, float(rates[-1]), peak, harmed, False, loss, climbed=made[0])


def _blind(record: Record, loss: evidence.Loss) -> Overshoot | None:
    """Changes that are small in each of many layers and large in all, and a gradient gone since."""
    found = collapsed(record) if evidence.stuck(loss) else None
    if found is None:
        return None
    start = int(record.training.step[0])
    update, rate = evidence.opening_update(record, start), evidence.learning_rate_at(record, start)
    return Overshoot(start, rate, update, True, False, loss, layers=found[0])


def _swollen(record: Record) -> bool:
    """Whether large steps made the weights so large that they look small beside them."""
    grown = []
    for item in record.layers:
        norms = evidence.finite(item.weight_norm)
        matrices = "mbedding" not in item.kind and "Norm" not in item.kind
        if matrices and norms.size >= 3 and norms[0] > 0:
            grown.append(float(norms[-1] / norms[0]))
    return bool(grown) and evidence.median(np.array(grown)) >= SWOLLEN


def _against_drawn(record: Record) -> float:
    """Median over the matrices of their median step over their norm as drawn; NaN if unknown.

    Steps that are too large make weights grow, and look small beside what they have made.
    """
    sizes = []
    for item in evidence.matrices(record):
        norms = evidence.finite(item.weight_norm)
        if norms.size and norms[0] > 0:
            grown = evidence.median(norms) / float(norms[0])
            sizes.append(evidence.median(item.update_ratio) * grown)
    return evidence.median(np.array(sizes))


def _of_matrices(record: Record) -> float:
    """Median over layers of their median update ratio; NaN if unknown.

    Tables of embeddings, of which a step moves a few rows, and which start small, are left out.
    """
    layers = [item for item in record.layers if "mbedding" not in item.kind]
    return evidence.median(np.array([evidence.median(item.update_ratio) for item in layers]))


def _first_large(record: Record, low: float, high: float, default: int) -> int:
    training = record.training
    large = (training.step >= low) & (training.step <= high)
    large &= training.update_ratio >= LARGE_UPDATE
    return int(training.step[int(large.argmax())]) if large.any() else default


def gradient_burst(record: Record) -> int | None:
    """Step at which the gradient became a hundred times its usual self, out of calm, or None.

    A learning rate that is too high shows from the start or from where it was raised; a burst out
    of twenty calm steps (updates below a twentieth of the weights) of a training that had got
    somewhere is the gradient's doing.

    Source:
        Pascanu, Mikolov and Bengio 2013, "On the difficulty of training recurrent neural networks",
        section 2.3: walls of the error surface, met in the midst of training.
    """
    training = record.training
    norms = training.gradient_norm
    for i in range(20, norms.size):
        before = evidence.median(norms[max(0, i - 200) : i])
        if not before > 0 or not (norms[i] >= 100 * before or np.isinf(norms[i])):
            continue
        calm = not evidence.median(training.update_ratio[max(0, i - 20) : i]) >= 0.05
        loss = evidence.loss_of(record).start
        near = evidence.between(
            training.step, training.loss, training.step[i] - 20, training.step[i] - 1
        )
        if loss > 0 and not evidence.median(near) < 0.95 * loss:
            return None
        steady = not training.learning_rate[i] > 2 * training.learning_rate[i - 10]
        return int(training.step[i]) if calm and steady else None
    return None


@dataclass(frozen=True)
class Killed:
    """The layer that lost most units since the steps became too large."""

    site: SiteRecord
    share: float


def killed(record: Record, since: int) -> Killed | None:
    """Find it; None where no layer lost a quarter of its units."""
    worst: Killed | None = None
    for site in record.sites:
        if not can_die(site):
            continue
        dead = evidence.dead_units(site) & (site.unit.active > 0)
        if dead.mean() < LOST or evidence.deaths_of(site, dead).middle < since:
            continue
        if worst is None or dead.mean() > worst.share:
            worst = Killed(site, float(dead.mean()))
    return worst


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
