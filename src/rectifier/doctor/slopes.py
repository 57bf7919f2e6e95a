"""Whether a site's units sit where their function has a slope. Framework-free, pure.

Layer: doctor; readings that ``saturated_activation`` and ``poor_initialization`` share. Which share
is a fault, and whose, the rules decide.
"""

from __future__ import annotations

import math

import numpy as np

from rectifier import analysis
from rectifier.doctor import evidence
from rectifier.errors import UnknownNameError
from rectifier.watch.record import SiteRecord

FROM_THE_START = 0.5
"""Share of saturated elements at the first steps; unit-scale inputs of a tanh saturate 0.3 %."""


def is_bounded(site: SiteRecord) -> bool:
    """Whether the function's range is bounded on both sides."""
    try:
        low, high = analysis.output_range(site.function)
    except UnknownNameError:
        return site.function in ("clamp", "hardtanh", "hardsigmoid")
    return math.isfinite(low) and math.isfinite(high)


def flat_at_first(site: SiteRecord) -> float:
    """Share of saturated elements at the first steps: before any update, and soon after it.

    A few rows of a long run, of which every n-th step is kept, are no first steps; what the first
    updates did, and the drawing did not, is not there in the first row.
    """
    values = evidence.finite(site.series.saturated)
    return float(min(values[0], np.median(values[:5]))) if values.size else math.nan
