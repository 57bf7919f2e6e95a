"""Rule unsuitable_activation on hand-made records: sick, healthy and borderline."""

from __future__ import annotations

import numpy as np
from doctor_records import STUCK, site, told, training, weight

from rectifier.doctor.rules import unsuitable_activation
from rectifier.watch.record import Feed, Head


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


def test_a_softmax_between_hidden_layers() -> None:
    one, two = (("0", "2"),), (("0", "2"), ("2", "4"))
    (finding,) = told(unsuitable_activation, trained=STUCK, squashed=one)
    assert (finding.severity, finding.layer) == ("error", "0")
    assert finding.remedies[0].settings == {"from": "softmax", "to": "relu"}
    assert told(unsuitable_activation, squashed=one) == ()  # attention over learnt slots
    assert told(unsuitable_activation, squashed=two)[0].severity == "warning"


def test_a_loss_of_the_derivative_alone_through_kinks() -> None:
    """Energies learnt from forces: no bias before a kink ever has a gradient."""
    weights = tuple(weight(f"fc{i}.weight") for i in (1, 2))
    idle = {"shape": (32,), "fan_in": 0, "nonzero": 0}
    biases = tuple(weight(f"fc{i}.bias", **idle) for i in (1, 2))
    sites = site("fc1.relu"), site("fc2.relu", order=1)
    (finding,) = told(unsuitable_activation, *sites, parameters=weights + biases)
    assert (finding.severity, finding.remedies[0].settings["to"]) == ("warning", "silu")
    smooth = tuple(site(f"fc{i}.silu", function="silu") for i in (1, 2))
    assert told(unsuitable_activation, *smooth, parameters=weights + biases) == ()
    taught = weight("fc2.bias", shape=(32,), fan_in=0)  # a critic with a penalty on its slope
    assert told(unsuitable_activation, *sites, parameters=(*weights, biases[0], taught)) == ()
    dead = weights[0], weight("fc2.weight", nonzero=0)
    assert told(unsuitable_activation, *sites, parameters=dead + biases) == ()


def test_a_bias_without_gradient_alone_shows_no_threshold() -> None:
    """The last bias of an energy that is known by its derivative; data that take two values."""
    high = np.ones(2)
    two = Feed("enc", "linear", 0 * high, high, -high, high, seen=1000)
    cut = {"reached": 0, "with_gradient": 0, "nonzero": 0, "ran": True}
    held = (weight("enc.weight"), weight("out.bias", shape=(1,), fan_in=0, **cut))
    assert told(unsuitable_activation, parameters=held, feeds=(two,)) == ()
    held = (weight("enc.weight"), weight("out.weight", **cut))
    (finding,) = told(unsuitable_activation, parameters=held, feeds=(two,))
    assert "hard threshold" in finding.cause


def test_exponentials_between_layers_whose_numbers_break() -> None:
    sites = [site(f"net.{i}", function="exp", order=i) for i in range(3)]
    broken = training(loss=np.concatenate([[5.0], np.full(299, np.nan)]))
    (finding,) = told(unsuitable_activation, *sites, trained=broken)
    assert finding.remedies[0].settings == {"from": "exp", "to": "elu"}
    assert told(unsuitable_activation, *sites) == ()  # it learns
    one = [site("net.0", function="relu"), *sites[1:]]  # scales, as of a flow
    assert told(unsuitable_activation, *one, trained=broken) == ()
