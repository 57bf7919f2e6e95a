"""The rectifier network of 2011: three hidden layers of 1000 units, trained with an L1 penalty.

Layer: models. The penalty is 0.001 times the sum of all outputs of the activations; whoever trains
the network adds it to the loss.

Source: Glorot, Bordes and Bengio (2011), "Deep Sparse Rectifier Neural Networks", section 4.1.
"""

from __future__ import annotations

import torch
from torch import nn

from rectifier.activation import Activation
from rectifier.models._parts import Shape
from rectifier.models._perceptron import build_perceptron
from rectifier.models._sizes import checked

L1 = 1e-3
"""Published weight of the penalty."""


@checked
def build(
    inputs: Shape = 784,
    classes: int = 10,
    *,
    activation: str | Activation = "relu",
    init: str | None = None,
    generator: torch.Generator | None = None,
    width: int = 1000,
    depth: int = 3,
) -> nn.Sequential:
    """The network with fresh weights, float32.

    Args:
        inputs: Shape of a sample.
        classes: Number of outputs (logits).
        activation: Name or definition.
        init: Name of a scheme; None: ``xavier_uniform``.
        generator: Source of the initial weights; default torch's global one.
        width: Of each hidden layer.
        depth: Number of hidden layers.

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
        init=init or "xavier_uniform",
        generator=generator,
    )
