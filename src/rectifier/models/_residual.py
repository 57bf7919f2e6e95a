"""Residual blocks of the two kinds of 2015: basic, and with a bottleneck. For the networks here.

Source: K. He et al. (2016), "Deep Residual Learning for Image Recognition", sections 3.3 and 4.2.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from rectifier.activation import Activation
from rectifier.models._parts import unit


def convolution(into: int, out_of: int, size: int, stride: int = 1) -> nn.Sequential:
    """A convolution that keeps the image's size at stride 1, and batch normalisation."""
    return nn.Sequential(
        nn.Conv2d(into, out_of, size, stride, padding=size // 2, bias=False),
        nn.BatchNorm2d(out_of),
    )


class PaddedShortcut(nn.Module):
    """The shortcut without parameters (option A): every second pixel, new channels are zero."""

    def __init__(self, extra: int, stride: int) -> None:
        super().__init__()
        self.extra, self.stride = extra, stride

    def forward(self, x: Tensor) -> Tensor:
        """(samples, channels, height, width) to (samples, channels + extra, …)."""
        return F.pad(x[:, :, :: self.stride, :: self.stride], (0, 0, 0, 0, 0, self.extra))


class Residual(nn.Module):
    """activation(shortcut(x) + body(x))."""

    def __init__(self, body: nn.Module, shortcut: nn.Module, after: nn.Module) -> None:
        super().__init__()
        self.body, self.shortcut, self.after = body, shortcut, after

    def forward(self, x: Tensor) -> Tensor:
        """Apply the block to (samples, channels, height, width)."""
        summed: Tensor = self.shortcut(x) + self.body(x)
        return torch.as_tensor(self.after(summed))


def basic(
    into: int,
    out_of: int,
    stride: int,
    activation: str | Activation,
    *,
    padded: bool,
    plain: bool = False,
) -> nn.Module:
    """Two 3×3 convolutions.

    Args:
        into: Channels before.
        out_of: Channels after.
        stride: Of the first convolution.
        activation: Name or definition.
        padded: Whether a shortcut between sizes has no parameters (option A) or is a projection.
        plain: Whether there is no shortcut at all.
    """
    body = nn.Sequential(
        convolution(into, out_of, 3, stride),
        unit(activation, out_of),
        convolution(out_of, out_of, 3),
    )
    if plain:
        return nn.Sequential(body, unit(activation, out_of))
    if into == out_of and stride == 1:
        shortcut: nn.Module = nn.Identity()
    elif padded:
        shortcut = PaddedShortcut(out_of - into, stride)
    else:
        shortcut = convolution(into, out_of, 1, stride)
    return Residual(body, shortcut, unit(activation, out_of))


def bottleneck(into: int, inner: int, stride: int, activation: str | Activation) -> Residual:
    """1×1, 3×3 and 1×1 convolutions to four times the inner channels; the stride is in the 3×3."""
    out_of = 4 * inner
    body = nn.Sequential(
        convolution(into, inner, 1),
        unit(activation, inner),
        convolution(inner, inner, 3, stride),
        unit(activation, inner),
        convolution(inner, out_of, 1),
    )
    same = into == out_of and stride == 1
    shortcut = nn.Identity() if same else convolution(into, out_of, 1, stride)
    return Residual(body, shortcut, unit(activation, out_of))
