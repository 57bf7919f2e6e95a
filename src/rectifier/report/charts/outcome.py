"""Charts of what a comparison decides: the chances between pairs, the wait for the target, units.

Part of `rectifier.report.charts`; `comparison` and `ranking` have the others.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np

from rectifier.report import wording
from rectifier.report.charts import canvas
from rectifier.report.charts.comparison import NAMED_CURVES
from rectifier.report.charts.svg import Chart, finish

if TYPE_CHECKING:
    from rectifier.compare.result import Comparison, Row

_MOST = 16
"""Rows of a matrix that stay readable."""


def improvement(comparison: Comparison) -> Chart | None:
    """For every pair, the chance that a run of the row scores higher than one of the column."""
    size = min(len(comparison.improvement), len(comparison.rows), _MOST)
    if size < 2:
        return None
    names = [canvas.label(row.activation, 16) for row in comparison.rows[:size]]
    left = 18 + canvas.text_width(names)
    side = max(26.0, min(44.0, (canvas.WIDTH - left - 20) / size))
    with canvas.style():
        figure, axes = canvas.new_axes(
            left + side * size + 12, 70 + side * size, left=left, right=12, top=8,
            bottom=62,
        )  # fmt: skip
        axes.grid(visible=False)
        for place, chances in enumerate(comparison.improvement[:size]):
            for other, chance in enumerate(chances[:size]):
                if place == other or not math.isfinite(chance):
                    continue
                color = canvas.AFTER if chance >= 0.5 else canvas.BEFORE
                axes.add_patch(_square(other, place, color, 0.12 + 1.2 * abs(chance - 0.5)))
                axes.text(
                    other, place, f"{100 * chance:.0f}", ha="center", va="center", fontsize=10,
                    color=canvas.INK,
                )  # fmt: skip
        axes.set_xlim(-0.5, size - 0.5)
        axes.set_ylim(size - 0.5, -0.5)
        axes.set_yticks(range(size), names, color=canvas.INK, parse_math=False)
        axes.set_xticks(
            range(size), names, color=canvas.INK, rotation=40, ha="right", parse_math=False
        )
        axes.spines["bottom"].set_visible(False)
        told = "; ".join(
            f"{comparison.rows[place].activation} over "
            f"{comparison.rows[place + 1].activation} {100 * chances[place + 1]:.0f} %"
            for place, chances in enumerate(comparison.improvement[: size - 1])
        )
        text = f"In per cent; runs of the row against runs of the column. Neighbours: {told}."
        return finish(figure, "Chance that one run beats another", text)


def _square(x: float, y: float, color: str, strength: float) -> Any:
    from rectifier.optional import require

    patches = require("matplotlib.patches", extra="report", purpose="a chart")
    return patches.Rectangle(
        (x - 0.47, y - 0.47), 0.94, 0.94, color=color, alpha=min(strength, 0.75), linewidth=0
    )


def survival(comparison: Comparison) -> Chart | None:
    """Share of runs that have not reached the target, over epochs; those that never do stay."""
    drawn = [row for row in comparison.rows if len(row.survival) > 1]
    if not drawn:
        return None
    with canvas.style():
        names = canvas.labels([row.activation for row in drawn[:NAMED_CURVES]])
        figure, axes = canvas.new_axes(
            height=290, left=56, right=24 + canvas.text_width(names), top=14
        )
        ends = []
        for place, row in enumerate(drawn):
            steps = np.asarray(row.survival, dtype=np.float64)
            if place < NAMED_CURVES:
                color = canvas.SERIES[place % len(canvas.SERIES)]
                axes.step(steps[:, 0], steps[:, 1], where="post", color=color)
                ends.append((float(steps[-1, 1]), names[place], color))
            else:
                axes.step(
                    steps[:, 0], steps[:, 1], where="post", color=canvas.SOFT, alpha=0.35,
                    linewidth=0.9,
                )  # fmt: skip
        axes.set_ylim(-0.02, 1.02)
        canvas.number_axis(axes, percent=True)
        canvas.step_axis(axes, "epoch")
        axes.margins(x=0)
        axes.set_ylabel("runs not there yet")
        canvas.end_labels(axes, ends)
        goal = wording.score(comparison.target, comparison.metric)
        unit = " %" if wording.is_percentage(comparison.metric) else ""
        told = ", ".join(
            f"{row.activation} {row.reached_target} of {row.seeds + row.failed_seeds}"
            for row in drawn
        )
        text = f"Reached a validation score of {goal}{unit}: {told}."
        return finish(figure, f"Waiting for {goal}{unit}", text)


_PANELS = (
    ("dead", "Dead units"),
    ("sparsity", "Exact zeros"),
    ("gradient_flow", "Gradient, first layer over last"),
    ("sharpness", "Rise of the loss one step up its gradient"),
    ("memory", "Kept for the backward pass, MB"),
    ("joules", "Energy of a step, mJ"),
)
_FACTORS = {"memory": 1e-6, "joules": 1e3}


def mechanisms(comparison: Comparison) -> list[tuple[str, Chart]]:
    """A small bar chart for each quantity that was measured, all activations in the same order."""
    found = []
    for name, title in _PANELS:
        values = [
            (row, float(getattr(row, name)) * _FACTORS.get(name, 1.0)) for row in comparison.rows
        ]
        known = [(row, value) for row, value in values if math.isfinite(value)]
        if not known or not any(value for _, value in known):
            continue
        if name == "joules" and any(row.energy == "estimated" for row, _ in known):
            title += ", estimated"
        found.append((title, _bars(title, known, percent=name in ("dead", "sparsity"))))
    return found


def _bars(title: str, values: list[tuple[Row, float]], *, percent: bool) -> Chart:
    names = [canvas.label(row.activation, 14) for row, _ in values]
    with canvas.style():
        figure, axes = canvas.new_axes(
            240, 30 + 15.0 * len(values), left=12 + canvas.text_width(names, 9.5), right=46,
            top=4, bottom=8,
        )  # fmt: skip
        axes.grid(visible=False)
        axes.set_xticks([])
        axes.spines["bottom"].set_visible(False)
        axes.set_yticks(range(len(names)), names, color=canvas.INK, fontsize=9.5, parse_math=False)
        axes.set_ylim(len(names) - 0.4, -0.6)
        told = []
        axes.set_xlim(0, max(max(value for _, value in values), 0.0) or 1.0)
        for place, (row, value) in enumerate(values):
            chosen = row.verdict not in ("worse", "failed")
            axes.barh(
                place, max(value, 0.0), height=0.62, color=canvas.AFTER if chosen else canvas.SOFT,
                alpha=0.75,
            )  # fmt: skip
            text = wording.percent(value) if percent else wording.number(value, 2)
            told.append(f"{row.activation} {text}")
            axes.annotate(
                text, (max(value, 0.0), place), xytext=(4, 0), textcoords="offset points",
                va="center", fontsize=9.5, color=canvas.INK, annotation_clip=False,
            )  # fmt: skip
        return finish(figure, title, ", ".join(told) + ".")
