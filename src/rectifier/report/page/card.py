"""The page of one activation. Part of `rectifier.report.page`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rectifier.report import depth, properties
from rectifier.report.charts import card as charts
from rectifier.report.page.render import render, versions

if TYPE_CHECKING:
    from rectifier.analysis import Card, Propagation


def html(card: Card, command: str, deep: Propagation | None = None) -> str:
    """The whole page.

    Args:
        card: Everything known of the activation.
        deep: What depth makes of a signal, to be told as well.
        command: How it was asked for; made up from the name if empty.
    """
    return render(
        "card.html",
        card=card,
        formulas=(
            ("f(x)", card.formula, charts.formula(card.latex, "f(x)", card.formula)),
            (
                "f′(x)",
                card.derivative,
                charts.formula(card.derivative_latex, "f′(x)", card.derivative),
            ),
        ),
        properties=properties.properties(card),
        group=card.family,
        cut="",
        averages=properties.averages(card),
        worth="Value",
        parameters=properties.parameters(card),
        advice=properties.advice(card),
        source=properties.source(card),
        url=card.source.url if card.source.url.startswith(("https://", "http://")) else "",
        uses=properties.uses(card),
        elsewhere="" if card.advice is None else properties.elsewhere(card),
        differs="Where we differ",
        pictures=charts.curves(card),
        deep=None
        if deep is None
        else {
            "title": depth.title(deep),
            "head": depth.HEAD,
            "rows": depth.rows(deep),
            "verdict": depth.verdict(deep),
            "pictures": charts.depth(deep),
        },
        command=command or f"rectifier show {card.name}",
        versions=versions(),
    )


def png(card: Card) -> bytes:
    """The picture of function and derivatives as PNG."""
    return charts.png(card)
