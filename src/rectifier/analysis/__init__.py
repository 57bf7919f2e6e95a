"""Facts about activations, each derived from the expression and none typed: gain, range, kinks.

Layer: above the catalog, below the front ends (NumPy only). `gain`, `moments`, `output_range` and
their like take a name or an activation; `rectifier.analysis.shape` takes any expression. `card`
gathers everything for `rectifier show`.
"""

from __future__ import annotations

from rectifier.analysis.counting import Cost
from rectifier.analysis.depth import Propagation, propagation
from rectifier.analysis.facts import (
    cost,
    is_homogeneous,
    is_invertible,
    is_monotone,
    lipschitz,
    output_range,
    slope_lipschitz,
    smoothness,
    symmetry,
    training_cost,
    zero_gradient_region,
)
from rectifier.analysis.gaussian import Moments, expectation, gain, gaussian_sparsity, moments
from rectifier.analysis.shape import breakpoints, kinks
from rectifier.analysis.summary import Card, card
from rectifier.analysis.unit_card import UnitCard, has_unit_card, unit_card

__all__ = [
    "Card",
    "Cost",
    "Moments",
    "Propagation",
    "UnitCard",
    "breakpoints",
    "card",
    "cost",
    "expectation",
    "gain",
    "gaussian_sparsity",
    "has_unit_card",
    "is_homogeneous",
    "is_invertible",
    "is_monotone",
    "kinks",
    "lipschitz",
    "moments",
    "output_range",
    "propagation",
    "slope_lipschitz",
    "smoothness",
    "symmetry",
    "training_cost",
    "unit_card",
    "zero_gradient_region",
]
