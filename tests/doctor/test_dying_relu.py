"""Rule dying_relu on hand-made records: sick, healthy and borderline."""

from __future__ import annotations

import numpy as np
import pytest
from doctor_records import STEPS, curve, falling, layer, record, site, spike, spiking, training

from rectifier.doctor.rules.dying_relu import RULE
from rectifier.watch.record import Circumstances, OptimizerFacts

SOSO = training(falling(2.3, 1.0))
"""A training that got half of the way."""


def sick(**more):
    return record(
        site("fc1.relu", dead_at={40: 45, 42: 45}, **more),
        trained=training(spiking(2.3, 40.0, 2.3, 41), spike(1e-2, 1.5, 41), 0.5),
    )


def test_names_layer_line_share_step_and_cause() -> None:
    (finding,) = RULE.check(sick(bias_at_death=-3.0))
    assert (finding.severity, finding.layer, finding.source) == ("error", "fc1", "net.py:25")
    assert finding.evidence["dead"] == pytest.approx(0.9)
    assert finding.first_step == 41
    assert "90 % of the 100 units of layer 'fc1' (net.py:25) died" in finding.cause
    assert "changed the weights by 150 % of their norm" in finding.cause
    assert "jumped from 2.3 to 40" in finding.cause
    assert "biases were pushed down by 3" in finding.cause
    assert finding.remedies[0].action == "lower_learning_rate"
    assert finding.remedies[0].settings["from"] == 0.5
    assert finding.remedies[0].settings["to"] <= 0.05


@pytest.mark.parametrize(
    ("narrow", "units", "born", "first"),
    [
        (2, 8, 3, "swap_activation"),
        (1, 8, 3, "lower_learning_rate"),  # one such layer may be chance
        (2, 8, 1, "lower_learning_rate"),  # borderline: an eighth of each
        (2, 32, 12, "lower_learning_rate"),  # wide enough to go on with the rest
    ],
)
def test_smaller_steps_revive_no_narrow_layer_that_was_born_dead(
    narrow, units, born, first
) -> None:
    poor = [site(f"low{i}.relu", units=units, born_dead=born) for i in range(narrow)]
    made = sick()
    findings = RULE.check(record(*made.sites, *poor, trained=made.training))
    (finding,) = [f for f in findings if f.layer == "fc1"]
    assert finding.remedies[0].action == first
    if first == "swap_activation":
        assert finding.remedies[0].scope["sites"] == ["fc1.relu", "low0.relu", "low1.relu"]


def test_slow_death_is_not_put_down_to_the_learning_rate() -> None:
    gone = dict.fromkeys(range(20, 220, 20), 6)
    (finding,) = RULE.check(record(site(dead_at=gone), trained=SOSO))
    assert finding.remedies[0].action == "swap_activation"
    assert "little by little" in finding.cause


@pytest.mark.parametrize(
    ("momentum", "first"), [(0.99, "lower_learning_rate"), (0.9, "swap_activation")]
)
def test_a_heavy_momentum_is_slowed_first(momentum: float, first: str) -> None:
    gone = dict.fromkeys(range(20, 220, 20), 6)
    facts = Circumstances(optimizers=(OptimizerFacts("SGD", 0.1, momentum=momentum),))
    (finding,) = RULE.check(record(site(dead_at=gone), trained=SOSO, circumstances=facts))
    assert finding.remedies[0].action == first


@pytest.mark.parametrize("function", ["gelu", "leaky_relu", "silu", "tanh", "softplus"])
def test_functions_with_a_gradient_everywhere_do_not_die(function: str) -> None:
    assert RULE.check(sick(function=function)) == ()


@pytest.mark.parametrize("function", ["relu", "clamp", "my_own_relu"])
def test_hard_functions_do(function: str) -> None:
    assert RULE.check(sick(function=function))


def test_sparse_but_living_units_are_healthy() -> None:
    """95 % sparse, and a third of the units silent in the closing window by chance."""
    assert RULE.check(record(site(rate=0.05, rare=33, rare_rate=1e-3))) == ()


def test_rare_units_that_stopped_are_dead() -> None:
    """Planted: as rarely active, but with a silence that chance does not explain."""
    found = RULE.check(record(site(rate=0.05, dead_at={30: 45}), trained=SOSO))
    assert [finding.severity for finding in found] == ["warning"]


