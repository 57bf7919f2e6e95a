"""Many claims on one engine: shared work once, the longest first, what is timed alone."""

from __future__ import annotations

import os
import sqlite3
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from rectifier.claims import ledger
from rectifier.claims.claim import Claim, Finding
from rectifier.claims.conductor import Conductor
from rectifier.claims.dying import born_dead
from rectifier.claims.lab import Lab
from rectifier.claims.notebook import Notebook
from rectifier.claims.record import Quantity, Range
from rectifier.claims.statistics import exact
from rectifier.compare.planning import make_plan
from rectifier.errors import PieceError, RectifierError

CALLS: list[str] = []


def note(*, name: str, fail: bool = False) -> str:
    CALLS.append(name)
    time.sleep(0.05)  # a trial takes time, in which the threads of claims ask for more
    if fail:
        raise ValueError("a sick trial")
    return name


def claim(name: str, ask: Callable[[Lab], Any], *, timed: bool = False) -> Claim:
    def measure(lab: Lab) -> Finding:
        ask(lab)
        return Finding([exact(0.5)])

    return Claim(
        name, "a", "b", "1", "experiment", "c", "d", "e", (Quantity("q", Range(0, 1)),), measure,
        timed,
    )  # fmt: skip


def names(lab: Lab, *wanted: str) -> None:
    assert lab.map(note, [{"name": each} for each in wanted]) == list(wanted)


def run(claims: list[Claim], notebook: Notebook, **options: Any) -> dict[str, Any]:
    conductor = Conductor(notebook, **{"engine": "inline", "workers": 1, **options})
    with closing(conductor.measure(claims, ledger.measure)) as running:
        return {claim.id: result for claim, result in running}


@pytest.fixture(autouse=True)
def fresh() -> None:
    CALLS.clear()


def test_the_longest_claim_goes_first_and_what_is_shared_is_run_once() -> None:
    def rounds(lab: Lab) -> None:
        names(lab, "a1", "shared")
        names(lab, "a2")
        names(lab, "a3")

    claims = [
        claim("C91", rounds),
        claim("C92", lambda lab: names(lab, "shared", "b1", "b2", "b3", "b4")),
    ]
    with Notebook() as notebook:
        found = run(claims, notebook)
        assert sorted(CALLS) == ["a1", "a2", "a3", "b1", "b2", "b3", "b4", "shared"]
        assert CALLS.index("a3") < CALLS.index("b4"), "rounds of the first do not wait for others"
        assert {name: result.estimates for name, result in found.items()} == {
            "C91": (exact(0.5),),
            "C92": (exact(0.5),),
        }
        assert float(found["C91"].circumstances["processor seconds"]) >= 0
        CALLS.clear()
        run(claims, notebook)
        assert CALLS == [], "what was kept is not run again"


def test_a_claim_that_fails_does_not_end_the_others() -> None:
    claims = [
        claim("C91", lambda lab: lab.map(note, [{"name": "x", "fail": True}])),
        claim("C92", lambda lab: names(lab, "y")),
    ]
    with Notebook() as notebook:
        found = run(claims, notebook)
        assert isinstance(found["C91"], PieceError)
        assert "sick" in str(found["C91"])
        assert not isinstance(found["C92"], RectifierError)

        def wrong(lab: Lab) -> None:
            raise KeyError("a mistake of ours")

        with pytest.raises(KeyError, match="mistake"):
            run([claim("C93", wrong)], notebook)


def test_what_is_timed_runs_with_nothing_beside_it() -> None:
    beside: list[set[str]] = []

    def timed(lab: Lab) -> None:
        threads = {t.name for t in threading.enumerate()}
        beside.append({name for name in threads if name.startswith("C9")})
        names(lab, "timed")

    claims = [
        claim("C91", timed, timed=True),
        *(claim(f"C9{k}", lambda lab, k=k: names(lab, f"{k}", f"{k}+")) for k in range(2, 7)),
        claim("C97", timed, timed=True),
    ]
    with Notebook() as notebook:
        run(claims, notebook)
    assert beside == [{"C91"}, {"C97"}]
    assert CALLS[-1] == "timed"
    assert len(CALLS) == 11


def test_an_interrupt_ends_all_threads_and_keeps_what_had_finished() -> None:
    def stop(progress: Any) -> None:
        if progress.done == 3:
            raise KeyboardInterrupt

    claims = [claim(f"C9{k}", lambda lab, k=k: names(lab, f"{k}", f"{k}+")) for k in range(1, 4)]
    with Notebook() as notebook:
        with pytest.raises(KeyboardInterrupt):
            run(claims, notebook, progress=stop)
        assert not [t for t in threading.enumerate() if t.name.startswith("C9")]
        first = list(CALLS)
        run(claims, notebook)
        assert len(first) == 3
        assert len(CALLS) == len(set(CALLS)) == 6


@pytest.mark.filterwarnings("ignore:os.fork:RuntimeWarning")  # JAX, of another test
@pytest.mark.parametrize("engine", ["local", "ray"])
def test_every_engine_gives_the_numbers_of_a_direct_call(engine: str) -> None:
    if engine == "ray":
        pytest.importorskip("ray")
    found: list[Any] = []

    def ask(lab: Lab) -> None:
        for seed in (5, 6):  # two rounds: the engine gets the second while it runs
            settings = [
                {"width": 2, "depth": depth, "networks": 200, "seed": seed} for depth in (3, 4)
            ]
            found.append((lab.map(born_dead, settings), settings))

    def compare(lab: Lab) -> None:
        plan = make_plan("digits", ("relu", "tanh"), 2, epochs=1, timing=False)
        found.append(lab.compare(plan, "small"))

    claims = [claim("C91", ask), *([claim("C92", compare)] if engine == "local" else [])]
    with Notebook() as notebook:
        run(claims, notebook, engine=engine, workers=2)
    for results, settings in (each for each in found if isinstance(each, tuple)):
        assert results == [born_dead(**setting) for setting in settings]
    rows = [row for each in found if not isinstance(each, tuple) for row in each.rows]
    assert [len(row.scores) for row in rows] == ([2, 2] if engine == "local" else [])


def test_a_killed_run_goes_on_and_repeats_no_finished_piece(tmp_path: Path) -> None:
    command = [
        sys.executable, "-m", "rectifier", "claims", "run", "C16", "--store", "s.sqlite",
        "--workers", "2", "--json", "-",
    ]  # fmt: skip
    store = tmp_path / "s.sqlite"

    def kept() -> list[str]:
        if not store.exists():
            return []
        try:
            with closing(sqlite3.connect(f"{store.as_uri()}?mode=ro", uri=True)) as database:
                rows = database.execute("SELECT hash FROM trial ORDER BY id").fetchall()
        except sqlite3.OperationalError:  # not made whole yet
            return []
        return [row[0] for row in rows]

    env = {**os.environ, "OMP_NUM_THREADS": "1"}
    running = subprocess.Popen(command, cwd=tmp_path, env=env, stdout=subprocess.DEVNULL)
    end = time.monotonic() + 120
    while len(kept()) < 2 and time.monotonic() < end:
        time.sleep(0.02)
    running.kill()
    running.wait()
    before = kept()
    assert 2 <= len(before) < 8, "it was to be killed in the middle"
    again = subprocess.run(command, cwd=tmp_path, env=env, capture_output=True, check=True)
    after = kept()
    assert after[: len(before)] == before
    assert len(after) == len(set(after)) == 9, "eight trainings and what the claim came to"
    assert b'"measured_here": true' in again.stdout
