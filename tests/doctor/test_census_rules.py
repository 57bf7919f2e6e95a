"""Rules on parameters, data and steps, on hand-made records: sick, healthy and borderline."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
from doctor_records import curve, falling, layer, record, site, training

from rectifier.doctor.rules import (
    dormant_units,
    frozen_parameters,
    learning_rate_too_low,
    poor_initialization,
    saturated_activation,
    symmetric_initialization,
    unnormalized_input,
    unsuitable_activation,
)
from rectifier.watch.record import Circumstances, Feed, Head, OptimizerFacts, ParameterFacts

STUCK = training(loss=2.3)


def weight(name: str = "fc1.weight", **facts) -> ParameterFacts:
    values = {
        "layer": name.rpartition(".")[0],
        "model": "Net",
        "shape": (32, 64),
        "fan_in": 64,
        "reached": 10,
        "looked": 10,
        "steps": 10,
        "with_gradient": 10,
        "nonzero": 10,
        "std": 0.1,
        "mean": 0.0,
        "alike_start": 0.0,
        "alike_end": 0.0,
        "moved": 0.5,
    } | facts
    return ParameterFacts(name, **values)


def told(rule, *sites, trained=None, layers=(), **facts):
    adam = OptimizerFacts("Adam", 1e-3, 0, 2, 2, 0, 300)
    values = {"optimizers": (adam,), "losses": 10, "backwards": 300} | facts
    made = record(*sites, trained=trained, layers=layers, circumstances=Circumstances(**values))
    return rule.RULE.check(made)


# frozen_parameters


def test_an_optimizer_of_frozen_parameters() -> None:
    idle = OptimizerFacts("SGD", 0.1, 0, 4, 0, 0, 0)
    (finding,) = told(frozen_parameters, optimizers=(idle,), parameters=(weight(trainable=False),))
    assert finding.severity == "error"
    assert finding.remedies[0].settings["how"] == "unfreeze"


def test_an_optimizer_that_never_steps() -> None:
    idle = OptimizerFacts("SGD", 0.1, 0, 4, 4, 0, 0)
    (finding,) = told(frozen_parameters, optimizers=(idle,), parameters=(weight(steps=0),))
    assert finding.remedies[0].settings["how"] == "step"
    assert told(frozen_parameters, optimizers=(idle,), backwards=9) == ()


@pytest.mark.parametrize("with_gradient", [0, 10])
def test_gradients_that_are_gone_at_the_step(with_gradient) -> None:
    gone = weight(with_gradient=with_gradient, nonzero=0)
    (finding,) = told(frozen_parameters, parameters=(gone,))
    assert finding.remedies[0].settings["how"] == "keep_gradient"


def test_parameters_that_no_optimizer_holds() -> None:
    left = weight("body.weight", held=False, steps=0, with_gradient=0, nonzero=0, late=True)
    (finding,) = told(frozen_parameters, parameters=(weight(), left))
    assert finding.severity == "error"
    assert finding.layer == "body"
    assert "after the optimiser" in finding.cause
    unregistered = weight("0", model="", held=False, steps=0)
    assert "parameters() does not list" in (
        told(frozen_parameters, parameters=(weight(), unregistered))[0].cause
    )


def test_freezing_on_purpose_is_no_fault() -> None:
    frozen = weight("base.weight", trainable=False, held=False, steps=0, reached=0)
    loaded = weight("base.weight", loaded=True, held=False, steps=0)
    critic = weight("vgg.weight", model="Critic", held=False, steps=0)
    for other in (frozen, loaded, critic):
        assert told(frozen_parameters, parameters=(weight(), other)) == ()


def test_a_layer_that_runs_and_is_cut_off() -> None:
    nothing = {"reached": 0, "with_gradient": 0, "nonzero": 0}
    cut = weight("encoder.weight", moved=0.0, **nothing)
    (finding,) = told(frozen_parameters, parameters=(weight(), cut))
    assert finding.severity == "error"
    assert "cut off from the loss" in finding.cause
    by_hand = weight("codebook.weight", moved=0.3, **nothing)
    assert told(frozen_parameters, parameters=(weight(), by_hand)) == ()
    unused = weight("spare.weight", moved=0.0, ran=False, **nothing)
    others = [weight(f"layer{i}.weight") for i in range(4)]
    (note,) = told(frozen_parameters, parameters=(*others, unused))
    assert note.severity == "info"
    (finding,) = told(frozen_parameters, parameters=(weight(), unused))
    assert finding.severity == "warning"


# symmetric_initialization


def test_units_that_stay_copies() -> None:
    alike = weight(alike_start=0.97, alike_end=0.97)
    (finding,) = told(symmetric_initialization, parameters=(alike,))
    assert finding.severity == "error"
    assert finding.remedies[0].settings == {"alike": True}


@pytest.mark.parametrize(
    "facts",
    [
        {"alike_start": 0.97, "alike_end": 0.0},  # told apart by training
        {"alike_start": 0.97, "alike_end": 0.0, "zero_start": True},  # LoRA's second factor
        {"alike_start": 0.4, "alike_end": 0.4},
        {"alike_start": 0.97, "alike_end": 0.97, "trainable": False},
    ],
)
def test_units_that_become_different_are_no_fault(facts) -> None:
    assert told(symmetric_initialization, parameters=(weight(**facts),)) == ()


# unnormalized_input


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


# learning_rate_too_low


def slow(update=1e-6, loss=2.29, moved=1e-3, **facts):
    trained = training(loss=loss, update=update, rate=1e-5)
    return told(learning_rate_too_low, trained=trained, parameters=(weight(moved=moved, **facts),))


def test_steps_too_small_to_get_anywhere() -> None:
    (finding,) = slow()
    assert finding.severity == "error"
    (remedy,) = finding.remedies
    assert remedy.action == "raise_learning_rate"
    assert remedy.settings["to"] == pytest.approx(0.03)


@pytest.mark.parametrize(
    "facts",
    [
        {"update": 1e-3},  # steps of the usual size
        {"moved": 0.1},  # the weights got somewhere
        {"loaded": True},  # fine-tuning
        {"loss": falling(2.3, 0.2)},  # and so did the loss
    ],
)
def test_small_steps_that_do_are_no_fault(facts) -> None:
    assert slow(**facts) == ()


def test_a_schedule_that_ends_the_training_early() -> None:
    rate = curve(0.1)
    rate[50:] = 1e-6
    update = curve(1e-2)
    update[50:] = 1e-7
    trained = training(loss=1.5, update=update, rate=rate)
    (finding,) = told(learning_rate_too_low, trained=trained, parameters=(weight(),))
    assert finding.first_step == 50
    assert finding.remedies[0].settings["hold"] is True
    rate = np.geomspace(0.1, 1e-5, 300)  # a cosine or a decade each quarter, to the end
    assert told(learning_rate_too_low, trained=training(rate=rate), parameters=(weight(),)) == ()


# saturated_activation


def shut(loss=2.3, saturated=0.95, function="tanh", **facts):
    flat = site("fc1.tanh", function=function, series={"saturated": saturated, "input_std": 9.0})
    return told(saturated_activation, flat, trained=training(loss=loss), **facts)


def test_bounded_units_on_their_flat_side() -> None:
    (finding,) = shut()
    assert finding.severity == "error"
    assert "± 9" in finding.cause
    assert shut(saturated=0.3) == ()
    assert shut(function="relu") == ()


def test_saturation_at_the_output_is_certainty() -> None:
    head = Head(("binary_cross_entropy", "tanh", "addmm"), "fc1")
    assert shut(heads=(head,)) == ()
    last = (layer("fc0", order=0), layer("fc1", order=1))
    assert shut(layers=last) == ()
    assert shut(layers=(layer("fc1", order=0), layer("fc2", order=1))) != ()


def test_trained_gates_saturate_by_design() -> None:
    late = curve(0.0)
    late[150:] = 0.99
    found = shut(loss=falling(2.3, 0.1), saturated=late)
    assert [f.severity for f in found if f.severity != "info"] == []


# dormant_units


@pytest.mark.parametrize(
    ("share", "loss", "severity"),
    [(0.05, 2.3, None), (0.3, 2.3, "info"), (0.6, 2.3, "warning"), (0.6, None, "info")],
)
def test_units_that_give_next_to_nothing(share, loss, severity) -> None:
    made = site("fc1.gelu", function="gelu", units=100)
    values = np.full(100, 0.4)
    values[: int(100 * share)] = 1e-4
    object.__setattr__(made.unit, "mean_abs_recent", values)
    trained = training(loss=falling(2.3, 0.1) if loss is None else loss)
    found = told(dormant_units, made, trained=trained)
    assert [f.severity for f in found] == ([severity] if severity else [])


def test_rare_but_strong_units_of_a_sparse_code_are_not_dormant() -> None:
    made = site("encoder.relu", units=100, rate=0.05)
    values, active = np.full(100, 0.5), made.unit.active_recent.copy()
    values[:60], active[:60] = 0.5 * 0.02, np.maximum(active[:60] // 50, 1)
    object.__setattr__(made.unit, "mean_abs_recent", values)
    object.__setattr__(made.unit, "active_recent", active)
    assert told(dormant_units, made, trained=STUCK) == ()


# poor_initialization


@pytest.mark.parametrize(
    ("facts", "size", "loss", "severity"),
    [
        ({"std": 1.0}, 80.0, 9.0, "error"),
        ({"std": 1.0}, 80.0, falling(9.0, 5.0), "warning"),
        ({"std": 1.0}, 80.0, None, "info"),  # it learnt all the same
        ({"std": 0.125}, 1.0, 2.3, None),  # Glorot
        ({"std": 1.0}, 1.0, 2.3, None),  # large, but something keeps the signal
        ({"std": 0.29, "mean": 0.5}, 30.0, 9.0, "error"),  # uniform from 0 to 1
        ({"std": 0.01}, 1e-4, 2.3, "error"),
        ({"std": 0.01}, 0.5, 2.3, None),
        ({"std": 0.1, "empty_start": 0.97}, 0.5, 2.3, "error"),
    ],
)
def test_the_scale_of_the_weights(facts, size, loss, severity) -> None:
    made = site(series={"input_std": size})
    found = told(
        poor_initialization,
        made,
        layers=(layer("fc1"), layer("fc2")),
        trained=training(loss=falling(9.0, 0.1) if loss is None else loss),
        parameters=(weight(**facts), weight("fc2.weight", **facts)),
    )
    assert [f.severity for f in found] == ([severity] if severity else [])


def test_embeddings_may_be_large() -> None:
    table = layer("table")
    object.__setattr__(table, "kind", "Embedding")
    found = told(
        poor_initialization,
        site(series={"input_std": 80.0}),
        layers=(table,),
        trained=STUCK,
        parameters=(weight("table.weight", std=1.0),),
    )
    assert found == ()


# unsuitable_activation


def test_second_derivatives_of_piecewise_linear_functions() -> None:
    (finding,) = told(unsuitable_activation, site(), second_order=True)
    assert finding.remedies[0].settings["to"] == "tanh"
    smooth = site("fc1.tanh", function="tanh")
    assert told(unsuitable_activation, smooth, second_order=True) == ()
    assert told(unsuitable_activation, site(), second_order=False) == ()


def test_a_threshold_has_no_slope() -> None:
    still = weight("enc.weight", nonzero=0)
    (finding,) = told(
        unsuitable_activation, parameters=(weight("out.weight"), still), flat=("sign",)
    )
    assert "'enc'" in finding.cause
    moving = (weight("out.weight"), weight("enc.weight"))
    assert told(unsuitable_activation, parameters=moving, flat=("sign",)) == ()


def test_coordinates_want_waves() -> None:
    high = np.ones(2)
    grid = Feed("net.0", "linear", 0 * high, high / np.sqrt(3), -high, high, seen=1000)
    head = Head(("mean", "pow", "sub", "addmm"), "net.4")
    sites = (site("net.1", order=0), site("net.3", order=1))
    given = {"feeds": (grid,), "heads": (head,)}
    sick = training(loss=np.linspace(1.0, 0.3, 300))
    (finding,) = told(unsuitable_activation, *sites, trained=sick, **given)
    assert finding.remedies[0].settings["to"] == "sine"
    noise = np.full(300, 0.3)  # a floor of noise, reached long ago
    noise[:20] = np.linspace(1.0, 0.3, 20)
    assert told(unsuitable_activation, *sites, trained=training(loss=noise), **given) == ()
