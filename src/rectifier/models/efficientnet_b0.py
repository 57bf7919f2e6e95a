"""EfficientNet-B0: inverted bottlenecks with squeeze-and-excitation; 5,288,548 parameters.

Layer: models. The published activation is SiLU (Swish), in the gate of squeeze-and-excitation a
sigmoid, which stays a sigmoid whatever ``activation`` is.

Source: Tan and Le (2019), "EfficientNet: Rethinking Model Scaling for Convolutional Neural
Networks", table 1; the blocks are those of Sandler et al. (2018) and Hu et al. (2018).
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

from rectifier.activation import Activation
from rectifier.models._parts import Image, Shape, drawing, image, initialize, unit
from rectifier.models._sizes import checked

STAGES = (
    (1, 3, 1, 16, 1),
    (6, 3, 2, 24, 2),
    (6, 5, 2, 40, 2),
    (6, 3, 2, 80, 3),
    (6, 5, 1, 112, 3),
    (6, 5, 2, 192, 4),
    (6, 3, 1, 320, 1),
)
"""Expansion, window, stride of the first block, channels and blocks of each stage."""


class DropPath(nn.Module):
    """Leaves out a sample's whole branch with some probability while training."""

    def __init__(self, rate: float) -> None:
        super().__init__()
        self.rate = rate

    def forward(self, x: Tensor) -> Tensor:
        """Keep the expected value of (samples, …)."""
        if not self.training or self.rate == 0:
            return x
        kept = torch.rand(len(x), 1, 1, 1, device=x.device) >= self.rate
        return x * kept / (1 - self.rate)


class SqueezeExcite(nn.Module):
    """Scales each channel by a number that depends on all channels' means."""

    def __init__(self, channels: int, inner: int, activation: str | Activation) -> None:
        super().__init__()
        self.gate = nn.Sequential(
            nn.AdaptiveAvgPool2d(1),
            nn.Conv2d(channels, inner, 1),
            unit(activation, inner),
            nn.Conv2d(inner, channels, 1),
            nn.Sigmoid(),
        )

    def forward(self, x: Tensor) -> Tensor:
        """Apply to (samples, channels, height, width)."""
        scaled: Tensor = x * self.gate(x)
        return scaled


class InvertedBottleneck(nn.Module):
    """Widen, convolve channel by channel, squeeze and excite, narrow; a shortcut where it fits."""

    def __init__(
        self,
        into: int,
        out_of: int,
        expansion: int,
        window: int,
        stride: int,
        activation: str | Activation,
        drop: float,
    ) -> None:
        super().__init__()
        inner = into * expansion
        layers: list[nn.Module] = []
        if expansion > 1:
            layers += [*_convolution(into, inner, 1, 1, 1), unit(activation, inner)]
        layers += [*_convolution(inner, inner, window, stride, inner), unit(activation, inner)]
        layers.append(SqueezeExcite(inner, max(1, into // 4), activation))
        layers += _convolution(inner, out_of, 1, 1, 1)
        self.body = nn.Sequential(*layers)
        self.shortcut = stride == 1 and into == out_of
        self.drop = DropPath(drop)

    def forward(self, x: Tensor) -> Tensor:
        """Apply to (samples, channels, height, width)."""
        made: Tensor = self.body(x)
        return x + self.drop(made) if self.shortcut else made


def _convolution(into: int, out_of: int, size: int, stride: int, groups: int) -> list[nn.Module]:
    return [
        nn.Conv2d(into, out_of, size, stride, padding=size // 2, groups=groups, bias=False),
        nn.BatchNorm2d(out_of),
    ]


@checked
def build(
    inputs: Shape = (3, 224, 224),
    classes: int = 1000,
    *,
    activation: str | Activation = "silu",
    init: str | None = None,
    generator: torch.Generator | None = None,
    width: float = 1.0,
    dropout: float = 0.2,
    drop_path: float = 0.2,
) -> nn.Sequential:
    """The network with fresh weights, float32.

    Args:
        inputs: Shape of an image, at least 32×32.
        classes: Number of outputs (logits).
        activation: Name or definition.
        init: Name of a scheme; None: ``he_normal_fan_out``, and U(±1/√classes) for the last
            layer, as the authors' code has it (``conv_kernel_initializer`` and
            ``dense_kernel_initializer`` of tensorflow/tpu's ``efficientnet_model.py``).
        generator: Source of the initial weights; default torch's global one.
        width: Factor on all numbers of channels.
        dropout: Before the last layer.
        drop_path: Of the last block; the first has none, between them it rises evenly.

    Returns:
        Input (samples, *inputs), output (samples, classes).

    Raises:
        InvalidInputError: The inputs are no images.

    Example:
        >>> with torch.device("meta"):
        ...     sum(p.numel() for p in build().parameters())
        5288548
    """
    shape = image(inputs, 32)

    def scaled(channels: int) -> int:
        return max(4, round(channels * width))

    with drawing(generator):
        into = scaled(32)
        layers: list[nn.Module] = [
            Image(shape),
            *_convolution(shape[0], into, 3, 2, 1),
            unit(activation, into),
        ]
        total = sum(stage[-1] for stage in STAGES)
        done = 0
        for expansion, window, stride, channels, blocks in STAGES:
            for block in range(blocks):
                layers.append(
                    InvertedBottleneck(
                        into,
                        scaled(channels),
                        expansion,
                        window,
                        stride if block == 0 else 1,
                        activation,
                        drop_path * done / total,
                    )
                )
                into = scaled(channels)
                done += 1
        last = scaled(1280)
        layers += [*_convolution(into, last, 1, 1, 1), unit(activation, last)]
        layers += [nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Dropout(dropout)]
        head = nn.Linear(last, classes)
        model = nn.Sequential(*layers, head)
        initialize(model, init or "he_normal_fan_out", activation)
        if init is None and not head.weight.is_meta:
            nn.init.uniform_(head.weight, -(classes**-0.5), classes**-0.5)
    return model
