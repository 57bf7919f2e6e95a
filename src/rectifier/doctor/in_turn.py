"""What a rerun turns to where its treatment brings nothing. Framework-free, pure.

Layer: doctor, beside `rectifier.doctor.judge`, which says what to try first. One cause may hide
another, and evidence of a training that never got anywhere is thin; so behind the remedies of the
findings stand those that help most networks which do not learn: smaller steps, normalised
pre-activations, weights drawn to suit the activations. Whether a treatment brought nothing is told
by `rectifier.doctor.progress` while the rerun is under way.
"""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Sequence

import numpy as np

from rectifier.doctor import evidence, judge
from rectifier.doctor.finding import Finding, Remedy
from rectifier.doctor.first_of_all import before_others, is_stack, silent_too
from rectifier.doctor.outputs import is_output
from rectifier.doctor.pace import faster, with_pace, with_rate
from rectifier.doctor.rates import ADAPTIVE, USUAL_UPDATE, lower
from rectifier.doctor.rules.learning_rate_too_low import MINUTE
from rectifier.doctor.rules.unnormalized_input import scaled
from rectifier.doctor.targets import degree, mean_for_output, unit_for, unit_of_inputs
from rectifier.watch.record import Record
from rectifier.watch.record.circumstances import Feed

MOST = 5
"""Treatments of one rerun at most: a tenth of its steps goes to each that brings nothing."""

SHORTEST = 100
"""Steps of a run from which there is time for another treatment."""

KEPT = frozenset({
    "normalize_input", "stabilize_loss", "remove_output_activation", "add_activation",
    "add_to_optimizer",
})  # fmt: skip
"""Remedies of what is wrong for certain: they stay where something else is wrong beside it."""

DEEP = 6
"""Activations from which depth itself may be what keeps a network from learning."""

OFF = 3.0
"""Root mean square of a feature from which it may be what is wrong, where nothing else helped."""

FLAT = frozenset({"sigmoid", "hard_sigmoid"})
"""Activations whose slope is a quarter at most."""

ONE = 0.5, 2.0
"""Bounds of a norm that are about one: which of them is due, the evidence does not tell."""

BOUND = 2.0
"""Of an exponential's argument: a scale of seven, up or down, for each of many layers."""

ALIKE = 0.1
"""Difference of two features' root mean squares, up to which they may be the same one."""

KINDS = ("Linear", "Conv")
"""Layers behind which pre-activations may be normalised over the batch, by their class's name."""


def treatments(
    findings: Sequence[Finding], known: Sequence[str], record: Record, start: int = 0
) -> list[tuple[Remedy, ...]]:
    """Treatments of one rerun, in the order to take them, each with its leave to try rates.

    Args:
        findings: The doctor's, root cause first.
        known: Ids of the remedies that can be carried out.
        record: Of the sick run.
        start: Which of `judge.plans` comes first.
    """
    findings = _without_false_rates(_without_false_units(findings, record))
    planned = _steeper_first(judge.plans(findings, known), record)[start:]
    planned = [*_centred(planned, record), *(_with_unit(each, record) for each in planned)]
    planned = [with_pace(with_rate(each, record), record) for each in planned]
    planned = [*_with_ways(planned, findings, record), *planned[1:]]
    planned = [*(silent_too(each, findings, record) for each in planned[:1]), *planned[1:]]
    planned = _bent(planned)
    planned = [_to_all(each, record) for each in map(_round, planned)]
    planned = _ahead(before_others(findings, record), planned, findings)
    if not planned and (judge.harmful(findings) or learnt_nothing(record)):
        planned = general(findings, record)[:MOST]
    if not planned or record.steps < SHORTEST:
        return [judge.with_trials(each, record) for each in planned[:1]]
    spare = [] if certain(findings) and not _broken(record) else general(findings, record)
    spare = [*faster(planned[0], record), *spare]
    kept = [remedy for remedy in planned[0] if remedy.action in KEPT or _is_far_too_low(findings)]
    spare = [(*(r for r in kept if r.action != each[0].action), *each) for each in spare]
    found = planned[: MOST - min(3, len(spare))]
    for each in spare:
        if {r.action for r in each} not in [{r.action for r in t} for t in found]:
            found.append(each)
    return [judge.with_trials(each, record) for each in found[:MOST]]


