"""Small changes of many layers that add up, and a front without gradient since: records."""

from __future__ import annotations

import numpy as np
import pytest
from doctor_records import curve, falling, layer, told, training

from rectifier.doctor.collapse import DEEP, HALF
from rectifier.doctor.rules import learning_rate_too_high


def deep(count=20, first=0.03, left=1e-4, loss=0.69, front=1.0, rise=1.7):
    gradient, update = curve(1.0), curve(1e-4)
    gradient[2:], update[:2] = left, first
    layers = [
        layer(
            f"fc{i}",
            order=i,
            gradient_norm=gradient * (front if i < count // 2 else 1.0),
            update_ratio=update,
        )
        for i in range(count)
    ]
    values = curve(loss)
    values[1] = rise * values[0]
    return told(
        learning_rate_too_high,
        trained=training(loss=values, update=np.minimum(update, 0.03), rate=3e-3),
        layers=tuple(layers),
    )


def test_a_deep_network_that_went_blind_at_once() -> None:
    (finding,) = deep()
    assert finding.severity == "error"
    assert "20 layers in a row" in finding.cause
    assert finding.remedies[0].action == "lower_learning_rate"


@pytest.mark.parametrize(("first", "count"), [(1.01 * HALF / 20, 1), (0.99 * HALF / 20, 0)])
def test_where_it_begins(first, count) -> None:
    assert len(deep(first=first)) == count


def test_what_is_not_told() -> None:
    assert deep(loss=falling(0.69, 0.1)) == ()  # it learns
    assert deep(rise=1.2) == ()  # nothing overshot
    assert deep(front=1e-3) == ()  # depth had taken it before any step
    assert deep(left=0.1) == ()  # the gradient still comes to the front
    assert deep(count=DEEP - 1, first=0.09) == ()  # too few layers to add up
