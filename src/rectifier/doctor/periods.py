"""Sines whose input runs through whole periods. Framework-free, pure.

Layer: doctor; part of the rule ``poor_initialization``.

Source: Sitzmann et al. 2020, section 3.2 (inputs of spread one at every layer).
"""

from __future__ import annotations

import math

from rectifier.doctor import evidence
from rectifier.doctor.drawn import drawn_in
from rectifier.doctor.finding import Finding, Remedy
from rectifier.doctor.wording import listing, number
from rectifier.watch.record import Record

SINES = ("sin", "cos")

PERIOD = 2 * math.pi
"""Spread of a sine's input from which it runs through whole periods: the output then tells nothing
of the input but noise. Sines behind sines start at one."""


def wrapped(record: Record) -> dict[str, float]:
    """Layers before sines that stand behind sines, by the spread that enters; none if one fits.

    The first sine of a network may run through any number of periods: its frequencies are chosen.
    Sines of time or place alone, as embeddings are made of, pass no gradient and are none of ours.
    """
    widths = {(p.layer, p.shape[0]) for p in drawn_in(record)}
    sines = [
        site
        for site in sorted(record.sites, key=lambda s: s.order)
        if site.function in SINES
        and (site.layer, site.units) in widths
        and evidence.largest(site.series.gradient_rms) > 0
    ]
    behind = [s for i, s in enumerate(sines) if any(o.model == s.model for o in sines[:i])]
    spreads = {s.layer: evidence.median(s.series.input_std[:1]) for s in behind if s.layer}
    return spreads if spreads and all(v >= PERIOD for v in spreads.values()) else {}


def periods(record: Record, spreads: dict[str, float]) -> Finding:
    """What to say of them: layers before sines, with the spread that enters each."""
    layers = list(spreads)
    widest = max(spreads.values())
    factors = {name: 1 / value for name, value in spreads.items()}
    for p in drawn_in(record):
        first = any(s.layer == p.layer and s.function in SINES for s in record.sites)
        siren = 1 / (p.fan_in * math.sqrt(3))  # uniform up to one over the inputs, in the first
        if first and p.layer not in factors and p.std > siren:
            factors[p.layer] = siren / p.std
    return Finding(
        rule="poor_initialization",
        severity="warning",
        cause=(
            f"What enters the sines behind {listing([repr(name) for name in layers])} spreads over "
            f"± {number(widest)} at the start, whole periods where one unit is due: their output "
            "is noise, and so is what is learnt between the training data."
        ),
        layer=layers[0],
        first_step=0,
        evidence={"input_std": widest},
        remedies=(
            Remedy(
                "reinitialize",
                "Weights divided by the spread that they give start each sine on one period, as in "
                "SIREN.",
                {"scheme": "scaled"},
                {"layers": list(factors), "factors": factors},
            ),
        ),
        also=tuple(layers[1:]),
    )
