"""What every chart is drawn on: matplotlib figures without pyplot, settings, axes, labels.

For `rectifier.report.charts`. Nothing of matplotlib's global state is left changed, and the user's
own settings have no part in it. Turning the figure into SVG is left to `svg`.
"""

from __future__ import annotations

import math
import re
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from types import ModuleType
from typing import TYPE_CHECKING, Any, cast

import numpy as np

from rectifier.optional import require
from rectifier.report import wording
from rectifier.report.charts.svg import ROLES

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
    from numpy.typing import NDArray

INK, SOFT, GRID, PAPER = (ROLES[role] for role in ("ink", "soft", "grid", "paper"))
ALIVE, DEAD = ROLES["alive"], ROLES["dead"]
BEFORE, AFTER = ROLES["before"], ROLES["after"]
SERIES = tuple(ROLES[f"s{place}"] for place in range(1, 7))
DASHES = ("-", (0, (5, 2)), (0, (1.5, 1.5)))

WIDTH, HEIGHT = 470.0, 250.0
"""Size in CSS pixels that a chart is drawn for; it scales with the page."""

_OFF_SCALE = 1e30

_RC = {
    "font.family": "sans-serif",
    "font.size": 11,
    "axes.titlesize": 11,
    "axes.edgecolor": GRID,
    "axes.labelcolor": SOFT,
    "axes.labelsize": 11,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.facecolor": "none",
    "axes.axisbelow": True,
    "figure.facecolor": "none",
    "grid.color": GRID,
    "grid.linewidth": 0.7,
    "lines.linewidth": 1.6,
    "lines.solid_capstyle": "round",
    "text.color": INK,
    "text.parse_math": False,
    "xtick.color": GRID,
    "ytick.color": GRID,
    "xtick.labelcolor": SOFT,
    "ytick.labelcolor": SOFT,
    "xtick.labelsize": 10.5,
    "ytick.labelsize": 10.5,
    "path.simplify_threshold": 0.4,
    "svg.fonttype": "none",
    "svg.hashsalt": "rectifier",
}


@contextmanager
def style(**changes: Any) -> Iterator[None]:
    """Matplotlib's settings for the time of one chart, whatever the user's own are."""
    context = require("matplotlib.style", extra="report", purpose="a chart").context
    with context({**_RC, **changes}, after_reset=True), warnings.catch_warnings():
        # Names in scripts that the measuring font lacks are still shown by the reader's browser.
        warnings.filterwarnings("ignore", message="Glyph .* missing")
        yield


def new_figure(width: float = WIDTH, height: float = HEIGHT) -> Figure:
    """An empty figure of that many CSS pixels; call within `style`."""
    figure_class = require("matplotlib.figure", extra="report", purpose="a chart").Figure
    made: Figure = figure_class(figsize=(width / 72, height / 72), dpi=72)
    return made


def new_axes(
    width: float = WIDTH,
    height: float = HEIGHT,
    *,
    left: float = 48,
    right: float = 14,
    top: float = 12,
    bottom: float = 38,
) -> tuple[Figure, Axes]:
    """A figure with one set of axes, its margins in CSS pixels; call within `style`."""
    figure = new_figure(width, height)
    box = (
        left / width,
        bottom / height,
        max(1 - (left + right) / width, 0.1),
        max(1 - (top + bottom) / height, 0.1),
    )
    axes = figure.add_axes(box)
    axes.grid(axis="y")
    axes.tick_params(length=0, pad=5)
    axes.spines["left"].set_visible(False)
    return figure, axes


def drawable(values: NDArray[np.float64]) -> NDArray[np.bool_]:
    """Which values a scale can hold: finite, and not so large that its arithmetic overflows."""
    return np.isfinite(values) & (np.abs(values) < _OFF_SCALE)


