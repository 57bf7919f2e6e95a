"""A self-normalising network: SELU, LeCun's initialisation and alpha dropout.

Layer: models. Alpha dropout sets left-out units to SELU's lower limit and keeps mean and variance.

Source: Klambauer, Unterthiner, Mayr and Hochreiter (2017), "Self-Normalizing Neural Networks".
"""

from __future__ import annotations

import torch
from torch import nn

from rectifier.activation import Activation
from rectifier.models._parts import Shape
from rectifier.models._perceptron import build_perceptron
from rectifier.models._sizes import checked


@checked
def build(
    inputs: Shape = 784,
    classes: int = 10,
    *,
    activation: str | Activation = "selu",
    init: str | None = None,
    generator: torch.Generator | None = None,
    width: int = 256,
    depth: int = 8,
    dropout: float = 0.05,
) -> nn.Sequential:
    """The network with fresh weights, float32.

    Args:
        inputs: Shape of a sample.
        classes: Number of outputs (logits).
        activation: Name or definition.
        init: Name of a scheme; None: ``lecun_normal``.
        generator: Source of the initial weights; default torch's global one.
        width: Of each hidden layer.
        depth: Number of hidden layers.
        dropout: Rate of alpha dropout.

    Returns:
        Input (samples, *inputs), output (samples, classes).

    Example:
        >>> build(64, 10, width=16, depth=2)(torch.zeros(3, 64)).shape
        torch.Size([3, 10])
    """
    return build_perceptron(
        inputs,
        classes,
        hidden=[width] * depth,
        activation=activation,
        init=init or "lecun_normal",
        generator=generator,
        dropout=(lambda: nn.AlphaDropout(dropout)) if dropout else None,
    )
