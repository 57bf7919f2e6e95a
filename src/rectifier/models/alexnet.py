"""AlexNet as it was published: two groups, local response normalisation, overlapping pooling.

Layer: models. With ``grouped`` the second, fourth and fifth convolution see only the maps of their
own group, as when each group lived on a card of its own: 60,965,224 parameters. Without it there
are 62,378,344. `rectifier.models._towers` runs the two groups on two devices or in two processes.

Response normalisation divides by (k + α Σ a²)^β over n neighbouring maps; PyTorch's own divides α
by n, so it is given n·α. Neighbours are those of the same group, since the others were on the other
card.

Source: Krizhevsky, Sutskever and Hinton (2012), "ImageNet Classification with Deep Convolutional
Neural Networks", sections 3 to 5.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

from rectifier.activation import Activation
from rectifier.errors import InvalidInputError
from rectifier.models._parts import Image, Shape, drawing, image, initialize, unit
from rectifier.models._sizes import checked

CHANNELS = (96, 256, 384, 384, 256)
STEM = (11, 4)
"""Window and stride of the first convolution."""
RESPONSE = {"size": 5, "alpha": 1e-4, "beta": 0.75, "k": 2.0}


class ResponseNorm(nn.Module):
    """Local response normalisation within each group of maps."""

    def __init__(self, groups: int) -> None:
        super().__init__()
        self.groups = groups
        size, alpha = int(RESPONSE["size"]), RESPONSE["alpha"]
        self.norm = nn.LocalResponseNorm(size, alpha * size, RESPONSE["beta"], RESPONSE["k"])

    def forward(self, x: Tensor) -> Tensor:
        """Apply to (samples, maps, height, width)."""
        samples, maps, height, width = x.shape
        parts = x.reshape(samples * self.groups, maps // self.groups, height, width)
        normed: Tensor = self.norm(parts)
        return normed.reshape(x.shape)


@checked
def build(
    inputs: Shape = (3, 227, 227),
    classes: int = 1000,
    *,
    activation: str | Activation = "relu",
    init: str | None = None,
    generator: torch.Generator | None = None,
    grouped: bool = True,
    channels: tuple[int, int, int, int, int] = CHANNELS,
    hidden: int = 4096,
    stem: tuple[int, int] = STEM,
    dropout: float = 0.5,
    pool: tuple[int, int] = (3, 2),
    unit_bias: bool = True,
) -> nn.Sequential:
    """The network with fresh weights, float32; by default the published one.

    Args:
        inputs: Shape of an image; one of 224×224 is padded by 2, since the published 224 does not
            fit the published strides.
        classes: Number of outputs (logits).
        activation: Name or definition.
        init: Name of a scheme; None: N(0, 0.01²), with biases of 1 in the second, fourth and fifth
            convolution and the hidden fully connected layers, 0 elsewhere.
        generator: Source of the initial weights; default torch's global one.
        grouped: Whether there are two groups.
        channels: Of the five convolutions.
        hidden: Width of the two hidden fully connected layers.
        stem: Window and stride of the first convolution; a window of odd size at stride 1 is
            padded so that the image keeps its size.
        dropout: Share of the hidden fully connected units left out while training.
        pool: Window and stride of pooling; (2, 2) does not overlap.
        unit_bias: With ``init=None``, whether there are biases of 1 at all.

    Returns:
        Input (samples, *inputs), output (samples, classes).

    Raises:
        InvalidInputError: The inputs are no images, or too small for all the pooling.

    Example:
        >>> with torch.device("meta"):
        ...     [sum(p.numel() for p in build(grouped=g).parameters()) for g in (True, False)]
        [60965224, 62378344]
    """
    planes, height, across = image(inputs)
    groups = 2 if grouped else 1
    window, stride = stem
    padding = window // 2 if stride == 1 else 2 * (height == across == 224)
    one, two, three, four, five = channels
    with drawing(generator):
        # Each block is (groups, convolution, normalise?, pool?), so that towers can be cut from it.
        convolutions = (
            nn.Conv2d(planes, one, window, stride, padding),
            nn.Conv2d(one, two, 5, padding=2, groups=groups),
            nn.Conv2d(two, three, 3, padding=1),
            nn.Conv2d(three, four, 3, padding=1, groups=groups),
            nn.Conv2d(four, five, 3, padding=1, groups=groups),
        )
        layers: list[nn.Module] = [Image((planes, height, across))]
        for place, convolution in enumerate(convolutions):
            layers += [convolution, unit(activation, convolution.out_channels)]
            if place < 2:
                layers.append(ResponseNorm(groups))
            if place in (0, 1, 4):
                layers.append(nn.MaxPool2d(*pool))
        rest = _rest((height, across), window, stride, padding, pool)
        layers.append(nn.Flatten())
        sizes = (five * rest, hidden, hidden)
        for place in range(2):
            layers += [
                nn.Linear(sizes[place], sizes[place + 1]),
                unit(activation, hidden),
                nn.Dropout(dropout),
            ]
        model = nn.Sequential(*layers, nn.Linear(hidden, classes))
        initialize(model, init or "alexnet", activation)
        if init is None and not unit_bias:
            for layer in model:
                if isinstance(layer, nn.Conv2d | nn.Linear) and layer.bias is not None:
                    nn.init.zeros_(layer.bias)
    return model


def _rest(
    size: tuple[int, int], window: int, stride: int, padding: int, pool: tuple[int, int]
) -> int:
    """Pixels that are left of an image after the last pooling."""
    pixels = 1
    for length in size:
        left = (length + 2 * padding - window) // stride + 1
        for _ in range(3):
            left = (left - pool[0]) // pool[1] + 1
        if left < 1:
            raise InvalidInputError(
                f"an image of {size[0]}×{size[1]} pixels is too small for three times pooling; "
                "give a larger one or a smaller stem, such as stem=(5, 1)"
            )
        pixels *= left
    return pixels
