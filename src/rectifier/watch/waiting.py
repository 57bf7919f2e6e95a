"""Losses that wait to be read: a step that nobody observes must not wait for the device.

Layer: watch, on torch. Losses on the CPU are there at once. On another device they are put together
now and then, on that device, and read at the next observed step.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import torch
from torch import Tensor

from rectifier.torch import observer
from rectifier.watch import statistics

MOST = 4096
"""Losses kept unread: an optimiser that never steps must not make them pile up."""

_MANY = 256
"""Single losses after which they are read or put together."""


class Waiting:
    """Losses by step, unread or read.

    Attributes:
        bad: Whether one of those that were read is NaN or infinite.
    """

    def __init__(self) -> None:
        self._read: list[tuple[int, float]] = []
        self._single: list[tuple[int, Tensor]] = []
        self._joined: list[tuple[list[int], Tensor]] = []
        self._count = 0
        self._latest = -1
        self.bad = False

    def __bool__(self) -> bool:
        return self._count > 0

    def put(self, step: int, loss: Tensor | float) -> None:
        """Keep the value of a loss, unless too many wait already."""
        if self._count >= MOST:
            return
        self._latest = step
        self._count += 1
        if type(loss) is Tensor and loss.dim() == 0 and observer.is_at_hand(loss):
            loss = loss.item()
        if isinstance(loss, float):
            self._read.append((step, loss))
            self.bad = self.bad or not math.isfinite(loss)
            return
        value = loss.detach()
        self._single.append((step, value.clone() if value.dim() == 0 else value.mean()))

    def extend(self, losses: Sequence[tuple[int, Tensor | float]]) -> None:
        """Keep many, with the step of each."""
        if losses and all(type(loss) is float for _, loss in losses):
            some = losses[: max(0, MOST - self._count)]
            self._read.extend(some)  # type: ignore[arg-type]
            self._count += len(some)
            self._latest = losses[-1][0]
            self.bad = self.bad or not all(math.isfinite(loss) for _, loss in some)
            return
        for step, loss in losses:
            self.put(step, loss)

    def of(self, step: int) -> bool:
        """Whether there is a loss of this step."""
        return self._count > 0 and self._latest == step

    def many(self) -> bool:
        """Whether it is time to take them; where that would mean waiting they are put together."""
        if len(self._read) >= _MANY:
            return True
        if len(self._single) < _MANY:
            return False
        if all(observer.is_at_hand(value) for _, value in self._single):
            return True
        first = self._single[0][1]
        steps = [step for step, _ in self._single]
        values = torch.stack([value.to(first) for _, value in self._single])
        self._joined.append((steps, values))
        self._single = []
        return False

    def take(self) -> dict[int, list[float]]:
        """All losses by step; none is left."""
        found: dict[int, list[float]] = {}
        for step, number in self._read:
            found.setdefault(step, []).append(number)
        for steps, joined in self._joined:
            for step, value in zip(steps, joined.tolist(), strict=True):
                found.setdefault(step, []).append(value)
        if self._single:
            values = statistics.numbers([value for _, value in self._single])
            for (step, _), value in zip(self._single, values, strict=True):
                found.setdefault(step, []).append(value)
        self._read, self._single, self._joined, self._count = [], [], [], 0
        return found
