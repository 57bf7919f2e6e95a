"""Modules of activations that are random while they train: randomised slopes and coefficients.

Layer: torch front end, on `rectifier.torch.elementwise_modules`. After training they are the
functions of the catalog.
"""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import Tensor

from rectifier.activation import Activation, Param
from rectifier.expression import parse
from rectifier.torch.elementwise_modules import ActivationModule
from rectifier.torch.functional import function


class RandomSlopes(ActivationModule):
    """Randomised leaky ReLU: a slope per element while it trains, their mean afterwards.

    The slopes are drawn evenly between ``lower`` and ``upper``, as by ``torch.nn.RReLU``. Under
    ``torch.export`` and ``eval()`` it is the function of the catalog.
    """

    def forward(self, input: Tensor) -> Tensor:
        """Apply the activation; arguments as for every module."""
        if not self.training:
            return super().forward(input)
        rows = input if input.dim() > 1 else input[None]  # one dimension would be one per channel
        slopes = torch.empty_like(rows).uniform_(self.values["lower"], self.values["upper"])
        result = _drawn(rows, slopes, inplace=self.inplace, path=self.path)
        return result if input.dim() > 1 else result.reshape(input.shape)


_DRAWN = Activation(
    "rrelu", parse("where(x > 0, x, slope * x)", ("x", "slope")), {"slope": Param(0)}
)
"""What randomised leaky ReLU is once its slopes are drawn."""

_drawn = function(_DRAWN)  # made here, since a compiler cannot follow how


class RandomCoefficients(ActivationModule):
    """A Padé unit whose coefficients are each off by up to 10 % while it trains."""

    def forward(self, input: Tensor) -> Tensor:
        """Apply the activation; arguments as for every module."""
        if not self.training:
            return super().forward(input)
        noisy = {
            name: value * torch.empty_like(value).uniform_(0.9, 1.1)
            for name, value in ((name, getattr(self, name)) for name in self.learnable)
        }
        return self.function(input, **self.values, **noisy, inplace=self.inplace, path=self.path)


RANDOM: Mapping[str, type[ActivationModule]] = {
    "rrelu": RandomSlopes,
    "pau_d": RandomCoefficients,
}
"""Base classes of the modules that do something else while they train, by activation."""
