"""The card of a gated unit or a row-wise function in words, for terminal and page.

For the report layer. Every value comes from `rectifier.analysis.UnitCard`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from rectifier.report import wording
from rectifier.report.properties import Rows, origin

if TYPE_CHECKING:
    from rectifier.analysis import UnitCard


def formulas(card: UnitCard) -> Rows:
    """The formula, and the derivatives by each input."""
    if card.kind == "gated":
        return (
            ("f(x, gate)", card.formula),
            *((f"∂f/∂{by}", text) for by, text in card.derivatives.items()),
        )
    (jacobian,) = card.derivatives.values()
    return (("output", card.formula), ("∂y_i/∂x_j", jacobian))


def properties(card: UnitCard) -> Rows:
    """What it is like."""
    gain = f"none: {card.missing}" if card.gain is None else f"{card.gain:.6g}"
    rows = (("gating", card.gating), ("gain", gain))
    return tuple((name, wording.clean(value)) for name, value in rows if value)


def options(card: UnitCard) -> tuple[tuple[str, str, str], ...]:
    """Name, default and description of each option."""
    return tuple(
        (name, "must be given" if default is None else wording.number(default), about)
        for name, (default, about) in card.options.items()
    )


def advice(card: UnitCard) -> Rows:
    """When to use it and when not, and where that is found."""
    given = card.advice
    return (("use", given.use), ("avoid", given.avoid), ("found in", "; ".join(given.sources)))


def source(card: UnitCard) -> str:
    """Who published it, when, where it is defined there."""
    return origin(card.source)


def uses(card: UnitCard) -> str:
    """How it is called from the front ends."""
    home = "gated" if card.kind == "gated" else "rowwise"
    return f'rectifier.numpy.{home}("{card.name}"), rectifier.torch.{card.class_name}'
