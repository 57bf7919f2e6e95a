"""Rule born_dead on hand-made records: sick, healthy and borderline."""

from __future__ import annotations

import pytest
from doctor_records import curve, layer, record, site, training

from rectifier.doctor.rules import dying_relu
from rectifier.doctor.rules.born_dead import RULE
from rectifier.watch.record import Circumstances, Head


def test_negative_biases_are_named() -> None:
    (finding,) = RULE.check(record(site(born_dead=80, bias_start=-5.0)))
    assert finding.severity == "error"
    assert "biases start at -5" in finding.cause
    assert finding.remedies[0].action == "reinitialize"


def test_zero_weights_are_named() -> None:
    (finding,) = RULE.check(record(site(born_dead=100, norm_start=0.0)))
    assert "weights start at zero" in finding.cause


def test_inputs_far_below_zero_are_named() -> None:
    (finding,) = RULE.check(record(site(born_dead=65, series={"input_mean": -9.0})))
    assert "-9 ± 1" in finding.cause


def test_a_silent_layer_before_is_the_cause() -> None:
    first = site("fc1.relu", born_dead=100, bias_start=-5.0)
    found = RULE.check(record(first, site("fc2.relu", born_dead=100, order=1)))
    assert "constant, since 'fc1' is silent" in found[1].cause


@pytest.mark.parametrize(
    ("born", "severities"),
    [(0, []), (1, []), (9, ["info"]), (50, ["info"]), (61, ["error"])],
)
def test_severity_follows_the_share(born: int, severities: list[str]) -> None:
    found = RULE.check(record(site(born_dead=born)))
    assert [finding.severity for finding in found] == severities


def test_a_stuck_loss_makes_half_a_layer_a_warning() -> None:
    (finding,) = RULE.check(record(site(born_dead=45), trained=training(curve(2.3))))
    assert finding.severity == "warning"


def test_those_that_died_later_are_not_born_dead() -> None:
    assert RULE.check(record(site(dead_at={10: 90}))) == ()
    assert dying_relu.RULE.check(record(site(born_dead=90))) == ()


@pytest.mark.parametrize(
    ("between", "to"),
    [((), "identity"), (("exp", "neg", "mul"), "softplus"), (("mul", "log"), "softplus")],
)
def test_what_takes_a_silent_outputs_place_goes_by_what_follows_it(between, to) -> None:
    head = Head(("mse_loss", *between, "relu", "addmm"), "out")
    silent = site("out.relu", layer="out", units=1, born_dead=1, bias_start=-5.0)
    seen = record(silent, circumstances=Circumstances(heads=(head,)))
    (finding,) = RULE.check(seen)
    assert finding.remedies[0].settings == {"from": "relu", "to": to}


@pytest.mark.parametrize(
    ("order", "dead", "severity"), [(0, 62, "error"), (5, 62, "info"), (5, 70, "error")]
)
def test_deep_layers_throw_a_coin(order: int, dead: int, severity: str) -> None:
    before = [site(f"layers.{i}.act", order=i) for i in range(order)]
    deep = site("last.act", born_dead=dead, order=order)
    (finding,) = RULE.check(record(*before, deep))
    assert finding.severity == severity


def test_a_threshold_that_inputs_do_not_reach_is_swapped() -> None:
    barred = site(born_dead=100, function="threshold", series={"input_mean": 0.1})
    (finding,) = RULE.check(record(barred))
    assert "below its threshold" in finding.cause
    assert finding.remedies[0].settings == {"from": "threshold", "to": "relu"}
    shifted = site(born_dead=100, function="threshold", series={"input_mean": -5.0})
    (finding,) = RULE.check(record(shifted))
    assert finding.remedies[0].action == "reinitialize"


def test_a_silent_output_gets_no_rectifier_at_all() -> None:
    layers = (layer("fc1"), layer("out", order=1))
    inner, outer = (
        RULE.check(record(site(f"{name}.relu", layer=name, born_dead=90), layers=layers))[0]
        for name in ("fc1", "out")
    )
    assert inner.remedies[0].action == "reinitialize"
    assert outer.remedies[0].settings == {"from": "relu", "to": "identity"}
