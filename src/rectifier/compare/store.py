"""Where outcomes are kept: one append-only SQLite file, written by one process.

Layer: compare. Nothing in it is ever changed or deleted (triggers see to that); of several outcomes
of one trial the newest counts. A store that holds trials is only gone on with when the caller says
so (``resume``); then trials whose outcome is there are skipped, and those that ended in an error
are tried again. Every trial is committed as it ends, so an interruption loses only what was
running. Two processes may write to one store: they take turns, and what both ran is there twice.
"""

from __future__ import annotations

import json
import sqlite3
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from types import TracebackType
from typing import Any, Protocol

from rectifier.compare.trial import Outcome
from rectifier.errors import OutputError, StoreError

SCHEMA = 1
_APPLICATION = 0x52637466
"""Marks an SQLite file as a store of rectifier ("Rctf")."""

_PATIENCE = 5.0
"""Seconds to wait for another process that is writing."""

_TABLES = """
CREATE TABLE IF NOT EXISTS trial (
    id INTEGER PRIMARY KEY, hash TEXT NOT NULL, status TEXT NOT NULL,
    identity TEXT NOT NULL, outcome TEXT NOT NULL, written REAL NOT NULL);
CREATE INDEX IF NOT EXISTS trial_hash ON trial (hash);
CREATE TABLE IF NOT EXISTS plan (
    hash TEXT PRIMARY KEY, settings TEXT NOT NULL, begun REAL NOT NULL);
CREATE TRIGGER IF NOT EXISTS trial_kept BEFORE DELETE ON trial
    BEGIN SELECT RAISE(ABORT, 'append-only'); END;
CREATE TRIGGER IF NOT EXISTS trial_fixed BEFORE UPDATE ON trial
    BEGIN SELECT RAISE(ABORT, 'append-only'); END;
"""


class Identified(Protocol):
    """What outcomes are kept of: a trial, a piece, or anything else that says what it is."""

    @property
    def hash(self) -> str:
        """SHA-256 of ``identity``, in hexadecimal."""
        ...

    @property
    def identity(self) -> dict[str, Any]:
        """Plain values that determine the outcome."""
        ...


