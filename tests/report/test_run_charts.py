"""The charts of a run that show every layer and every unit: they say what the numbers say."""

from __future__ import annotations

import base64
import io
import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

pytest.importorskip("matplotlib")

from rectifier.report import page
from rectifier.report.charts import run
from rectifier.report.charts.heat import heat
from rectifier.report.charts.svg import Chart
from rectifier.watch.record import NEVER, Record, SiteRecord, SiteSeries, UnitStatistics


def picture(chart: Chart | None) -> np.ndarray[Any, Any]:
    """The pixels of the map in a chart, rows by columns by red, green, blue, opacity."""
    from PIL import Image

    assert chart is not None
    found = re.search(r"data:image/png;base64,([^\"]+)", chart.body)
    assert found
    return np.asarray(Image.open(io.BytesIO(base64.b64decode(found[1]))).convert("RGBA"))


def site(**unit: Any) -> SiteRecord:
    """Four units, four steps: one dies at step 1, one is dormant, one sleeps once, one lives."""
    active = np.array(
        [[0.5, 0.01, 0.5, 0.9], [0, 0.01, 0, 0.9], [0, 0.01, 0.5, 0.9], [0, 0.01, 0.5, 0.9]]
    )
    mean = np.array([[1, 1e-3, 1, 2.0], [0, 1e-3, 0, 2.0], [0, 1e-3, 1, 2.0], [0, 1e-3, 1, 2.0]])
    step = np.array([0, 10, 20, 30])
    values: dict[str, Any] = {
        "seen": 40, "seen_recent": 10, "active": np.array([5, 1, 15, 36]),
        "active_recent": np.array([0, 1, 5, 9]), "nonzero_gradient_recent": np.array([0, 1, 5, 9]),
        "last_active_step": np.array([4, 30, 30, 30]), "map_steps": step, "map_active": active,
        "map_mean_abs": mean, "map_layer_abs": mean.mean(1), "map_units": np.arange(4),
    }  # fmt: skip
    return SiteRecord(
        "relu", "relu", "net.py:3", "fc", "Linear", "Net", 4, 1, 0, 8,
        SiteSeries(step=step, silent=np.array([0, 0.5, 0.25, 0.25])),
        UnitStatistics(**{**values, **unit}),
    )  # fmt: skip


def test_the_map_tells_dead_dormant_and_alive_apart() -> None:
    chart = run.unit_map(site())
    pixels = picture(chart)
    colors = {(207, 84, 30): "dead", (224, 178, 52): "dormant", (46, 134, 193): "alive"}
    names = [[colors[tuple(map(int, cell[:3]))] for cell in row] for row in pixels]
    assert names == [
        ["alive", "dead", "dead", "dead"],
        ["alive", "alive", "alive", "alive"],
        ["alive", "dead", "alive", "alive"],
        ["dormant", "dormant", "dormant", "dormant"],
    ]
    assert pixels[1, 0, 3] > pixels[0, 0, 3], "who is active more often is not stronger"
    assert chart is not None
    assert "1 had no positive output and 1 more were dormant" in chart.description
    unknown = run.unit_map(site(map_mean_abs=np.full((4, 4), np.nan)))
    assert unknown is not None
    assert "0 more were dormant" in unknown.description


def test_dead_by_a_step_are_those_that_never_came_back() -> None:
    assert run._dead_by(site()).tolist() == [0, 0.25, 0.25, 0.25]
    born = site(last_active_step=np.array([NEVER, 30, 30, 30]))
    assert run._dead_by(born).tolist() == [0.25] * 4
    nobody = np.zeros(0, dtype=np.int64)
    unseen = site(active_recent=nobody, nonzero_gradient_recent=nobody)
    assert np.isnan(run._dead_by(unseen)).all()


def test_a_map_of_many_series_is_strong_where_the_value_is_high() -> None:
    step = np.arange(300)
    series = [(f"layer{n}", step[n:], np.full(300 - n, n / 20)) for n in range(20)]
    chart = heat("Share", series, what="share", limits=(0.0, 1.0))
    pixels = picture(chart)
    assert pixels.shape[:2] == (20, 128)
    strength = pixels[:, -1, 3].astype(int)
    assert (np.diff(strength) >= 0).all()
    assert strength[19] > 5 * strength[0]
    assert pixels[19, 0, 3] == 0, "drawn before it was known"
    assert chart is not None
    assert "highest at the end layer19 95.0 %" in chart.description
    log = picture(
        heat("G", [(str(n), step, np.full(300, 10.0**-n)) for n in range(20)], what="g", log=True)
    )
    assert (np.diff(log[:, 5, 3].astype(int)) <= 0).all()
    assert heat("None", [("a", step, np.full(300, np.nan))], what="w") is None
    flat = picture(heat("Flat", [("a", step, np.full(300, 3.0))], what="w"))
    assert (flat[..., 3] > 200).all()


def test_fifty_wide_layers_fit_on_a_small_page(make: Callable[..., Any], tmp_path: Path) -> None:
    from conftest import make_layer, make_site

    record: Record = make("record", steps=400)
    record = replace(
        record,
        sites=tuple(
            make_site(f"blocks.{n}.relu", order=n, units=4096, steps=400) for n in range(50)
        ),
        layers=tuple(make_layer(f"blocks.{n}.fc", n % 6, 400) for n in range(50)),
    )
    page.write_run(tmp_path / "r.html", record, ())
    html = (tmp_path / "r.html").read_text(encoding="utf-8")
    assert len(html.encode()) < 2_000_000
    assert html.count("data:image/png") == 4 + 12, "maps of all layers, then of the units of twelve"
    assert html.count("of 50 over steps, a row each") == 4
