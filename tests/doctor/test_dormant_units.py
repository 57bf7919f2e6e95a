"""Rule dormant_units on hand-made records: sick, healthy and borderline."""

from __future__ import annotations

import numpy as np
import pytest
from doctor_records import STUCK, falling, site, told, training

from rectifier.doctor.rules import dormant_units


@pytest.mark.parametrize(
    ("share", "loss", "severity"),
    [(0.05, 2.3, None), (0.3, 2.3, "info"), (0.6, 2.3, "warning"), (0.6, None, "info")],
)
def test_units_that_give_next_to_nothing(share, loss, severity) -> None:
    made = site("fc1.gelu", function="gelu", units=100)
    values = np.full(100, 0.4)
    values[: int(100 * share)] = 1e-4
    object.__setattr__(made.unit, "mean_abs_recent", values)
    trained = training(loss=falling(2.3, 0.1) if loss is None else loss)
    found = told(dormant_units, made, trained=trained)
    assert [f.severity for f in found] == ([severity] if severity else [])


def test_rare_but_strong_units_of_a_sparse_code_are_not_dormant() -> None:
    made = site("encoder.relu", units=100, rate=0.05)
    values, active = np.full(100, 0.5), made.unit.active_recent.copy()
    values[:60], active[:60] = 0.5 * 0.02, np.maximum(active[:60] // 50, 1)
    object.__setattr__(made.unit, "mean_abs_recent", values)
    object.__setattr__(made.unit, "active_recent", active)
    assert told(dormant_units, made, trained=STUCK) == ()