@pytest.mark.parametrize(
    ("dead", "severities"), [(0, []), (1, []), (9, ["info"]), (30, ["info"]), (45, ["warning"])]
)
def test_few_dead_units_are_at_most_a_note(dead: int, severities: list[str]) -> None:
    found = RULE.check(record(site(dead_at={150: dead} if dead else None), trained=SOSO))
    assert [finding.severity for finding in found] == severities


@pytest.mark.parametrize(("units", "severity"), [(8, "info"), (80, "warning")])
def test_half_of_few_units_is_chance(units: int, severity: str) -> None:
    (finding,) = RULE.check(record(site(units=units, dead_at={150: units // 2}), trained=SOSO))
    assert finding.severity == severity


def test_a_cut_off_layer_is_said_to_be_a_consequence() -> None:
    loss = spiking(2.3, 40.0, 2.3, 41)
    first = site("fc1.relu", dead_at={40: 100})
    second = site("fc2.relu", dead_at={42: 100}, order=1)
    found = RULE.check(record(first, second, trained=training(loss, spike(1e-2, 1.5, 41), 0.5)))
    assert [finding.layer for finding in found] == ["fc1", "fc2"]
    assert "cut off when 'fc1' died" in found[1].cause


def test_raised_learning_rate_is_named() -> None:
    rate = np.where(np.arange(STEPS) < 100, 0.01, 0.3)
    update = np.where(np.arange(STEPS) == 101, 0.5, 1e-3)
    (finding,) = RULE.check(record(site(dead_at={101: 80}), trained=training(None, update, rate)))
    assert finding.evidence["learning_rate"] == pytest.approx(0.3)
    assert finding.remedies[0].settings["from"] == pytest.approx(0.3)


def test_what_went_on_learning_after_the_deaths_had_enough_left() -> None:
    """Half of a layer died at a jump; then the loss fell to a third of what it was before."""
    for end, severity in ((0.4, "info"), (0.9, "warning")):
        loss = np.concatenate([falling(2.3, 1.9, 30), falling(4.3, end, STEPS - 30)])
        sick = record(site(dead_at={30: 50}), trained=training(loss, spike(1e-2, 0.5, 29)))
        assert [finding.severity for finding in RULE.check(sick)] == [severity]


def test_gains_drawn_as_zero_have_not_grown() -> None:
    (finding,) = RULE.check(record(site(dead_at={40: 90}, norm_start=0.0), trained=SOSO))
    assert "grew" not in finding.cause
    assert "weight_norm_growth" not in finding.evidence


def test_unknown_numbers_are_left_out() -> None:
    blind = training(curve(np.nan), np.nan, np.nan)
    (finding,) = RULE.check(record(site(dead_at={40: 90}), trained=blind))
    assert all(np.isfinite(value) for value in finding.evidence.values())
    assert "nan" not in finding.cause


@pytest.mark.parametrize(
    ("dead", "end", "severities"),
    [(45, 0.1, ["info"]), (45, 1.0, ["warning"]), (80, 0.1, ["warning"]), (80, 2.3, ["error"])],
)
def test_what_is_left_may_suffice(dead: int, end: float, severities: list[str]) -> None:
    sick = record(site(dead_at={100: dead}), trained=training(falling(2.3, end)))
    assert [finding.severity for finding in RULE.check(sick)] == severities


def test_a_slow_loss_of_width_that_did_no_harm_is_a_note() -> None:
    """A likelihood never falls to a fifth, so that the fall alone does not tell."""
    loss = falling(2.3, 1.2)
    for dead, update, severity in (
        ({10: 50}, 1e-3, "info"),
        ({10: 65}, 1e-3, "info"),  # inputs of one sign take more along
        ({10: 75}, 1e-3, "error"),  # hardly a layer any more
        ({60: 50}, 1e-3, "warning"),  # later than that
        ({10: 50}, spike(1e-3, 0.5, 9), "warning"),  # a step did it
    ):
        (finding,) = RULE.check(record(site(dead_at=dead), trained=training(loss, update)))
        assert finding.severity == severity


def test_an_output_that_died_gets_no_rectifier_at_all() -> None:
    layers = (layer("fc1"), layer("out", order=1))
    dead = {100: 80}
    inner, outer = (
        RULE.check(record(site(f"{name}.relu", layer=name, dead_at=dead), layers=layers))[0]
        for name in ("fc1", "out")
    )
    assert {"from": "relu", "to": "identity"} not in [r.settings for r in inner.remedies]
    assert outer.remedies[0].settings == {"from": "relu", "to": "identity"}
