"""Final runs go to MLflow and W&B: each once, with its settings, its course and its result."""

from __future__ import annotations

import importlib.util
import json
import math
from collections.abc import Callable
from pathlib import Path

import pytest
from compare_plans import finals

from rectifier.compare import Store, run_comparison, sinks
from rectifier.compare.plan import Plan
from rectifier.compare.result import Comparison
from rectifier.compare.trial import Outcome, Trial
from rectifier.errors import MissingPackageError, OutputError, UnknownNameError


class Listed:
    """A sink that remembers."""

    def __init__(self) -> None:
        self.trials: list[tuple[Trial, Outcome]] = []
        self.finished: list[Comparison] = []
        self.begun = 0

    def begin(self) -> None:
        self.begun += 1

    def trial(self, trial: Trial, outcome: Outcome) -> None:
        self.trials.append((trial, outcome))

    def finish(self, comparison: Comparison) -> None:
        self.finished.append(comparison)


@pytest.mark.parametrize("together", ["on", "off"])
def test_every_final_run_comes_once_and_none_again_on_resume(
    quick: Callable[..., Plan], together: str
) -> None:
    plan, first, second = quick(seeds=3, together=together), Listed(), Listed()
    with Store() as store:
        found = run_comparison(plan, store, engine="inline", sinks=(first,))
        again = run_comparison(plan, store, engine="inline", resume=True, sinks=(second,))
    assert sorted((t.arm.name, t.seed) for t, _ in first.trials) == [
        (name, seed) for name in ("relu", "tanh") for seed in range(3)
    ]
    assert {t.stage for t, _ in first.trials} == {"final"}
    assert second.trials == []
    assert first.begun == second.begun == 1
    assert first.finished == [found]
    assert second.finished == [again]
    for trial, outcome in first.trials:
        course = list(sinks.epochs(outcome))
        assert [epoch for epoch, _ in course] == [1, 2]
        assert course[1][1]["train_loss"] == outcome.train_loss[1]
        told = sinks.settings(trial)
        assert told["hash"] == trial.hash
        assert told["learning_rate"] == trial.setting.learning_rate
        assert sinks.results(outcome)["test"] == outcome.test
        assert all(math.isfinite(value) for value in sinks.results(outcome).values())


@pytest.fixture
def outcome() -> Outcome:
    return Outcome(
        "finished", train_loss=(0.5, 0.25), validation_score=(0.75, 0.875), best_epoch=2,
        validation=0.875, test=0.5,
    )  # fmt: skip


@pytest.mark.filterwarnings("ignore")
def test_mlflow(
    quick: Callable[..., Plan], outcome: Outcome, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    mlflow = pytest.importorskip("mlflow")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("GIT_PYTHON_REFRESH", "quiet")
    uri = f"sqlite:///{tmp_path / 'runs.db'}"
    trial = _final(quick())
    made = sinks.from_text(f"mlflow:{uri}")
    made.trial(trial, outcome)
    made.trial(trial, Outcome("diverged", reason="a loss was not finite"))
    client = mlflow.MlflowClient(tracking_uri=uri)
    experiment = client.get_experiment_by_name("rectifier compare").experiment_id
    failed, run = client.search_runs([experiment])
    assert mlflow.active_run() is None, "the program's own state was moved"
    history = client.get_metric_history(run.info.run_id, "validation_score")
    assert [(m.step, m.value) for m in history] == [(1, 0.75), (2, 0.875)]
    assert run.data.metrics["test"] == 0.5
    assert run.data.params["activation"] == trial.arm.name
    assert run.data.params["hash"] == trial.hash
    assert run.info.run_name == sinks.title(trial)
    assert (run.info.status, failed.info.status) == ("FINISHED", "FAILED")
    assert failed.data.tags["rectifier.reason"] == "a loss was not finite"
    with Store() as store:
        mixed = quick(["relu", "relu|tanh"], hidden=(8, 8), seeds=2)
        made.finish(run_comparison(mixed, store, engine="inline"))
    verdicts = client.search_runs([experiment])[0]
    assert {"score relu", "score relu_tanh"} <= set(verdicts.data.metrics)


@pytest.mark.filterwarnings("ignore")
def test_wandb_offline(quick: Callable[..., Plan], outcome: Outcome, offline_wandb: Path) -> None:
    trial = _final(quick())
    sinks.from_text("wandb:project").trial(trial, outcome)
    (file,) = (offline_wandb / "wandb").glob("offline-run-*/*.wandb")
    data = file.read_bytes()
    for word in (trial.hash, sinks.title(trial), "validation_score", "0.875", "finished"):
        assert word.encode() in data, word


def test_what_cannot_be_used_is_said_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    assert sinks.names() == ("mlflow", "wandb")
    with pytest.raises(UnknownNameError, match="mlflow"):
        sinks.from_text("mlflo:x")
    monkeypatch.setattr(importlib.util, "find_spec", lambda _: None)
    for name in sinks.names():
        with pytest.raises(MissingPackageError, match=rf"rectifier\[{name}\]"):
            sinks.from_text(name)


class Refusing(Listed):
    """A tracker whose own code fails."""

    def begin(self) -> None:
        with sinks.telling("refusing"):
            raise RuntimeError("the server is asleep\nand more that nobody reads")


def test_a_tracker_that_fails_is_told_before_anything_is_trained(
    quick: Callable[..., Plan], tmp_path: Path
) -> None:
    with Store() as store:
        with pytest.raises(OutputError, match=r"sink 'refusing' cannot be used: .* asleep$"):
            run_comparison(quick(), store, engine="inline", sinks=(Refusing(),))
        assert len(store) == 0
    pytest.importorskip("mlflow")
    with pytest.raises(OutputError, match="sink 'mlflow' cannot be used"):
        sinks.from_text(f"mlflow:nowhere://{tmp_path}").begin()


def test_verdicts_are_plain(quick: Callable[..., Plan]) -> None:
    with Store() as store:
        found = run_comparison(quick(), store, engine="inline")
    table = json.loads(json.dumps(sinks.verdicts(found), allow_nan=True))
    assert [row["activation"] for row in table] == [row.activation for row in found.rows]


def _final(plan: Plan) -> Trial:
    return finals(plan)[0]
