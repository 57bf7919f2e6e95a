"""What a rerun turns to where its treatment brings nothing, and in what order."""

from __future__ import annotations

import dataclasses
import math

import numpy as np
import pytest
from doctor_records import curve, layer, record, site, training

from rectifier.doctor import in_turn
from rectifier.doctor.finding import Finding, Remedy
from rectifier.doctor.rates import lower
from rectifier.doctor.remedies import names
from rectifier.watch.record.circumstances import Circumstances, Feed, Head, OptimizerFacts

NORMALISE = Remedy("normalize_input", "", {}, {})
STUCK = training(loss=2.3)


def finding(rule: str, *remedies: str) -> Finding:
    given = tuple(
        Remedy(action, "", {"max_norm": 1.0, "from": 1.0, "to": 0.1}) for action in remedies
    )
    return Finding(rule, "error", "It is so.", remedies=given)


def actions(treatments: list[tuple[Remedy, ...]]) -> list[list[str]]:
    return [[r.action for r in each if not r.settings.get("guard")] for each in treatments]


def test_the_findings_own_remedies_come_before_what_helps_most_networks() -> None:
    found = [finding("dying_relu", "swap_activation", "recycle_units")]
    known = record(*(site(f"fc{i}") for i in range(6)), trained=STUCK)
    turns = actions(in_turn.treatments(found, names(), known))
    assert turns[:2] == [["swap_activation"], ["recycle_units"]]
    assert turns[2:] == [["add_residual"], ["lower_learning_rate"], ["insert_normalization"]]
    shallow = in_turn.treatments(found, names(), record(site("fc1"), trained=STUCK))
    assert ["add_residual"] not in actions(shallow)


def test_each_treatment_may_try_rates() -> None:
    found = [finding("dying_relu", "swap_activation")]
    for each in in_turn.treatments(found, names(), record(site("fc1"), trained=STUCK)):
        assert any("trial_steps" in remedy.settings for remedy in each)


def test_a_cause_that_is_read_off_the_program_has_its_own_remedies_alone() -> None:
    found = [finding("missing_activation", "add_activation")]
    turns = in_turn.treatments(found, names(), record(site("fc1"), trained=STUCK))
    assert actions(turns) == [["add_activation"]]


def test_a_loss_that_was_never_finite_wants_other_weights_before_smaller_steps() -> None:
    found = [finding("non_finite", "stabilize_loss")]
    never = record(site("fc1"), trained=training(loss=math.nan))
    turns = actions(in_turn.treatments(found, names(), never))
    assert turns[:2] == [["stabilize_loss"], ["stabilize_loss", "reinitialize"]]
    later = np.where(np.arange(300) < 50, 2.3, math.nan)
    turns = actions(
        in_turn.treatments(found, names(), record(site("fc1"), trained=training(later)))
    )
    assert turns[:2] == [["stabilize_loss"], ["stabilize_loss", "lower_learning_rate"]]


def test_there_is_no_time_for_another_treatment_in_a_short_run() -> None:
    found = [finding("dying_relu", "swap_activation", "recycle_units")]
    short = record(site("fc1", steps=50), trained=training(loss=2.3, steps=50))
    assert actions(in_turn.treatments(found, names(), short)) == [["swap_activation"]]


def test_targets_as_far_off_as_the_inputs_get_their_own_unit() -> None:
    head = Head(
        layer="out", chain=("mse_loss",), width=4, low=-math.inf, high=math.inf,
        target_low=100.0, target_high=900.0, target_mean=500.0, target_std=200.0,
    )  # fmt: skip
    found = [finding("unnormalized_input", "normalize_input")]
    far = record(site("fc1"), trained=STUCK, circumstances=Circumstances(heads=(head,)))
    assert actions(in_turn.treatments(found, names(), far))[0] == [
        "normalize_input",
        "stabilize_loss",
    ]
    near = record(site("fc1"), trained=STUCK)
    assert actions(in_turn.treatments(found, names(), near))[0] == ["normalize_input"]


