"""Many series over steps as a map: a row for each, stronger where the value is higher.

For `rectifier.report.charts`. Where there are more lines than can be told apart. One hue on a clear
ground, so that the same picture is readable on light and dark pages.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from rectifier.report import wording
from rectifier.report.charts import canvas
from rectifier.report.charts.svg import Chart, finish

if TYPE_CHECKING:
    from numpy.typing import NDArray

_COLUMNS = 128
_ROW = 13.0
"""CSS pixels for a row; less from 40 rows on."""

_MOST_LABELS = 40
_LEVELS = 16


def heat(
    title: str,
    series: Sequence[tuple[str, NDArray[Any], NDArray[np.float64]]],
    *,
    what: str,
    rgb: tuple[int, int, int] = (46, 134, 193),
    log: bool = False,
    limits: tuple[float, float] | None = None,
) -> Chart | None:
    """Draw series as rows of a map, in the order given, the first on top.

    Args:
        title: What the chart shows.
        series: Name, steps and values of each; NaN is not known.
        what: What is drawn, with its unit.
        rgb: The hue.
        log: Whether strength follows the logarithm; what is not positive is then the weakest.
        limits: Values that are weakest and strongest; None: the lowest and highest there are.

    Returns:
        The chart, or None where no value is known.
    """
    grid, table = _table(series)
    shown = np.log10(np.where(table > 0, table, np.nan)) if log else table
    known = shown[canvas.drawable(shown)]
    if not known.size:
        return None
    low, high = limits or (float(known.min()), float(known.max()))
    strength = (shown - low) / (high - low) if high > low else np.ones_like(shown)
    if log:
        strength = np.where(np.isnan(strength) & (table <= 0), 0.0, strength)
    names = canvas.labels([name for name, _, _ in series])
    row = _ROW if len(names) <= _MOST_LABELS else max(_ROW * _MOST_LABELS / len(names), 2.0)
    with canvas.style():
        left = 14 + canvas.text_width(names, 9.5)
        figure, axes = canvas.new_axes(
            height=row * len(names) + 60, left=left, right=14, top=20, bottom=38
        )
        axes.grid(visible=False)
        axes.imshow(_pixels(strength, rgb), aspect="auto", interpolation="none")
        ticks = np.unique(np.linspace(0, grid.size - 1, min(5, grid.size)).round().astype(int))
        axes.set_xticks(ticks, [wording.number(float(grid[t]), 4) for t in ticks])
        every = -(-len(names) // _MOST_LABELS)
        axes.set_yticks(range(0, len(names), every), names[::every], fontsize=9.5)
        axes.set_xlabel("step")
        show = _value(log=log, percent=limits == (0.0, 1.0))
        legend = f"clear: {show(low)} · full: {show(high)}"
        axes.text(1, 1.0, legend, transform=axes.transAxes, ha="right", va="bottom",
                  color=canvas.SOFT, fontsize=9.5)  # fmt: skip
        last = [(name, _last(values)) for name, _, values in series]
        ends = sorted((e for e in last if not np.isnan(e[1])), key=lambda e: -e[1])
        told = "; ".join(
            f"{word} at the end {name} {show(np.log10(value) if log and value > 0 else value)}"
            for word, (name, value) in (("highest", ends[0]), ("lowest", ends[-1]))
        ) if ends else "nothing is known at the end"  # fmt: skip
        return finish(figure, title, f"{what} of {len(names)} over steps, a row each; {told}.")


def _value(*, log: bool, percent: bool) -> Callable[[float], str]:
    if percent:
        return wording.percent
    return (lambda value: wording.number(10**value)) if log else wording.number


def _last(values: NDArray[np.float64]) -> float:
    known = values[np.isfinite(values)]
    return float(known[-1]) if known.size else float("nan")


def _table(
    series: Sequence[tuple[str, NDArray[Any], NDArray[np.float64]]],
) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """The steps of the columns, and at each the latest value of each series up to it."""
    steps = np.unique(np.concatenate([step for _, step, _ in series] or [np.zeros(0)]))
    if steps.size > _COLUMNS:
        steps = steps[np.unique(np.linspace(0, steps.size - 1, _COLUMNS).round().astype(int))]
    table = np.full((len(series), steps.size), np.nan)
    for place, (_, step, values) in enumerate(series):
        size = min(step.size, values.size)
        if size:
            at = np.searchsorted(step[:size], steps, side="right") - 1
            table[place] = np.where(at >= 0, values[np.maximum(at, 0)], np.nan)
    return steps.astype(np.int64), table


def _pixels(strength: NDArray[np.float64], rgb: tuple[int, int, int]) -> NDArray[Any]:
    picture = np.zeros((*strength.shape, 4), dtype=np.uint8)
    picture[..., :3] = rgb
    level = np.ceil(np.clip(np.nan_to_num(strength, posinf=1.0), 0, 1) * _LEVELS) / _LEVELS
    picture[..., 3] = np.round(12 + 233 * level)
    picture[np.isnan(strength)] = 0
    return picture
