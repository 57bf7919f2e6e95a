"""Killed, cut off, out of space, two at once: what was finished is kept, and the end is the same.

Each end is compared byte by byte with that of an undisturbed run: JSON and page. Set
``RECTIFIER_KILLS=50`` for more kills than a quick test has time for.
"""

from __future__ import annotations

import json
import os
import shutil
import sqlite3
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from compare_plans import finals

from rectifier.compare import Store, run_comparison, to_json
from rectifier.compare.plan import Plan
from rectifier.compare.run import run_shard
from rectifier.compare.trial import Outcome
from rectifier.errors import OutputError, RectifierError
from rectifier.report import page

Quick = Callable[..., Plan]

KILLED = """
import os, random, signal, sys, time
import numpy as np
from rectifier import data
from rectifier.compare import Store, make_plan, run_comparison, to_json
from rectifier.report import page

folder, kills = sys.argv[1], int(sys.argv[2])
draw = np.random.default_rng(0)
x = draw.normal(size=(120, 3))
task = data.from_arrays("mine", x, (x[:, 0] > 0).astype(int))
plan = make_plan(task, ["relu", "tanh"], 3, studies=3, points=2, epochs=2, batch=32, hidden=(8,),
                 timing=False, together="on")


def run(place):
    with Store(place) as store:
        found = run_comparison(plan, store, engine="inline", resume=True)
    return to_json(found), found


expected, comparison = run(os.path.join(folder, "calm.sqlite"))
begun = time.perf_counter()
assert run(os.path.join(folder, "again.sqlite"))[0] == expected
lasts = time.perf_counter() - begun  # without what only the first run loads
page.write_comparison(os.path.join(folder, "calm.html"), comparison)
draw = random.Random(int(sys.argv[3]))
count = 0
for number in range(kills):
    place = os.path.join(folder, f"killed{number}.sqlite")
    child = os.fork()
    if not child:
        run(place)
        os._exit(0)
    time.sleep(draw.uniform(0, lasts))
    os.kill(child, signal.SIGKILL)
    killed = os.waitpid(child, 0)[1] == signal.SIGKILL
    count += killed
    lasts *= 1.0 if killed else 0.8  # the machine has more time for us than it had
    found, comparison = run(place)
    assert found == expected, "another report"
    if number % 4 == 0:
        page.write_comparison(os.path.join(folder, "killed.html"), comparison)
        names = [os.path.join(folder, f"{name}.html") for name in ("calm", "killed")]
        same = [open(name, "rb").read() for name in names]
        assert same[0] == same[1], "another page"
    os.remove(place)
print(count)
"""


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs to fork")
def test_killed_at_random_moments_the_report_is_the_same(tmp_path: Path) -> None:
    kills = int(os.environ.get("RECTIFIER_KILLS", "8"))
    done = subprocess.run(
        [sys.executable, "-c", KILLED, str(tmp_path), str(kills), "1"],
        capture_output=True, text=True, timeout=280, check=False,
        env={**os.environ, "OMP_NUM_THREADS": "1"},
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert int(done.stdout) >= kills // 2, "too few were killed before they had ended"


@pytest.fixture(scope="module")
def calm(quick: Quick) -> tuple[Plan, str]:
    """A plan, and the report of an undisturbed run."""
    plan = quick(seeds=4)
    with Store() as store:
        return plan, to_json(run_comparison(plan, store, engine="inline"))


def resumed(plan: Plan, path: Path) -> str:
    with Store(path) as store:
        return to_json(run_comparison(plan, store, engine="inline", resume=True))


def test_a_log_cut_off_anywhere_loses_its_end_only(calm: tuple[Plan, str], tmp_path: Path) -> None:
    plan, expected = calm
    path = tmp_path / "running.sqlite"
    with Store(path) as store:
        run_comparison(plan, store, engine="inline")
        log = Path(f"{path}-wal")
        whole = log.read_bytes()  # the store is open: nothing has been moved out of its log yet
        draw = np.random.default_rng(0)
        kept = []
        for number, length in enumerate([0, *draw.integers(1, len(whole), 4), len(whole)]):
            cut = tmp_path / f"cut{number}.sqlite"
            shutil.copy(path, cut)
            Path(f"{cut}-wal").write_bytes(whole[:length])
            with Store(cut) as left:
                kept.append(len(left))
            assert resumed(plan, cut) == expected
    assert kept[0] < kept[-1] == plan.total
    assert len(set(kept)) > 2


def test_a_full_disk_is_told_and_loses_nothing(calm: tuple[Plan, str], tmp_path: Path) -> None:
    plan, expected = calm
    path = tmp_path / "full.sqlite"
    with Store(path) as store:
        pages = store._pragma("page_count")
        store._database.execute(f"PRAGMA max_page_count = {pages + 3}")
        with pytest.raises(OutputError, match=r"full\.sqlite cannot be written .*full"):
            run_comparison(plan, store, engine="inline")
        kept = len(store)
    assert 0 < kept < plan.total
    assert resumed(plan, path) == expected


def test_two_processes_on_one_store_do_not_harm_each_other(
    calm: tuple[Plan, str], tmp_path: Path
) -> None:
    plan, expected = calm
    path = tmp_path / "shared.sqlite"
    with Store(path) as one, Store(path) as other:
        settings = plan.settings
        one.begin(plan.hash, settings, resume=False)
        other.begin(plan.hash, settings, resume=False)
        trials = finals(plan)
        for number, trial in enumerate(trials):
            (one if number % 2 else other).append(trial, Outcome("error", reason="lost"))
        assert to_json(run_comparison(plan, one, engine="inline", resume=True)) == expected
        assert to_json(run_comparison(plan, other, engine="inline", resume=True)) == expected
    assert resumed(plan, path) == expected


SMALL = """
import sys
import numpy as np
from rectifier import data
from rectifier.compare import Store, make_plan, run_comparison, to_json

draw = np.random.default_rng(0)
x = draw.normal(size=(120, 3))
task = data.from_arrays("mine", x, (x[:, 0] > 0).astype(int))
plan = make_plan(task, ["relu", "tanh"], 4, studies=2, points=2, epochs=2, batch=32, hidden=(8,),
                 timing=False, together="off")
"""
TWO = """
with Store(sys.argv[1]) as store:
    print("ready", flush=True)
    input()
    sys.stdout.write(to_json(run_comparison(plan, store, engine="inline", resume=True)))
"""


def test_two_processes_on_one_store_at_once_end_with_the_same_report(tmp_path: Path) -> None:
    """Both write the same trials to the same file at the same time; none is harmed or lost."""
    place = tmp_path / "shared.sqlite"

    first, second = (
        subprocess.Popen(
            [sys.executable, "-c", SMALL + TWO, str(place)], text=True,
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
            env={**os.environ, "OMP_NUM_THREADS": "1"},
        )
        for _ in range(2)
    )  # fmt: skip
    for each in (first, second):
        assert each.stdout is not None
        assert each.stdout.readline() == "ready\n"
    for each in (first, second):
        assert each.stdin is not None
        each.stdin.write("\n")
        each.stdin.flush()
    reports = []
    for each in (first, second):
        report, errors = each.communicate(timeout=200)
        assert each.returncode == 0, errors
        reports.append(report)
    here: dict[str, Any] = {}
    exec(SMALL, here)
    with Store() as store:
        calm = to_json(run_comparison(here["plan"], store, engine="inline"))
    assert reports == [calm, calm]
    with sqlite3.connect(place) as database:
        assert database.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        lines, trials = database.execute(
            "SELECT count(*), count(DISTINCT hash) FROM trial"
        ).fetchone()
    database.close()
    assert trials == json.loads(calm)["trials"]
    assert lines >= trials


def test_parts_run_apart_and_merged_are_the_whole(calm: tuple[Plan, str], tmp_path: Path) -> None:
    plan, expected = calm
    sizes = []
    for part in (1, 2, 3):
        with Store(tmp_path / f"part{part}.sqlite") as store:
            sizes.append(run_shard(plan, store, (part, 3), engine="inline"))
    with Store(tmp_path / "whole.sqlite") as whole:
        for part in (1, 2, 3):
            with Store(tmp_path / f"part{part}.sqlite", read_only=True) as store:
                assert whole.merge(store) == sizes[part - 1]
                assert whole.merge(store) == 0, "what is there already is not copied again"
        assert len(whole) == sum(sizes) == plan.total
        told = []
        found = run_comparison(plan, whole, engine="inline", resume=True, progress=told.append)
    assert to_json(found) == expected
    assert all(each.trial is None for each in told), "something was run again"


def test_trials_become_a_table(calm: tuple[Plan, str], tmp_path: Path) -> None:
    import csv

    from rectifier.compare.export import write

    plan, _ = calm
    with Store(tmp_path / "s.sqlite") as store:
        run_comparison(plan, store, engine="inline")
        assert write(store, tmp_path / "t.csv") == plan.total
        outcomes = store.outcomes()
        with (tmp_path / "t.csv").open(newline="") as stream:
            rows = list(csv.DictReader(stream))
        assert {row["hash"] for row in rows} == set(outcomes)
        for row in rows:
            test = outcomes[row["hash"]].test
            assert row["test"] == ("" if test is None else repr(test))
            assert row["activation"] in ("relu", "tanh")
        with pytest.raises(
            OutputError, match=r"written as \.parquet or \.csv; 't\.xlsx' is neither"
        ):
            write(store, tmp_path / "t.xlsx")
        try:
            import pyarrow.parquet as parquet
        except ImportError:
            return
        assert write(store, tmp_path / "t.parquet") == plan.total
        table = parquet.read_table(tmp_path / "t.parquet")
        assert table.num_rows == plan.total
        # Nothing was timed, so no step time is known; a column of numbers all the same.
        assert {str(table.schema.field(name).type) for name in ("test", "step_time")} == {"double"}


def test_a_store_can_be_read_while_it_is_written(calm: tuple[Plan, str], tmp_path: Path) -> None:
    plan, _ = calm
    path = tmp_path / "s.sqlite"
    with Store(path) as store:
        run_comparison(plan, store, engine="inline")
        reader = sqlite3.connect(path, timeout=0.1)
        assert reader.execute("SELECT count(DISTINCT hash) FROM trial").fetchone() == (plan.total,)
        reader.close()
    assert page is not None


def test_a_store_that_several_make_at_the_same_moment_is_made_once(tmp_path: Path) -> None:
    errors: list[RectifierError] = []

    def make(path: Path, barrier: threading.Barrier) -> None:
        barrier.wait()
        try:
            with Store(path) as store:
                store.begin("plan", {}, resume=True)
        except RectifierError as error:
            errors.append(error)

    for number in range(15):
        barrier = threading.Barrier(6)
        arguments = (tmp_path / f"{number}.sqlite", barrier)
        threads = [threading.Thread(target=make, args=arguments) for _ in range(6)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert errors == []