@pytest.mark.parametrize(("optimizer", "unit"), [("SGD", True), ("Adam", False)])
def test_an_output_that_is_freed_gets_the_unit_of_its_targets(optimizer, unit) -> None:
    """Before it is freed, and unless steps are of the rate's own size."""
    facts = {"target_mean": 120.0, "target_std": 60.0, "width": 1}
    shut = Head(("mse_loss", "sigmoid", "addmm"), "out", low=0.0, high=1.0, **facts)
    sick = record(circumstances=Circumstances(heads=(shut,)))
    sick = dataclasses.replace(sick, optimizer=optimizer)
    free = Remedy(
        "remove_output_activation", "", {"function": "sigmoid", "regression": True},
        {"layer": "out"},
    )  # fmt: skip
    found = Finding("unsuitable_output_activation", "error", "", remedies=(free,))
    first = actions(in_turn.treatments([found], names(), sick))[0]
    assert first[:2] == (
        ["stabilize_loss", "remove_output_activation"] if unit else [free.action, *first[1:2]]
    )
    assert ("stabilize_loss" in first) == unit


def test_inputs_off_the_unit_are_scaled_where_nothing_else_helped() -> None:
    feed = Feed("fc1", "linear", mean=np.array([-18.0, 0.1]), std=np.array([6.0, 1.0]))
    found = [finding("born_dead", "reinitialize")]
    off = record(site("fc1"), trained=STUCK, circumstances=Circumstances(feeds=(feed,)))
    turns = in_turn.treatments(found, names(), off)
    assert actions(turns)[:2] == [["reinitialize"], ["normalize_input"]]
    assert turns[1][0].settings["mean"] == [-18.0, 0.1]


def test_where_no_remedy_fits_stands_what_helps_most_networks() -> None:
    turns = in_turn.treatments([finding("born_dead")], names(), record(site("fc1"), trained=STUCK))
    assert actions(turns) == [["lower_learning_rate"], ["insert_normalization"], ["reinitialize"]]
    assert in_turn.treatments([], names(), record(site("fc1"), trained=STUCK)) == []


def test_steps_that_were_too_small_are_not_made_smaller() -> None:
    found = [finding("learning_rate_too_low", "raise_learning_rate")]
    trained = training(loss=2.3, gradient_norm=np.linspace(1.0, 0.5, 300))
    turns = actions(in_turn.treatments(found, names(), record(site("fc1"), trained=trained)))
    assert ["lower_learning_rate"] not in turns
    assert turns[0] == ["raise_learning_rate"]


def test_losses_are_by_step() -> None:
    series = training(loss=curve(2.0, 3), steps=3)
    assert in_turn.losses(record(trained=series)) == [2.0, 2.0, 2.0]
    assert in_turn.losses(record(trained=training(loss=np.zeros(0), steps=0))) == []


def test_normalised_inputs_bear_larger_plain_steps() -> None:
    mean, std = np.array([100.0, 3.0]), np.array([30.0, 1.0])
    feed = Feed("fc1", "linear", mean, std, mean - 2 * std, mean + 2 * std, seen=400)
    known = Circumstances(feeds=(feed,))
    found = [finding("unnormalized_input", "normalize_input")]

    def second(rate: float, optimizer: str = "SGD") -> tuple[Remedy, ...]:
        trained = training(loss=2.3, rate=rate)
        sick = record(site("fc1"), trained=trained, optimizer=optimizer, circumstances=known)
        return in_turn.treatments(found, names(), sick)[1]

    faster = second(1e-7)
    assert [r.action for r in faster][:2] == ["normalize_input", "raise_learning_rate"]
    assert faster[1].settings["to"] == 1e-3  # the mean squares sum up to 1.1e4
    assert second(1e-3)[1].settings["to"] == 0.1  # and no more than is usual
    for other in (second(0.1), second(1e-7, "Adam")):
        assert "raise_learning_rate" not in [r.action for r in other]


def test_the_authors_own_rate_need_not_prove_itself() -> None:
    """A schedule that took it is read off the rates; a plateau of the task may last as long."""

    def slow(**more: object) -> Finding:
        raised = Remedy("raise_learning_rate", "", {"from": 1e-9, "to": 0.1, **more})
        return Finding("learning_rate_too_low", "error", "It is so.", remedies=(raised,))

    assert in_turn.certain([slow(hold=True)])
    assert not in_turn.certain([slow()])
    assert not in_turn.certain([])


def made(*optimizers: tuple[int, int]) -> Circumstances:
    """Optimisers by the step at which each was made, and how often it stepped."""
    return Circumstances(
        optimizers=tuple(OptimizerFacts("Adam", 1e-3, at, 2, 2, 0, n) for at, n in optimizers)
    )


