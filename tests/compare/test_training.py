from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace

import pytest
import torch
from compare_plans import finals
from torch import nn

import rectifier
from rectifier.compare import course, training
from rectifier.compare.mechanism import measure
from rectifier.compare.plan import Plan
from rectifier.compare.planning import make_plan
from rectifier.compare.trial import Outcome, Setting, Trial
from rectifier.data import Dataset, Task
from rectifier.errors import InvalidInputError

Quick = Callable[..., Plan]


def final(plan: Plan, place: int = 0, rate: float = 1e-2) -> Trial:
    return finals(plan, rate)[place]


def numbers(outcome: Outcome) -> Outcome:
    """An outcome without its times."""
    return replace(outcome, seconds=0.0)


def test_a_trial_gives_the_same_numbers_whatever_ran_before(quick: Quick, blobs: Task) -> None:
    trial = final(quick(epochs=5), rate=0.05)
    first = training.attempt(trial, blobs.load)
    torch.manual_seed(77)
    torch.randn(5)
    training.attempt(final(quick(), 1), blobs.load)
    assert numbers(training.attempt(trial, blobs.load)) == numbers(first)
    assert first.status == "finished", first.reason
    assert len(first.train_loss) == len(first.validation_score) == 5
    assert first.train_loss[-1] < first.train_loss[0]
    assert first.test is not None
    assert first.test > 0.5
    assert first.validation == max(first.validation_score)
    assert first.validation_score[first.best_epoch - 1] == first.validation
    assert first.seconds > 0
    assert math.isfinite(first.gradient_flow)
    assert first.sharpness > 0


def test_global_state_is_left_alone(quick: Quick, blobs: Task) -> None:
    threads, state = torch.get_num_threads(), torch.random.get_rng_state()
    torch.set_num_threads(2)
    training.attempt(final(quick()), blobs.load)
    assert torch.get_num_threads() == 2
    assert torch.equal(torch.random.get_rng_state(), state)
    torch.set_num_threads(threads)


def test_seeds_and_rates_matter(quick: Quick, blobs: Task) -> None:
    plan = quick()
    first = training.attempt(final(plan), blobs.load)
    assert training.attempt(final(plan, 2), blobs.load).train_loss != first.train_loss
    assert training.attempt(final(plan, 0, 0.05), blobs.load).train_loss != first.train_loss


def test_tuning_does_not_open_the_test_split(quick: Quick, blobs: Task) -> None:
    trial = quick().first_trials()[0]

    class Sealed(Dataset):
        def __getattribute__(self, name: str) -> object:
            if name.startswith("test_") and object.__getattribute__(self, "sealed"):
                raise AssertionError("the test split was opened")
            return super().__getattribute__(name)

        sealed = False

    plain = blobs.load(trial.seed)
    sealed = Sealed(**{name: getattr(plain, name) for name in Dataset.__dataclass_fields__})
    assert sealed.checksum == plain.checksum
    object.__setattr__(sealed, "sealed", True)
    outcome = training.run_trial(trial, sealed)
    assert outcome.status == "finished"
    assert outcome.test is None
    with pytest.raises(AssertionError, match="opened"):
        training.run_trial(replace(trial, stage="final"), sealed)


def test_divergence_is_a_result_with_its_place(quick: Quick, blobs: Task) -> None:
    cube = rectifier.define("cube", "x**9 * exp(x)")
    outcome = training.attempt(
        final(quick([cube], optimizer="sgd", epochs=20), rate=10.0), blobs.load
    )
    assert outcome.status == "diverged"
    assert "became" in outcome.reason
    assert "epoch" in outcome.reason
    assert outcome.test is None
    assert all(math.isfinite(loss) for loss in outcome.train_loss)


def test_exception_is_a_result_with_its_reason(quick: Quick) -> None:
    def broken(seed: int) -> Dataset:
        raise InvalidInputError(f"no data for seed {seed}")

    outcome = training.attempt(final(quick()), broken)
    assert outcome.status == "error"
    assert outcome.reason == "InvalidInputError: no data for seed 0"


def test_other_data_than_planned_are_refused(quick: Quick, blobs: Task) -> None:
    outcome = training.attempt(final(quick()), lambda seed: blobs.load(seed + 1))
    assert outcome.status == "error"
    assert "are not those of the plan" in outcome.reason


@pytest.mark.parametrize("optimizer", ["adam", "adamw", "sgd"])
@pytest.mark.parametrize("schedule", ["linear", "constant"])
def test_every_optimizer_and_schedule_learns(
    quick: Quick, blobs: Task, optimizer: str, schedule: str
) -> None:
    plan = quick(["relu"], optimizer=optimizer, schedule=schedule, epochs=10, weight_decay=1e-4)
    outcome = training.attempt(final(plan, rate=0.06), blobs.load)
    assert outcome.status == "finished", outcome.reason
    assert outcome.test is not None
    assert outcome.test > 0.7


