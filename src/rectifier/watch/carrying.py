"""Whether the gradient of a step is still there when the next one is taken.

Layer: watch, on torch; part of the census (`rectifier.watch.census`), which says when to look. No
value is read, so nobody waits for a device: a gradient that was cleared is another tensor, or a
later version of the same one than the backward passes since then account for.
"""

from __future__ import annotations

import weakref
from collections.abc import Sequence

from torch import Tensor

from rectifier.watch.weights import is_plain

_CHANGES = 2
"""Changes of a gradient that one backward pass accounts for: what it adds, and clipping that."""


class Carrying:
    """Follows the smallest gradient of a step up to the next one.

    Attributes:
        carried: Steps after which it was there at every backward pass up to the next step.
        cleared: Those after which it was not.
    """

    def __init__(self) -> None:
        self.carried = self.cleared = 0
        self._followed: tuple[weakref.ref[Tensor], Tensor, int, int] | None = None
        self._passes, self._there = 0, True

    def follow(self, parameters: Sequence[Tensor], step: int) -> None:
        """A step is about to be taken.

        Args:
            parameters: What the optimiser holds.
            step: How many steps it has taken with this one.
        """
        given = [p for p in parameters if is_plain(p) and is_plain(p.grad)]
        parameter = min(given, key=Tensor.numel, default=None)
        gradient = None if parameter is None else parameter.grad
        if parameter is not None and gradient is not None:
            self._followed = weakref.ref(parameter), gradient, gradient._version, step
            self._passes, self._there = 0, True

    def on_backward(self) -> None:
        """A backward pass begins."""
        if self._followed is None:
            return
        parameter, gradient, version, _ = self._followed
        known = parameter()
        same = known is not None and known.grad is gradient
        self._there &= same and gradient._version <= version + _CHANGES * self._passes
        self._passes += 1

    def on_step(self, step: int) -> None:
        """The next step comes."""
        followed, self._followed = self._followed, None
        if followed is not None and self._passes and step == followed[3] + 1:
            self.carried += self._there
            self.cleared += not self._there

    def forget(self) -> None:
        """Passes went by unseen."""
        self._followed = None
