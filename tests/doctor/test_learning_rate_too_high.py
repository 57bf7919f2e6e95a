"""Rule learning_rate_too_high on hand-made records: sick, healthy and borderline."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
from doctor_records import STEPS, curve, falling, layer, record, site, spike, spiking, training

from rectifier.doctor.overshooting import gradient_burst
from rectifier.doctor.rates import lower
from rectifier.doctor.rules.learning_rate_too_high import RULE
from rectifier.watch.record import Circumstances, Head, OptimizerFacts


def test_a_jump_after_a_large_step_is_found_and_dated() -> None:
    trained = training(spiking(2.3, 40.0, 2.3, 12), spike(1e-2, 1.5, 11), 0.5)
    (finding,) = RULE.check(record(trained=trained))
    assert finding.severity == "error"
    assert finding.first_step == 11
    assert "learning rate 0.5 is too high" in finding.cause
    assert "150 % of their norm" in finding.cause
    assert "from 2.3 to 40" in finding.cause


def test_a_loss_that_breaks_is_found() -> None:
    loss = np.where(np.arange(STEPS) < 5, np.geomspace(1.0, 1e300, STEPS), np.nan)
    (finding,) = RULE.check(record(trained=training(loss, np.geomspace(0.2, 1e9, STEPS), 1.0)))
    assert finding.severity == "error"
    assert "no longer finite from step 5" in finding.cause


@pytest.mark.parametrize(
    ("loss", "update"),
    [
        (falling(2.3, 0.1), 1e-3),
        (falling(2.3, 0.1), spike(1e-3, 1.5, 0)),  # Adam's first step, without harm
        (spiking(0.7, 5.0, 5.0, 100), 1e-3),  # a generator's loss: it rises with small steps
        (curve(2.3), 1e-3),  # does not train, though not for its steps
        (np.sin(np.arange(STEPS)), 1e-2),  # a policy's loss: any sign
        (curve(np.nan), np.nan),
    ],
)
def test_healthy(loss: np.ndarray, update: np.ndarray | float) -> None:
    assert RULE.check(record(trained=training(loss, update))) == ()


def test_a_catapult_that_lands_lower_is_no_fault() -> None:
    """Lewkowycz et al.: a rise from which training recovers."""
    trained = training(spiking(2.3, 6.0, 0.1, 12), spike(1e-2, 0.5, 11), 0.5)
    assert [finding.severity for finding in RULE.check(record(trained=trained))] == ["info"]


@pytest.mark.parametrize(("end", "severity"), [(0.1, "info"), (0.9, "warning"), (1.6, "error")])
def test_it_matters_if_units_died_of_it(end: float, severity: str) -> None:
    trained = training(spiking(2.3, 6.0, end, 12), spike(1e-2, 0.5, 11), 0.5)
    (finding,) = RULE.check(record(site(dead_at={12: 60}), trained=trained))
    assert finding.severity == severity
    assert "60 % of the units of layer 'fc1' (net.py:25) died of it" in finding.cause


def test_units_that_died_before_are_not_blamed_on_it() -> None:
    trained = training(spiking(2.3, 6.0, 0.1, 200), spike(1e-2, 0.5, 199), 0.5)
    (finding,) = RULE.check(record(site(dead_at={12: 60}), trained=trained))
    assert finding.severity == "info"


def test_weights_replaced_without_end_are_found_without_a_rise() -> None:
    (finding,) = RULE.check(record(trained=training(curve(2.3), 0.3)))
    assert finding.severity == "error"


@pytest.mark.parametrize(
    ("growth", "opening", "end", "found"),
    [(6.0, 0.2, 2.2, 1), (4.0, 0.2, 2.2, 0), (6.0, 0.05, 2.2, 0), (6.0, 0.2, 1.9, 0)],
)
def test_weights_that_grew_until_steps_look_small_are_found_without_a_rise(
    growth: float, opening: float, end: float, found: int
) -> None:
    """As a normalisation behind them lets them."""
    update = np.where(np.arange(STEPS) < 20, opening, 0.01)
    grown = layer("conv", weight_norm=np.geomspace(4.0, 4.0 * growth, STEPS))
    told = RULE.check(record(layers=(grown,), trained=training(falling(2.3, end), update)))
    assert [f.severity for f in told] == ["error"] * found


def test_weights_that_large_steps_grew_until_the_loss_rose_late() -> None:
    """A step is small against weights that have grown; those that grew them were not."""
    update = np.where(np.arange(STEPS) < 100, 0.15, 0.03)
    late = np.concatenate([falling(2.3, 1.6, 200), falling(1.6, 3.4, STEPS - 200)])
    (finding,) = RULE.check(record(trained=training(late, update)))
    assert finding.severity == "error"
    assert RULE.check(record(trained=training(late, update / 10))) == ()


@pytest.mark.parametrize(
    ("optimizer", "rate", "update", "end", "told"),
    [
        ("AdamW", 0.1, 0.05, 1.2, 1),
        ("AdamW", 0.01, 0.05, 1.2, 0),  # a usual rate, small weights
        ("AdamW", 0.1, 0.01, 1.2, 0),  # large weights
        ("AdamW", 0.1, 0.05, 0.2, 0),  # it learnt
        ("SGD", 0.1, 0.05, 1.2, 0),  # a usual rate for it
    ],
)
def test_large_steps_all_along_are_found_though_the_loss_only_falls(
    optimizer: str, rate: float, update: float, end: float, told: int
) -> None:
    trained = training(falling(3.0, end), spike(update, 0.2, 5), rate)
    sick = record(trained=trained, layers=(layer(update_ratio=update),), optimizer=optimizer)
    found = RULE.check(sick)
    assert [(f.severity, f.first_step) for f in found] == [("warning", 5)] * told


@pytest.mark.parametrize(("rate", "severity"), [(0.1, "warning"), (0.01, "info")])
def test_a_rise_on_the_way_makes_large_steps_no_better(rate: float, severity: str) -> None:
    loss = falling(3.0, 1.2)
    loss[6:9] = 5.0
    trained = training(loss, spike(0.05, 0.2, 5), rate)
    sick = record(trained=trained, layers=(layer(update_ratio=0.05),), optimizer="AdamW")
    assert [f.severity for f in RULE.check(sick)] == [severity]


@pytest.mark.parametrize(("end", "severity"), [(1.7, "error"), (1.5, "info")])
def test_an_end_at_a_guess_is_harm_though_the_start_was_above(end: float, severity: str) -> None:
    """Six classes: a guess costs 1.79, and the network as drawn cost more."""
    trained = training(spiking(2.1, 3.2, end, 3), spike(1e-3, 0.3, 3), 0.03)
    head = Head(("nll_loss", "log_softmax", "addmm"), "head", width=6)
    sick = record(trained=trained, circumstances=Circumstances(heads=(head,)))
    assert [f.severity for f in RULE.check(sick)] == [severity]


def test_a_line_search_is_left_alone() -> None:
    trained = training(spiking(2.3, 40.0, 2.3, 12), 1.5)
    assert RULE.check(record(trained=trained, optimizer="LBFGS")) == ()


@pytest.mark.parametrize(
    ("opening", "target"), [(1e-3, 0.03), (0.01, 0.03), (0.5, 0.01), (5.0, 0.001)]
)
def test_target_follows_the_opening_steps(opening: float, target: float) -> None:
    update = spike(opening, 1.5, 40)
    trained = training(spiking(2.3, 40.0, 2.3, 41), update, 0.5)
    (finding,) = RULE.check(record(trained=trained))
    assert finding.remedies[0].settings == {"from": 0.5, "to": target}


def test_a_schedule_that_comes_down_by_itself_is_cut_at_its_top() -> None:
    rate = np.maximum(0.4 / np.arange(1, STEPS + 1), 2e-3)
    trained = training(spiking(2.3, 40.0, 2.3, 2), spike(1e-2, 5.0, 1), rate)
    (finding,) = RULE.check(record(trained=trained, optimizer="Adam"))
    usual = float(np.median(rate))
    assert finding.remedies[0].settings == {
        "from": 0.2, "to": pytest.approx(usual, rel=1e-4), "cap": True
    }  # fmt: skip


def test_a_rate_that_is_not_known_is_lowered_by_a_factor() -> None:
    trained = training(spiking(2.3, 40.0, 2.3, 12), spike(1e-2, 1.5, 11), np.nan)
    (finding,) = RULE.check(record(trained=trained))
    (remedy,) = finding.remedies
    assert remedy.settings == {"from": 1.0, "to": pytest.approx(0.067), "relative": True}
    assert "nan" not in finding.cause


def test_a_burst_out_of_calm_training_is_the_gradients_doing() -> None:
    trained = training(spiking(1.0, 50.0, 50.0, 200), spike(1e-3, 5.0, 199), 0.1)
    trained = dataclasses.replace(
        trained,
        loss=np.where(np.arange(STEPS) < 200, falling(2.3, 0.2), 50.0),
        gradient_norm=spike(1.0, 1e4, 199),
    )
    assert gradient_burst(record(trained=trained)) == 199
    assert RULE.check(record(trained=trained)) == ()
    raised = dataclasses.replace(trained, learning_rate=spike(0.1, 5.0, 195, width=105))
    assert gradient_burst(record(trained=raised)) is None


def test_a_loss_that_breaks_on_its_way_down_is_not_put_down_to_the_steps() -> None:
    loss = np.concatenate([[1.54, 0.69, 0.34], np.full(STEPS - 3, np.nan)])
    assert RULE.check(record(trained=training(loss, 0.1))) == ()
    loss[:3] = (1.54, 1.52, 1.53)
    (finding,) = RULE.check(record(trained=training(loss, 0.1)))
    assert finding.severity == "error"


def test_a_dead_network_whose_updates_are_nothing_still_gets_a_remedy() -> None:
    """Found under Lightning: all units died at once, and the update ratio there is exactly zero."""
    remedy = lower(record(trained=training(curve(0.7), curve(0.0), 3.0)), 20, "")
    assert remedy is not None
    assert remedy.settings["to"] == pytest.approx(0.3)


def test_weights_that_are_stepped_by_hand_are_known_by_their_norm() -> None:
    norm = curve(5.0)
    norm[1:] = 12.0
    by_hand = layer("w1", update_ratio=0.0, weight_norm=norm)
    trained = training(spiking(0.25, 0.5, 0.5, 1), 0.0, np.nan)
    assert [f.severity for f in RULE.check(record(layers=(by_hand,), trained=trained))] == ["error"]
    steady = layer("w1", update_ratio=0.0)
    assert RULE.check(record(layers=(steady,), trained=trained)) == ()


@pytest.mark.parametrize(("growth", "found"), [(10.0, ["warning"]), (3.0, [])])
def test_weights_beside_which_large_steps_look_small(growth: float, found: list[str]) -> None:
    swollen = layer("fc1", weight_norm=np.geomspace(4.0, 4.0 * growth, STEPS))
    trained = training(falling(2.9, 2.4), spike(0.01, 0.7, 0), 0.2)
    told = RULE.check(record(layers=(swollen,), trained=trained, optimizer="AdamW"))
    assert [f.severity for f in told] == found


@pytest.mark.parametrize(("rate", "target"), [(20.0, 1.0), (2.0, 1.0), (1.0, 0.1)])
def test_of_a_newton_step_one_at_most_is_left(rate: float, target: float) -> None:
    sick = record(trained=training(rate=rate), optimizer="LBFGS")
    remedy = lower(sick, 0, "")
    assert remedy is not None
    assert remedy.settings["to"] == target


@pytest.mark.parametrize(
    ("first", "stride", "count"),
    [
        (1.25, 32, 1),
        (0.5, 32, 0),  # Adam's first step may be as large; what came between is not known
        (1.25, 1, 0),  # known, and small
    ],
)
def test_of_a_long_run_the_step_last_seen_before_the_rise_tells(first, stride, count) -> None:
    loss, update = curve(50.0), curve(1e-5)
    loss[: 20 if stride == 1 else 1], update[0] = 1.4, first
    trained = training(loss, update, 0.08)
    sparse = dataclasses.replace(trained, step=stride * trained.step)
    found = RULE.check(record(trained=sparse))
    assert [f.severity for f in found] == count * ["error"]
    assert [f.first_step for f in found] == count * [0]


@pytest.mark.parametrize(
    ("passing", "rate", "told"),
    [(0.0, 0.2, True), (0.05, 0.2, False), (0.0, 1e-3, False)],
    ids=["deaf", "sparse", "usual rate"],
)
def test_a_falling_loss_does_not_clear_steps_that_made_a_layer_deaf(
    passing: float, rate: float, told: bool
) -> None:
    """A policy that fails at once has little return to predict, so that its critic's loss falls."""
    hidden = site("policy.1", function="tanh", rate=passing)
    output = site("value.1", function="tanh", rate=0.0, order=1)
    hidden, output = (
        dataclasses.replace(s, layer=name) for s, name in ((hidden, "a"), (output, "b"))
    )
    layers = tuple(layer(name, order=i, update_ratio=0.05) for i, name in enumerate("ab"))
    trained = training(falling(50.0, 1.0), spike(0.05, 0.7, 1), rate)
    found = RULE.check(record(hidden, output, layers=layers, trained=trained, optimizer="Adam"))
    assert [finding.severity for finding in found] == (["warning"] if told else [])


