"""A likelihood that is given what it takes: a sigmoid of scores, or a rate as a rate.

Layer: doctor's remedies; part of ``remove_output_activation``. With ``hard``, a binary
cross-entropy gets the sigmoid of what the last layer gave, where that stands on the same side of
nought as the cut-off probability does of a half: the program's own probabilities, and what it
counts by them, stay. With ``rate``, a Poisson likelihood is told that its input is the rate.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import nn

from rectifier.doctor.finding import Remedy
from rectifier.doctor.remedies._rewriting import Following, Rewriting, keyword, tensor

AGREED = 0.99
"""Share of the outputs on the same side, from which the one is a monotone function of the other."""


class Soft(Following):
    """Gives a binary cross-entropy a slope wherever it is wrong."""

    names = frozenset({"binary_cross_entropy"})

    def __init__(self, remedy: Remedy) -> None:
        super().__init__(remedy)
        self.unwritten = True

    def call(self, name: str, func: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        """The same loss, of another probability."""
        cut = tensor(keyword(args, kwargs, 0, "input"))
        given = self.given()
        if cut is None or given is None or given.numel() != cut.numel():
            return func(*args, **kwargs)
        given = given.reshape(cut.shape)
        known = (cut > 0.5) == (given > 0)
        if float(known.double().mean()) < AGREED:
            return func(*args, **kwargs)
        self.say(f"{name} is given the sigmoid of what {self.layer} gave")
        rest = {key: value for key, value in kwargs.items() if key != "input"}
        return func(torch.sigmoid(given), *args[1:], **rest)


class Rate(Rewriting):
    """Tells a Poisson likelihood that it is given the rate."""

    names = frozenset({"poisson_nll_loss"})

    def __init__(self, remedy: Remedy) -> None:
        super().__init__(remedy)
        self.unwritten = True

    def call(self, name: str, func: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        """No exponential of what is never negative."""
        rate = tensor(keyword(args, kwargs, 0, "input"))
        logarithm = keyword(args, kwargs, 2, "log_input")
        if rate is None or logarithm is False or bool((rate < 0).any()):
            return func(*args, **kwargs)
        self.say(f"{name} with log_input=False")
        return func(
            *args[:2], False, *args[3:], **{k: v for k, v in kwargs.items() if k != "log_input"}
        )

    def apply(self, model: nn.Module, optimizer: torch.optim.Optimizer | None) -> None:
        """From now on, in this thread."""
        del model, optimizer
        self.stay()
