"""LSUV for Keras models: ``rectifier.keras.lsuv(model, sample)``.

Layer: Keras front end, on the loop of `rectifier.analysis.schemes`. Each layer with a kernel is
seen through its activation, which for the time of the call notes what it is given.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import keras

from rectifier.analysis.schemes import (
    UNIT_VARIANCE_TOLERANCE,
    UNIT_VARIANCE_TRIALS,
    unit_variance,
)
from rectifier.errors import InvalidInputError


def lsuv(
    model: Any,
    sample: Any,
    *,
    seed: Any = None,
    tolerance: float = UNIT_VARIANCE_TOLERANCE,
    trials: int = UNIT_VARIANCE_TRIALS,
) -> dict[str, float]:
    """Give a model orthonormal kernels, rescaled until each layer's output has unit variance.

    Layers are taken in the order in which they run on the sample; their biases become 0. Only
    layers with a kernel and an activation of their own are: dense and convolutional ones.

    Args:
        model: A built or unbuilt model; it is changed in place.
        sample: A batch of inputs.
        seed: A whole number or a ``keras.random.SeedGenerator``; None for a new one.
        tolerance: How far from 1 the variance may stay.
        trials: How often to rescale one layer at most.

    Returns:
        The factor by which each layer's kernel was multiplied, by the layer's name.

    Raises:
        InvalidInputError: No such layer runs, or one's output is the same for all of the sample.

    Source:
        Mishkin and Matas (2016), "All you need is a good init", algorithm 1.
    """
    model(sample, training=False)  # builds it
    layers = [
        layer
        for layer in model._flatten_layers()
        if getattr(layer, "kernel", None) is not None and callable(getattr(layer, "activation", 0))
    ]
    seeds = keras.random.SeedGenerator(seed) if isinstance(seed, int) else seed
    draw = keras.initializers.Orthogonal(seed=seeds)
    for layer in layers:
        layer.kernel.assign(draw(layer.kernel.shape, dtype=layer.kernel.dtype))
        if layer.bias is not None:
            layer.bias.assign(keras.ops.zeros(layer.bias.shape, layer.bias.dtype))
    found: dict[int, float] = {}
    order: list[Any] = []

    def noting(layer: Any, activation: Callable[[Any], Any]) -> Callable[[Any], Any]:
        def note(x: Any) -> Any:
            if id(layer) not in found:
                order.append(layer)
                found[id(layer)] = float(keras.ops.convert_to_numpy(x).astype("float64").var())
            return activation(x)

        return note

    originals = [(layer, layer.activation) for layer in layers]
    for layer, activation in originals:
        layer.activation = noting(layer, activation)
    try:
        model(sample, training=False)
        if not order:
            raise InvalidInputError("no layer of the model with a kernel runs on the sample.")
        factors = {}
        for layer in tuple(order):

            def variance(layer: Any = layer) -> float:
                found.clear()
                order.clear()
                model(sample, training=False)
                return found[id(layer)]

            def multiply(factor: float, layer: Any = layer) -> None:
                layer.kernel.assign(layer.kernel.value * factor)

            factors[layer.name] = unit_variance(
                layer.name, variance, multiply, tolerance=tolerance, trials=trials
            )
    finally:
        for layer, activation in originals:
            layer.activation = activation
    return factors
