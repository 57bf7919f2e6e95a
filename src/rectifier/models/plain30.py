"""The plain network of 30 layers that trained with He's initialisation and stalled with Xavier's.

Layer: models. The paper's small network of 14 layers with 16 more convolutions of 256 filters in
its second stage: 27 convolutions of size 2×2 or the stem's, and 3 fully connected layers.

Source: K. He et al. (2015), "Delving Deep into Rectifiers", table 1, section 2.2 and figure 3.
"""

from __future__ import annotations

import torch
from torch import nn

from rectifier.activation import Activation
from rectifier.errors import InvalidInputError
from rectifier.models._parts import Shape, drawing, image
from rectifier.models._plain import build_plain
from rectifier.models._sizes import checked

SMALLEST = 14
"""Layers of the network that it grew from."""


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
    depth: int = 30,
    small: bool = False,
) -> nn.Sequential:
    """The network with fresh weights, float32.

    Args:
        inputs: Shape of an image.
        classes: Number of outputs (logits).
        activation: Name or definition.
        init: Name of a scheme; None: ``he_normal``.
        generator: Source of the initial weights; default torch's global one.
        width: Channels of the first convolution; the stages have twice and four times as many.
        hidden: Width of the two hidden fully connected layers.
        depth: Weight layers, at least `SMALLEST`; more are added to the second stage.
        small: A stem and a pyramid for small images (3×3 at stride 1; grids 2, 1).

    Returns:
        Input (samples, *inputs), output (samples, classes).

    Raises:
        InvalidInputError: The inputs are no images, or it has fewer layers than that.

    Example:
        >>> small = build((1, 8, 8), 10, width=4, hidden=32, small=True)
        >>> sum(isinstance(layer, nn.Conv2d | nn.Linear) for layer in small)
        30
    """
    if depth < SMALLEST:
        raise InvalidInputError(f"depth of plain30 must be at least {SMALLEST}; {depth} came")
    channels = image(inputs, 8)[0]
    with drawing(generator):
        stem: list[nn.Module] = (
            [nn.Conv2d(channels, width, 3, padding=1), nn.Identity()]
            if small
            else [nn.Conv2d(channels, width, 7, 2, padding=3), nn.MaxPool2d(3)]
        )
    return build_plain(
        inputs,
        classes,
        stem=stem,
        stages=((2 * width, 4), (4 * width, depth - 8)),
        window=2,
        grids=(2, 1) if small else (6, 3, 2, 1),
        activation=activation,
        init=init,
        generator=generator,
        hidden=hidden,
    )
