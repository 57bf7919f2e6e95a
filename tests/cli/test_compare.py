"""``rectifier compare``: from arguments to table, page and store; interrupted and resumed."""

from __future__ import annotations

import json
import signal
import sqlite3
import subprocess
import sys
import time
from contextlib import closing
from pathlib import Path

import pytest

from rectifier.cli.main import run_command

SMALL = ["compare", "--activations", "relu,tanh", "--seeds", "2", "--epochs", "2"]
SMALL += ["--learning-rates", "0.01", "--workers", "1"]


def trials_in(store: Path) -> int:
    with closing(sqlite3.connect(store)) as database:
        return int(database.execute("SELECT count(*) FROM trial").fetchone()[0])


def test_table_json_page_store(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    arguments = [*SMALL, "--json", "out.json", "--html", "out.html"]
    monkeypatch.setattr(sys, "argv", ["rectifier", *arguments])
    assert run_command(arguments) == 0
    captured = capsys.readouterr()
    assert "test accuracy" in captured.out
    assert "Recommendation" in captured.out
    assert "6 of 6 trials" in captured.err
    data = json.loads((tmp_path / "out.json").read_text())
    assert {row["activation"] for row in data["rows"]} == {"relu", "tanh"}
    assert all(0 <= row["dead"] <= 1 for row in data["rows"] if row["activation"] == "relu")
    assert (tmp_path / "out.html").stat().st_size > 10_000
    (store,) = tmp_path.glob("rectifier-digits-*.sqlite")
    assert trials_in(store) == 6

    assert run_command(SMALL) == 2, "a store with trials was gone on with unasked"
    assert "--resume" in capsys.readouterr().err
    reports = [(tmp_path / name).read_bytes() for name in ("out.json", "out.html")]
    monkeypatch.setattr(sys, "argv", ["rectifier", *arguments, "--resume"])
    assert run_command([*arguments, "--resume"]) == 0
    assert "6 of them from the store" in capsys.readouterr().err
    assert reports == [(tmp_path / name).read_bytes() for name in ("out.json", "out.html")]
    assert trials_in(store) == 6


def test_a_dry_run_tells_and_trains_nothing(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert run_command([*SMALL, "--samples", "100", "--dry-run", "--workers", "3"]) == 0
    told = capsys.readouterr().out
    assert told.startswith("6 trials")
    for workers in ("1 worker:", "3 workers:", "8 workers:", "100 workers:"):
        assert workers in told
    assert not list(tmp_path.iterdir())


def test_own_formula_is_compared(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    own = [*SMALL, "--define", "swash=x * sigmoid(1.5 * x)", "--json", "-"]
    assert run_command(own) == 0
    data = json.loads(capsys.readouterr().out)
    assert {row["activation"] for row in data["rows"]} == {"relu", "tanh", "swash"}


def test_an_address_wants_ray(capsys: pytest.CaptureFixture[str]) -> None:
    assert run_command([*SMALL, "--engine", "inline", "--address", "auto"]) == 2
    assert "--address is for --engine ray" in capsys.readouterr().err


def test_store_of_a_newer_version_is_refused(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    store = tmp_path / "s.sqlite"
    assert run_command([*SMALL, "--store", str(store)]) == 0
    with closing(sqlite3.connect(store)) as database, database:
        database.execute("PRAGMA user_version = 99")
    capsys.readouterr()
    assert run_command([*SMALL, "--store", str(store), "--resume"]) == 2
    error = capsys.readouterr().err
    assert "newer" in error
    assert "99" in error


def test_ctrl_c_keeps_what_finished_and_resume_goes_on(tmp_path: Path) -> None:
    store = tmp_path / "s.sqlite"
    command = [sys.executable, "-m", "rectifier", "compare", "--activations", "relu,tanh"]
    command += ["--seeds", "4", "--epochs", "20", "--learning-rates", "0.01"]
    command += ["--workers", "1", "--store", str(store)]
    running = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    deadline = time.monotonic() + 120
    while time.monotonic() < deadline and running.poll() is None:
        if store.exists() and store.stat().st_size and _count(store) >= 1:
            break
        time.sleep(0.05)
    running.send_signal(signal.SIGINT)
    _, error = running.communicate(timeout=60)
    assert running.returncode == 130, error
    kept = trials_in(store)
    assert 1 <= kept < 10
    assert f"{kept} trials are kept" in error
    assert "--resume" in error
    done = subprocess.run([*command, "--resume"], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert f"{kept} of them from the store" in done.stderr
    assert trials_in(store) == 10


def _count(store: Path) -> int:
    try:
        return trials_in(store)
    except sqlite3.OperationalError:
        return 0


def test_sinks_are_checked_before_anything_is_trained(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert run_command([*SMALL, "--sink", "mlflo:runs"]) == 2
    assert "mlflow" in capsys.readouterr().err
    monkeypatch.setattr("rectifier.compare.sinks.from_text", lambda text: text)
    assert run_command([*SMALL, "--sink", "mlflow", "--shard", "1/2"]) == 2
    assert "whole run" in capsys.readouterr().err
    assert not any(tmp_path.iterdir())
