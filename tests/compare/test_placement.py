"""Trials on GPUs: who sees which, what is refused, and, where there is one, the same numbers."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from compare_plans import finals

from rectifier.compare import Store, device, engines, placement, run_comparison, to_json
from rectifier.compare.engines.inline import InlineEngine
from rectifier.compare.engines.local import LocalEngine
from rectifier.compare.job import Job
from rectifier.compare.placement import Placement
from rectifier.compare.plan import Plan
from rectifier.compare.planning import make_plan
from rectifier.compare.together import train_together
from rectifier.compare.training import attempt
from rectifier.compare.trial import Outcome, Subject, spoilt
from rectifier.data import Task
from rectifier.errors import InvalidInputError, UnknownNameError

Quick = Callable[..., Plan]

needs_gpu = pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a GPU")


@pytest.fixture
def two_gpus(monkeypatch: pytest.MonkeyPatch) -> None:
    """As if there were two, called 4 and 7."""
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 2)
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "4, 7")


def test_gpus_are_those_that_this_process_may_use(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 2)
    assert placement.visible_gpus({}) == ("0", "1")
    assert placement.visible_gpus({"CUDA_VISIBLE_DEVICES": "4,7"}) == ("4", "7")
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 0)
    assert placement.visible_gpus({"CUDA_VISIBLE_DEVICES": ""}) == ()
    assert placement.visible_gpus({"CUDA_VISIBLE_DEVICES": "4,7"}) == (), "there is no driver"


def test_workers_get_a_gpu_each_in_turn(two_gpus: None) -> None:
    assert engines.default_workers(Placement("cuda")) == 2
    shared = Placement("cuda", per_gpu=2)
    assert engines.default_workers(shared) == 4
    seats = [shared.environment(number, shared.gpus()) for number in range(4)]
    assert [seat["CUDA_VISIBLE_DEVICES"] for seat in seats] == ["4", "7", "4", "7"]
    assert all(seat["CUBLAS_WORKSPACE_CONFIG"] == ":4096:8" for seat in seats)
    on_cpu = Placement()
    assert on_cpu.gpus() == ()
    assert on_cpu.environment(0, on_cpu.gpus()) == {}


def test_worker_processes_see_their_gpu_only_and_a_new_one_sees_the_same(
    two_gpus: None, quick: Quick, blobs: Task, tmp_path: Path
) -> None:
    net = tmp_path / "net.py"
    net.write_text(
        "import os\ndef build():\n"
        "    seen = os.environ['CUDA_VISIBLE_DEVICES']\n"
        "    raise RuntimeError(f'CUDA error: sees {seen} in {os.getpid()}')\n",
        encoding="utf-8",
    )
    subject = Subject(f"{net}:build", code="x", functions=("relu",))
    jobs = [Job("alone", (replace(trial, subject=subject),)) for trial in finals(quick(seeds=2))]
    with LocalEngine(blobs, 2, Placement("cuda")) as local:
        outcomes = [outcome for _, (outcome,) in local.run(jobs)]
    told = [outcome.reason.rpartition("sees ")[2].split(" in ") for outcome in outcomes]
    assert {gpu for gpu, _ in told} == {"4", "7"}
    assert all(spoilt([outcome]) for outcome in outcomes)
    assert len({process for _, process in told}) == 4, "one whose GPU failed was used again"
    assert not spoilt([Outcome("error", reason="out of memory"), Outcome("finished")])


def test_what_cannot_be_is_refused(
    quick: Quick, blobs: Task, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 0)
    assert placement.resolve("auto") == "cpu"
    with pytest.raises(UnknownNameError, match="unknown device 'cude'; did you mean 'cuda'"):
        make_plan(blobs, ["relu"], 1, device="cude")
    with pytest.raises(InvalidInputError, match="at least one worker; 0"):
        Placement("cuda", per_gpu=0)
    for engine in (InlineEngine, LocalEngine):
        with pytest.raises(InvalidInputError, match="torch sees no GPU here"):
            engine(blobs, 1, Placement("cuda"))
    with Store() as store, pytest.raises(InvalidInputError, match="torch sees no GPU here"):
        run_comparison(quick(device="cuda"), store)


def test_the_device_is_part_of_what_a_trial_is(quick: Quick, two_gpus: None) -> None:
    on_cpu, on_gpu = quick(), quick(device="auto")
    assert on_gpu.device == "cuda"
    assert on_cpu.hash != on_gpu.hash
    hashes = [{trial.hash for trial in finals(plan)} for plan in (on_cpu, on_gpu)]
    assert not hashes[0] & hashes[1]


def test_settings_of_torch_are_put_back_and_what_is_not_repeatable_is_told() -> None:
    import warnings

    before = torch.backends.cudnn.allow_tf32, torch.get_float32_matmul_precision()
    with device.repeatable("cuda") as notes:
        assert torch.are_deterministic_algorithms_enabled()
        assert not torch.backends.cudnn.allow_tf32
        for _ in range(2):
            warnings.warn(
                "roll_cuda does not have a deterministic implementation, but",
                UserWarning,
                stacklevel=1,
            )
    assert notes == ["roll_cuda does not have a deterministic implementation"]
    assert not torch.are_deterministic_algorithms_enabled()
    assert (torch.backends.cudnn.allow_tf32, torch.get_float32_matmul_precision()) == before


ON_RAY = """
import os
import ray
from rectifier import data
from rectifier.compare.engines.ray import RayEngine
from rectifier.compare.placement import Placement
from rectifier.errors import InvalidInputError

