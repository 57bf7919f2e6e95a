"""Charts of the ledger of claims: measured against claimed, and the pictures of experiments.

Part of `rectifier.report.charts`.
"""

from __future__ import annotations

import math

import numpy as np

from rectifier.claims.record import Entry, Picture
from rectifier.report import ledger, wording
from rectifier.report.charts import canvas
from rectifier.report.charts.lines import told_apart
from rectifier.report.charts.svg import Chart, finish


def against(entry: Entry) -> Chart | None:
    """Every quantity on a scale of its own: the claimed range as a band, the measured interval.

    Args:
        entry: The claim.

    Returns:
        The chart, or None where nothing was measured of what is claimed.
    """
    rows = [
        (quantity, found)
        for quantity, found in ledger.pairs(entry)
        if found is not None and quantity.stated is not None
    ]
    if not rows:
        return None
    height = 62.0 * len(rows) + 12
    with canvas.style():
        figure = canvas.new_figure(height=height)
        for place, (quantity, found) in enumerate(rows):
            stated = quantity.stated
            assert stated is not None  # chosen above
            top = height - 62.0 * place
            box = (0.03, (top - 52) / height, 0.94, 18 / height)
            axes = figure.add_axes(box)
            ends = [
                v
                for v in (stated.low, stated.high, found.low, found.value, found.high)
                if math.isfinite(v)
            ] or [0.0]
            low, high = min(ends), max(ends)
            reach = (high - low) or max(abs(high), 1.0)
            low, high = low - 0.12 * reach, high + 0.12 * reach
            axes.set_xlim(low, high)
            axes.set_ylim(-1, 1)
            band = (max(stated.low, low), min(stated.high, high))
            axes.axvspan(*band, color=canvas.ALIVE, alpha=0.22)
            if stated.low == stated.high:
                axes.axvline(stated.low, color=canvas.ALIVE, linewidth=2)
            axes.plot(
                [max(found.low, low), min(found.high, high)], [0, 0], color=canvas.INK, linewidth=2
            )
            if math.isfinite(found.value):
                axes.plot([found.value], [0], "o", color=canvas.INK, markersize=5)
            else:
                edge, side = (high, "right") if found.value > 0 else (low, "left")
                text = f"{ledger.estimate(found, quantity.unit)}, off the scale"
                axes.text(edge, 0, text, ha=side, va="center", fontsize=9.5)
            axes.set_yticks([])
            canvas.number_axis(axes, "x", percent=quantity.unit == "%", ticks=4)
            axes.tick_params(length=0, pad=2)
            axes.spines["left"].set_visible(False)
            axes.set_title(
                canvas.label(quantity.name, 70), loc="left", fontsize=10.5, color=canvas.SOFT, pad=4
            )
        told = "; ".join(
            f"{q.name}: measured {ledger.estimate(e, q.unit)}, claimed {ledger.claimed(q)}"
            for q, e in rows
        )
        return finish(figure, "Measured (line) against claimed (band)", told)


def picture(given: Picture) -> Chart | None:
    """Lines over a common x; an axis is logarithmic where its values span a thousandfold.

    Args:
        given: Of an experiment.

    Returns:
        The chart, or None where no value is finite.
    """
    named = [
        (line.name, np.asarray(line.x, float), np.asarray(line.y, float)) for line in given.lines
    ]
    lines = [line for line in told_apart(named) if np.isfinite(line.y).any()]
    if not lines:
        return None
    x = np.concatenate([line.x for line in lines])
    wide = bool((x > 0).all() and x.max() / x.min() >= 50)
    many = len(lines) > 1
    with canvas.style():
        names = [line.name for line in lines] if many else []
        columns = 3
        below = 18.0 * -(-len(names) // columns)
        figure, axes = canvas.new_axes(
            height=canvas.HEIGHT + below, left=60, top=14, bottom=42 + below
        )
        for line in lines:
            y = np.where(line.y > 0, line.y, np.nan) if given.log else line.y
            axes.plot(
                line.x, y, color=line.color, linestyle=line.dash, marker=".", markersize=4,
                label=canvas.label(line.name, 26),
            )  # fmt: skip
        if given.log:
            canvas.log_axis(axes)
        else:
            canvas.number_axis(axes)
        if wide:
            canvas.log_axis(axes, "x")
        else:
            canvas.number_axis(axes, "x")
        axes.set_xlabel(given.x_label)
        axes.set_ylabel(given.y_label)
        if many:
            share = below / (canvas.HEIGHT + below)
            figure.legend(
                loc="lower center", ncol=columns, frameon=False, fontsize=9.5,
                bbox_to_anchor=(0.5, 0.0), borderaxespad=0.0, handlelength=1.6,
                bbox_transform=figure.transFigure if share else None,
            )  # fmt: skip
        told = "; ".join(
            f"{line.name or given.y_label} ends at {wording.number(float(line.y[-1]))}"
            for line in lines[:12]
        )
        return finish(figure, given.title, f"{given.y_label} over {given.x_label}; {told}.")
