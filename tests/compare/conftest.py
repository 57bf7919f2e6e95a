from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import pytest
from compare_plans import at_rate

from rectifier import data
from rectifier.compare.plan import Plan
from rectifier.compare.planning import make_plan
from rectifier.compare.trial import Outcome
from rectifier.data import Task

QUICK: Mapping[str, Any] = {
    "learning_rates": (1e-2, 3e-2),
    "tuning_seeds": (100,),
    "epochs": 2,
    "batch": 32,
    "hidden": (8,),
    "timing": False,
}
"""Options of a plan whose trials take hundredths of a second."""


@pytest.fixture(scope="session")
def blobs() -> Task:
    """Four clouds of points on a circle: learned in an epoch or two."""
    generator = np.random.default_rng(0)
    labels = np.arange(200) % 4
    angle = labels * np.pi / 2
    points = np.column_stack([np.cos(angle), np.sin(angle)])
    points += generator.normal(0, 0.4, points.shape)
    return data.from_arrays("blobs", points, labels, target=0.8)


@pytest.fixture(scope="session")
def quick(blobs: Task) -> Callable[..., Plan]:
    """Makes small plans."""

    def make(activations: Any = ("relu", "tanh"), seeds: Any = 3, **options: Any) -> Plan:
        return make_plan(blobs, activations, seeds, **{**QUICK, **options})

    return make


OutcomesOf = Callable[..., dict[str, Outcome]]


@pytest.fixture(scope="session")
def outcomes_of() -> OutcomesOf:
    """Makes outcomes by hand."""
    return _outcomes_of


def _outcomes_of(
    plan: Plan,
    scores: Mapping[str, tuple[float | None, ...]],
    step_times: Mapping[str, float] | None = None,
    **fields: Any,
) -> dict[str, Outcome]:
    """Outcomes by hand: the test scores of each activation, None for a diverged run.

    In tuning, the first learning rate is always the best.
    """
    found = {}
    for trial in plan.first_trials():
        best = trial.setting.learning_rate == plan.search.grid[0]
        found[trial.hash] = Outcome("finished", validation=0.9 if best else 0.5)
    for trial in plan.final_trials(at_rate(plan, plan.search.grid[0])):
        score = scores[trial.arm.name][plan.seeds.index(trial.seed)]
        found[trial.hash] = (
            Outcome("diverged", reason="the loss became nan in epoch 1, step 3")
            if score is None
            else Outcome(
                "finished",
                train_loss=(1.0, 0.5),
                validation_score=(0.5, 0.9),
                best_epoch=2,
                validation=0.9,
                test=score,
                **{"dead": 0.25, "sparsity": 0.5, **fields},
            )
        )
    for trial in plan.cost_trials():
        time = (step_times or {}).get(trial.arm.name, 1e-3)
        found[trial.hash] = Outcome("finished", step_time=time, memory=1e6, joules=0.01)
    return found
