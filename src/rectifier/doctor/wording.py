"""Numbers as they read in a sentence, and places in the user's code. For the rules."""

from __future__ import annotations

import math

from rectifier.watch.record import SiteRecord


def percent(share: float) -> str:
    """``0.9375`` -> ``94 %``; small shares keep a digit, what would round to nothing none."""
    value = 100.0 * share
    if 0 < value < 0.05:
        return "under 0.1 %"
    return f"{value:.1f} %" if 0 < value < 1 or 99 < value < 100 else f"{value:.0f} %"


def of_norm(ratio: float) -> str:
    """A change of weights against their norm: ``33 % of their norm``, ``14 times their norm``."""
    if math.isinf(ratio):
        return "more than can be represented"
    return f"{percent(ratio)} of their norm" if ratio < 10 else f"{times(ratio)} times their norm"


def times(ratio: float) -> str:
    """A factor of ten or more, without more digits than a reader takes in."""
    return f"{ratio:,.0f}" if ratio < 1e6 else number(ratio)


def number(value: float) -> str:
    """Three significant digits, no needless zeros."""
    if math.isnan(value):
        return "unknown"
    if not math.isfinite(value):
        return "infinite"
    return f"{value:.3g}"


def place(site: SiteRecord) -> str:
    """Where a site is: ``layer 'fc1' (net.py:25)``."""
    name = f"layer {site.layer!r}" if site.layer != site.site else f"{site.site!r}"
    return f"{name} ({site.source})" if site.source else name


def listing(names: list[str], limit: int = 3) -> str:
    """``a, b and c``; beyond the limit the rest is counted."""
    if len(names) > limit:
        return ", ".join(names[:limit]) + f" and {len(names) - limit} more"
    return " and ".join([", ".join(names[:-1]), names[-1]] if len(names) > 1 else names)
