"""The residual network of 50 layers for ImageNet; 25,557,032 parameters.

Layer: models. The stride of a bottleneck is in its 3×3 convolution, as in all current versions of
the network (the paper's is in the first 1×1; the number of parameters is the same).

Source: K. He et al. (2016), "Deep Residual Learning for Image Recognition", table 1.
"""

from __future__ import annotations

import torch
from torch import nn

from rectifier.activation import Activation
from rectifier.models._parts import Image, Shape, drawing, image, initialize, unit
from rectifier.models._residual import bottleneck
from rectifier.models._sizes import checked

STAGES = (3, 4, 6, 3)


@checked
def build(
    inputs: Shape = (3, 224, 224),
    classes: int = 1000,
    *,
    activation: str | Activation = "relu",
    init: str | None = None,
    generator: torch.Generator | None = None,
    width: int = 64,
    stages: tuple[int, ...] = STAGES,
) -> nn.Sequential:
    """The network with fresh weights, float32.

    Args:
        inputs: Shape of an image, at least 32×32.
        classes: Number of outputs (logits).
        activation: Name or definition.
        init: Name of a scheme; None: ``he_normal``.
        generator: Source of the initial weights; default torch's global one.
        width: Channels of the stem, and inner ones of the first stage.
        stages: Blocks of each stage.

    Returns:
        Input (samples, *inputs), output (samples, classes).

    Raises:
        InvalidInputError: The inputs are no images.

    Example:
        >>> with torch.device("meta"):
        ...     sum(p.numel() for p in build().parameters())
        25557032
    """
    shape = image(inputs, 32)
    with drawing(generator):
        layers: list[nn.Module] = [
            Image(shape),
            nn.Conv2d(shape[0], width, 7, 2, padding=3, bias=False),
            nn.BatchNorm2d(width),
            unit(activation, width),
            nn.MaxPool2d(3, 2, padding=1),
        ]
        into = width
        for stage, blocks in enumerate(stages):
            inner = width * 2**stage
            for block in range(blocks):
                stride = 2 if stage and not block else 1
                layers.append(bottleneck(into, inner, stride, activation))
                into = 4 * inner
        layers += [nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(into, classes)]
        model = nn.Sequential(*layers)
        initialize(model, init or "he_normal", activation)
    return model
