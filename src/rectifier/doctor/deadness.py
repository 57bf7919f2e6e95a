"""Which sites can die at all: those whose activation has a half-line without gradient.

Derived from the catalog's formula where the function is known, else from what was measured.
Framework-free.
"""

from __future__ import annotations

import functools
import math

from rectifier import analysis
from rectifier.doctor import evidence
from rectifier.errors import UnknownNameError
from rectifier.watch.record import SiteRecord

_HARD_FORMS = frozenset({"clamp", "clamp_min", "clip", "maximum", "threshold", "where"})
"""Callees that are a rectifier only with the right arguments; what was measured decides."""


@functools.cache
def _has_flat_half_line(function: str) -> bool | None:
    """Whether the gradient vanishes on all of (-inf, a]; None for a function not in the catalog."""
    if function in _HARD_FORMS:
        return None
    try:
        regions = analysis.zero_gradient_region(function)
    except UnknownNameError:
        return None
    return any(math.isinf(low) and low < 0 and high > low for low, high in regions)


def can_die(site: SiteRecord) -> bool:
    """Whether the site's units can fall silent without a gradient to bring them back.

    A function outside the catalog is judged by its measured outputs and gradients: exact zeros in
    both.
    """
    known = _has_flat_half_line(site.function)
    if known is not None:
        return known
    zeros = evidence.largest(site.series.sparsity)
    blocked = evidence.largest(site.series.zero_gradient)
    return zeros > 0 and blocked != 0
