"""VGG with 16 weight layers (configuration D); 138,357,544 parameters.

Layer: models.

Source: Simonyan and Zisserman (2015), "Very Deep Convolutional Networks for Large-Scale Image
Recognition", table 1.
"""

from __future__ import annotations

import torch
from torch import nn

from rectifier.activation import Activation
from rectifier.models._parts import Image, Shape, drawing, image, initialize, unit
from rectifier.models._sizes import checked

STAGES = ((1, 2), (2, 2), (4, 3), (8, 3), (8, 3))
"""Channels, in multiples of the first stage's, and convolutions of each stage."""


@checked
def build(
    inputs: Shape = (3, 224, 224),
    classes: int = 1000,
    *,
    activation: str | Activation = "relu",
    init: str | None = None,
    generator: torch.Generator | None = None,
    width: int = 64,
    hidden: int = 4096,
    dropout: float = 0.5,
) -> nn.Sequential:
    """The network with fresh weights, float32.

    Args:
        inputs: Shape of an image, at least 32×32.
        classes: Number of outputs (logits).
        activation: Name or definition.
        init: Name of a scheme; None: ``xavier_normal``, which the authors found to need no
            pre-training.
        generator: Source of the initial weights; default torch's global one.
        width: Channels of the first stage.
        hidden: Width of the two hidden fully connected layers.
        dropout: Of these.

    Returns:
        Input (samples, *inputs), output (samples, classes).

    Raises:
        InvalidInputError: The inputs are no images.

    Example:
        >>> with torch.device("meta"):
        ...     sum(p.numel() for p in build().parameters())
        138357544
    """
    into, height, across = image(inputs, 32)
    with drawing(generator):
        layers: list[nn.Module] = [Image((into, height, across))]
        for factor, convolutions in STAGES:
            for _ in range(convolutions):
                out_of = factor * width
                layers += [nn.Conv2d(into, out_of, 3, padding=1), unit(activation, out_of)]
                into = out_of
            layers.append(nn.MaxPool2d(2))
        sizes = (into * (height // 32) * (across // 32), hidden, hidden)
        layers.append(nn.Flatten())
        for place in range(2):
            layers += [
                nn.Linear(sizes[place], sizes[place + 1]),
                unit(activation, hidden),
                nn.Dropout(dropout),
            ]
        model = nn.Sequential(*layers, nn.Linear(hidden, classes))
        initialize(model, init or "xavier_normal", activation)
    return model
