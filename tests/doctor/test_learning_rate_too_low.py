"""Rule learning_rate_too_low on hand-made records: sick, healthy and borderline."""

from __future__ import annotations

import dataclasses
import math

import numpy as np
import pytest
from doctor_records import STEPS, curve, falling, layer, record, told, training, weight

from rectifier.doctor.rules import learning_rate_too_low
from rectifier.watch.record import Circumstances, OptimizerFacts
from rectifier.watch.record.circumstances import Head


def slow(update=1e-6, loss=2.29, moved=1e-3, **facts):
    trained = training(loss=loss, update=update, rate=1e-5)
    return told(learning_rate_too_low, trained=trained, parameters=(weight(moved=moved, **facts),))


def test_steps_too_small_to_get_anywhere() -> None:
    (finding,) = slow()
    assert finding.severity == "error"
    (remedy,) = finding.remedies
    assert remedy.action == "raise_learning_rate"
    assert remedy.settings["to"] == pytest.approx(0.03)


def test_a_short_run_needs_larger_steps() -> None:
    """A hundred steps that move weights by their own norm move them by a hundredth each."""
    trained = training(loss=2.29, update=1e-6, rate=1e-5, steps=100)
    (finding,) = told(learning_rate_too_low, trained=trained, parameters=(weight(moved=1e-3),))
    assert finding.remedies[0].settings["to"] == pytest.approx(0.1)


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


@pytest.mark.parametrize(
    ("update", "moved", "end", "found"),
    [
        (6e-6, 3e-3, 0.57, 1),  # a line down to a quarter of the start, with hardly a step taken
        (6e-6, 3e-3, 0.1, 0),  # near enough to where it went
        (6e-5, 3e-3, 0.57, 0),  # steps of a sixteenth of the usual size may have done it
        (6e-5, 3e-3, 1.5, 1),
    ],
)
def test_a_loss_that_falls_all_the_way_with_hardly_a_step(update, moved, end, found) -> None:
    line = np.linspace(2.3, end, 300)
    assert len(slow(update=update, loss=line, moved=moved)) == found


@pytest.mark.parametrize(
    ("update", "moved", "end", "found"),
    [
        (2e-9, 1e-6, 1.7, 1),  # the first batches were the harder ones: nothing moved
        (2e-9, 5e-3, 1.7, 0),
        (2e-5, 1e-6, 1.7, 0),
        (2e-9, 1e-6, 0.9, 0),  # what fell to under a half did so for a reason
    ],
)
def test_weights_that_stand_while_the_loss_is_noisy(update, moved, end, found) -> None:
    loss = np.concatenate([np.full(10, 2.3), np.full(290, end)])
    assert len(slow(update=update, loss=loss, moved=moved)) == found


@pytest.mark.parametrize(
    ("update", "noise", "end", "found"),
    [
        (6e-5, 0.0, 2.2, 1),  # a fall that only gathers pace, by steps that came a long way
        (6e-5, 0.4, 2.2, 0),  # as much as its noise may fall
        (6e-5, 0.0, 1.9, 0),  # that got somewhere
        (4e-4, 0.0, 2.2, 0),  # with steps not far from the usual ones
    ],
)
def test_small_steps_that_came_far_and_are_not_there(update, noise, end, found) -> None:
    loss = 2.3 - (2.3 - end) * np.linspace(0, 1, 300) ** 2 + noise * np.sin(np.arange(300) * 2.0)
    assert len(slow(update=update, loss=loss, moved=1.4)) == found


def test_small_steps_that_have_come_to_rest() -> None:
    loss = 2.3 - 0.1 * (1 - np.exp(-np.arange(300) / 20))
    assert slow(update=6e-5, loss=loss, moved=1.4) == ()


@pytest.mark.parametrize(("rate", "end", "found"), [(1e-5, 1.5, 1), (1e-4, 1.5, 0), (1e-5, 0.9, 0)])
def test_adam_two_decades_below_its_usual_rate(rate, end, found) -> None:
    """What is easy came first, and most of the way is left."""
    loss = end + (2.3 - end) * np.exp(-np.arange(300) / 60)
    sick = record(
        trained=training(loss=loss, update=2e-5, rate=rate),
        circumstances=Circumstances(parameters=(weight(moved=0.1),)),
    )
    sick = dataclasses.replace(sick, optimizer="Adam")
    told_of = learning_rate_too_low.RULE.check(sick)
    assert len(told_of) == found
    assert all(f.evidence["rate_over_usual"] == pytest.approx(0.01) for f in told_of)


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


