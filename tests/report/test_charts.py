from __future__ import annotations

import math
import warnings
from collections.abc import Callable
from typing import Any
from xml.etree import ElementTree

import numpy as np
import pytest

from rectifier.report.charts import canvas, run
from rectifier.report.charts.lines import Line, lines
from rectifier.watch.record import Record

Make = Callable[..., Any]


def test_two_charts_share_no_identifier(record: Record) -> None:
    chart = run.loss(record.training)
    assert chart is not None
    one, other = chart.inline("c1-"), chart.inline("c2-")
    ids = [
        {element.get("id") for element in ElementTree.fromstring(svg).iter()} - {None}
        for svg in (one, other)
    ]
    assert ids[0]
    assert ids[1]
    assert not ids[0] & ids[1]


def test_charts_leave_the_users_settings_alone(record: Record) -> None:
    import matplotlib

    with matplotlib.rc_context({"font.size": 31.0, "svg.hashsalt": "mine"}):
        run.loss(record.training)
        assert matplotlib.rcParams["font.size"] == 31.0
        assert matplotlib.rcParams["svg.hashsalt"] == "mine"


def test_colours_are_roles_of_the_style_sheet(record: Record) -> None:
    chart = run.silent(record.sites)
    assert chart is not None
    assert "var(--s1)" in chart.body
    assert "var(--ink)" in chart.body or "var(--soft)" in chart.body
    assert "<style" not in chart.body
    assert "<metadata" not in chart.body


def test_text_is_text_and_never_a_formula() -> None:
    name = r"a$\frac$b & <i>"
    x = np.arange(3)
    chart = lines("t", [Line(name, x, x * 1.0), Line("b", x, x * 2.0)], y_label="y")
    assert chart is not None
    texts = ["".join(e.itertext()) for e in ElementTree.fromstring(chart.body).iter("text")]
    assert name in texts


def test_characters_that_the_font_lacks_are_no_trouble() -> None:
    x = np.arange(3)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        chart = lines("名前", [Line("名前", x, x * 1.0), Line("🙂", x, x * 2.0)], y_label="名")
    assert chart is not None
    assert "名前" in chart.body


def test_thinned_keeps_what_sticks_out() -> None:
    x = np.arange(100_000)
    y = np.sin(x / 1000)
    y[12_345], y[54_321], y[77_777] = 50.0, -50.0, math.inf
    short_x, short_y = canvas.thinned(x, y)
    assert short_x.size < 1300
    assert {12_345, 54_321, 77_777, 0, 99_999} <= set(short_x.tolist())
    assert short_y[list(short_x).index(12_345)] == 50.0


def test_names_side_by_side_lose_what_they_share() -> None:
    names = [f"encoder.layers.{n}.feed_forward.activation" for n in (1, 10)]
    assert canvas.labels(names) == ["…layers.1…", "…layers.10…"]
    assert canvas.labels(["fc1", "fc2"]) == ["fc1", "fc2"]
    deep = [f"bert.encoder.layer.{n}.intermediate.intermediate_act_fn" for n in (0, 1)]
    named = canvas.labels([*deep, "bert.pooler.activation"])
    assert named == ["…layer.0…", "…layer.1…", "…pooler.activation"]
    assert canvas.labels(["a" * 60, "a" * 60])[0] == canvas.label("a" * 60)
    long = ["block." + "x" * 40, "block." + "x" * 40 + ".relu"]
    assert all(len(name) <= 26 for name in canvas.labels(long))


def test_names_that_number_twice_stay_apart() -> None:
    """A flow of several transformations with the same blocks in each."""
    flow = [
        f"_transform._transforms.{n}.autoregressive_net.{end}"
        for n in (1, 3, 5)
        for end in ("blocks.0.relu", "blocks.0.relu:2", "blocks.1.relu", "relu", "relu:2")
    ]
    named = canvas.labels([*flow, *(f"_transform._transforms.{n}.softplus" for n in (1, 3, 5))])
    assert len(set(named)) == len(named)
    assert all(len(name) <= 26 for name in named)
    assert named[:2] == ["…1…0.relu", "…1…0.relu:2"]


def test_labels_at_the_end_do_not_overlap() -> None:
    x = np.arange(5)
    series = [Line(f"line {n}", x, np.full(5, 1.0 + n * 1e-4)) for n in range(12)]
    chart = lines("t", series, y_label="y", limits=(0.0, 1.02))
    assert chart is not None
    heights = sorted(
        float(str(e.get("y")))
        for e in ElementTree.fromstring(chart.body).iter("text")
        if (e.text or "").startswith("line ")
    )
    assert len(heights) == 12
    assert min(np.diff(heights)) > 10
    assert heights[0] > 0


def test_unit_map_sorts_the_silent_to_the_top(make: Make) -> None:
    site = make("site", units=4096, dead=0.5, steps=100)
    chart = run.unit_map(site)
    assert chart is not None
    assert "512 of 4096 units" in chart.description
    assert "data:image/png;base64," in chart.body
    assert len(chart.body) < 60_000


def test_unit_map_of_another_shape_is_left_out(make: Make) -> None:
    from dataclasses import replace

    site = make("site")
    odd = replace(site, unit=replace(site.unit, map_steps=np.arange(3)))
    assert run.unit_map(odd) is None


def test_share_above_zero(make: Make) -> None:
    from dataclasses import replace

    site = make("site")
    unit = replace(site.unit, input_edges=np.array([-1.0, 1.0]), input_counts=np.array([10]))
    chart = run.inputs(replace(site, unit=unit))
    assert chart is not None
    assert "50 % above zero" in chart.description


@pytest.mark.parametrize(
    ("value", "text"), [(1e-3, "10⁻³"), (0.01, "0.01"), (100.0, "100"), (1e5, "10⁵"), (0.0, "")]
)
def test_power_label(value: float, text: str) -> None:
    assert canvas.power_label(value) == text
