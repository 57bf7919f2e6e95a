"""Parameters meant to learn that get no gradient, or but rounding: sick, healthy, borderline."""

from __future__ import annotations

from dataclasses import replace

import pytest
import torch
from doctor_records import STUCK, layer, told, training, weight
from torch import nn

from rectifier.doctor.finding import Remedy
from rectifier.doctor.remedies import build
from rectifier.doctor.rules import frozen_parameters
from rectifier.watch.record import OptimizerFacts

ADAM = OptimizerFacts("Adam", 1e-3, 0, 4, 4, 0, 100)


def frozen(**more):
    known = {"trainable": False, "held": False, "steps": 0, "reached": 0, "asked": True}
    return weight("layer4.weight", **{**known, **more})


@pytest.mark.parametrize(("loss", "severity"), [(None, "warning"), (STUCK, "error")])
def test_a_module_that_was_told_by_an_attribute(loss, severity) -> None:
    trained = training() if loss is None else loss
    (finding,) = told(frozen_parameters, parameters=(weight(), frozen()), trained=trained)
    assert (finding.severity, finding.layer) == (severity, "layer4")
    assert finding.remedies[0].settings["how"] == "heed"


@pytest.mark.parametrize(
    "other",
    [
        frozen(asked=False),
        frozen(trainable=True, held=True, steps=10, reached=10),
        frozen(ran=False),
    ],
)
def test_what_nobody_asked_for_or_what_learns(other) -> None:
    assert told(frozen_parameters, parameters=(weight(), other)) == ()


def test_the_remedy_frees_what_was_told() -> None:
    model = nn.Sequential(nn.Linear(3, 3), nn.Linear(3, 2))
    for parameter in model.parameters():
        parameter.requires_grad = False
    model[1].requires_grad = True
    optimizer = torch.optim.SGD([torch.zeros(1, requires_grad=True)], lr=0.1)
    build(Remedy("add_to_optimizer", "", {"how": "heed"})).apply(model, optimizer)
    assert [p.requires_grad for p in model.parameters()] == [False, False, True, True]
    held = {id(p) for group in optimizer.param_groups for p in group["params"]}
    assert held >= {id(p) for p in model[1].parameters()}


def two(gradient: float, optimizers=(ADAM,), peak: float = 0.0):
    """An actor, and a critic whose gradient is one."""
    of_actor = replace(layer("actor", gradient_norm=gradient), model="Actor")
    if peak:
        of_actor.gradient_norm[0] = peak
    return told(
        frozen_parameters,
        parameters=(
            weight("actor.weight", model="Actor"),
            weight("critic.weight", model="Critic"),
        ),
        layers=(of_actor, replace(layer("critic", gradient_norm=1.0), model="Critic")),
        optimizers=optimizers,
    )


def test_a_gradient_that_is_rounding_alone() -> None:
    (finding,) = two(1e-7)
    assert (finding.severity, finding.layer) == ("error", "actor")
    assert "cancel" in finding.cause


@pytest.mark.parametrize("gradient", [1e-5, 1e-3, 0.0])
def test_a_gradient_that_is_small_or_none(gradient) -> None:
    """None at all is another case's; small ones are a loss's weight."""
    assert not [f for f in two(gradient) if "cancel" in f.cause]


def test_a_gradient_that_once_was_there_or_another_optimizers() -> None:
    assert two(1e-7, peak=1e-2) == ()
    assert two(1e-7, optimizers=(ADAM, ADAM)) == ()
