"""Facts about activations, each derived from the expression and none typed: gain, range, kinks.

Layer: above the catalog, below the front ends (NumPy only). `gain`, `moments`, `output_range` and
their like take a name or an activation; `rectifier.analysis.shape` takes any expression. `card`
gathers everything for `rectifier show`. Each name is loaded when it is first asked for: the front
ends want a file or two of these.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from rectifier.analysis.counting import Cost as Cost
    from rectifier.analysis.depth import Propagation as Propagation
    from rectifier.analysis.depth import propagation as propagation
    from rectifier.analysis.facts import cost as cost
    from rectifier.analysis.facts import is_homogeneous as is_homogeneous
    from rectifier.analysis.facts import is_invertible as is_invertible
    from rectifier.analysis.facts import is_monotone as is_monotone
    from rectifier.analysis.facts import lipschitz as lipschitz
    from rectifier.analysis.facts import output_range as output_range
    from rectifier.analysis.facts import slope_lipschitz as slope_lipschitz
    from rectifier.analysis.facts import smoothness as smoothness
    from rectifier.analysis.facts import symmetry as symmetry
    from rectifier.analysis.facts import training_cost as training_cost
    from rectifier.analysis.facts import zero_gradient_region as zero_gradient_region
    from rectifier.analysis.gaussian import Moments as Moments
    from rectifier.analysis.gaussian import expectation as expectation
    from rectifier.analysis.gaussian import gain as gain
    from rectifier.analysis.gaussian import gaussian_sparsity as gaussian_sparsity
    from rectifier.analysis.gaussian import moments as moments
    from rectifier.analysis.shape import breakpoints as breakpoints
    from rectifier.analysis.shape import kinks as kinks
    from rectifier.analysis.summary import Card as Card
    from rectifier.analysis.summary import card as card
    from rectifier.analysis.units import UnitCard as UnitCard
    from rectifier.analysis.units import has_unit_card as has_unit_card
    from rectifier.analysis.units import unit_card as unit_card

_HOME = {
    "Card": "summary",
    "Cost": "counting",
    "Moments": "gaussian",
    "Propagation": "depth",
    "UnitCard": "units",
    "breakpoints": "shape",
    "card": "summary",
    "cost": "facts",
    "expectation": "gaussian",
    "gain": "gaussian",
    "gaussian_sparsity": "gaussian",
    "has_unit_card": "units",
    "is_homogeneous": "facts",
    "is_invertible": "facts",
    "is_monotone": "facts",
    "kinks": "shape",
    "lipschitz": "facts",
    "moments": "gaussian",
    "output_range": "facts",
    "propagation": "depth",
    "slope_lipschitz": "facts",
    "smoothness": "facts",
    "symmetry": "facts",
    "training_cost": "facts",
    "unit_card": "units",
    "zero_gradient_region": "facts",
}
"""The file that each name is in."""

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


def __getattr__(name: str) -> Any:
    if name not in _HOME:
        raise AttributeError(f"module 'rectifier.analysis' has no attribute {name!r}")
    value = getattr(importlib.import_module(f"rectifier.analysis.{_HOME[name]}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted(__all__)
