"""Where trainings are run: in processes, each once, kept under the hash of what determines it.

Layer: claims, no framework in this process until a trial needs one. A trial is a function of
`rectifier.claims.trials` (or of a file beside it) with plain arguments and a plain result. What is
in the store is not run again, so an interrupted run goes on where it was, and claims that need the
same trainings share them. The code of the trials is part of the hash.
"""

from __future__ import annotations

import hashlib
import importlib
import importlib.util
import json
import multiprocessing
import os
import sqlite3
import sys
import threading
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from functools import cache
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self

from rectifier.claims.record import Result
from rectifier.compare.result import Comparison
from rectifier.compare.trial import hash_of, package_version
from rectifier.errors import OutputError, StoreError

if TYPE_CHECKING:
    from rectifier.compare.plan import Plan

_APPLICATION = 0x52636C6D
_TABLES = """
CREATE TABLE IF NOT EXISTS trial (hash TEXT NOT NULL, function TEXT NOT NULL, setting TEXT NOT NULL,
                    result TEXT NOT NULL, cpu REAL NOT NULL, written REAL NOT NULL);
CREATE INDEX IF NOT EXISTS trial_hash ON trial (hash);
CREATE TABLE IF NOT EXISTS claim (id TEXT NOT NULL, effort TEXT NOT NULL, result TEXT NOT NULL,
                    written REAL NOT NULL);
"""


class Notebook:
    """An append-only SQLite file of trials and of claims' results. Use it in a ``with`` statement.

    Args:
        path: The file; made if it is not there. None: in memory.

    Raises:
        StoreError: The file is something else, damaged or in use.
        OutputError: It cannot be made.
    """

    def __init__(self, path: str | Path | None = None) -> None:
        self.path = None if path is None else Path(path)
        if self.path is not None and not self.path.parent.is_dir():
            raise OutputError(f"the folder {self.path.parent} for the store is not there")
        try:
            self._database = sqlite3.connect(":memory:" if path is None else str(path), timeout=5.0)
            found = self._database.execute("SELECT count(*) FROM sqlite_master").fetchone()[0]
            kind = self._database.execute("PRAGMA application_id").fetchone()[0]
            if found and kind != _APPLICATION:
                raise StoreError(f"{path} is a file of another program; name another file")
            if not found:
                self._database.executescript(
                    f"BEGIN; PRAGMA application_id = {_APPLICATION}; {_TABLES} COMMIT;"
                )
        except sqlite3.OperationalError as error:
            raise OutputError(f"the store {path} cannot be opened ({error})") from error
        except sqlite3.DatabaseError as error:
            raise StoreError(f"the store {path} is no store of claims ({error})") from error

    def trial(self, key: str) -> tuple[Any, float] | None:
        """The result of a trial and its processor seconds, or None."""
        row = self._database.execute(
            "SELECT result, cpu FROM trial WHERE hash = ? ORDER BY written DESC LIMIT 1", (key,)
        ).fetchone()
        return None if row is None else (json.loads(row[0]), float(row[1]))

    def keep_trial(
        self, key: str, function: str, setting: Mapping[str, Any], result: Any, cpu: float
    ) -> None:
        """Write a trial's result and commit it."""
        with self._database:
            self._database.execute(
                "INSERT INTO trial VALUES (?, ?, ?, ?, ?, ?)",
                (key, function, json.dumps(setting), json.dumps(result), cpu, time.time()),
            )

    def results(self, effort: str | None = None) -> dict[str, Result]:
        """The newest result of every claim, of one effort or of the greatest that is there."""
        found: dict[str, Result] = {}
        for kind in ("quick", "full") if effort is None else (effort,):
            rows = self._database.execute(
                "SELECT id, result FROM claim WHERE effort = ? ORDER BY written", (kind,)
            )
            found |= {name: Result.from_dict(json.loads(text)) for name, text in rows}
        return found

    def keep_result(self, name: str, effort: str, result: Result) -> None:
        """Write a claim's result and commit it."""
        with self._database:
            self._database.execute(
                "INSERT INTO claim VALUES (?, ?, ?, ?)",
                (name, effort, json.dumps(result.to_dict()), time.time()),
            )

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._database.close()


