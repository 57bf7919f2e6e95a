"""A rerun that goes on to the next treatment."""

from __future__ import annotations

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from rectifier.doctor import falling_back
from rectifier.doctor.falling_back import FallingBack
from rectifier.doctor.finding import Finding, Remedy
from rectifier.torch.sites import Interception

X = torch.randn(128, 8, generator=torch.Generator().manual_seed(1))
Y = X[:, :4].argmax(1)
HOT = Remedy("raise_learning_rate", "", {"from": 1e-7, "to": 1e-3}, {})
TINY = Remedy("raise_learning_rate", "", {"from": 1e-7, "to": 2e-7}, {})
RIGHT = Remedy("raise_learning_rate", "", {"from": 1e-7, "to": 0.3}, {})
BURSTING = Remedy("raise_learning_rate", "", {"from": 1e-7, "to": 1e30}, {})
NORMALISE = Remedy("insert_normalization", "", {}, {"sites": ["1"]})
ABSENT = Remedy("swap_activation", "", {"from": "tanh", "to": "relu"}, {"sites": ["nowhere"]})
CHANCE = [1.4] * 240


def train(steps: int = 240, optimizers: int = 1) -> tuple[list[float], nn.Module, list[Tensor]]:
    """A network that hardly moves by itself; weights at the start of each step, first layer."""
    torch.manual_seed(0)
    model = nn.Sequential(nn.Linear(8, 32), nn.ReLU(), nn.Linear(32, 4))
    parts = [list(model.parameters())] if optimizers == 1 else [list(m.parameters()) for m in
             (model[0], model[2])]  # fmt: skip
    stepping = [torch.optim.SGD(part, lr=1e-7, momentum=0.9) for part in parts]
    losses, weights = [], []
    for _ in range(steps):
        weights.append(model[0].weight.detach().clone())
        loss = F.cross_entropy(model(X), Y)
        model.zero_grad()
        loss.backward()
        for each in stepping:
            each.step()
        losses.append(loss.item())
    return losses, model, weights


def under(treatments: list[list[Remedy]], **settings: object):
    back = FallingBack(treatments, CHANCE, **settings)  # type: ignore[arg-type]
    interception = Interception([back, *back.actions])
    with interception:
        result = train(int(settings.pop("steps", 240)))  # type: ignore[call-overload]
    assert interception.notes == []
    return back, result


def test_a_treatment_that_brings_nothing_gives_way_and_everything_is_put_back() -> None:
    back, (losses, _, weights) = under([[TINY], [RIGHT]])
    assert back.place == 1
    (line,) = [line for line in back.log if "brought nothing" in line]
    step = int(line.split(":")[0].removeprefix("step "))
    assert torch.equal(weights[step + 1], weights[0])
    assert losses[-1] < 0.3 * losses[0]
    assert back.actions[0].remedy == RIGHT


def test_a_treatment_that_helps_stays() -> None:
    back, (losses, _, _) = under([[RIGHT], [TINY]])
    assert back.place == 0
    assert back.log == []
    assert losses == train_alone(RIGHT)


def train_alone(remedy: Remedy) -> list[float]:
    from rectifier.doctor.remedies import build

    with Interception([build(remedy)]):
        return train()[0]


def test_a_loss_that_breaks_gives_way_at_once_and_optimisers_forget() -> None:
    back, (losses, _, _) = under([[BURSTING], [RIGHT]])
    assert back.place == 1
    assert "the loss broke" in " ".join(back.log)
    assert int(back.log[-1].split(":")[0].removeprefix("step ")) < 20
    assert losses[-1] < 0.3 * losses[0]


def test_what_was_inserted_is_taken_out_of_the_optimiser() -> None:
    back, (losses, model, _) = under([[NORMALISE], [RIGHT]])
    assert back.place == 1
    assert losses[-1] < 0.3 * losses[0]
    assert len(list(model.parameters())) == 4


def test_of_treatments_that_bring_nothing_the_first_is_taken_again() -> None:
    back, _ = under([[TINY], [ABSENT], [NORMALISE]])
    assert back.place == 0
    assert back.actions[0].remedy == TINY
    assert sum("brought nothing" in line for line in back.log) == 3


def test_a_certain_cause_gives_way_only_where_nothing_is_found_to_act_on() -> None:
    assert under([[TINY], [RIGHT]], certain=True)[0].place == 0
    assert under([[ABSENT], [RIGHT]], certain=True)[0].place == 1


@pytest.mark.parametrize("second", [False, True])
def test_nothing_is_told_of_two_optimisers(second: bool) -> None:
    back = FallingBack([[TINY], [RIGHT]], CHANCE)
    with Interception([back, *back.actions]) as interception:
        train(optimizers=2 if second else 1)
    assert interception.notes == []
    assert back.place == (0 if second else 1)


