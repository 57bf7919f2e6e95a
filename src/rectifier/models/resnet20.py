"""The residual network of 20 layers for 32×32 images; 0.27 M parameters.

Layer: models. Shortcuts have no parameters (option A).

Source: K. He et al. (2016), "Deep Residual Learning for Image Recognition", section 4.2.
"""

from __future__ import annotations

import torch
from torch import nn

from rectifier.activation import Activation
from rectifier.models._parts import Image, Shape, drawing, image, initialize, unit
from rectifier.models._residual import basic, convolution
from rectifier.models._sizes import checked


@checked
def build(
    inputs: Shape = (3, 32, 32),
    classes: int = 10,
    *,
    activation: str | Activation = "relu",
    init: str | None = None,
    generator: torch.Generator | None = None,
    width: int = 16,
    blocks: int = 3,
    shortcuts: bool = True,
) -> nn.Sequential:
    """The network with fresh weights, float32.

    Args:
        inputs: Shape of an image.
        classes: Number of outputs (logits).
        activation: Name or definition.
        init: Name of a scheme; None: ``he_normal``, as published.
        generator: Source of the initial weights; default torch's global one.
        width: Channels of the first of three stages; each next one has twice as many.
        blocks: Residual blocks of a stage; 3 make 20 layers, 9 make 56.
        shortcuts: False: the plain network that the paper sets beside it.

    Returns:
        Input (samples, *inputs), output (samples, classes).

    Raises:
        InvalidInputError: The inputs are no images.

    Example:
        >>> build((3, 32, 32), 10, blocks=1)(torch.zeros(2, 3, 32, 32)).shape
        torch.Size([2, 10])
    """
    shape = image(inputs, 4)
    with drawing(generator):
        layers: list[nn.Module] = [
            Image(shape),
            convolution(shape[0], width, 3),
            unit(activation, width),
        ]
        into = width
        for stage in range(3):
            out_of = width * 2**stage
            for block in range(blocks):
                stride = 2 if stage and not block else 1
                layers.append(
                    basic(into, out_of, stride, activation, padded=True, plain=not shortcuts)
                )
                into = out_of
        layers += [nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(into, classes)]
        model = nn.Sequential(*layers)
        initialize(model, init or "he_normal", activation)
    return model
