"""The page of the ledger of claims. Part of `rectifier.report.page`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from rectifier.report import ledger
from rectifier.report.charts import ledger as charts
from rectifier.report.page.render import render, versions

if TYPE_CHECKING:
    from rectifier.claims.record import Entry
    from rectifier.report.charts.svg import Chart


def html(entries: Sequence[Entry], command: str) -> str:
    """The whole page.

    Args:
        entries: In the order to show.
        command: How it was made.
    """
    return render(
        "ledger.html",
        entries=[(entry, _charts(entry)) for entry in entries],
        counts=ledger.counts(tuple(entries)),
        ledger=ledger,
        command=command or "rectifier claims --html FILE",
        versions=versions(),
    )


def _charts(entry: Entry) -> list[Chart]:
    drawn = [charts.against(entry)]
    drawn += [charts.picture(each) for each in (entry.result.pictures if entry.result else ())]
    return [chart for chart in drawn if chart is not None]
