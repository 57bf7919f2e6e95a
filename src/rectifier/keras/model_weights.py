"""Weights and biases of a whole Keras model: ``rectifier.keras.init_(model, "mish")``.

Layer: Keras front end, on `rectifier.keras.initializers`. A Keras initialiser draws one array at a
time; here are the schemes that say something of a layer's bias too, or of its place.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import keras

from rectifier import analysis
from rectifier.activation import Activation
from rectifier.analysis.gaussian import find_unit
from rectifier.analysis.schemes import chain_gains, get_scheme, has_unit_bias
from rectifier.errors import InvalidInputError
from rectifier.keras.initializers import Asymmetric, drawing

_WEIGHTED = (
    keras.layers.Dense,
    keras.layers.Conv1D,
    keras.layers.Conv2D,
    keras.layers.Conv3D,
)


def init_(
    model: Any,
    activation: str | Activation | None = None,
    scheme: str = "he_normal",
    *,
    seed: Any = None,
    parameters: Mapping[str, float] | None = None,
) -> dict[str, float]:
    """Draw kernel and bias of each dense and convolutional layer of a model anew.

    Args:
        model: A built model; it is changed in place.
        activation: What stands between any two of these layers; None for none.
        scheme: As for `rectifier.keras.initializer`; of ``randomized_asymmetric`` the positive
            number of an output may here be its bias, and of ``alexnet`` the biases are 1 in the
            second, fourth and fifth convolution and in hidden dense layers. All other biases are 0.
        seed: A whole number or a ``keras.random.SeedGenerator``; None for a new one.
        parameters: Values of the activation's parameters.

    Returns:
        The gain of each layer, by its name, in the order of the model's layers. The first has 1 and
        the others that of the activation, but if it is homogeneous as ReLU all have it but the
        last.

    Raises:
        UnknownNameError: There is no such activation or scheme.
        InvalidInputError: The model has no such layer, or none that is built.
    """
    rule = get_scheme(scheme)
    layers = [
        layer
        for layer in model._flatten_layers()
        if isinstance(layer, _WEIGHTED) and getattr(layer, "kernel", None) is not None
    ]
    if not layers:
        raise InvalidInputError(
            "the model has no dense or convolutional layer that is built; call it on a batch of "
            "inputs first."
        )
    gains = [1.0] * len(layers)
    given = dict(parameters or {})
    if activation is not None:
        unit = find_unit(activation)
        if rule.uses_gain:
            plain = isinstance(unit, Activation) and unit.family != "gated"
            scalable = plain and analysis.is_homogeneous(activation, **given)
            gain = float(analysis.gain(activation, **given))
            gains = list(chain_gains(len(layers), gain, scalable))
    seeds = keras.random.SeedGenerator(seed) if isinstance(seed, int) else seed
    convolutions = 0
    for layer, gain in zip(layers, gains, strict=True):
        convolution = not isinstance(layer, keras.layers.Dense)
        convolutions += convolution
        shape, kind = tuple(layer.kernel.shape), layer.kernel.dtype
        if rule.distribution == "asymmetric" and layer.bias is not None:
            kernel, bias = Asymmetric(rule.scale, seeds).with_bias(shape, kind)
            layer.kernel.assign(kernel)
            layer.bias.assign(bias)
            continue
        layer.kernel.assign(drawing(rule, gain, seeds)(shape, dtype=kind))
        ones = rule.name == "alexnet" and has_unit_bias(
            convolutions, convolution, layer is layers[-1]
        )
        if layer.bias is not None:
            layer.bias.assign(keras.ops.full(layer.bias.shape, float(ones), layer.bias.dtype))
    return {layer.name: gain for layer, gain in zip(layers, gains, strict=True)}
