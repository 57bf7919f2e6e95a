from __future__ import annotations

import itertools
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from compare_plans import finals

import rectifier
from rectifier import data
from rectifier.activation import Activation
from rectifier.compare import Progress, Store, from_json, run_comparison, to_json
from rectifier.compare.plan import Plan
from rectifier.compare.result import Comparison
from rectifier.data import Task
from rectifier.errors import InvalidInputError, StoreError
from rectifier.expression import parse

Quick = Callable[..., Plan]


def steady(comparison: Comparison) -> Comparison:
    """A comparison without where it was run."""
    return replace(comparison, environment={})


def test_package_is_callable(blobs: Task) -> None:
    found = rectifier.compare(
        blobs,
        ["relu", "tanh"],
        3,
        epochs=2,
        hidden=(8,),
        learning_rates=[0.02],
        engine="inline",
        timing=False,
    )
    assert {row.activation for row in found.rows} == {"relu", "tanh"}
    assert found.recommendation
    assert found.environment["engine"] == "inline"
    assert found.environment["torch"]
    assert from_json(to_json(found)) == found


def test_progress_tells_how_far_it_is(quick: Quick) -> None:
    plan, told = quick(), list[Progress]()
    ticks = iter(range(1000))
    with Store() as store:
        run_comparison(
            plan, store, progress=told.append, engine="inline", clock=lambda: float(next(ticks))
        )
    assert [each.done for each in told if each.trial] == list(range(1, plan.total + 1))
    assert {each.total for each in told} == {plan.total}
    assert [told[0].stage, told[-1].stage] == ["tuning", "final"]
    assert told[0].remaining is None
    assert told[-1].remaining == 0
    assert told[-1].failed == told[-1].resumed == 0
    assert all(b.elapsed > a.elapsed for a, b in itertools.pairwise(told))


def test_interrupted_run_goes_on_where_it_was(quick: Quick, tmp_path: Path) -> None:
    plan, path = quick(), tmp_path / "trials.sqlite"
    with Store() as store:
        undisturbed = run_comparison(plan, store, engine="inline")

    def interrupt(progress: Progress) -> None:
        if progress.done == 6:
            raise KeyboardInterrupt

    with Store(path) as store, pytest.raises(KeyboardInterrupt):
        run_comparison(plan, store, engine="inline", progress=interrupt)
    with Store(path) as store:
        assert len(store) == 6
        with pytest.raises(StoreError, match="already holds 6 trials"):
            run_comparison(plan, store, engine="inline")
        told = list[Progress]()
        resumed = run_comparison(plan, store, engine="inline", resume=True, progress=told.append)
        assert len(store) == plan.total
    assert sum(each.trial is not None for each in told) == plan.total - 6
    assert told[-1].resumed == 6
    assert steady(resumed) == steady(undisturbed)
    with Store(path) as store:
        again = run_comparison(plan, store, engine="inline", resume=True)
        assert len(store) == plan.total
    assert replace(again, environment={}) == replace(resumed, environment={})


def test_errors_are_tried_again_on_resume_and_divergence_is_not(
    quick: Quick, monkeypatch: pytest.MonkeyPatch
) -> None:
    plan = quick(["relu"], learning_rates=[0.02])
    with Store() as store:
        run_comparison(plan, store, engine="inline")
        first, second, _ = finals(plan, 0.02)
        kept = store.outcomes()
        store.append(first, replace(kept[first.hash], status="error", reason="out of memory"))
        store.append(second, replace(kept[second.hash], status="diverged", reason="nan"))
        found = run_comparison(plan, store, engine="inline", resume=True)
        assert store.outcomes()[first.hash].status == "finished"
    assert found.rows[0].failed_seeds == 1


def test_what_ran_out_of_time_is_tried_again_where_there_is_more_of_it(quick: Quick) -> None:
    plan = quick(["relu"], learning_rates=[0.02], seconds=5.0)
    with Store() as store:
        run_comparison(plan, store, engine="inline")
        first, *_ = finals(plan, 0.02)
        kept = store.outcomes()[first.hash]
        late = replace(kept, status="timeout", test=None, reason="out of time", seconds=5.1)
        store.append(first, late)
        for plan_now, status in ((plan, "timeout"), (replace(plan, seconds=9.0), "finished")):
            run_comparison(plan_now, store, engine="inline", resume=True)
            assert store.outcomes()[first.hash].status == status