def test_a_fault_of_a_later_training_is_treated_from_where_that_begins() -> None:
    def begins(circumstances: Circumstances, step: int) -> int:
        late = dataclasses.replace(layer("A", steps=40), step=np.arange(step, step + 40))
        found = [dataclasses.replace(finding("symmetric_initialization"), layer="A")]
        known = record(layers=(late,), trained=STUCK, circumstances=circumstances)
        return in_turn.begins(found, known)

    assert begins(made((0, 100), (100, 200)), 107) == 100
    assert begins(made((0, 100), (100, 200)), 3) == 0  # it is of the first
    assert begins(made((0, 300), (100, 200)), 107) == 0  # the first goes on beside it
    assert begins(made((0, 300)), 107) == 0
    assert in_turn.begins([], record(trained=STUCK)) == 0


def test_a_training_that_is_repeated_is_treated_from_its_first_time_on() -> None:
    def begins(circumstances: Circumstances) -> int:
        found = [dataclasses.replace(finding("poor_initialization"), layer="A")]
        starts = (0, 104, 208)
        layers = [
            dataclasses.replace(layer("A", steps=40), model=f"Net:{i}", step=start + np.arange(40))
            for i, start in enumerate(starts)
        ]
        return in_turn.begins(
            found, record(layers=tuple(layers), trained=STUCK, circumstances=circumstances)
        )

    folds = made((0, 100), (100, 100), (200, 100))
    assert begins(folds) == 0
    first, *rest = folds.optimizers
    other = dataclasses.replace(first, rate=10 * first.rate)
    assert begins(dataclasses.replace(folds, optimizers=(other, *rest))) == 200


def test_clipping_alone_does_not_slow_adam() -> None:
    found = [finding("exploding_gradient", "clip_gradients")]

    def first(optimizer: str, rate: float) -> list[str]:
        trained = training(loss=2.3, rate=rate)
        sick = record(site("fc1"), trained=trained, optimizer=optimizer)
        return actions(in_turn.treatments(found, names(), sick))[0]

    assert first("Adam", 0.5) == ["clip_gradients", "lower_learning_rate"]
    assert first("Adam", 1e-3) == ["clip_gradients"]
    assert first("SGD", 0.5) == ["clip_gradients"]


def test_a_regression_gets_a_steeper_activation_before_normalised_sigmoids() -> None:
    def first(loss: str, function: str = "sigmoid") -> list[str]:
        swap = Remedy("swap_activation", "", {"from": function, "to": "relu"})
        remedies = (Remedy("insert_normalization", ""), swap)
        found = [Finding("vanishing_gradient", "error", "It is so.", remedies=remedies)]
        head = Head(layer="out", chain=(loss,), width=2)
        sick = record(site("fc1"), trained=STUCK, circumstances=Circumstances(heads=(head,)))
        return actions(in_turn.treatments(found, names(), sick))[0]

    assert first("mse_loss") == ["swap_activation"]
    assert first("nll_loss") == ["insert_normalization"]
    assert first("mse_loss", "tanh") == ["insert_normalization"]


def test_a_step_at_a_rate_of_nought_has_no_lower_one() -> None:
    """A warm-up's first, or one that a remedy held back."""
    assert lower(record(trained=training(rate=0.0), optimizer="Adam"), 0, "") is None


def test_a_lowered_rate_of_adams_suits_the_length_and_the_kind_of_network() -> None:
    def lowered(kind: str, steps: int, optimizer: str = "Adam", rate: float = 0.5) -> float:
        known = dataclasses.replace(
            record(site("fc1"), trained=training(loss=2.3, update=10.0, rate=rate, steps=steps)),
            layers=(dataclasses.replace(layer("body"), kind=kind),),
            optimizer=optimizer,
            steps=steps,
        )
        remedy = lower(known, 0, "It overshot.")
        assert remedy is not None
        found = [Finding("learning_rate_too_high", "error", "It is so.", remedies=(remedy,))]
        return in_turn.treatments(found, names(), known)[0][0].settings["to"]

    assert lowered("Linear", 5000) == 1e-3
    assert lowered("Linear", 500) == 2e-3
    assert lowered("LSTM", 5000) == 3e-3
    assert lowered("LSTM", 5000, rate=0.01) == 1e-3  # a tenth is a tenth
    assert lowered("LSTM", 5000, optimizer="SGD") < 1e-3  # by its updates


def test_data_are_normalised_before_every_layer_that_they_enter() -> None:
    """A block's own way around it takes them too, without the noughts that pad the others."""

    def feed(name: str, mean: float, std: float) -> Feed:
        return Feed(name, "conv", mean=np.array([mean]), std=np.array([std]))

    feeds = (feed("0.c", 40e3, 11e3), feed("0.r", 42e3, 7e3), feed("side", 1.0, 1.0))
    scaled = Remedy(
        "normalize_input", "", {"mean": [40e3], "std": [11e3], "axis": 1}, {"layers": ["0.c"]}
    )
    found = [Finding("unnormalized_input", "error", "It is so.", remedies=(scaled,))]
    known = record(site("0.c"), trained=STUCK, circumstances=Circumstances(feeds=feeds))
    first = in_turn.treatments(found, names(), known)[0][0]
    assert first.scope["layers"] == ["0.c", "0.r"]


