"""Charts of a comparison besides the ranking: tuning, learning curves, cost.

Part of `rectifier.report.charts`. Every chart has all activations in it; where colours would not
tell so many apart, the best are coloured and named and the others are faint.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from rectifier.report import wording
from rectifier.report.charts import canvas
from rectifier.report.charts.lines import Line, lines, told_apart
from rectifier.report.charts.ranking import left_end
from rectifier.report.charts.svg import Chart, finish

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from rectifier.compare.result import Comparison, Row, TuningPoint

NAMED_CURVES = 6
"""So many learning curves are coloured and named; the others are faint."""


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
    low, high = left_end(everywhere), max(everywhere)
    air = 0.12 * (high - low) or 0.5
    with canvas.style():
        figure, axes = canvas.new_axes(240, 140, left=44, right=12, top=10, bottom=34)
        failed = [p.learning_rate for p in tried if not math.isfinite(p.score)]
        below = [p.learning_rate for p in known if p.score < low - air]
        several = len({p.study for p in known}) > 1
        if several:  # points of several studies are no one line
            if taken is not None and math.isfinite(taken):
                axes.axvline(taken, color=canvas.AFTER, linewidth=1.4)
        else:
            axes.plot([p.learning_rate for p in known], [p.score for p in known], color=canvas.SOFT)
        axes.plot(
            [p.learning_rate for p in known],
            [p.score for p in known],
            "o",
            color=canvas.SOFT,
            markersize=3.5,
        )
        if not several:
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
            for p in tried[:: max(1, len(tried) // 24)]
        )
        rate = taken if several and taken is not None else best.learning_rate
        text = f"Taken: {wording.number(rate)}. Rate and score: {told}."
        return finish(figure, f"{canvas.label(name)} over the learning rate", text)


def learning(comparison: Comparison, quantity: str) -> Chart | None:
    """Curves over epochs: ``train_loss`` or ``validation_score``.

    Mean over seeds, and for those that are named the middle 80 % of the seeds as a band.
    """
    drawn = [
        (row.activation, np.asarray(row.curves[quantity], dtype=np.float64))
        for row in comparison.rows
        if len(row.curves.get(quantity, ())) > 0
    ]
    series = told_apart([(name, np.arange(1, y.size + 1), y) for name, y in drawn[:NAMED_CURVES]])
    bands = {row.activation: row.curves for row in comparison.rows}
    series = [
        replace(
            line,
            low=np.asarray(bands[line.name].get(f"{quantity}_low", ()), dtype=np.float64),
            high=np.asarray(bands[line.name].get(f"{quantity}_high", ()), dtype=np.float64),
        )
        for line in series
    ]
    faint = [
        Line(name, np.arange(1, y.size + 1), y, canvas.SOFT, faint=True)
        for name, y in drawn[NAMED_CURVES:]
    ]
    score = quantity.endswith("score")
    percent = score and wording.is_percentage(comparison.metric)
    values = np.concatenate([y for _, y in drawn]) if drawn else np.zeros(0)
    values = values[canvas.drawable(values)]
    log = bool(not score and values.size and values.min() > 0)
    low = left_end(values.tolist()) if percent and values.size else None
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
    left = left_end([row.score.value for row in rows])
    with canvas.style():
        figure, axes = canvas.new_axes(height=290, left=58, right=70)
        axes.grid(axis="x")
        front = sorted(
            (row for row in rows if row.activation in comparison.pareto),
            key=lambda row: (row.step_time, row.score.value),
        )
        front = [
            row
            for place, row in enumerate(front)
            if all(row.score.value > other.score.value for other in front[:place])
        ]
        axes.plot(
            [row.step_time * 1e3 for row in front], [row.score.value for row in front],
            color=canvas.AFTER, linewidth=1.0, alpha=0.5, drawstyle="steps-post",
        )  # fmt: skip
        for row in rows:
            color = canvas.AFTER if row.activation in comparison.pareto else canvas.SOFT
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
        best = ", ".join(comparison.pareto)
        text = f"{told}." + (
            f" No other is better in score, time and memory: {best}." if best else ""
        )
        return finish(figure, "Score against time per step", text)


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
