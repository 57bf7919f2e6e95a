"""The network whose depth was swept to compare Mish, Swish and ReLU: 500 units a layer.

Layer: models. With batch normalisation and dropout of 0.25.

Source: Misra (2020), "Mish: A Self Regularized Non-Monotonic Activation Function",
ablation over depth.
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
    activation: str | Activation = "mish",
    init: str | None = None,
    generator: torch.Generator | None = None,
    width: int = 500,
    depth: int = 15,
    dropout: float = 0.25,
) -> nn.Sequential:
    """The network with fresh weights, float32.

    Args:
        inputs: Shape of a sample.
        classes: Number of outputs (logits).
        activation: Name or definition.
        init: Name of a scheme; None: ``he_normal``.
        generator: Source of the initial weights; default torch's global one.
        width: Of each hidden layer.
        depth: Number of hidden layers.
        dropout: Share of the hidden units left out while training.

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
        init=init or "he_normal",
        generator=generator,
        batch_norm=True,
        dropout=(lambda: nn.Dropout(dropout)) if dropout else None,
    )
