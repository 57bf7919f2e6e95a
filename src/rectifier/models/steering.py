"""Two streams of convolutions that tell a steering angle: one sees the road, one its movement.

Layer: models. ELU in the convolutions, ReLU in the fully connected layers of 250 and 10 units.

Source: H. Zhang, Bosch and Olsson (2021), "Real-time End-to-End Federated Learning: An Automotive
Case Study", arXiv 2103.11879, section IV. Sizes of the convolutions are ours; the paper names the
activations and the fully connected layers.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

from rectifier.activation import Activation
from rectifier.models._parts import Shape, drawing, image, initialize, samples, unit


class TwoStreams(nn.Module):
    """A spatial stream (the frame) and a temporal one (its difference to the frame before)."""

    def __init__(
        self,
        shape: tuple[int, int, int],
        outputs: int,
        channels: tuple[int, ...],
        hidden: tuple[int, ...],
        convolutional: str | Activation,
        activation: str | Activation,
    ) -> None:
        super().__init__()
        self.shape = shape
        self.frame = _stream(shape[0] // 2, channels, convolutional)
        self.motion = _stream(shape[0] // 2, channels, convolutional)
        layers: list[nn.Module] = []
        into = 2 * channels[-1] * 4
        for size in hidden:
            layers += [nn.Linear(into, size), unit(activation, size)]
            into = size
        self.head = nn.Sequential(*layers, nn.Linear(into, outputs))

    def forward(self, x: Tensor) -> Tensor:
        """(samples, 2 · channels, height, width), frame then motion, to (samples, outputs)."""
        frame, motion = samples(x, self.shape).chunk(2, dim=1)
        seen = torch.cat([self.frame(frame), self.motion(motion)], dim=1)
        result: Tensor = self.head(seen)
        return result


def _stream(into: int, channels: tuple[int, ...], convolutional: str | Activation) -> nn.Sequential:
    layers: list[nn.Module] = []
    for out_of in channels:
        layers += [nn.Conv2d(into, out_of, 3, 2, padding=1), unit(convolutional, out_of)]
        into = out_of
    return nn.Sequential(*layers, nn.AdaptiveAvgPool2d((1, 4)), nn.Flatten())


def build(
    inputs: Shape = (2, 32, 64),
    classes: int = 1,
    *,
    activation: str | Activation = "relu",
    convolutional: str | Activation = "elu",
    init: str | None = None,
    generator: torch.Generator | None = None,
    channels: tuple[int, ...] = (12, 24, 32),
    hidden: tuple[int, ...] = (250, 10),
) -> TwoStreams:
    """The network with fresh weights, float32.

    Args:
        inputs: Shape of a sample: half of the channels are the frame, half are the motion.
        classes: Number of outputs; 1, the angle.
        activation: Of the fully connected layers, name or definition.
        convolutional: Of the convolutions.
        init: Name of a scheme; None: ``he_normal``.
        generator: Source of the initial weights; default torch's global one.
        channels: Of the convolutions of each stream, each of which halves the image.
        hidden: Widths of the hidden fully connected layers.

    Returns:
        Input (samples, *inputs), output (samples, classes).

    Raises:
        InvalidInputError: The inputs are no images.

    Example:
        >>> build((2, 32, 64))(torch.zeros(3, 2, 32, 64)).shape
        torch.Size([3, 1])
    """
    shape = image(inputs, 8)
    with drawing(generator):
        model = TwoStreams(shape, classes, channels, hidden, convolutional, activation)
        initialize(model, init or "he_normal", activation)
        if not model.head[-1].weight.is_meta:
            # The last hidden layer has ten units; with biases of 0 all of them may be silent.
            for layer in list(model.head)[:-1]:
                if isinstance(layer, nn.Linear):
                    nn.init.constant_(layer.bias, 0.1)
    return model
