"""``exploding_gradient``: the gradient grows with depth or bursts. A rule: pure, framework-free."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from rectifier.doctor import evidence, signal
from rectifier.doctor.drawn import LARGE, LOUD, drawn_in, gain_of
from rectifier.doctor.finding import Finding, Remedy
from rectifier.doctor.overshooting import OVERSHOOT, gradient_burst, overshoot
from rectifier.doctor.rates import lower
from rectifier.doctor.rounds import ROUNDS
from rectifier.doctor.rule import Rule
from rectifier.doctor.rules.poor_initialization import RECURRENT
from rectifier.doctor.slopes import is_bounded
from rectifier.doctor.targets import FAR, degree, unit_for
from rectifier.doctor.through_time import through_time
from rectifier.doctor.wording import number, percent, place, times
from rectifier.watch.record import Record, SiteRecord

GROWN = 100.0
"""Growth over a chain of sites that depth alone must not give."""

HUGE = 1e3
"""Gradient over weights, in norm: a learning rate of 1e-6 would be needed for the usual 1e-3."""

PER_LAYER = 3.0
"""Growth per site; an initialisation that fits keeps it near 1."""

FITTING = 2.0
"""Size of weights times the root of their inputs, up to which they are on a usual scale: He's is
1.41."""

BETWEEN = (
    "the weights are on a usual scale, so what lies between them (a sum over neighbours, a "
    "repeated or added branch) makes it grow"
)

TOLD = 0.01
"""Share of the first loss below which a loss is as good as none: a rise that ends there undid
nothing."""

CARRIED = 3
"""Steps after which the gradient was still there, from which one may say never."""

MEAN = 0.8
"""Squared error over the targets' variance, from which their mean would have done as well."""

DRIVEN = 0.5
"""Share of saturated elements at the end, of units of which a tenth of that were so at first."""

UNBOUNDED = ("relu", "leaky_relu", "elu", "gelu", "silu", "softplus")
"""Functions that pass on any growth; of a state that is fed back, tanh's place is not theirs."""

STEEP, UPHILL = 10.0, 1.2
"""Growth of the signal through depth, in all and per site, that weights must account for."""


def _harmed(loss: evidence.Loss) -> bool:
    return loss.broke_step is not None or (
        loss.known and loss.start > 0 and not loss.end < 0.9 * loss.start
    )


def _by_depth(record: Record, loss: evidence.Loss) -> Finding | None:
    """Growth that is there before the first update: the network's doing, not the steps'."""
    worst: tuple[float, signal.Trend, bool] | None = None
    broken = not np.all(np.isfinite(record.training.loss[:1]))  # the gradient tells of that alone
    for trend in () if broken else signal.backward(record, 1):
        growth = 1 / trend.ratio
        if growth >= GROWN and 1 / trend.factor >= PER_LAYER:
            worst = max(worst or (0.0, trend, True), (growth, trend, True), key=lambda w: w[0])
    for trend in signal.forward(record, 1):
        if trend.ratio >= GROWN and trend.factor >= PER_LAYER:
            found = (trend.ratio, trend, False)
            worst = max(worst or found, found, key=lambda w: w[0])
    if worst is None or not (_harmed(loss) or loss.growth >= OVERSHOOT):
        return None
    growth, trend, is_gradient = worst
    first, last, count = trend.sites[0], trend.sites[-1], len(trend.sites)
    factor = 1 / trend.factor if is_gradient else trend.factor
    what = "gradient grows" if is_gradient else "signal, and with it the gradient, grows"
    way = "on its way back" if is_gradient else "on its way"
    at = first if is_gradient else last
    cause = (
        f"Before any update, the {what} {number(growth)}-fold {way} through {count} activations "
        f"({number(factor)} a layer), up to {place(at)}: the weights start too large."
    )
    where = {
        "sites": [site.site for site in trend.sites],
        "layers": [site.layer for site in trend.sites],
    }
    drawn = [
        gain_of(p) for p in drawn_in(record) if p.layer in {site.layer for site in trend.sites}
    ]
    between = not evidence.median(np.array(drawn)) >= FITTING  # not the weights, what lies between
    if between and drawn:
        cause = cause.replace("the weights start too large", BETWEEN)
    remedies = (
        Remedy(
            "reinitialize",
            "Weights scaled by the gain of the activation keep the signal level.",
            {"scheme": "he_normal"},
        ),
        Remedy(
            "insert_normalization",
            "Normalised pre-activations cannot grow from layer to layer.",
            scope=where,
        ),
    )
    return Finding(
        rule="exploding_gradient",
        severity="error" if _harmed(loss) else "warning",
        cause=cause,
        layer=at.layer,
        site=at.site,
        source=at.source,
        first_step=int(record.training.step[0]) if record.training.step.size else 0,
        evidence={"growth": growth, "factor_per_layer": factor, "depth": float(count)},
        remedies=remedies[::-1] if between and drawn else remedies,
    )


