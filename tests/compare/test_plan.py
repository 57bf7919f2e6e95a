from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from compare_plans import at_rate

import rectifier
import rectifier.data
from rectifier.compare.arm import Arm
from rectifier.compare.plan import Plan
from rectifier.compare.planning import DEFAULT_ACTIVATIONS, make_plan
from rectifier.compare.trial import Setting
from rectifier.errors import InvalidInputError, UnknownNameError


def test_default_plan_is_ten_tuned_activations_on_digits() -> None:
    plan = make_plan()
    assert plan.task.name == "digits"
    assert tuple(arm.name for arm in plan.arms) == DEFAULT_ACTIVATIONS
    assert len(DEFAULT_ACTIVATIONS) == 10
    assert len(plan.seeds) >= 5
    assert len(plan.tuning_seeds) >= 3
    assert plan.search.tuned
    assert plan.baseline == "relu"
    tuning = plan.search.points * len(plan.tuning_seeds)
    assert plan.total == 10 * (tuning + len(plan.seeds) + 1)
    assert plan.total == len(plan.first_trials()) + len(plan.cost_trials()) + len(
        plan.final_trials(at_rate(plan, 0.1))
    )


def test_aliases_and_repeats_are_compared_once(quick: Callable[..., Plan]) -> None:
    plan = quick(["gelu_tanh", "GELU_new", "relu", "relu", rectifier.get("relu")])
    assert [arm.name for arm in plan.arms] == ["gelu_tanh", "relu"]


def test_unknown_names_are_told_with_the_nearest() -> None:
    with pytest.raises(UnknownNameError, match="unknown activation 'rellu'; did you mean"):
        make_plan(activations=["rellu"])
    with pytest.raises(UnknownNameError, match="unknown task 'digitz'; did you mean 'digits'"):
        make_plan("digitz")
    with pytest.raises(UnknownNameError, match="unknown optimizer 'adm'; did you mean"):
        make_plan(optimizer="adm")
    with pytest.raises(UnknownNameError, match="unknown schedule 'cosine'"):
        make_plan(schedule="cosine")


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"activations": []}, "at least one activation"),
        ({"seeds": 0}, "at least one seed; 0"),
        ({"seeds": -3}, "at least one seed"),
        ({"seeds": True}, "at least one seed"),
        ({"seeds": []}, "needs seeds; none"),
        ({"seeds": [1, 1]}, "must differ"),
        ({"seeds": [-1]}, "whole numbers from 0"),
        ({"seeds": [1.5]}, "whole numbers"),
        ({"seeds": [100]}, "seed 100 is used for tuning and for the final runs"),
        ({"tuning_seeds": ()}, "needs tuning seeds"),
        ({"tuning_seeds": None, "studies": 0}, "at least one tuning study"),
        ({"learning_rates": None, "points": 1}, "at least 2 points; 1"),
        ({"samples": 0}, "at least one sample"),
        ({"matters": -0.1}, "difference that matters must lie"),
        ({"warmup": (0.5, 0.2)}, "warm-up is a share"),
        ({"functions": ["relu"]}, "for a model of your own"),
        ({"seconds": 0}, "needs some time"),
        ({"learning_rates": []}, "at least one learning rate"),
        ({"learning_rates": [0.1, -0.1]}, "positive, finite"),
        ({"learning_rates": [float("nan")]}, "positive, finite"),
        ({"epochs": 0}, "epochs must be at least 1; it is 0"),
        ({"batch": 0}, "batch must be at least 1"),
        ({"hidden": ()}, "at least one layer"),
        ({"hidden": (8, 0)}, "at least one layer"),
        ({"weight_decay": -1}, "weight decay must be 0 or more; -1"),
        ({"target": 1.5}, "target must be at most 1"),
    ],
)
def test_values_that_make_no_sense_are_refused(
    quick: Callable[..., Plan], options: dict[str, Any], message: str
) -> None:
    with pytest.raises(InvalidInputError, match=message):
        quick(**options)


def test_two_formulas_of_one_name_are_refused(quick: Callable[..., Plan]) -> None:
    other = rectifier.define("relu", "maximum(x, 0.1)")
    with pytest.raises(InvalidInputError, match="two different activations are called 'relu'"):
        quick(["relu", other])


def test_final_runs_come_seed_by_seed(quick: Callable[..., Plan]) -> None:
    plan = quick(seeds=2)
    order = [(t.seed, t.arm.name) for t in plan.final_trials(at_rate(plan, 0.1))]
    assert order == [(0, "relu"), (0, "tanh"), (1, "relu"), (1, "tanh")]


def test_one_learning_rate_needs_no_tuning(quick: Callable[..., Plan]) -> None:
    plan = quick(learning_rates=[0.1])
    assert not plan.search.tuned
    assert plan.first_trials() == ()
    assert plan.total == 6


def test_every_setting_changes_the_hash_of_every_trial(quick: Callable[..., Plan]) -> None:
    plan = quick(["relu"], seeds=1, learning_rates=[0.1])
    (trial,) = plan.final_trials(at_rate(plan, 0.1))
    changes: dict[str, Any] = {
        "task": "other",
        "data": replace(trial.data, checksum="0" * 64),
        "arm": Arm.of(rectifier.get("tanh")),
        "subject": replace(trial.subject, options=(("hidden", (9,)),)),
        "setting": Setting(0.2),
        "augment": "flip",
        "epochs": 3,
        "batch": 33,
        "optimizer": "sgd",
        "schedule": "constant",
        "seed": 7,
        "stage": "tuning",
    }
    hashes = {replace(trial, **{name: value}).hash for name, value in changes.items()}
    settings = (Setting(0.1, warmup=0.1), Setting(0.1, weight_decay=0.1))
    hashes |= {replace(trial, setting=setting).hash for setting in settings}
    subjects = (replace(trial.subject, code="a"), replace(trial.subject, functions=("relu",)))
    hashes |= {replace(trial, subject=replace(each, name="mlp")).hash for each in subjects}
    assert len(hashes | {trial.hash}) == len(changes) + 5
    assert replace(trial).hash == trial.hash


def test_hash_tells_formulas_and_parameters_of_one_name_apart(quick: Callable[..., Plan]) -> None:
    def hashed(formula: str, **params: Any) -> str:
        own = rectifier.define("own", formula, **params)
        plan = quick([own], seeds=1)
        return plan.final_trials(at_rate(plan, 0.1))[0].hash

    learnable = rectifier.Param(1.0, learnable=True)
    assert hashed("x * sigmoid(b * x)", b=1.0) == hashed("x*sigmoid( b*x )", b=1.0)
    variants = [
        hashed("x * sigmoid(b * x)", b=1.0),
        hashed("x * sigmoid(b * x)", b=2.0),
        hashed("x * sigmoid(b * x)", b=learnable),
        hashed("x * tanh(b * x)", b=1.0),
    ]
    assert len(set(variants)) == 4


def test_changed_data_change_the_hash(quick: Callable[..., Plan], blobs: Any) -> None:
    plan = quick(["relu"], seeds=1)
    before = plan.final_trials(at_rate(plan, 0.1))[0].hash
    x, y = blobs.load.args
    changed = x.copy()
    changed[0, 0] += 1e-3
    other = rectifier.compare.make_plan(
        rectifier.data.from_arrays("blobs", changed, y, target=0.8),
        ["relu"], 1, learning_rates=plan.search.grid, tuning_seeds=(100,),
        epochs=2, batch=32, hidden=(8,), timing=False,
    )  # fmt: skip
    assert other.settings == plan.settings
    assert other.final_trials(at_rate(other, 0.1))[0].hash != before
    assert other.hash != plan.hash
