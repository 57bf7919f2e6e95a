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


OWN = """
import numpy as np
from torch import nn

def build(inputs, outputs):
    return nn.Sequential(nn.Linear(inputs, 8), nn.ReLU(), nn.Linear(8, outputs))

def load():
    draw = np.random.default_rng(0)
    x = draw.normal(size=(60, 5)).astype("float32")
    return x, (x[:, 0] > 0).astype("int64")
"""


def test_prior_advice_is_told_for_a_domain_said_or_guessed(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "net.py").write_text(OWN)
    mine = [*SMALL, "--model", "net.py", "--engine", "inline", "--no-timing", "--json", "out.json"]
    assert run_command(mine) == 0
    told = " ".join(capsys.readouterr().out.split())
    assert "Before measuring" in told
    assert "is a guess, from samples that are plain rows of numbers" in told
    hashes = {path.name for path in tmp_path.glob("*.sqlite")}
    assert run_command([*mine, "--domain", "series", "--resume"]) == 0
    told = " ".join(capsys.readouterr().out.split())
    assert "For series rectifier advise starts from" in told
    assert "guess" not in told
    assert {path.name for path in tmp_path.glob("*.sqlite")} == hashes, "it determines no trial"
    assert run_command([*mine, "--domain", "cooking"]) == 2
    assert "unknown domain 'cooking'" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--shard", "3/2"], "numbered from 1 to their number; 3/2"),
        (["--engine", "steam"], "unknown engine 'steam'"),
        (["--task", "char_lm", "--model", "resnet20"], "the model resnet20 cannot"),
        (["--model", "gpt_tiny", "--dry-run"], "the model gpt_tiny cannot"),
    ],
)
def test_what_cannot_be_is_refused_in_a_sentence_and_leaves_no_file(
    arguments: list[str],
    message: str,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.chdir(tmp_path)
    assert run_command(["compare", "--activations", "relu", "--seeds", "1", *arguments]) == 2
    told = capsys.readouterr().err
    assert message in told
    assert "Traceback" not in told
    assert list(tmp_path.iterdir()) == []


def test_a_store_refused_before_its_first_trial_is_not_left_and_an_old_one_is(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from rectifier.compare import run
    from rectifier.errors import InvalidInputError

    def refuse(*_: object, **__: object) -> None:
        raise InvalidInputError("not here")

    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(run, "_begin", refuse)
    assert run_command([*SMALL, "--store", "mine.sqlite"]) == 2
    assert list(tmp_path.iterdir()) == []
    (tmp_path / "mine.sqlite").touch()
    assert run_command([*SMALL, "--store", "mine.sqlite"]) == 2
    assert (tmp_path / "mine.sqlite").exists()


def test_data_of_a_named_task_as_json(capsys: pytest.CaptureFixture[str]) -> None:
    assert run_command(["data", "digits", "--json", "-"]) == 0
    told = capsys.readouterr()
    (row,) = json.loads(told.out)["tasks"]
    assert (row["name"], row["data"]) == ("digits", "built in")
    assert "nothing to fetch" in told.err