def test_linear_schedule_ends_at_zero(quick: Quick, blobs: Task) -> None:
    """With the rate at zero nothing moves any more: the last epochs' losses settle."""

    def last_change(schedule: str) -> float:
        plan = quick(["tanh"], epochs=12, schedule=schedule)
        losses = training.attempt(final(plan, rate=0.1), blobs.load).train_loss
        return abs(losses[-1] - losses[-2])

    assert last_change("linear") < 0.5 * last_change("constant")


def test_same_draws_for_all_activations_of_a_seed(quick: Quick, blobs: Task) -> None:
    """Twins by formula train alike: the pairing leaves only rounding between them."""
    twin = rectifier.define("twin", "maximum(x, 0)")
    plan = quick(["relu", twin], epochs=3)
    relu, own = (training.attempt(final(plan, place), blobs.load) for place in (0, 1))
    assert own.train_loss == pytest.approx(relu.train_loss, rel=1e-4)


def test_dead_units_and_zeros_are_counted() -> None:
    model = nn.Sequential(nn.Linear(4, 8), nn.ReLU(), nn.Linear(8, 2))
    with torch.no_grad():
        model[0].bias[:2] = -100.0
        model[0].bias[2:] = 100.0
    x = torch.rand(10, 4)
    assert measure(model, x) == (0.25, 0.25, "")
    model[1] = nn.LeakyReLU()
    assert measure(model, x) == (0.0, 0.0, "")


def test_functional_activations_are_counted_too() -> None:
    class Functional(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.layer = nn.Linear(4, 8)

        def forward(self, x: torch.Tensor) -> torch.Tensor:
            return nn.functional.relu(self.layer(x))

    model = Functional()
    with torch.no_grad():
        model.layer.bias.fill_(-100.0)
    assert measure(model, torch.rand(10, 4)) == (1.0, 1.0, "")
    assert all(map(math.isnan, measure(nn.Linear(4, 2), torch.rand(3, 4))[:2]))


def test_a_trial_that_takes_too_long_is_a_result(quick: Quick, blobs: Task) -> None:
    outcome = training.attempt(final(quick(epochs=1000)), blobs.load, seconds=0.01)
    assert outcome.status == "timeout"
    assert "out of time" in outcome.reason


def test_memory_that_runs_out_is_a_result(
    quick: Quick, blobs: Task, monkeypatch: pytest.MonkeyPatch
) -> None:
    def greedy(*args: object) -> Outcome:
        torch.empty(1 << 60)
        raise AssertionError("that much memory?")

    monkeypatch.setattr(training, "run_trial", greedy)
    outcome = training.attempt(final(quick()), blobs.load)
    assert (outcome.status, outcome.reason) == ("error", "out of memory")


@pytest.mark.parametrize("name", ["housing", "signed_series", "cart_pole", "char_lm"])
def test_every_kind_of_task_is_learned(name: str) -> None:
    """A short training beats guessing, by what each kind of score calls guessing."""
    small = {"epochs": 5, "batch": 16} if name == "cart_pole" else {"samples": 1000}
    small |= {"epochs": 1} if name == "char_lm" else {}
    plan = make_plan(
        name, ["tanh"], 1, learning_rates=[0.01], timing=False, **{"epochs": 4, **small}
    )
    outcome = training.attempt(final(plan), plan.task.load)
    assert outcome.status == "finished", outcome.reason
    least = {"housing": 0.3, "signed_series": 0.1, "cart_pole": 0.06, "char_lm": 0.1}[name]
    assert outcome.test is not None
    assert outcome.test > least > plan.facts[0].guess
    again = training.attempt(final(plan), plan.task.load)
    assert numbers(again).to_dict() == numbers(outcome).to_dict()


def test_augmentation_moves_and_mirrors_and_is_drawn_from_the_seed(quick: Quick) -> None:
    x = torch.arange(2 * 1 * 20 * 20, dtype=torch.float32).reshape(2, 1, 20, 20) + 1
    draw = torch.Generator().manual_seed(0)
    moved = [course.augmented(x, "flip", draw) for _ in range(40)]
    assert all(each.shape == x.shape for each in moved)
    assert len({each.sum().item() for each in moved}) > 5
    mirrored = sum(bool((each[0, 0, 5, 5] > each[0, 0, 5, 6]).item()) for each in moved)
    assert 5 < mirrored < 35
    shifted = course.augmented(x, "shift", torch.Generator().manual_seed(1))
    inner = shifted[0, 0, 4:16, 4:16]
    assert set(inner.flatten().tolist()) <= set(x[0].flatten().tolist())
    assert torch.equal(shifted, course.augmented(x, "shift", torch.Generator().manual_seed(1)))
    assert course.augmented(x, "", draw) is x


def test_warm_up_rises_and_the_schedule_falls(quick: Quick) -> None:
    trial = replace(final(quick()), setting=Setting(0.1, warmup=0.2))
    factors = [course.factor(trial, step, 100) for step in range(100)]
    assert factors[0] == pytest.approx(0.05)
    assert factors[19] == pytest.approx(0.81)
    assert factors[60] == pytest.approx(0.4)
    assert max(factors) == factors[19]
    flat = replace(trial, schedule="constant", setting=Setting(0.1))
    assert {course.factor(flat, step, 100) for step in range(100)} == {1.0}
