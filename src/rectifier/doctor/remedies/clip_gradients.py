"""``clip_gradients``: a bound on the norm of all gradients of an optimiser.

Layer: doctor's remedies. Settings: ``max_norm``. Source: Pascanu, Mikolov and Bengio 2013,
"On the difficulty of training recurrent neural networks", section 3.2.
"""

from __future__ import annotations

import torch
from torch import nn

from rectifier.doctor.finding import Remedy
from rectifier.doctor.remedies import Action


class ClipGradients(Action):
    """Scales the gradients down to the bound where they exceed it."""

    def __init__(self, remedy: Remedy) -> None:
        super().__init__(remedy)
        self.max_norm = self.number("max_norm")

    def before_step(self, optimizer: torch.optim.Optimizer | None, step: int) -> None:
        """Clip."""
        del step
        if optimizer is None:
            return
        held = [p for group in optimizer.param_groups for p in group["params"]]
        nn.utils.clip_grad_norm_([p for p in held if p.grad is not None], self.max_norm)
        self.say(f"gradients of {type(optimizer).__name__} clipped to norm {self.max_norm:g}")

    def apply(self, model: nn.Module, optimizer: torch.optim.Optimizer | None) -> None:
        """Clip before each step from now on."""
        del model
        if optimizer is not None:
            optimizer.register_step_pre_hook(lambda self_, args, kwargs: self.before_step(self_, 0))


ACTION = ClipGradients
