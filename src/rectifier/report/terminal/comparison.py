"""A comparison in the terminal: the table and what to make of it.

Part of `rectifier.report.terminal`.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import TYPE_CHECKING

from rectifier.report import digest, wording
from rectifier.report.terminal.screen import cell, facts, fits, heading, section, show, table

from rich.text import Text  # isort: skip

if TYPE_CHECKING:
    from rich.console import Console, RenderableType
    from rich.table import Table

    from rectifier.compare.result import Comparison, Interval, Row

VERDICT_STYLES = {
    "best": "bold green",
    "no difference": "",
    "worse": "dim",
    "failed": "bold red",
}


def print_comparison(comparison: Comparison, console: Console) -> None:
    """Print a comparison's table, best first, and its recommendation.

    Args:
        comparison: What was found.
        console: Where to print.
    """
    show(console, _parts(comparison, console))


def _parts(comparison: Comparison, console: Console) -> Iterator[RenderableType]:
    yield heading("compare", comparison.task)
    yield facts(digest.comparison_facts(comparison))
    yield Text()
    wide = _table(comparison, wide=True)
    yield wide if fits(console, wide) else _table(comparison, wide=False)
    yield from (cell(line, "dim") for line in _footnotes(comparison))
    if any(row.middle_difference is not None for row in comparison.rows):
        yield section(f"Difference to {wording.clean(comparison.rows[0].activation)}")
        yield _differences(comparison)
    yield section("Recommendation")
    yield Text(wording.clean(comparison.recommendation))
    if comparison.prior:
        yield section("Before measuring")
        yield Text(wording.clean(comparison.prior))


def _table(comparison: Comparison, *, wide: bool) -> Table:
    metric = wording.clean(comparison.metric)
    unit = " %" if wording.is_percentage(metric) else ""
    level = next((row.score.level for row in comparison.rows), 0.95)
    made = table(
        ("activation", "left"),
        (f"{metric}{unit}\n[{100 * level:g} % interval]", "right"),
        *((("to leader\n[interval]", "right"),) if wide else ()),
        *((("seeds\nfinished", "right"),) if wide else ()),
        ("epochs to\ntarget" if wide else "epochs", "right"),
        ("time per\nstep" if wide else "a step", "right"),
        ("dead", "right"),
        ("sparse", "right"),
        ("learning\nrate" if wide else "rate", "right"),
        ("verdict", "left"),
        padding=2 if wide else 0,
    )
    for row in comparison.rows:
        style = VERDICT_STYLES.get(row.verdict, "")
        made.add_row(
            cell(row.activation, "bold" if row.activation in comparison.recommended else ""),
            cell(_interval(row.score, metric) if row.verdict != "failed" else wording.UNKNOWN),
            *((cell(_to_leader(row, metric)),) if wide else ()),
            *((cell(f"{row.seeds}/{row.seeds + row.failed_seeds}"),) if wide else ()),
            cell(_epochs(row)),
            cell(wording.duration(row.step_time)),
            cell(wording.percent(row.dead)),
            cell(wording.percent(row.sparsity)),
            cell(wording.number(row.learning_rate, 2) + ("*" if _at_edge(row) else "")),
            cell(row.verdict, style),
        )
    return made


def _differences(comparison: Comparison) -> Table:
    """Of the mean, which decides, and of the interquartile mean, both corrected."""
    metric = wording.clean(comparison.metric)
    made = table(
        ("activation", "left"),
        ("mean\n[corrected]", "right"),
        ("interquartile mean\n[corrected]", "right"),
        ("beats it in", "right"),
        ("p", "right"),
    )
    for row in comparison.rows:
        if row.difference is not None:
            middle = row.middle_difference
            made.add_row(
                cell(row.activation),
                cell(_gap(row.difference, metric)),
                cell(wording.UNKNOWN if middle is None else _gap(middle, metric)),
                cell(wording.percent(row.probability_of_improvement)),
                cell(wording.number(row.p_value, 2)),
            )
    return made


def _footnotes(comparison: Comparison) -> Iterator[str]:
    if any(_at_edge(row) for row in comparison.rows):
        yield "* the best learning rate is at the end of the grid; a wider grid may do better"
    never = wording.UNKNOWN
    if any(row.epochs_to_target is None for row in comparison.rows):
        yield f"{never} in epochs: most seeds did not reach the target"
    for row in comparison.rows:
        if row.failed_seeds:
            seeds = wording.count(row.seeds + row.failed_seeds, "seed")
            why = f" ({wording.clean(row.failure)})" if row.failure else ""
            yield f"{wording.clean(row.activation)}: {row.failed_seeds} of {seeds} failed{why}"


def _at_edge(row: Row) -> bool:
    return row.learning_rate_at_edge and row.verdict != "failed"


def _interval(interval: Interval, metric: str) -> str:
    value = wording.score(interval.value, metric)
    if math.isnan(interval.low) or math.isnan(interval.high):
        return value
    low, high = wording.score(interval.low, metric), wording.score(interval.high, metric)
    return f"{value} [{low}, {high}]"


def _to_leader(row: Row, metric: str) -> str:
    if row.difference is None:
        return "leader" if row.verdict != "failed" else wording.UNKNOWN
    return _gap(row.difference, metric)


def _gap(interval: Interval, metric: str) -> str:
    value = wording.difference(interval.value, metric)
    if math.isnan(interval.low):
        return value
    low, high = (wording.difference(end, metric) for end in (interval.low, interval.high))
    return f"{value} [{low}, {high}]"


def _epochs(row: Row) -> str:
    return wording.UNKNOWN if row.epochs_to_target is None else wording.number(row.epochs_to_target)