@pytest.mark.parametrize(
    ("rule", "expected"),
    [
        ("vanishing_gradient", [["swap_activation", "stabilize_loss"], ["stabilize_loss"]]),
        ("dying_relu", [["stabilize_loss"], ["swap_activation"]]),
    ],
)
def test_a_decay_that_takes_over_where_no_gradient_comes_is_eased_beside(rule, expected) -> None:
    optimizer = OptimizerFacts("AdamW", 2e-3, decay=50.0, apart=True, steps=300)
    known = record(
        site("fc1"),
        layers=(layer("fc1"),),
        trained=STUCK,
        circumstances=Circumstances(optimizers=(optimizer,)),
    )
    turns = actions(in_turn.treatments([finding(rule, "swap_activation")], names(), known))
    assert turns[:2] == expected


def test_exponentials_are_bent_where_a_guard_at_the_edge_alone_brings_nothing() -> None:
    plain = (Remedy("stabilize_loss", "", {}, {}),)
    guard = dataclasses.replace(finding("non_finite"), remedies=plain)
    turns = in_turn.treatments([guard], names(), record(site("fc1"), trained=STUCK))
    assert [dict(turn[0].settings) for turn in turns[:2]] == [{}, {"bound": 2.0}]


@pytest.mark.parametrize(
    ("end", "players", "acts"), [(2.3, 1, True), (1.9, 1, False), (2.3, 2, False)]
)
def test_a_run_that_learnt_nothing_is_treated_though_no_rule_says_why(end, players, acts) -> None:
    """A loss at what a guess costs; of two players it may rest there when all is well."""
    head = Head(("nll_loss", "log_softmax", "addmm"), "out", width=10)
    steps = tuple(OptimizerFacts("SGD", 0.1, steps=300) for _ in range(players))
    trained = training(loss=np.linspace(2.35, end, 300), update=3e-4, rate=0.1)
    facts = Circumstances(heads=(head,), optimizers=steps)
    seen = record(site("fc1"), trained=trained, circumstances=facts)
    assert in_turn.learnt_nothing(seen) is acts
    turns = actions(in_turn.treatments([], names(), seen))
    assert bool(turns) is acts
    if acts:
        assert turns[0] == ["raise_learning_rate"]
        assert ["insert_normalization"] in turns


@pytest.mark.parametrize(("update", "stays"), [(5e-6, True), (5e-5, False)])
def test_steps_a_hundredth_of_the_usual_stay_larger_whatever_else_is_tried(update, stays) -> None:
    raised = Remedy("raise_learning_rate", "", {"from": 1e-4, "to": 6e-2})
    low = Finding(
        "learning_rate_too_low", "error", "It is.", remedies=(raised,),
        evidence={"update_ratio": update},
    )  # fmt: skip
    norms = np.linspace(0.5, 2.0, 300)  # no bound cuts them
    trained = training(loss=2.3, update=update, rate=1e-4, gradient_norm=norms)
    turns = actions(in_turn.treatments([low], names(), record(site("fc1"), trained=trained)))
    assert turns[0] == ["raise_learning_rate"]
    assert len(turns) > 1
    assert all("raise_learning_rate" in turn for turn in turns) is stays


def test_weights_that_start_at_nought_tell_nothing_of_the_rate() -> None:
    found = [
        finding("symmetric_initialization", "reinitialize"),
        finding("learning_rate_too_high", "lower_learning_rate"),
    ]
    first = actions(in_turn.treatments(found, names(), record(site("fc1"), trained=STUCK)))[0]
    assert first == ["reinitialize"]
    assert (
        "lower_learning_rate"
        in actions(in_turn.treatments(found[1:], names(), record(site("fc1"), trained=STUCK)))[0]
    )


def test_a_decay_that_takes_the_weights_away_is_read_off_the_program() -> None:
    eased = (Remedy("stabilize_loss", "", {"decay": True}, {}),)
    assert in_turn.certain([dataclasses.replace(finding("vanishing_gradient"), remedies=eased)])
    assert not in_turn.certain([finding("vanishing_gradient", "swap_activation")])
