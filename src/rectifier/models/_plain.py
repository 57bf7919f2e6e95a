"""Plain deep networks of 2015, from a list of their layers. For plain22 and plain30.

A spatial pyramid (the largest value of each cell of several grids) leads to the fully connected
layers. Windows of even size are padded on all sides in one layer and less in the next, so that two
layers keep the size, and the image where it is. Padded at the right and the bottom alone, each
would move it by half a pixel: twenty of them leave nothing of a small image but its margins.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from rectifier.activation import Activation
from rectifier.models._parts import Image, Shape, drawing, image, initialize, unit


class Pyramid(nn.Module):
    """Largest values over grids of several sizes, side by side.

    Source: K. He et al. (2014), "Spatial Pyramid Pooling in Deep Convolutional Networks".
    """

    def __init__(self, grids: Sequence[int]) -> None:
        super().__init__()
        self.pools = nn.ModuleList(nn.AdaptiveMaxPool2d(grid) for grid in grids)

    def forward(self, x: Tensor) -> Tensor:
        """(samples, channels, height, width) to (samples, channels · Σ grid²)."""
        return torch.cat([pool(x).flatten(1) for pool in self.pools], dim=1)


def build_plain(
    inputs: Shape,
    classes: int,
    *,
    stem: Sequence[nn.Module],
    stages: Sequence[tuple[int, int]],
    window: int,
    grids: Sequence[int],
    activation: str | Activation,
    init: str | None,
    generator: torch.Generator | None,
    hidden: int,
) -> nn.Sequential:
    """A plain network.

    Args:
        inputs: Shape of an image.
        classes: Number of outputs (logits).
        stem: What comes before the stages, without its activation; ends in pooling.
        stages: Channels and number of convolutions; the image is halved between two stages.
        window: Size of the convolutions.
        grids: Of the pyramid.
        activation: Name or definition.
        init: Name of a scheme; None: ``he_normal``.
        generator: Source of the initial weights.
        hidden: Width of the two hidden fully connected layers.
    """
    shape = image(inputs, 8)
    with drawing(generator):
        first, *pooling = stem
        if not isinstance(first, nn.Conv2d):
            raise TypeError("a stem begins with a convolution")
        into = first.out_channels
        layers = [Image(shape), first, unit(activation, into), *pooling]
        for place, (channels, count) in enumerate(stages):
            if place:
                layers.append(nn.MaxPool2d(2))
            for turn in range(count):
                layers += [
                    nn.ZeroPad2d((window - turn % 2) // 2),
                    nn.Conv2d(into, channels, window),
                    unit(activation, channels),
                ]
                into = channels
        layers.append(Pyramid(grids))
        sizes = (into * sum(grid**2 for grid in grids), hidden, hidden)
        for place in range(2):
            layers += [
                nn.Linear(sizes[place], sizes[place + 1]),
                unit(activation, hidden),
                nn.Dropout(0.5),
            ]
        model = nn.Sequential(*layers, nn.Linear(hidden, classes))
        initialize(model, init or "he_normal", activation)
    return model
