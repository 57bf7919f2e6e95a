"""The catalog and one activation's card in the terminal.

Part of `rectifier.report.terminal`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import groupby
from typing import TYPE_CHECKING

from rectifier.report import depth, properties, wording
from rectifier.report.terminal.plot import curve
from rectifier.report.terminal.screen import cell, section, show, table

from rich.table import Table  # isort: skip
from rich.text import Text  # isort: skip

if TYPE_CHECKING:
    from rich.console import Console, RenderableType

    from rectifier.activation import Activation
    from rectifier.analysis import Card, Propagation


def print_list(activations: Iterable[Activation], console: Console) -> None:
    """Print activations by family: name, formula, parameters, aliases, year.

    Args:
        activations: What to list.
        console: Where to print.
    """
    listed = sorted(activations, key=lambda activation: activation.family)
    show(console, _list_parts(listed, console))


def _list_parts(listed: Sequence[Activation], console: Console) -> Iterator[RenderableType]:
    wide = console.width >= 120
    for family, members in groupby(listed, key=lambda activation: activation.family):
        yield section(wording.title(family))
        yield _list_table(tuple(members), wide=wide, among=listed)
    yield Text()
    yield cell(
        f"{wording.count(len(listed), 'activation')}; rectifier show NAME tells all of one", "dim"
    )


def _list_table(
    listed: Sequence[Activation], *, wide: bool, among: Sequence[Activation] = ()
) -> Table:
    words = ["name", "formula", "parameters", "also called", "year"]
    made = table(*((word, "left") for word in (words if wide else [words[0], words[1], words[4]])))
    # The same width in every family, so that the eye runs down one column.
    made.columns[0].min_width = max((len(a.name) for a in among or listed), default=4)
    for activation in listed:
        formula = cell(activation.formula)
        if not wide and activation.aliases:
            formula.append("\nalso " + ", ".join(activation.aliases), "dim")
        middle = (
            (cell(_parameters(activation)), cell(", ".join(activation.aliases))) if wide else ()
        )
        year = activation.source.year
        made.add_row(
            cell(activation.name, "bold"), formula, *middle, cell("" if year is None else year)
        )
    return made


def _parameters(activation: Activation) -> str:
    if len(activation.params) > 3:
        learned = sum(param.learnable for param in activation.params.values())
        return f"{len(activation.params)}, {learned} of them learned"
    return ", ".join(
        f"{name}={wording.number(param.default)}" + (" (learned)" if param.learnable else "")
        for name, param in activation.params.items()
    )


def print_card(card: Card, console: Console, deep: Propagation | None = None) -> None:
    """Print everything that is known of one activation, with its curve.

    Args:
        card: Of `rectifier.analysis.card`.
        console: Where to print.
        deep: What depth makes of a signal, to be told as well.
    """
    show(console, _card_parts(card, console, deep))


def _card_parts(card: Card, console: Console, deep: Propagation | None) -> Iterator[RenderableType]:
    yield Text.assemble(
        (wording.clean(card.name), "bold"), "  ", (wording.clean(card.family), "dim")
    )
    if card.summary:
        yield Text(wording.clean(card.summary))
    yield Text()
    yield pairs([("f(x)", card.formula), ("f′(x)", card.derivative)])
    yield Text()
    yield _plots(card, console)
    yield Text()
    yield pairs([*properties.properties(card)])
    yield section("For inputs z ~ N(0, 1)")
    yield pairs([*properties.averages(card)])
    if deep is not None:
        yield section(depth.title(deep))
        grid = table(*((name, "right") for name in depth.HEAD))
        for row in depth.rows(deep):
            grid.add_row(*(cell(value) for value in row))
        yield grid
        yield Text()
        yield Text(depth.verdict(deep))
    if card.params:
        yield section("Parameters")
        grid = table(("name", "left"), ("value", "right"), ("", "left"))
        for name, value, about in properties.parameters(card):
            grid.add_row(cell(name, "bold"), cell(value), cell(about, "dim"))
        yield grid
    if rows := properties.advice(card):
        yield section("When to use it, and when not")
        yield pairs([*rows])
    yield section("Source")
    yield Text(properties.source(card))
    if card.source.url:
        yield cell(card.source.url)
    origin = [("defined there as", card.source.equation), ("note", card.source.note)]
    names = [("we differ", card.differs), ("also called", ", ".join(card.aliases))]
    if card.advice is not None:
        names.append(("also in", properties.elsewhere(card)))
    rest = [*origin, *names, ("use", properties.uses(card))]
    yield pairs([(name, text) for name, text in rest if text])


def pairs(rows: Sequence[tuple[str, str]]) -> Table:
    """Name and value of each row, side by side."""
    grid = Table.grid(padding=(0, 2, 0, 0))
    grid.add_column(no_wrap=True, style="dim")
    grid.add_column(overflow="fold")
    for name, value in rows:
        grid.add_row(cell(name), cell(value))
    return grid


def _plots(card: Card, console: Console) -> RenderableType:
    """The function and its slope, side by side where there is room."""
    beside = console.width >= 100
    width = min(console.width // 2 - 3 if beside else console.width - 2, 64)
    ascii_only = not console.encoding.lower().startswith("utf")
    x = [float(v) for v in card.x]
    drawn = [
        Text(f"{name}\n" + curve(x, [float(v) for v in y], width=width, ascii_only=ascii_only))
        for name, y in (("f(x)", card.value), ("f′(x)", card.slope))
    ]
    if not beside:
        return Text("\n").join(drawn)
    grid = Table.grid(padding=(0, 4, 0, 0))
    grid.add_row(*drawn)
    return grid
