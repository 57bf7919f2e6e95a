"""The card of a gated unit or a row-wise function in the terminal.

Part of `rectifier.report.terminal`.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from rectifier.report import properties, unit_properties, wording
from rectifier.report.terminal.card import pairs
from rectifier.report.terminal.plot import curve
from rectifier.report.terminal.screen import cell, section, show, table

from rich.text import Text  # isort: skip

if TYPE_CHECKING:
    from rich.console import Console, RenderableType

    from rectifier.analysis import UnitCard


def print_unit(card: UnitCard, console: Console) -> None:
    """Print everything that is known of a gated unit or a row-wise function.

    Args:
        card: Of `rectifier.analysis.unit_card`.
        console: Where to print.
    """
    show(console, _parts(card, console))


def _parts(card: UnitCard, console: Console) -> Iterator[RenderableType]:
    yield Text.assemble((card.name, "bold"), "  ", (card.kind, "dim"))
    yield Text(wording.clean(card.summary))
    yield Text()
    yield pairs(unit_properties.formulas(card))
    yield Text()
    ascii_only = not console.encoding.lower().startswith("utf")
    x = [float(v) for v in card.x]
    yield Text(wording.clean(f"Curve: {card.cut}"), "dim")
    for name, y in card.curves.items():
        drawn = curve(
            x, [float(v) for v in y], width=min(console.width - 2, 64), ascii_only=ascii_only
        )
        yield Text(f"{name}\n{drawn}")
    yield Text()
    yield pairs(unit_properties.properties(card))
    if rows := unit_properties.options(card):
        yield section("Parameters")
        grid = table(("name", "left"), ("value", "right"), ("", "left"))
        for name, value, about in rows:
            grid.add_row(cell(name, "bold"), cell(value), cell(about, "dim"))
        yield grid
    yield section("When to use it, and when not")
    yield pairs(unit_properties.advice(card))
    yield section("Source")
    yield Text(unit_properties.source(card))
    if card.source.url:
        yield cell(card.source.url)
    rest = [
        ("defined there as", card.source.equation),
        ("note", card.source.note),
        ("where it differs", card.differs),
        ("also called", ", ".join(card.aliases)),
        ("also in", properties.elsewhere(card)),
        ("use", unit_properties.uses(card)),
    ]
    yield pairs([(name, text) for name, text in rest if text])
