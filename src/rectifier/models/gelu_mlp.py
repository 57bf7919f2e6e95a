"""The fully connected network with which GELU was compared: eight layers of 128 units.

Layer: models. Trained with Adam and batches of 128; `dropout` was 0 or 0.5.

Source: Hendrycks and Gimpel (2016), "Gaussian Error Linear Units (GELUs)", section 3.1.
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
    activation: str | Activation = "gelu",
    init: str | None = None,
    generator: torch.Generator | None = None,
    width: int = 128,
    depth: int = 8,
    dropout: float = 0.0,
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
        dropout=(lambda: nn.Dropout(dropout)) if dropout else None,
    )
