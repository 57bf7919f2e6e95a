"""Reports as HTML: each one file that opens from disk, needs no network and no script to be read.

Part of the report layer; needs jinja2 and matplotlib. A page is a pure function of what it shows:
no clock, no random identifier, so the same record gives the same bytes. Writing is left to
`rectifier.report.output`, pictures to `rectifier.report.charts`, words to
`rectifier.report.digest`.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import TYPE_CHECKING

from rectifier.report import output
from rectifier.report.page import card as card_page
from rectifier.report.page import comparison as comparison_page
from rectifier.report.page import ledger as ledger_page
from rectifier.report.page import repair as repair_page
from rectifier.report.page import run as run_page
from rectifier.report.page import unit as unit_page

if TYPE_CHECKING:
    from rectifier.analysis import Card, Propagation, UnitCard
    from rectifier.claims.record import Entry
    from rectifier.compare.result import Comparison
    from rectifier.doctor.finding import Finding
    from rectifier.doctor.outcome import Repair
    from rectifier.watch.record import Record

__all__ = [
    "write_card",
    "write_card_png",
    "write_comparison",
    "write_ledger",
    "write_repair",
    "write_run",
    "write_unit",
    "write_unit_png",
]

Place = str | os.PathLike[str]


def write_run(
    path: Place,
    record: Record,
    findings: Sequence[Finding],
    *,
    command: str = "",
    repairs: Sequence[str] | None = None,
) -> None:
    """Write the page of a watched run.

    Args:
        path: The file to write; an existing one is replaced.
        record: What was measured.
        findings: What the doctor says of it, root cause first.
        command: How the run was started, for the page's foot; made up from the script if left out.
        repairs: What a live repair announced; None where none was asked for.

    Raises:
        MissingPackageError: jinja2 or matplotlib is not installed.
        OutputError: The file cannot be written there.
    """
    target = output.check_writable(path)
    output.write_text(target, run_page.html(record, findings, command, repairs))


def write_repair(path: Place, repair: Repair, *, command: str = "") -> None:
    """Write the page of a repair; see `write_run`."""
    target = output.check_writable(path)
    output.write_text(target, repair_page.html(repair, command))


def write_comparison(path: Place, comparison: Comparison, *, command: str = "") -> None:
    """Write the page of a comparison; see `write_run`."""
    target = output.check_writable(path)
    output.write_text(target, comparison_page.html(comparison, command))


def write_ledger(path: Place, entries: Sequence[Entry], *, command: str = "") -> None:
    """Write the page of the ledger of claims; see `write_run`."""
    target = output.check_writable(path)
    output.write_text(target, ledger_page.html(entries, command))


def write_card(
    path: Place, card: Card, *, command: str = "", deep: Propagation | None = None
) -> None:
    """Write the page of one activation, perhaps with what depth makes of it; see `write_run`."""
    target = output.check_writable(path)
    output.write_text(target, card_page.html(card, command, deep))


def write_card_png(path: Place, card: Card) -> None:
    """Write the picture of one activation and its derivatives as PNG; see `write_run`."""
    target = output.check_writable(path)
    output.write_bytes(target, card_page.png(card))


def write_unit(path: Place, card: UnitCard, *, command: str = "") -> None:
    """Write the page of a gated unit or a row-wise function; see `write_run`."""
    target = output.check_writable(path)
    output.write_text(target, unit_page.html(card, command))


def write_unit_png(path: Place, card: UnitCard) -> None:
    """Write the picture of a gated unit or a row-wise function as PNG; see `write_run`."""
    target = output.check_writable(path)
    output.write_bytes(target, unit_page.png(card))
