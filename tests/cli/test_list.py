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
