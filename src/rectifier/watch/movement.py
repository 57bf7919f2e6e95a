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
        self._views: list[Tensor] = []

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
        self._views = [_view(t) for t in self._tensors]
        self._copies = list(torch._foreach_mul(self._views, 1.0))
        self._scales = [
            math.sqrt(t.numel() / max(view.numel(), 1))
            for t, view in zip(self._tensors, self._views, strict=True)
        ]
        norms = statistics.norms(self._copies)
        # a copy that waits would wait for all that the program has asked of the device
        return norms * torch.tensor(self._scales).to(norms, non_blocking=True)

    def after(self) -> dict[int, float]:
        """How far each tensor is from where it was kept, by its ``id``; then nothing is kept."""
        tensors, self._tensors = self._tensors, []
        blocks, self._blocks = self._blocks, None
        copies, self._copies = self._copies, []
        views, self._views = self._views, []
        if not tensors:
            return {}
        if blocks is not None:
            moved = blocks.moved()
            if moved is None:
                return {}
            change = [math.sqrt(squares) for squares in moved]
        else:
            if any(t.data_ptr() != v.data_ptr() for t, v in zip(tensors, views, strict=True)):
                views = [_view(t) for t in tensors]  # `p.data = p.data - …` puts it elsewhere
            if any(a.shape != b.shape for a, b in zip(views, copies, strict=True)):
                return {}
            difference = torch._foreach_sub(views, copies)
            change = statistics.fetch([statistics.norms(difference)])[0].tolist()
        scaled = (c * scale for c, scale in zip(change, self._scales, strict=True))
        return dict(zip(map(id, tensors), scaled, strict=True))


def _view(tensor: Tensor) -> Tensor:
    """What is looked at of a tensor: a view of it where it lies without gaps."""
    plain = tensor.detach()
    if not plain.is_contiguous():
        order = sorted(range(plain.dim()), key=plain.stride, reverse=True)
        plain = plain.permute(order)  # as channels lie last
    return unit_statistics.some(plain)
