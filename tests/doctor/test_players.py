"""An output that enters a judge and not a loss: sick, healthy and borderline."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
from doctor_records import layer, site, told

from rectifier.doctor.rules import unsuitable_output_activation
from rectifier.watch.record import Feed, Head, OptimizerFacts

ADAM = OptimizerFacts("Adam", 1e-3, 0, 2, 2, 0, 300)


def players(function="sigmoid", low=-1.0, high=1.0, mean=-0.1, std=0.6, units=1, **more):
    last = dataclasses.replace(site("out.act", units=units, function=function), model="Maker")
    judge = dataclasses.replace(site("j.act", order=1), model="Judge")
    made = dataclasses.replace(layer("out"), model="Maker")
    features = [np.array([value]) for value in (mean, std, low, high)]
    found = told(
        unsuitable_output_activation,
        last,
        judge,
        layers=(made, dataclasses.replace(layer("j"), model="Judge")),
        feeds=(Feed("j", "conv", *features, seen=1000),),
        **{"optimizers": (ADAM, ADAM)} | more,
    )
    return [f for f in found if "data_low" in f.evidence]


def test_data_that_a_generator_cannot_reach() -> None:
    (finding,) = players()
    assert (finding.severity, finding.layer) == ("warning", "out")
    assert finding.remedies[0].settings == {"from": "sigmoid", "to": "tanh"}
    (finding,) = players("tanh", 0.0, 255.0, 90.0, 60.0)
    assert finding.remedies[0].settings["to"] == "identity"


@pytest.mark.parametrize(
    "other",
    [
        {"low": 0.0, "mean": 0.3, "std": 0.3},  # data of its range
        {"low": -0.4, "mean": 0.13, "std": 0.31},  # noise put on them
        {"low": -1.0, "mean": 0.6, "std": 0.3},  # a few stray ones
        {"function": "tanh"},
        {"function": "relu"},
        {"units": 3},  # not what the judge is given
        {"optimizers": (ADAM,)},
        {"heads": (Head(("mse_loss", "sigmoid", "convolution"), "out"),)},
    ],
)
def test_what_is_not_told(other) -> None:
    assert players(**other) == []
