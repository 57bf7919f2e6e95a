"""``born_dead``: units that never once were active. A rule: pure, framework-free."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

from rectifier.doctor import evidence
from rectifier.doctor.deadness import can_die
from rectifier.doctor.finding import Finding, Remedy, Severity
from rectifier.doctor.outputs import is_output
from rectifier.doctor.rule import Rule
from rectifier.doctor.wording import number, percent, place
from rectifier.watch.record import Record, SiteRecord

FEW = 0.1
"""Below this share it is at most a note."""

HALF = 0.6
"""Above one half, with room for chance: more than zero-bias initialisation can do."""


DEEP = 3
"""Sites before one whose units may as well have the same sign for all inputs."""

CHANCE = 3.0
"""Standard deviations of a fair coin's share that chance is granted, as there are many layers."""

OF_POSITIVE = frozenset({"exp", "expm1", "log", "log1p", "sqrt", "rsqrt", "reciprocal", "lgamma"})
"""Operations between an output and its loss that mean it to be positive."""


def _why(site: SiteRecord, dead: evidence.BoolArray, first: SiteRecord) -> str:
    """The half sentence on what keeps them silent, from the state at the first step."""
    unit, series = site.unit, site.series
    spread = evidence.median(series.input_std[:1])
    mean = evidence.median(series.input_mean[:1])
    if first is not site and float(evidence.dead_units(first).mean()) >= 0.9:
        return f"its input is constant, since {first.layer!r} is silent"
    if unit.weight_norm_start.size == dead.size:
        norm = evidence.median(unit.weight_norm_start[dead])
        if norm == 0:
            return "their weights start at zero, where neither output nor gradient can arise"
    if unit.bias_start.size == dead.size:
        bias = evidence.median(unit.bias_start[dead])
        if bias < 0 and not abs(bias) < 2 * spread:
            scale = "" if math.isnan(spread) else f", beyond the spread {number(spread)} of their"
            tail = " inputs" if scale else ""
            return f"their biases start at {number(bias)} (median){scale}{tail}"
    if _barred(site):
        return f"their inputs lie at {number(mean)} ± {number(spread)}, all below its threshold"
    if mean < 0 and abs(mean) >= 2 * spread:
        return (
            f"their inputs lie at {number(mean)} ± {number(spread)} from the first step: the "
            "weights and what enters them do not suit each other"
        )
    return "their weights as initialised are negative for every input"


def _barred(site: SiteRecord) -> bool:
    """Whether it is a threshold that the inputs, about zero as they should be, do not reach."""
    spread = evidence.median(site.series.input_std[:1])
    mean = evidence.median(site.series.input_mean[:1])
    return site.function == "threshold" and abs(mean) < 2 * spread


def _severity(share: float, harmed: bool, units: int, deep: bool) -> Severity | None:
    if share < FEW:
        return "info" if share >= 0.02 else None
    chance = 0.5 + CHANCE * 0.5 / math.sqrt(max(units, 1))
    if share >= (max(HALF, min(chance, 1.0)) if deep else HALF):
        return "error"
    if deep:
        return "info"
    return "warning" if harmed and share >= 0.4 else "info"


def check(record: Record) -> Sequence[Finding]:
    """Units without a positive output in any batch since the first observed step.

    With symmetric weights and zero biases a unit's pre-activation has either sign with probability
    one half. For inputs that are all alike (positive features, deep ReLU layers: their correlation
    tends to one) the sign is the same for all of them, so up to half of a layer may be born dead in
    a network as it is usually initialised, and it may train well. More than that (0.6 leaves room
    for chance; behind three sites three standard deviations above one half do, since there each of
    many layers throws its coin) takes biases, weights or inputs that push units down: ``error``. In
    the first layers ``warning`` from 0.4 on if the loss stayed near its start; else ``info``. Needs
    an observed start: a run that was first observed later cannot tell born dead from dead.

    Source:
        Lu, Shin, Su and Karniadakis 2020, "Dying ReLU and initialization: theory and numerical
        examples", theorem 3.3; Poole et al. 2016 and Schoenholz et al. 2017 (correlation of inputs
        tends to one with depth); Cho and Saul 2009 (arc-cosine kernel of one layer).
    """
    loss = evidence.loss_of(record)
    harmed = loss.known and loss.start > 0 and not loss.end < 0.9 * loss.start
    found: list[tuple[SiteRecord, evidence.BoolArray]] = []
    for site in sorted(record.sites, key=lambda item: item.order):
        if can_die(site) and site.unit.active.size:
            dead = evidence.dead_units(site) & (site.unit.active == 0)
            if dead.any():
                found.append((site, dead))
    grave = [site for site, dead in found if dead.mean() >= FEW]
    findings = []
    for site, dead in found:
        share = float(dead.mean())
        before = [s for s in record.sites if s.model == site.model and s.order < site.order]
        severity = _severity(share, harmed, site.units, len(before) >= DEEP)
        if severity is None:
            continue
        first = next((item for item in grave if item.model == site.model), site)
        first = first if first.order < site.order else site
        cause = (
            f"{percent(share)} of the {site.units} units of {place(site)} were never active: "
            f"{_why(site, dead, first)}."
        )
        output = is_output(record, site)
        findings.append(_finding(record, site, dead, severity, cause, output))
    return tuple(findings)


