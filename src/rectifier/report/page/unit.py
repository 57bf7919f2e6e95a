"""The page of a gated unit or a row-wise function. Part of `rectifier.report.page`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rectifier.report import properties, unit_properties
from rectifier.report.charts import card as formulas
from rectifier.report.charts import unit as charts
from rectifier.report.page.render import render, versions

if TYPE_CHECKING:
    from rectifier.analysis import UnitCard


def html(card: UnitCard, command: str) -> str:
    """The whole page.

    Args:
        card: Everything known of it.
        command: How it was asked for; made up from the name if empty.
    """
    return render(
        "unit.html",
        card=card,
        latex=formulas.formula(card.latex, "f(x, gate)", card.formula) if card.latex else None,
        formulas=unit_properties.formulas(card),
        properties=unit_properties.properties(card),
        parameters=unit_properties.options(card),
        advice=unit_properties.advice(card),
        source=unit_properties.source(card),
        url=card.source.url if card.source.url.startswith(("https://", "http://")) else "",
        elsewhere=properties.elsewhere(card),
        uses=unit_properties.uses(card),
        pictures=charts.curves(card),
        command=command or f"rectifier show {card.name}",
        versions=versions(),
    )


def png(card: UnitCard) -> bytes:
    """The picture of its curves as PNG."""
    return charts.png(card)
