"""``stabilize_loss`` with ``target_low`` and ``target_high``: a likelihood's targets from 0 to 1.

Layer: doctor's remedies. A mask read from a picture is 0 and 255, labels may be -1 and 1, or 1 and
2: a binary cross-entropy of such targets has no least value. The loss is given them on the scale
that it wants; the program keeps its own.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import nn

from rectifier.doctor.finding import Remedy
from rectifier.doctor.remedies._rewriting import Rewriting, keyword, tensor
from rectifier.errors import InvalidInputError


class Within(Rewriting):
    """Moves the targets of binary cross-entropies into their range."""

    names = frozenset({"binary_cross_entropy", "binary_cross_entropy_with_logits"})

    def __init__(self, remedy: Remedy) -> None:
        super().__init__(remedy)
        self.low, high = (float(remedy.settings[name]) for name in ("target_low", "target_high"))
        self.size = high - self.low
        if not self.size > 0:
            raise InvalidInputError(
                "remedy 'stabilize_loss' needs 'target_low' below 'target_high', got "
                f"{self.low:g} and {high:g}"
            )

    def wants_step(self, step: int) -> bool:
        """None: it needs no site."""
        del step
        return False

    def call(self, name: str, func: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        """The loss, of targets from 0 to 1."""
        target = tensor(keyword(args, kwargs, 1, "target"))
        if target is None:
            return func(*args, **kwargs)
        self.unwritten = True
        self.say(f"targets of {name}: less {self.low:g}, over {self.size:g}")
        moved = ((target - self.low) / self.size).clamp(0.0, 1.0)
        if len(args) > 1:
            return func(args[0], moved, *args[2:], **kwargs)
        return func(*args, **{**kwargs, "target": moved})

    def apply(self, model: nn.Module, optimizer: torch.optim.Optimizer | None) -> None:
        """From now on, in this thread."""
        del model, optimizer
        self.stay()
        self.say(f"targets of likelihoods: less {self.low:g}, over {self.size:g}")