class Store:
    """An open store. Close it, or use it in a ``with`` statement.

    Args:
        path: The file; made if it is not there. None: kept in memory and gone at the end.
        clock: Tells the time of writing, in seconds since 1970.
        read_only: Only read; the file must be there.

    Raises:
        StoreError: The file is no store of rectifier, is damaged, busy or from a newer version.
        OutputError: The file cannot be made or written.
    """

    def __init__(
        self,
        path: str | Path | None = None,
        *,
        clock: Callable[[], float] = time.time,
        read_only: bool = False,
    ) -> None:
        self.path = None if path is None else Path(path)
        self._clock = clock
        self._read_only = read_only
        self._name = "the store in memory" if self.path is None else f"the store {self.path}"
        if self.path is not None:
            if self.path.is_dir():
                raise OutputError(f"{self.path} is a folder; name a file to keep the trials in")
            if not self.path.parent.is_dir():
                raise OutputError(
                    f"the folder {self.path.parent} for the store is not there; make it first"
                )
        with self._translated():
            if read_only and self.path is not None:
                # Not "ro": who may not write cannot take SQLite's empty log away again, either.
                place = f"{self.path.resolve().as_uri()}?mode=rw"
                self._database = sqlite3.connect(place, timeout=_PATIENCE, uri=True)
                self._database.execute("PRAGMA query_only = ON")
            else:
                self._database = sqlite3.connect(
                    ":memory:" if self.path is None else self.path, timeout=_PATIENCE
                )
        try:
            self._prepare()
        except BaseException:
            self._database.close()
            raise

    def _prepare(self) -> None:
        with self._translated():
            version = self._pragma("user_version")
            tables = self._database.execute("SELECT count(*) FROM sqlite_master").fetchone()[0]
            if tables and self._pragma("application_id") != _APPLICATION:
                raise StoreError(
                    f"{self.path} is an SQLite file of another program; name another file"
                )
            if version > SCHEMA:
                raise StoreError(
                    f"{self._name} was written by a newer rectifier (format {version}, this one "
                    f"reads up to {SCHEMA}); install a newer version or name another file"
                )
            if self.path is not None and not self._read_only:
                # Others may read meanwhile; a cut-off log loses its last transactions, no more.
                self._set_wal()
                self._database.execute("PRAGMA synchronous = FULL")
            if not tables:
                # If another process has made them since we looked, this changes nothing.
                self._database.executescript(
                    f"BEGIN IMMEDIATE; PRAGMA application_id = {_APPLICATION};"
                    f"PRAGMA user_version = {SCHEMA}; {_TABLES} COMMIT;"
                )
            elif (state := self._pragma("quick_check(1)")) != "ok":
                raise StoreError(f"{self._name} is damaged ({state}); name another file")
            elif not self._read_only:
                # An empty transaction tells now, not after the first trial, if writing is refused.
                self._database.executescript("BEGIN IMMEDIATE; COMMIT;")

    def _set_wal(self) -> None:
        """Keep a log beside the file; waits for others, which SQLite here does not always do."""
        deadline = time.monotonic() + _PATIENCE
        while True:
            try:
                self._database.execute("PRAGMA journal_mode = WAL")
            except sqlite3.OperationalError as error:
                if "locked" not in str(error) or time.monotonic() > deadline:
                    raise
                time.sleep(0.01)
            else:
                return

    def _pragma(self, name: str) -> Any:
        return self._database.execute(f"PRAGMA {name}").fetchone()[0]

    @contextmanager
    def _translated(self) -> Iterator[None]:
        """Turns errors of SQLite into sentences."""
        try:
            yield
        except sqlite3.OperationalError as error:
            text = str(error)
            if "locked" in text or "busy" in text:
                raise StoreError(
                    f"{self._name} is in use by another process; wait for it or name another file"
                ) from error
            if "full" in text:
                raise OutputError(
                    f"{self._name} cannot be written ({text}); free some space and go on by "
                    "resume=True (--resume)"
                ) from error
            raise OutputError(
                f"{self._name} cannot be written ({text}); name a file in a folder you may write to"
            ) from error
        except sqlite3.DatabaseError as error:
            raise StoreError(
                f"{self._name} is damaged or no store of rectifier ({error}); name another file"
            ) from error

    def __len__(self) -> int:
        """Number of outcomes written, repeats included."""
        with self._translated():
            return int(self._database.execute("SELECT count(*) FROM trial").fetchone()[0])

    def begin(self, plan_hash: str, settings: dict[str, Any], *, resume: bool) -> None:
        """Note that a plan is going to be run.

        Args:
            plan_hash: Hash of the plan.
            settings: The plan in plain values.
            resume: Whether trials that are there may be gone on with.

        Raises:
            StoreError: The store holds trials and ``resume`` is not given.
        """
        if len(self) and not resume:
            raise StoreError(
                f"{self._name} already holds {len(self)} trials; go on with it by resume=True "
                "(--resume) or name another file"
            )
        with self._translated(), self._database:
            self._database.execute(
                "INSERT OR IGNORE INTO plan (hash, settings, begun) VALUES (?, ?, ?)",
                (plan_hash, json.dumps(settings, allow_nan=False), self._clock()),
            )

    def append(self, trial: Identified, outcome: Outcome) -> None:
        """Write one outcome and commit it."""
        self.append_all([(trial, outcome)])

    def append_all(self, pairs: Iterable[tuple[Identified, Outcome]]) -> None:
        """Write the outcomes of one job and commit them as one: all are there, or none is."""
        rows = [
            (
                trial.hash,
                outcome.status,
                json.dumps(trial.identity, sort_keys=True, allow_nan=False),
                json.dumps(outcome.to_dict(), allow_nan=False),
                self._clock(),
            )
            for trial, outcome in pairs
        ]
        with self._translated(), self._database:
            self._database.executemany(
                "INSERT INTO trial (hash, status, identity, outcome, written) "
                "VALUES (?, ?, ?, ?, ?)",
                rows,
            )

    def outcome(self, trial_hash: str) -> Outcome | None:
        """The newest outcome of one trial or piece; None where there is none.

        Raises:
            StoreError: Its line cannot be read.
        """
        query = "SELECT outcome FROM trial WHERE hash = ? ORDER BY id DESC LIMIT 1"
        with self._translated():
            line = self._database.execute(query, (trial_hash,)).fetchone()
        return None if line is None else self._read(trial_hash, line[0])

    def outcomes(self) -> dict[str, Outcome]:
        """The newest outcome of every trial, by hash.

        Raises:
            StoreError: A line cannot be read.
        """
        found: dict[str, Outcome] = {}
        with (
            self._translated(),
            closing(self._database.execute("SELECT hash, outcome FROM trial ORDER BY id")) as lines,
        ):
            for trial_hash, text in lines:
                found[trial_hash] = self._read(trial_hash, text)
        return found

    def _read(self, trial_hash: str, text: str) -> Outcome:
        try:
            return Outcome.from_dict(json.loads(text))
        except (ValueError, TypeError, KeyError) as error:
            raise StoreError(
                f"{self._name} is damaged: trial {trial_hash[:12]} cannot be read "
                f"({error}); name another file"
            ) from error

    def lines(self) -> Iterator[tuple[str, dict[str, Any], dict[str, Any]]]:
        """Hash, identity and newest outcome of every trial in plain values, oldest first."""
        query = (
            "SELECT hash, identity, outcome FROM trial "
            "WHERE id IN (SELECT max(id) FROM trial GROUP BY hash) ORDER BY id"
        )
        with self._translated(), closing(self._database.execute(query)) as lines:
            for trial_hash, identity, outcome in lines:
                yield trial_hash, json.loads(identity), json.loads(outcome)

    def merge(self, other: Store) -> int:
        """Copy what another store has and this one has not; returns how many trials.

        The newest outcome of each trial is copied, but for errors, which are to be tried again.
        Plans are copied too, so that the merged store can be gone on with. All or nothing.
        """
        known = {key for key, found in self.outcomes().items() if found.status != "error"}
        order = (
            "SELECT hash, status, identity, outcome, written FROM trial "
            "WHERE id IN (SELECT max(id) FROM trial GROUP BY hash) ORDER BY id"
        )
        with other._translated():
            rows = [
                row
                for row in other._database.execute(order)
                if row[0] not in known and row[1] != "error"
            ]
            plans = other._database.execute("SELECT hash, settings, begun FROM plan").fetchall()
        with self._translated(), self._database:
            self._database.executemany("INSERT OR IGNORE INTO plan VALUES (?, ?, ?)", plans)
            self._database.executemany(
                "INSERT INTO trial (hash, status, identity, outcome, written) "
                "VALUES (?, ?, ?, ?, ?)",
                rows,
            )
        return len(rows)

    def close(self) -> None:
        """Close the file."""
        self._database.close()

    def __enter__(self) -> Store:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()