class Lab:
    """Runs trials for claims. Use it in a ``with`` statement, which ends the processes.

    Args:
        notebook: Where results go and come from.
        full: Whether hours may be spent, or minutes.
        workers: Number of processes; 0: trials run in this one.
        progress: Told after every trial: how many of how many.
    """

    def __init__(
        self,
        notebook: Notebook,
        *,
        full: bool = False,
        workers: int | None = None,
        progress: Callable[[int, int], None] | None = None,
    ) -> None:
        self.full = full
        self.seeds_used = 0
        self.cpu = 0.0
        """Processor seconds of the trials asked for since it was set to 0, kept ones included."""
        self.workers = (os.cpu_count() or 1) if workers is None else workers
        self.engine = "local" if self.workers else "inline"
        self.comparisons: dict[str, Comparison] = {}
        self._notebook, self._progress = notebook, progress
        self._pool: ProcessPoolExecutor | None = None

    @property
    def effort(self) -> str:
        """``quick`` or ``full``."""
        return "full" if self.full else "quick"

    def beside(self, what: str) -> Path | None:
        """A file beside the notebook for another store; None where the notebook is in memory."""
        path = self._notebook.path
        return None if path is None else path.with_name(f"{path.stem}-{what}.sqlite")

    def pick(self, quick: Any, full: Any) -> Any:
        """One of two values, by the effort."""
        return full if self.full else quick

    def seeds(self, quick: int, full: int) -> list[int]:
        """Seeds for a claim's runs, noted for its record."""
        count = self.pick(quick, full)
        self.seeds_used = max(self.seeds_used, count)
        return list(range(count))

    def map(self, function: Callable[..., Any], settings: Iterable[Mapping[str, Any]]) -> list[Any]:
        """Run a trial function on each setting, or take the result that is there.

        Args:
            function: Of a module, with plain keyword arguments; returns what JSON can hold.
            settings: Its keyword arguments.

        Returns:
            Results in the order of the settings.
        """
        asked = [dict(setting) for setting in settings]
        keys = [key_of(function, setting) for setting in asked]
        results: dict[str, Any] = {}
        missing: dict[str, dict[str, Any]] = {}
        for key, setting in zip(keys, asked, strict=True):
            kept = self._notebook.trial(key)
            if kept is None:
                missing[key] = setting
            elif key not in results:
                results[key] = kept[0]
                self.cpu += kept[1]
        done = len(results)
        for key, (result, cpu) in self._run(function, missing):
            # By way of JSON, so that a fresh result and one from the store are the same.
            results[key] = json.loads(json.dumps(result))
            self._notebook.keep_trial(key, _name(function), missing[key], results[key], cpu)
            self.cpu += cpu
            done += 1
            if self._progress is not None:
                self._progress(done, len(set(keys)))
        return [results[key] for key in keys]

    def compare(self, plan: Plan, name: str) -> Comparison:
        """Run a comparison through ``rectifier.compare``, its trials kept beside the notebook.

        Args:
            plan: What is compared.
            name: Of its store.
        """
        from rectifier.compare import Store, run_comparison

        if plan.hash not in self.comparisons:
            with Store(self.beside(name)) as store:
                self.comparisons[plan.hash] = run_comparison(
                    plan, store, workers=self.workers or 1, engine=self.engine, resume=True
                )
        return self.comparisons[plan.hash]

    def _run(
        self, function: Callable[..., Any], missing: Mapping[str, Mapping[str, Any]]
    ) -> Iterable[tuple[str, tuple[Any, float]]]:
        if self.workers == 0 or len(missing) == 0:
            for key, setting in missing.items():
                yield key, _call(function.__module__, function.__name__, setting)
            return
        if self._pool is None:
            # A fresh interpreter each: torch's threads do not survive a fork.
            context = multiprocessing.get_context("spawn")
            self._pool = ProcessPoolExecutor(self.workers, context, initializer=_prepare)
        waiting: dict[Future[Any], str] = {
            self._pool.submit(_call, function.__module__, function.__name__, setting): key
            for key, setting in missing.items()
        }
        try:
            while waiting:
                finished, _ = wait(waiting, return_when=FIRST_COMPLETED)
                for future in finished:
                    yield waiting.pop(future), future.result()
        except BaseException:
            for future in waiting:
                future.cancel()
            raise

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        if self._pool is not None:
            self._pool.shutdown(cancel_futures=True)


def _prepare() -> None:
    """What a process of the pool does first: one thread, and an end when its parent ends.

    A killed parent cannot tell its workers, which would wait for work for ever.
    """
    os.environ["OMP_NUM_THREADS"] = "1"
    import torch

    torch.set_num_threads(1)
    parent = multiprocessing.parent_process()

    def follow() -> None:
        if parent is not None:
            parent.join()
            os._exit(1)

    threading.Thread(target=follow, daemon=True).start()


def _call(module: str, name: str, setting: Mapping[str, Any]) -> tuple[Any, float]:
    """Run one trial, on one thread and from its own random state; also its processor seconds."""
    torch = sys.modules.get("torch")
    if torch is None:
        import torch as loaded

        torch = loaded
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    begun = time.process_time()
    try:
        with torch.random.fork_rng(devices=()):
            torch.manual_seed(int(setting.get("seed", 0)))
            result = getattr(importlib.import_module(module), name)(**setting)
        return result, time.process_time() - begun
    finally:
        torch.set_num_threads(threads)


def _name(function: Callable[..., Any]) -> str:
    return f"{function.__module__}.{function.__name__}"


def call(function: Callable[..., Any], setting: Mapping[str, Any]) -> tuple[Any, float]:
    """Run one trial in this process as a worker would; its result and its processor seconds."""
    return _call(function.__module__, function.__name__, setting)


def key_of(function: Callable[..., Any], setting: Mapping[str, Any]) -> str:
    """What a trial is kept under: a hash of function, setting and code."""
    return hash_of(
        {
            "function": _name(function),
            "setting": dict(setting),
            "code": _code(function.__module__),
            "torch": package_version("torch"),
        }
    )


@cache
def _code(module: str) -> str:
    """Hash of the source of a module and of the networks, short."""
    digest = hashlib.sha256()
    places: Sequence[str] = (module, "rectifier.models")
    for each in places:
        spec = importlib.util.find_spec(each)
        if spec is None or spec.origin is None:
            raise ModuleNotFoundError(f"the source of {each} cannot be found", name=each)
        origin = Path(spec.origin)
        files = sorted(origin.parent.glob("*.py")) if origin.name == "__init__.py" else [origin]
        for file in files:
            digest.update(file.read_bytes().replace(b"\r\n", b"\n"))
    return digest.hexdigest()[:16]
