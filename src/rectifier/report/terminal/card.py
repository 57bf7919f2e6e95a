"""The catalog and one activation's card in the terminal.

Part of `rectifier.report.terminal`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import groupby
from typing import TYPE_CHECKING, Any

from rectifier.report import wording
from rectifier.report.terminal.screen import cell, fits, section, show, table

from rich.text import Text  # isort: skip

if TYPE_CHECKING:
    from rich.console import Console, RenderableType
    from rich.table import Table

    from rectifier.activation import Activation


def print_list(activations: Iterable[Activation], console: Console) -> None:
    """Print activations by family: name, formula, parameters, aliases, year.

    Args:
        activations: What to list.
        console: Where to print.
    """
    listed = sorted(activations, key=lambda activation: activation.family)
    show(console, _list_parts(listed, console))


def _list_parts(listed: Sequence[Activation], console: Console) -> Iterator[RenderableType]:
    wide = fits(console, _list_table(listed, wide=True))
    for family, members in groupby(listed, key=lambda activation: activation.family):
        yield section(wording.title(family))
        yield _list_table(tuple(members), wide=wide, among=listed)
    yield Text()
    yield cell(f"{wording.count(len(listed), 'activation')}; rectifier show NAME tells all of one", "dim")


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
        middle = (cell(_parameters(activation)), cell(", ".join(activation.aliases))) if wide else ()
        year = activation.source.year
        made.add_row(
            cell(activation.name, "bold"), formula, *middle, cell("" if year is None else year)
        )
    return made


def _parameters(activation: Activation) -> str:
    return ", ".join(
        f"{name}={wording.number(param.default)}" + (" (learned)" if param.learnable else "")
        for name, param in activation.params.items()
    )


def print_card(card: Any, console: Console) -> None:
    """Print everything that is known of one activation."""