def _reach(record: Record) -> float:
    """Largest size of what enters: of the data where they are known, as a network that is run on
    what it gave itself is entered by that too; NaN if unknown.
    """
    feeds = record.circumstances.feeds
    sizes = [max(abs(float(f.low.min())), abs(float(f.high.max()))) for f in feeds if f.low.size]
    return max(sizes) if sizes else evidence.median(record.training.input_abs_max[:1])


def _still_loud(record: Record) -> bool:
    """Whether a signal that was a thousand times the data's size at first never came down.

    A loss that starts at a million millions falls by most of it and is no use all the same; and an
    adaptive optimiser that remembers such gradients hardly moves any more.
    """
    scale = max(_reach(record), 1.0)
    return any(
        evidence.median(site.series.input_std[:1]) >= HUGE * scale
        and evidence.median(evidence.closing(site.series.input_std)) >= LOUD * scale
        for site in record.sites
    )


def _constant(record: Record, loss: evidence.Loss) -> bool:
    """Whether targets far from one were met no better than by their mean, in squared errors.

    Of such a loss the first value says little: of an output near nought it is the targets' mean
    square, and what is left at their mean the share of it that is their variance, however errors
    are summed.
    """
    shares = [
        (head.target_std / size) ** 2
        for head in record.circumstances.heads
        if degree(head) == 2 and (size := math.hypot(head.target_mean, head.target_std)) >= FAR
    ]
    return any(loss.end >= MEAN * share * loss.start for share in shares)


def _growing(record: Record) -> list[SiteRecord]:
    """Unbounded activations of a state that is fed to its own layer again, grown beyond use."""
    if not any(p.applied >= ROUNDS for p in drawn_in(record)):
        return []
    return [
        site
        for site in record.sites
        if site.function in UNBOUNDED and evidence.median(site.series.input_std[:1]) >= HUGE
    ]


def _from_the_start(record: Record, loss: evidence.Loss) -> Finding | None:
    """A first gradient that no learning rate suits: recurrence, or data of huge scale."""
    training = record.training
    norms = [evidence.median(item.weight_norm[:1]) for item in record.layers]
    size = math.hypot(*filter(math.isfinite, norms))
    first = training.gradient_norm[0] if training.gradient_norm.size else math.nan
    harmed = _harmed(loss) or _constant(record, loss) or evidence.at_the_mean(record, loss)
    if not (size > 0 and first >= HUGE * size and (harmed or _still_loud(record))):
        return None
    scale = _reach(record)
    why = "the weights start too large for this depth or this many time steps"
    if scale >= 100:
        why = f"the data reach {number(scale)}, far beyond the usual scale of one"
    unit = unit_for(record)
    if unit is not None:
        size_ = math.hypot(*(float(unit.settings[key]) for key in ("target_mean", "target_std")))
        why = f"the targets are of size {number(size_)}, far beyond the usual scale of one"
    slower = lower(record, 0, "Smaller steps survive a large gradient.")
    clip = Remedy(
        "clip_gradients",
        "A bound on the gradient's norm makes the first steps as long as those of a sound start.",
        {"max_norm": evidence.one_digit(0.1 * size)},
    )
    start = Remedy(
        "reinitialize",
        "Weights scaled by the gain of the activation keep the signal level.",
        {"scheme": "he_normal"},
    )
    growing = _growing(record)
    tame = Remedy(
        "swap_activation",
        "A bounded function cannot grow from step to step.",
        {"from": growing[0].function if growing else "", "to": "tanh"},
        {"sites": [s.site for s in growing], "layers": [s.layer for s in growing]},
    )
    steep = [t for t in signal.forward(record, 1) if t.ratio >= STEEP and t.factor >= UPHILL]
    heavy = [
        p for p in drawn_in(record) if gain_of(p) >= (RECURRENT if "weight_hh" in p.name else LARGE)
    ]
    return Finding(
        rule="exploding_gradient",
        severity="error",
        cause=(
            f"Before any update, the gradient's norm is {number(first)}, {times(first / size)} "
            f"times the norm of the weights: {why}."
        ),
        first_step=int(training.step[0]),
        evidence={"gradient_norm": float(first), "weight_norm": size},
        remedies=(
            *((unit,) if unit else ()),
            *((tame,) if growing and not unit else ()),
            *((start,) if steep or heavy else ()),
            clip,
            *((slower,) if slower else ()),
        ),
    )


