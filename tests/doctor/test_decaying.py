"""A weight decay that pulls harder than the gradient: sick, healthy and borderline records."""

from __future__ import annotations

import dataclasses
import math

import numpy as np
import pytest
from doctor_records import STEPS, falling, layer, told, training, weight

from rectifier.doctor.rules import vanishing_gradient
from rectifier.watch.record import OptimizerFacts


def pulled(kind="Adam", rate=1e-3, decay=1.0, gradient=1e-3, end=1.8, others=(), **facts):
    apart = kind == "AdamW"
    own = OptimizerFacts(kind, rate, 0, 2, 2, 0, STEPS, decay=decay, apart=apart)
    names = ("fc1", "fc2", "fc3")
    layers = [layer(n, order=i, gradient_rms=gradient, **facts) for i, n in enumerate(names)]
    found = told(
        vanishing_gradient,
        trained=training(loss=falling(2.3, end)),
        layers=tuple(layers),
        parameters=tuple(weight(f"{n}.weight", std=0.1) for n in names),
        optimizers=(own, *others),
    )
    return [(f.severity, f.remedies[0].settings["decay"]) for f in found]


def test_a_decay_in_the_gradient_that_is_larger_than_it() -> None:
    assert pulled() == [("warning", 1e-3)]  # 0.1 of weight times 1, and a gradient of 1e-3
    assert pulled(end=2.3) == [("error", 1e-3)]
    assert pulled(decay=0.03, gradient=1e-3) == [("warning", 1e-3)]
    assert pulled(decay=0.029, gradient=1e-3) == []
    assert pulled(end=1.1) == []
    assert pulled(gradient=math.nan) == []


@pytest.mark.parametrize(("rate", "count"), [(1e-2, 1), (1e-3, 0)])
def test_plain_steps_are_as_small_as_the_decay(rate, count) -> None:
    assert len(pulled("SGD", rate=rate)) == count  # 300 steps of 1 % forget, of 0.1 % do not


@pytest.mark.parametrize(("rate", "decay", "count"), [(3e-3, 10.0, 1), (1e-3, 1.0, 0)])
def test_a_decay_apart_from_the_gradient(rate, decay, count) -> None:
    assert pulled("AdamW", rate=rate, decay=decay, gradient=1e-9) == count * [("warning", True)]


def test_of_several_optimizers_nobody_knows_whose_decay_it_is() -> None:
    other = OptimizerFacts("SGD", 0.1, 0, 2, 2, 0, STEPS)
    assert pulled(others=(other,)) == []
    idle = dataclasses.replace(other, steps=0)
    assert len(pulled(others=(idle,))) == 1


def test_weights_that_are_gone_are_told_though_scales_and_tables_are_left() -> None:
    kept = (("Embedding", 3.0), ("BatchNorm1d", 1.0))
    gone = layer("fc", order=2, weight_norm=np.geomspace(5.0, 1e-9, STEPS))
    others = [
        dataclasses.replace(layer(f"k{i}", order=i, weight_norm=norm), kind=kind)
        for i, (kind, norm) in enumerate(kept)
    ]
    for end, severity in ((2.3, "error"), (1.8, "warning")):
        curve = training(loss=falling(2.3, end))
        (finding,) = told(vanishing_gradient, trained=curve, layers=(*others, gone))
        assert finding.severity == severity
        assert finding.layer == "fc"
        assert "next to nothing" in finding.cause
    learnt = training(loss=falling(2.3, 1.0))
    assert told(vanishing_gradient, trained=learnt, layers=(*others, gone)) == ()
