"""Weights and biases of a whole chain of layers: ``init_layers(key, shapes, "mish")``.

Layer: JAX front end, on `rectifier.jax.initialize`. An initialiser of JAX draws one array at a
time; here are the schemes that say something of a layer's bias too, or of its place.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import jax
import jax.numpy as jnp

from rectifier import analysis
from rectifier.activation import Activation
from rectifier.analysis.gaussian import find_unit
from rectifier.analysis.schemes import chain_gains, get_scheme, has_unit_bias
from rectifier.errors import InvalidInputError
from rectifier.jax.initialize import asymmetric, drawing


def init_layers(
    key: Any,
    shapes: Sequence[Sequence[int]],
    activation: str | Activation | None = None,
    scheme: str = "he_normal",
    *,
    dtype: Any = None,
    **parameters: float,
) -> list[tuple[jax.Array, jax.Array]]:
    """Draw weight and bias of each layer of a chain with one activation between any two.

    Args:
        key: Where random numbers come from.
        shapes: Of the weights, in the order in which the layers run: window, inputs, outputs. Two
            numbers are a dense layer, more a convolution.
        activation: What stands between the layers; None for none.
        scheme: As for `rectifier.jax.init`; of ``randomized_asymmetric`` the positive number of an
            output may here be its bias, and of ``alexnet`` the biases are 1 in the second, fourth
            and fifth convolution and in hidden dense layers. All other biases are 0.
        dtype: Element type; None for JAX's default.
        **parameters: Values of the activation's parameters.

    Returns:
        Weight and bias of each layer. The first layer has gain 1 and the others that of the
        activation, but if it is homogeneous as ReLU all have it but the last.

    Raises:
        UnknownNameError: There is no such activation or scheme.
        InvalidInputError: A shape has fewer than two numbers.

    Example:
        >>> import jax
        >>> (w, b), _ = init_layers(jax.random.key(0), [(8, 16), (16, 4)], "mish")
        >>> w.shape, b.shape
        ((8, 16), (16,))
    """
    rule = get_scheme(scheme)
    if not shapes or any(len(shape) < 2 for shape in shapes):
        raise InvalidInputError(
            f"expected shapes of inputs and outputs, perhaps after a window; got {shapes!r}."
        )
    gains = [1.0] * len(shapes)
    if activation is not None:
        unit = find_unit(activation)
        if rule.uses_gain:
            plain = isinstance(unit, Activation) and unit.family != "gated"
            scalable = plain and analysis.is_homogeneous(activation, **parameters)
            gain = float(analysis.gain(activation, **parameters))
            gains = list(chain_gains(len(shapes), gain, scalable))
    made = []
    convolutions = 0
    keys = jax.random.split(key, len(shapes))
    for place, (shape, own) in enumerate(zip(shapes, keys, strict=True)):
        convolution = len(shape) > 2
        convolutions += convolution
        if rule.distribution == "asymmetric":
            made.append(asymmetric(rule, -1, (), dtype, own, shape, with_bias=True))
            continue
        weight = drawing(rule, gains[place], -2, -1, (), dtype)(own, tuple(shape), dtype)
        last = place == len(shapes) - 1
        ones = rule.name == "alexnet" and has_unit_bias(convolutions, convolution, last)
        made.append((weight, jnp.full(shape[-1], float(ones), weight.dtype)))
    return made
