"""Charts of a gated unit or a row-wise function: a cut through it; also as one PNG.

Part of `rectifier.report.charts`.
"""

from __future__ import annotations

import io
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from rectifier.report import wording
from rectifier.report.charts import canvas
from rectifier.report.charts.card import PRINTED, PRINTED_STYLE
from rectifier.report.charts.svg import ROLES, Chart, finish

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from numpy.typing import NDArray

    from rectifier.analysis import UnitCard


def curves(card: UnitCard) -> list[Chart]:
    """Each curve of the card."""
    charts = []
    for name, values in card.curves.items():
        with canvas.style():
            figure, axes = canvas.new_axes(350, 230, left=48, right=14, top=12, bottom=28)
            _draw(axes, card.x, values, ROLES)
            text = (
                f"From {wording.number(float(card.x[0]))} to {wording.number(float(card.x[-1]))}; "
                f"values from {wording.number(float(values.min()))} to "
                f"{wording.number(float(values.max()))}."
            )
            charts.append(finish(figure, f"{card.name}, {name}", text))
    return charts


def png(card: UnitCard) -> bytes:
    """All curves side by side as a PNG of 1620 by 540 pixels, light."""
    with canvas.style(**PRINTED_STYLE):
        figure = canvas.new_figure(1080, 360)
        width = 0.975 / len(card.curves)
        for place, (name, values) in enumerate(card.curves.items()):
            axes = figure.add_axes((0.05 + place * width, 0.11, width - 0.05, 0.72))
            axes.grid(axis="y")
            axes.tick_params(length=0, pad=5)
            axes.spines["left"].set_visible(False)
            _draw(axes, card.x, values, PRINTED)
            axes.set_title(name, loc="left", color=PRINTED["soft"], pad=8)
        figure.text(0.03, 0.93, wording.clean(card.name), fontsize=17, fontweight="bold")
        cut = canvas.label(card.cut, 90)
        figure.text(0.99, 0.93, cut, ha="right", color=PRINTED["soft"])
        buffer = io.BytesIO()
        figure.savefig(buffer, format="png", dpi=108, metadata={"Software": None})
        return buffer.getvalue()


def _draw(
    axes: Axes, x: NDArray[np.float64], y: NDArray[np.float64], colors: Mapping[str, Any]
) -> None:
    """One curve, with axes through zero."""
    low, high = min(float(y.min()), 0.0), max(float(y.max()), 0.0)
    air = 0.07 * (high - low) or 0.5
    axes.set_ylim(low - air, high + air)
    axes.set_xlim(float(x[0]), float(x[-1]))
    axes.axhline(0, color=colors["soft"], linewidth=0.8)
    axes.axvline(0, color=colors["soft"], linewidth=0.8)
    axes.plot(x, y, color=colors["s1"], linewidth=2)
    canvas.number_axis(axes)
    canvas.number_axis(axes, "x")