def _is_far_too_low(findings: Sequence[Finding]) -> bool:
    """Whether steps are a hundredth of the usual, so that whatever else helps needs larger ones."""
    bad = judge.harmful(findings)[:1]
    return any(
        f.rule == "learning_rate_too_low" and f.evidence.get("update_ratio", 1.0) < MINUTE
        for f in bad
    )


def learnt_nothing(record: Record) -> bool:
    """Whether a run is sick though no rule says why: its loss stayed at what a guess costs.

    Players' losses may rest there when all is well.
    """
    alone = sum(1 for item in record.circumstances.optimizers if item.steps) <= 1
    return alone and evidence.at_rest(record, evidence.loss_of(record))


def _without_false_units(findings: Sequence[Finding], record: Record) -> list[Finding]:
    """Without a unit of the targets that is the size of outputs from weights drawn far too large.

    Of a loss by hand only the difference of the two is known.
    """
    bad = judge.harmful(findings)
    known = [h for h in record.circumstances.heads if math.isfinite(h.target_low)]
    if not bad or bad[0].rule != "poor_initialization" or known:
        return list(findings)
    return [
        dataclasses.replace(
            finding, remedies=tuple(r for r in finding.remedies if "target_std" not in r.settings)
        )
        for finding in findings
    ]


def _without_false_rates(findings: Sequence[Finding]) -> list[Finding]:
    """Without smaller steps, where weights start at nought: any step is large against those."""
    bad = judge.harmful(findings)
    if not bad or bad[0].rule != "symmetric_initialization":
        return list(findings)
    return [
        dataclasses.replace(
            finding, remedies=tuple(r for r in finding.remedies if r.action not in judge.RATES)
        )
        for finding in findings
    ]


def _with_unit(treatment: tuple[Remedy, ...], record: Record) -> tuple[Remedy, ...]:
    """With the unit of the targets, where inputs are normalised and targets are as far from one.

    An autoencoder's are its inputs: normalised alone, they leave it as far to go as before. Where
    an output is freed of its bounds, all that lies beyond them is as far, too; steps of the rate's
    own size do not overshoot for it.
    """
    scaled_by = next((r for r in treatment if r.action == "normalize_input"), None)
    freed = [r for r in treatment if r.action == "remove_output_activation"]
    opened = next((str(r.scope["layer"]) for r in freed if r.settings.get("regression")), "")
    unit = None
    if scaled_by is not None:
        unit = unit_of_inputs(record, scaled_by, opened) or unit_for(record, opened)
    elif opened and record.optimizer not in ADAPTIVE:
        unit = unit_for(record, opened)
    if unit is None or any(remedy.action == unit.action for remedy in treatment):
        return treatment
    return (unit, *treatment) if opened else (*treatment, unit)  # what is freed is in that unit


def _ahead(
    first: list[tuple[Remedy, ...]],
    planned: list[tuple[Remedy, ...]],
    findings: Sequence[Finding],
) -> list[tuple[Remedy, ...]]:
    """What speaks for itself before the rest; an eased decay beside a vanishing gradient's remedy.

    Adam's steps go where any decay pulls once no gradient comes: that it does is no cause then.
    """
    eased = [each for each in first if any(r.settings.get("decay") for r in each)]
    rule = judge.harmful(findings)[0].rule if eased else ""
    own = planned[:1] if rule == "vanishing_gradient" else []
    if not own or any(r.action == eased[0][0].action for r in own[0]):
        return [*first, *planned]
    return [*(e for e in first if e is not eased[0]), (*own[0], *eased[0]), eased[0], *planned[1:]]