def free(record: Record, site: SiteRecord, where: Mapping[str, Any]) -> Remedy:
    """A slope everywhere in the place of a rectifier at a network's output, of silent units.

    Nothing at all where the loss takes the output as it is. Where a function of positive numbers
    stands between (a density that absorbs by its exponential, a rate, a variance), softplus keeps
    the sign (Barron et al. 2021, "Mip-NeRF", on densities that are zero everywhere).
    """
    ways = [
        set(head.chain[: head.chain.index(site.function)])
        for head in record.circumstances.heads
        if head.layer == site.layer and site.function in head.chain
    ]
    if any(way & OF_POSITIVE for way in ways):
        return Remedy(
            "swap_activation",
            "Softplus stays positive, as what follows needs it, and has a slope everywhere.",
            {"from": site.function, "to": "softplus"},
            where,
        )
    return Remedy(
        "swap_activation",
        "An output without a rectifier reaches what lies below zero, and keeps its gradient.",
        {"from": site.function, "to": "identity"},
        where,
    )


def _finding(
    record: Record,
    site: SiteRecord,
    dead: evidence.BoolArray,
    severity: Severity,
    cause: str,
    output: bool,
) -> Finding:
    unit = site.unit
    numbers = {
        "dead": float(dead.mean()),
        "input_mean": evidence.median(site.series.input_mean[:1]),
    }
    numbers["input_std"] = evidence.median(site.series.input_std[:1])
    if unit.bias_start.size == dead.size:
        numbers["median_bias"] = evidence.median(unit.bias_start[dead])
    if unit.weight_norm_start.size == dead.size:
        numbers["median_weight_norm"] = evidence.median(unit.weight_norm_start[dead])
    where = {"sites": [site.site], "layers": [site.layer]}
    remedies = (
        Remedy(
            "reinitialize",
            "Weights drawn to suit the activation, and zero biases, start units active for half "
            "of their inputs.",
            {"scheme": "he_normal"},
        ),
        Remedy(
            "insert_normalization",
            "Normalised pre-activations put every unit on both sides of zero.",
            scope=where,
        ),
        Remedy(
            "swap_activation",
            "A leaky slope gives silent units a gradient to come back by.",
            {"from": site.function, "to": "leaky_relu"},
            where,
        ),
    )
    if output:
        remedies = (free(record, site, where), *remedies[:2])
    elif _barred(site):
        swap = Remedy(
            "swap_activation",
            "A threshold of zero lets half of the inputs pass.",
            {"from": site.function, "to": "relu"},
        )
        remedies = (swap, *remedies[:2])
    return Finding(
        rule="born_dead",
        severity=severity,
        cause=cause,
        layer=site.layer,
        site=site.site,
        source=site.source,
        first_step=int(site.series.step[0]) if site.series.step.size else 0,
        evidence={name: value for name, value in numbers.items() if not math.isnan(value)},
        remedies=remedies if severity != "info" else (),
    )


RULE = Rule(
    id="born_dead",
    check=check,
    summary="Units that were silent from the first step and receive no gradient.",
    source="Lu et al. 2020, theorem 3.3; Schoenholz et al. 2017; Cho and Saul 2009",
    explains=("vanishing_gradient", "dormant_units", "dying_relu"),
)
