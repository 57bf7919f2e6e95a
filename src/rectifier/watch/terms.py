"""Of how many terms a loss is the sum: one over an episode grows with how long the agent lives.

Layer: watch. Read off autograd's graph at its end, as far as it only adds and scales.
"""

from __future__ import annotations

import math
from typing import Any

from torch import Tensor

_MOST = 4096
"""Nodes that are looked at; of a longer sum the count is a lower bound."""

_PASSED = frozenset(f"{name}Backward0" for name in ("Add", "Sub", "Neg", "Mul", "Div"))
_RESHAPED = frozenset({"SqueezeBackward0", "SqueezeBackward1", "ViewBackward0", "SelectBackward0"})


def terms_of(loss: Tensor) -> float:
    """How many terms were added up; 1 for a mean, NaN where the loss has no graph."""
    if loss.grad_fn is None:
        return math.nan
    level: list[Any] = [loss.grad_fn]
    terms = looked = 0
    while level and looked < _MOST:
        node = level.pop()
        looked += 1
        kind = type(node).__name__
        if kind == "SumBackward0":
            terms += math.prod(node._saved_self_sym_sizes)
        elif kind in _PASSED or kind in _RESHAPED:
            following = [up for up, _ in node.next_functions if up is not None]
            level.extend(following)
            terms += not following
        else:
            terms += 1
    return float(terms + len(level))