def _bent(planned: list[tuple[Remedy, ...]]) -> list[tuple[Remedy, ...]]:
    """With exponentials bent next, where a guard at the edge of the numbers alone comes first."""
    first = planned[0] if planned else ()
    if not any(r.action == "stabilize_loss" and not r.settings for r in first):
        return planned
    why = "A scale that is an exponential of a bounded number stays in measure."
    bent = Remedy("stabilize_loss", why, {"bound": BOUND})
    return [first, tuple(bent if r.action == bent.action else r for r in first), *planned[1:]]


def _to_all(treatment: tuple[Remedy, ...], record: Record) -> tuple[Remedy, ...]:
    """With data normalised before every layer that they enter: a block's own way around it too."""

    def spread(remedy: Remedy) -> Remedy:
        named = list(remedy.scope.get("layers", ()))
        feeds = {feed.layer: feed for feed in record.circumstances.feeds}
        if remedy.action != "normalize_input" or remedy.settings.get("how") or not named:
            return remedy
        known = [feeds[name] for name in named if name in feeds]
        more = [
            feed.layer
            for feed in feeds.values()
            if feed.layer not in named and any(_are_alike(feed, other) for other in known)
        ]
        if not more:
            return remedy
        return dataclasses.replace(remedy, scope={**remedy.scope, "layers": [*named, *more]})

    return tuple(map(spread, treatment))


def _are_alike(one: Feed, other: Feed) -> bool:
    """Whether two layers are fed the same data, as means and spreads tell, padding aside."""
    if one.kind != other.kind or one.mean.size != other.mean.size:
        return False
    sizes = [np.hypot(feed.mean, feed.std) for feed in (one, other)]
    far = np.abs(sizes[0] - sizes[1]) <= ALIKE * sizes[1]
    return bool(far.all()) and bool(_is_off(one))


def _centred(planned: list[tuple[Remedy, ...]], record: Record) -> list[tuple[Remedy, ...]]:
    """The first one with its data centred where they are given back, in place of normalised."""
    first = planned[0] if planned else ()
    found = [mean_for_output(record, r) for r in first if r.action == "normalize_input"]
    if not found or found[0] is None:
        return []
    return [tuple(found[0] if r.action == found[0].action else r for r in first)]


def _steeper_first(planned: list[tuple[Remedy, ...]], record: Record) -> list[tuple[Remedy, ...]]:
    """Where what is predicted is a number, a steeper activation before a normalised flat one.

    Batch normalisation keeps sigmoids on their slope too, but how large a value is varies with its
    batch then, which a classifier's choice bears and a regression pays for.
    """
    steeper = [
        each
        for each in planned
        if any(r.action == "swap_activation" and r.settings.get("from") in FLAT for r in each)
    ]
    first = planned[0] if planned else ()
    normalised = any(remedy.action == "insert_normalization" for remedy in first)
    if not (steeper and normalised) or not any(map(degree, record.circumstances.heads)):
        return planned
    return [steeper[0], *(each for each in planned if each is not steeper[0])]


def _with_ways(
    planned: list[tuple[Remedy, ...]], findings: Sequence[Finding], record: Record
) -> list[tuple[Remedy, ...]]:
    """The first one; weights that suit a long stack of blocks, with a way around each of them.

    Drawn well, a signal still comes through so many layers distorted, and blocks of several layers
    each are seldom stacked without one (He et al. 2016, section 3.1).
    """
    first = planned[:1]
    bad = judge.harmful(findings)
    drawn = [any(r.action == "reinitialize" for r in each) for each in first]
    if (
        not bad
        or bad[0].rule != "vanishing_gradient"
        or drawn != [True]
        or not is_stack(record, DEEP)
    ):
        return first
    why = "A way around each block carries signal and gradient through the depth."
    return [(*first[0], Remedy("add_residual", why))]


def _round(treatment: tuple[Remedy, ...]) -> tuple[Remedy, ...]:
    """With a bound of one where that is meant about as well: of all that are used the usual one."""

    def rounded(remedy: Remedy) -> Remedy:
        bound = remedy.settings.get("max_norm")
        if not isinstance(bound, int | float) or not ONE[0] <= bound <= ONE[1]:
            return remedy
        return dataclasses.replace(remedy, settings={**remedy.settings, "max_norm": 1.0})

    return tuple(map(rounded, treatment))


