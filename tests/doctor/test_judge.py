"""Which remedies are tried, and how a treated run is weighed."""

from __future__ import annotations

import numpy as np
import pytest
from doctor_records import curve, falling, record, training

from rectifier.doctor import judge
from rectifier.doctor.finding import Finding, Remedy
from rectifier.doctor.outcome import Run

KNOWN = ("lower_learning_rate", "insert_normalization", "swap_activation", "clip_gradients")


def remedy(action: str, sites=None, **settings) -> Remedy:
    return Remedy(action, "because", settings, {} if sites is None else {"sites": sites})


def finding(*remedies: Remedy, rule="dying_relu", severity="error", of="") -> Finding:
    return Finding(rule, severity, "it broke", remedies=remedies, consequence_of=of)


def run(loss=0.5, findings=1, status=0, **metrics) -> Run:
    return Run(
        record=record(trained=training(curve(loss))),
        findings=tuple(finding() for _ in range(findings)),
        status=status,
        metrics={name: (value,) for name, value in metrics.items()},
    )


def actions(plans) -> list[list[str]]:
    return [[item.action for item in plan] for plan in plans]


def test_each_independent_cause_gets_its_first_remedy() -> None:
    found = [
        finding(remedy("lower_learning_rate", **{"from": 1.0, "to": 0.1})),
        finding(remedy("swap_activation", sites=["a"]), of="learning_rate_too_high"),
        finding(remedy("insert_normalization", sites=["b"])),
    ]
    first, *rest = actions(judge.plans(found, KNOWN))
    assert first == ["lower_learning_rate", "insert_normalization"]
    assert ["swap_activation", "insert_normalization"] in rest


def test_the_unit_of_the_targets_is_a_cause_of_its_own() -> None:
    unit = remedy("stabilize_loss", target_std=2e7)
    found = [
        finding(remedy("normalize_input"), rule="unnormalized_input"),
        finding(unit, remedy("clip_gradients"), rule="exploding_gradient", of="unnormalized_input"),
        finding(remedy("swap_activation"), of="unnormalized_input"),
    ]
    known = (*KNOWN, "normalize_input", "stabilize_loss")
    assert actions(judge.plans(found, known))[0] == ["normalize_input", "stabilize_loss"]


def test_notes_and_unknown_remedies_are_not_tried() -> None:
    assert judge.plans([finding(remedy("swap_activation"), severity="info")], KNOWN) == []
    assert judge.plans([finding(remedy("pray"))], KNOWN) == []


def test_sites_are_joined_and_the_gentlest_number_holds() -> None:
    found = [
        finding(remedy("insert_normalization", sites=["a"])),
        finding(remedy("insert_normalization", sites=["b", "a"])),
        finding(remedy("lower_learning_rate", **{"from": 1.0, "to": 0.1})),
        finding(remedy("lower_learning_rate", **{"from": 1.0, "to": 0.01})),
    ]
    normalise, lower = judge.plans(found, KNOWN)[0]
    assert normalise.scope["sites"] == ["a", "b"]
    assert lower.settings["to"] == 0.01


@pytest.mark.parametrize(
    ("before", "after", "verdict"),
    [
        (run(accuracy=0.2), run(0.1, 0, accuracy=0.95), "repaired"),
        (run(accuracy=0.2), run(0.1, 1, accuracy=0.95), "improved"),
        (run(accuracy=0.2), run(0.5, 1, accuracy=0.205), "not repaired"),
        (run(accuracy=0.9), run(0.1, 0, accuracy=0.7), "not repaired"),
        (run(accuracy=0.317), run(0.1, 0, accuracy=0.337), "improved"),  # guesses as before
        (run(findings=2), run(0.5, 1), "improved"),
        (run(loss=2.3), run(0.3, 0), "repaired"),
        (run(loss=0.3), run(2.3, 0), "not repaired"),
        (run(loss=np.inf), run(0.3, 0), "repaired"),
        (run(accuracy=0.5), run(0.1, 0, status=1, accuracy=0.9), "not repaired"),
        (run(status=1), run(0.4, 0), "repaired"),
    ],
)
def test_verdict(before: Run, after: Run, verdict: str) -> None:
    assert judge.compare(before, after).verdict == verdict


def test_a_run_that_did_not_train_is_no_repair() -> None:
    assert judge.compare(run(), Run(record=record(trained=training(steps=0)), findings=())).verdict
    empty = Run(
        record=record(trained=training(np.zeros(0), np.zeros(0), np.zeros(0), 0)), findings=()
    )
    assert judge.compare(run(), empty).verdict == "not repaired"


def test_rank_prefers_the_verdict_then_the_metric() -> None:
    before = run(accuracy=0.2)
    ranks = [
        judge.compare(before, after).rank
        for after in (run(0.1, 1, accuracy=0.99), run(0.1, 0, accuracy=0.9))
    ]
    assert ranks[1] > ranks[0]


def test_proof_has_the_numbers() -> None:
    before, after = run(2.3, accuracy=0.2), run(0.1, 0, accuracy=np.nan)
    text = judge.proof(before, after, judge.compare(before, after))
    assert "accuracy 0.2 → nan" in text
    assert "training loss 2.3 → 0.1" in text
    assert "harmful findings 1 → 0" in text


def test_loss_is_read_at_its_end() -> None:
    good = Run(record=record(trained=training(falling(2.3, 0.1))), findings=())
    assert judge.compare(run(loss=2.3), good).loss_gain == pytest.approx(2.2, abs=0.1)


@pytest.mark.parametrize(
    ("share", "loss", "verdict"),
    [
        (0.933, 0.11, "repaired"),  # one of 75 fewer, and what is given for each far better
        (0.933, 0.5, "not repaired"),  # not much better either
        (0.85, 0.11, "not repaired"),  # no chance any more
    ],
)
def test_a_share_that_fell_by_chance_gives_way_to_a_loss_beside_it(share, loss, verdict) -> None:
    for names in (("test accuracy", "test loss"), ("accuracy of network on test images", "nll")):
        before = run(**dict(zip(names, (0.947, 0.61), strict=True)))
        after = run(0.1, 0, **dict(zip(names, (share, loss), strict=True)))
        assert judge.compare(before, after).verdict == verdict


def rate_of(treatment: tuple[Remedy, ...]) -> dict[str, object]:
    (guard,) = [r for r in treatment if r.settings.get("guard")]
    return dict(guard.settings)


def test_where_signals_change_their_size_a_rate_below_the_usual_one_may_climb() -> None:
    known = record(trained=training(rate=0.01))
    scaled, joined = remedy("normalize_input"), remedy("add_to_optimizer")
    assert rate_of(judge.with_trials([scaled], known))["most"] == pytest.approx(0.1)
    assert rate_of(judge.with_trials([joined], known))["most"] == pytest.approx(0.01)
    quick = record(trained=training(rate=0.06))
    assert rate_of(judge.with_trials([scaled], quick))["most"] == pytest.approx(0.06)


def test_a_guard_that_climbed_is_told_as_a_raised_rate() -> None:
    guard = Remedy("lower_learning_rate", "", {"from": 0.01, "to": 0.01, "guard": True}, {})
    (done,) = judge.chosen([guard], {"lower_learning_rate": {"to": [0.03]}})
    assert done.action == "raise_learning_rate"
    assert done.settings == {"from": 0.01, "to": 0.03}
    (slower,) = judge.chosen([guard], {"lower_learning_rate": {"to": [0.003]}})
    assert slower.action == "lower_learning_rate"