def test_a_sum_over_ever_longer_episodes_does_not_rise() -> None:
    """The loss grows with the moves that are added up; each of them costs ever less."""
    moves = np.geomspace(20, 2000, STEPS)
    total = np.geomspace(0.5, 0.05, STEPS) * moves
    trained = training(total, 0.2, 0.03, loss_terms=moves)
    assert RULE.check(record(trained=trained)) == ()
    (finding,) = RULE.check(record(trained=training(total, 0.2, 0.03)))
    assert finding.severity == "error"  # the same curve, of a mean


def test_losses_of_two_players_are_no_episodes() -> None:
    """One adds up what the true and the made ones cost, the other has one of the two."""
    terms = np.where(np.arange(STEPS) % 2, 1.0, 2.0)
    trained = training(spiking(2.3, 40.0, 2.3, 12), spike(1e-2, 1.5, 11), 0.5)
    told = RULE.check(record(trained=dataclasses.replace(trained, loss_terms=terms)))
    assert [f.severity for f in told] == [f.severity for f in RULE.check(record(trained=trained))]
    assert told[0].severity != "info"


def test_what_the_moves_of_an_agent_cost_is_a_note_unless_units_die() -> None:
    moves = np.where(np.arange(STEPS) % 2, 30.0, 90.0) + np.arange(STEPS) % 7
    trained = training(spiking(2.3, 40.0, 2.3, 12) * moves, spike(1e-2, 1.5, 11), 0.5)
    trained = dataclasses.replace(trained, loss_terms=moves)
    assert [f.severity for f in RULE.check(record(trained=trained))] == ["info"]
    assert [f.severity for f in RULE.check(record(site(dead_at={12: 60}), trained=trained))] == [
        "error"
    ]


