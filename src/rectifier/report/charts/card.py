"""Charts of one activation: the function and its first two derivatives; also as one PNG.

Part of `rectifier.report.charts`.
"""

from __future__ import annotations

import io
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from rectifier.report import properties, wording
from rectifier.report.charts import canvas, lines
from rectifier.report.charts.svg import ROLES, Chart, finish

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from numpy.typing import NDArray

    from rectifier.analysis import Card, Propagation

PRINTED = {
    "ink": "#1c2126",
    "soft": "#5c6670",
    "grid": "#e4e6e8",
    "alive": "#2e86c1",
    "s1": "#0072b2",
}
"""The light theme's colours, for a picture that no page surrounds."""

PRINTED_STYLE = {
    "axes.edgecolor": PRINTED["grid"],
    "axes.labelcolor": PRINTED["soft"],
    "grid.color": PRINTED["grid"],
    "text.color": PRINTED["ink"],
    "xtick.labelcolor": PRINTED["soft"],
    "ytick.labelcolor": PRINTED["soft"],
    "figure.facecolor": "#ffffff",
}
"""The same as matplotlib's settings."""

_PARTS = (("value", "f(x)"), ("slope", "f′(x)"), ("curvature", "f″(x)"))
_KINKS_MARKED = 8


def curves(card: Card) -> list[Chart]:
    """The function, its slope and its curvature, each where it has finite values."""
    charts = []
    for part, name in _PARTS:
        y = np.asarray(getattr(card, part), dtype=np.float64)
        if not canvas.drawable(y).any():
            continue
        with canvas.style():
            figure, axes = canvas.new_axes(350, 230, left=48, right=14, top=12, bottom=28)
            _draw(axes, card, y, ROLES, density=part == "value")
            values = y[canvas.drawable(y)]
            text = (
                f"From x = {wording.number(float(card.x[0]))} to "
                f"{wording.number(float(card.x[-1]))}; "
                f"values from {wording.number(float(values.min()))} to "
                f"{wording.number(float(values.max()))}; kinks: "
                f"{dict(properties.properties(card))['kinks']}."
            )
            charts.append(finish(figure, f"{card.name}, {name}", text))
    return charts


def depth(deep: Propagation) -> list[Chart]:
    """Variance and gradient norm over depth, and the correlation between two inputs."""
    x = np.arange(deep.depth + 1)
    sizes = [
        lines.Line(name, x, y, canvas.SERIES[place])
        for place, (name, y) in enumerate(
            (("variance", deep.variance), ("gradient", deep.gradient))
        )
    ]
    drawn = (
        lines.lines(
            "Size of signal and gradient", sizes, y_label="relative size", x_label="layer", log=True
        ),
        lines.lines(
            "Correlation between two inputs",
            [lines.Line("correlation", x, deep.correlation)],
            y_label="correlation",
            x_label="layer",
            limits=(min(0.0, float(np.nanmin(deep.correlation))), 1.02),
            describe=wording.number,
        ),
    )
    return [chart for chart in drawn if chart is not None]


def formula(latex: str, title: str, text: str) -> Chart | None:
    """A formula as it is set in books; None where the typesetter lacks a sign that it uses."""
    with canvas.style(**{"text.parse_math": True, "svg.fonttype": "path"}):
        figure = canvas.new_figure(10, 10)
        try:
            written = figure.text(0, 0, f"${latex}$", fontsize=17, color=canvas.INK)
            box = written.get_window_extent()
        except (
            ValueError
        ):  # matplotlib knows a part of LaTeX; the text form stands on the page anyway
            return None
        figure.set_size_inches((box.width + 4) / 72, (box.height + 6) / 72)
        written.set_position((2 / (box.width + 4), (3 - box.y0) / (box.height + 6)))
        return finish(figure, title, text)


def png(card: Card) -> bytes:
    """Function, slope and curvature side by side as a PNG of 1620 by 540 pixels, light."""
    with canvas.style(**PRINTED_STYLE):
        figure = canvas.new_figure(1080, 360)
        for place, (part, name) in enumerate(_PARTS):
            axes = figure.add_axes((0.05 + place * 0.325, 0.11, 0.275, 0.72))
            axes.grid(axis="y")
            axes.tick_params(length=0, pad=5)
            axes.spines["left"].set_visible(False)
            y = np.asarray(getattr(card, part), dtype=np.float64)
            _draw(axes, card, y, PRINTED, density=part == "value")
            axes.set_title(name, loc="left", color=PRINTED["soft"], pad=8)
        gain = "" if card.gain is None else f"   gain {card.gain:.6g}"
        figure.text(0.03, 0.93, wording.clean(card.name), fontsize=17, fontweight="bold")
        figure.text(
            0.99, 0.93, f"{canvas.label(card.formula, 90)}{gain}", ha="right", color=PRINTED["soft"]
        )
        buffer = io.BytesIO()
        figure.savefig(buffer, format="png", dpi=108, metadata={"Software": None})
        return buffer.getvalue()


def _draw(
    axes: Axes,
    card: Card,
    y: NDArray[np.float64],
    colors: Mapping[str, Any],
    *,
    density: bool,
) -> None:
    """One curve, broken at kinks, with axes through zero and the density of N(0, 1) below it."""
    x = np.asarray(card.x, dtype=np.float64)
    y = np.where(canvas.drawable(y), y, np.nan)
    known = y[~np.isnan(y)]
    low, high = (float(known.min()), float(known.max())) if known.size else (0.0, 1.0)
    low, high = min(low, 0.0), max(high, 0.0)
    air = 0.07 * (high - low) or 0.5
    axes.set_ylim(low - air, high + air)
    axes.set_xlim(float(x[0]), float(x[-1]))
    if density:
        bell = np.exp(-0.5 * x**2) * 0.3 * (high - low + 2 * air)
        floor = low - air
        axes.fill_between(x, floor, floor + bell, color=colors["alive"], alpha=0.14, linewidth=0)
        axes.text(
            0.8, floor + 0.2 * air, "z ~ N(0, 1)", fontsize=9.5, color=colors["soft"], ha="left"
        )
    axes.axhline(0, color=colors["soft"], linewidth=0.8)
    axes.axvline(0, color=colors["soft"], linewidth=0.8)
    for kink in card.kinks[:_KINKS_MARKED]:
        if x[0] < kink < x[-1]:
            axes.axvline(kink, color=colors["ink"], linewidth=1.0, linestyle=(0, (1.5, 2.5)))
            axes.text(
                kink,
                1.0,
                f" kink at {wording.number(kink)}",
                transform=axes.get_xaxis_transform(),
                fontsize=9.5,
                color=colors["soft"],
                va="top",
            )
    parts = np.digitize(x, np.asarray(sorted(card.kinks))) if card.kinks else np.zeros(x.size)
    on_kink = np.isin(x, np.asarray(card.kinks)) if card.kinks else np.zeros(x.size, dtype=bool)
    for part in np.unique(parts):
        chosen = (parts == part) & ~on_kink
        if np.isfinite(y[chosen]).any():
            axes.plot(x[chosen], y[chosen], color=colors["s1"], linewidth=2)
    canvas.number_axis(axes)
    canvas.number_axis(axes, "x")
