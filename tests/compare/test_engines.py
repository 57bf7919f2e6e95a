from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from compare_plans import finals

from rectifier import data, optional
from rectifier.compare import engines
from rectifier.compare.engines.inline import InlineEngine
from rectifier.compare.engines.local import LocalEngine
from rectifier.compare.job import Job
from rectifier.compare.plan import Plan
from rectifier.compare.planning import make_plan
from rectifier.compare.trial import Outcome
from rectifier.data import Task
from rectifier.errors import InvalidInputError, UnknownNameError

Quick = Callable[..., Plan]


def trials_of(plan: Plan) -> tuple[Job, ...]:
    return tuple(Job("alone", (trial,)) for trial in finals(plan))


def numbers(results: list[tuple[Job, list[Outcome]]]) -> dict[str, dict[str, Any]]:
    return {
        job.trials[0].hash: replace(outcome, seconds=0.0).to_dict() for job, (outcome,) in results
    }


def is_running(process: int) -> bool:
    try:
        status = Path(f"/proc/{process}/stat").read_text(encoding="ascii")
    except (FileNotFoundError, ProcessLookupError):
        return False
    return status.rpartition(")")[2].split()[0] != "Z"


def wait_until(condition: Callable[[], bool], seconds: float = 10.0) -> bool:
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if condition():
            return True
        time.sleep(0.02)
    return condition()


def test_engines_are_found_by_name() -> None:
    assert {"inline", "local"} <= set(engines.names())
    assert engines.get("local") is LocalEngine
    with pytest.raises(UnknownNameError, match="unknown engine 'locale'; did you mean 'local'"):
        engines.get("locale")


def test_default_workers_respect_a_containers_quota(tmp_path: Path) -> None:
    assert 1 <= engines.default_workers() <= 16
    quota = tmp_path / "cpu.max"
    for text, expected in [("200000 100000\n", 2), ("50000 100000", 1), ("max 100000", 1_000_000)]:
        quota.write_text(text, encoding="ascii")
        assert engines._container_limit(quota) == expected
    assert engines._container_limit(tmp_path / "none") == 1_000_000


def test_workers_give_the_same_numbers_as_the_plain_loop_even_if_one_dies(
    quick: Quick, blobs: Task
) -> None:
    trials = trials_of(quick(seeds=3))
    with InlineEngine(blobs) as plain:
        expected = numbers(list(plain.run(trials)))
    with LocalEngine(blobs, 1) as local:
        assert list(local.run([])) == []
        results = local.run(trials[:4])
        done = [next(results)]
        (worker,) = local._alive
        os.kill(worker.process.pid, signal.SIGKILL)
        done += results
        assert local._alive != [worker]
        done += local.run(trials[4:])
        processes = [worker.process.pid for worker in local._alive]
    assert numbers(done) == expected
    assert {outcome.status for _, (outcome,) in done} == {"finished"}
    assert not any(is_running(process) for process in processes)


def test_trial_that_kills_its_worker_twice_has_failed(quick: Quick, blobs: Task) -> None:
    trials = trials_of(quick(seeds=1))
    deadly = "import sys; sys.stdin.buffer.read(1); sys.exit('out of luck')"
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("rectifier.compare.engines.local._START", deadly)
        with LocalEngine(blobs, 2) as local:
            results = list(local.run(trials))
    assert {outcome.status for _, (outcome,) in results} == {"error"}
    for _, (outcome,) in results:
        assert "died twice" in outcome.reason
        assert "exit status 1: out of luck" in outcome.reason


def test_a_trial_that_never_comes_back_from_a_step_is_ended(quick: Quick, blobs: Task) -> None:
    trials = [replace(job, seconds=0.2) for job in trials_of(quick(seeds=1))]
    silent = "import sys, time; sys.stdin.buffer.read(1); time.sleep(600)"
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("rectifier.compare.engines.local._START", silent)
        patch.setattr("rectifier.compare.engines.local._PATIENCE", 0.3)
        with LocalEngine(blobs, 1) as local:
            results = list(local.run(trials))
            processes = [worker.process.pid for worker in local._alive]
    assert len(results) == len(trials)
    for _, (outcome,) in results:
        assert outcome.status == "timeout", "and it is not tried again"
        assert "did not come back" in outcome.reason
    assert not any(is_running(process) for process in processes)


def test_leaving_early_ends_the_workers_at_once(quick: Quick, blobs: Task) -> None:
    begun = time.monotonic()
    with LocalEngine(blobs, 2) as local:
        processes = [worker.process.pid for worker in local._alive]
        local.run(trials_of(quick(seeds=50, epochs=1000))).__iter__()
        time.sleep(0.2)
    assert not any(is_running(process) for process in processes)
    assert time.monotonic() - begun < 10


def test_workers_do_not_outlive_a_killed_parent(quick: Quick, tmp_path: Path) -> None:
    script = tmp_path / "parent.py"
    script.write_text(
        "import time\n"
        "from rectifier import data\n"
        "from rectifier.compare.engines.local import LocalEngine\n"
        "with LocalEngine(data.get('digits'), 2) as engine:\n"
        "    print(*[worker.process.pid for worker in engine._alive], flush=True)\n"
        "    time.sleep(60)\n",
        encoding="utf-8",
    )
    with subprocess.Popen([sys.executable, script], stdout=subprocess.PIPE, text=True) as parent:
        assert parent.stdout is not None
        processes = [int(word) for word in parent.stdout.readline().split()]
        assert len(processes) == 2
        parent.kill()
    assert wait_until(lambda: not any(is_running(process) for process in processes))


def test_script_without_a_main_guard_works(tmp_path: Path) -> None:
    script = tmp_path / "unguarded.py"
    script.write_text(
        "import rectifier\n"
        "print('once', flush=True)\n"
        "found = rectifier.compare(activations=['relu', 'tanh'], seeds=2, epochs=1,\n"
        "                          learning_rates=[0.01], hidden=(8,), workers=1)\n"
        "print(len(found.rows))\n",
        encoding="utf-8",
    )
    done = subprocess.run(
        [sys.executable, "-W", "error", script], capture_output=True, text=True, timeout=120
    )
    assert done.stdout.split() == ["once", "2"], done.stderr
    assert done.stderr == ""


def test_tasks_that_cannot_be_sent_are_refused() -> None:
    task = Task("lambda", lambda seed: data.get("digits").load(seed), target=0.5)
    with pytest.raises(InvalidInputError, match="cannot be sent to workers"):
        LocalEngine(task, 1)
    with pytest.raises(InvalidInputError, match="at least one worker is needed; 0"):
        LocalEngine(data.get("digits"), 0)


def test_nothing_is_trained_without_torch(monkeypatch: pytest.MonkeyPatch) -> None:
    from rectifier.compare import run

    x = np.zeros((10, 2))
    plan = make_plan(data.from_arrays("zeros", x, np.arange(10) % 2), ["relu"], 1)
    monkeypatch.setattr(run.importlib.util, "find_spec", lambda name: None)

    def absent(module: str, **words: str) -> None:
        raise optional.MissingPackageError(f"{module} {words['extra']}")

    monkeypatch.setattr(run.optional, "require", absent)
    with pytest.raises(optional.MissingPackageError, match="torch torch"), run.Store() as store:
        run.run_comparison(plan, store)
