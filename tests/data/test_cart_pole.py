from __future__ import annotations

import numpy as np
import pytest

from rectifier.data.cart_pole import LONGEST, Environment


def scalar_step(state: list[float], right: bool) -> list[float]:
    """One cart by the published equations, written out."""
    place, speed, angle, spin = state
    force = 10.0 if right else -10.0
    shared = (force + 0.1 * 0.5 * spin * spin * np.sin(angle)) / 1.1
    turn = (9.8 * np.sin(angle) - np.cos(angle) * shared) / (
        0.5 * (4.0 / 3.0 - 0.1 * np.cos(angle) ** 2 / 1.1)
    )
    push = shared - 0.1 * 0.5 * turn * np.cos(angle) / 1.1
    return [place + 0.02 * speed, speed + 0.02 * push, angle + 0.02 * spin, spin + 0.02 * turn]


def test_carts_move_as_published_each_for_itself() -> None:
    carts = Environment(3, np.random.default_rng(0))
    states = carts.state.tolist()
    draw = np.random.default_rng(1)
    for _ in range(8):
        right = draw.random(3) < 0.5
        carts.step(right)
        states = [scalar_step(s, bool(r)) for s, r in zip(states, right, strict=True)]
        np.testing.assert_allclose(carts.state, states, rtol=1e-12)


def test_a_cart_that_falls_stays_down_and_the_time_is_limited() -> None:
    carts = Environment(2, np.random.default_rng(0))
    fallen = 0
    while not carts.over:
        before = carts.state.copy()
        alive = carts.step(np.array([True, True]))
        fallen += int((~alive).sum())
        still = ~carts.alive
        if carts.steps > 1 and still.all():
            assert not carts.alive.any()
    assert 5 < carts.steps < 30, "pushed to one side only, a pole falls within a second"
    assert fallen
    np.testing.assert_array_equal(before.shape, (2, 4))
    rested = Environment(1, np.random.default_rng(0))
    rested.state[:] = 0
    rested.steps = LONGEST
    assert rested.over


def test_balancing_lasts_to_the_end() -> None:
    carts = Environment(4, np.random.default_rng(3))
    while not carts.over:
        _, speed, angle, spin = carts.state.T
        place = carts.state[:, 0]
        carts.step(angle + 0.5 * spin + 0.02 * place + 0.05 * speed > 0)
    assert carts.steps == LONGEST
    assert carts.alive.all()
    assert pytest.approx(LONGEST) == 500
