"""Charts of a comparison: scores with their intervals, differences, tuning, learning, cost.

Part of `rectifier.report.charts`. Every chart has all activations in it; where colours would not
tell so many apart, the best are coloured and named and the others are faint.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from rectifier.report import wording
from rectifier.report.charts import canvas
from rectifier.report.charts.canvas import Chart
from rectifier.report.charts.lines import Line, lines, told_apart

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from rectifier.compare.result import Comparison, Interval, Row, TuningPoint

NAMED_CURVES = 6
"""So many learning curves are coloured and named; the others are faint."""


def scores(comparison: Comparison) -> Chart | None:
    """Mean score with its interval and every seed as a faint point, a row per activation."""
    rows = [row for row in comparison.rows if math.isfinite(row.score.value)]
    if not rows:
        return None
    metric, unit = comparison.metric, _unit(comparison.metric)
    names = [canvas.label(row.activation) for row in comparison.rows]
    left = _left_end([value for row in rows for value in _values(row)])
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
        return canvas.finish(figure, f"{wording.title(metric)}, all seeds", f"Best first: {told}.")


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
    left = _left_end([*ends, 0.0])
    leader = next((r.activation for r in comparison.rows if r.difference is None), "the leader")
    with canvas.style():
        figure, axes = _rows_axes(names, right=66)
        axes.axvline(0, color=canvas.INK, linewidth=0.9)
        for place, (row, interval) in enumerate(zip(rows, intervals, strict=True)):
            alike = row.verdict == "no difference"
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
        return canvas.finish(figure, f"Difference to {leader}", f"{told}.")


def tuning(name: str, points: Sequence[TuningPoint], comparison: Comparison) -> Chart | None:
    """One activation's validation score over the learning rates tried, on a scale common to all."""
    tried = sorted(points, key=lambda point: point.learning_rate)
    known = [p for p in tried if math.isfinite(p.score) and p.learning_rate > 0]
    if not known:
        return None
    taken = {row.activation: row.learning_rate for row in comparison.rows}.get(name)
    best = next(
        (p for p in known if taken is not None and math.isclose(p.learning_rate, taken)),
        max(known, key=lambda point: point.score),
    )
    everywhere = [p.score for p in comparison.tuning if math.isfinite(p.score)]
    low, high = _left_end(everywhere), max(everywhere)
    air = 0.12 * (high - low) or 0.5
    with canvas.style():
        figure, axes = canvas.new_axes(240, 140, left=44, right=12, top=10, bottom=34)
        failed = [p.learning_rate for p in tried if not math.isfinite(p.score)]
        below = [p.learning_rate for p in known if p.score < low - air]
        axes.plot([p.learning_rate for p in known], [p.score for p in known], color=canvas.SOFT)
        axes.plot(
            [p.learning_rate for p in known],
            [p.score for p in known],
            "o",
            color=canvas.SOFT,
            markersize=3.5,
        )
        axes.plot(best.learning_rate, best.score, "o", color=canvas.AFTER, markersize=8)
        bottom = axes.get_xaxis_transform()
        axes.plot(
            below, [0.02] * len(below), "v", transform=bottom, color=canvas.SOFT, markersize=5
        )
        axes.plot(
            failed, [0.04] * len(failed), "x", transform=bottom, color=canvas.DEAD, markersize=6
        )
        axes.set_ylim(low - air, high + air)
        if len({p.learning_rate for p in tried}) > 1:
            canvas.log_axis(axes, "x")
        canvas.number_axis(axes, percent=wording.is_percentage(comparison.metric), ticks=3)
        axes.set_xlabel("learning rate")
        told = "; ".join(
            f"{wording.number(p.learning_rate)}: {wording.score(p.score, comparison.metric)}"
            for p in tried
        )
        text = f"Taken: {wording.number(best.learning_rate)}. Rate and score: {told}."
        return canvas.finish(figure, f"{canvas.label(name)} over the learning rate", text)


