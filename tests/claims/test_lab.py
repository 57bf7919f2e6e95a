"""Trials are run once, kept, shared and resumed; the store defends itself."""

from __future__ import annotations

import sqlite3
from pathlib import Path
from typing import Any

import pytest

from rectifier.claims import lab as module
from rectifier.claims.lab import Lab, Notebook
from rectifier.claims.record import Estimate, Line, Picture, Result
from rectifier.errors import OutputError, StoreError

CALLS: list[int] = []


def trial(*, seed: int, factor: float = 1.0) -> dict[str, Any]:
    CALLS.append(seed)
    if seed < 0:
        raise ValueError("a sick trial")
    return {"value": seed * factor, "list": (1, 2)}


@pytest.fixture(autouse=True)
def source_is_known(monkeypatch: pytest.MonkeyPatch) -> None:
    CALLS.clear()
    monkeypatch.setattr(module, "_code", lambda name: "same")


def test_results_come_in_order_and_once(tmp_path: Path) -> None:
    told: list[tuple[int, int]] = []
    with (
        Notebook(tmp_path / "n.sqlite") as notebook,
        Lab(notebook, workers=0, progress=lambda a, b: told.append((a, b))) as lab,
    ):
        settings = [{"seed": 3}, {"seed": 1}, {"seed": 3}]
        found = lab.map(trial, settings)
        assert [run["value"] for run in found] == [3, 1, 3]
        assert found[0]["list"] == [1, 2], "fresh and kept results are the same plain data"
        assert CALLS == [3, 1]
        assert told[-1] == (2, 2)
        lab.map(trial, [{"seed": 1}, {"seed": 2}])
        assert CALLS == [3, 1, 2]
        lab.map(trial, [{"seed": 1, "factor": 2.0}])
        assert CALLS == [3, 1, 2, 1]
    with Notebook(tmp_path / "n.sqlite") as notebook, Lab(notebook, workers=0) as lab:
        assert lab.map(trial, [{"seed": 2}])[0]["value"] == 2
        assert CALLS == [3, 1, 2, 1], "what is in the file is not run again"


def test_other_code_is_another_trial(monkeypatch: pytest.MonkeyPatch) -> None:
    with Notebook() as notebook, Lab(notebook, workers=0) as lab:
        lab.map(trial, [{"seed": 1}])
        monkeypatch.setattr(module, "_code", lambda name: "changed")
        lab.map(trial, [{"seed": 1}])
    assert CALLS == [1, 1]


def test_an_interrupted_run_keeps_what_had_finished(tmp_path: Path) -> None:
    with Notebook(tmp_path / "n.sqlite") as notebook, Lab(notebook, workers=0) as lab:
        with pytest.raises(ValueError, match="sick"):
            lab.map(trial, [{"seed": 1}, {"seed": 2}, {"seed": -1}, {"seed": 4}])
        assert CALLS == [1, 2, -1]
        CALLS.clear()
        lab.map(trial, [{"seed": 1}, {"seed": 2}, {"seed": 4}])
        assert CALLS == [4]


def test_results_survive_their_file(tmp_path: Path) -> None:
    result = Result(
        (Estimate(1.5, 1.0, float("inf")), None),
        (Picture("t", "x", "y", (Line("a", (1.0, 2.0), (3.0, float("inf"))),), log=True),),
        ("a note",),
        {"machine": "m"},
    )
    with Notebook(tmp_path / "n.sqlite") as notebook:
        notebook.keep_result("C01", "quick", result)
        notebook.keep_result("C02", "quick", result)
        longer = Result((Estimate(2.0, 2.0, 2.0), None))
        notebook.keep_result("C01", "full", longer)
    with Notebook(tmp_path / "n.sqlite") as notebook:
        assert notebook.results("quick") == {"C01": result, "C02": result}
        assert notebook.results()["C01"] == longer, "the greater effort counts"


def test_the_store_refuses_what_is_none(tmp_path: Path) -> None:
    other = tmp_path / "other.sqlite"
    with sqlite3.connect(other) as database:
        database.execute("CREATE TABLE t (x)")
    database.close()
    with pytest.raises(StoreError, match="another program"):
        Notebook(other)
    text = tmp_path / "text.sqlite"
    text.write_text("no database " * 100)
    with pytest.raises(StoreError, match="no store"):
        Notebook(text)
    with pytest.raises(OutputError, match="folder"):
        Notebook(tmp_path / "nowhere" / "n.sqlite")


def test_a_trial_in_another_process_gives_the_same() -> None:
    from rectifier.claims.dying import born_dead

    setting = {"width": 2, "depth": 4, "networks": 200, "seed": 5}
    with Notebook() as notebook, Lab(notebook, workers=1) as lab:
        (far,) = lab.map(born_dead, [setting])
    assert far == born_dead(**setting)
    assert 0 < far["share"] <= far["bound"] + 0.1
