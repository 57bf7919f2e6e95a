"""Charts that rank activations: scores with their intervals, differences to the leader.

Part of `rectifier.report.charts`; a row per activation, best first.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from rectifier.report import wording
from rectifier.report.charts import canvas
from rectifier.report.charts.svg import Chart, finish

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from rectifier.compare.result import Comparison, Interval, Row


def scores(comparison: Comparison) -> Chart | None:
    """Mean score with its interval and every seed as a faint point, a row per activation."""
    rows = [row for row in comparison.rows if math.isfinite(row.score.value)]
    if not rows:
        return None
    metric, unit = comparison.metric, _unit(comparison.metric)
    names = [canvas.label(row.activation) for row in comparison.rows]
    left = left_end([value for row in rows for value in _values(row)])
    with canvas.style():
        figure, axes = _rows_axes(names, right=66)
        for place, row in enumerate(comparison.rows):
            if not math.isfinite(row.score.value):
                _say(axes, place, "failed: no seed finished")
                continue
            color = canvas.AFTER if row.activation in comparison.recommended else canvas.SOFT
            seeds = np.array([s for s in row.scores if s is not None and math.isfinite(s)])
            above = place - 0.24 + 0.1 * (np.arange(seeds.size) % 3)
            inside = seeds >= left
            axes.plot(seeds[inside], above[inside], ".", color=color, alpha=0.4, markersize=4.5)
            _interval(axes, place, row.score, color, left, filled=True)
            text = wording.score(row.score.value, metric) + unit
            axes.annotate(
                text,
                (1.0, place),
                xycoords=axes.get_yaxis_transform(),
                xytext=(8, 0),
                textcoords="offset points",
                va="center",
                fontweight="bold" if row.activation in comparison.recommended else "normal",
            )
        _left_limit(axes, left, [value for row in rows for value in _values(row)])
        canvas.number_axis(axes, "x", percent=wording.is_percentage(metric))
        axes.set_xlabel(wording.clean(metric))
        told = ", ".join(
            f"{row.activation} {wording.score(row.score.value, metric)}{unit}" for row in rows
        )
        return finish(figure, f"{wording.title(metric)}, all seeds", f"Best first: {told}.")


def differences(comparison: Comparison) -> Chart | None:
    """Paired difference to the leader with its interval; what crosses zero is not told apart."""
    rows = [row for row in comparison.rows if _known(row.difference)]
    if not rows:
        return None
    metric = comparison.metric
    points = "points" if wording.is_percentage(metric) else wording.clean(metric)
    names = [canvas.label(row.activation) for row in rows]
    intervals = [row.difference for row in rows if row.difference is not None]
    ends = [end for i in intervals for end in (i.value, i.low, i.high) if math.isfinite(end)]
    left = left_end([*ends, 0.0])
    leader = next((r.activation for r in comparison.rows if r.difference is None), "the leader")
    with canvas.style():
        figure, axes = _rows_axes(names, right=66)
        axes.axvline(0, color=canvas.INK, linewidth=0.9)
        for place, (row, interval) in enumerate(zip(rows, intervals, strict=True)):
            alike = row.verdict in ("no difference", "too few seeds")
            color = canvas.AFTER if alike else canvas.SOFT
            _interval(axes, place, interval, color, left, filled=not alike)
            axes.annotate(
                wording.difference(interval.value, metric),
                (1.0, place),
                xycoords=axes.get_yaxis_transform(),
                xytext=(8, 0),
                textcoords="offset points",
                va="center",
            )
        _left_limit(axes, left, [*ends, 0.0])
        ticker = canvas.ticker()
        axes.xaxis.set_major_locator(ticker.MaxNLocator(5, steps=[1, 2, 2.5, 5, 10]))
        factor = 100 if wording.is_percentage(metric) else 1
        axes.xaxis.set_major_formatter(ticker.FuncFormatter(lambda v, _: _signed(factor * v)))
        axes.set_xlabel(f"{points} against {canvas.label(leader)}   ○ no difference   ● worse")
        told = ", ".join(
            f"{row.activation} {wording.difference(i.value, metric)} ({row.verdict})"
            for row, i in zip(rows, intervals, strict=True)
        )
        return finish(figure, f"Difference to {leader}", f"{told}.")


def left_end(values: Sequence[float]) -> float:
    """Where a scale may begin so that one that failed does not squeeze all the others together."""
    if not values:
        return 0.0
    low, high = min(values), max(values)
    quarter = float(np.quantile(values, 0.25))
    room = high - 4 * (high - quarter)
    return room if low < room and high > quarter else low


def _rows_axes(names: Sequence[str], *, right: float) -> tuple[Figure, Axes]:
    """Axes with a named row for each, the first on top."""
    each = 26 if len(names) <= 16 else 20
    figure, axes = canvas.new_axes(
        height=66 + each * len(names),
        left=18 + canvas.text_width(names),
        right=right,
        top=8,
        bottom=44,
    )
    axes.grid(visible=False)
    axes.grid(axis="x")
    axes.set_yticks(range(len(names)), names, color=canvas.INK, parse_math=False)
    axes.set_ylim(len(names) - 0.4, -0.6)
    return figure, axes


def _interval(
    axes: Axes, place: int, interval: Interval, color: str, left: float, *, filled: bool
) -> None:
    """A dot with its interval; what lies left of the picture is an arrow at its edge."""
    value = interval.value
    if value < left:
        axes.plot(left, place, "<", color=color, markersize=7)
        return
    if math.isfinite(interval.low) and math.isfinite(interval.high):
        axes.plot(
            [max(interval.low, left), interval.high], [place, place], color=color, linewidth=2.4
        )
    face = color if filled else canvas.PAPER
    axes.plot(
        value,
        place,
        "o",
        markerfacecolor=face,
        markeredgecolor=color,
        markeredgewidth=1.6,
        markersize=7,
    )


def _say(axes: Axes, place: int, text: str) -> None:
    axes.text(
        0.02, place, text, transform=axes.get_yaxis_transform(), va="center", color=canvas.SOFT
    )


def _values(row: Row) -> list[float]:
    values = [row.score.value, row.score.low, row.score.high]
    values += [score for score in row.scores if score is not None]
    return [value for value in values if math.isfinite(value)]


def _left_limit(axes: Axes, left: float, values: Sequence[float]) -> None:
    air = 0.04 * (max(values) - left) or 0.01
    axes.set_xlim(left - air, max(values) + air)


def _signed(value: float) -> str:
    return "0" if abs(value) < 1e-9 else f"{value:+.3g}".replace("-", "−")


def _known(interval: Interval | None) -> bool:
    return interval is not None and math.isfinite(interval.value)


def _unit(metric: str) -> str:
    return " %" if wording.is_percentage(metric) else ""
