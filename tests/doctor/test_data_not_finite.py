"""NaN that enters with the data is the data's fault, however the steps were sampled."""

from __future__ import annotations

import math

import numpy as np
import torch

from rectifier.doctor import diagnose
from rectifier.doctor.remedies import build
from rectifier.torch import watch
from rectifier.torch.sites import Interception
from rectifier.watch.record import NonFinite, Record, TrainingSeries


def record(*found: NonFinite, broken_inputs: tuple[int, ...] = ()) -> Record:
    """A run whose loss breaks at step 30, of which every fourth step was observed."""
    steps = np.arange(0, 60, 4)
    loss = np.where(steps < 30, np.linspace(2.0, 1.0, len(steps)), np.nan)
    bad = np.isin(steps, broken_inputs).astype(float)
    training = TrainingSeries(
        step=steps,
        loss=loss,
        learning_rate=np.full(len(steps), 0.1),
        gradient_norm=np.where(steps < 30, 1.0, np.nan),
        update_ratio=np.where(steps < 30, 0.15, np.nan),
        input_mean=np.zeros(len(steps)),
        input_std=np.ones(len(steps)),
        input_abs_max=np.ones(len(steps)),
        input_non_finite=bad,
    )
    return Record(steps=60, observed_steps=len(steps), training=training, non_finite=found)


def test_an_input_that_is_not_finite_comes_before_the_learning_rate() -> None:
    findings = diagnose(record(NonFinite(28, "input", "input"), NonFinite(28, "loss", "loss")))
    assert findings[0].rule == "non_finite"
    assert "data are not finite" in findings[0].cause
    assert all(finding.rule != "learning_rate_too_high" for finding in findings)


def test_a_loss_that_broke_unobserved_is_the_datas_fault_if_bad_data_were_seen_later() -> None:
    findings = diagnose(record(NonFinite(30, "loss", "loss"), broken_inputs=(40,)))
    (found,) = [finding for finding in findings if finding.rule == "non_finite"]
    assert "data are not finite" in found.cause


def test_what_was_not_observed_is_not_claimed() -> None:
    findings = diagnose(record(NonFinite(30, "loss", "loss")), rules=("non_finite",))
    assert "all that enters it was finite" not in findings[0].cause


def test_missing_values_are_filled_and_nothing_else() -> None:
    findings = diagnose(record(NonFinite(28, "input", "input")), rules=("non_finite",))
    (remedy,) = findings[0].remedies
    assert remedy.settings == {"fill": True}
    model = torch.nn.Sequential(torch.nn.Linear(2, 3), torch.nn.Linear(3, 1))
    x = torch.tensor([[1.0, 2.0], [math.nan, 4.0], [3.0, math.inf]])
    want = model(torch.tensor([[1.0, 2.0], [2.0, 4.0], [3.0, 3.0]]))
    built = build(remedy)
    with Interception([built]):
        got = model(x)
    assert torch.equal(got, want)
    assert built.log == ["NaN and infinity in the data filled with the mean of their feature"]


def test_what_overflowed_between_two_parts_of_a_network_is_no_data() -> None:
    """Parts that a method other than forward calls are models of their own to the watcher."""
    torch.manual_seed(0)
    parts = torch.nn.ModuleList([torch.nn.Linear(3, 3), torch.nn.Linear(3, 1)])
    optimizer = torch.optim.SGD(parts.parameters(), lr=0.1)
    with watch(parts, optimizer) as session:
        for _ in range(4):
            x = torch.randn(8, 3)
            loss = parts[1](torch.exp(1000 + parts[0](x).relu())).mean()
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
    found = {item.where for item in session.record.non_finite}
    assert "loss" in found
    assert "input" not in found
    assert not (session.record.training.input_non_finite > 0).any()
