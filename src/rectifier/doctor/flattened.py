"""Functions without a steep place, one behind the other, and a loss that never left a guess's.

Layer: doctor; part of the rule ``vanishing_gradient``. Framework-free, pure. Along a chain of one
kind of layer the gradients of activations compare; convolutions, pooling and dense layers behind
one another are in no such chain, though each of their sigmoids takes its three quarters.
"""

from __future__ import annotations

import math

from rectifier import analysis
from rectifier.doctor import evidence
from rectifier.doctor.finding import Finding, Remedy
from rectifier.doctor.outputs import is_output
from rectifier.doctor.rounds import MOVING, STEEPEST
from rectifier.doctor.signal import SHORTEST
from rectifier.doctor.steeper import steeper
from rectifier.doctor.wording import number, percent, place
from rectifier.errors import UnknownNameError
from rectifier.watch.record import Record, SiteRecord

FEWEST = 2
"""Functions behind one another, of which each takes its part."""

FAR = 100.0
"""Update ratio of the last layer over the first's, from which depth tells them apart."""

SATURATED = 0.5
"""Share of saturated elements from which it is what enters a function that keeps it flat."""


def flattened(record: Record, loss: evidence.Loss) -> Finding | None:
    """All hidden functions of a network pass a quarter at most, and the loss stayed at a guess's.

    The gradient of the first layer is as small beside the last one's as those slopes alone make it,
    or smaller; the last one moves, so that it is not the rate. Of two functions only where the
    first layer hardly moves, by a hundredth of what the last one does.
    """
    if not evidence.at_rest(record, loss):
        return None
    for model in dict.fromkeys(site.model for site in record.sites):
        of_it = (site for site in record.sites if site.model == model)
        sites = sorted((s for s in of_it if not is_output(record, s)), key=lambda s: s.order)
        layers = sorted(
            (i for i in evidence.matrices(record) if i.model == model and i.in_optimizer),
            key=lambda item: item.order,
        )
        if len(sites) < FEWEST or len(layers) <= len(sites) or not all(map(_is_flat, sites)):
            continue
        first, last = layers[0], layers[-1]
        first_moves, last_moves = (evidence.median(x.update_ratio) for x in (first, last))
        if len(sites) < SHORTEST and not (first_moves <= MOVING <= last_moves / FAR):
            continue
        share = max(
            evidence.median(first.gradient_rms[:span]) / most
            if (most := evidence.median(last.gradient_rms[:span])) > 0
            else math.nan
            for span in (evidence.OPENING, None)
        )
        bound = STEEPEST ** len(sites)
        if share <= bound and last_moves >= MOVING:
            return _finding(record, sites, share, bound)
    return None


def _is_flat(site: SiteRecord) -> bool:
    try:
        steepest = analysis.lipschitz(site.function)
    except UnknownNameError:
        return False
    return steepest <= STEEPEST and not evidence.median(site.series.saturated) >= SATURATED


def _finding(record: Record, sites: list[SiteRecord], share: float, bound: float) -> Finding:
    first = sites[0]
    where = {"sites": [site.site for site in sites], "layers": [site.layer for site in sites]}
    return Finding(
        rule="vanishing_gradient",
        severity="error",
        cause=(
            f"From {place(first)} on {len(sites)} functions lie behind one another that pass "
            f"{percent(STEEPEST)} of a gradient at most, {number(bound)} of it in all, and the "
            f"first layer gets {share:.1e} of what the last one does: it cannot learn, and the "
            "loss stayed where a guess comes to."
        ),
        layer=first.layer,
        site=first.site,
        source=first.source,
        first_step=int(first.series.step[0]) if first.series.step.size else 0,
        evidence={"gradient_ratio": share, "depth": float(len(sites))},
        remedies=(
            Remedy(
                "insert_normalization",
                "Normalised pre-activations keep every layer where its derivative is large.",
                scope=where,
            ),
            steeper(record, first.function, where, len(sites)),
        ),
    )
