"""Pieces are run once, kept, shared and gone on with; the store defends itself."""

from __future__ import annotations

import math
import sqlite3
from pathlib import Path
from typing import Any

import pytest

from rectifier.claims import notebook as module
from rectifier.claims.claim import Claim, Finding
from rectifier.claims.lab import Lab
from rectifier.claims.notebook import Notebook, piece_of
from rectifier.claims.record import Estimate, Line, Picture, Quantity, Range, Result
from rectifier.compare.piece import Piece
from rectifier.errors import OutputError, PieceError, StoreError

CALLS: list[int] = []


def trial(*, seed: int, factor: float = 1.0) -> dict[str, Any]:
    CALLS.append(seed)
    if seed < 0:
        raise ValueError("a sick trial")
    return {"value": seed * factor, "list": (1, 2), "gone": math.nan}


def a_claim(name: str, protocol: str = "e") -> Claim:
    return Claim(
        name, "a", "b", "1", "experiment", "c", "d", protocol, (Quantity("q", Range(0, 1)),),
        lambda lab: Finding([None]),
    )  # fmt: skip


@pytest.fixture(autouse=True)
def fresh() -> None:
    CALLS.clear()


def test_results_come_in_order_and_once(tmp_path: Path) -> None:
    with Notebook(tmp_path / "n.sqlite") as notebook:
        lab = Lab(notebook)
        found = lab.map(trial, [{"seed": 3}, {"seed": 1}, {"seed": 3}])
        assert [run["value"] for run in found] == [3, 1, 3]
        assert found[0]["list"] == [1, 2], "fresh and kept results are the same plain data"
        assert found[0]["gone"] is None
        assert CALLS == [3, 1]
        lab.map(trial, [{"seed": 1}, {"seed": 2}])
        assert CALLS == [3, 1, 2]
        lab.map(trial, [{"seed": 1, "factor": 2.0}])
        assert CALLS == [3, 1, 2, 1]
        assert lab.processor > 0
    with Notebook(tmp_path / "n.sqlite") as notebook:
        assert Lab(notebook).map(trial, [{"seed": 2}])[0]["value"] == 2
        assert CALLS == [3, 1, 2, 1], "what is in the file is not run again"


def test_other_code_is_another_piece(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    before = piece_of(trial, {"seed": 1})
    assert before.hash == piece_of(trial, {"seed": 1}).hash
    assert before.hash != piece_of(trial, {"seed": 2}).hash
    monkeypatch.setattr(module, "NEEDS", (*module.NEEDS, "rectifier.claims.verdict"))
    assert before.hash != piece_of(trial, {"seed": 1}).hash
    file = tmp_path / "changing.py"
    hashes = []
    for text in ("def f(): ...\n", "def f(): ...\r\n", "def f(): return 1\n"):
        file.write_bytes(text.encode())
        space: dict[str, Any] = {"__name__": "changing"}
        exec(compile(text, str(file), "exec"), space)
        from rectifier.compare.piece import source

        source.cache_clear()
        hashes.append(Piece.of(space["f"], {}).hash)
    assert hashes[0] == hashes[1] != hashes[2]


def test_a_piece_that_fails_is_told_and_tried_again(tmp_path: Path) -> None:
    with Notebook(tmp_path / "n.sqlite") as notebook:
        lab = Lab(notebook)
        with pytest.raises(PieceError, match=r'trial\({"seed": -1}\) failed: ValueError: a sick'):
            lab.map(trial, [{"seed": 1}, {"seed": 2}, {"seed": -1}, {"seed": 4}])
        assert CALLS == [1, 2, -1]
        with pytest.raises(PieceError, match="sick"):
            lab.map(trial, [{"seed": 1}, {"seed": 2}, {"seed": 4}, {"seed": -1}])
        assert CALLS == [1, 2, -1, 4, -1]


def test_results_survive_their_file(tmp_path: Path) -> None:
    result = Result(
        (Estimate(1.5, 1.0, float("inf")), None),
        (Picture("t", "x", "y", (Line("a", (1.0, 2.0), (3.0, float("inf"))),), log=True),),
        ("a note",),
        {"machine": "m"},
    )
    longer = Result((Estimate(2.0, 2.0, 2.0), None))
    one, two = a_claim("C91"), a_claim("C92")
    with Notebook(tmp_path / "n.sqlite") as notebook:
        notebook.keep_result(one, "quick", result)
        notebook.keep_result(two, "quick", longer)
        notebook.keep_result(two, "quick", result)
        notebook.keep_result(one, "full", longer)
    with Notebook(tmp_path / "n.sqlite", read_only=True) as notebook:
        assert notebook.results([one, two], "quick") == {"C91": result, "C92": result}
        assert notebook.results([one, two])["C91"] == longer, "the greater effort counts"
        changed = a_claim("C91", protocol="another")
        assert notebook.results([changed]) == {}, "a claim that has changed is measured anew"


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