@pytest.mark.parametrize(
    ("growth", "peak", "found"),
    [(4.0, 5.0, ["warning"]), (2.0, 5.0, ["info"]), (4.0, 2.4, [])],  # labels that are noisy
)
def test_steps_are_measured_against_the_weights_as_drawn_too(growth, peak, found) -> None:
    """Steps of 1.2 % of weights that have become four times as long are 4.8 % of what they were."""
    loss = falling(2.4, 0.8)
    loss[2] = peak
    norms = np.full(STEPS, 5.0 * growth)
    norms[0] = 5.0
    own = layer("fc1", update_ratio=0.012, weight_norm=norms)
    trained = training(loss, spike(0.012, 0.7, 0), 0.1)
    told = RULE.check(record(layers=(own,), trained=trained, optimizer="AdamW"))
    assert [f.severity for f in told] == found


@pytest.mark.parametrize(
    ("top", "end", "made", "severity"),
    [
        (2e-2, 0.8, 1e-3, "warning"),
        (2e-2, 2.3, 1e-3, "error"),
        (2e-2, 0.2, 1e-3, None),  # it learnt
        (5e-3, 0.8, 1e-3, None),  # within a decade
        (2e-2, 0.8, 2e-2, None),  # a warm-up up to what the optimiser was made with
    ],
)
def test_a_warm_up_that_nothing_ends(top, end, made, severity) -> None:
    trained = training(falling(2.3, end), 0.01, np.linspace(5e-5, top, STEPS))
    facts = Circumstances(optimizers=(OptimizerFacts("AdamW", made, steps=STEPS),))
    told = RULE.check(record(trained=trained, optimizer="AdamW", circumstances=facts))
    assert [f.severity for f in told] == ([severity] if severity else [])
    if severity:
        assert told[0].remedies[0].settings == {"from": top, "to": made, "cap": True}


def test_a_rate_that_comes_down_again_is_a_schedule() -> None:
    rates = np.concatenate(
        [np.linspace(1e-3, 2e-2, STEPS // 2), np.linspace(2e-2, 1e-5, STEPS // 2)]
    )
    facts = Circumstances(optimizers=(OptimizerFacts("AdamW", 1e-3, steps=STEPS),))
    trained = training(falling(2.3, 0.8), 0.01, rates)
    assert RULE.check(record(trained=trained, optimizer="AdamW", circumstances=facts)) == ()
