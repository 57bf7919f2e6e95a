"""Charts of a repair: the run before and after, laid over each other.

Part of `rectifier.report.charts`.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from rectifier.report import digest, wording
from rectifier.report.charts import canvas
from rectifier.report.charts.lines import Line, lines
from rectifier.report.charts.svg import Chart, finish

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from rectifier.doctor.outcome import Run
    from rectifier.watch.record import Record

Curve = tuple["NDArray[Any]", "NDArray[np.float64]"]


def _overlay(
    title: str, before: Curve, after: Curve | None, y_label: str, **options: Any
) -> Chart | None:
    series = [Line("before", *before, canvas.BEFORE, canvas.DASHES[1])]
    if after is not None:
        series.append(Line("after", *after, canvas.AFTER))
    return lines(title, series, y_label=y_label, **options)


def loss(before: Run, after: Run | None) -> Chart | None:
    """Both losses, logarithmic where they span a factor of 50."""
    runs = [before] if after is None else [before, after]
    values = np.concatenate([run.record.training.loss for run in runs])
    values = values[canvas.drawable(values)]
    log = bool(values.size and values.min() > 0 and values.max() / values.min() > 50)
    curves = [(run.record.training.step, run.record.training.loss) for run in runs]
    return _overlay(
        "Loss", curves[0], curves[1] if after else None, "loss", log=log, describe=wording.number
    )


def silent(before: Run, after: Run | None) -> Chart | None:
    """Share of silent units over all sites together."""
    return _overlay(
        "Silent units, all sites",
        _mean_silent(before.record),
        _mean_silent(after.record) if after else None,
        "units without an output",
        percent=True,
        limits=(-0.02, 1.02),
        describe=wording.percent,
    )


def _mean_silent(record: Record) -> Curve:
    """Over all sites, weighted by their units, at the steps of the best observed one."""
    sites = [
        site for site in record.sites if canvas.drawable(site.series.silent).any() and site.units
    ]
    if not sites:
        return np.zeros(0), np.zeros(0)
    steps = max((site.series.step for site in sites), key=len)
    total = np.zeros(steps.size)
    for site in sites:
        known = canvas.drawable(site.series.silent)
        total += site.units * np.interp(steps, site.series.step[known], site.series.silent[known])
    return steps, total / sum(site.units for site in sites)


def metric(name: str, before: Run, after: Run | None) -> Chart | None:
    """A number that the script printed again and again; None where it was printed once."""
    old = np.asarray(before.metrics.get(name, ()), dtype=np.float64)
    new = np.asarray(after.metrics.get(name, ()) if after else (), dtype=np.float64)
    if max(old.size, new.size) < 2:
        return None
    return _overlay(
        f"{canvas.label(name)}, as the script prints it",
        (np.arange(1, old.size + 1), old),
        (np.arange(1, new.size + 1), new) if after else None,
        canvas.label(name),
        x_label="time printed",
        describe=wording.number,
    )


def dead_by_site(before: Run, after: Run | None) -> Chart | None:
    """Dead share of each site before and after, a row per site."""
    sites = digest.worst_sites(before.record, before.findings)
    later = {site.site: digest.dead(site) for site in after.record.sites} if after else {}
    rows = [
        (site.site, digest.dead(site), later.get(site.site, math.nan))
        for site in sites
        if not math.isnan(digest.dead(site))
    ]
    return _dumbbells(rows) if rows else None


def _dumbbells(rows: Sequence[tuple[str, float, float]]) -> Chart:
    names = canvas.labels([name for name, _, _ in rows])
    with canvas.style():
        figure, axes = canvas.new_axes(
            height=70 + 26 * len(rows),
            left=18 + canvas.text_width(names),
            right=24,
            top=26,
            bottom=40,
        )
        axes.grid(visible=False)
        axes.grid(axis="x")
        for place, (_, old, new) in enumerate(rows):
            if not math.isnan(new):
                axes.plot([old, new], [place, place], color=canvas.GRID, linewidth=3, zorder=1)
                axes.plot(new, place, "o", color=canvas.AFTER, markersize=7, zorder=3)
            axes.plot(
                old,
                place,
                "o",
                markerfacecolor=canvas.PAPER,
                markeredgecolor=canvas.BEFORE,
                markeredgewidth=1.8,
                markersize=7,
                zorder=2,
            )
        axes.set_yticks(range(len(rows)), names, color=canvas.INK, parse_math=False)
        axes.set_ylim(len(rows) - 0.5, -0.6)
        axes.set_xlim(-0.03, 1.03)
        canvas.number_axis(axes, "x", percent=True)
        axes.set_xlabel("dead units")
        axes.text(
            1.0,
            1.02,
            "○ before    ● after",
            transform=axes.transAxes,
            ha="right",
            va="bottom",
            color=canvas.SOFT,
        )
        told = ", ".join(
            f"{name} from {wording.percent(old)} to {wording.percent(new)}"
            for name, old, new in rows
        )
        return finish(figure, "Dead units by site, before and after", f"{told}.")
