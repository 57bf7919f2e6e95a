"""Rule symmetric_initialization on hand-made records: sick, healthy and borderline."""

from __future__ import annotations

import pytest
from doctor_records import STUCK, falling, told, training, weight

from rectifier.doctor.rules import symmetric_initialization


def test_units_that_stay_copies() -> None:
    alike = weight(alike_start=0.97, alike_end=0.97)
    (finding,) = told(symmetric_initialization, parameters=(alike,))
    assert finding.severity == "error"
    assert finding.remedies[0].settings == {"alike": True}


@pytest.mark.parametrize(
    "facts",
    [
        {"alike_start": 0.97, "alike_end": 0.0},  # told apart by training
        {"alike_start": 0.97, "alike_end": 0.0, "zero_start": True},  # LoRA's second factor
        {"alike_start": 0.4, "alike_end": 0.4},
        {"alike_start": 0.97, "alike_end": 0.97, "trainable": False},
    ],
)
def test_units_that_become_different_are_no_fault(facts) -> None:
    assert told(symmetric_initialization, parameters=(weight(**facts),)) == ()


def test_updates_by_hand_are_judged_by_the_losses() -> None:
    facts = {"alike_start": 0.97, "alike_end": 0.97, "zero_start": True, "moved": 0.0}
    zeros = weight(held=False, steps=0, with_gradient=0, nonzero=0, **facts)
    (finding,) = told(symmetric_initialization, parameters=(zeros,), optimizers=())
    assert "start at zero" in finding.cause
    assert told(symmetric_initialization, parameters=(zeros,)) == ()  # an optimiser is there


COPIES = {"alike_start": 0.97, "alike_end": 0.0, "mean": 0.05, "std": 1e-9}


@pytest.mark.parametrize(
    ("trained", "severity"),
    [
        (STUCK, "error"),
        (training(loss=falling(2.3, 1.0)), "warning"),
        (training(loss=falling(2.3, 0.3)), "info"),  # noise told them apart in time
    ],
)
def test_copies_that_only_noise_tells_apart(trained, severity) -> None:
    two = (weight("0.weight", **COPIES), weight("2.weight", **COPIES))
    (finding,) = told(symmetric_initialization, parameters=two, trained=trained, wired=1)
    assert finding.severity == severity
    assert "or noise tells them apart" in finding.cause
    assert finding.also == ("2",)
    assert (finding.remedies == ()) == (severity == "info")


@pytest.mark.parametrize(
    ("other", "wired"),
    [
        ({**COPIES, "alike_start": float("nan")}, 1),  # a single unit is nobody's copy
        ({**COPIES, "zero_start": True}, 1),  # a branch that starts with nothing
        ({**COPIES, "loaded": True}, 1),
        (COPIES, 0),  # neither stands behind the other
        ({}, 1),
    ],
)
def test_one_matrix_of_copies_is_no_fault(other, wired) -> None:
    two = (weight("0.weight", **COPIES), weight("2.weight", **other))
    assert told(symmetric_initialization, parameters=two, trained=STUCK, wired=wired) == ()


@pytest.mark.parametrize(("drawn", "count"), [(0, 1), (1, 0)])
def test_zeros_nearly_everywhere_leave_it_to_the_biases(drawn, count) -> None:
    zero = {"alike_start": 0.97, "alike_end": 0.0, "zero_start": True, "std": 0.0}
    zeros = [weight(f"{i}.weight", **zero) for i in range(2)]
    last = weight("2.weight", **{**zero, "alike_start": float("nan")})  # of one unit
    others = [weight(f"d{i}.weight") for i in range(drawn)]
    facts = {"parameters": (*zeros, last, *others), "trained": STUCK, "wired": 2}
    assert len(told(symmetric_initialization, **facts)) == count


def test_copies_among_many_that_were_drawn_are_no_fault() -> None:
    copies = [weight(f"{i}.weight", **COPIES) for i in range(2)]
    drawn = [weight(f"{i}.weight") for i in range(2, 4)]
    facts = {"parameters": (*copies, *drawn), "trained": STUCK, "wired": 3}
    assert told(symmetric_initialization, **facts) == ()
