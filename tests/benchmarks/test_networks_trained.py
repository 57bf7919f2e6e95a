"""``benchmarks/networks.py`` and its page: every network has a case, failures are told."""

from __future__ import annotations

import importlib
import json
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from rectifier import models

ROOT = Path(__file__).parents[2]


@pytest.fixture
def script(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    monkeypatch.syspath_prepend(str(ROOT / "benchmarks"))
    return importlib.import_module("networks")


def test_every_network_has_a_case_on_both_devices(script: ModuleType) -> None:
    for device in ("cpu", "cuda"):
        found = script.cases([], device, Path("folder"))
        assert {case.model for case in found} == set(models.names())
        assert len({case.name for case in found}) == len(found)
    assert [case.name for case in script.cases(["alphazero"], "cpu", None)] == [
        "alphazero",
        "alphazero on connect3",
    ]
    assert set(script.PUBLISHED) <= set(models.names())


def test_results_are_written_and_drawn(
    script: ModuleType,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    file = tmp_path / "told.json"
    file.write_text(json.dumps({"schema": 1, "runs": {"cuda": {"kept": True}}}))
    broken = script.Case("broken", "mlp", sizes={"wide": 3})
    monkeypatch.setattr(script, "cases", lambda *_: [script.Case("gelu_mlp", "gelu_mlp"), broken])
    monkeypatch.setattr(sys, "argv", ["networks.py", "--steps", "60", "--json", str(file)])
    script.main()
    out = capsys.readouterr().out
    assert "1 of 2 clearly above guessing; not: broken" in out
    assert "no argument 'wide'" in out
    runs = json.loads(file.read_text())["runs"]
    assert runs["cuda"] == {"kept": True}
    told = runs["cpu"]["results"]
    assert told["gelu_mlp"]["learned"]
    assert told["gelu_mlp"]["value"] > told["gelu_mlp"]["guessing"] + 0.2
    assert not told["broken"]["learned"]
    monkeypatch.syspath_prepend(str(ROOT / "docs"))
    page = importlib.import_module("generator.networks").page({"runs": {"cpu": runs["cpu"]}})
    assert f"| test accuracy | {told['gelu_mlp']['value']:.3f} | 0.100 |" in page
    assert "Without a result: `broken` (failed: InvalidInputError" in page


def test_a_row_of_another_machine_says_so(
    script: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "told.json"
    row = {"parameters": 1, "score": "test accuracy", "guessing": 0.1, "fresh": 0.1, "steps": 5,
           "seconds": 1.0, "learned": True}  # fmt: skip

    def run(machine: str, **values: float) -> dict[str, Any]:
        results = {name: {**row, "value": value} for name, value in values.items()}
        return {"machine": machine, "jobs": 1, "date": "2026-01-01", "results": results}

    def read() -> dict[str, Any]:
        return json.loads(file.read_text())["runs"]["cpu"]

    script.write(file, "cpu", run("first", a=0.5, b=0.5))
    script.write(file, "cpu", run("first", b=0.6))
    assert read() == run("first", a=0.5, b=0.6)
    script.write(file, "cpu", run("second", b=0.7))
    assert read()["machine"] == "first"
    assert read()["results"]["a"] == {**row, "value": 0.5}
    assert read()["results"]["b"]["elsewhere"]["machine"] == "second"
    monkeypatch.syspath_prepend(str(ROOT / "docs"))
    page = importlib.import_module("generator.networks").page({"runs": {"cpu": read()}})
    assert "Measured elsewhere: `b` (2026-01-01, second)." in page
    script.write(file, "cpu", run("second", a=0.8, b=0.7))
    assert read() == run("second", a=0.8, b=0.7)


def test_two_processes_train_a_group_each(script: ModuleType) -> None:
    case = script.Case("both", "alexnet", "two processes", sizes={"hidden": 16})
    told = script.train(case, "cpu", None, 5)
    assert told["steps"] == 5
    assert 1.5 < told["loss"] < 4.0
