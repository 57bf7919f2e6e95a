"""AlphaGo's policy network of 2016: thirteen convolutions and no pooling.

Layer: models. 5×5 at first, then eleven of 3×3, then 1×1 to one plane with a bias for each point.
ReLU everywhere; published width 192 (the match version), 48 input planes.

Source: Silver et al. (2016), "Mastering the game of Go with deep neural networks and tree search",
methods, "Neural network architecture".
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

from rectifier.activation import Activation
from rectifier.errors import InvalidInputError
from rectifier.models._parts import Image, Shape, drawing, image, initialize, unit
from rectifier.models._sizes import checked


class PointBias(nn.Module):
    """A bias for every point of the board; gives one logit a point."""

    def __init__(self, points: int) -> None:
        super().__init__()
        self.bias = nn.Parameter(torch.zeros(points))

    def forward(self, x: Tensor) -> Tensor:
        """(samples, 1, height, width) to (samples, height · width)."""
        return x.flatten(1) + self.bias


@checked
def build(
    inputs: Shape = (48, 19, 19),
    classes: int | None = None,
    *,
    activation: str | Activation = "relu",
    init: str | None = None,
    generator: torch.Generator | None = None,
    width: int = 192,
    layers: int = 13,
) -> nn.Sequential:
    """The network with fresh weights, float32.

    Args:
        inputs: Planes, height and width of the board.
        classes: Number of points; None or height · width.
        activation: Name or definition.
        init: Name of a scheme; None: ``he_normal``.
        generator: Source of the initial weights; default torch's global one.
        width: Channels of all hidden layers.
        layers: Convolutions, at least 3.

    Returns:
        Input (samples, *inputs), logits (samples, height · width).

    Raises:
        InvalidInputError: The inputs are no board, or there are not as many outputs as points.

    Example:
        >>> build((2, 5, 5), width=4, layers=3)(torch.zeros(1, 2, 5, 5)).shape
        torch.Size([1, 25])
    """
    planes, height, across = image(inputs)
    if classes not in (None, height * across) or layers < 3:
        raise InvalidInputError(
            f"this network has one output a point, here {height * across}, and at least 3 layers; "
            f"{classes} outputs and {layers} layers came"
        )
    with drawing(generator):
        parts: list[nn.Module] = [Image((planes, height, across))]
        into = planes
        for place in range(layers - 1):
            size = 3 if place else 5
            parts += [nn.Conv2d(into, width, size, padding=size // 2), unit(activation, width)]
            into = width
        parts += [nn.Conv2d(width, 1, 1, bias=False), PointBias(height * across)]
        model = nn.Sequential(*parts)
        initialize(model, init or "he_normal", activation)
    return model
