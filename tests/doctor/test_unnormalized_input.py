"""Rule unnormalized_input on hand-made records: sick, healthy and borderline."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
import torch
from doctor_records import STUCK, falling, site, told, training
from torch import nn

from rectifier.doctor.remedies import build
from rectifier.doctor.rules import unnormalized_input
from rectifier.watch.record import Feed, Head


def feed(scale, spread=0.0, features=8, seen=500) -> Feed:
    mean, std = np.full(features, spread), np.full(features, 1.0)
    std[0], mean[0] = scale, 0.0
    return Feed("fc1", "linear", mean, std, mean - 2 * std, mean + 2 * std, mean, std, seen)


@pytest.mark.parametrize(
    ("scale", "loss", "severity"),
    [(1.0, 2.3, None), (25.0, 2.3, None), (40.0, 2.3, "error"), (400.0, None, "warning")],
)
def test_the_scale_of_the_data(scale, loss, severity) -> None:
    noisy = site("fc1.relu", series={"input_std": scale / 2})
    trained = training(loss=falling(2.3, 0.1) if loss is None else loss)
    found = told(unnormalized_input, noisy, trained=trained, feeds=(feed(scale),))
    assert [f.severity for f in found] == ([severity] if severity else [])
    if severity:
        assert found[0].remedies[0].action == "normalize_input"
        assert len(found[0].remedies[0].settings["mean"]) == 8


@pytest.mark.parametrize(
    ("scale", "loss", "severity"),
    [(0.002, 2.3, "error"), (0.002, None, None), (0.05, 2.3, None)],
)
def test_inputs_that_are_all_tiny(scale, loss, severity) -> None:
    level = np.full(8, scale)
    small = Feed("fc1", "conv", level, level, 0 * level, 2 * level, level, level, 500)
    trained = training(loss=falling(2.3, 0.1) if loss is None else loss)
    found = told(unnormalized_input, site("fc1.relu"), trained=trained, feeds=(small,))
    assert [f.severity for f in found] == ([severity] if severity else [])


@pytest.mark.parametrize(
    ("function", "scale", "spread", "found"),
    [
        ("sin", 27.0, 350.0, 1),
        ("sin", 27.0, 7.0, 0),  # weights as small as the scale is large
        ("sin", 1.0, 900.0, 0),  # a first frequency of three thousand, as for sound
        ("tanh", 27.0, 350.0, 0),
    ],
)
def test_coordinates_too_large_for_sines(function, scale, spread, found) -> None:
    level = np.full(2, scale)
    pixels = Feed("fc1", "linear", 0 * level, level, -level, level, 0 * level, level, 500)
    sine = site("fc1.sin", layer="fc1", function=function, series={"input_std": spread})
    told_ = told(unnormalized_input, sine, trained=training(falling(1.0, 0.1)), feeds=(pixels,))
    assert [f.severity for f in told_] == ["warning"] * found


def test_a_normalisation_behind_the_first_layer_makes_up_for_it() -> None:
    after = site("bn.relu", layer_kind="BatchNorm1d", series={"input_std": 1.0})
    found = told(unnormalized_input, after, trained=STUCK, feeds=(feed(400.0),))
    assert [f.severity for f in found] == ["info"]


def test_outliers_do_not_set_the_scale_of_the_remedy() -> None:
    odd = feed(400.0)
    odd = dataclasses.replace(odd, middle=odd.mean, width=np.ones(8))
    (finding,) = told(unnormalized_input, site(), trained=STUCK, feeds=(odd,))
    assert finding.remedies[0].settings["std"][0] == 1.0
    assert finding.remedies[0].settings["clip"] == 5.0


def test_one_remedy_scales_what_enters_every_network() -> None:
    actor, critic = feed(400.0), dataclasses.replace(feed(400.0, features=9), layer="q")
    small = dataclasses.replace(feed(1.0, features=5), layer="v")
    (finding,) = told(
        unnormalized_input, site("fc1.relu"), trained=STUCK, feeds=(actor, critic, small)
    )
    (remedy,) = finding.remedies
    assert remedy.scope["layers"] == ["fc1", "q"]
    assert [len(other["mean"]) for other in remedy.settings["others"]] == [9]
    hung = build(remedy)
    model = nn.ModuleDict({"fc1": nn.Linear(8, 2), "q": nn.Linear(9, 2)})
    hung.apply(model, None)
    for name, width in (("fc1", 8), ("q", 9)):
        raw = torch.full((1, width), 400.0)
        raw[:, 1:] = 0.0
        plain = raw.clone()
        plain[:, 0] = 1.0
        layer = model[name]
        expected = torch.nn.functional.linear(plain, layer.weight, layer.bias)
        torch.testing.assert_close(layer(raw), expected)


@pytest.mark.parametrize(
    ("offset", "dead", "loss", "severity"),
    [
        (8.0, 30, None, "warning"),
        (8.0, 30, 2.3, "error"),
        (8.0, 20, None, None),  # off centre, and no harm done
        (4.0, 30, None, None),  # the dead have another reason
    ],
)
def test_data_that_lie_far_from_nought_all_on_one_side(offset, dead, loss, severity) -> None:
    mean, std = np.zeros(64), np.ones(64)
    mean[:2] = offset * np.sqrt(32)  # the spread of all features together is eight
    data = Feed("fc1", "linear", 0.3 * mean, 0.3 * std, mean - 1, mean + 1, mean, std, 500)
    first = site("fc1.relu", born_dead=dead)
    trained = training(loss=falling(2.3, 0.1) if loss is None else loss)
    found = told(unnormalized_input, first, trained=trained, feeds=(data,))
    assert [f.severity for f in found] == ([severity] if severity else [])
    if severity:
        assert found[0].evidence["offset"] == pytest.approx(offset)
        assert found[0].remedies[0].action == "normalize_input"


@pytest.mark.parametrize(
    ("chain", "facts", "end", "severity"),
    [
        (("mse_loss", "addmm"), {"target_std": 1.0, "width": 4}, 0.1, "info"),
        (("mse_loss", "addmm"), {"target_std": 1.0, "width": 4}, 0.3, "warning"),
        (("mse_loss", "addmm"), {"target_std": 1.0, "width": 64}, 0.1, "warning"),  # its own input
        (("nll_loss", "log_softmax", "addmm"), {"width": 10}, 0.4, "info"),
        (("nll_loss", "log_softmax", "addmm"), {"width": 10}, 1.5, "warning"),
    ],
)
def test_units_lost_off_centre_that_were_not_missed(chain, facts, end, severity) -> None:
    mean, std = np.full(64, 8.0), np.ones(64)
    data = Feed("fc1", "linear", 0.3 * mean, 0.3 * std, mean - 1, mean + 1, mean, std, 500)
    found = told(
        unnormalized_input,
        site("fc1.relu", born_dead=50),
        trained=training(loss=falling(2.3, end)),
        feeds=(data,),
        heads=(Head(chain, "out", **facts),),
    )
    assert [f.severity for f in found] == [severity]
    assert bool(found[0].remedies) == (severity != "info")
