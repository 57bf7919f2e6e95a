"""Rule saturated_activation on hand-made records: sick, healthy and borderline."""

from __future__ import annotations

import numpy as np
import pytest
from doctor_records import curve, falling, layer, site, told, training, weight

from rectifier.doctor.rules import saturated_activation
from rectifier.watch.record import Feed, Head


def shut(loss=2.3, saturated=0.95, function="tanh", **facts):
    flat = site("fc1.tanh", function=function, series={"saturated": saturated, "input_std": 9.0})
    return told(saturated_activation, flat, trained=training(loss=loss), **facts)


def test_bounded_units_on_their_flat_side() -> None:
    (finding,) = shut()
    assert finding.severity == "error"
    assert "± 9" in finding.cause
    assert shut(saturated=0.3) == ()
    assert shut(function="relu") == ()


@pytest.mark.parametrize(
    ("function", "count"),
    [("gelu", 1), ("silu", 1), ("softplus", 1), ("elu", 1), ("leaky_relu", 0), ("relu", 0),
     ("unheard_of", 0)],
)  # fmt: skip
def test_smooth_rectifiers_that_start_where_their_slope_has_faded(function, count) -> None:
    assert len(shut(function=function)) == count
    late = curve(0.0)
    late[20:] = 0.99
    assert shut(function=function, saturated=late) == ()  # a sparse code
    learnt = shut(loss=falling(2.3, 0.1), function=function, saturated=0.6)
    assert [f.severity for f in learnt] == count * ["info"]


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


def test_hidden_units_drawn_as_switches_harm_though_the_loss_falls() -> None:
    """Weights of ±4 behind which the last layer alone learns."""

    def drawn(std: float, end: float = 0.1, saturated: float = 0.7):
        parameters = (weight("fc1.weight", std=std),)
        layers = (layer("fc1", order=0), layer("fc2", order=1))
        facts = {"parameters": parameters, "layers": layers}
        return [f.severity for f in shut(falling(0.8, end), saturated=saturated, **facts)]

    assert drawn(std=2.3) == ["warning"]
    assert drawn(std=0.1) == ["info"]  # inputs made it so
    assert drawn(std=2.3, end=0.001) == ["info"]
    assert drawn(std=2.3, saturated=0.4) == []


@pytest.mark.parametrize(
    ("second_order", "fed", "severity"),
    [(True, "fc0", "warning"), (False, "fc0", "info"), (True, "other", "info")],
)
def test_switches_behind_the_layer_of_the_data_under_a_loss_of_derivatives(
    second_order, fed, severity
) -> None:
    """Such a loss falls by thousands from where the weights put it, and the first layer has its
    slope: of one coordinate weights of one are no large ones."""
    first = site("tanh", layer="fc0", function="tanh", series={"saturated": 0.02})
    behind = site("tanh:2", layer="fc1", order=1, function="tanh", series={"saturated": 0.6})
    none = np.zeros(1)
    found = told(
        saturated_activation,
        first,
        behind,
        trained=training(loss=falling(9000.0, 1.4)),
        parameters=(weight("fc0.weight", fan_in=1, std=1.0), weight("fc1.weight", std=1.0)),
        layers=(layer("fc0"), layer("fc1", order=1), layer("fc2", order=2)),
        feeds=(Feed(fed, "linear", none, none, none, none),),
        second_order=second_order,
    )
    assert [f.severity for f in found] == [severity]


def test_an_output_that_is_sure_without_having_learnt() -> None:
    """Codes through a tanh so steep that no gradient passes."""

    def steep(loss=2.4, saturated=0.95, passed=0.0):
        head = Head(("mean", "mul", "sub*", "softplus", "mm", "tanh", "addmm"), "fc1")
        series = {"saturated": saturated, "input_std": 90.0, "zero_gradient": 1 - passed}
        flat = site("fc1.tanh", function="tanh", series=series)
        return told(saturated_activation, flat, trained=training(loss=loss), heads=(head,))

    (finding,) = steep()
    assert (finding.severity, finding.layer) == ("error", "fc1")
    assert steep(loss=falling(2.3, 0.1)) == ()  # certainty
    assert steep(passed=0.05) == ()
    late = curve(0.1)
    late[100:] = 0.99
    assert steep(saturated=late) == ()  # driven there: by what, other rules say


@pytest.mark.parametrize(
    ("first", "update", "said", "remedy"),
    [
        (0.95, 0.5, "from the start", "reinitialize"),
        (0.1, 0.5, "an update that changed the weights by 50 %", "lower_learning_rate"),
        (0.1, 1e-3, "training drove", "insert_normalization"),
    ],
)
def test_what_the_first_steps_did_the_drawing_did_not(first, update, said, remedy) -> None:
    share, steps = curve(0.97), curve(1e-3)
    share[0], steps[0] = first, update
    flat = site("fc1.tanh", function="tanh", series={"saturated": share, "input_std": 9.0})
    trained = training(loss=2.3, update=steps, rate=0.1)
    (finding,) = told(saturated_activation, flat, trained=trained)
    assert said in finding.cause
    assert finding.remedies[0].action == remedy


@pytest.mark.parametrize(
    ("chain", "facts", "count"),
    [
        (("add*", "mul", "sum", "abs", "tanh", "addmm"), {}, 1),  # a penalty on a hidden code
        (("mean", "abs", "tanh", "addmm"), {}, 0),  # all that the loss is
        (("add*", "mul", "mean", "pow", "sub", "tanh", "addmm"), {}, 0),  # of a difference
        (("add*", "mul", "mean", "pow", "tanh", "addmm"), {"target_mean": 1.0}, 0),
    ],
)
def test_what_a_penalty_alone_is_taken_of_is_no_output(chain, facts, count) -> None:
    behind = (layer("fc1", order=0), layer("fc2", order=1))
    assert len(shut(layers=behind, heads=(Head(chain, "fc1", **facts),))) == count
    last = (layer("fc0", order=0), layer("fc1", order=1))
    assert shut(layers=last, heads=(Head(chain, "fc1", **facts),)) == ()