def test_broken_activation_fails_alone(quick: Quick) -> None:
    # Not by define, which refuses what is finite nowhere.
    broken = Activation("broken", parse("log(0 - x * x - 1)", ("x",)))
    with Store() as store:
        found = run_comparison(quick(["relu", broken]), store, engine="inline")
    assert [row.verdict for row in found.rows] == ["best", "failed"]
    assert found.rows[1].failed_seeds == 3
    assert "3 of 3 runs of broken failed" in found.recommendation


def test_twin_by_formula_is_no_difference(quick: Quick) -> None:
    twin = rectifier.define("twin", "maximum(x, 0)")
    with Store() as store:
        found = run_comparison(quick(["relu", twin], seeds=5), store, engine="inline")
    assert [row.verdict for row in found.rows] == ["no difference"] * 2
    assert "No difference" in found.recommendation


def test_data_with_nan_are_refused_before_anything_runs() -> None:
    x = np.zeros((50, 3))
    x[7, 1] = np.nan
    with pytest.raises(InvalidInputError, match=r"1 of 150 values.*row 7, feature 1"):
        rectifier.compare(data.from_arrays("mine", x, np.arange(50) % 2))


@pytest.mark.skipif(os.name != "posix", reason="sends SIGINT")
def test_interrupt_from_the_keyboard_keeps_what_finished(tmp_path: Path) -> None:
    path = tmp_path / "trials.sqlite"
    script = tmp_path / "long.py"
    script.write_text(
        "import rectifier\n"
        "rectifier.compare('digits', ['relu', 'tanh'], 100, epochs=3, hidden=(8,),\n"
        f"    learning_rates=[0.01], workers=1, store={str(path)!r},\n"
        "    progress=lambda p: print(p.done, flush=True))\n",
        encoding="utf-8",
    )
    with subprocess.Popen(
        [sys.executable, script],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    ) as running:
        assert running.stdout is not None
        while (line := running.stdout.readline()) and int(line) < 5:
            pass
        os.killpg(running.pid, signal.SIGINT)  # as a terminal does: to the whole group
        begun = time.monotonic()
        _, errors = running.communicate(timeout=30)
    assert time.monotonic() - begun < 10
    assert running.returncode != 0
    assert errors.strip().endswith("KeyboardInterrupt"), errors
    assert errors.count("Traceback") == 1
    with pytest.raises(ProcessLookupError):
        os.killpg(running.pid, 0)  # nobody of the group is left
    with Store(path) as store:
        assert len(store) >= 5
        assert {outcome.status for outcome in store.outcomes().values()} == {"finished"}


def test_a_mix_is_searched_for_tuned_and_judged_like_the_others(quick: Quick) -> None:
    plan = quick(
        ["relu", "tanh", "gelu"], seeds=3, hidden=(8, 8), mix=True, tuning_seeds=(100, 101)
    )
    searched = []
    with Store() as store:
        found = run_comparison(plan, store, engine="inline", progress=searched.append)
        assert len(store) == searched[-1].done == searched[-1].total
        again = run_comparison(plan, store, engine="inline", resume=True)
    assert to_json(again) == to_json(found)
    mixes = {each.trial.arm.name for each in searched if each.trial and "|" in each.trial.arm.name}
    assert len(mixes) >= 3, "no mix was tried"
    names = {row.activation for row in found.rows}
    assert names - {"relu", "tanh", "gelu"} <= mixes
    assert "A mix by layer was searched for" in " ".join(found.protocol)
    with pytest.raises(InvalidInputError, match="at least two activations to mix"):
        quick(["relu"], mix=True)


def test_seeds_are_added_until_settled_and_the_budget_is_kept(quick: Quick) -> None:
    # Nothing is settled where no difference is too small to matter and twins are compared.
    twin = rectifier.define("twin", "maximum(x, 0)")
    plan = quick(["relu", twin], seeds=2, learning_rates=[0.02], looks=3, matters=0.0)
    with Store() as store:
        found = run_comparison(plan, store, engine="inline", until_settled=True)
        assert found.seeds == (0, 1, 2, 3, 4, 5)
        assert not found.settled
    plan = quick(["relu", twin], seeds=4, learning_rates=[0.02], looks=3, matters=0.9)
    with Store() as store:
        found = run_comparison(plan, store, engine="inline", until_settled=True)
        assert found.settled
        assert len(found.seeds) == 4
    ticks = iter(range(10_000))
    with Store() as store:
        plan = quick(["relu", twin], seeds=40, learning_rates=[0.02])
        found = run_comparison(
            plan, store, engine="inline", budget=30, clock=lambda: float(next(ticks))
        )
        assert 2 <= len(found.seeds) < 40
