"""``rectifier list``."""

from __future__ import annotations

import json

import pytest

from rectifier import catalog
from rectifier.cli.main import run_command


def test_lists_every_activation_once(capsys: pytest.CaptureFixture[str]) -> None:
    assert run_command(["list"]) == 0
    lines = [line.split() for line in capsys.readouterr().out.splitlines()]
    first = [words[0] for words in lines if words]
    for name in catalog.names():
        assert first.count(name) == 1


def test_json_has_formula_and_parameters(capsys: pytest.CaptureFixture[str]) -> None:
    assert run_command(["list", "--family", "rectifiers", "--json", "-"]) == 0
    data = json.loads(capsys.readouterr().out)
    rows = {row["name"]: row for row in data["activations"]}
    assert set(rows) == set(catalog.names("rectifiers"))
    assert rows["relu"]["formula"] == catalog.get("relu").formula
    assert rows["prelu"]["parameters"] == {"weight": 0.25}


def test_compare_says_who_has_what(capsys: pytest.CaptureFixture[str]) -> None:
    assert run_command(["list", "--compare", "--json", "-"]) == 0
    data = json.loads(capsys.readouterr().out)
    rows = {row["name"]: row["elsewhere"] for row in data["activations"]}
    assert set(rows) == {*catalog.names(), *catalog.gated_names(), *catalog.rowwise_names()}
    assert rows["hard_swish"]["torch.nn"] == ["Hardswish"]
    assert rows["serf"] == {}
    torch, *_ = data["libraries"]
    assert torch["title"] == "torch.nn"
    assert torch["names"] == 28
    assert all(library["unknown"] == [] for library in data["libraries"])


def test_compare_prints_a_table(capsys: pytest.CaptureFixture[str]) -> None:
    assert run_command(["list", "--compare", "--family", "rectifiers"]) == 0
    out = capsys.readouterr().out
    lines = {line.split()[0]: line for line in out.splitlines() if line.split()}
    assert "relu" in lines
    assert "lelelu, modulus" in out
    assert "serf" not in out


def test_compare_refuses_an_unknown_family() -> None:
    assert run_command(["list", "--compare", "--family", "rectifyers"]) == 2
