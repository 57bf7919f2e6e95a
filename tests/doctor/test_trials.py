"""Rates that a rerun tries in its opening."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from at_work import under
from torch import nn

from rectifier.doctor import judge
from rectifier.doctor.finding import Remedy
from rectifier.doctor.rates import lower
from rectifier.watch.record import Record, TrainingSeries
from rectifier.watch.record.circumstances import Circumstances, OptimizerFacts

X = torch.randn(256, 6, generator=torch.Generator().manual_seed(1))
Y = X @ torch.randn(6, 1, generator=torch.Generator().manual_seed(2))
GIVEN = {"trial_steps": 10, "most": 50.0}


def by_optimizer(rate: float, steps: int = 120, momentum: float = 0.0) -> tuple[float, list[float]]:
    torch.manual_seed(0)
    model = nn.Linear(6, 1)
    nn.init.normal_(model.weight, std=3.0)
    optimizer = torch.optim.SGD(model.parameters(), lr=rate, momentum=momentum)
    losses = []
    for _ in range(steps):
        loss = (model(X) - Y).square().mean()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        assert optimizer.param_groups[0]["lr"] == rate  # as the program set it
        losses.append(loss.item())
    return losses[-1], losses


def chosen(log: list[str]) -> float:
    (line,) = [line for line in log if line.startswith("tried in the opening")]
    return float(line.rpartition("best: ")[2])


@pytest.mark.parametrize(("momentum", "least"), [(0.0, 0.003), (0.9, 0.0009)])
def test_a_rate_that_is_needlessly_low_is_raised(momentum: float, least: float) -> None:
    plain, _ = by_optimizer(0.0003, momentum=momentum)
    (end, _), log = under(
        "lower_learning_rate",
        lambda: by_optimizer(100.0, momentum=momentum),
        **{"from": 100.0, "to": 0.0003, **GIVEN},
    )
    assert chosen(log) >= least
    assert end < 0.2 * plain
    assert any(line.startswith("learning rate of SGD: 100 → ") for line in log)


def test_every_candidate_starts_from_the_same_weights_and_the_best_goes_on() -> None:
    """The curvature is about 3: 0.03 moves the weights by a tenth a step, and is one too many."""
    (_, losses), log = under(
        "lower_learning_rate", lambda: by_optimizer(100.0), **{"from": 100.0, "to": 0.001, **GIVEN}
    )
    assert log[0] == "tried in the opening: 0.001, 0.003, 0.009, 0.03; best: 0.009"
    assert [losses[i] for i in (10, 20, 30)] == [losses[0]] * 3
    assert losses[39] < losses[29]
    assert losses[40] < losses[29]  # on from where the third came to
    assert losses[40] > 0.9 * losses[29]


def test_where_the_first_rate_overshoots_too_it_goes_down() -> None:
    (end, losses), log = under(
        "lower_learning_rate", lambda: by_optimizer(500.0), **{"from": 500.0, "to": 50.0, **GIVEN}
    )
    assert chosen(log) < 1.0
    assert end < 0.01 * losses[0]


def test_players_with_losses_of_their_own_keep_the_rate_of_the_evidence() -> None:
    def program() -> None:
        torch.manual_seed(0)
        one, other = nn.Linear(6, 1), nn.Linear(6, 1)
        optimizers = [torch.optim.SGD(m.parameters(), lr=100.0) for m in (one, other)]
        for _ in range(40):
            for model, optimizer in zip((one, other), optimizers, strict=True):
                optimizer.zero_grad()
                (model(X) - Y).square().mean().backward()
                optimizer.step()

    _, log = under("lower_learning_rate", program, **{"from": 100.0, "to": 0.001, **GIVEN})
    assert log == ["learning rate of SGD: 100 → 0.001 (× 1e-05 at every step)"]


def test_optimisers_of_one_loss_are_put_back_together() -> None:
    def program() -> list[float]:
        torch.manual_seed(0)
        one, other = nn.Linear(6, 6), nn.Linear(6, 1)
        first = torch.optim.Adam(one.parameters(), lr=0.001)
        second = torch.optim.SGD(other.parameters(), lr=100.0)
        losses = []
        for _ in range(80):
            first.zero_grad()
            second.zero_grad()
            loss = (other(one(X)) - Y).square().mean()
            loss.backward()
            first.step()
            second.step()
            losses.append(loss.item())
        return losses

    losses, log = under("lower_learning_rate", program, **{"from": 100.0, "to": 0.0001, **GIVEN})
    assert chosen(log) > 0.0001
    assert losses[0] == losses[10] == losses[20]


def test_a_loss_that_tells_nothing_leaves_the_rate() -> None:
    def program() -> None:
        model = nn.Linear(6, 1)
        optimizer = torch.optim.SGD(model.parameters(), lr=1.0)
        for step in range(60):
            optimizer.zero_grad()
            (model(X).mean() * 0 + (-1.0) ** step).backward()
            optimizer.step()

    _, log = under("lower_learning_rate", program, **{"from": 1.0, "to": 0.01, **GIVEN})
    assert log == ["learning rate of SGD: 1 → 0.01 (× 0.01 at every step)"]


def by_hand(rate: float, steps: int = 160) -> list[float]:
    torch.manual_seed(0)
    w = (3 * torch.randn(6, 1)).requires_grad_()
    losses = []
    for _ in range(steps):
        loss = (X @ w - Y).square().mean()
        (g,) = torch.autograd.grad(loss, [w])
        with torch.no_grad():
            w -= rate * g
        losses.append(loss.item())
    return losses


@pytest.mark.parametrize(
    ("action", "to"), [("lower_learning_rate", 1e-5), ("raise_learning_rate", 4)]
)
def test_updates_by_hand_find_their_rate(action: str, to: float) -> None:
    rate = 100.0 if action == "lower_learning_rate" else 0.0005
    losses, log = under(
        action,
        lambda: by_hand(rate),
        **{"from": 1.0, "to": to, "relative": True, "trial_steps": 10, "most": max(0.5, 30 * to)},
    )
    assert chosen(log) > 2 * to
    assert losses[11] == pytest.approx(losses[1], rel=1e-5)  # the second from the same weights
    assert losses[-1] < 0.3 * by_hand(rate * to)[-1]


def sick(rates: list[float], **more: object) -> Record:
    """A record of which the rates and the optimiser matter."""
    n = len(rates)
    series = {"step": np.arange(n), "learning_rate": np.array(rates), "loss": np.ones(n)}
    known = {name: np.full(n, np.nan) for name in TrainingSeries.__dataclass_fields__}
    return Record(training=TrainingSeries(**{**known, **series}), steps=n, **more)


LOWER = Remedy("lower_learning_rate", "", {"from": 10.0, "to": 0.1}, {})


def test_trials_are_a_fortieth_of_the_run_each_and_stay_below_the_sick_rate() -> None:
    (remedy,) = judge.with_trials([LOWER], sick([10.0] * 800, optimizer="SGD"))
    assert remedy.settings == {"from": 10.0, "to": 0.1, "trial_steps": 20, "most": 2.0}
    (remedy,) = judge.with_trials([LOWER], sick([10.0] * 800, optimizer="Adam"))
    assert remedy.settings["most"] == 0.1


@pytest.mark.parametrize(
    "record",
    [
        sick([*np.linspace(0.1, 10, 100), *[10.0] * 100], optimizer="SGD"),  # a warm-up
        sick([10.0] * 200, optimizer="LBFGS"),
        sick([10.0] * 30, optimizer="SGD"),
    ],
    ids=["warm-up", "newton", "short"],
)
def test_no_trials_where_they_would_tell_nothing(record: Record) -> None:
    assert judge.with_trials([LOWER], record) == (LOWER,)


def test_a_top_that_is_held_is_not_tried() -> None:
    capped = Remedy("lower_learning_rate", "", {"from": 10.0, "to": 0.1, "cap": True}, {})
    assert judge.with_trials([capped], sick([10.0] * 800)) == (capped,)


def test_what_was_chosen_is_what_the_repair_tells() -> None:
    (planned,) = judge.with_trials([LOWER], sick([10.0] * 800))
    (told,) = judge.chosen([planned], {"lower_learning_rate": {"to": [0.3]}})
    assert told.settings == {"from": 10.0, "to": 0.3}
    (told,) = judge.chosen([planned], {})
    assert told == LOWER
    assert judge.chosen([planned], {"lower_learning_rate": {"idle": [True]}}) == ()


def test_the_optimiser_that_steps_in_the_shadow_of_another_is_the_one_to_slow() -> None:
    facts = (
        OptimizerFacts("Adam", rate=0.002, steps=100),
        OptimizerFacts("SGD", rate=30.0, steps=100),
    )
    record = sick([0.002] * 100, optimizer="Adam", circumstances=Circumstances(optimizers=facts))
    remedy = lower(record, 5, "")
    assert remedy is not None
    assert remedy.settings == {"from": 30.0, "to": 0.1}
    calm = (facts[0], OptimizerFacts("SGD", rate=0.05, steps=100))
    record = sick([0.002] * 100, optimizer="Adam", circumstances=Circumstances(optimizers=calm))
    remedy = lower(record, 5, "")
    assert remedy is not None
    assert remedy.settings["from"] == 0.002


def guarded(rate: float) -> dict[str, object]:
    return {"from": rate, "to": rate, "most": rate, "trial_steps": 40, "guard": True}


def test_a_guard_changes_nothing_where_nothing_overshoots() -> None:
    want = by_optimizer(0.01)
    got, log = under("lower_learning_rate", lambda: by_optimizer(0.01), **guarded(0.01))
    assert got == want
    assert log == []


def test_a_guard_steps_in_where_the_opening_overshoots() -> None:
    (end, losses), log = under("lower_learning_rate", lambda: by_optimizer(2.0), **guarded(2.0))
    assert chosen(log) < 0.5
    assert end < 0.01 * losses[0]


def test_a_remedy_of_something_else_gets_a_guard_that_is_not_told_of_in_vain() -> None:
    other = Remedy("normalize_input", "", {"mean": [0.0], "std": [1.0]}, {})
    carried = judge.with_trials([other], sick([10.0] * 800, optimizer="SGD"))
    assert [remedy.action for remedy in carried] == ["normalize_input", "lower_learning_rate"]
    assert carried[1].settings["from"] == carried[1].settings["to"] == 10.0
    assert judge.chosen(carried, {}) == (other,)
    told = judge.chosen(carried, {"lower_learning_rate": {"to": [2.0]}})
    assert told[1].settings == {"from": 10.0, "to": 2.0}


def test_steps_that_are_next_to_none_are_no_answer_however_flat_the_loss() -> None:
    """A candidate that moves the weights by 1e-6 tells nothing; the next is decades up."""
    given = {"from": 100.0, "to": 1e-7, "trial_steps": 10, "most": 50.0}
    (end, _), log = under("lower_learning_rate", lambda: by_optimizer(100.0), **given)
    (line,) = [line for line in log if line.startswith("tried in the opening")]
    tried = [float(each) for each in line.partition("opening: ")[2].partition(";")[0].split(", ")]
    assert tried[1] >= 30 * tried[0]
    assert chosen(log) >= 1e-4
    assert end < 0.95 * by_optimizer(1e-7)[0]


def noisy(rate: float, steps: int = 60) -> None:
    """A flat slope under losses that jump from batch to batch by far more than a step brings."""
    torch.manual_seed(0)
    model = nn.Linear(6, 1)
    optimizer = torch.optim.SGD(model.parameters(), lr=rate)
    for step in range(steps):
        optimizer.zero_grad()
        (20.0 - 3e-3 * model.weight.sum() + 0.5 * (-1.0) ** step).backward()
        optimizer.step()


def test_among_calm_rates_that_noise_hides_the_larger_one_is_taken() -> None:
    """0.02 moves the weights by less than 1e-3 of their norm a step, as rates in use do."""
    _, log = under(
        "lower_learning_rate",
        lambda: noisy(1.0),
        **{"from": 1.0, "to": 0.001, "trial_steps": 10, "most": 0.05},
    )
    assert chosen(log) == 0.02


@pytest.mark.parametrize("lost", [True, False])
def test_a_rate_that_loses_again_what_it_learnt_gives_way_to_the_next_lower(lost: bool) -> None:
    torch.manual_seed(0)
    model = nn.Linear(6, 1)
    optimizer = torch.optim.SGD(model.parameters(), lr=100.0)

    def program() -> None:
        for step in range(140):
            off = 100.0 if lost and step >= 80 else 0.0  # the trials end before
            loss = (model(X) - Y).square().mean() + off
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()

    _, log = under("lower_learning_rate", program, **{"from": 100.0, "to": 0.001, **GIVEN})
    assert any("was lost again; back to" in line for line in log) is lost


def test_a_newton_step_that_overshoots_finds_its_length() -> None:
    def program() -> tuple[float, object]:
        torch.manual_seed(0)
        model = nn.Sequential(nn.Linear(6, 16), nn.Tanh(), nn.Linear(16, 1))
        optimizer = torch.optim.LBFGS(model.parameters(), lr=20.0, max_iter=5)

        def closure() -> torch.Tensor:
            optimizer.zero_grad()
            loss = (model(X) - Y).square().mean()
            loss.backward()
            return loss

        last = [optimizer.step(closure).item() for _ in range(20)][-1]
        return last, optimizer.param_groups[0]["line_search_fn"]

    (last, search), log = under("lower_learning_rate", program, **{"from": 20.0, "to": 1.0})
    assert last < 0.1
    assert search == "strong_wolfe"
    assert "line search of LBFGS: none → strong_wolfe" in log


def test_steps_of_next_to_nothing_are_made_larger_whatever_their_losses_tell() -> None:
    """Noise hides what such steps learn; up to a thousandth of the weights none is too large."""

    def program() -> None:
        torch.manual_seed(0)
        model = nn.Linear(6, 1)
        optimizer = torch.optim.SGD(model.parameters(), lr=1e-7)
        for step in range(120):
            loss = (model(X) - Y).square().mean() + 2 * abs(step % 5 - 2)  # in each half alike
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()

    given = {"from": 1e-7, "to": 2e-5, "trial_steps": 10, "most": 1e-2}
    assert chosen(under("raise_learning_rate", program, **given)[1]) >= 6e-5


@pytest.mark.parametrize("decay", [1e-4, 1e-9])
def test_a_decay_does_not_take_the_weights_down_at_a_rate_that_was_raised(decay: float) -> None:
    seen = []

    def program() -> None:
        torch.manual_seed(0)
        model = nn.Linear(6, 1)
        optimizer = torch.optim.SGD(model.parameters(), lr=0.1, weight_decay=decay)
        optimizer.register_step_pre_hook(
            lambda o, *_: seen.append(o.param_groups[0]["weight_decay"])
        )
        for _ in range(5):
            (1e-6 * (model(X) - Y).square().mean()).backward()
            optimizer.step()
            assert optimizer.param_groups[0]["weight_decay"] == decay

    _, log = under("raise_learning_rate", program, **{"from": 0.1, "to": 100.0})
    assert any("weight decay" in line for line in log) is (decay > 1e-6)
    assert seen == [pytest.approx(min(decay, 1e-4 / 100))] * 5
