"""Whether losses under a remedy get anywhere."""

from __future__ import annotations

import math

import numpy as np
import pytest

from rectifier.doctor import progress

NOISE = 0.05 * np.random.default_rng(0).standard_normal(400)
FLAT = list(2.3 + NOISE)
FALLING = list(2.3 * np.exp(-np.arange(400) / 100) + NOISE)


@pytest.mark.parametrize(
    ("own", "sick", "expected"),
    [
        (FLAT[:80], FLAT, True),
        (FALLING[:80], FLAT, False),
        (FLAT[:80], FALLING, True),
        (FALLING[:80], FALLING, False),
        ([*FALLING[:70], *[math.nan] * 10], FLAT, True),
        ([*FALLING[:70], math.inf, *FALLING[71:80]], FLAT, False),
        ([1000.0, *FLAT[:79]], [1000.0, *FLAT[:399]], False),
        ([-value for value in FLAT[:80]], [-value for value in FLAT], False),
        (FLAT[:80], [], False),
        (FLAT[:80], [math.nan] * 400, False),
    ],
    ids=[
        "both stand", "it falls", "it stands where the sick one fell", "both fall", "it broke",
        "one loss overflowed", "it fell at once", "no positive loss", "nothing known",
        "the sick one never had a loss",
    ],
)  # fmt: skip
def test_a_loss_that_stands_is_hopeless(
    own: list[float], sick: list[float], expected: bool
) -> None:
    assert progress.hopeless(own, 40, 0, sick) is expected


def test_what_came_before_the_window_is_no_standstill() -> None:
    """It fell by half while rates were tried; the window alone is flat."""
    own = [*(2.3 - 0.02 * np.arange(60)), *(1.1 + NOISE[:40])]
    assert not progress.hopeless(own, 40, 0, FLAT)


def test_what_stays_behind_the_sick_run_is_hopeless() -> None:
    """It fell at first, to three times what the sick run had by then and in the end."""
    sick = list(0.2 + 0.02 * NOISE)
    sick[0] = 2.3
    own = [2.3, *(0.6 + 0.1 * NOISE[:79])]
    assert progress.hopeless(own, 40, 0, sick)
    late = [*sick[:200], *FLAT[200:]]
    assert not progress.hopeless(own, 40, 0, late)


def test_a_loss_that_fell_to_where_guessing_stands_has_learnt_nothing() -> None:
    losses, sick = [1e5, 1e3, *[1.5] * 78], [1e5, *[math.inf] * 400]
    guess = math.log(4)
    assert progress.hopeless(losses, 40, 0, sick, guess)
    assert not progress.hopeless(losses, 40, 0, sick)
    assert not progress.hopeless([1e5, 1e3, *[1.2] * 78], 40, 0, sick, guess)