@pytest.mark.parametrize(
    ("noise", "moved", "end", "found"),
    [
        (0.0, 0.1, 2.2, 1),
        (0.02, 0.1, 2.2, 1),
        (0.2, 0.1, 2.2, 0),
        (0.0, 0.4, 2.2, 0),
        (0.0, 0.1, 1.9, 1),
        (0.0, 0.1, 1.8, 0),
    ],
)
def test_a_loss_that_creeps_down_a_straight_line(noise, moved, end, found) -> None:
    """Steps of a quarter of the usual size: only the line tells that there is no floor near."""
    line = np.linspace(2.3, end, 300) + noise * np.sin(np.arange(300) * 2.0)
    assert len(slow(update=2.5e-4, loss=line, moved=moved)) == found


@pytest.mark.parametrize(
    ("optimizer", "kind", "target"),
    [("Adam", "Linear", 3e-3), ("SGD", "Linear", 3e-4), ("Adam", "LayerNorm", 3e-4)],
)
def test_steps_of_their_rates_size_are_raised_to_the_usual_rate(optimizer, kind, target) -> None:
    trained = training(loss=2.29, update=1e-4 / 2, rate=5e-6)
    facts = Circumstances(parameters=(weight(moved=1e-3),))
    norm = dataclasses.replace(layer("norm"), kind=kind)
    (finding,) = learning_rate_too_low.RULE.check(
        record(layers=(norm,), trained=trained, circumstances=facts, optimizer=optimizer)
    )
    assert finding.remedies[0].settings["to"] == pytest.approx(target)


def test_a_straight_line_is_seen_through_the_noise_of_small_batches() -> None:
    noise = np.random.default_rng(0).normal(0, 0.02, STEPS)
    slope = np.linspace(2.0, 1.9, STEPS)
    facts = {"parameters": (weight(moved=0.05),)}
    (finding,) = told(
        learning_rate_too_low, trained=training(loss=slope + noise, update=2e-4), **facts
    )
    assert finding.remedies[0].action == "raise_learning_rate"
    bends = 1.9 + 0.1 * np.exp(-np.arange(STEPS) / 60)
    assert told(
        learning_rate_too_low, trained=training(loss=bends + noise, update=2e-4), **facts
    ) == ()  # fmt: skip
    alone = training(loss=1.95 + noise, update=2e-4)
    assert told(learning_rate_too_low, trained=alone, **facts) == ()


def test_a_warm_up_longer_than_the_run() -> None:
    """OneCycleLR told of examples where it counts batches."""

    def warming(top: float, end: float = 1.9, made: float = 0.1):
        loss = falling(2.3, end)
        rate = np.linspace(1e-5, top, STEPS)
        trained = training(loss=loss, update=rate / 10, rate=rate)
        facts = (OptimizerFacts("SGD", made, 0, 4, 4, 0, STEPS),)
        moved = (weight(moved=0.2),)
        return told(learning_rate_too_low, trained=trained, parameters=moved, optimizers=facts)

    (finding,) = warming(1e-3)
    assert "still warms up" in finding.cause
    assert finding.remedies[0].settings["hold"] is True
    assert finding.remedies[0].settings["to"] == pytest.approx(0.1)
    assert warming(1e-3, end=0.2) == ()  # it learns meanwhile
    assert warming(1e-3, made=1e-3) == ()  # and there it is
    flat = training(loss=falling(2.3, 1.9), update=1e-4, rate=1e-3)
    facts = (OptimizerFacts("SGD", 0.1, 0, 4, 4, 0, STEPS),)  # a factor of a schedule's own
    assert told(learning_rate_too_low, trained=flat, parameters=(weight(),), optimizers=facts) == ()


