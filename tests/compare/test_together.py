"""Trials that train as one give the numbers of those that train alone."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import torch
from compare_plans import finals
from torch import nn

from rectifier import data
from rectifier.compare import grouping, network, together, training
from rectifier.compare.costs import measure_costs
from rectifier.compare.course import optimizer_of
from rectifier.compare.job import Job
from rectifier.compare.objective import loss_of
from rectifier.compare.plan import Plan
from rectifier.compare.planning import make_plan
from rectifier.compare.together import Members, refusal, train_together
from rectifier.compare.training import fresh, run_trial
from rectifier.compare.trial import Outcome, Setting, Trial
from rectifier.compare.updates import AllAtOnce, MemberByMember
from rectifier.compare.work import do
from rectifier.data import Task
from rectifier.errors import InvalidInputError

Quick = Callable[..., Plan]

SETTINGS = (
    Setting(0.01), Setting(0.05, warmup=0.3), Setting(0.03, weight_decay=0.1), Setting(0.002),
)  # fmt: skip


def trials_of(plan: Plan) -> list[Trial]:
    """Four seeds, each with a setting of its own."""
    trials = finals(plan)[:4]
    return [replace(t, setting=s) for t, s in zip(trials, SETTINGS, strict=True)]


@pytest.mark.parametrize("way", [MemberByMember, AllAtOnce])
@pytest.mark.parametrize("optimizer", ["adam", "adamw", "sgd"])
@pytest.mark.parametrize("activation", ["gelu", "prelu"])
def test_within_a_millionth_after_a_hundred_steps_in_double_precision(
    quick: Quick,
    blobs: Task,
    optimizer: str,
    activation: str,
    way: Any,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(together, "updates_of", way)
    trials = trials_of(quick([activation], seeds=4, optimizer=optimizer, epochs=50))
    sets = [blobs.load(trial.seed) for trial in trials]
    models = [fresh(t, d).double() for t, d in zip(trials, sets, strict=True)]
    alone = [fresh(t, d).double() for t, d in zip(trials, sets, strict=True)]
    members = Members(trials, models)
    loss = loss_of("labels")
    batches = torch.stack([torch.from_numpy(d.train_x[:96]).double().view(3, 32, 2) for d in sets])
    labels = torch.stack([torch.from_numpy(d.train_y[:96]).view(3, 32) for d in sets])
    optimizers = [optimizer_of(t, model) for t, model in zip(trials, alone, strict=True)]
    for step in range(100):
        x, y = batches[:, step % 3], labels[:, step % 3]
        together_losses = members.step(x, y, step, 200)
        for number, (trial, model) in enumerate(zip(trials, alone, strict=True)):
            for group in optimizers[number].param_groups:
                group["lr"] = trial.setting.learning_rate * together.factor(trial, step, 200)
            optimizers[number].zero_grad()
            value = loss(model(x[number]), y[number])
            value.backward()
            optimizers[number].step()
            assert abs(value.item() - together_losses[number].item()) < 1e-6
    for number, model in enumerate(alone):
        for name, value in model.named_parameters():
            difference = (members.state(number)[name] - value.detach()).abs().max()
            assert difference < 1e-6, (name, float(difference))


def test_outcomes_are_those_of_trials_alone(quick: Quick, blobs: Task) -> None:
    plan = quick(["relu"], seeds=4, epochs=3)
    trials = trials_of(plan)
    trials[1] = replace(trials[1], stage="tuning")
    found = train_together(trials, blobs.load)
    for trial, outcome in zip(trials, found, strict=True):
        alone = run_trial(trial, blobs.load(trial.seed))
        assert outcome.together == 4
        assert outcome.status == alone.status == "finished"
        assert outcome.train_loss == pytest.approx(alone.train_loss, rel=1e-4)
        assert outcome.validation_score == pytest.approx(alone.validation_score, abs=0.026)
        assert (outcome.test is None) == (alone.test is None) == (trial.stage == "tuning")
        assert outcome.dead == pytest.approx(alone.dead, nan_ok=True)
        assert outcome.sharpness == pytest.approx(alone.sharpness, rel=0.05, nan_ok=True)


def test_one_that_diverges_leaves_the_others_alone(quick: Quick, blobs: Task) -> None:
    trials = trials_of(quick(["relu"], seeds=4, epochs=3, optimizer="sgd"))
    trials[2] = replace(trials[2], setting=Setting(1e30))
    found = train_together(trials, blobs.load)
    assert [outcome.status for outcome in found] == ["finished"] * 2 + ["diverged", "finished"]
    assert "became" in found[2].reason
    assert "step" in found[2].reason
    calm = train_together([trials[0], trials[1], trials[3]], blobs.load)
    for one, other in zip([found[0], found[1], found[3]], calm, strict=True):
        assert one.train_loss == pytest.approx(other.train_loss, rel=1e-5)


def test_what_would_not_be_the_same_is_refused_in_words(quick: Quick) -> None:
    (trial,) = finals(quick(["relu"], seeds=1))
    assert refusal(trial, nn.Sequential(nn.Linear(2, 3), nn.ReLU(), nn.Linear(3, 4))) == ""
    assert "running statistics" in refusal(trial, nn.Sequential(nn.BatchNorm1d(3)))
    assert refusal(trial, nn.Sequential(nn.BatchNorm1d(3, track_running_stats=False))) == ""
    assert "draws from one generator" in refusal(trial, nn.Sequential(nn.Dropout(0.1)))
    assert refusal(trial, nn.Sequential(nn.Dropout(0.0))) == ""
    assert "no batched form" in refusal(trial, nn.LSTM(2, 3))
    assert "augmented" in refusal(replace(trial, augment="flip"), nn.Linear(2, 2))
    plan = quick(["relu"], seeds=1, augment="shift")
    with pytest.raises(InvalidInputError, match="cannot train together: samples are augmented"):
        train_together(finals(plan), plan.task.load)


class Noisy(nn.Module):
    """Draws random numbers by a function call, which no look at the layers tells."""

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return nn.functional.dropout(x, 0.1, self.training)


@pytest.mark.parametrize("way", ["refused", "random", "memory"])
def test_what_cannot_train_together_trains_alone_and_says_so(
    quick: Quick, blobs: Task, monkeypatch: pytest.MonkeyPatch, way: str
) -> None:
    plan = quick(["relu"], seeds=4, augment="shift" if way == "refused" else "")
    trials = trials_of(plan)
    if way == "refused":
        monkeypatch.setattr(training, "augmented", lambda x, augment, generator: x)
        why = "samples are augmented one by one"
    elif way == "random":
        make = network.build
        monkeypatch.setattr(
            network, "build", lambda *args, **named: nn.Sequential(make(*args, **named), Noisy())
        )
        why = "vmap: called random operation"
    else:

        def full(*args: object) -> None:
            raise RuntimeError("DefaultCPUAllocator: not enough memory")

        monkeypatch.setattr(together, "_train", full)
        why = "out of memory"
    found = do(Job("together", tuple(trials)), blobs.load)
    assert [outcome.status for outcome in found] == ["finished"] * len(trials)
    alone = do(Job("alone", tuple(trials)), blobs.load)
    for one, other in zip(found, alone, strict=True):
        assert one.together == 1
        assert one.reason.startswith("trained alone, since together: ")
        assert why in one.reason
        assert one.train_loss == other.train_loss
        assert one.test == other.test


def test_a_group_that_is_out_of_time_stays_so_and_tells_its_time(quick: Quick, blobs: Task) -> None:
    found = do(Job("together", tuple(trials_of(quick(["relu"], seeds=4))), 1e-6), blobs.load)
    assert {outcome.status for outcome in found} == {"timeout"}
    assert all(outcome.seconds > 1e-6 for outcome in found)


def test_groups_do_not_depend_on_what_is_kept(quick: Quick) -> None:
    trials = finals(quick(["relu", "tanh"], seeds=100))
    whole = grouping.jobs(trials, set(), {"relu"}, 5.0)
    groups = [job for job in whole if job.way == "together"]
    assert [len(job.trials) for job in groups] == [50, 50]
    assert {job.trials[0].arm.name for job in groups} == {"relu"}
    assert sum(job.way == "alone" for job in whole) == 100
    kept = {trial.hash for trial in groups[0].trials}
    rest = grouping.jobs(trials, kept, {"relu"}, 5.0)
    assert [job for job in rest if job.way == "together"] == groups[1:]
    huge = [
        replace(t, data=replace(t.data, values=40_000_000)) for t in trials if t.arm.name == "relu"
    ]
    assert {len(job.trials) for job in grouping.jobs(huge, set(), {"relu"}, 5.0)} == {1}


def test_memory_of_a_step_is_that_of_its_batch_whatever_the_size_of_the_data() -> None:
    draw, kept = np.random.default_rng(0), []
    for samples in (200, 2000):
        x = draw.normal(size=(samples, 3))
        task = data.from_arrays("mine", x, (x[:, 0] > 0).astype(int))
        plan = make_plan(task, ["relu"], 1, hidden=(8,), batch=32)
        (outcome,) = measure_costs(plan.cost_trials(), task.load)
        kept.append(outcome.memory)
    # Inputs, one hidden layer and its mask at most, log-probabilities; labels of eight bytes.
    assert kept[0] == kept[1] <= 32 * (4 * (3 + 8 + 8 + 2) + 8) + 16


def test_only_what_is_faster_is_done() -> None:
    def cost(alone: float, as_one: float) -> Outcome:
        return Outcome("finished", step_time=alone, together_time=as_one)

    costs = {"a": cost(1.0, 0.5), "b": cost(1.0, 0.95), "c": cost(1.0, float("nan"))}
    assert grouping.worth_it(costs) == {"a"}