def test_a_program_that_updates_its_weights_by_hand_is_put_back_too() -> None:
    """By ``p -= rate * p.grad``: there is no optimiser to know the weights by, but a model."""
    tiny, right = (
        Remedy("raise_learning_rate", "", {"from": 1.0, "to": to, "relative": True}, {})
        for to in (1.1, 3e4)
    )
    back = FallingBack([[tiny], [right]], CHANCE)
    torch.manual_seed(0)
    model = nn.Sequential(nn.Linear(8, 32), nn.ReLU(), nn.Linear(32, 4))
    with Interception([back, *back.actions]) as interception:
        for step in range(240):
            loss = F.cross_entropy(model(X), Y)
            model.zero_grad()
            loss.backward()
            with torch.no_grad():
                for p in model.parameters():
                    p -= 1e-5 * p.grad
            if not step:
                start = loss.item()
    assert interception.notes == []
    assert back.place == 1
    assert loss.item() < 0.8 * start


@pytest.mark.parametrize("still", [False, True])
def test_where_the_cause_is_gone_a_plateau_has_longer(
    still: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = [Finding("dying_relu" if still else "vanishing_gradient", "error", "It is so.")]
    monkeypatch.setattr(falling_back, "measuring", lambda interception: lambda: None)
    monkeypatch.setattr(falling_back, "diagnose", lambda record: found)
    back, _ = under([[TINY], [RIGHT]], cause="dying_relu")
    (line,) = [line for line in back.log if "brought nothing" in line]
    step = int(line.split(":")[0].removeprefix("step "))
    assert (step < 50) is still
    assert step < 150


def test_smaller_steps_that_overshoot_still_give_way(monkeypatch: pytest.MonkeyPatch) -> None:
    slower = Remedy("lower_learning_rate", "", {"from": 1.0, "to": 0.5}, {})
    found = [Finding("learning_rate_too_high", "error", "It is so.")]
    monkeypatch.setattr(falling_back, "measuring", lambda interception: lambda: None)
    monkeypatch.setattr(falling_back, "diagnose", lambda record: found)
    assert under([[slower], [RIGHT]], cause="learning_rate_too_high")[0].place == 1


def test_late_in_a_run_nothing_new_begins() -> None:
    back = FallingBack([[TINY], [RIGHT]], [1.4] * 60)
    back._patient = True  # it had its time
    with Interception([back, *back.actions]):
        train(60)
    assert back.place == 0
    assert "too little is left for another" in back.log[-1]


def test_smaller_steps_have_longer_over_a_plateau_than_others() -> None:
    slower = Remedy("lower_learning_rate", "", {"from": 1.0, "to": 0.5}, {})
    back, _ = at_length([[slower], [RIGHT]], 400)
    (line,) = [line for line in back.log if "brought nothing" in line]
    assert int(line.split(":")[0].removeprefix("step ")) == 4 * 40 - 1


def at_length(treatments: list[list[Remedy]], steps: int) -> tuple[FallingBack, object]:
    back = FallingBack(treatments, [1.4] * steps)
    with Interception([back, *back.actions]):
        return back, train(steps)


def test_a_training_that_came_before_the_sick_one_is_left_to_itself() -> None:
    """What it learnt is what the sick one starts from, and is put back to between treatments."""

    def program() -> tuple[list[Tensor], nn.Module]:
        torch.manual_seed(0)
        teacher = nn.Sequential(nn.Linear(8, 16), nn.ReLU(), nn.Linear(16, 4))
        first = torch.optim.SGD(teacher.parameters(), lr=0.1)
        for _ in range(60):
            loss = F.cross_entropy(teacher(X), Y)
            first.zero_grad()
            loss.backward()
            first.step()
        model = nn.Sequential(teacher[0], nn.ReLU(), nn.Linear(16, 4))
        second = torch.optim.SGD(model.parameters(), lr=1e-7, momentum=0.9)
        weights = []
        for _ in range(240):
            weights.append(teacher[0].weight.detach().clone())
            loss = F.cross_entropy(model(X), Y)
            second.zero_grad()
            loss.backward()
            second.step()
        return weights, model

    plain, _ = program()
    back = FallingBack([[TINY], [RIGHT]], [1.0] * 60 + CHANCE, begins=60)
    assert back.actions == []
    with Interception([back]) as interception:
        weights, model = program()
    assert interception.notes == []
    assert torch.equal(weights[0], plain[0])  # the first training is what it was
    (line,) = [line for line in back.log if "brought nothing" in line]
    step = int(line.split(":")[0].removeprefix("step ")) - 60
    assert torch.equal(weights[step + 1], weights[0])
    assert back.place == 1
    assert F.cross_entropy(model(X), Y) < 0.3