digits = data.get("digits")
ray.init(num_cpus=4, num_gpus=1, include_dashboard=False, log_to_driver=False)  # told, not there
there = ray.cluster_resources
ray.cluster_resources = lambda: {"CPU": 4.0}
try:
    RayEngine(digits, 2, Placement("cuda")).__enter__()
except InvalidInputError as error:
    print("refused", "no node of the Ray cluster has a GPU" in str(error))
ray.cluster_resources = there
with RayEngine(digits, 3, Placement("cuda", per_gpu=2)) as engine:
    ray.wait(list(engine._coming), num_returns=2, timeout=60)
    there, waiting = ray.wait(list(engine._coming), num_returns=3, timeout=1)
    print("places", len(there), len(waiting))
    names = ("CUDA_VISIBLE_DEVICES", "CUBLAS_WORKSPACE_CONFIG")
    where = lambda worker: tuple(os.environ[name] for name in names)
    print("sees", *{ray.get(engine._coming[each].__ray_call__.remote(where)) for each in there})
ray.shutdown()
"""


def test_ray_finds_places_for_shares_of_gpus(tmp_path: Path) -> None:
    pytest.importorskip("ray", reason="the extra 'ray' is not installed")
    with tempfile.TemporaryDirectory(prefix="r", ignore_cleanup_errors=True) as short:
        settings = {"RAY_USAGE_STATS_ENABLED": "0", "OMP_NUM_THREADS": "1", "TMPDIR": short}
        done = subprocess.run(
            [sys.executable, "-c", ON_RAY], cwd=tmp_path, capture_output=True, text=True,
            timeout=200, check=False, env={**os.environ, **settings},
        )  # fmt: skip
    assert done.returncode == 0, done.stderr[-3000:]
    told = [line for line in done.stdout.splitlines() if line.split()[0] in "refused places sees"]
    assert told == ["refused True", "places 2 1", "sees ('0', ':4096:8')"]


@needs_gpu
@pytest.mark.parametrize("activation", ["gelu", "prelu"])
def test_trials_on_a_gpu_repeat_exactly_and_start_as_on_a_cpu(
    quick: Quick, blobs: Task, activation: str
) -> None:
    plan = quick([activation], seeds=3, device="cuda")
    trials = finals(plan)
    first, second = (attempt(trials[0], blobs.load) for _ in range(2))
    assert first.status == "finished", first.reason
    same = {"seconds": 0.0}
    assert replace(first, **same).to_dict() == replace(second, **same).to_dict()
    on_cpu = attempt(replace(trials[0], device="cpu"), blobs.load)
    assert first.train_loss == pytest.approx(on_cpu.train_loss, rel=1e-3)
    together = train_together(trials, blobs.load)
    assert together[0].train_loss == pytest.approx(first.train_loss, rel=1e-3)
    again = train_together(trials, blobs.load)
    for one, other in zip(together, again, strict=True):
        assert replace(one, **same).to_dict() == replace(other, **same).to_dict()


@needs_gpu
def test_a_comparison_on_a_gpu_gives_the_same_report_twice(quick: Quick) -> None:
    plan = quick(seeds=3, device="cuda", together="on")
    reports = []
    for engine in ("local", "inline"):
        with Store() as store:
            found = run_comparison(plan, store, engine=engine)
        assert "NVIDIA" in found.environment["gpus"]
        reports.append(to_json(found).partition('"environment"')[0])
    assert reports[0] == reports[1]
