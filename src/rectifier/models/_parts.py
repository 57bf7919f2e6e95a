"""What the networks share: activations by name, and weights that come from one generator.

Layer: models. A network is built inside `drawing`, so that every random number, those of torch's
own constructors included, comes from the caller's generator and torch's global one is left alone.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import torch
from torch import nn

import rectifier.torch as rt
from rectifier import catalog
from rectifier.activation import Activation
from rectifier.errors import InvalidInputError, OtherKindError

Shape = int | Sequence[int]
"""Of one sample: a number of features, or (channels, height, width) and the like."""


@contextmanager
def drawing(generator: torch.Generator | None) -> Iterator[None]:
    """Within it, torch's global generator draws what ``generator`` says; None: its own numbers."""
    if generator is None:
        yield
        return
    seed = int(torch.randint(2**62, (), generator=generator).item())
    with torch.random.fork_rng(devices=()):
        torch.manual_seed(seed)
        yield


def unit(activation: str | Activation, channels: int | None = None) -> nn.Module:
    """A new module of an activation, with a slope for each channel where it is PReLU.

    Args:
        activation: A name of the catalog, a formula, or a definition.
        channels: Units of the layer before; None: parameters are shared by all units.

    Raises:
        UnknownNameError: There is no such activation.
        InvalidInputError: It is no function of one number: a gated unit gives fewer numbers than it
            takes, and a function of a row would take a row of pixels for one in an image.
    """
    try:
        prelu = catalog.get(activation).name == "prelu"
    except OtherKindError as error:
        raise InvalidInputError(_other_kind(error)) from None
    return rt.activation(activation, channels) if prelu and channels else rt.activation(activation)


def _other_kind(error: OtherKindError) -> str:
    wanted = "expected an activation of one number, such as relu; "
    if error.kind == "gated":
        return (
            f"{wanted}{error.name} is a gated unit, for the feed-forward layers of "
            "transformer_encoder, transformer_decoder, gpt_tiny and vit_tiny"
        )
    return (
        f"{wanted}{error.name} is a function of a whole row, which ends a network rather than "
        f"follow a layer; put rectifier.torch.activation({error.name!r}) into a network of your own"
    )


def initialize(
    model: nn.Module,
    init: str,
    activation: str | Activation | None = None,
    sample: torch.Tensor | None = None,
) -> None:
    """Draw all weights by a scheme: as if the activation followed each layer but the last.

    On the meta device there is nothing to draw, and nothing is done.

    Args:
        model: The network.
        init: Name of a scheme of `rectifier.analysis.schemes`.
        activation: Whose gain the scheme uses.
        sample: In its place: an input to find what really follows each layer.

    Raises:
        InvalidInputError: The scheme looks at data.
    """
    if init == "lsuv":
        raise InvalidInputError(
            "lsuv looks at data, which a network that is being built has not seen: call "
            "rectifier.torch.init_(model, batch, scheme='lsuv') on it"
        )
    if not any(parameter.is_meta for parameter in model.parameters()):
        rt.init_(model, sample, scheme=init, activation=activation)


def normal_(model: nn.Module, std: float, bias: float = 0.0) -> None:
    """Draw all weights of linear and convolutional layers from N(0, std²), all biases equal."""
    for layer in model.modules():
        if isinstance(layer, nn.Linear | nn.Conv2d):
            nn.init.normal_(layer.weight, 0.0, std)
            if layer.bias is not None:
                nn.init.constant_(layer.bias, bias)


def image(inputs: Shape, least: int = 1) -> tuple[int, int, int]:
    """Channels, height and width of an image; (height, width) has one channel.

    Raises:
        InvalidInputError: It is no such shape, or the image is smaller than ``least``.
    """
    shape = (inputs,) if isinstance(inputs, int) else tuple(inputs)
    if len(shape) == 2:
        shape = (1, *shape)
    if len(shape) != 3 or min(shape) < 1 or min(shape[1:]) < least:
        raise InvalidInputError(
            f"inputs must be (channels, height, width) of an image of at least {least}×{least} "
            f"pixels; {inputs} came"
        )
    channels, height, width = shape
    return channels, height, width


def features(inputs: Shape) -> int:
    """Number of features of a sample."""
    return inputs if isinstance(inputs, int) else math.prod(inputs)


def parameters(model: nn.Module) -> int:
    """Number of trainable parameters."""
    return sum(parameter.numel() for parameter in model.parameters() if parameter.requires_grad)


def samples(x: torch.Tensor, shape: Sequence[int]) -> torch.Tensor:
    """Give a batch the shape (samples, *shape), flat samples included.

    Args:
        x: (samples, …).
        shape: Of one sample.

    Raises:
        InvalidInputError: A sample has more or fewer numbers than that.
    """
    if x.dim() == 0 or math.prod(x.shape[1:]) != math.prod(shape):
        raise InvalidInputError(
            f"expected a batch (samples, {', '.join(map(str, shape))}); a tensor of shape "
            f"{tuple(x.shape)} came"
        )
    return x.reshape(x.shape[0], *shape)


class Image(nn.Module):
    """Gives a batch the shape (samples, channels, height, width), flat samples included."""

    reshapes = True

    def __init__(self, shape: tuple[int, int, int]) -> None:
        super().__init__()
        self.shape = shape

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Reshape (samples, …)."""
        return samples(x, self.shape)


class Flat(nn.Flatten):
    """Gives a batch the shape (samples, features), whatever the shape of a sample."""

    reshapes = True

    def __init__(self, features: int) -> None:
        super().__init__()
        self.features = features

    def forward(self, input: torch.Tensor) -> torch.Tensor:
        """Flatten (samples, …)."""
        return samples(input, (self.features,))

    def extra_repr(self) -> str:
        """The number of features."""
        return f"features={self.features}"
