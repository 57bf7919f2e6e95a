"""A comparison as text that can be cited: what was done, what came of it, by which versions.

For the report layer; standard library only. Methods are the protocol's own sentences.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from rectifier import __version__
from rectifier.report import wording

if TYPE_CHECKING:
    from rectifier.compare.result import Comparison, Interval, Row


def text(comparison: Comparison, command: str = "") -> str:
    """Two paragraphs, methods and results, and a line that says what computed them.

    Args:
        comparison: What was found.
        command: How it was started; empty: not told.
    """
    names = ", ".join(row.activation for row in comparison.rows)
    methods = [
        f"Compared were {names} on {comparison.task}, "
        f"{wording.count(len(comparison.seeds), 'seed')} each.",
        *comparison.protocol,
    ]
    rows = "; ".join(_row(row, comparison.metric) for row in comparison.rows)
    first = comparison.rows[0].activation if comparison.rows else ""
    level = next((f"{100 * row.score.level:g}" for row in comparison.rows), "95")
    results = [
        f"{comparison.metric[:1].upper()}{comparison.metric[1:]}, mean with {level} % interval"
        + (f", and paired difference to {first}, corrected" if len(comparison.rows) > 1 else "")
        + f": {rows}.",
        comparison.recommendation,
    ]
    where = "".join(f", {name} {value}" for name, value in comparison.environment.items())
    made = f"Computed by rectifier {__version__}{where}."
    if command:
        made += f" Command: {command}"
    parts = (" ".join(methods), " ".join(results), made.strip())
    return "\n\n".join(wording.clean(part) for part in parts if part) + "\n"


def _row(row: Row, metric: str) -> str:
    if row.verdict == "failed":
        return f"{row.activation} failed in all {wording.count(row.failed_seeds, 'run')}"
    told = f"{row.activation} {_interval(row.score, metric)}"
    if row.difference is not None:
        gap = wording.difference(row.difference.value, metric)
        low, high = (
            wording.difference(end, metric) for end in (row.difference.low, row.difference.high)
        )
        told += f" (difference {gap} [{low}, {high}]"
        if row.p_value is not None:
            told += f", p = {wording.number(row.p_value, 2)}"
        told += f"; {row.verdict})"
    return told


def _interval(interval: Interval, metric: str) -> str:
    value, low, high = (
        wording.score(end, metric) for end in (interval.value, interval.low, interval.high)
    )
    unit = " %" if wording.is_percentage(metric) else ""
    return f"{value}{unit} [{low}, {high}]"
