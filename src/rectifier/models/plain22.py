"""The plain network of 22 layers with which He's initialisation was shown to help (model B).

Layer: models. No batch normalisation and no shortcuts: 19 convolutions, 3 fully connected layers.

Source: K. He et al. (2015), "Delving Deep into Rectifiers", table 3, model B, and figure 2.
"""

from __future__ import annotations

import torch
from torch import nn

from rectifier.activation import Activation
from rectifier.models._parts import Shape, drawing, image
from rectifier.models._plain import build_plain
from rectifier.models._sizes import checked


@checked
def build(
    inputs: Shape = (3, 224, 224),
    classes: int = 1000,
    *,
    activation: str | Activation = "relu",
    init: str | None = None,
    generator: torch.Generator | None = None,
    width: int = 96,
    hidden: int = 4096,
    small: bool = False,
) -> nn.Sequential:
    """The network with fresh weights, float32.

    Args:
        inputs: Shape of an image.
        classes: Number of outputs (logits).
        activation: Name or definition.
        init: Name of a scheme; None: ``he_normal``.
        generator: Source of the initial weights; default torch's global one.
        width: Channels of the first convolution; the stages have 8/3, 16/3 and 16/3 times as many.
        hidden: Width of the two hidden fully connected layers.
        small: A stem and a pyramid for small images (3×3 at stride 1; grids 2, 1).

    Returns:
        Input (samples, *inputs), output (samples, classes).

    Raises:
        InvalidInputError: The inputs are no images.

    Example:
        >>> small = build((1, 8, 8), 10, width=6, hidden=32, small=True)
        >>> sum(isinstance(layer, nn.Conv2d | nn.Linear) for layer in small)
        22
    """
    channels = image(inputs, 8)[0]
    with drawing(generator):
        stem: list[nn.Module] = (
            [nn.Conv2d(channels, width, 3, padding=1), nn.Identity()]
            if small
            else [nn.Conv2d(channels, width, 7, 2, padding=3), nn.MaxPool2d(2)]
        )
    return build_plain(
        inputs,
        classes,
        stem=stem,
        stages=((8 * width // 3, 6), (16 * width // 3, 6), (16 * width // 3, 6)),
        window=3,
        grids=(2, 1) if small else (7, 3, 2, 1),
        activation=activation,
        init=init,
        generator=generator,
        hidden=hidden,
    )
