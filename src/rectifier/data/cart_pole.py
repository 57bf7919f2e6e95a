"""A pole on a cart, to be kept upright by pushes to the left and to the right.

Layer: data, no framework. Many carts run side by side as one array. Equations of motion, limits and
pushes are those of the source; episodes end after 500 steps at the latest.

Source: A. Barto, R. Sutton, C. Anderson (1983), "Neuronlike adaptive elements that can solve
difficult learning control problems".
"""

from __future__ import annotations

import hashlib
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from rectifier.data.task import Episodes, Task

LONGEST = 500
_GRAVITY, _CART, _POLE, _HALF_LENGTH, _PUSH, _SECONDS = 9.8, 1.0, 0.1, 0.5, 10.0, 0.02
_EDGE, _TILT = 2.4, 12 * 2 * np.pi / 360

State = NDArray[np.float64]


class Environment:
    """Carts side by side.

    Args:
        count: How many.
        generator: Draws where they start.
    """

    def __init__(self, count: int, generator: np.random.Generator) -> None:
        self.state: State = generator.uniform(-0.05, 0.05, (count, 4))
        self.steps = 0
        self.alive = np.ones(count, bool)

    def step(self, right: NDArray[np.bool_]) -> NDArray[np.bool_]:
        """Push every cart; those that have fallen stay where they are.

        Args:
            right: Whether each is pushed to the right, shape (count,).

        Returns:
            Which still stand, shape (count,); each of them earns 1 for this step.
        """
        _, speed, angle, spin = self.state.T
        force = np.where(right, _PUSH, -_PUSH)
        sine, cosine = np.sin(angle), np.cos(angle)
        mass = _CART + _POLE
        shared = (force + _POLE * _HALF_LENGTH * spin**2 * sine) / mass
        turn = (_GRAVITY * sine - cosine * shared) / (
            _HALF_LENGTH * (4 / 3 - _POLE * cosine**2 / mass)
        )
        push = shared - _POLE * _HALF_LENGTH * turn * cosine / mass
        change = np.column_stack([speed, push, spin, turn]) * _SECONDS
        self.state = np.where(self.alive[:, None], self.state + change, self.state)
        self.steps += 1
        self.alive &= (np.abs(self.state[:, 0]) <= _EDGE) & (np.abs(self.state[:, 2]) <= _TILT)
        return self.alive.copy()

    @property
    def over(self) -> bool:
        """Whether all have fallen or the time is up."""
        return self.steps >= LONGEST or not self.alive.any()


def load(seed: int) -> Episodes:
    """The environment; the seed is left to whoever acts in it."""
    source = Path(__file__).read_bytes().replace(b"\r\n", b"\n")
    return Episodes("cart_pole", (4,), 2, LONGEST, hashlib.sha256(source).hexdigest())


TASK = Task(
    "cart_pole",
    load,
    target=0.9,
    summary="a pole on a cart, kept upright for up to 500 steps; learned by policy gradient",
    source="A. Barto, R. Sutton, C. Anderson (1983)",
    licence="made here",
    domain="control",
)
