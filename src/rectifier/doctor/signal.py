"""How signals and gradients change with depth, as read from a record. Framework-free, pure.

A *chain* is a row of consecutive sites of one model that follow the same kind of layer, in forward
order. Models that one optimiser trains and that run one behind the other (an encoder and its
decoder) count as one where the quantity goes one way throughout, which it seldom does in branches
that lie side by side. Only within a chain do element-wise root mean squares compare: pooling,
flattening and broadcasting between kinds change them for reasons that are no fault.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from rectifier.doctor import evidence
from rectifier.watch.record import FloatArray, Record, SiteRecord

TINY = 1e-20
"""A gradient's size from which a few layers more take it below what a 32-bit number can hold."""

SHORTEST = 3
"""Sites that a chain must have before one may speak of depth."""


@dataclass(frozen=True)
class Trend:
    """A quantity along a chain.

    Attributes:
        sites: The chain, in forward order. ``values``: the quantity at each, shape (sites,).
    """

    sites: tuple[SiteRecord, ...]
    values: FloatArray

    @property
    def ratio(self) -> float:
        """Last over first."""
        return float(self.values[-1] / self.values[0])

    @property
    def factor(self) -> float:
        """Geometric mean of the change per site."""
        return float(self.ratio ** (1.0 / (len(self.sites) - 1)))


def _family(site: SiteRecord) -> str:
    return "conv" if site.layer_kind.startswith("Conv") else site.layer_kind


def chains(record: Record) -> tuple[tuple[SiteRecord, ...], ...]:
    """All chains of at least `SHORTEST` sites."""
    ordered = sorted(record.sites, key=lambda site: (site.model, site.order))
    groups = itertools.groupby(ordered, key=lambda site: (site.model, _family(site)))
    return tuple(chain for _, group in groups if len(chain := tuple(group)) >= SHORTEST)


def _joined(record: Record) -> tuple[SiteRecord, ...]:
    """All sites as one chain, where several models may be parts of one network."""
    facts = record.circumstances.optimizers
    models = {site.model for site in record.sites}
    ordered = tuple(sorted(record.sites, key=lambda site: site.order))
    whole = len(facts) == 1 and len(models) > 1 and "" not in models
    return ordered if whole and len({_family(site) for site in ordered}) == 1 else ()


def trends(
    record: Record,
    quantity: Callable[[SiteRecord], FloatArray],
    steps: int | None,
    underflow: bool = False,
) -> tuple[Trend, ...]:
    """The median of a series of each site, along each chain.

    Args:
        record: The record.
        quantity: Picks the series.
        steps: How many of the first observed steps to take; None: all.

        underflow: Whether sites in front at which it is zero are left out: it got too small for a
            number on its way to them.

    Returns:
        One trend a chain; sites at which the median is unknown are left out, and so are chains that
        become too short by it or are zero at either end.
    """
    found = []
    for chain in chains(record):
        values = np.array([evidence.median(quantity(site)[:steps]) for site in chain])
        known = np.isfinite(values)
        positive = np.flatnonzero(known & (values > 0))
        if underflow and positive.size and values[positive[0]] <= TINY:
            known[: positive[0]] = False
        if known.sum() < SHORTEST or not (values[known][0] > 0 and values[known][-1] > 0):
            continue
        kept = tuple(site for site, good in zip(chain, known, strict=True) if good)
        found.append(Trend(kept, values[known]))
    joined = _joined(record)
    if len(joined) >= SHORTEST:
        values = np.array([evidence.median(quantity(site)[:steps]) for site in joined])
        if np.all(values > 0) and np.all(np.diff(values) > 0):  # NaN is neither
            found.append(Trend(joined, values))
    return tuple(found)


def backward(record: Record, steps: int | None) -> tuple[Trend, ...]:
    """Root mean square of the gradient along each chain; a ratio over 1: it shrinks backward."""
    return trends(record, lambda site: site.series.gradient_rms, steps, underflow=True)


def forward(record: Record, steps: int | None) -> tuple[Trend, ...]:
    """Spread of the pre-activations along each chain; a ratio over 1: it grows forward."""
    return trends(record, lambda site: site.series.input_std, steps)


def update_of(record: Record, layer: str) -> float:
    """Median update ratio of a layer over the run; NaN if unknown."""
    for item in record.layers:
        if item.layer == layer:
            return evidence.median(item.update_ratio)
    return math.nan
