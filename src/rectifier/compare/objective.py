"""What is minimised and what is scored, for each kind of task; more score is better.

Layer: compare. The source of this file is part of every trial's hash. Labels and tokens: cross
entropy, and the share that is right. Values: mean squared error, and R², the share of the variance
that is told.
"""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor, nn

_CHUNK = 4096
"""Samples that are evaluated at once."""


def loss_of(kind: str) -> Callable[[Tensor, Tensor], Tensor]:
    """The mean loss of a batch, from outputs and goals."""
    known: dict[str, Callable[[Tensor, Tensor], Tensor]] = {
        "labels": nn.functional.cross_entropy,
        "tokens": _tokens,
        "values": _values,
    }
    return known[kind]


def _tokens(outputs: Tensor, y: Tensor) -> Tensor:
    return nn.functional.cross_entropy(outputs.flatten(0, -2), y.flatten())


def _values(outputs: Tensor, y: Tensor) -> Tensor:
    return nn.functional.mse_loss(outputs.reshape(y.shape), y)


def sums(kind: str, outputs: Tensor, y: Tensor) -> Tensor:
    """What scores and losses of many samples are added up from, shape (4,).

    Right answers or the squared error left, answers, sum of losses, and sum of squares of y.
    """
    count = torch.tensor(float(y.numel()), dtype=torch.float64, device=outputs.device)
    loss = loss_of(kind)(outputs, y).double()
    if kind == "values":
        return torch.stack([loss * count, count, loss * count, y.double().square().sum()])
    right = (outputs.argmax(dim=-1) == y).sum().double()
    return torch.stack([right, count, loss * count, count])


def score_and_loss(kind: str, total: Tensor, mean: float = 0.0) -> tuple[float, float]:
    """Score and mean loss from added `sums`; ``mean`` is that of y, for values."""
    first, count, loss, squares = total.tolist()
    if kind != "values":
        return first / count, loss / count
    variance = squares - count * mean**2
    return (1 - first / variance if variance > 0 else 0.0), loss / count


def evaluate(
    kind: str, model: Callable[[Tensor], Tensor], x: Tensor, y: Tensor
) -> tuple[float, float]:
    """Score and mean loss of a network over a split; the caller has set evaluation mode."""
    with torch.no_grad():
        total = torch.zeros(4, dtype=torch.float64, device=x.device)
        for start in range(0, len(x), _CHUNK):
            part = slice(start, start + _CHUNK)
            total += sums(kind, model(x[part]), y[part])
    return score_and_loss(kind, total, float(y.double().mean()) if kind == "values" else 0.0)
