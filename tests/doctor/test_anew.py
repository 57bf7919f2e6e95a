"""Layers that a forward makes anew: told of on hand-made records, and made once in a program."""

from __future__ import annotations

import pytest
import torch
import torch.nn.functional as F
from at_work import under
from doctor_records import STUCK, falling, told, training, weight
from torch import nn

from rectifier.doctor.rules import frozen_parameters

LEARNT = training(loss=falling(2.3, 0.1))


def once(count: int, **more: object) -> list:
    facts = {"model": "", "held": False, "steps": 0, "reached": 1, "moved": 0.0, "behind": True}
    return [weight("linear", layer="linear", **facts | more) for _ in range(count)]


def test_parameters_that_one_loss_each_depended_on() -> None:
    (finding,) = told(frozen_parameters, trained=LEARNT, parameters=(weight(), *once(8)))
    assert (finding.severity, finding.layer) == ("error", "linear")
    assert "made anew at every pass" in finding.cause
    assert finding.remedies[0].settings == {"how": "keep"}


@pytest.mark.parametrize(
    "others",
    [
        once(4),  # borderline: of ten looked-at losses
        once(8, held=True, steps=1),  # each with an optimiser of its own, as where codes are fitted
        once(8, model="Task"),  # copies of a model, one a task
        once(8, moved=0.1),  # updated by hand
        once(8, loaded=True),
        once(8, shape=(32,), fan_in=0),  # no matrix
        once(8, behind=False),  # filters drawn anew before what learns, as an augmentation
    ],
)
def test_what_is_met_once_for_a_reason(others) -> None:
    assert told(frozen_parameters, trained=LEARNT, parameters=(weight(), *others)) == ()


def test_drawn_anew_before_what_learns_where_nothing_was_learnt() -> None:
    others = once(8, behind=False)
    assert told(frozen_parameters, trained=STUCK, parameters=(weight(), *others))


class Net(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.first, self.last = nn.Linear(6, 16), nn.Linear(16, 3)
        self.aside = [nn.Linear(16, 16)]  # registered nowhere, but made once

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        h = self.aside[0](F.relu(self.first(x)))
        return self.last(F.relu(nn.Linear(16, 16)(h)))


def test_it_is_made_once_and_learns() -> None:
    torch.manual_seed(0)
    x = torch.randn(128, 6)
    y = x[:, :3].argmax(1)

    def program() -> tuple[float, int, bool]:
        model = Net()
        aside = model.aside[0].weight
        optimizer = torch.optim.SGD(model.parameters(), lr=0.2, momentum=0.9)
        for _ in range(80):
            loss = F.cross_entropy(model(x), y)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
        with torch.no_grad():
            same = bool(torch.equal(model(x), model(x)))
        held = sum(len(group["params"]) for group in optimizer.param_groups)
        assert same
        return loss.item(), held, model.aside[0].weight is aside

    (loss, held, untouched), log = under("add_to_optimizer", program, how="keep")
    assert loss < 0.3
    assert held >= 6
    assert untouched
    assert any("made once" in line for line in log)
    with pytest.raises(AssertionError):  # without the remedy two calls differ
        program()
