"""Charts of a watched run: loss, dead and silent units, sparsity, gradients, units and inputs.

Part of `rectifier.report.charts`.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from rectifier.report import wording
from rectifier.report.charts import canvas
from rectifier.report.charts.heat import heat
from rectifier.report.charts.lines import Line, lines, told_apart
from rectifier.report.charts.svg import Chart, finish

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from rectifier.watch.record import LayerRecord, SiteRecord, TrainingSeries, UnitStatistics

_DEAD_RGB, _DORMANT_RGB, _ALIVE_RGB = (207, 84, 30), (224, 178, 52), (46, 134, 193)
_TAU = 0.025
"""A unit is dormant where its mean |output| is at most this share of the layer's (Sokar 2023)."""
_LEVELS = 8
_PANEL = (470.0, 220.0)

MOST_LINES = 12
"""Lines that can be told apart in one chart; of more sites a map is drawn."""


def loss(training: TrainingSeries) -> Chart | None:
    """The loss over steps, logarithmic where it spans a factor of 50."""
    values = training.loss[canvas.drawable(training.loss)]
    if not values.size:
        return None
    log = bool(values.min() > 0 and values.max() / values.min() > 50)
    return lines(
        "Loss",
        [Line("loss", training.step, training.loss, canvas.SERIES[0])],
        y_label="loss",
        log=log,
        describe=wording.number,
    )


def learning_rate(training: TrainingSeries) -> Chart | None:
    """The learning rate, where it changed at all."""
    values = training.learning_rate[canvas.drawable(training.learning_rate)]
    if not values.size or np.ptp(values) == 0:
        return None
    log = bool(values.min() > 0 and values.max() / values.min() > 50)
    return lines(
        "Learning rate",
        [Line("rate", training.step, training.learning_rate, canvas.SERIES[1])],
        y_label="learning rate",
        log=log,
        limits=(None if log else 0.0, None),
        describe=wording.number,
        height=180,
    )


def dead(sites: Sequence[SiteRecord]) -> Chart | None:
    """Share of units that had died by then and stayed dead, a line or row per site."""
    return _through_training(
        "Dead units",
        [(site.site, site.series.step, _dead_by(site)) for site in sites],
        y_label="units that died and stayed dead",
        rgb=_DEAD_RGB,
    )


def _dead_by(site: SiteRecord) -> NDArray[np.float64]:
    """Share of the units that are dead at the end and were last active before each step."""
    unit, step = site.unit, site.series.step
    gone = unit.dead
    if not gone.size or unit.last_active_step.size != gone.size:
        return np.full(step.size, np.nan)
    ends = np.sort(unit.last_active_step[gone])
    return np.searchsorted(ends, step, side="left") / gone.size


def _through_training(
    title: str,
    series: Sequence[tuple[str, NDArray[Any], NDArray[np.float64]]],
    *,
    y_label: str,
    rgb: tuple[int, int, int] = _ALIVE_RGB,
) -> Chart | None:
    """A share over steps: lines while they can be told apart, a map of all of them where not."""
    if len(series) > MOST_LINES:
        return heat(title, series, rgb=rgb, what=y_label, limits=(0.0, 1.0))
    return lines(
        title,
        told_apart(series),
        y_label=y_label,
        percent=True,
        limits=(-0.02, 1.02),
        describe=wording.percent,
        height=290,
    )


def silent(sites: Sequence[SiteRecord]) -> Chart | None:
    """Share of units without a positive output in the step's batch, a line or row per site."""
    return _through_training(
        "Silent units",
        [(site.site, site.series.step, site.series.silent) for site in sites],
        y_label="units without an output",
        rgb=_DEAD_RGB,
    )


def sparsity(sites: Sequence[SiteRecord]) -> Chart | None:
    """Share of exactly zero outputs, a line or row per site."""
    return _through_training(
        "Sparsity",
        [(site.site, site.series.step, site.series.sparsity) for site in sites],
        y_label="outputs that are zero",
    )


def gradients(layers: Sequence[LayerRecord]) -> Chart | None:
    """Root mean square of each layer's weight gradient, logarithmic, a line or row per layer."""
    title, what = "Gradient of the weights, by layer", "gradient, root mean square"
    series = [(layer.layer, layer.step, layer.gradient_rms) for layer in layers]
    if len(series) > MOST_LINES:
        return heat(title, series, what=what, log=True)
    return lines(
        title, told_apart(series), y_label=what, log=True, describe=wording.number, height=290
    )


