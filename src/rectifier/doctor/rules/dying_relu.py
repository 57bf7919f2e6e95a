"""``dying_relu``: units that lived and fell silent for good. A rule: pure, framework-free."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from rectifier.doctor import evidence
from rectifier.doctor.deadness import can_die
from rectifier.doctor.finding import Finding, Remedy, Severity
from rectifier.doctor.outputs import is_output
from rectifier.doctor.overshooting import LEARNT, overshoot
from rectifier.doctor.rates import LARGE_UPDATE, lower
from rectifier.doctor.rule import Rule
from rectifier.doctor.rules.born_dead import free
from rectifier.doctor.wording import number, of_norm, percent, place
from rectifier.watch.record import FloatArray, Record, SiteRecord

FEW = 0.1
"""Below this share dead units are what healthy training leaves behind."""

MANY = 0.4
"""From here on a layer has lost so much of its width that it is worth a warning by itself."""


LEFT = 1 / 3
"""Share of the loss before the deaths that is left at the end, where the rest sufficed."""

HEAVY = 0.95
"""Momentum above which steps are twenty times the rate's or more (Sutskever et al. 2013), so that
what dies little by little dies of them."""

EARLY = 20
"""Steps in which units that were drawn at the edge of silence go over it. Of inputs that are never
negative, as of pixels, all weights of a unit move the same way at once (LeCun, Bottou, Orr and
Müller 1998, "Efficient BackProp", section 4.3), so that it may be more than half of them."""

NARROW, BORN = 16, 0.25
"""Units of a layer so narrow that chance may leave it without a living one, and the share of it
that was born dead. Two such layers, and what is left of the network is a matter of luck."""

MOST = 0.7
"""From here on a layer is hardly there."""


@dataclass(frozen=True)
class Case:
    """The dead of one site and what led to it."""

    site: SiteRecord
    dead: evidence.BoolArray
    share: float
    deaths: evidence.Deaths
    update: float
    loss_before: float
    loss_then: float
    rate: float
    raised: float
    bias_moved: float
    norm_grew: float

    @property
    def by_steps(self) -> bool:
        """Whether a step that large, or a jump of the loss after it, coincides with the deaths."""
        return self.update >= LARGE_UPDATE or self.loss_then >= 2 * self.loss_before > 0

    @property
    def decayed(self) -> bool:
        """Whether the weights shrank to less than a tenth before the deaths."""
        return self.norm_grew <= 0.1


def _case(record: Record, site: SiteRecord) -> Case | None:
    dead = evidence.dead_units(site) & (site.unit.active > 0)
    if not dead.any():
        return None
    unit, training = site.unit, record.training
    deaths = evidence.deaths_of(site, dead)
    low, high = deaths.onset - 10, deaths.middle + 1
    before = evidence.between(training.step, training.loss, -math.inf, max(deaths.onset - 1, 0))
    rate = evidence.learning_rate_at(record, deaths.onset)
    earlier = evidence.learning_rate_at(record, max(deaths.onset - 20, 0))
    return Case(
        site=site,
        dead=dead,
        share=float(dead.mean()),
        deaths=deaths,
        update=evidence.update_before(record, site.layer, low, high),
        loss_before=evidence.median(before[-10:]),
        loss_then=evidence.largest(evidence.between(training.step, training.loss, low, high)),
        rate=rate,
        raised=rate / earlier if earlier > 0 else math.nan,
        bias_moved=_moved(unit.bias_start, unit.bias_at_death, dead, relative=False),
        norm_grew=_moved(unit.weight_norm_start, unit.weight_norm_at_death, dead, relative=True),
    )


def _moved(start: FloatArray, then: FloatArray, dead: evidence.BoolArray, relative: bool) -> float:
    if start.size != dead.size or then.size != dead.size:
        return math.nan
    if relative:
        there = dead & (start > 0)  # growth from nothing, as of a gain drawn as zero, says nothing
        return evidence.median(then[there] / start[there])
    return evidence.median(then[dead] - start[dead])


def _spread_before(case: Case) -> float:
    """Spread of the pre-activations before the deaths: the scale that a shift is large against."""
    series = case.site.series
    return evidence.median(
        evidence.between(series.step, series.input_std, -math.inf, case.deaths.onset)
    )


def _what_moved(case: Case, first: Case) -> str:
    """The half sentence on what pushed the units below zero."""
    if case is not first and first.share >= 0.9 and first.site.order < case.site.order:
        return f"its input was cut off when {first.site.layer!r} died"
    bias, norm, spread = case.bias_moved, case.norm_grew, _spread_before(case)
    parts = []
    if spread > 0 and bias <= -0.5 * spread:
        parts.append(f"their biases were pushed down by {number(-bias)} (median)")
    if norm >= 1.2:
        parts.append(f"their weights grew {number(norm)}-fold")
    elif norm <= 0.5:
        parts.append(f"their weights shrank to {percent(norm)} of their norm")
    if not parts and bias < 0:
        parts.append(f"their biases moved by {number(bias)} (median)")
    if not parts:
        return "their weights turned against their inputs"
    return " and ".join(parts)


def _why(case: Case) -> str:
    """The half sentence on what happened when they died."""
    when = f"between step {case.deaths.onset} and {case.deaths.middle}"
    if case.deaths.onset >= case.deaths.middle - 1:
        when = f"at step {case.deaths.middle}"
    rate = "" if math.isnan(case.rate) else f" at learning rate {number(case.rate)}"
    if case.by_steps:
        parts = []
        if case.update >= LARGE_UPDATE:
            parts.append(f"an update changed the weights by {of_norm(case.update)}")
        if case.loss_then >= 2 * case.loss_before > 0:
            jump = f"{number(case.loss_before)} to {number(case.loss_then)}"
            parts.append(f"the loss jumped from {jump}")
        return f"{when}, when {' and '.join(parts)}{rate}"
    if case.raised >= 2:
        return f"{when}, after the learning rate was raised to {number(case.rate)}"
    if case.decayed:
        return f"{when}, as their weights decayed"
    slow = ", little by little" if case.deaths.middle > EARLY else ""
    return f"{when}{slow}{rate}"


def _learnt_since(case: Case, loss: evidence.Loss) -> bool:
    """Whether the width that was left sufficed: most of the loss went after they had died."""
    return loss.known and loss.end <= LEFT * case.loss_before


def _at_least(case: Case) -> float:
    """The share that is sure: Wilson's lower bound at 80 %, as few units make a coarse share."""
    units, share, z = case.site.units, case.share, 0.8416
    middle = share + z * z / (2 * units)
    spread = z * math.sqrt(share * (1 - share) / units + z * z / (4 * units * units))
    return (middle - spread) / (1 + z * z / units)


