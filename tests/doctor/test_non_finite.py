"""Rule non_finite on hand-made records."""

from __future__ import annotations

import numpy as np
import pytest
from doctor_records import STEPS, falling, record, spike, training, weight

from rectifier.doctor.rules.non_finite import RULE
from rectifier.watch.record import Circumstances, NonFinite

BROKEN = np.where(np.arange(STEPS) < 100, falling(2.3, 0.5), np.nan)


def broken(*found: NonFinite, update=1e-3):
    return record(trained=training(BROKEN, update), non_finite=found)


@pytest.mark.parametrize(
    ("where", "said"),
    [
        ("input", "The data are not finite"),
        ("loss", "though all that enters it was finite"),
        ("gradient", "though the loss was finite"),
        ("site", "the output of 'thing' (net.py:3) became"),
        ("parameter", "the parameter 'thing' (net.py:3) became"),
    ],
)
def test_names_the_producer(where: str, said: str) -> None:
    (finding,) = RULE.check(broken(NonFinite(100, where, "thing", "net.py:3")))
    assert (finding.severity, finding.first_step) == ("error", 100)
    assert said in finding.cause


def test_the_first_counts_and_upstream_in_a_step() -> None:
    items = (
        NonFinite(101, "parameter", "w"),
        NonFinite(100, "loss", ""),
        NonFinite(100, "input", ""),
    )
    (finding,) = RULE.check(broken(*items))
    assert "The data" in finding.cause


def test_large_steps_before_are_named() -> None:
    item = NonFinite(100, "loss", "cross_entropy")
    (finding,) = RULE.check(broken(item, update=spike(1e-3, 2.0, 98)))
    assert "after an update had changed the weights by 200 % of their norm" in finding.cause
    assert finding.remedies[0].action == "lower_learning_rate"


def test_what_the_program_survived_is_a_note() -> None:
    item = NonFinite(3, "gradient", "fc1")
    (finding,) = RULE.check(record(non_finite=(item,)))
    assert finding.severity == "info"
    assert finding.remedies == ()


def test_healthy() -> None:
    assert RULE.check(record()) == ()


def test_a_loss_that_is_no_number_again_and_again() -> None:
    item = NonFinite(0, "loss", "loss")
    values = falling(2.3, 0.5).copy()
    values[:2] = np.inf
    (note,) = RULE.check(record(trained=training(values), non_finite=(item,)))
    values[:3] = np.inf
    (finding,) = RULE.check(record(trained=training(values), non_finite=(item,)))
    assert (note.severity, finding.severity) == ("info", "warning")
    assert finding.remedies[0].action == "stabilize_loss"


def test_a_parameter_of_no_layer_that_became_nan_is_lasting_though_the_loss_is_finite() -> None:
    item = NonFinite(0, "gradient", "gradient")
    for broken, severity in ((True, "error"), (False, "info")):
        facts = Circumstances(parameters=(weight("cell", broken=broken),))
        (finding,) = RULE.check(record(non_finite=(item,), circumstances=facts))
        assert finding.severity == severity
        assert bool(finding.remedies) is broken