def thinned(
    x: NDArray[Any], y: NDArray[np.float64], most: int = 600
) -> tuple[NDArray[Any], NDArray[np.float64]]:
    """At most about that many points, keeping the lowest and the highest of each stretch."""
    size = min(x.size, y.size)
    x, y = x[:size], y[:size]
    if size <= most:
        return x, y
    keep = {0, size - 1}
    for stretch in np.array_split(np.arange(size), most // 2):
        values = y[stretch]
        if np.isfinite(values).any():
            known = np.where(np.isfinite(values), values, np.nan)
            keep |= {int(stretch[np.nanargmin(known)]), int(stretch[np.nanargmax(known)])}
        if not np.isfinite(values).all():
            keep.add(int(stretch[~np.isfinite(values)][0]))
    chosen = np.array(sorted(keep))
    return x[chosen], y[chosen]


def ticker() -> ModuleType:
    """Matplotlib's locators and formatters."""
    return require("matplotlib.ticker", extra="report", purpose="a chart")


def power_label(value: float, _: object = None) -> str:
    """A label for a logarithmic axis: 10⁻³, 0.01, 1, 100, 10⁴."""
    if value <= 0 or not math.isfinite(value):
        return ""
    exponent = math.log10(value)
    if abs(exponent - round(exponent)) > 1e-6:
        return wording.number(value, 2)
    if -2 <= exponent <= 3:
        return f"{value:g}"
    return "10" + str(round(exponent)).translate(str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹"))


def log_axis(axes: Axes, which: str = "y") -> None:
    """Make an axis logarithmic with few, readable labels."""
    tick = ticker()
    axis = axes.yaxis if which == "y" else axes.xaxis
    (axes.set_yscale if which == "y" else axes.set_xscale)("log")
    axis.set_major_locator(tick.LogLocator(base=10, numticks=6))
    low, high = sorted(axes.get_ylim() if which == "y" else axes.get_xlim())
    if low > 0 and high < 30 * low:
        axis.set_major_locator(tick.LogLocator(base=10, subs=(1.0, 2.0, 5.0), numticks=6))
    axis.set_major_formatter(tick.FuncFormatter(power_label))
    axis.set_minor_locator(tick.NullLocator())


def number_axis(axes: Axes, which: str = "y", *, percent: bool = False, ticks: int = 5) -> None:
    """Few labels on an axis, written as everywhere in the report."""
    tick = ticker()
    axis = axes.yaxis if which == "y" else axes.xaxis
    axis.set_major_locator(tick.MaxNLocator(ticks, steps=[1, 2, 2.5, 5, 10]))

    def text(value: float, _: object) -> str:
        value = 0.0 if abs(value) < 1e-12 else value
        return wording.percent(value, 1).replace(".0", "") if percent else wording.number(value)

    axis.set_major_formatter(tick.FuncFormatter(text))


def step_axis(axes: Axes, label: str = "step") -> None:
    """Whole numbers along x."""
    tick = ticker()
    axes.xaxis.set_major_locator(tick.MaxNLocator(5, integer=True))
    axes.xaxis.set_major_formatter(tick.FuncFormatter(lambda v, _: wording.number(v, 4)))
    axes.set_xlabel(label)


def end_labels(axes: Axes, ends: Sequence[tuple[float, str, str]], *, gap: float = 13.0) -> None:
    """Name lines at their right end, moved apart where they would overlap.

    Args:
        axes: With its final limits.
        ends: Height (in data), text and colour of each.
        gap: Least distance between two labels in CSS pixels.
    """
    height = float(axes.get_window_extent().height)
    # Transforms are untyped in matplotlib.
    to_axes: Any = axes.transData + cast("Any", axes.transAxes).inverted()
    placed: list[tuple[float, str, str]] = []
    for value, text, color in ends:
        share = float(to_axes.transform((0.0, value))[1])
        if math.isfinite(share):
            placed.append((min(max(share, 0.0), 1.0) * height, text, color))
    placed.sort(key=lambda item: item[0])
    spots: list[float] = []
    for item in placed:
        spots.append(max(item[0], spots[-1] + gap) if spots else item[0])
    ceiling = height
    for place in reversed(range(len(spots))):
        # Pushed over the top, the uppermost come down again, and those below them make way.
        spots[place] = min(spots[place], ceiling)
        ceiling = spots[place] - gap
    for (own, text, color), spot in zip(placed, spots, strict=True):
        share, target = own / height, spot / height
        axes.plot(
            [1.0, 1.012, 1.028],
            [share, target, target],
            transform=axes.transAxes,
            color=color,
            linewidth=0.8,
            clip_on=False,
        )
        axes.text(
            1.035, target, text, transform=axes.transAxes, color=color, va="center", fontsize=10.5
        )


def label(text: object, most: int = 24) -> str:
    """A name as it may stand in a chart: on one line, cut in the middle when long."""
    return wording.shorten(wording.clean(text), most)


def labels(names: Sequence[object], most: int = 24) -> list[str]:
    """Names that stand side by side: without the parts that all of them have in common.

    Example:
        >>> labels(["encoder.layers.10.feed_forward.relu", "encoder.layers.11.feed_forward.relu"])
        ['…layers.10…', '…layers.11…']
    """
    texts = [wording.clean(name) for name in names]
    if len(set(texts)) < 2 or all(len(text) <= most for text in texts):
        return [wording.shorten(text, most) for text in texts]
    parts = [text.split(".") for text in texts]
    shortest = min(len(part) for part in parts)
    head = next((n for n in range(shortest) if len({p[n] for p in parts}) > 1), shortest - 1)
    room = shortest - head - 1
    tail = next((n for n in range(room) if len({p[-1 - n] for p in parts}) > 1), room)
    if head and all(part[head].isdigit() for part in parts):
        head -= 1  # what it numbers
    middles = [".".join(part[head : len(part) - tail]) for part in parts]
    before, after = "…" if head else "", "…" if tail else ""
    short = [before + wording.shorten(middle, most) + after for middle in middles]
    for name in {name for name in short if short.count(name) > 1}:
        places = [place for place, other in enumerate(short) if other == name]
        if len(places) < len(texts):
            for place, told in zip(places, labels([texts[p] for p in places], most), strict=True):
                short[place] = told
    if len(set(short)) < len(set(texts)):  # alike in what was left of them
        apart = _told_apart(parts, most + 2)
        short = [
            own if short.count(name) > 1 else name for name, own in zip(short, apart, strict=True)
        ]
    return short


def _told_apart(parts: Sequence[Sequence[str]], most: int) -> list[str]:
    """Of each name the parts in which those of as many parts differ; an ellipsis for the rest.

    With the word before a number where there is room for it.
    """
    names = []
    for own in parts:
        alike = [other for other in parts if len(other) == len(own)]
        differ = [len({other[n] for other in alike}) > 1 for n in range(len(own))]
        if not any(differ):
            names.append(wording.shorten(".".join(own), most))
            continue
        numbered = [
            here or (after and part.isdigit())
            for here, after, part in zip(differ, [*differ[1:], False], [*own[1:], ""], strict=True)
        ]
        worded, bare = (_joined(own, kept) for kept in (numbered, differ))
        names.append(worded if len(worded) <= most else wording.shorten(bare, most))
    return names


def _joined(parts: Sequence[str], kept: Sequence[bool]) -> str:
    shown = ".".join(part if keep else "" for part, keep in zip(parts, kept, strict=True))
    return re.sub(r"\.{2,}", "…", f".{shown}.").strip(".")


def text_width(texts: Sequence[str], size: float = 10.5) -> float:
    """About how many CSS pixels the longest of these takes."""
    return max((len(text) for text in texts), default=0) * size * 0.56
