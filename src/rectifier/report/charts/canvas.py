"""One chart: a matplotlib figure without pyplot, turned into a lean, themed, accessible inline SVG.

For `rectifier.report.charts`. How it works: the figure is drawn in stand-in colours, each of which
means a role (ink, grid, third series); afterwards every stand-in becomes a CSS variable, so one
picture serves light, dark and print. Text stays text. Identifiers get the page's prefix, since two
charts on one page would otherwise share clip paths.
"""

from __future__ import annotations

import io
import math
import re
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from types import ModuleType
from typing import TYPE_CHECKING, Any, cast
from xml.etree import ElementTree

import numpy as np

from rectifier.optional import require
from rectifier.report import wording

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
    from numpy.typing import NDArray

ROLES = {
    "ink": "#010203",
    "soft": "#010204",
    "grid": "#010205",
    "paper": "#010206",
    "alive": "#010207",
    "dead": "#010208",
    "before": "#010209",
    "after": "#01020a",
    **{f"s{place}": f"#0102{place + 15:02x}" for place in range(1, 9)},
}
"""Stand-in colours; the page's style sheet gives each role its light and its dark value."""

INK, SOFT, GRID, PAPER = (ROLES[role] for role in ("ink", "soft", "grid", "paper"))
ALIVE, DEAD = ROLES["alive"], ROLES["dead"]
BEFORE, AFTER = ROLES["before"], ROLES["after"]
SERIES = tuple(ROLES[f"s{place}"] for place in range(1, 7))
DASHES = ("-", (0, (5, 2)), (0, (1.5, 1.5)))

WIDTH, HEIGHT = 470.0, 250.0
"""Size in CSS pixels that a chart is drawn for; it scales with the page."""

MARK = "\ue000"
"""Stands for the page's prefix in identifiers; a character that no text uses."""

_OFF_SCALE = 1e30

_VARIABLES = {color: f"var(--{role})" for role, color in ROLES.items()}

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


@dataclass(frozen=True)
class Chart:
    """A picture with the words that stand for it.

    Attributes:
        title: What it shows, in a few words.
        description: What a reader who cannot see it should know, with numbers.
        body: The SVG, with `MARK` before each identifier.
    """

    title: str
    description: str
    body: str

    def inline(self, prefix: str) -> str:
        """The SVG for a page, all identifiers beginning with a prefix unique on that page."""
        return self.body.replace(MARK, prefix)


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


def finish(figure: Figure, title: str, description: str) -> Chart:
    """Turn a drawn figure into a chart; call within the `style` that it was drawn in."""
    buffer = io.StringIO()
    figure.savefig(
        buffer, format="svg", metadata={"Date": None, "Creator": None, "Format": None, "Type": None}
    )
    title, description = wording.clean(title), wording.clean(description)
    return Chart(title, description, _lean(buffer.getvalue(), title, description))


def _lean(svg: str, title: str, description: str) -> str:
    """Matplotlib's SVG without what a page does not need, with names for those who listen."""
    root = ElementTree.fromstring(svg)
    view = root.get("viewBox", f"0 0 {WIDTH:g} {HEIGHT:g}")
    root.attrib.clear()
    root.attrib.update(
        {"viewBox": view, "width": view.split()[2], "height": view.split()[3]},
        **{"role": "img", "class": "chart"},
        **{"aria-labelledby": f"{MARK}t {MARK}d"},
    )
    used = {
        name
        for element in root.iter()
        for value in element.attrib.values()
        for name in re.findall(r"^#(.+)$|url\(#([^)]+)\)", value)
        for name in name
    }
    for parent in root.iter():
        for child in list(parent):
            if child.tag.endswith(("}metadata", "}style")):
                parent.remove(child)
    for element in root.iter():
        element.tag = element.tag.rpartition("}")[2]
        element.attrib = dict(_attributes(element.attrib, used))
        element.tail = None
        if element.tag not in ("text", "tspan"):
            element.text = None
    for place, (tag, text) in enumerate((("title", title), ("desc", description))):
        named = ElementTree.Element(tag, {"id": MARK + tag[0]})
        named.text = text.replace(MARK, "")
        root.insert(place, named)
    return ElementTree.tostring(root, encoding="unicode")


def _attributes(attributes: dict[str, str], used: set[str]) -> Iterator[tuple[str, str]]:
    """Attributes in roles for colours, the page's prefix, and coordinates to a hundredth."""
    for name, value in attributes.items():
        plain = name.rpartition("}")[2]
        if plain == "id":
            if value in used:
                yield "id", MARK + value
            continue
        if plain == "href" and value.startswith("#"):
            value = f"#{MARK}{value[1:]}"
        elif plain == "href":
            value = "".join(value.split())
        elif plain == "style":
            value = _themed(value)
        elif plain in ("d", "points", "x", "y", "x1", "y1", "x2", "y2"):
            value = re.sub(r"(\.\d\d)\d+", r"\1", value)
        yield plain, value.replace("url(#", f"url(#{MARK}")


def _themed(declarations: str) -> str:
    """A style with roles for colours and the page's own typeface."""
    kept = []
    for declaration in declarations.split(";"):
        name, _, value = (part.strip() for part in declaration.partition(":"))
        if name == "font":
            size = re.search(r"[\d.]+px", value)
            name, value = "font-size", size[0] if size else "11px"
        if name in ("font-family", ""):
            continue
        kept.append(f"{name}:{_VARIABLES.get(value, value)}")
    return ";".join(kept)


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
    if low > 0 and high / low < 30:
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
        ['…10…', '…11…']
    """
    texts = [wording.clean(name) for name in names]
    if len(set(texts)) < 2 or all(len(text) <= most for text in texts):
        return [wording.shorten(text, most) for text in texts]
    parts = [text.split(".") for text in texts]
    shortest = min(len(part) for part in parts)
    head = next((n for n in range(shortest) if len({p[n] for p in parts}) > 1), shortest - 1)
    room = shortest - head - 1
    tail = next((n for n in range(room) if len({p[-1 - n] for p in parts}) > 1), room)
    middles = [".".join(part[head : len(part) - tail]) for part in parts]
    before, after = "…" if head else "", "…" if tail else ""
    return [before + wording.shorten(middle, most) + after for middle in middles]


def text_width(texts: Sequence[str], size: float = 10.5) -> float:
    """About how many CSS pixels the longest of these takes."""
    return max((len(text) for text in texts), default=0) * size * 0.56
