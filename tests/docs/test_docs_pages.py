"""The pages made from the code: complete, in step with what they are made from."""

from __future__ import annotations

import importlib
import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

import rectifier
from rectifier import catalog, models
from rectifier.analysis import peers

DOCS = Path(__file__).parents[2] / "docs"


@pytest.fixture
def generator(monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.syspath_prepend(str(DOCS))
    return "generator"


def test_every_family_has_advice_and_none_is_for_nothing() -> None:
    every = {
        **{family: catalog.names(family) for family in catalog.families()},
        "_gated": catalog.gated_names(),
        "_rowwise": catalog.rowwise_names(),
    }
    for family, names in every.items():
        advice = importlib.import_module(f"rectifier.catalog.{family}").ADVICE
        assert "" in advice
        assert set(advice) - {""} <= set(names)
        for each in advice.values():
            assert each.use.endswith(".")
            assert each.avoid.endswith(".")
            assert each.sources


def test_a_page_holds_what_the_card_holds(generator: str) -> None:
    activation = importlib.import_module(f"{generator}.activation")
    card = rectifier.card("mish")
    text = activation.page_of(card, peers.offers(), "measured so")
    assert text.startswith("# mish\n")
    for part in (card.formula, card.latex, card.derivative_latex, card.source.url, "measured so"):
        assert part in text
    assert f"{card.gain:.6g}" in text
    assert "torch.nn (`Mish`)" in text
    assert catalog.advice("mish").avoid in text


def test_the_index_links_everything_once(generator: str) -> None:
    index = importlib.import_module(f"{generator}.overview").index()
    linked = re.findall(r"\((\w+)\.md\)", index)
    everything = [*catalog.names(), *catalog.gated_names(), *catalog.rowwise_names()]
    assert sorted(linked) == sorted(everything)


def test_pages_are_built_from_nothing(tmp_path: Path) -> None:
    command = [sys.executable, str(DOCS / "build.py"), "--only", "relu", "--out", str(tmp_path)]
    subprocess.run(command, check=True, capture_output=True)
    assert "max" in (tmp_path / "activations" / "relu.md").read_text(encoding="utf-8")
    assert (tmp_path / "activations" / "relu.png").read_bytes().startswith(b"\x89PNG")


def test_the_page_on_accuracy_is_that_of_the_measurement(generator: str) -> None:
    accuracy = importlib.import_module(f"{generator}.accuracy")
    summary = json.loads((DOCS / "accuracy.json").read_text(encoding="utf-8"))
    assert not summary["quick"]
    sampled = DOCS / "accuracy64.json"
    double = json.loads(sampled.read_text(encoding="utf-8")) if sampled.exists() else None
    assert double is None or [row["name"] for row in double["rows"]] == list(catalog.names())
    assert (DOCS / "accuracy.md").read_text(encoding="utf-8") == accuracy.page(summary, double)


def test_the_page_of_claims_is_up_to_date(generator: str) -> None:
    claims = importlib.import_module(f"{generator}.claims")
    assert (DOCS / "claims.md").read_text(encoding="utf-8") == claims.page()
    assert (DOCS / "claims.json").read_text(encoding="utf-8") == claims.data()


def test_the_page_on_coverage_is_of_this_catalog() -> None:
    """It said 139 definitions when there were 143."""
    text = (DOCS / "coverage.md").read_text(encoding="utf-8")
    named = set(re.findall(r"\w+", text))
    assert f"of the {len(peers.definitions())} definitions here" in text
    assert set(peers.definitions()) <= named


def test_pages_of_units_show_what_their_cards_hold(generator: str, tmp_path: Path) -> None:
    units = importlib.import_module(f"{generator}.units")
    units.write_gated(tmp_path, "swiglu", peers.offers())
    units.write_rowwise(tmp_path, "sparsemax", peers.offers())
    gated, rowwise = ((tmp_path / f"{n}.md").read_text("utf-8") for n in ("swiglu", "sparsemax"))
    assert "| ∂f/∂x | `gate * sigmoid(beta * gate)` |" in gated
    assert "by default the last half gates" in gated
    assert "`y_i = max(x_i − τ, 0), with τ so that Σ_i y_i = 1`" in rowwise
    for name in ("swiglu", "sparsemax"):
        assert (tmp_path / f"{name}.png").read_bytes().startswith(b"\x89PNG")


def test_the_page_on_the_doctor_is_that_of_the_measurement(generator: str) -> None:
    doctor = importlib.import_module(f"{generator}.doctor")
    summary = json.loads((DOCS / "doctor.json").read_text(encoding="utf-8"))
    assert (DOCS / "doctor.md").read_text(encoding="utf-8") == doctor.page(summary)


def test_every_network_learned_here_and_on_a_gpu(generator: str) -> None:
    networks = importlib.import_module(f"{generator}.networks")
    summary = json.loads((DOCS / "networks.json").read_text(encoding="utf-8"))
    assert (DOCS / "networks.md").read_text(encoding="utf-8") == networks.page(summary)
    for run in summary["runs"].values():
        learned = {told["model"] for told in run["results"].values() if told["learned"]}
        assert set(models.names()) <= learned


def test_the_section_on_fp64_names_what_is_far_off(generator: str) -> None:
    accuracy64 = importlib.import_module(f"{generator}.accuracy64")
    error = lambda ulp: {"ulp": ulp, "x": 1.0}  # noqa: E731
    good = {order: {"middle": error(0.5), "tails": error(1.0)} for order in ("value", "slope")}
    bad = {**good, "slope": {"middle": error(2.0), "tails": error(412.0)}}
    rows = [
        {"name": name, "of": {"rectifier.numpy": found, "rectifier.torch": found}}
        for name, found in (("relu", good), ("erfact", bad))
    ]
    facts = {"date": "2026-01-01", "machine": "m", "compiled": True, "points": 300, "rows": rows}
    section = accuracy64.section(facts)
    assert "Up to 12 in size 2 of 2 are within 8 ulp here, value and slope." in section
    assert "Beyond that 1 of 2 are within 8 ulp here, and these are not: erfact (412)." in section
    assert "| erfact | 0.50 / 2.00 | 1.00 / 412 |" in section
