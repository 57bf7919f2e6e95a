"""The four-layer convolutional network on which ReLU was timed against tanh in 2012.

Layer: models. Three convolutions and a linear layer, for 32×32 images. Pooling windows hang over
the edge as in cuda-convnet, so that 32 pixels become 16, 8 and 4.

Source: Krizhevsky, Sutskever and Hinton (2012), figure 1; the layers are those of cuda-convnet's
example for CIFAR-10.
"""

from __future__ import annotations

import torch
from torch import nn

from rectifier.activation import Activation
from rectifier.models._parts import Image, Shape, drawing, image, initialize, unit
from rectifier.models._sizes import checked

WEIGHT_STD = (1e-4, 0.01, 0.01, 0.01)
"""Published deviations of the initial weights, layer by layer."""


@checked
def build(
    inputs: Shape = (3, 32, 32),
    classes: int = 10,
    *,
    activation: str | Activation = "relu",
    init: str | None = None,
    generator: torch.Generator | None = None,
    width: int = 32,
) -> nn.Sequential:
    """The network with fresh weights, float32.

    Args:
        inputs: Shape of an image.
        classes: Number of outputs (logits).
        activation: Name or definition.
        init: Name of a scheme; None: N(0, σ²) with `WEIGHT_STD`, which needs thousands of steps
            before anything happens; a scheme such as ``he_normal`` gets there faster.
        generator: Source of the initial weights; default torch's global one.
        width: Channels of the first two convolutions; the third has twice as many.

    Returns:
        Input (samples, *inputs), output (samples, classes).

    Raises:
        InvalidInputError: The inputs are no images.

    Example:
        >>> build((3, 32, 32), 10)(torch.zeros(2, 3, 32, 32)).shape
        torch.Size([2, 10])
    """
    channels, height, across = image(inputs, 4)
    pixels = 1
    for size in (height, across):
        for _ in range(3):
            size = -(-(size - 3) // 2) + 1 if size > 3 else 1
        pixels *= size
    with drawing(generator):
        model = nn.Sequential(
            Image((channels, height, across)),
            nn.Conv2d(channels, width, 5, padding=2),
            nn.MaxPool2d(3, 2, ceil_mode=True),
            unit(activation, width),
            nn.Conv2d(width, width, 5, padding=2),
            unit(activation, width),
            nn.AvgPool2d(3, 2, ceil_mode=True),
            nn.Conv2d(width, 2 * width, 5, padding=2),
            unit(activation, 2 * width),
            nn.AvgPool2d(3, 2, ceil_mode=True),
            nn.Flatten(),
            nn.Linear(2 * width * pixels, classes),
        )
        if init is not None:
            initialize(model, init, activation)
            return model
        layers = [layer for layer in model if isinstance(layer, nn.Conv2d | nn.Linear)]
        for layer, std in zip(layers, WEIGHT_STD, strict=True):
            nn.init.normal_(layer.weight, 0.0, std)
            if layer.bias is not None:
                nn.init.zeros_(layer.bias)
    return model
