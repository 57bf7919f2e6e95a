"""A multilayer perceptron whose hidden layers all use one activation.

Layer: models. The weights are drawn so that every layer's output has about unit variance whatever
the activation: a layer that reads activations f(z) gets the standard deviation gain(f) / √fan_in
(K. He et al. 2015, equation 10, with √2 replaced by the activation's own gain); the first layer
reads data of unit variance and gets 1 / √fan_in. Biases start at zero.
"""

from __future__ import annotations

import copy
import itertools
import math
from collections.abc import Sequence
from typing import Any

import torch
from torch import nn

from rectifier import analysis
from rectifier.activation import Activation
from rectifier.errors import InvalidInputError
from rectifier.models._parts import Flat, drawing, initialize, unit
from rectifier.models._sizes import checked


@checked
def build(
    inputs: int,
    classes: int,
    *,
    activation: str | Activation | nn.Module | Sequence[str | Activation],
    hidden: Sequence[int] = (64, 64),
    gain: float | None = None,
    init: str | None = None,
    generator: torch.Generator | None = None,
) -> nn.Sequential:
    """A perceptron with fresh weights on the CPU, float32.

    Args:
        inputs: Number of input features.
        classes: Number of outputs (logits).
        activation: Name, definition, or a module that is copied for each hidden layer. Several
            names or definitions: spread over the hidden layers in their order, in equal runs.
        hidden: Width of each hidden layer.
        gain: Scale of the weights after an activation; needed with a module, else from its formula.
        init: Name of a scheme in place of the above; None: as above.
        generator: Source of the initial weights; default torch's global one.

    Returns:
        ``Linear, activation, …, Linear``; input of shape (samples, …) is flattened first.

    Raises:
        InvalidInputError: A module came without its gain, or a gated unit came.
        UnknownNameError: There is no such activation.

    Example:
        >>> build(8, 3, activation="mish", hidden=(16,))(torch.zeros(2, 8)).shape
        torch.Size([2, 3])
    """
    chosen = _spread(activation, len(hidden))
    if gain is None and isinstance(activation, nn.Module):
        raise InvalidInputError(
            "the gain of an activation given as a module is not known; pass gain="
        )
    units = [each if isinstance(each, nn.Module) else unit(each) for each in chosen]
    gains = [analysis.gain(each) if gain is None else gain for each in chosen]
    layers: list[nn.Module] = [Flat(inputs)]
    sizes = (inputs, *hidden, classes)
    for index, (fan_in, fan_out) in enumerate(itertools.pairwise(sizes)):
        # By way of "meta", so that no weights are drawn from torch's global generator.
        linear = nn.Linear(fan_in, fan_out, device="meta").to_empty(device="cpu")
        scale = (gains[index - 1] if index else 1.0) / math.sqrt(fan_in)
        with torch.no_grad():
            linear.weight.normal_(0.0, scale, generator=generator)
            linear.bias.zero_()
        layers.append(linear)
        if index < len(hidden):
            layers.append(copy.deepcopy(units[index]))
    model = nn.Sequential(*layers)
    if init is not None:
        with drawing(generator):
            initialize(model, init, sample=torch.zeros(1, inputs))
    return model


def _spread(activation: object, layers: int) -> list[Any]:
    """The activation of each hidden layer."""
    if isinstance(activation, str | Activation | nn.Module):
        return [activation] * layers
    given = list(activation)  # type: ignore[call-overload]
    if not 1 <= len(given) <= layers:
        raise InvalidInputError(
            f"{len(given)} activations cannot be spread over {layers} hidden layers"
        )
    return [given[place * len(given) // layers] for place in range(layers)]
