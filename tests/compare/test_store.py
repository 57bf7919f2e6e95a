from __future__ import annotations

import json
import os
import sqlite3
from collections.abc import Callable
from pathlib import Path

import pytest
from compare_plans import finals

from rectifier.compare.plan import Plan
from rectifier.compare.store import SCHEMA, Store
from rectifier.compare.trial import Outcome, Trial
from rectifier.errors import OutputError, StoreError

DONE = Outcome("finished", train_loss=(0.1 + 0.2,), validation_score=(0.9,), best_epoch=1, test=0.8)


@pytest.fixture
def trial(quick: Callable[..., Plan]) -> Trial:
    return finals(quick())[0]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "trials.sqlite"


def test_what_was_written_is_read_again(path: Path, trial: Trial) -> None:
    with Store(path, clock=lambda: 5.0) as store:
        store.begin("plan", {"task": "blobs"}, resume=False)
        store.append(trial, DONE)
    with Store(path) as store:
        store.begin("plan", {}, resume=True)
        (found,) = store.outcomes().items()
        assert len(store) == 1
    assert found[0] == trial.hash
    assert found[1].to_dict() == DONE.to_dict()
    assert found[1].train_loss == (0.1 + 0.2,)


def test_the_newest_outcome_of_a_trial_counts(trial: Trial) -> None:
    with Store() as store:
        store.append(trial, Outcome("error", reason="first"))
        store.append(trial, DONE)
        assert store.outcomes()[trial.hash].status == "finished"
        assert len(store) == 2


def test_nothing_can_be_changed_or_deleted(path: Path, trial: Trial) -> None:
    with Store(path) as store:
        store.append(trial, DONE)
    database = sqlite3.connect(path)
    for order in ("DELETE FROM trial", "UPDATE trial SET outcome = ''"):
        with pytest.raises(sqlite3.IntegrityError, match="append-only"):
            database.execute(order)
    database.close()


def test_going_on_must_be_asked_for(path: Path, trial: Trial) -> None:
    with Store(path) as store:
        store.begin("plan", {}, resume=False)
    with Store(path) as store:  # no trial finished: nothing to lose
        store.begin("plan", {}, resume=False)
        store.append(trial, DONE)
    with Store(path) as store, pytest.raises(StoreError, match=r"already holds 1 trials.*--resume"):
        store.begin("plan", {}, resume=False)


def test_store_of_a_newer_version_is_refused_and_untouched(path: Path) -> None:
    Store(path).close()
    database = sqlite3.connect(path)
    database.execute(f"PRAGMA user_version = {SCHEMA + 1}")
    database.close()
    before = path.read_bytes()
    with pytest.raises(StoreError, match="written by a newer rectifier") as caught:
        Store(path)
    assert "\n" not in str(caught.value)
    assert path.read_bytes() == before


@pytest.mark.parametrize("content", [b"plain text, and quite a lot of it\n" * 100, b"\x00" * 5000])
def test_file_that_is_no_database_is_refused_and_untouched(path: Path, content: bytes) -> None:
    path.write_bytes(content)
    with pytest.raises(StoreError, match="damaged or no store of rectifier"):
        Store(path)
    assert path.read_bytes() == content


def test_database_of_another_program_is_refused_and_untouched(path: Path) -> None:
    database = sqlite3.connect(path)
    database.execute("CREATE TABLE mine (x)")
    database.commit()
    database.close()
    before = path.read_bytes()
    with pytest.raises(StoreError, match="SQLite file of another program"):
        Store(path)
    assert path.read_bytes() == before


def test_damaged_store_is_told(path: Path, trial: Trial) -> None:
    with Store(path) as store:
        for _ in range(50):
            store.append(trial, DONE)
    whole = path.read_bytes()
    path.write_bytes(whole[: len(whole) // 2])
    with pytest.raises(StoreError, match="damaged"):
        Store(path)
    path.write_bytes(whole[:4096] + b"\xff" * (len(whole) - 4096))
    with pytest.raises(StoreError, match="damaged"):
        Store(path)


@pytest.mark.parametrize("line", ["{", "[]", '{"status": "finished", "colour": "red"}', "null"])
def test_line_that_cannot_be_read_is_told(path: Path, line: str) -> None:
    Store(path).close()
    database = sqlite3.connect(path)
    database.execute("INSERT INTO trial VALUES (1, 'abc', 'finished', '{}', ?, 0)", (line,))
    database.commit()
    database.close()
    with Store(path) as store, pytest.raises(StoreError, match="trial abc cannot be read"):
        store.outcomes()


def test_empty_file_becomes_a_store(path: Path) -> None:
    path.touch()
    Store(path).close()
    with Store(path) as store:
        assert len(store) == 0


def test_unusable_places_are_told(tmp_path: Path) -> None:
    with pytest.raises(OutputError, match="is a folder"):
        Store(tmp_path)
    with pytest.raises(OutputError, match=r"folder .* is not there; make it first"):
        Store(tmp_path / "no" / "trials.sqlite")
    (tmp_path / "file").touch()
    with pytest.raises(OutputError, match="is not there"):
        Store(tmp_path / "file" / "trials.sqlite")


@pytest.mark.skipif(
    not Path("/proc").is_dir(), reason="needs a folder where even root cannot write"
)
def test_place_that_cannot_be_written_is_told() -> None:
    with pytest.raises(OutputError, match="cannot be written"):
        Store("/proc/trials.sqlite")


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="root may write all")
def test_read_only_store_is_told(path: Path) -> None:
    Store(path).close()
    path.chmod(0o400)
    with pytest.raises(OutputError, match="cannot be written"):
        Store(path)


def test_a_look_leaves_nothing_behind_and_cannot_write(path: Path) -> None:
    Store(path).close()
    before = path.read_bytes()
    with Store(path, read_only=True) as looked:
        assert len(looked) == 0
        with pytest.raises(OutputError, match="readonly"):
            looked.begin("hash", {}, resume=False)
    assert [found.name for found in path.parent.iterdir()] == [path.name]
    assert path.read_bytes() == before


def test_store_in_use_is_told(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    Store(path).close()
    connect = sqlite3.connect
    monkeypatch.setattr(sqlite3, "connect", lambda name, timeout: connect(name, timeout=0.05))
    other = connect(path)
    other.execute("BEGIN EXCLUSIVE")
    with pytest.raises(StoreError, match="in use by another process"):
        Store(path)
    other.close()


def test_identity_in_the_store_is_readable_and_hashes_to_the_trial(trial: Trial) -> None:
    with Store() as store:
        store.append(trial, DONE)
        (text,) = store._database.execute("SELECT identity FROM trial").fetchone()
    identity = json.loads(text)
    assert identity["activation"][0]["formula"] == "maximum(x, 0)"
    assert identity == json.loads(json.dumps(trial.identity))
