"""The perceptron of the experiments: any depth, any scheme, normalised or not.

Layer: claims. Unlike ``rectifier.models.mlp`` it takes a scheme by name and batch normalisation.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import nn

from rectifier.activation import Activation
from rectifier.models._perceptron import build_perceptron


def perceptron(
    inputs: tuple[int, ...],
    classes: int,
    *,
    activation: str | Activation,
    init: str | None = None,
    generator: torch.Generator | None = None,
    hidden: Sequence[int] = (64, 64),
    batch_norm: bool = False,
    dropout: float = 0.0,
) -> nn.Sequential:
    """A perceptron with fresh weights; ``he_normal`` where no scheme is named."""
    return build_perceptron(
        inputs,
        classes,
        hidden=hidden,
        activation=activation,
        init=init or "he_normal",
        generator=generator,
        batch_norm=batch_norm,
        dropout=(lambda: nn.Dropout(dropout)) if dropout else None,
    )