def test_the_second_of_two_trainings_stands_still() -> None:
    """A student behind its teacher, at a rate too low for it."""

    def behind(last: np.ndarray, start: int = 100, ended: int = 100):
        loss = np.concatenate([falling(2.3, 0.1, 100), last])
        update = np.concatenate([curve(1e-2, 100), curve(3e-4, 200)])
        facts = (
            OptimizerFacts("Adam", 2e-3, 0, 8, 8, 0, ended),
            OptimizerFacts("SGD", 0.05, start, 4, 4, 0, 200),
        )
        later = np.arange(100, STEPS)
        student = dataclasses.replace(
            layer("student", steps=200), step=later, update_ratio=curve(3e-4, 200)
        )
        return told(
            learning_rate_too_low,
            trained=training(loss=loss, update=update),
            parameters=(weight("teacher.weight", moved=1.2), weight("student.weight", moved=0.07)),
            layers=(layer("teacher"), student),
            optimizers=facts,
        )

    line = np.linspace(0.052, 0.049, 200)
    (finding,) = behind(line)
    assert finding.first_step == 100
    assert finding.severity == "error"
    assert behind(falling(0.05, 0.01, 200)) == ()
    assert behind(0.05 + 0.002 * np.sin(np.arange(200.0))) == ()  # at its floor
    assert behind(line, ended=300) == ()  # two that train side by side, as in a GAN


def damped(gradient=1e-9, epsilon=1e-8, end=1.8, update=1e-3, kind="Adam", **facts):
    adam = OptimizerFacts(kind, 1e-3, 0, 2, 2, 0, STEPS, epsilon=epsilon)
    layers = [layer(f"fc{i}", order=i, gradient_rms=gradient, **facts) for i in range(3)]
    curve = training(loss=falling(2.3, end), update=update, rate=1e-3)
    found = told(learning_rate_too_low, trained=curve, layers=tuple(layers), optimizers=(adam,))
    return [(f.severity, dict(f.remedies[0].settings)) for f in found if "epsilon" in f.cause]


def test_a_gradient_below_the_epsilon_of_the_optimizer() -> None:
    assert damped() == [("warning", {"epsilon": 1e-12})]
    assert damped(end=0.6) == [("warning", {"epsilon": 1e-12})]
    assert damped(end=2.3) == [("error", {"epsilon": 1e-12})]
    assert damped(gradient=0.04, epsilon=10.0, end=0.6, update=4e-5) == [
        ("warning", {"epsilon": 4e-5})
    ]


@pytest.mark.parametrize(
    "facts",
    [
        {"gradient": 2e-8},
        {"end": 0.4},
        {"gradient": 1e-3, "epsilon": 1e-2},  # chosen, and steps of usual size
        {"gradient": 3e-9, "end": 1.1},  # steps of a quarter: half of it went all the same
        {"kind": "SGD"},
        {"gradient": 0.0},  # dead: others say why
        {"gradient": math.nan},
    ],
)
def test_a_gradient_that_the_epsilon_leaves_alone(facts) -> None:
    assert damped(**facts) == []


def test_tables_and_normalisations_do_not_count_for_the_gradients_size() -> None:
    adam = OptimizerFacts("Adam", 1e-3, 0, 2, 2, 0, STEPS, epsilon=1e-8)
    small = [
        dataclasses.replace(layer(f"t{i}", order=i, gradient_rms=1e-9), kind=kind)
        for i, kind in enumerate(("Embedding", "LayerNorm", "BatchNorm1d"))
    ]
    curve = training(loss=falling(2.3, 1.8))
    for others, count in (((layer("fc"),), 0), ((layer("fc", gradient_rms=1e-9),), 1)):
        layers = (*small, *others)
        found = told(learning_rate_too_low, trained=curve, layers=layers, optimizers=(adam,))
        assert len(found) == count


@pytest.mark.parametrize(
    ("end", "update", "moved", "found"),
    [
        (1.9, 2e-4, 0.05, 1),
        (1.7, 2e-4, 0.05, 0),  # it got somewhere
        (1.9, 4e-4, 0.05, 0),  # steps of nearly the usual size
        (1.9, 2e-4, 0.1, 0),  # weights that went as far as training takes them
    ],
)
def test_a_run_that_is_over_while_its_loss_still_falls(end, update, moved, found) -> None:
    noise = np.random.default_rng(0).normal(0, 0.02, STEPS)
    bend = 0.15 * np.exp(-np.arange(STEPS) / 10)  # the first steps gain most: no straight line
    trained = training(loss=np.linspace(2.0, end, STEPS) + bend + noise, update=update)
    judged = told(learning_rate_too_low, trained=trained, parameters=(weight(moved=moved),))
    assert [f.severity for f in judged] == ["warning"] * found


