"""Numbers that set something are exchanged where they stand, and no others."""

from __future__ import annotations

import pytest

from rectifier.doctor.literals import DECAY, EPSILON, MOMENTUM, with_number, with_rate

LINE = "opt = SGD(p, lr=0.01, momentum=0.99, weight_decay=0.5, dampening=0.5)\n"


@pytest.mark.parametrize(
    ("names", "old", "new", "want"),
    [
        (MOMENTUM, 0.99, 0.9, LINE.replace("momentum=0.99", "momentum=0.9")),
        (DECAY, 0.5, 5e-4, LINE.replace("weight_decay=0.5", "weight_decay=0.0005")),
        (DECAY, 0.01, 0.5, LINE),
        (EPSILON, 0.01, 1e-8, LINE),
    ],
)
def test_a_number_of_that_name_and_value(names, old, new, want) -> None:
    assert with_number(LINE, names, old, new) == want


def test_an_epsilon_of_an_optimizer() -> None:
    assert with_number("Adam(p, eps=0.1)\n", EPSILON, 0.1, 1e-9) == "Adam(p, eps=1e-09)\n"
    assert with_number("steps = 0.1\n", EPSILON, 0.1, 1e-9) == "steps = 0.1\n"


def test_the_top_of_a_schedule_is_scaled() -> None:
    """A cosine's first observed rate lies a little below the literal one."""
    assert with_rate("lr = 1e-2\n", 0.00999954, 0.001) == "lr = 0.001\n"
    assert with_rate("lr, base_lr = 0.02, 0.03\nlr = 1e-2\n", 0.008, 0.001).endswith("1e-2\n")
    two = "OneCycleLR(opt, max_lr=0.0101, base_lr=0.01)\n"
    assert with_rate(two, 0.00999, 0.001) == two, "two tops are not one"
