"""Perceptrons with normalisation and dropout, for the networks of several papers here."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import torch
from torch import nn

from rectifier.activation import Activation
from rectifier.models._parts import Flat, Shape, drawing, features, initialize, unit


def build_perceptron(
    inputs: Shape,
    classes: int,
    *,
    hidden: Sequence[int],
    activation: str | Activation,
    init: str,
    generator: torch.Generator | None,
    batch_norm: bool = False,
    dropout: Callable[[], nn.Module] | None = None,
) -> nn.Sequential:
    """A perceptron with fresh weights.

    Args:
        inputs: Shape of a sample, which is flattened.
        classes: Number of outputs.
        hidden: Width of each hidden layer.
        activation: Name or definition.
        init: Name of a scheme.
        generator: Source of the initial weights.
        batch_norm: Whether to normalise before each activation.
        dropout: Makes what follows each activation; None: nothing.
    """
    with drawing(generator):
        into = features(inputs)
        layers: list[nn.Module] = [Flat(into)]
        for size in hidden:
            layers.append(nn.Linear(into, size))
            if batch_norm:
                layers.append(nn.BatchNorm1d(size))
            layers.append(unit(activation, size))
            if dropout is not None:
                layers.append(dropout())
            into = size
        model = nn.Sequential(*layers, nn.Linear(into, classes))
        initialize(model, init, activation)
    return model
