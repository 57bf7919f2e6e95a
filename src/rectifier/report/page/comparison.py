"""The page of a comparison. Part of `rectifier.report.page`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rectifier.report import digest
from rectifier.report.charts import comparison as charts
from rectifier.report.charts import outcome, ranking
from rectifier.report.page.render import render, versions

if TYPE_CHECKING:
    from rectifier.compare.result import Comparison, TuningPoint
    from rectifier.report.charts.svg import Chart


def html(comparison: Comparison, command: str) -> str:
    """The whole page.

    Args:
        comparison: What was found.
        command: How the comparison was started; made up from the task if empty.
    """
    pictures = (
        ranking.scores(comparison),
        ranking.differences(comparison),
        charts.learning(comparison, "validation_score"),
        charts.learning(comparison, "train_loss"),
        charts.cost(comparison),
        outcome.survival(comparison),
        outcome.improvement(comparison),
    )
    return render(
        "comparison.html",
        comparison=comparison,
        facts=digest.comparison_facts(comparison),
        pictures=[chart for chart in pictures if chart is not None],
        mechanisms=outcome.mechanisms(comparison),
        tuning=_tuning(comparison),
        command=command or f"rectifier compare --task {comparison.task}",
        versions=versions(comparison.environment),
    )


def _tuning(comparison: Comparison) -> list[tuple[str, Chart]]:
    """A small chart per activation, in the order of the table."""
    tried: dict[str, list[TuningPoint]] = {row.activation: [] for row in comparison.rows}
    for point in comparison.tuning:
        tried.setdefault(point.activation, []).append(point)
    drawn = ((name, charts.tuning(name, points, comparison)) for name, points in tried.items())
    return [(name, chart) for name, chart in drawn if chart is not None]
