"""Rules vanishing_gradient and exploding_gradient: sick, healthy and borderline."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
from doctor_records import (
    STEPS,
    STUCK,
    curve,
    falling,
    layer,
    record,
    site,
    spike,
    told,
    training,
    weight,
)

from rectifier.doctor.rules import (
    exploding_gradient,
    learning_rate_too_high,
    vanishing_gradient,
)
from rectifier.watch.record import Circumstances, Feed, Head, OptimizerFacts

DEPTH = 8


def chain(backward: float = 1.0, forward: float = 1.0, function: str = "relu", **more):
    """Sites whose gradient changes by ``backward`` per layer on its way back."""
    return [
        site(
            f"layers.{i}.act",
            layer=f"layers.{i}",
            order=i,
            function=function,
            series={
                "gradient_rms": 1e-2 * backward ** (DEPTH - 1 - i),
                "input_std": forward**i,
                "saturated": 0.1,
                **more,
            },
        )
        for i in range(DEPTH)
    ]


def still(update: float = 1e-9):
    return (layer("layers.0", update_ratio=update),)


def test_vanishing_names_depth_factor_and_function() -> None:
    sick = record(*chain(0.15, function="sigmoid"), layers=still(), trained=training(curve(2.3)))
    (finding,) = vanishing_gradient.RULE.check(sick)
    assert (finding.severity, finding.layer) == ("error", "layers.0")
    assert finding.evidence["factor_per_layer"] == pytest.approx(0.15)
    assert "sigmoid passes on less" in finding.cause
    assert finding.remedies[0].action == "insert_normalization"
    assert len(finding.remedies[0].scope["sites"]) == DEPTH


def test_saturation_is_named() -> None:
    sites = chain(0.15, function="sigmoid", saturated=0.8)
    (finding,) = vanishing_gradient.RULE.check(record(*sites, layers=still()))
    assert finding.severity == "warning"
    assert "80 % of the inputs of sigmoid are saturated" in finding.cause


@pytest.mark.parametrize(("end", "told"), [(2.0, 1), (0.9, 0)])
def test_a_first_layer_that_adam_moves_while_the_loss_stays_at_a_guess(end, told) -> None:
    head = Head(("nll_loss", "log_softmax", "addmm"), "head", width=10)
    moved = record(
        *chain(0.15, function="sigmoid"),
        layers=still(1e-3),
        trained=training(falling(2.4, end)),
        circumstances=Circumstances(heads=(head,)),
    )
    assert len(vanishing_gradient.RULE.check(moved)) == told


def test_small_weights_are_named_for_relu() -> None:
    sick = record(*chain(0.3, forward=0.3), layers=still(), trained=training(curve(2.3)))
    (finding,) = vanishing_gradient.RULE.check(sick)
    assert "weights start so small" in finding.cause
    assert finding.remedies[0].action == "reinitialize"


def test_a_signal_that_dies_forward_counts_too() -> None:
    sick = record(*chain(1.0, forward=0.3), layers=still(), trained=training(curve(2.3)))
    (finding,) = vanishing_gradient.RULE.check(sick)
    assert "the signal shrinks" in finding.cause


@pytest.mark.parametrize(
    ("factor", "update", "found"),
    [
        (1.0, 1e-9, False),  # level gradient: small updates have other reasons
        (0.5, 1e-9, False),  # a hundredfold: borderline, below the threshold
        (0.3, 1e-3, False),  # shrinks, but the optimiser makes up for it (Adam)
        (0.3, 1e-9, True),
    ],
)
def test_vanishing_must_show(factor: float, update: float, found: bool) -> None:
    result = vanishing_gradient.RULE.check(record(*chain(factor), layers=still(update)))
    assert bool(result) is found


def test_two_sites_are_no_depth() -> None:
    assert vanishing_gradient.RULE.check(record(*chain(1e-4)[:2], layers=still())) == ()


def test_different_kinds_of_layers_do_not_compare() -> None:
    """Mean pooling scales element-wise gradients down; that is no fault."""
    sites = [
        dataclasses.replace(item, layer_kind="Conv2d" if i < DEPTH - 1 else "Linear")
        for i, item in enumerate(chain(1.0))
    ]
    last = site("head.act", layer="head", order=DEPTH, series={"gradient_rms": 1e3})
    stuck = training(curve(2.3))
    assert vanishing_gradient.RULE.check(record(*sites, last, layers=still(), trained=stuck)) == ()


def test_exploding_before_any_update() -> None:
    loss = np.where(np.arange(STEPS) < 3, 1e5, np.nan)
    (finding,) = exploding_gradient.RULE.check(record(*chain(6.0), trained=training(loss)))
    assert (finding.severity, finding.layer) == ("error", "layers.0")
    assert "Before any update, the gradient grows" in finding.cause
    assert finding.remedies[0].action == "reinitialize"


@pytest.mark.parametrize(("std", "first"), [(0.1, "insert_normalization"), (0.5, "reinitialize")])
def test_growth_between_weights_of_a_usual_scale_is_not_theirs(std: float, first: str) -> None:
    """Sums over neighbours multiply too."""
    drawn = tuple(weight(f"layers.{i}.weight", std=std) for i in range(DEPTH))
    (finding,) = told(
        exploding_gradient,
        *chain(1.0, forward=30.0),
        trained=training(np.where(np.arange(STEPS) < 3, 1e5, np.nan)),
        layers=tuple(layer(f"layers.{i}") for i in range(DEPTH)),
        parameters=drawn,
    )
    assert finding.remedies[0].action == first
    assert ("usual scale" in finding.cause) == (first == "insert_normalization")


def test_growth_without_harm_is_no_finding() -> None:
    assert exploding_gradient.RULE.check(record(*chain(6.0))) == ()


def test_growth_that_came_with_training_is_not_the_networks() -> None:
    sites = [
        site(f"layers.{i}.act", layer=f"layers.{i}", order=i, series={"gradient_rms": values})
        for i in range(DEPTH)
        for values in [np.where(np.arange(STEPS) < 5, 1e-2, 1e-2 * 6.0 ** (DEPTH - i))]
    ]
    assert exploding_gradient.RULE.check(record(*sites, trained=training(curve(2.3)))) == ()


def burst(at: int = 199, **more):
    trained = training(
        np.where(np.arange(STEPS) <= at, falling(2.3, 0.2), 50.0),
        spike(1e-3, 5.0, at),
        gradient_norm=spike(1.0, 1e4, at),
    )
    return record(trained=trained, **more)


def test_another_task_is_no_burst() -> None:
    made = tuple(OptimizerFacts("SGD", 0.1, step, 2, 2, 0, 100) for step in (0, 198))
    assert exploding_gradient.RULE.check(burst(circumstances=Circumstances(optimizers=made))) == ()


def test_a_burst_into_next_to_nothing_is_none() -> None:
    loss = np.where(np.arange(STEPS) <= 199, falling(2.3, 1e-8), 1e-3)
    trained = training(loss, gradient_norm=spike(1.0, 1e4, 199))
    assert exploding_gradient.RULE.check(record(trained=trained)) == ()


def test_a_burst_is_dated_and_clipping_proposed() -> None:
    (finding,) = exploding_gradient.RULE.check(burst())
    assert finding.first_step == 199
    assert finding.remedies[0].action == "clip_gradients"
    assert finding.remedies[0].settings == {"max_norm": 1.0}


def test_a_burst_that_does_no_harm_is_no_finding() -> None:
    trained = training(falling(2.3, 0.2), gradient_norm=spike(1.0, 1e4, 199))
    assert exploding_gradient.RULE.check(record(trained=trained)) == ()


def test_a_first_gradient_beyond_any_learning_rate() -> None:
    loss = np.where(np.arange(STEPS) < 3, 1e9, np.nan)
    trained = training(loss, gradient_norm=1e9, input_abs_max=500.0)
    (finding,) = exploding_gradient.RULE.check(record(layers=still(), trained=trained))
    assert "the data reach 500" in finding.cause
    assert finding.remedies[0].settings == {"max_norm": 0.5}
    assert exploding_gradient.RULE.check(record(layers=still(), trained=training(loss))) == ()


@pytest.mark.parametrize(
    ("spread", "reach", "found"),
    [
        (np.geomspace(6e5, 2e2, STEPS), 3.0, 1),
        (np.geomspace(6e5, 1.0, STEPS), 3.0, 0),
        (6e5, 1e5, 0),
    ],
)
def test_a_signal_that_runs_away_and_never_comes_down(spread, reach, found) -> None:
    """A network run on what it gave: its loss falls by millions and is no use all the same."""
    trained = training(falling(2e12, 8e4), gradient_norm=1e13, input_abs_max=3e7)
    one = np.ones(2)
    fed = Feed("fc1", "linear", 0 * one, one, -reach * one, reach * one, seen=500)
    facts = Circumstances(feeds=(fed,))
    run = site("fc1.silu", function="silu", series={"input_std": spread})
    seen = record(run, layers=still(), trained=trained, circumstances=facts)
    assert len(exploding_gradient.RULE.check(seen)) == found


@pytest.mark.parametrize(
    ("function", "applied", "spread", "tamed"),
    [
        ("relu", 58, 4e5, True),
        ("tanh", 58, 4e5, False),
        ("relu", 3, 4e5, False),
        ("relu", 58, 1.0, False),
    ],
)
def test_a_state_that_grows_from_step_to_step(function, applied, spread, tamed) -> None:
    grown = site("act", layer="cell", function=function, series={"input_std": spread})
    trained = training(curve(1e20), gradient_norm=1e14)
    state = weight("cell.weight", applied=applied)
    (finding,) = told(
        exploding_gradient,
        grown,
        trained=trained,
        layers=(*still(), layer("cell")),
        parameters=(state,),
        wired=60,
    )
    first = finding.remedies[0]
    assert (first.action == "swap_activation") is tamed
    if tamed:
        assert (first.settings["to"], first.scope["sites"]) == ("tanh", ["act"])


def slowing(*updates: float):
    return tuple(layer(f"layers.{i}", order=i, update_ratio=u) for i, u in enumerate(updates))


def test_a_first_layer_that_moves_a_hundredth_of_the_last() -> None:
    sites = chain(0.5, function="sigmoid")
    layers = slowing(1e-5, 5e-5, 2e-4, 5e-4, 2e-3)
    (finding,) = vanishing_gradient.RULE.check(
        record(*sites, layers=layers, trained=training(curve(2.3)))
    )
    assert (finding.rule, finding.severity) == ("vanishing_gradient", "error")
    assert vanishing_gradient.RULE.check(record(*sites, layers=layers)) == ()  # it learns
    level = slowing(5e-5, 2e-3, 5e-5, 2e-3, 2e-4)
    stuck = record(*sites, layers=level, trained=training(curve(2.3)))
    assert vanishing_gradient.RULE.check(stuck) == ()
    slow = slowing(1e-6, 5e-6, 2e-5, 5e-5, 2e-4)  # all of them: the rate's doing
    assert vanishing_gradient.RULE.check(record(*sites, layers=slow, trained=stuck.training)) == ()


def test_weights_that_a_decay_took_down() -> None:
    gone = layer("fc1", weight_norm=np.geomspace(5.0, 1e-9, STEPS), update_ratio=0.2)
    sick = record(site(), layers=(gone,), trained=training(curve(2.3), 0.2))
    (finding,) = vanishing_gradient.RULE.check(sick)
    assert "weight decay" in finding.cause
    assert learning_rate_too_high.RULE.check(sick) == ()


@pytest.mark.parametrize(
    ("std", "applied", "trained", "fires"),
    [
        (0.01, 22, STUCK, True),
        (0.125, 22, STUCK, False),  # orthogonal, or drawn so
        (0.0625, 22, STUCK, True),  # half a round: a millionth of 22
        (0.0625, 22, training(curve(2.3), 1e-5), False),  # the rate's doing
        (0.1, 22, STUCK, False),  # four fifths a round: a hundredth of 22
        (0.01, 1, STUCK, False),  # no recurrence, however many layers the graph holds
        (0.01, 22, training(), False),  # it learnt
    ],
)
def test_recurrent_weights_that_forget(std, applied, trained, fires) -> None:
    """A radius of std times the root of 64 a round."""
    square = weight("rec.weight", shape=(64, 64), std=std, applied=applied)
    found = told(
        vanishing_gradient,
        site("act", layer="rec"),
        trained=trained,
        layers=(layer("rec"), layer("out")),
        parameters=(square, weight("out.weight")),
        wired=24,
    )
    assert [f.layer for f in found] == (["rec"] if fires else [])
    if fires:
        assert found[0].remedies[0].scope["recurrent"]
        assert found[0].evidence["rounds"] == 22


def fed(*gradients: float):
    return tuple(layer(f"layers.{i}", order=i, gradient_norm=g) for i, g in enumerate(gradients))


@pytest.mark.parametrize(
    ("gradients", "trained", "found"),
    [
        ((0.05, 1e-6, 1e-6, 2e-6, 0.8), STUCK, ["layers.1"]),
        ((0.05, 1e-6, 1e-6, 2e-6, 0.8), training(), []),  # it learnt
        ((0.05, 1e-4, 1e-4, 2e-4, 0.8), STUCK, []),
        ((0.05, 1e-6, 1e-6, 0.2, 0.8), STUCK, []),  # two of five
        ((0.05, 0.0, 0.0, 0.0, 0.8), STUCK, []),  # cut off: another rule's
    ],
)
def test_branches_that_get_next_to_none_of_the_gradient(gradients, trained, found) -> None:
    told_ = told(vanishing_gradient, site("act"), trained=trained, layers=fed(*gradients))
    assert [f.layer for f in told_] == found


@pytest.mark.parametrize(
    ("end", "std", "found"),
    [(7e9, 85_000.0, 1), (3e9, 85_000.0, 0), (3e9, 5.0, 1), (1.0, 5.0, 0)],
)
def test_targets_far_from_one_that_are_met_by_their_mean_alone(end, std, found) -> None:
    """A loss that falls from the square of their mean to their variance has told nothing.

    With a spread of five it ends at 28 there, by the first value, and had not come so far yet.
    """
    head = Head(("add*", "mse_loss", "addmm"), "out", target_mean=3e5, target_std=std)
    facts = Circumstances(heads=(head,))
    trained = training(falling(1e11, end), gradient_norm=1e6)
    seen = record(site("act"), layers=still(), trained=trained, circumstances=facts)
    told_ = exploding_gradient.RULE.check(seen)
    assert len(told_) == found
    if found:
        assert "targets are of size" in told_[0].cause
        assert told_[0].remedies[0].settings["target_std"] == std


@pytest.mark.parametrize(
    ("mean", "late", "gradient", "end", "found"),
    [
        (1000.0, 0.8, 500.0, 1.0, 1),
        (1000.0, 0.8, 500.0, 0.1, 0),  # it learnt all the same
        (1000.0, 0.4, 500.0, 1.0, 0),  # the units kept their slope
        (1000.0, 0.8, 40.0, 1.0, 0),  # a gradient that such weights may have
        (5.0, 0.8, 500.0, 1.0, 0),  # targets of a usual scale
    ],
)
def test_targets_far_from_one_that_drive_units_out(mean, late, gradient, end, found) -> None:
    """A critic's error beside a policy's, in the trunk that they share."""
    head = Head(("sub*", "add*", "mul", "mean", "pow", "sub", "addmm"), "v", target_mean=mean)
    facts = Circumstances(heads=(dataclasses.replace(head, target_std=0.5 * mean),))
    driven = site("act", function="tanh", series={"saturated": np.linspace(0.0, late, STEPS)})
    trained = training(falling(1e6, end * 1e6), gradient_norm=gradient)
    told_ = exploding_gradient.RULE.check(
        record(driven, layers=still(), trained=trained, circumstances=facts)
    )
    assert [f.remedies[0].action for f in told_] == found * ["stabilize_loss"]


def test_a_loss_that_is_infinite_at_once_tells_nothing_of_the_gradient_behind_it() -> None:
    broken = training(curve(np.inf))
    assert exploding_gradient.RULE.check(record(*chain(6.0), trained=broken)) == ()
    finite = training(np.where(np.arange(STEPS) < 1, 1e5, np.inf))
    assert len(exploding_gradient.RULE.check(record(*chain(6.0), trained=finite))) == 1


@pytest.mark.parametrize(
    ("carried", "cleared", "nonzero", "found"),
    [(9, 0, 10, 1), (2, 0, 10, 0), (9, 1, 10, 0), (9, 0, 0, 0)],
)
def test_gradients_that_add_up_from_step_to_step(carried, cleared, nonzero, found) -> None:
    held = (weight(nonzero=nonzero),)
    facts = {"carried": carried, "cleared": cleared, "parameters": held}
    told_ = told(exploding_gradient, site("act"), **facts)
    assert len(told_) == found
    if found:
        assert told_[0].severity == "warning"  # whatever the loss did
        assert told_[0].remedies[0].settings == {"clear": True}


def halves(*between: float):
    """An encoder of four sites and a decoder of four, as two models."""
    sites = chain(0.3, function="sigmoid")
    return [
        dataclasses.replace(
            item,
            model="Net" if i < DEPTH // 2 else "Net:2",
            series=dataclasses.replace(
                item.series, gradient_rms=item.series.gradient_rms * (between[0] if i < 4 else 1)
            ),
        )
        for i, item in enumerate(sites)
    ]


@pytest.mark.parametrize(
    ("between", "optimizers", "found"),
    [(1.0, 1, True), (1.0, 2, False), (1e3, 1, False)],  # last: side by side, not in a row
)
def test_an_encoder_and_its_decoder_are_one_chain(between, optimizers, found) -> None:
    facts = Circumstances(optimizers=tuple(OptimizerFacts("SGD") for _ in range(optimizers)))
    sick = record(
        *halves(between), layers=still(), circumstances=facts, trained=training(curve(2.3))
    )
    assert bool(vanishing_gradient.RULE.check(sick)) is found


MINIMAX = ("neg", "binary_cross_entropy", "sigmoid", "addmm")


@pytest.mark.parametrize(
    ("head", "left", "update", "found"),
    [
        (MINIMAX, 1e-5, 5e-5, True),
        (("mean", "log", "rsub", "sigmoid", "addmm"), 1e-5, 5e-5, True),
        (MINIMAX[1:], 1e-5, 5e-5, False),  # the other loss: what is small there is learnt
        (MINIMAX, 0.05, 5e-5, False),  # the critic is not sure
        (MINIMAX, 1e-5, 2e-3, False),  # and Adam makes up for it
    ],
)
def test_a_generator_whose_critic_is_sure(head, left, update, found) -> None:
    gradient = curve(1e-2 * left)
    gradient[:5] = 1e-2
    facts = Circumstances(
        heads=(Head(head, "critic.2"),),
        optimizers=tuple(OptimizerFacts("Adam") for _ in range(2)),
    )
    sites = (site("gen.relu", layer="gen.0", series={"gradient_rms": gradient}),)
    sick = record(*sites, layers=(layer("gen.0", update_ratio=update),), circumstances=facts)
    assert bool(vanishing_gradient.RULE.check(sick)) is found


@pytest.mark.parametrize(
    ("update", "last", "found"), [(1e-6, 1e-3, 1), (1e-4, 1e-3, 0), (1e-6, 1e-5, 0)]
)
def test_a_bottom_that_only_the_long_way_reaches(update, last, found) -> None:
    levels = (1e-4, 3e-5, 1e-7, 1e-6, 1e-5, 1e-3)  # a U-Net: its first layers have a short way
    sites = [
        site(f"d{i}", layer=f"d{i}", order=i, series={"gradient_rms": level})
        for i, level in enumerate(levels)
    ]
    layers = (layer("d2", update_ratio=update), layer("d5", update_ratio=last))
    told_ = told(vanishing_gradient, *sites, layers=layers, trained=training())
    assert [f.layer for f in told_] == ["d2"] * found


def test_a_state_that_is_a_sigmoid_of_itself_forgets() -> None:
    cell = weight("cell.h.weight", shape=(64, 64), std=0.125, rounds=15)
    gate = site("cell.sigmoid", function="sigmoid", layer="cell.x")
    (finding,) = told(vanishing_gradient, gate, trained=STUCK, parameters=(cell,))
    assert finding.remedies[0].settings == {"from": "sigmoid", "to": "tanh"}
    assert finding.remedies[0].scope["sites"] == ["cell.sigmoid"]
    assert told(vanishing_gradient, gate, parameters=(cell,)) == ()  # it learns all the same
    for facts in ({"rounds": 9}, {"rounds": 0}, {"std": 0.5}):
        other = dataclasses.replace(cell, **facts)
        assert told(vanishing_gradient, gate, trained=STUCK, parameters=(other,)) == ()


def test_a_gradient_too_small_for_a_number_has_vanished() -> None:
    """Where it is nought exactly in front, and next to nought behind, it was lost on its way."""

    def lost(least: float):
        values = [0.0, 0.0, least, *np.geomspace(least, 1e-3, DEPTH - 2)[1:]]
        sites = [
            site(f"layers.{i}.act", layer=f"layers.{i}", order=i, series={"gradient_rms": value})
            for i, value in enumerate(values)
        ]
        return vanishing_gradient.RULE.check(record(*sites, trained=training(curve(2.3))))

    (finding,) = lost(1e-30)
    assert (finding.severity, finding.layer) == ("error", "layers.2")
    assert lost(1e-8) == ()  # cut off in front: what is detached did not shrink


@pytest.mark.parametrize(
    ("first", "last", "end", "found"),
    [
        (2e-5, 1e-2, 1.6, True),  # what the last layer alone can do is all that was learnt
        (2e-5, 1e-2, 1.0, False),  # more than half of the loss is gone
        (2e-4, 1e-1, 1.6, False),  # borderline: it moves a fifth of what is usual
        (2e-5, 1e-3, 1.6, False),  # nothing moves as it should: the rate's doing
    ],
)
def test_a_first_layer_that_hardly_moves_while_the_last_one_does(first, last, end, found) -> None:
    layers = (layer("layers.0", update_ratio=first), layer("head", update_ratio=last))
    sick = record(
        *chain(0.3, function="sigmoid"), layers=layers, trained=training(falling(2.3, end))
    )
    told_ = vanishing_gradient.RULE.check(sick)
    assert [f.severity for f in told_] == (["warning"] if found else [])


@pytest.mark.parametrize(
    ("function", "end", "until", "found"),
    [
        ("sigmoid", 0.7, STEPS, ["warning"]),
        ("sigmoid", 0.7, STEPS // 4, ["warning"]),  # of the first third it was most
        ("sigmoid", 0.7, STEPS // 8, []),  # a plateau of the opening, soon over
        ("sigmoid", 0.4, STEPS, []),
        ("relu", 0.7, STEPS, []),
    ],
)
@pytest.mark.parametrize(
    "head",
    [
        Head(("mse_loss", "addmm"), "head", target_std=1.0),
        Head(("nll_loss", "log_softmax", "addmm"), "head", width=3),  # a guess costs 1.1
    ],
)
def test_a_first_layer_that_adam_moves_while_half_of_what_guessing_costs_stays(
    function, end, until, found, head
) -> None:
    sites = []
    for i, made in enumerate(chain(0.15, function=function)):
        gradient = np.array(made.series.gradient_rms)
        gradient[until:] = 1e-2 * 0.9 ** (DEPTH - 1 - i)
        series = dataclasses.replace(made.series, gradient_rms=gradient)
        sites.append(dataclasses.replace(made, series=series))
    moved = record(
        *sites,
        layers=still(1e-2),
        trained=training(falling(1.1, end)),
        circumstances=Circumstances(heads=(head,)),
    )
    assert [f.severity for f in vanishing_gradient.RULE.check(moved)] == found


@pytest.mark.parametrize(
    ("factor", "function", "end", "found"),
    [
        (0.05, "sigmoid", 0.25, 1),  # four hundredfold through three layers
        (0.2, "sigmoid", 0.25, 0),  # what a sigmoid takes by itself
        (0.05, "relu", 0.25, 0),
        (0.05, "sigmoid", 0.18, 0),  # it has begun to learn
    ],
)
def test_three_layers_that_leave_a_twentieth_each_at_the_targets_mean(
    factor, function, end, found
) -> None:
    head = Head(("mse_loss", "sigmoid", "addmm"), "head", target_std=0.5)
    sick = record(
        *chain(factor, function=function)[-3:],
        layers=(layer("layers.5", update_ratio=1e-4),),
        trained=training(falling(0.251, end)),
        circumstances=Circumstances(heads=(head,)),
    )
    assert len(vanishing_gradient.RULE.check(sick)) == found


@pytest.mark.parametrize(("hidden", "found"), [("relu", []), ("sigmoid", ["warning"])])
def test_a_soft_cap_of_the_output_takes_no_gradient(hidden, found) -> None:
    *before, last = chain(0.1, function=hidden)
    capped = dataclasses.replace(last, function="tanh")
    head = Head(("nll_loss", "log_softmax", "mul", "tanh", "addmm"), capped.layer, width=3)
    moved = record(
        *before,
        capped,
        layers=still(1e-2),
        trained=training(falling(1.1, 0.7)),
        circumstances=Circumstances(heads=(head,)),
    )
    assert [f.severity for f in vanishing_gradient.RULE.check(moved)] == found
