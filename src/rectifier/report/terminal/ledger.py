"""The ledger of claims in the terminal: the table, and one claim in full.

Part of `rectifier.report.terminal`.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from rectifier.claims.record import Entry, Estimate, Quantity
from rectifier.report import ledger, wording
from rectifier.report.terminal.screen import cell, facts, heading, indented, section, show, table

from rich.table import Table  # isort: skip
from rich.text import Text  # isort: skip

if TYPE_CHECKING:
    from rich.console import Console, RenderableType

VERDICT_STYLES = {
    "reproduced": "bold green",
    "not reproduced": "bold red",
    "contradicted by its source": "bold yellow",
    "not testable here": "dim",
}
_SCALE = 40


def print_ledger(entries: Sequence[Entry], console: Console) -> None:
    """Print all claims with their verdicts.

    Args:
        entries: In the order to print.
        console: Where to print.
    """
    show(console, _ledger_parts(tuple(entries)))


def _ledger_parts(entries: tuple[Entry, ...]) -> Iterator[RenderableType]:
    yield heading("claims", wording.count(len(entries), "claim"))
    yield facts(ledger.counts(entries))
    yield Text()
    made = table(("", "left"), ("claim", "left"), ("measured", "left"), ("verdict", "left"))
    for entry in entries:
        made.add_row(
            cell(entry.id, "bold"),
            cell(entry.claim),
            cell(_decisive(entry)),
            cell(ledger.verdict(entry), VERDICT_STYLES[entry.verdict]),
        )
    yield made
    yield Text()
    places = sorted({ledger.origin(e) for e in entries if e.result is not None})
    for place in places:
        yield cell(f"measured: {place}", "dim")
    yield cell("rectifier claims run ID measures one here and shows it in full", "dim")


def _decisive(entry: Entry) -> str:
    """The quantity that the verdict comes from: the table has no room for more."""
    if entry.decides is None:
        return wording.UNKNOWN
    quantity, found = ledger.pairs(entry)[entry.decides]
    if found is None:
        source = ledger.stated(quantity.source, quantity.unit)
        return wording.UNKNOWN if quantity.source is None else f"{quantity.name}: source, {source}"
    text = f"{quantity.name}: {ledger.estimate(found, quantity.unit)}"
    return f"{text} (proxy)" if quantity.proxy else text


def print_claim(entry: Entry, console: Console) -> None:
    """Print one claim: measured against claimed, protocol, source.

    Args:
        entry: The claim.
        console: Where to print.
    """
    show(console, _claim_parts(entry))


def _claim_parts(entry: Entry) -> Iterator[RenderableType]:
    yield Text.assemble((entry.id, "bold"), "  ", wording.clean(entry.claim))
    yield Text.assemble(
        (ledger.verdict(entry).upper(), VERDICT_STYLES[entry.verdict]),
        "  ",
        (ledger.origin(entry), "dim"),
    )
    yield section("Measured against claimed")
    made = table(("quantity", "left"), ("measured [95 %]", "left"), ("claimed", "left"),
                 ("source", "left"))  # fmt: skip
    for quantity, found in ledger.pairs(entry):
        made.add_row(
            cell(quantity.name),
            cell(wording.UNKNOWN if found is None else ledger.estimate(found, quantity.unit)),
            cell(ledger.claimed(quantity)),
            cell(ledger.stated(quantity.source, quantity.unit)),
        )
    yield made
    for quantity, found in ledger.pairs(entry):
        if found is not None and (drawn := interval(quantity, found)):
            yield indented(Text(f"{wording.shorten(quantity.name, 60)}\n{drawn}"))
    yield cell(entry.reason, "dim")
    if told := ledger.by_reading(entry):
        yield cell(told)
    if entry.result and entry.result.notes:
        yield from (cell(note) for note in entry.result.notes)
    grid = Table.grid(padding=(0, 2, 0, 0))
    grid.add_column(no_wrap=True, style="dim")
    grid.add_column(overflow="fold")
    for name, text in (
        ("said in", f"section {entry.section}: “{entry.quote}”"),
        ("source", entry.source),
        ("it says", entry.says),
        ("in its words", f"“{entry.words}”" if entry.words else ""),
        ("protocol", entry.protocol),
    ):
        if text:
            grid.add_row(cell(name), cell(text))
    if entry.result:
        told = "; ".join(f"{key} {text}" for key, text in entry.result.circumstances.items())
        grid.add_row(cell("run"), cell(told))
    yield Text()
    yield grid


def interval(quantity: Quantity, found: Estimate) -> str:
    """The stated range as a bar and the measured interval below it, on one scale.

    Empty where there is nothing to draw on: no stated range, or nothing finite but one number.
    """
    stated = quantity.stated
    if stated is None:
        return ""
    ends = [v for v in (stated.low, stated.high, found.low, found.value, found.high)
            if math.isfinite(v)]  # fmt: skip
    low, high = min(ends, default=0.0), max(ends, default=0.0)
    if high <= low:
        return ""
    reach = high - low
    low, high = low - 0.1 * reach, high + 0.1 * reach

    def place(value: float) -> int:
        share = (min(max(value, low), high) - low) / (high - low)
        return round(share * (_SCALE - 1))

    claimed = [" "] * _SCALE
    for spot in range(place(stated.low), place(stated.high) + 1):
        claimed[spot] = "█"
    measured = [" "] * _SCALE
    for spot in range(place(found.low), place(found.high) + 1):
        measured[spot] = "─"
    measured[place(found.value)] = "●"
    right = wording.number(high)
    scale = wording.number(low).ljust(_SCALE - len(right)) + right
    return "\n".join(
        (
            f"  claimed  │{''.join(claimed)}│",
            f"  measured │{''.join(measured)}│",
            f"            {scale}",
        )
    )
