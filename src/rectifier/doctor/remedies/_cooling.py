"""The scores of attention brought to spread one before its softmax, by one constant.

Layer: doctor's remedies; part of ``insert_normalization`` (``how``: ``scores``). The first scores
of a call that spread so far tell by how much: that call's are divided by it from then on, in
evaluation, too. A softmax is no site, so its calls are rewritten.
"""

from __future__ import annotations

from collections.abc import Hashable
from typing import Any

import torch
from torch import Tensor, nn

from rectifier.doctor.finding import Remedy
from rectifier.doctor.remedies._rewriting import Rewriting, keyword, tensor
from rectifier.doctor.remedies._softmax import caller
from rectifier.torch.attending import FEWEST, spread_of

MASKED = 1000.0
"""Score below the row's largest from which a place is masked, not merely far down."""


class CoolScores(Rewriting):
    """Divides what a softmax over the last dimension is given, where that spreads too far."""

    names = frozenset({"softmax"})

    def __init__(self, remedy: Remedy) -> None:
        super().__init__(remedy)
        self.unwritten = True
        self._far = float(remedy.settings.get("far", 1.0))
        self._spreads: dict[Hashable, float] = {}

    def call(self, name: str, func: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        """Divide the scores, or leave them."""
        x = tensor(keyword(args, kwargs, 0, "input"))
        if x is None or x.dim() < 3 or x.shape[-1] < FEWEST:
            return func(*args, **kwargs)
        if keyword(args, kwargs, 1, "dim") not in (-1, x.dim() - 1):
            return func(*args, **kwargs)
        place = caller()
        if place not in self._spreads:
            self._spreads[place] = _spread(x)
            if self._spreads[place] >= self._far:
                self.say(f"scores before {name} divided by {self._spreads[place]:.3g}")
        spread = self._spreads[place]
        if not spread >= self._far:
            return func(*args, **kwargs)
        return func(x / spread, *args[1:], **{k: v for k, v in kwargs.items() if k != "input"})

    def apply(self, model: nn.Module, optimizer: torch.optim.Optimizer | None) -> None:
        """From now on, in this thread."""
        del model, optimizer
        self.stay()


def _spread(scores: Tensor) -> float:
    """Of a row's scores; nought where each has next to no places."""
    rows = scores.detach().reshape(-1, scores.shape[-1])
    return spread_of(rows, rows > rows.amax(-1, keepdim=True) - MASKED) or 0.0
