"""Layers that get next to none of the gradient: sick, healthy and borderline records."""

from __future__ import annotations

import dataclasses

import pytest
from doctor_records import falling, layer, told, training

from rectifier.doctor.rules import vanishing_gradient
from rectifier.doctor.starving import STARVED


def starved(shares, end=2.3, **facts):
    """Layers whose gradients are these shares of one."""
    layers = [
        dataclasses.replace(layer(f"fc{i}", order=i, gradient_norm=share), **facts)
        for i, share in enumerate(shares)
    ]
    found = told(vanishing_gradient, trained=training(loss=falling(2.3, end)), layers=tuple(layers))
    return [
        (f.severity, f.layer, len(f.also) + 1) for f in found if "share_of_gradient" in f.evidence
    ]


def test_half_of_the_layers_get_next_to_nothing() -> None:
    assert starved([1e-7, 1e-7, 1.0, 0.5]) == [("error", "fc0", 2)]
    assert starved([0.5, 1e-8, 1e-7, 1e-6, 1.0]) == [("error", "fc1", 3)]


@pytest.mark.parametrize(("share", "count"), [(STARVED, 1), (1.1 * STARVED, 0)])
def test_where_it_begins(share, count) -> None:
    assert len(starved([share, share, 1.0, 0.5])) == count


def test_what_is_not_told() -> None:
    assert starved([1e-7, 1e-7, 1.0, 0.5], end=1.0) == []  # the loss falls all the same
    assert starved([1e-7, 1.0, 1.0, 0.5]) == []  # under half of the layers
    assert starved([1e-7, 1e-7, 1.0]) == []  # too few to tell
    assert starved([0.0, 0.0, 1.0, 0.5]) == []  # noughts are other rules' affair
    assert starved([1e-7, 1e-7, 1.0, 0.5], trainable=False) == []
    assert starved([1e-7, 1e-7, 1.0, 0.5], in_optimizer=False) == []
