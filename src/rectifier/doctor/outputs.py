"""Which sites make a network's output, and which let no gradient through. Framework-free."""

from __future__ import annotations

import math

from rectifier.doctor import evidence
from rectifier.watch.record import Record, SiteRecord
from rectifier.watch.record.circumstances import Head

NOTHING = 0.01
"""Share of elements that pass a gradient, up to which what stands before them is not taught."""

SIZES = frozenset({"add", "mul", "div", "mean", "sum", "abs", "pow", "linalg_vector_norm", "norm"})
"""Operations that penalties are made of, in a sum with the loss that they are added to."""


def is_output(record: Record, site: SiteRecord) -> bool:
    """Whether the site makes a network's output: there saturation is certainty, or the data's own
    range (a generator's black background), not a fault. What a penalty alone is taken of, and other
    layers are fed, is none.
    """
    order = {item.layer: item.order for item in record.layers if item.model == site.model}
    if len(order) > 1 and order.get(site.layer) == max(order.values()):
        return True
    behind = {name for name, place in order.items() if place > order.get(site.layer, math.inf)}
    return any(
        head.layer == site.layer
        and site.function in head.chain
        and not (behind and _is_penalty(head, site.function))
        for head in record.circumstances.heads
    )


def _is_penalty(head: Head, function: str) -> bool:
    """Whether a loss takes but the size of what a function gives: no target is told from it."""
    names = {name.rstrip("*") for name in head.chain[: head.chain.index(function)]}
    known = math.isfinite(head.target_low) or math.isfinite(head.target_mean)
    return names <= SIZES and "add" in names and not known


def passes(site: SiteRecord) -> float:
    """Share of a site's elements that pass a gradient at the end of the run; NaN where unknown."""
    return 1 - evidence.median(evidence.closing(evidence.finite(site.series.zero_gradient)))


def is_deaf(record: Record) -> bool:
    """Whether some hidden site lets next to no gradient through at the end of the run.

    What stands before it is not taught any more, whatever the loss does: that of reinforcement
    falls where an agent fails early, that of several heads where one of them learns.
    """
    return any(passes(site) <= NOTHING and not is_output(record, site) for site in record.sites)
