"""Which rate goes with a treatment."""

from __future__ import annotations

import numpy as np
import pytest
from doctor_records import record, training

from rectifier.doctor.finding import Remedy
from rectifier.doctor.pace import with_pace

LOWER = Remedy("lower_learning_rate", "", {"from": 2.0, "to": 0.03}, {})


@pytest.mark.parametrize(
    ("rates", "expected"),
    [
        (np.r_[np.full(100, 0.1), np.full(200, 2.0)], {"from": 2.0, "to": 0.1, "cap": True}),
        (np.r_[np.linspace(0, 2, 100), np.full(200, 2.0)], LOWER.settings),  # a warm-up
        (np.r_[np.full(20, 0.1), np.full(280, 2.0)], LOWER.settings),  # too short to tell
        (np.r_[np.full(100, 1.0), np.full(200, 2.0)], LOWER.settings),  # hardly raised
        (np.full(300, 2.0), LOWER.settings),
    ],
)
def test_a_rate_that_was_raised_on_the_way_comes_back_to_where_it_was(rates, expected) -> None:
    (remedy,) = with_pace((LOWER,), record(trained=training(rate=rates)))
    assert remedy.settings == expected