def unit_map(site: SiteRecord) -> Chart | None:
    """Who was alive when: a column per step, a row per unit, the first to fall silent on top."""
    unit = site.unit
    active = np.asarray(unit.map_active, dtype=np.float64)
    if active.ndim != 2 or not active.size or unit.map_steps.size != active.shape[0]:
        return None
    steps, columns = active.shape
    alive = np.nan_to_num(active) > 0
    final = np.where(alive.any(axis=0), steps - np.argmax(alive[::-1], axis=0), 0)
    order = np.lexsort((-np.nan_to_num(active).mean(axis=0), final))
    with canvas.style():
        figure, axes = canvas.new_axes(*_PANEL, left=14, right=14, top=6, bottom=38)
        axes.grid(visible=False)
        states = _dormant(unit)[:, order].T
        axes.imshow(_pixels(active[:, order].T, states), aspect="auto", interpolation="none")
        ticks = np.unique(np.linspace(0, steps - 1, min(5, steps)).round().astype(int))
        axes.set_xticks(ticks, [wording.number(float(unit.map_steps[t]), 4) for t in ticks])
        axes.set_yticks([])
        axes.set_xlabel("step")
        silent_now = int((~alive[-1]).sum())
        dormant_now = int((_dormant(unit)[-1] & alive[-1]).sum())
        text = (
            f"{columns} of {site.units} units over {steps} moments from step {unit.map_steps[0]} "
            f"to {unit.map_steps[-1]}; at the last one {silent_now} had no positive output and "
            f"{dormant_now} more were dormant."
        )
        return finish(figure, f"Units of {canvas.label(site.site, 60)} over time", text)


def _dormant(unit: UnitStatistics) -> NDArray[np.bool_]:
    """Which units were dormant when; nobody where that was not measured. Shape (M, U)."""
    shape, mean = unit.map_active.shape, unit.map_mean_abs
    if mean.shape != shape or unit.map_layer_abs.shape != shape[:1]:
        return np.zeros(shape, dtype=bool)
    with np.errstate(invalid="ignore"):
        found: NDArray[np.bool_] = mean <= _TAU * unit.map_layer_abs[:, None]
    return found & (unit.map_layer_abs > 0)[:, None]


def _pixels(active: NDArray[np.float64], dormant: NDArray[np.bool_]) -> NDArray[Any]:
    """Opaque where silent or dormant; where alive the more opaque the more often; else clear."""
    picture = np.zeros((*active.shape, 4), dtype=np.uint8)
    level = np.ceil(np.clip(np.nan_to_num(active), 0, 1) * _LEVELS) / _LEVELS
    picture[..., :3] = _ALIVE_RGB
    picture[dormant, :3] = _DORMANT_RGB
    picture[level <= 0, :3] = _DEAD_RGB
    picture[..., 3] = np.where((level > 0) & ~dormant, 60 + 195 * level, 235)
    picture[np.isnan(active)] = 0
    return picture


def inputs(site: SiteRecord) -> Chart | None:
    """Histogram of the pre-activations at the end, with the part above zero told apart."""
    edges, counts = site.unit.input_edges, site.unit.input_counts
    usable = (
        counts.size > 0 and edges.size == counts.size + 1 and bool(canvas.drawable(edges).all())
    )
    if not usable or counts.sum() <= 0:
        return None
    share = counts / counts.sum()
    above = np.clip(edges[1:], 0, None) - np.clip(edges[:-1], 0, None)
    positive = float((share * above / np.maximum(np.diff(edges), 1e-300)).sum())
    with canvas.style():
        figure, axes = canvas.new_axes(*_PANEL, left=14, right=14, top=18, bottom=38)
        axes.grid(visible=False)
        colors = [canvas.ALIVE if part > 0 else canvas.SOFT for part in above]
        axes.bar(edges[:-1], share, np.diff(edges), align="edge", color=colors, alpha=0.75)
        axes.set_yticks([])
        axes.margins(x=0.01)
        if edges[0] < 0 < edges[-1]:
            axes.axvline(0, color=canvas.INK, linewidth=0.9)
        canvas.number_axis(axes, "x")
        axes.set_xlabel("input of the activation")
        text = f"{wording.percent(positive)} above zero"
        right = edges[0] + 0.6 * (edges[-1] - edges[0]) > 0
        axes.text(
            0.99 if right else 0.01,
            1.0,
            text,
            transform=axes.transAxes,
            ha="right" if right else "left",
            color=canvas.SOFT,
            fontsize=10.5,
        )
        told = f"{text}; from {wording.number(edges[0])} to {wording.number(edges[-1])}."
        return finish(figure, f"Inputs of {canvas.label(site.site, 60)}", told)
