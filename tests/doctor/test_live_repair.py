"""Repair while a training runs: announced, kept when it helps, rolled back when it does not."""

from __future__ import annotations

import math
from dataclasses import replace

import pytest
import torch
import torch.nn.functional as F
from torch import nn

from rectifier.doctor import live, progress
from rectifier.doctor.finding import Finding, Remedy
from rectifier.doctor.live import LiveRepair
from rectifier.torch.sites import Interception
from rectifier.watch.options import WatchOptions
from rectifier.watch.watcher import Watcher

X = torch.randn(128, 8, generator=torch.Generator().manual_seed(1))
Y = X[:, :4].argmax(1)


def train(steps: int = 160, lr=lambda step: 0.1, output=lambda x: x):
    """A training under live repair: its losses, what was said, the model."""
    said: list[str] = []
    watcher, repair = Watcher(WatchOptions(every=1)), LiveRepair(said.append)
    with Interception([repair, watcher]) as interception:
        torch.manual_seed(0)
        model = nn.Sequential(nn.Linear(8, 32), nn.ReLU(), nn.Linear(32, 4))
        optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
        losses = []
        for step in range(steps):
            if lr is not None:
                optimizer.param_groups[0]["lr"] = lr(step)
            loss = F.cross_entropy(output(model(X)), Y)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            losses.append(loss.item())
    assert interception.notes == []
    repair.finish()
    return losses, said, model


def test_a_healthy_training_is_left_alone() -> None:
    losses, said, _ = train()
    assert said == []
    assert losses == train()[0]


def test_a_rate_raised_in_midst_of_training_is_lowered_and_the_weights_go_back() -> None:
    losses, said, _ = train(lr=lambda step: 0.1 if step < 75 else 300.0)
    assert "too high" in said[0]
    assert any("again" in line for line in said)
    assert any("lower_learning_rate is at work" in line for line in said)
    assert math.isfinite(losses[-1])
    assert losses[-1] < 0.5 * losses[0]


def test_a_softmax_before_the_loss_is_bypassed_at_once() -> None:
    losses, said, _ = train(400, lr=lambda step: 0.5, output=lambda x: x.softmax(1))
    assert any("remove_output_activation is kept" in line for line in said)
    assert losses[-1] < 0.2


def test_what_makes_it_worse_is_rolled_back(monkeypatch: pytest.MonkeyPatch) -> None:
    harm = Remedy("raise_learning_rate", "", {"from": 0.1, "to": 1000.0})
    found = Finding("missing_activation", "warning", "It seemed slow.", remedies=(harm,))
    monkeypatch.setattr(live, "diagnose", lambda record: (found,))
    losses, said, _ = train()
    assert any("made it worse" in line for line in said)
    assert losses[-1] < losses[0]  # the weights are those of before, the rate the program's own


def test_units_that_died_of_a_rate_are_recycled_once_it_is_lowered(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The cause first, and not a second time under another finding's name; then its victims."""
    monkeypatch.setattr(progress, "gets_on", lambda values: False)
    lower = Remedy("lower_learning_rate", "", {"from": 0.1, "to": 0.01})
    norm = Remedy("insert_normalization", "", {}, {"sites": ["1"]})
    recycle = Remedy("recycle_units", "", {"every": 30}, {"sites": ["1"]})
    rate = Finding("learning_rate_too_high", "error", "It is too high.", remedies=(lower,))
    died = Finding("dying_relu", "error", "Units died.", remedies=(lower, norm, recycle))
    for found in ([rate, replace(died, consequence_of="learning_rate_too_high")], [died]):
        kept = found
        monkeypatch.setattr(live, "diagnose", lambda record, kept=kept: tuple(kept))
        _, said, _ = train(400)
        at_work = [line.split()[2] for line in said if "is at work" in line]
        assert at_work == ["lower_learning_rate", "recycle_units"]


def test_two_remedies_of_one_rate_leave_the_program_its_own(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    lower = Remedy("lower_learning_rate", "", {"from": 0.1, "to": 0.05})
    cap = Remedy("raise_learning_rate", "", {"from": 0.1, "to": 0.2})
    found = [Finding("non_finite", "error", "A.", remedies=(lower,))]
    found.append(Finding("frozen_parameters", "error", "B.", remedies=(cap,)))
    monkeypatch.setattr(live, "diagnose", lambda record: tuple(found))
    rates: list[float] = []
    kept = torch.optim.SGD.zero_grad
    monkeypatch.setattr(
        torch.optim.SGD,
        "zero_grad",
        lambda self: (rates.append(self.param_groups[0]["lr"]), kept(self)),
    )
    train(300, lr=None)
    assert set(rates) == {0.1}


def test_a_training_that_gets_on_is_left_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is read off an early course passes; the loss tells whether anything is amiss."""
    harm = Remedy("reinitialize", "", {"scheme": "he_normal"})
    found = Finding("born_dead", "error", "Units seem dead.", remedies=(harm,))
    monkeypatch.setattr(live, "diagnose", lambda record: (found,))
    losses, said, _ = train(100)
    assert said == []
    assert losses == train(100)[0]
    still = lambda output: output.detach() + 0 * output  # noqa: E731 - the loss never falls
    _, said, _ = train(100, output=still)
    assert any("step 60: reinitialize is at work" in line for line in said)


def test_what_is_found_once_is_no_reason(monkeypatch: pytest.MonkeyPatch) -> None:
    harm = Remedy("reinitialize", "", {"scheme": "he_normal"})
    found = Finding("born_dead", "error", "Units seem dead.", remedies=(harm,))
    looks: list[int] = []

    def passing(record) -> tuple[Finding, ...]:
        looks.append(record.steps)
        return (found,) if len(looks) == 1 else ()

    monkeypatch.setattr(live, "diagnose", passing)
    _, said, _ = train(100, output=lambda x: x.detach() + 0 * x)
    assert len(looks) > 1
    assert said == []


def test_a_layer_that_never_lived_is_no_matter_of_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    """It has no gradient to come back by, however the loss may fall by the other layers."""
    anew = Remedy("reinitialize", "", {"scheme": "he_normal"})
    scaled = Remedy("normalize_input", "", {"features": 8, "mean": [0.0] * 8, "std": [1.0] * 8})
    dead = Finding("born_dead", "error", "Dead.", evidence={"dead": 1.0}, remedies=(anew,))
    raw = Finding("unnormalized_input", "error", "Raw.", remedies=(scaled,))
    for found, action in (
        ((dead,), "reinitialize"),
        ((raw, replace(dead, consequence_of="unnormalized_input")), "normalize_input"),
    ):
        monkeypatch.setattr(live, "diagnose", lambda record, found=found: found)
        assert any(f"step 30: {action} is at work" in line for line in train(60)[1])
    half = replace(dead, evidence={"dead": 0.7})
    monkeypatch.setattr(live, "diagnose", lambda record: (half,))
    assert train(100)[1] == []


@pytest.mark.parametrize(("beyond", "acts"), [({}, False), ({"beyond_the_bound": 0.9}, True)])
def test_targets_out_of_reach_may_be_noise_until_the_output_stands_at_its_bound(
    beyond: dict[str, float], acts: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    linear = Remedy("remove_output_activation", "", {"function": "relu"})
    numbers = {"targets_out_of_reach": 0.2} | beyond
    found = Finding(
        "unsuitable_output_activation", "warning", "?", evidence=numbers, remedies=(linear,)
    )
    monkeypatch.setattr(live, "diagnose", lambda record: (found,))
    said = train(100, output=lambda x: x.detach() + 0 * x)[1]
    assert any("is at work" in line for line in said) is acts