def _severity(case: Case, harmed: bool, learnt: bool) -> Severity | None:
    if case.share < FEW:
        return "info" if case.share >= 0.02 else None
    if case.share >= MOST:
        return "warning" if learnt and not harmed else "error"
    driven = case.by_steps or case.raised >= 2
    if _at_least(case) >= MANY:
        astray = not (driven or case.decayed) and case.deaths.middle <= EARLY
        return "error" if harmed else "info" if learnt or astray else "warning"
    return "warning" if harmed and driven and case.share >= 0.25 else "info"


def _remedies(record: Record, case: Case) -> tuple[Remedy, ...]:
    site = case.site
    where = {"sites": [site.site], "layers": [site.layer]}
    swap = Remedy(
        "swap_activation",
        "A leaky slope leaves a gradient to silent units, so that they can come back.",
        {"from": site.function, "to": "leaky_relu"},
        where,
    )
    normalise = Remedy(
        "insert_normalization",
        "Normalised pre-activations keep every unit on both sides of zero.",
        scope=where,
    )
    recycle = Remedy(
        "recycle_units",
        "Dead units get new weights without changing the output (ReDo).",
        scope={**where, "units": {site.layer: np.flatnonzero(case.dead).tolist()}},
    )
    slower = lower(record, case.deaths.onset, "Smaller steps do not throw units below zero.")
    if is_output(record, site):
        return (free(record, site, where), normalise, *((slower,) if slower else ()))
    heavy = any(item.momentum > HEAVY for item in record.circumstances.optimizers)
    poor = _born_poor(record)
    if len(poor) >= 2:  # no step revives what never lived
        sites = list(dict.fromkeys([site.site, *(other.site for other in poor)]))
        layers = list(dict.fromkeys([site.layer, *(other.layer for other in poor)]))
        wide = dataclasses.replace(swap, scope={"sites": sites, "layers": layers})
        return (wide, normalise, *((slower,) if slower else ()), recycle)
    if slower and (case.by_steps or case.raised >= 2 or heavy):
        return (slower, normalise, swap, recycle)
    return (swap, normalise, recycle, *((slower,) if slower else ()))


