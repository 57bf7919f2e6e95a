"""The page of a gated unit or a row-wise function. Part of `rectifier.report.page`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rectifier.report import properties, unit_properties
from rectifier.report.charts import card as formulas
from rectifier.report.charts import unit as charts
from rectifier.report.page.render import render, versions

if TYPE_CHECKING:
    from rectifier.analysis import UnitCard
    from rectifier.report.charts.svg import Chart


def html(card: UnitCard, command: str) -> str:
    """The whole page.

    Args:
        card: Everything known of it.
        command: How it was asked for; made up from the name if empty.
    """
    return render(
        "card.html",
        card=card,
        group=card.kind,
        formulas=_formulas(card),
        cut=card.cut,
        properties=unit_properties.properties(card),
        averages=(),
        worth="Default",
        parameters=unit_properties.options(card),
        advice=unit_properties.advice(card),
        source=unit_properties.source(card),
        url=card.source.url if card.source.url.startswith(("https://", "http://")) else "",
        elsewhere=properties.elsewhere(card),
        deep=None,
        uses=unit_properties.uses(card),
        differs="Where libraries differ",
        pictures=charts.curves(card),
        command=command or f"rectifier show {card.name}",
        versions=versions(),
    )


def _formulas(card: UnitCard) -> tuple[tuple[str, str, Chart | None], ...]:
    """Name, text and picture of each formula; only the first has a picture, if any."""
    (name, text), *others = unit_properties.formulas(card)
    picture = formulas.formula(card.latex, name, text) if card.latex else None
    return ((name, text, picture), *((name, text, None) for name, text in others))


def png(card: UnitCard) -> bytes:
    """The picture of its curves as PNG."""
    return charts.png(card)
