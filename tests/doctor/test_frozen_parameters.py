"""Rule frozen_parameters on hand-made records: sick, healthy and borderline."""

from __future__ import annotations

import math
from dataclasses import replace

import pytest
from doctor_records import STUCK, falling, layer, site, told, training, weight

from rectifier.doctor.rules import frozen_parameters
from rectifier.watch.record import OptimizerFacts


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
    left = weight("body.weight", held=False, steps=0, nonzero=0, moved=0.0, late=True)
    (finding,) = told(frozen_parameters, parameters=(weight(), left))
    assert finding.severity == "error"
    assert finding.layer == "body"
    assert "after the optimiser" in finding.cause
    unregistered = weight("0", model="", held=False, steps=0, moved=0.0)
    assert "parameters() does not list" in (
        told(frozen_parameters, parameters=(weight(), unregistered))[0].cause
    )


def test_freezing_on_purpose_is_no_fault() -> None:
    frozen = weight("base.weight", trainable=False, held=False, steps=0, reached=0)
    loaded = weight("base.weight", loaded=True, held=False, steps=0)
    critic = weight("vgg.weight", model="Vgg", held=False, steps=0, moved=0.0, behind=True)
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
    for end, severity in ((0.1, "info"), (0.9, "warning")):  # whether all went well without it
        curve = training(loss=falling(1.0, end))
        (finding,) = told(frozen_parameters, trained=curve, parameters=(weight(), unused))
        assert finding.severity == severity


@pytest.mark.parametrize(
    ("places", "end", "severity"),
    [
        ((0, 1), 0.1, "info"),  # an idle branch of a training that went well
        ((1, 0), 0.1, "error"),  # what learns may stand on it
        ((0, 1), 0.5, "error"),  # its own loss may be what remained
    ],
)
def test_an_idle_branch_is_a_note_where_the_rest_learnt(places, end, severity) -> None:
    cut = weight("critic.weight", moved=0.0, reached=0, with_gradient=0, nonzero=0)
    actor = weight("actor.weight")
    layers = (layer("actor", order=places[0]), layer("critic", order=places[1]))
    curve = training(loss=falling(1.0, end))
    (finding,) = told(frozen_parameters, parameters=(actor, cut), layers=layers, trained=curve)
    assert finding.severity == severity
    assert (finding.remedies == ()) == (severity == "info")


@pytest.mark.parametrize(
    ("place", "end", "facts", "severity"),
    [
        (0, 1.0, {}, "warning"),  # all that learns stands on it
        (0, 0.1, {}, "warning"),  # random features that nobody asked for
        (0, 1.0, {"fan_in": 1}, "warning"),  # one number enters
        (9, 1.0, {}, "info"),  # nothing stands on it
        (0, 1.0, {"fan_in": 0}, "info"),  # a bias
        (0, 1.0, {"loaded": True}, "info"),
    ],
)
def test_a_small_first_layer_that_is_cut_off(place, end, facts, severity) -> None:
    nothing = {"reached": 0, "with_gradient": 0, "nonzero": 0, "moved": 0.0}
    cut = weight("first.weight", shape=(8, 8), **nothing, **facts)
    others = [weight(f"h{i}.weight") for i in range(1, 4)]
    layers = (layer("first", order=place), *(layer(f"h{i}", order=i) for i in range(1, 4)))
    curve = training(loss=falling(1.0, end))
    (finding,) = told(frozen_parameters, parameters=(cut, *others), layers=layers, trained=curve)
    assert finding.severity == severity


@pytest.mark.parametrize(("place", "severity"), [(0, "warning"), (2, "info")])
def test_a_small_layer_that_no_optimizer_holds(place, severity) -> None:
    left = weight("first.weight", shape=(8, 8), held=False, steps=0, moved=0.0)
    others = [weight(f"h{i}.weight") for i in range(1, 4)]
    layers = (layer("first", order=place), *(layer(f"h{i}", order=i) for i in range(1, 4)))
    curve = training(loss=falling(1.0, 0.1))
    (finding,) = told(frozen_parameters, parameters=(left, *others), layers=layers, trained=curve)
    assert finding.severity == severity


def test_a_body_that_no_optimizer_holds_under_a_trained_head() -> None:
    body = weight("body.0.weight", model="Body", held=False, steps=0, moved=0.0)
    (finding,) = told(frozen_parameters, parameters=(weight(), body))
    assert finding.severity == "error"
    assert "what is trained stands on them" in finding.cause
    assert finding.remedies[0].settings["how"] == "join"
    by_hand = weight("body.0.weight", model="Body", held=False, steps=0, moved=0.2)
    assert told(frozen_parameters, parameters=(weight(), by_hand)) == ()


@pytest.mark.parametrize(("held", "steps", "how"), [(True, 0, "step_too"), (False, 0, "join")])
def test_one_optimizer_of_several_that_never_steps(held, steps, how) -> None:
    body = weight("body.0.weight", model="Body", held=held, steps=steps, moved=0.0)
    own, other = OptimizerFacts("Adam", steps=300), OptimizerFacts("SGD", steps=0)
    facts = {"parameters": (weight(), body), "optimizers": (own, other)}
    (finding,) = told(frozen_parameters, **facts)
    assert finding.severity == "error"
    assert finding.remedies[0].settings == {"how": how}
    assert ("the SGD that holds them never took a step" in finding.cause) == held