def _born_poor(record: Record) -> list[SiteRecord]:
    """Layers of few units, a quarter of which or more never gave anything.

    Lu, Shin, Su and Karniadakis 2020: the narrower and deeper, the likelier a network is born so.
    """
    found = []
    for site in record.sites:
        if can_die(site) and site.units <= NARROW:
            never = evidence.dead_units(site) & (site.unit.active == 0)
            found += [site] if never.mean() >= BORN else []
    return found


def check(record: Record) -> Sequence[Finding]:
    """Units whose zero-gradient side holds all their inputs, though they once were active.

    Four units of eight are no such share yet, forty of eighty are (`_at_least`). A unit is dead
    only if its silence exceeds chance (`evidence.dead_units`), so rare firing is no death and
    sparsity no fault. Below 10 % of a layer: ``info`` at most, as healthy training leaves some
    behind; from 40 % on: ``warning``, or ``info`` where they went within twenty steps, none of them
    large, and the loss fell: they were drawn next to dead (see ``born_dead``);
    ``error`` where the loss stayed near its start or the layer has lost 70 % of its width; one
    degree less where the loss fell to a fifth, or to a third after the deaths, so that the rest
    sufficed. From a quarter on ``warning`` where the loss was harmed and a step did it, as most
    units are left. Units that fall silent where another training begins (a new optimiser) do so on
    other data: ``info`` if it goes well.

    Source:
        "As much as 40 % of your network can be dead if the learning rate is set too high" (CS231n
        notes, "Commonly used activation functions"); Lu, Shin, Su and Karniadakis 2020, "Dying ReLU
        and initialization"; a tenth as in Sokar et al. 2023, figure 2 (dormant share of networks
        that learn well).
    """
    cases = [_case(record, site) for site in record.sites if can_die(site)]
    known = sorted((c for c in cases if c), key=lambda c: (c.deaths.middle, c.site.order))
    loss = evidence.loss_of(record)
    steps = overshoot(record)
    harmed = loss.known and loss.start > 0 and not loss.end < 0.9 * loss.start
    harmed = harmed or (steps is not None and not loss.end < 0.5 * loss.start)
    grave = [c for c in known if c.share >= FEW]
    findings = []
    for case in known:
        learnt = loss.reached(LEARNT) or _learnt_since(case, loss)
        severity = _severity(case, harmed, learnt)
        if severity is None:
            continue
        if not harmed and evidence.new_phase(record, case.deaths.onset):
            severity = "info"
        first = grave[0] if grave else case
        lost = f"{percent(case.share)} of the {case.site.units} units of {place(case.site)}"
        cause = f"{lost} died {_why(case)}; {_what_moved(case, first)}."
        findings.append(_finding(record, case, severity, cause))
    return tuple(findings)


def _finding(record: Record, case: Case, severity: Severity, cause: str) -> Finding:
    unit, dead = case.site.unit, case.dead
    numbers = {
        "dead": case.share,
        "median_death_step": float(case.deaths.middle),
        "update_ratio": case.update,
        "learning_rate": case.rate,
        "loss_before": case.loss_before,
        "loss_then": case.loss_then,
        "weight_norm_growth": case.norm_grew,
        "bias_shift": case.bias_moved,
    }
    if unit.bias_end.size == dead.size:
        numbers["median_bias"] = evidence.median(unit.bias_end[dead])
    return Finding(
        rule="dying_relu",
        severity=severity,
        cause=cause,
        layer=case.site.layer,
        site=case.site.site,
        source=case.site.source,
        first_step=case.deaths.onset,
        evidence={name: value for name, value in numbers.items() if not math.isnan(value)},
        remedies=_remedies(record, case) if severity != "info" else (),
    )


RULE = Rule(
    id="dying_relu",
    check=check,
    summary="Units that were active fell silent for good and receive no gradient.",
    source="CS231n notes; Lu et al. 2020; Sokar et al. 2023",
    explains=("vanishing_gradient", "dormant_units"),
)