@pytest.mark.parametrize(("steps", "found"), [(2000, 1), (300, 1)])
def test_time_is_counted_in_steps_and_not_in_what_is_kept(steps, found) -> None:
    """Of a long run most of what is kept is from its ends, where a line looks bent."""
    kept = np.unique(np.concatenate([np.arange(60), np.linspace(60, steps - 1, 120, dtype=int)]))
    late = np.arange(steps - steps // 4, steps)
    kept = np.unique(np.concatenate([kept, late]))
    line = 1.0 - 0.35 * kept / steps
    trained = dataclasses.replace(
        training(loss=line, update=3e-5, rate=5e-5, steps=kept.size), step=kept
    )
    told_ = told(learning_rate_too_low, trained=trained, parameters=(weight(moved=2.7e-2),))
    assert len(told_) == found


@pytest.mark.parametrize(
    ("start", "end", "update", "found"),
    [
        (0.25, 0.16, 5e-4, 1),  # the mean alone would cost 0.09
        (0.25, 0.1, 5e-4, 0),  # it came to that
        (0.25, 0.16, 2e-3, 0),  # by steps of the usual size
        (2.5, 1.6, 5e-4, 0),  # a sum of errors, it seems
    ],
)
def test_a_squared_error_that_has_yet_to_come_to_the_targets_mean(start, end, update, found):
    head = Head(("mse_loss", "sigmoid", "addmm"), "2", target_mean=0.1, target_std=0.3)
    trained = training(loss=np.linspace(start, end, STEPS), update=update, rate=1e-2)
    told_ = told(
        learning_rate_too_low, trained=trained, parameters=(weight(moved=0.1),), heads=(head,)
    )
    assert len(told_) == found


@pytest.mark.parametrize(("mean", "actions"), [(150.0, 2), (5.0, 0)])
def test_targets_too_far_for_steps_of_the_usual_size(mean, actions):
    """Of ten and more it is their unit, and what they cost at the start shows the way to go."""
    head = Head(("mse_loss", "addmm"), "2", target_mean=mean, target_std=0.5 * mean)
    size = 1.25 * mean**2
    trained = training(loss=np.linspace(size, 0.7 * size, STEPS), update=3e-3, rate=1e-3)
    found = told(
        learning_rate_too_low, trained=trained, parameters=(weight(moved=2.0),), heads=(head,)
    )
    assert [len(f.remedies) for f in found] == [actions] * bool(actions)
    if found:
        assert found[0].remedies[0].settings["target_mean"] == mean
        assert "for targets of size" in found[0].cause


def test_a_schedule_that_ends_the_training_at_a_guess_is_named_itself():
    head = Head(("nll_loss", "log_softmax", "addmm"), "4", width=10)
    rate, update = curve(0.05), curve(1e-2)
    rate[40:], update[40:] = 1e-6, 1e-8
    trained = training(loss=falling(2.35, 2.25), update=update, rate=rate)
    parameters = (weight(moved=0.05),)
    (finding,) = told(learning_rate_too_low, trained=trained, parameters=parameters, heads=(head,))
    assert finding.remedies[0].settings["hold"] is True
    assert finding.first_step == 40


@pytest.mark.parametrize(
    ("moved", "end", "severity"), [(0.01, 0.79, "error"), (0.5, 0.79, ""), (0.5, 0.6, "")]
)
def test_small_steps_at_what_the_mean_costs(moved, end, severity):
    head = Head(("mse_loss", "addmm"), "4", target_mean=0.0, target_std=0.9)
    trained = training(loss=falling(0.85, end), update=2.5e-4, rate=1e-3)
    found = told(
        learning_rate_too_low, trained=trained, parameters=(weight(moved=moved),), heads=(head,)
    )
    assert "".join(f.severity for f in found) == severity


def test_what_falls_fast_at_first_is_not_on_its_way_to_the_mean():
    head = Head(("mse_loss", "addmm"), "2", target_mean=0.1, target_std=0.3)
    loss = 0.16 + 0.09 * np.exp(-np.arange(STEPS) / 10)
    trained = training(loss=loss, update=5e-4, rate=1e-2)
    parameters = (weight(moved=0.1),)
    assert told(learning_rate_too_low, trained=trained, parameters=parameters, heads=(head,)) == ()
