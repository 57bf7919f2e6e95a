"""What depth makes of a signal, in words: one table for terminal and page.

For the report layer. Every value comes from `rectifier.analysis.Propagation`.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING

from rectifier.report import wording

if TYPE_CHECKING:
    from rectifier.analysis import Propagation

HEAD = ("layer", "variance", "± between nets", "correlation", "gradient", "born dead")
_ROUND = (1, 2, 5)


def title(deep: Propagation) -> str:
    """What was computed: ``Through 100 layers of 1024 units, he_normal``."""
    widths = sorted(set(deep.width[1:]))
    units = f"{widths[0]}" if len(widths) == 1 else f"{widths[0]} to {widths[-1]}"
    return f"Through {wording.count(deep.depth, 'layer')} of {units} units, {deep.scheme}"


def rows(deep: Propagation) -> tuple[tuple[str, ...], ...]:
    """Layer, variance, its spread, correlation, gradient norm, share born dead, at some depths."""
    return tuple(
        (
            str(level),
            wording.number(float(deep.variance[level])),
            _spread(float(deep.spread[level])),
            wording.number(float(deep.correlation[level])),
            wording.number(float(deep.gradient[level])),
            wording.percent(float(deep.born_dead[level])),
        )
        for level in levels(deep.depth)
    )


def _spread(value: float) -> str:
    """A share; the estimate is to first order, so a large one only says that it is large."""
    return "> 100 %" if value > 1 else wording.percent(value)


def levels(depth: int) -> Sequence[int]:
    """Depths to show: 0, 1, 2, 5, 10, 20, 50 and so on, and the last."""
    decades = range(len(str(depth)))
    shown = {first * 10**power for power in decades for first in _ROUND}
    return sorted({0, depth, *(level for level in shown if level < depth)})


def verdict(deep: Propagation) -> str:
    """What the figures mean, in two sentences."""
    change = wording.number(abs(deep.elasticity), 3)
    kept = {
        "attracting": f"Variance returns to its fixed point: of a disturbance a layer leaves the "
        f"{change}-fold.",
        "marginal": "Variance stays where it is: disturbances are neither damped nor amplified, "
        "and add up with depth.",
        "repelling": f"Variance leaves its fixed point: each layer makes a disturbance "
        f"{change} times as large.",
    }[deep.stability]
    if not math.isfinite(deep.slope):
        return kept
    slope = wording.number(deep.slope, 3)
    if abs(deep.slope - 1) < 1e-6:
        return f"{kept} The squared gradient keeps its size on average."
    return (
        f"{kept} A squared gradient becomes {slope} times as large with each layer at variance 1."
    )
