"""``dormant_units``: units that give next to nothing compared with their layer. A rule: pure."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from rectifier.doctor import evidence
from rectifier.doctor.deadness import can_die
from rectifier.doctor.finding import Finding, Remedy, Severity
from rectifier.doctor.rule import Rule
from rectifier.doctor.wording import percent, place
from rectifier.watch.record import Record, SiteRecord

TAU = 0.025
"""Mean |output| of a dormant unit over its layer's mean, at most."""

MANY = 0.5
"""Share of a layer from which it is more than what training leaves behind."""


def dormant(site: SiteRecord, tau: float = TAU) -> evidence.BoolArray:
    """Units whose mean |output| in the closing window is at most ``tau`` times the layer's mean.

    Source:
        Sokar, Agarwal, Castro and Evci 2023, definition 3.1.
    """
    values = site.unit.mean_abs_recent
    mean = float(values[np.isfinite(values)].mean()) if np.isfinite(values).any() else 0.0
    if not values.size or not mean > 0:
        return np.zeros(site.units, dtype=np.bool_)
    found: evidence.BoolArray = values <= tau * mean
    return found


def _fires(site: SiteRecord) -> evidence.BoolArray:
    """Units that fire now and then, strongly enough when they do: sparse, not dormant.

    A living unit of a sparse code has a small mean because it is mostly silent. Its mean over
    the times that it fires is what tells, so the mean is divided by the rate of firing.
    """
    unit = site.unit
    if unit.active_recent.size != unit.mean_abs_recent.size or unit.seen_recent <= 0:
        return np.zeros(site.units, dtype=np.bool_)
    rate = unit.active_recent / unit.seen_recent
    typical = np.median(unit.mean_abs_recent / np.maximum(rate, 1.0 / unit.seen_recent))
    strength = unit.mean_abs_recent / np.maximum(rate, 1.0 / unit.seen_recent)
    found: evidence.BoolArray = (unit.active_recent > 0) & (strength > TAU * typical)
    return found


def check(record: Record) -> Sequence[Finding]:
    """Units that are not dead and yet, next to their layer, give nothing (dormant at tau = 0.025).

    Dead units are told by other rules and left out, and so are units of a sparse code, which are
    silent mostly but strong when they fire. ``warning`` where half of a layer is dormant
    and the loss stayed above half of its start; else ``info`` from a tenth on: gradient
    magnitude, not dormancy, tells harm in residual and non-ReLU networks.

    Source:
        Sokar et al. 2023, "The dormant neuron phenomenon in deep reinforcement learning",
        definition 3.1 and figure 2; Liu et al. 2025 (GraMa: where dormancy misleads).
    """
    loss = evidence.loss_of(record)
    poor = loss.known and loss.start > 0 and not loss.end <= 0.5 * loss.start
    findings = []
    for site in record.sites:
        if site.units < 8 or not site.unit.mean_abs_recent.size:
            continue
        idle = dormant(site)
        if can_die(site):
            idle = idle & ~evidence.dead_units(site) & ~_fires(site)
        share = float(idle.mean())
        if share < 0.1:
            continue
        severity: Severity = "warning" if share >= MANY and poor else "info"
        where = {"sites": [site.site], "layers": [site.layer]}
        numbers = np.flatnonzero(idle).tolist()
        findings.append(
            Finding(
                rule="dormant_units",
                severity=severity,
                cause=(
                    f"{percent(share)} of the {site.units} units of {place(site)} are dormant: "
                    f"their mean output is at most {percent(TAU)} of their layer's."
                ),
                layer=site.layer,
                site=site.site,
                source=site.source,
                first_step=_since(site),
                evidence={"dormant": share, "tau": TAU},
                remedies=(
                    Remedy(
                        "recycle_units",
                        "Units that give nothing get new weights without changing the output.",
                        {"tau": TAU},
                        {**where, "units": {site.layer: numbers}},
                    ),
                    Remedy(
                        "reinitialize",
                        "Weights drawn to suit the activation give every unit a part.",
                        {"scheme": "he_normal"},
                    ),
                )
                if severity != "info"
                else (),
            )
        )
    return tuple(findings)


def _since(site: SiteRecord) -> int:
    return int(site.series.step[0]) if site.series.step.size else 0


RULE = Rule(
    id="dormant_units",
    check=check,
    summary="Units give next to nothing compared with the rest of their layer.",
    source="Sokar, Agarwal, Castro and Evci 2023, definition 3.1",
)