def _driven_out(record: Record, loss: evidence.Loss) -> Finding | None:
    """Targets far from one that drove hidden units, sound at the start, beyond their slope.

    An adaptive optimiser's steps do not grow with such a gradient, and nothing bursts: the weights
    grow until the output is of the targets' size, and what shares them with it (a policy, another
    task) gets next to no say.
    """
    unit = unit_for(record)
    norms = [evidence.median(item.weight_norm[:1]) for item in record.layers]
    size = math.hypot(*filter(math.isfinite, norms))
    first = evidence.median(record.training.gradient_norm[:1])
    driven = [
        site
        for site in record.sites
        if is_bounded(site)
        and evidence.median(site.series.saturated[:5]) <= 0.1 * DRIVEN
        and evidence.median(evidence.closing(site.series.saturated)) >= DRIVEN
    ]
    if unit is None or not driven or not _harmed(loss) or not first >= FAR * size > 0:
        return None
    far = math.hypot(*(float(unit.settings[key]) for key in ("target_mean", "target_std")))
    share = evidence.median(evidence.closing(driven[0].series.saturated))
    clip = Remedy(
        "clip_gradients",
        "A bound on the gradient's norm leaves the other losses their say.",
        {"max_norm": evidence.one_digit(0.1 * size)},
    )
    return Finding(
        rule="exploding_gradient",
        severity="error",
        cause=(
            f"Before any update, the gradient's norm is {number(first)}, {number(first / size)} "
            f"times the norm of the weights: the targets are of size {number(far)}, far beyond the "
            f"usual scale of one. To reach them the weights grew, until {percent(share)} of "
            f"{place(driven[0])} was saturated."
        ),
        layer=driven[0].layer,
        site=driven[0].site,
        first_step=int(record.training.step[0]),
        evidence={"gradient_norm": first, "weight_norm": size, "saturated": share},
        remedies=(unit, clip),
    )


def _by_burst(record: Record, loss: evidence.Loss) -> Finding | None:
    """A gradient that bursts in the midst of calm training and takes the loss along."""
    step = gradient_burst(record)
    steps = overshoot(record)
    if step is None or (steps is not None and steps.step < step - 5):
        return None  # none, or the last gasp of a network that large steps had ruined before
    training = record.training
    before = evidence.between(training.step, training.gradient_norm, -math.inf, step - 1)
    usual = evidence.median(before[-200:])
    burst = evidence.largest(evidence.between(training.step, training.gradient_norm, step, step))
    if burst < 0.3 * GROWN * usual:
        return None  # steps of several optimisers in one step's place: no single gradient burst
    was = evidence.median(evidence.between(training.step, training.loss, step - 20, step - 1))
    undone = loss.end >= max(2 * was, TOLD * loss.start)
    if not (undone or _harmed(loss)) or evidence.new_phase(record, step):
        return None
    size = f"from its usual {number(usual)} to {number(burst)}"
    if math.isnan(burst):
        size = f"from its usual {number(usual)} beyond all bounds"
    then = f"the loss went from {number(was)} to {number(loss.end)}"
    slower = lower(record, step, "Smaller steps survive a large gradient.")
    clip = Remedy(
        "clip_gradients",
        "A bound on the gradient's norm keeps one batch from undoing the training.",
        {"max_norm": evidence.one_digit(max(usual, 1e-6))},
    )
    return Finding(
        rule="exploding_gradient",
        severity="error" if _harmed(loss) else "warning",
        cause=f"At step {step} the gradient's norm burst {size}, out of calm training; {then}.",
        first_step=step,
        evidence={"usual_norm": usual, **({} if math.isnan(burst) else {"burst_norm": burst})},
        remedies=(clip, *((slower,) if slower else ())),
    )


