from __future__ import annotations

import base64
import hashlib
import itertools
import math
import re
from collections.abc import Callable
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from rectifier import analysis, catalog
from rectifier.errors import MissingPackageError, OutputError
from rectifier.report import page
from rectifier.report.charts.svg import MARK
from rectifier.watch.record import Record

Make = Callable[..., Any]

VOID = {"meta", "link", "br", "img", "hr", "input"}


class Page(HTMLParser):
    """What a browser would see: balanced tags, identifiers, what is loaded, what is said."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.html = html
        self.open: list[str] = []
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.ids: list[str] = []
        self.text: list[str] = []
        self.feed(html)
        self.close()
        assert not self.open, f"never closed: {self.open}"

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        self.ids += [str(value) for name, value in attrs if name == "id"]
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.handle_starttag(tag, attrs)
        if tag not in VOID:
            self.open.pop()

    def handle_endtag(self, tag: str) -> None:
        assert self.open, f"</{tag}> closes nothing"
        assert self.open.pop() == tag, f"</{tag}> closes another"

    def handle_data(self, data: str) -> None:
        self.text.append(data)

    def named(self, tag: str) -> list[dict[str, str | None]]:
        return [attrs for name, attrs in self.tags if name == tag]

    @property
    def words(self) -> str:
        return " ".join(" ".join(self.text).split())


def check(html: str) -> Page:
    """All that must hold for every page."""
    seen = Page(html)
    assert html.startswith("<!DOCTYPE html>")
    assert seen.named("html") == [{"lang": "en"}]
    assert {"charset": "utf-8"} in seen.named("meta")
    assert len(seen.ids) == len(set(seen.ids)), "an identifier occurs twice"
    for tag, attrs in seen.tags:
        for name in ("src", "href", "action", "data", "poster", "srcset"):
            value = attrs.get(name)
            if value is None or (tag == "a" and value.startswith("https://")):
                continue
            assert value.startswith(("#", "data:")), f"<{tag} {name}={value[:60]!r}> is loaded"
            if value.startswith("#"):
                assert value[1:] in seen.ids, f"{value} leads nowhere"
    assert "@import" not in html
    for target in re.findall(r"url\(([^)]*)\)", html):
        assert target.startswith("#"), target
        assert target[1:] in seen.ids
    charts = [a for a in seen.named("svg") if a.get("class") == "chart"]
    assert len(charts) == len(seen.named("svg"))
    for chart in charts:
        assert chart["role"] == "img"
        for name in str(chart["aria-labelledby"]).split():
            said = re.search(rf'id="{name}">([^<]*)<', html)
            assert said is not None, f"{name} does not exist"
            assert said[1].strip()
    levels = [int(tag[1]) for tag, _ in seen.tags if re.fullmatch("h[1-6]", tag)]
    assert levels[0] == 1
    assert levels.count(1) == 1
    assert all(b <= a + 1 for a, b in itertools.pairwise(levels)), levels
    script = re.findall(r"<script>(.*?)</script>", html, re.DOTALL)
    assert len(script) == len(seen.named("script")) == 1
    digest = base64.b64encode(hashlib.sha256(script[0].encode()).digest()).decode()
    assert f"script-src 'sha256-{digest}'" in html
    assert MARK not in html
    assert "#0102" not in html, "a stand-in colour was left"
    return seen


@pytest.fixture(scope="session")
def write(tmp_path_factory: pytest.TempPathFactory) -> Callable[..., str]:
    folder = tmp_path_factory.mktemp("pages")

    def write(function: Callable[..., None], *args: Any, **options: Any) -> str:
        function(folder / "page.html", *args, **options)
        return (folder / "page.html").read_text("utf-8")

    return write


def test_run(write: Callable[..., str], record: Record, findings: Any) -> None:
    html = write(page.write_run, record, findings)
    seen = check(html)
    assert len(seen.named("svg")) == 6 + 2 * 3
    for fact in ("The steps were so long", "Try first: Lower learning rate from 0.5 to 0.05",
                 "features.2.relu", "net.py:41", "61 %", "Warning",
                 "rectifier run examples/train.py",
                 "torch 2.13.0", "record form 1"):  # fmt: skip
        assert fact in seen.words
    assert write(page.write_run, record, findings) == html, "the same record, other bytes"


def test_repair(write: Callable[..., str], repair: Any) -> None:
    seen = check(write(page.write_repair, repair, command="rectifier repair -m pkg"))
    for fact in ("Repaired.", "from 61 % to 2 %", "What helped: Lower learning rate", "−58 points",
                 "kept", "dropped", "lr=0.05", "rectifier repair -m pkg"):  # fmt: skip
        assert fact in seen.words
    assert len(seen.named("svg")) == 4 + 2 * 2


def test_comparison(write: Callable[..., str], comparison: Any) -> None:
    seen = check(write(page.write_comparison, comparison))
    assert len(seen.named("svg")) == 7 + 6 + 10
    for fact in (
        "Take mish, silu or gelu",
        "97.6",
        "97.3 to 97.9",
        "no difference",
        "410 µs",
        "0.03*",
        "How it was done",
        "1,079 samples",
        "Papers start from relu",
        f"Differences to {comparison.rows[0].activation}",
        "−1.2 to +0.0",
        "By bootstrap",
        "Interquartile mean",
        "Energy of a step, mJ, estimated",
    ):
        assert fact in seen.words
    heads = [attrs for attrs in seen.named("th") if attrs.get("scope") == "col"]
    assert len(heads) == 12 + 9 + 6


@pytest.mark.parametrize("name", ["relu", "mish", "pau"])
def test_card(write: Callable[..., str], name: str) -> None:
    card = analysis.card(name)
    seen = check(write(page.write_card, card))
    assert card.source.url in [attrs.get("href") for attrs in seen.named("a")]
    assert f"{card.gain:.6g}" in seen.words
    assert len(seen.named("svg")) >= 4


def test_other_cards(write: Callable[..., str]) -> None:
    for name in ("identity", "selu", "smu", "softplus", "tanh"):
        assert name in catalog.names()
        check(write(page.write_card, analysis.card(name)))


def test_card_png(tmp_path: Path) -> None:
    page.write_card_png(tmp_path / "card.png", analysis.card("mish"))
    data = (tmp_path / "card.png").read_bytes()
    assert data.startswith(b"\x89PNG")
    width, height = (int.from_bytes(data[at : at + 4], "big") for at in (16, 20))
    assert (width, height) == (1620, 540)


def test_what_users_name_is_shown_and_not_obeyed(write: Callable[..., str], make: Make) -> None:
    bad = "</script><script>alert(1)</script><img src=x onerror=alert(1)>{{7*7}}"
    finding = replace(make("findings")[0], cause=bad, layer=bad, site=bad, source=bad,
                      evidence={bad: 1.0})  # fmt: skip
    html = write(page.write_run, make("hostile_record"), (finding,), command=bad)
    seen = check(html)
    assert bad in seen.words
    assert "49" not in re.findall(r"\{\{.*?\}\}", seen.words)[0]
    assert not seen.named("img")
    run = replace(make("run"), output=bad + "\x1b[31m\0", metrics={bad: (1.0, 2.0)})
    html = write(page.write_repair, make("repair", before=run, summary=bad, patch=f"+{bad}\n-x"))
    assert not check(html).named("img")
    assert "\x1b" not in html
    assert "\0" not in html
    rows = (make("row", bad, 0), make("row", bad + "2", 1))
    comparison = make("comparison", rows=rows, task=bad, recommendation=bad, settings={bad: bad})
    assert not check(write(page.write_comparison, comparison)).named("img")


def test_a_dangerous_link_is_not_one(write: Callable[..., str]) -> None:
    card = analysis.card("relu")
    bad = replace(card, source=replace(card.source, url="javascript:alert(1)"))
    assert not check(write(page.write_card, bad)).named("a")


def test_large_network_stays_small(write: Callable[..., str], make: Make) -> None:
    name = "encoder.layers.{}.mlp.gate_projection.activation"
    sites = tuple(
        make("site", name.format(n), order=n, units=4096 if n < 4 else 8, steps=60, dead=0.5)
        for n in range(300)
    )
    layers = tuple(make("layer", f"fc{n}", n % 20, 60) for n in range(300))
    record = replace(make("record", sites=0), sites=sites, layers=layers)
    named = replace(make("findings")[0], site=name.format(0))
    html = write(page.write_run, record, (named,))
    seen = check(html)
    assert len(html) < 3_000_000
    assert "512 of 4096 units" in seen.words
    assert "the table above has all 300" in seen.words
    assert name.format(299) in seen.words
    assert seen.words.count("Inputs of") == 2 * 12


def test_many_activations(write: Callable[..., str], make: Make) -> None:
    html = write(page.write_comparison, make("comparison", tuple(f"a{n}" for n in range(40)), 3))
    assert len(html) < 3_000_000
    assert "a39" in check(html).words


def broken(series: Any, value: float) -> Any:
    """The same series with one value everywhere."""
    return replace(series, **{
        name: np.full_like(array, value) for name, array in vars(series).items() if name != "step"
    })  # fmt: skip


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf, 0.0, 1e300])
def test_series_of_nothing_but(write: Callable[..., str], make: Make, value: float) -> None:
    record = make("record", sites=2, steps=7)
    sites = tuple(replace(site, series=broken(site.series, value)) for site in record.sites)
    layers = tuple(
        replace(layer, gradient_rms=np.full_like(layer.gradient_rms, value))
        for layer in record.layers
    )
    record = replace(record, sites=sites, layers=layers, training=broken(record.training, value))
    check(write(page.write_run, record, ()))
    run = replace(make("run"), record=record, metrics={"accuracy": (value, value)})
    check(write(page.write_repair, make("repair", before=run)))


@pytest.mark.parametrize(
    "changes",
    [{"sites": 0}, {"steps": 1}, {"steps": 0}, {"steps": 2, "notes": ()}],
    ids=str,
)
def test_little_was_seen(write: Callable[..., str], make: Make, changes: dict[str, Any]) -> None:
    check(write(page.write_run, make("record", **changes), ()))


def test_nothing_was_seen(write: Callable[..., str]) -> None:
    seen = check(write(page.write_run, Record(), ()))
    assert "nothing to judge" in seen.words
    assert "No activation was seen" in seen.words


def test_a_site_of_no_units(write: Callable[..., str], make: Make) -> None:
    record = replace(make("record", sites=0), sites=(make("site", units=0, steps=5),))
    check(write(page.write_run, record, ()))


@pytest.mark.parametrize("seeds", [0, 1, 2])
def test_few_seeds(write: Callable[..., str], make: Make, seeds: int) -> None:
    check(write(page.write_comparison, make("comparison", ("relu", "mish"), seeds)))


def test_some_and_all_failed(write: Callable[..., str], make: Make) -> None:
    rows = make("comparison").rows[:2]
    failed = make("failed_row", "selu")
    some = check(write(page.write_comparison, make("comparison", rows=(*rows, failed))))
    assert "failed: no seed finished" in some.words
    none = check(write(page.write_comparison,
                       make("comparison", rows=(failed,), tuning=(), recommended=())))  # fmt: skip
    assert "failed" in none.words
    assert not none.named("svg")
    check(write(page.write_comparison, make("comparison", (), recommended=(), tuning=())))


def test_one_far_behind_does_not_squeeze_the_rest(make: Make) -> None:
    from rectifier.report.charts.ranking import left_end

    near = [0.97 + 0.001 * n for n in range(20)]
    assert left_end([0.1, *near]) > 0.9
    assert left_end(near) == min(near)
    assert left_end([0.5, 0.5]) == 0.5
    assert left_end([]) == 0.0


def test_repair_without_a_cure(write: Callable[..., str], make: Make) -> None:
    seen = check(
        write(page.write_repair, make("repair", chosen=None, verdict="not repaired", patch=""))
    )
    assert "Not repaired." in seen.words
    assert "Before and after" not in seen.words
    run = replace(make("run", 0.0), findings=(), metrics={}, output="")
    healthy = make("repair", before=run, attempts=(), chosen=None, verdict="healthy", patch="")
    assert "Nothing was found" in check(write(page.write_repair, healthy)).words


def test_a_script_that_failed_shows_what_it_printed(write: Callable[..., str], make: Make) -> None:
    run = replace(make("run"), status=3, output="Traceback: no such file")
    failed = make("repair", before=run, attempts=(), chosen=None, verdict="not repaired", patch="")
    seen = check(write(page.write_repair, failed))
    assert "exit status of the script 3" in seen.words
    assert "no rerun" in seen.words
    assert {"open": None} in seen.named("details")


def test_place_is_checked_before_the_work(tmp_path: Path) -> None:
    with pytest.raises(OutputError, match="does not exist"):
        page.write_run(tmp_path / "no" / "page.html", object(), ())  # type: ignore[arg-type]


@pytest.mark.parametrize("absent", ["jinja2", "matplotlib"])
def test_absent_package_names_the_install_command(
    tmp_path: Path, record: Record, monkeypatch: pytest.MonkeyPatch, absent: str
) -> None:
    import importlib

    load = importlib.import_module

    def without(name: str, package: str | None = None) -> Any:
        if name.partition(".")[0] == absent:
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)
        return load(name, package)

    monkeypatch.setattr(importlib, "import_module", without)
    with pytest.raises(MissingPackageError, match=r"pip install 'rectifier\[report\]'"):
        page.write_run(tmp_path / "page.html", record, ())
    assert not (tmp_path / "page.html").exists()


def test_what_a_live_repair_did_is_told(write: Callable[..., str], record: Record) -> None:
    said = ["step 60: lower_learning_rate is at work", "step 120: it is kept <b>"]
    html = write(page.write_run, record, (), repairs=said)
    assert said[0] in html
    assert "it is kept &lt;b&gt;" in html
    assert "Nothing was acted on." in write(page.write_run, record, (), repairs=())
    assert "Repaired while it ran" not in write(page.write_run, record, ())
