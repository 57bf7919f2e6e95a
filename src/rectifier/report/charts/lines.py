"""Lines over steps or epochs, named at their ends: what most charts of the report are.

For `rectifier.report.charts`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from rectifier.report.charts import canvas
from rectifier.report.charts.svg import Chart, finish

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from numpy.typing import NDArray


@dataclass(frozen=True, eq=False)
class Line:
    """One line: where, how high, its name and its looks; NaN is not known, and left out.

    Between ``low`` and ``high``, where they are given, lies a band.
    """

    name: str
    x: NDArray[Any]
    y: NDArray[np.float64]
    color: str = canvas.SERIES[0]
    dash: Any = "-"
    faint: bool = False
    low: NDArray[np.float64] | None = None
    high: NDArray[np.float64] | None = None


def told_apart(named: Sequence[tuple[str, NDArray[Any], NDArray[np.float64]]]) -> list[Line]:
    """Lines in colours that differ, then in dashes that differ."""
    hues = len(canvas.SERIES)
    return [
        Line(
            name,
            x,
            y,
            canvas.SERIES[place % hues],
            canvas.DASHES[place // hues % len(canvas.DASHES)],
        )
        for place, (name, x, y) in enumerate(named)
    ]


def lines(
    title: str,
    series: Sequence[Line],
    *,
    y_label: str,
    x_label: str = "step",
    log: bool = False,
    percent: bool = False,
    limits: tuple[float | None, float | None] = (None, None),
    describe: Callable[[float], str] = canvas.power_label,
    height: float = canvas.HEIGHT,
) -> Chart | None:
    """Draw lines over a common x.

    Args:
        title: What the chart shows.
        series: The lines; those without a finite value are left out.
        y_label: What is drawn, with its unit.
        x_label: What runs along x.
        log: Whether y is logarithmic; what is not positive is then left out.
        percent: Whether y is a share of one, labelled in per cent.
        limits: Lowest and highest y, where they are not to follow from the data.
        describe: How a value reads in the chart's description.
        height: In CSS pixels.

    Returns:
        The chart, or None where no line has a finite value.
    """
    known = [line for line in series if _finite(line, log=log)[0].size]
    if not known:
        return None
    named = [line for line in known if not line.faint]
    # A line alone needs no name: the axis has it. It gets its last value instead.
    names = (
        [describe(float(_finite(known[0], log=log)[1][-1]))]
        if len(known) == 1
        else canvas.labels([line.name for line in named])
    )
    with canvas.style():
        figure, axes = canvas.new_axes(
            height=height, left=56, right=24 + canvas.text_width(names), top=14
        )
        for line in known:
            _draw(axes, line, log=log)
        if log:
            canvas.log_axis(axes)
        else:
            canvas.number_axis(axes, percent=percent)
        _limits(axes, limits, log=log)
        axes.margins(x=0)
        axes.autoscale_view(scaley=False)
        canvas.step_axis(axes, x_label)
        axes.set_ylabel(y_label)
        ends = [(float(_finite(line, log=log)[1][-1]), line) for line in named]
        canvas.end_labels(
            axes, [(y, name, line.color) for (y, line), name in zip(ends, names, strict=True)]
        )
        told = ", ".join(f"{line.name} {describe(y)}" for y, line in ends[:12])
        return finish(figure, title, f"{y_label} over {x_label}; at the end: {told}.")


def _finite(line: Line, *, log: bool) -> tuple[NDArray[Any], NDArray[np.float64]]:
    size = min(line.x.size, line.y.size)
    x, y = line.x[:size], line.y[:size]
    keep = canvas.drawable(y) & (y > 0) if log else canvas.drawable(y)
    return x[keep], y[keep]


def _draw(axes: Axes, line: Line, *, log: bool) -> None:
    x, y = canvas.thinned(*_finite(line, log=log))
    if line.faint:
        axes.plot(x, y, color=canvas.SOFT, alpha=0.35, linewidth=0.9)
    else:
        if line.low is not None and line.high is not None and line.low.size == line.x.size:
            known = np.isfinite(line.low) & np.isfinite(line.high)
            known &= (line.low > 0) if log else True
            axes.fill_between(
                line.x[known], line.low[known], line.high[known], color=line.color, alpha=0.13,
                linewidth=0,
            )  # fmt: skip
        mark = "o" if x.size == 1 else ""
        axes.plot(x, y, color=line.color, linestyle=line.dash, marker=mark, markersize=4)
    size = min(line.x.size, line.y.size)
    beyond = ~canvas.drawable(line.y[:size]) & ~np.isnan(line.y[:size])
    infinite = line.x[:size][beyond]
    if infinite.size:
        # Off any scale: crosses at the top edge.
        axes.plot(
            infinite[:: max(1, infinite.size // 40)],
            np.ones(infinite[:: max(1, infinite.size // 40)].size),
            "x",
            transform=axes.get_xaxis_transform(),
            color=line.color,
            markersize=5,
            clip_on=False,
        )


def _limits(axes: Axes, limits: tuple[float | None, float | None], *, log: bool) -> None:
    low, high = axes.get_ylim()
    low = low if limits[0] is None else limits[0]
    high = high if limits[1] is None else limits[1]
    if high - low < 1e-12 * max(abs(high), 1.0) and not log:
        low, high = low - 0.5, high + 0.5
    axes.set_ylim(low, high)
