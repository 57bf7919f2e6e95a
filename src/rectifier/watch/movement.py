"""How far a step moves each weight, told from some of its elements.

Layer: watch, on torch. A few blocks of each large weight are copied before a step and compared
after it; a weight of fewer than 32,768 elements is looked at whole. The blocks lie evenly apart, so
that they cost a few cache lines: single elements evenly apart would cost as much as all.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import torch
from torch import Tensor

from rectifier.torch import unit_statistics
from rectifier.watch import statistics


class Movement:
    """Copies before a step; see `norms` and `after`."""

    def __init__(self) -> None:
        self._tensors: list[Tensor] = []
        self._blocks: unit_statistics.Blocks | None = None
        self._copies: list[Tensor] = []
        self._scales: list[float] = []

    def keep(self, tensors: Sequence[Tensor]) -> Tensor:
        """Copy some elements of each tensor.

        Args:
            tensors: Floating-point ones, each once.

        Returns:
            About the Euclidean norm of each, shape (number of tensors,).
        """
        self._tensors = list(tensors)
        self._copies = []
        self._blocks = unit_statistics.Blocks.of(self._tensors)
        if self._blocks is not None:
            squares = self._blocks.squares
            self._scales = self._blocks.scales
            found = [math.sqrt(s) * by for s, by in zip(squares, self._scales, strict=True)]
            return torch.tensor(found, dtype=torch.float64)
        self._copies = [unit_statistics.some(t).clone() for t in self._tensors]
        self._scales = [
            math.sqrt(t.numel() / max(copy.numel(), 1))
            for t, copy in zip(self._tensors, self._copies, strict=True)
        ]
        norms = statistics.norms(self._copies)
        return norms * torch.tensor(self._scales).to(norms)

    def after(self) -> dict[int, float]:
        """How far each tensor is from where it was kept, by its ``id``; then nothing is kept."""
        tensors, self._tensors = self._tensors, []
        blocks, self._blocks = self._blocks, None
        copies, self._copies = self._copies, []
        if not tensors:
            return {}
        if blocks is not None:
            moved = blocks.moved()
            if moved is None:
                return {}
            change = [math.sqrt(squares) for squares in moved]
        else:
            now = [unit_statistics.some(t) for t in tensors]
            if any(a.shape != b.shape for a, b in zip(now, copies, strict=True)):
                return {}
            difference = torch._foreach_sub(now, copies)
            change = statistics.fetch([statistics.norms(difference)])[0].tolist()
        scaled = (c * scale for c, scale in zip(change, self._scales, strict=True))
        return dict(zip(map(id, tensors), scaled, strict=True))