def learning(comparison: Comparison, quantity: str) -> Chart | None:
    """Curves over epochs, mean over seeds: ``train_loss`` or ``validation_score``."""
    drawn = [
        (row.activation, np.asarray(row.curves[quantity], dtype=np.float64))
        for row in comparison.rows
        if len(row.curves.get(quantity, ())) > 0
    ]
    series = told_apart([(name, np.arange(1, y.size + 1), y) for name, y in drawn[:NAMED_CURVES]])
    faint = [
        Line(name, np.arange(1, y.size + 1), y, canvas.SOFT, faint=True)
        for name, y in drawn[NAMED_CURVES:]
    ]
    score = quantity.endswith("score")
    percent = score and wording.is_percentage(comparison.metric)
    values = np.concatenate([y for _, y in drawn]) if drawn else np.zeros(0)
    values = values[canvas.drawable(values)]
    log = bool(not score and values.size and values.min() > 0)
    low = _left_end(values.tolist()) if percent and values.size else None
    return lines(
        "Validation score" if score else "Training loss",
        [*faint, *series],
        y_label=wording.clean(quantity.replace("_", " ")),
        x_label="epoch",
        log=log,
        percent=percent,
        limits=(low, None),
        describe=wording.percent if percent else wording.number,
        height=290,
    )


def cost(comparison: Comparison) -> Chart | None:
    """Score against time per step, each activation named where there is room."""
    rows = [
        row
        for row in comparison.rows
        if math.isfinite(row.score.value) and math.isfinite(row.step_time) and row.step_time > 0
    ]
    if len(rows) < 2:
        return None
    left = _left_end([row.score.value for row in rows])
    with canvas.style():
        figure, axes = canvas.new_axes(height=290, left=58, right=70)
        axes.grid(axis="x")
        for row in rows:
            color = canvas.AFTER if row.activation in comparison.recommended else canvas.SOFT
            mark = "o" if row.score.value >= left else "v"
            axes.plot(
                row.step_time * 1e3, max(row.score.value, left), mark, color=color, markersize=6
            )
        axes.margins(0.08, 0.1)
        canvas.number_axis(axes, percent=wording.is_percentage(comparison.metric))
        canvas.number_axis(axes, "x")
        axes.set_xlabel("milliseconds per training step")
        axes.set_ylabel(wording.clean(comparison.metric))
        _name_points(axes, rows, left)
        told = ", ".join(
            f"{row.activation} {wording.duration(row.step_time)} "
            f"{wording.score(row.score.value, comparison.metric)}"
            for row in rows
        )
        return canvas.finish(figure, "Score against time per step", f"{told}.")


def _name_points(axes: Axes, rows: Sequence[Row], left: float) -> None:
    """Names beside their points, at the first of four places that is free; else none."""
    axes.get_xlim(), axes.get_ylim()  # settles the limits, which the places below depend on
    taken: list[tuple[float, float, float, float]] = []
    for row in rows:
        at = axes.transData.transform((row.step_time * 1e3, max(row.score.value, left)))
        taken.append((at[0] - 4, at[1] - 4, at[0] + 4, at[1] + 4))
    for row, dot in zip(rows, list(taken), strict=True):
        name = canvas.label(row.activation, 18)
        wide = canvas.text_width([name], 10)
        x, y = (dot[0] + dot[2]) / 2, (dot[1] + dot[3]) / 2
        places = (
            (x + 7, y - 6),
            (x - 7 - wide, y - 6),
            (x - wide / 2, y + 6),
            (x - wide / 2, y - 18),
        )
        for corner in places:
            box = (corner[0], corner[1], corner[0] + wide, corner[1] + 12)
            if not any(_overlap(box, other) for other in taken):
                taken.append(box)
                spot = axes.transData.inverted().transform((box[0], box[1] + 3))
                axes.text(spot[0], spot[1], name, fontsize=10, color=canvas.INK)
                break


def _overlap(one: tuple[float, ...], other: tuple[float, ...]) -> bool:
    return one[0] < other[2] and other[0] < one[2] and one[1] < other[3] and other[1] < one[3]


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


def _left_end(values: Sequence[float]) -> float:
    """Where a scale may begin so that one that failed does not squeeze all the others together."""
    if not values:
        return 0.0
    low, high = min(values), max(values)
    quarter = float(np.quantile(values, 0.25))
    room = high - 4 * (high - quarter)
    return room if low < room and high > quarter else low


def _left_limit(axes: Axes, left: float, values: Sequence[float]) -> None:
    air = 0.04 * (max(values) - left) or 0.01
    axes.set_xlim(left - air, max(values) + air)


def _signed(value: float) -> str:
    return "0" if abs(value) < 1e-9 else f"{value:+.3g}".replace("-", "−")


def _known(interval: Interval | None) -> bool:
    return interval is not None and math.isfinite(interval.value)


def _unit(metric: str) -> str:
    return " %" if wording.is_percentage(metric) else ""
