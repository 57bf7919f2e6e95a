"""``rectifier claims``: list, run, JSON, page, wrong usage."""

from __future__ import annotations

import html
import json
from pathlib import Path

import pytest

from rectifier.claims import ledger
from rectifier.claims.record import VERDICTS
from rectifier.cli.main import run_command


@pytest.fixture(autouse=True)
def elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def test_list_prints_all_44(capsys: pytest.CaptureFixture[str]) -> None:
    assert run_command(["claims", "list"]) == 0
    out = capsys.readouterr().out
    for number in range(1, 45):
        assert f"C{number:02} " in out
    assert not Path("rectifier-claims.sqlite").exists(), "a list writes nothing"


def test_list_as_json_is_a_list_of_objects(capsys: pytest.CaptureFixture[str]) -> None:
    assert run_command(["claims", "list", "--json", "-"]) == 0
    rows = json.loads(capsys.readouterr().out)
    assert len(rows) == 44
    for row in rows:
        assert {"id", "claim", "verdict", "measured", "source"} <= set(row)
        assert row["verdict"] in VERDICTS
        assert all(isinstance(row[key], str) for key in ("measured", "source", "claim"))


def test_run_shows_measured_against_claimed_and_is_remembered(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert run_command(["claims", "run", "c07", "C35", "--html", "page.html"]) == 0
    out = capsys.readouterr().out
    assert "9.537e-7" in out
    assert "NOT REPRODUCED" in out
    assert "claimed  │" in out
    assert "protocol" in out
    page = Path("page.html").read_text(encoding="utf-8")
    assert "Measured (line) against claimed (band)" in page
    assert "https://" not in page.partition("<main>")[2]
    assert run_command(["claims", "run", "C07"]) == 0
    assert "1 of 1" not in capsys.readouterr().err, "what was measured is not measured again"
    assert run_command(["claims", "run", "C07", "--again", "--json", "-"]) == 0
    captured = capsys.readouterr()
    assert "1 of 1: C07" in captured.err
    assert json.loads(captured.out)[0]["measured_here"] is True
    assert run_command(["claims", "run", "7,C35", "c7", "--json", "-"]) == 0
    assert [row["id"] for row in json.loads(capsys.readouterr().out)] == ["C07", "C35"]
    assert run_command(["claims", "list", "--json", "-"]) == 0
    rows = {row["id"]: row for row in json.loads(capsys.readouterr().out)}
    assert rows["C07"]["measured_here"]
    assert not rows["C03"]["measured_here"]


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (["run", "C77"], "unknown claim"),
        (["run", "C07,C77"], "unknown claim 'C77'"),
        (["run", ","], "expected numbers of claims"),
        (["run"], "Missing argument"),
        (["--quick", "--all"], "exclude each other"),
        (["--quick", "list"], "are about every claim"),
        (["list", "--html", "nowhere/page.html"], "nowhere"),
    ],
)
def test_wrong_usage(
    arguments: list[str], expected: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run_command(["claims", *arguments]) == 2
    assert expected in capsys.readouterr().err


def test_the_whole_page_is_drawn(capsys: pytest.CaptureFixture[str]) -> None:
    assert run_command(["claims", "--html", "all.html"]) == 0
    page = Path("all.html").read_text(encoding="utf-8")
    overview = page[page.index("<table") : page.index("</table>")]
    for entry in ledger.entries({}):
        assert f'id="{entry.id}"' in page
        assert html.escape(entry.source).replace("&#x27;", "&#39;") in overview
    capsys.readouterr()
    assert run_command(["claims", "list", "--json", "-"]) == 0
    measured = sum(bool(entry["measured"]) for entry in json.loads(capsys.readouterr().out))
    assert page.count("<svg") >= measured > 20


def test_a_store_that_is_named_but_not_there_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    assert run_command(["claims", "list", "--store", "mine.sqlite"]) == 0
    assert "there is no store mine.sqlite" in capsys.readouterr().err
    assert run_command(["claims", "list"]) == 0
    assert "no store" not in capsys.readouterr().err
    assert not list(tmp_path.iterdir())
