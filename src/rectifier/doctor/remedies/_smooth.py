"""Signs that become smooth: part of ``swap_activation``, from ``sign`` to ``tanh``.

Layer: doctor's remedies. A sign has slope zero everywhere; a hyperbolic tangent has its range, its
symmetry and a slope. Only signs within a module's ``forward`` change: one that makes labels, or
reads a decision off an output, is meant.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import nn

from rectifier.doctor.remedies._attach import in_forward
from rectifier.doctor.remedies._rewriting import Rewriting, tensor


class Smooth(Rewriting):
    """A ``tanh`` where a module calls for a sign, in training and evaluation."""

    names = frozenset({"sign", "sgn", "sign_", "sgn_"})

    def call(self, name: str, func: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        """The smooth function in its place."""
        x = tensor(args[0]) if args else None
        if x is None or not in_forward():
            return func(*args, **kwargs)
        self.note_place(name)
        self.say(f"{name} → tanh within forward")
        return torch.tanh(x)

    def apply(self, model: nn.Module, optimizer: torch.optim.Optimizer | None) -> None:
        """From now on, in this thread."""
        del model, optimizer
        self.stay()
        self.say("signs within forward are smooth from now on")
