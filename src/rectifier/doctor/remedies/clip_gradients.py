"""``clip_gradients``: a bound on the norm of all gradients of an optimiser.

Layer: doctor's remedies. Settings: ``max_norm``; or ``clear``, for gradients that the program
lets add up from step to step: then they are cleared after each, and nothing is clipped; or
``loosen``, for a bound of the program's own that cuts all of them (`_loosening`). Source:
Pascanu, Mikolov and Bengio 2013, "On the difficulty of training recurrent neural networks",
section 3.2.
"""

from __future__ import annotations

import torch
from torch import nn

from rectifier.doctor.finding import Remedy
from rectifier.doctor.remedies import Action
from rectifier.doctor.remedies._loosening import Loosening


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


class ClearGradients(Action):
    """Clears the gradients of an optimiser behind each of its steps."""

    def after_step(self, optimizer: torch.optim.Optimizer | None, step: int) -> None:
        """Clear."""
        del step
        if optimizer is not None:
            optimizer.zero_grad()
            self.say(f"gradients of {type(optimizer).__name__} cleared after each step")

    def apply(self, model: nn.Module, optimizer: torch.optim.Optimizer | None) -> None:
        """Clear after each step from now on."""
        del model
        if optimizer is not None:
            optimizer.register_step_post_hook(lambda self_, args, kwargs: self.after_step(self_, 0))


def ACTION(remedy: Remedy) -> Action:  # noqa: N802 - the name that the scan looks for
    """The remedy; what adds up without end is cleared, not clipped, what is cut off is let be."""
    if remedy.settings.get("loosen"):
        return Loosening(remedy)
    return (ClearGradients if remedy.settings.get("clear") else ClipGradients)(remedy)