def test_frozen_at_random_where_nothing_is_learnt() -> None:
    facts = {"trainable": False, "held": False, "steps": 0, "reached": 0, "moved": 0.0}
    drawn = weight("body.weight", shape=(64, 64), **facts)
    (finding,) = told(frozen_parameters, parameters=(weight(), drawn), trained=STUCK)
    assert finding.remedies[0].settings["how"] == "unfreeze"
    (note,) = told(frozen_parameters, parameters=(weight(), drawn))  # it learns all the same
    assert (note.severity, note.remedies) == ("info", ())
    loaded = weight("body.weight", shape=(64, 64), loaded=True, **facts)
    assert told(frozen_parameters, parameters=(weight(), loaded), trained=STUCK) == ()


def test_losses_that_lead_to_no_parameter() -> None:
    none = {"reached": 0, "with_gradient": 0, "nonzero": 0, "moved": 0.0}
    (finding,) = told(frozen_parameters, parameters=(weight(**none),), losses=0)
    assert "depend on no parameter" in finding.cause
    (finding,) = told(frozen_parameters, parameters=(weight(**none),), losses=0, backwards=0)
    assert "no backward pass" in finding.cause
    by_hand = weight(**(none | {"moved": 0.1}))
    assert told(frozen_parameters, parameters=(by_hand,), losses=0, backwards=0) == ()


@pytest.mark.parametrize(
    ("idle", "others", "said"),
    [
        (4, (), "an argmax"),  # all losses lead elsewhere: a tensor made anew
        (3, (), None),  # one led to what is trained
        (4, (weight("old.weight", held=False, steps=0, moved=0.0),), "No optimiser holds"),
    ],
)
def test_losses_that_lead_only_to_what_is_not_trained(idle, others, said) -> None:
    none = weight(reached=0, with_gradient=0, nonzero=0, moved=0.0)
    facts = {"parameters": (none, *others), "losses": 4, "idle": idle}
    found = told(frozen_parameters, **facts)
    assert [said in finding.cause for finding in found][:1] == ([True] if said else [])


@pytest.mark.parametrize(("last", "told_"), [(math.inf, 0), (1.0, 1)])
def test_a_loss_that_is_infinite_throughout_has_no_gradient_to_keep(last, told_) -> None:
    loss = [math.inf] * 299 + [last]
    gone = weight(nonzero=0)
    found = told(frozen_parameters, trained=training(loss=loss), parameters=(gone,))
    assert len(found) == told_


def test_noughts_that_a_silent_layer_passes_back_are_its_own_doing() -> None:
    silent, alive = site(born_dead=100), site(born_dead=99)
    noughts = (weight(nonzero=0),)
    assert told(frozen_parameters, silent, parameters=noughts) == ()
    assert len(told(frozen_parameters, alive, parameters=noughts)) == 1
    cleared = (weight(nonzero=0, with_gradient=0),)
    (finding,) = told(frozen_parameters, silent, parameters=cleared)
    assert "set to None" in finding.cause


def test_gradients_that_nobody_uses() -> None:
    still = {"held": False, "steps": 0, "with_gradient": 0, "nonzero": 0, "moved": 0.0}
    by_hand = {"optimizers": (), "trained": STUCK}
    (finding,) = told(frozen_parameters, parameters=(weight(**still),), **by_hand)
    assert finding.severity == "error"
    assert "no optimiser was made" in finding.cause
    assert finding.remedies[0].settings == {"how": "write"}
    for facts in ({"moved": 1e-6}, {"moved": math.nan}, {"loaded": True}, {"reached": 2}):
        parameters = (weight(**(still | facts)),)
        assert told(frozen_parameters, parameters=parameters, **by_hand) == ()
    few = by_hand | {"backwards": 29}
    assert told(frozen_parameters, parameters=(weight(**still),), **few) == ()
    falls = by_hand | {"trained": training()}
    assert told(frozen_parameters, parameters=(weight(**still),), **falls) == ()
    for norms, count in (((0.0, 0.0), 0), ((0.0, 1e-9), 1), ((math.nan, math.nan), 1)):
        layers = tuple(layer(str(i), order=i, gradient_norm=n) for i, n in enumerate(norms))
        given = by_hand | {"parameters": (weight(**still),), "layers": layers}
        assert len(told(frozen_parameters, **given)) == count, "noughts change nothing"


@pytest.mark.parametrize(
    ("kind", "order", "std", "severity"),
    [
        ("Embedding", 2, 1.0, "warning"),
        ("Linear", 2, 1.0, "info"),  # what follows makes do with any mixture
        ("Embedding", 9, 1.0, "info"),  # nothing that learns comes after it
        ("Embedding", 2, 0.0, "info"),  # nothing was drawn
    ],
)
def test_a_small_table_that_is_cut_off_before_layers_that_learn(kind, order, std, severity) -> None:
    nothing = {"reached": 0, "with_gradient": 0, "nonzero": 0, "moved": 0.0}
    book = weight("book.weight", shape=(4, 8), std=std, **nothing)
    learns = [weight(f"{name}.weight", shape=(64, 64)) for name in ("encoder", "decoder")]
    layers = (
        layer("encoder", order=1),
        replace(layer("book", order=order), kind=kind),
        layer("decoder", order=5),
    )
    found = told(frozen_parameters, parameters=(*learns, book), layers=layers)
    assert [f.severity for f in found if f.layer == "book"] == [severity]
