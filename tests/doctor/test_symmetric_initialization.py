"""Rule symmetric_initialization on hand-made records: sick, healthy and borderline."""

from __future__ import annotations

import pytest
from doctor_records import told, weight

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
