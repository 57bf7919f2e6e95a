"""Activations that level off on both sides of a steep middle, as tanh does.

Layer: doctor, on `rectifier.analysis`. For `rectifier.doctor.remedies.reinitialize`.
"""

from __future__ import annotations

import math
from collections.abc import Iterable

from rectifier import analysis, catalog


def all_level_off(activations: Iterable[str]) -> bool:
    """Whether each is odd and bounded; false where there is none.

    A gain that keeps the variance would start a third of their units on the plateaus; with gain 1
    they start where their slope is about one (Glorot and Bengio 2010, section 4.2).

    Args:
        activations: Names; one that the catalog does not know levels off for nobody.

    Example:
        >>> all_level_off(["tanh", "softsign"]), all_level_off(["tanh", "relu"]), all_level_off([])
        (True, False, False)
    """
    names = set(activations)
    return bool(names) and all(
        name in catalog.names()
        and analysis.symmetry(name) == "odd"
        and all(map(math.isfinite, analysis.output_range(name)))
        for name in names
    )