def _never_cleared(record: Record, loss: evidence.Loss) -> Finding | None:
    """Gradients that are left to add up from step to step: each step takes the sum of all so far.

    Its size grows with the number of steps, and it points where losses pointed long ago.
    """
    facts = record.circumstances
    if facts.carried < CARRIED or facts.cleared or record.optimizer == "LBFGS":
        return None
    if not any(p.held and p.nonzero for p in facts.parameters):
        return None  # zeros that are left: cleared before the step, which is another fault
    clear = Remedy(
        "clip_gradients",
        "A gradient that is cleared after each step is that of its own batch alone.",
        {"clear": True},
    )
    return Finding(
        rule="exploding_gradient",
        severity="error" if _harmed(loss) else "warning",
        cause=(
            "The gradients are never cleared: at each step that was looked at they still held what "
            "the steps before had used, so that every step takes the sum of all gradients so far; "
            f"the loss went from {number(loss.start)} to {number(loss.end)}."
        ),
        first_step=int(record.training.step[0]) if record.training.step.size else 0,
        evidence={"carried": float(facts.carried)},
        remedies=(clear,),
    )


def check(record: Record) -> Sequence[Finding]:
    """A gradient that grows a hundredfold through depth, or bursts out of calm, with harm done.

    Through depth: at the first step, before any update, threefold a layer and a hundredfold over
    three or more activations; with a fitting initialisation the factor is near one. From the start:
    a first gradient a thousand times the weights' norm, so that only a learning rate of 1e-6 would
    give the usual update ratio of 1e-3. In time: a hundred times the running median after at least
    twenty calm steps, unless another training begins there (a new task, a new optimiser). All count
    only where the loss broke, rose or stayed near its start, or, from the start, where a signal a
    thousand times the data's size at first is ten times it at the end, or targets far from one were
    met no better than by their mean, or any were by a mean squared error: normalisation and
    clipping make growth harmless, and clipped gradients are measured as the optimiser gets them.
    And where the only optimiser's gradients were never cleared, at three looked-at steps or more,
    whatever the loss did: there is no training that wants the sum of all gradients so far. Of
    targets far from one, ten times the weights' norm are enough where hidden units went from their
    slope into saturation and the loss did not fall. And of recurrent weights a gradient that the
    first twenty steps made a thousand times what it was (`rectifier.doctor.through_time`).

    Source:
        He et al. 2015, section 2.2 (product of per-layer factors); Glorot and Bengio 2010; Pascanu,
        Mikolov and Bengio 2013, sections 2.2 and 3.2 (bursts, and clipping near the usual norm);
        PyTorch documentation, "Optimizer.zero_grad" (gradients accumulate until cleared).
    """
    loss = evidence.loss_of(record)
    found = _never_cleared(record, loss) or _by_depth(record, loss)
    found = found or _from_the_start(record, loss) or _driven_out(record, loss)
    undone = _harmed(loss) or evidence.at_the_mean(record, loss)
    found = found or (through_time(record) if undone else None) or _by_burst(record, loss)
    return () if found is None else (found,)


RULE = Rule(
    id="exploding_gradient",
    check=check,
    summary="The gradient grows with depth or bursts in time, and ruins the training.",
    source="He et al. 2015, section 2.2; Pascanu et al. 2013",
    explains=(
        "learning_rate_too_high",
        "non_finite",
        "dying_relu",
        "dormant_units",
        "saturated_activation",
    ),
)
