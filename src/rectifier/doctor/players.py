"""Whether what one network makes for another can be what that one is shown. Framework-free, pure.

Layer: doctor; part of the rule ``unsuitable_output_activation``. A generator's output goes into no
loss itself but into a judge, beside data: where the last activation's range leaves much of the data
out, the judge tells the two apart by that alone, and no step of the generator changes it.
"""

from __future__ import annotations

from rectifier import analysis
from rectifier.doctor.finding import Finding, Remedy
from rectifier.doctor.slopes import is_bounded
from rectifier.doctor.wording import number
from rectifier.errors import UnknownNameError
from rectifier.watch.record import Record, SiteRecord
from rectifier.watch.record.circumstances import Feed

BEYOND = 0.5
"""How far data lie beyond the range, over its width, from which it is no noise put on them."""

MANY = 0.1
"""Likewise one standard deviation from their mean, so that they are many."""


def out_of_range(record: Record) -> Finding | None:
    """A last activation that is bounded, and a judge's data of which a good part lies outside.

    Only where two optimisers step, and the output enters no loss by itself.
    """
    if sum(1 for item in record.circumstances.optimizers if item.steps) < 2:
        return None
    heads = {head.layer for head in record.circumstances.heads}
    for site in _last_sites(record):
        if site.layer in heads or not is_bounded(site):
            continue
        try:
            low, high = analysis.output_range(site.function)
        except UnknownNameError:
            continue
        for feed in record.circumstances.feeds:
            if feed.mean.size == site.units and _outside(feed, low, high):
                return _finding(site, feed, low, high)
    return None


def _last_sites(record: Record) -> list[SiteRecord]:
    """Of each model the last activation, where no layer stands behind it; not of the only one."""
    models = {site.model for site in record.sites}
    found = []
    for model in models if len(models) > 1 else ():
        last = max((s for s in record.sites if s.model == model), key=lambda s: s.order)
        order = {item.layer: item.order for item in record.layers if item.model == model}
        if order and order.get(last.layer) == max(order.values()):
            found.append(last)
    return sorted(found, key=lambda s: s.order)


def _outside(feed: Feed, low: float, high: float) -> bool:
    """Whether data lie far beyond an end of the range, and many of them."""
    width = high - low
    least, most = float(feed.low.min()), float(feed.high.max())
    below = (feed.mean - feed.std).min()
    above = (feed.mean + feed.std).max()
    return bool(
        (least < low - BEYOND * width and below < low - MANY * width)
        or (most > high + BEYOND * width and above > high + MANY * width)
    )


def _finding(site: SiteRecord, feed: Feed, low: float, high: float) -> Finding:
    least, most = float(feed.low.min()), float(feed.high.max())
    to = "tanh" if least >= -1.05 and most <= 1.05 else "identity"
    return Finding(
        rule="unsuitable_output_activation",
        severity="warning",
        cause=(
            f"The output behind the last layer {site.layer!r} does not suit what it is set beside: "
            f"{site.function} gives {number(low)} to {number(high)}, and what enters the network "
            f"that judges it reaches from {number(least)} to {number(most)}, so that the two are "
            "told apart by their range alone."
        ),
        layer=site.layer,
        site=site.site,
        source=site.source,
        first_step=0,
        evidence={"output_low": low, "output_high": high, "data_low": least, "data_high": most},
        remedies=(
            Remedy(
                "swap_activation",
                "An output that reaches all data can be like them.",
                {"from": site.function, "to": to},
                {"sites": [site.site], "layers": [site.layer]},
            ),
        ),
    )
