"""Steps that are looked at briefly: when, and what is looked at then.

Layer: watch, on torch. Where every step of a large network is watched, most of what is measured
would move little from one step to the next. So at most steps only what a site gives is read, once:
exact counts of positive and of non-zero outputs and the sum of their magnitudes per unit, whether
one of them is NaN or infinite, the loss, and some elements of each gradient for NaN and infinity.
Inputs of sites, gradients there, weights, updates and the data are measured at the close steps in
between. Which steps are close depends on their number alone, so that a run can be repeated; from a
NaN on all are.
"""

from __future__ import annotations

import weakref
from collections.abc import Sequence

import torch
from torch import Tensor

from rectifier.torch import unit_statistics
from rectifier.watch.options import WatchOptions
from rectifier.watch.weights import is_plain

LARGE = 2**17
"""Outputs of all sites in a step from which on it is worth while to look briefly."""

FIRST = 16
"""Observed steps that are close in any case, from the first on."""

APART = {0: 11, 128: 17, 2048: 37, 4096: 67, 8192: 131, 16384: 257}
"""From the observed step on that is named, how far it is from one close step to the next but one:
close are two that follow each other, at distances that are prime, for optimisers that take turns.
"""

WIDE = 4
"""A stride of the user's own from which on all observed steps are close."""


class Schedule:
    """Which steps are looked at closely.

    Args:
        options: How the program is watched.
    """

    def __init__(self, options: WatchOptions) -> None:
        self._all = options.every is None or options.every >= WIDE
        self.work = 0

    def close(self, index: int) -> bool:
        """Whether the observed step number ``index`` (from 0) is.

        `work` is to be set before: the outputs that were seen in the latest step.
        """
        if self._all or index < FIRST or self.work < LARGE:
            return True
        apart = 0
        for start, distance in APART.items():
            if index >= start:
                apart = distance
        return index % apart < 2


class Glance:
    """Looks for NaN and infinity among some elements of each gradient."""

    def __init__(self) -> None:
        self._of: tuple[int, int] = (0, -1)
        self._looked_at: list[Tensor] = []

    def bad(self, parameters: Sequence[Tensor]) -> bool:
        """Whether there is one; waits for no device: on others than the CPU nothing is looked at.

        Args:
            parameters: Whose gradients; the same list as long as they are the same.
        """
        if self._of != (id(parameters), len(parameters)):
            self._of = id(parameters), len(parameters)
            self._looked_at = [p for p in parameters if p.is_cpu]
        found, rest = unit_statistics.any_bad_gradient(self._looked_at)
        if found:
            return True
        some = [unit_statistics.some(g) for g in rest if g.is_cpu and is_plain(g)]
        return any(not bool(torch.isfinite(values).all()) for values in some)


class Held:
    """A tensor that is looked at later, if it is still there and as it was; not kept alive."""

    def __init__(self, tensor: Tensor) -> None:
        self._reference = weakref.ref(tensor)
        self._version = tensor._version

    def get(self) -> Tensor | None:
        """The tensor, or None."""
        tensor = self._reference()
        return tensor if tensor is not None and tensor._version == self._version else None
