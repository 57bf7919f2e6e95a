"""A decoder small enough to train on one core in a minute: two blocks, 64 wide.

Layer: models. The blocks of `rectifier.models.transformer_decoder`, without dropout; the first
feed-forward layer is rescaled by the ratio of the activation's gain to that of GPT-2's.
"""

from __future__ import annotations

import torch
from torch import nn

from rectifier.activation import Activation
from rectifier.models import transformer_decoder
from rectifier.models._attention import rescale_feed
from rectifier.models._parts import Shape
from rectifier.models._sizes import checked


@checked
def build(
    inputs: Shape = (64,),
    classes: int = 96,
    *,
    activation: str | Activation = "gelu_tanh",
    init: str | None = None,
    generator: torch.Generator | None = None,
    size: int = 64,
    layers: int = 2,
    heads: int = 4,
) -> nn.Module:
    """The network with fresh weights, float32.

    Args:
        inputs: (positions,): the longest sequence.
        classes: Number of tokens.
        activation: Of the feed-forward layers.
        init: As for `rectifier.models.transformer_decoder.build`.
        generator: Source of the initial weights; default torch's global one.
        size: Width of the model.
        layers: Number of blocks.
        heads: Of attention.

    Returns:
        Input int64 (samples, positions), output (samples, positions, classes).

    Example:
        >>> build((8,), 30)(torch.zeros(2, 8, dtype=torch.int64)).shape
        torch.Size([2, 8, 30])
    """
    model = transformer_decoder.build(
        inputs,
        classes,
        activation=activation,
        init=init,
        generator=generator,
        size=size,
        layers=layers,
        heads=heads,
        dropout=0.0,
    )
    if init is None:
        rescale_feed(model, activation)
    return model