def certain(findings: Sequence[Finding]) -> bool:
    """Whether the root cause is read off the program, so that its loss need not prove it."""
    bad = judge.harmful(findings)
    if not bad:
        return False
    read = ("hold", "decay")  # the author's rate, or his decay
    held = any(remedy.settings.get(name) for remedy in bad[0].remedies for name in read)
    return held or bad[0].rule in judge.WRITTEN


def begins(findings: Sequence[Finding], record: Record) -> int:
    """Step at which the training began that the root cause was found in.

    That is not the run's first where another one was over by then, as before a fine-tuning: its
    optimisers step no more, and a new one was made. Where one training is repeated, as for every
    fold of the data or every seed, each of them is as sick.
    """
    bad = judge.harmful(findings)
    if not bad:
        return 0
    made = record.circumstances.optimizers
    seen = [int(r.step[0]) for r in record.layers if r.layer == bad[0].layer and r.step.size]
    repeated = len({(o.kind, o.rate, o.parameters) for o in made}) == 1
    first = (min if repeated else max)(seen, default=0)
    starts = [
        one.step
        for one in made
        if 0 < one.step <= max(first, bad[0].first_step)
        and sum(o.steps for o in made if o.step < one.step) == one.step
    ]
    return max(starts, default=0)


def losses(record: Record) -> list[float]:
    """Of a run by step, NaN where a step was not observed."""
    training = record.training
    if not training.step.size or training.step.size != training.loss.size:
        return []
    known = np.full(int(training.step.max()) + 1, math.nan)
    known[training.step] = training.loss
    return [float(value) for value in known]


def general(findings: Sequence[Finding], record: Record) -> list[tuple[Remedy, ...]]:
    """What helps most networks that learn nothing, or whose loss breaks."""
    loss = evidence.loss_of(record)
    slower = lower(record, record.steps, "Smaller steps do not overshoot.")
    anew = Remedy(
        "reinitialize",
        "Weights that suit the activations keep signal and gradient at their size.",
        {"scheme": "he_normal"},
    )
    found: list[tuple[Remedy, ...]] = []
    if _broken(record) and not math.isfinite(loss.start):
        found.append((anew,))  # no step was taken yet that could have been too large
    off = [feed for feed in record.circumstances.feeds if _is_off(feed)]
    if off and not any(f.rule == "unnormalized_input" for f in findings):
        found.append(scaled(off[0]))
    if not _broken(record) and len(record.sites) >= DEEP:
        why = "A way around each block carries signal and gradient through the depth."
        found.append((Remedy("add_residual", why),))
    rate = evidence.largest(record.training.learning_rate)
    if (
        not judge.harmful(findings)
        and rate > 0
        and evidence.median(record.training.update_ratio) < USUAL_UPDATE
    ):
        settings = {"from": float(f"{rate:.6g}"), "to": evidence.one_digit(10 * rate)}
        found.append((Remedy("raise_learning_rate", "Larger steps may get somewhere.", settings),))
    if slower is not None and not any(f.rule == "learning_rate_too_low" for f in findings):
        found.append((slower,))
    sites = [site for site in record.sites if not is_output(record, site)]
    sites = [s for s in sites if s.layer_kind.startswith(KINDS) and s.units > 1]
    if sites:
        where = {"sites": [s.site for s in sites], "layers": [s.layer for s in sites]}
        why = "Normalised pre-activations keep every layer where it has a slope."
        found.append((Remedy("insert_normalization", why, {}, where),))
    if not _broken(record):
        found.append((anew,))
    return found


def _is_off(feed: Feed) -> bool:
    sizes = np.hypot(feed.mean, feed.std)
    return bool(sizes.size) and float(sizes.max()) >= OFF


def _broken(record: Record) -> bool:
    values = record.training.loss
    return bool(values.size) and not np.isfinite(values[-1])
