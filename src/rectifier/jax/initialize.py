"""Weights whose scale fits the activation that follows: ``rectifier.jax.init("mish")``.

`init` makes initialisers of one array, from its shape; `lsuv` fits a network's weights to data.

Layer: JAX front end, on `rectifier.analysis` (gain and scheme) and ``jax.nn.initializers``, which
draws the numbers. Which activation follows which layer is the caller's to say: JAX has no modules
to look into.
"""

from __future__ import annotations

import functools
import math
from collections.abc import Callable, Sequence
from typing import Any, TypeAlias

import jax
import jax.numpy as jnp

from rectifier import analysis, catalog
from rectifier.activation import Activation
from rectifier.analysis.gaussian import find_unit
from rectifier.analysis.schemes import (
    UNIT_VARIANCE_TOLERANCE,
    UNIT_VARIANCE_TRIALS,
    Scheme,
    get_scheme,
    unit_variance,
)
from rectifier.errors import InvalidActivationError, InvalidInputError

Axes: TypeAlias = int | Sequence[int]


def init(
    activation: str | Activation | None = None,
    scheme: str = "he_normal",
    *,
    in_axis: int | Sequence[int] = -2,
    out_axis: int | Sequence[int] = -1,
    batch_axis: int | Sequence[int] = (),
    dtype: Any = None,
    **parameters: float,
) -> Callable[..., Any]:
    """Return an initialiser for the weights of a layer that an activation follows.

    The standard deviation is gain / sqrt(fan), with the gain 1 / sqrt(E[f(z)²]) of the activation:
    for ``"relu"`` this is ``jax.nn.initializers.he_normal()`` itself. A normal distribution is
    truncated at two standard deviations and rescaled, as everywhere in JAX.

    Args:
        activation: A name, an alias or an `Activation`; None where no activation follows.
        scheme: ``he_normal``, ``he_uniform`` (each also with ``_fan_out``), ``lecun_normal``,
            ``lecun_uniform``, ``xavier_normal``, ``xavier_uniform``, ``orthogonal``,
            ``randomized_asymmetric`` (whose positive number for each output is here always among
            the weights, as the bias is another array; not so in `init_layers`), ``identity`` (two
            axes) or ``alexnet``; ``kaiming`` and ``glorot`` are understood. For ``lsuv`` there is
            the function of that name.
        in_axis: Axis or axes of the inputs; all that are named nowhere are the window.
        out_axis: Axis or axes of the outputs.
        batch_axis: Axis or axes that belong to neither.
        dtype: Element type unless the call names one; None for JAX's default.
        **parameters: Values of the activation's parameters, such as ``negative_slope=0.2``.

    Returns:
        A function ``(key, shape, dtype)`` that draws an array.

    Raises:
        UnknownNameError: There is no such activation or scheme.
        InvalidActivationError: There is no such parameter, or the activation has no finite gain.

    Example:
        >>> import jax
        >>> weight = init("mish")(jax.random.key(0), (512, 256))
        >>> weight.shape
        (512, 256)

    Source:
        He et al. (2015), "Delving Deep into Rectifiers", equations 10 and 14; the gain of other
        activations by the same argument.
    """
    rule = get_scheme(scheme)
    gain = 1.0
    if activation is None:
        if parameters:
            raise InvalidActivationError(
                f"{', '.join(sorted(parameters))} given without an activation; name the activation."
            )
    elif rule.uses_gain:
        gain = float(analysis.gain(activation, **parameters))
    else:
        find_unit(activation)  # raises where there is none
        if parameters:
            catalog.get(activation).parameters(**parameters)
    return drawing(rule, gain, in_axis, out_axis, batch_axis, dtype)


def drawing(
    rule: Scheme, gain: float, in_axis: Axes, out_axis: Axes, batch_axis: Axes, dtype: Any
) -> Callable[..., Any]:
    """Return the initialiser of a scheme with a gain; arguments as for `init`."""
    if rule.data_driven:
        raise InvalidInputError(
            f"scheme {rule.name!r} fits the weights to data: call rectifier.jax.lsuv on the "
            "network's weights."
        )
    theirs = jax.nn.initializers
    made: Callable[..., Any]
    if rule.distribution == "identity":
        made = functools.partial(_identity, default=dtype)
    elif rule.distribution == "asymmetric":
        made = functools.partial(_weights_alone, rule, out_axis, batch_axis, dtype)
    elif rule.std is not None:
        made = theirs.normal(rule.std, dtype=dtype)
    elif rule.distribution == "orthogonal":
        columns = out_axis if isinstance(out_axis, int) else out_axis[-1]
        made = theirs.orthogonal(gain, column_axis=columns, dtype=dtype)
    else:
        made = theirs.variance_scaling(
            gain * gain,
            *rule.variance_scaling,
            in_axis=in_axis,
            out_axis=out_axis,
            batch_axis=batch_axis,
            dtype=dtype,
        )
    return made


def _identity(
    key: Any, shape: Sequence[int], dtype: Any = None, *, default: Any = None
) -> jax.Array:
    """Return ones on the diagonal; the key is not used."""
    if len(shape) != 2:
        raise InvalidInputError(
            f"the identity has two axes, inputs and outputs; got shape {tuple(shape)}."
        )
    return jnp.eye(shape[0], shape[1], dtype=default if dtype is None else dtype)


def _weights_alone(*args: Any) -> jax.Array:
    return asymmetric(*args)[0]


def asymmetric(
    rule: Scheme,
    out_axis: Axes,
    batch_axis: Axes,
    default: Any,
    key: Any,
    shape: Sequence[int],
    dtype: Any = None,
    *,
    with_bias: bool = False,
) -> tuple[jax.Array, jax.Array]:
    """Draw normal numbers, and for each output one from Beta(2, 1) in the place of one of them.

    Returns:
        Weights, and for each output its bias, which is one of the numbers if `with_bias` says so.
    """
    kept = [axis % len(shape) for axes in (out_axis, batch_axis) for axis in _each(axes)]
    others = [axis for axis in range(len(shape)) if axis not in kept]
    outputs = math.prod(shape[axis] for axis in kept)
    count = math.prod(shape) // max(outputs, 1)
    kind = default if dtype is None else dtype
    normal, place, positive = jax.random.split(key, 3)
    deviation = rule.deviation(1.0, count, 1)
    rows = deviation * jax.random.normal(normal, (outputs, count + with_bias), kind)
    chosen = jax.random.randint(place, (outputs,), 0, max(count + with_bias, 1))
    # The square root of a uniform number has the density 2 x of Beta(2, 1).
    beta = jnp.sqrt(jax.random.uniform(positive, (outputs,), kind))
    rows = rows.at[jnp.arange(outputs), chosen].set(beta)
    biases = rows[:, count] if with_bias else jnp.zeros(outputs, rows.dtype)
    order = [*kept, *others]
    moved = rows[:, :count].reshape([shape[axis] for axis in order])
    weights = jnp.transpose(moved, [order.index(axis) for axis in range(len(shape))])
    return weights, biases


def _each(axes: Axes) -> Sequence[int]:
    return (axes,) if isinstance(axes, int) else axes


def lsuv(
    weights: Sequence[Any],
    outputs: Callable[[list[Any]], Sequence[Any]],
    key: Any = None,
    *,
    tolerance: float = UNIT_VARIANCE_TOLERANCE,
    trials: int = UNIT_VARIANCE_TRIALS,
    column_axis: int = -1,
) -> list[Any]:
    """Return weights that give each layer's output unit variance on a sample.

    Args:
        weights: Arrays in the order in which their layers run.
        outputs: Takes such a list, runs the network on the sample and returns what each layer
            gives before its activation, in the same order; biases 0.
        key: Where orthonormal weights are drawn from first; None to rescale those given.
        tolerance: How far from 1 the variance may stay.
        trials: How often to rescale one layer at most.
        column_axis: The axis of the outputs in each weight.

    Returns:
        The new weights, of the shapes and types given.

    Raises:
        InvalidInputError: A layer's output is the same for all of the sample, or not finite.

    Example:
        >>> import jax, jax.numpy as jnp
        >>> x = jax.random.normal(jax.random.key(1), (64, 8))
        >>> def outputs(w):
        ...     h = x @ w[0]
        ...     return h, jnp.tanh(h) @ w[1]
        >>> fitted = lsuv([jnp.zeros((8, 8)), jnp.zeros((8, 4))], outputs, jax.random.key(0))
        >>> [bool(abs(y.var() - 1) < 0.1) for y in outputs(fitted)]
        [True, True]

    Source:
        Mishkin and Matas (2016), "All you need is a good init", algorithm 1.
    """
    fitted = list(weights)
    if key is not None:
        draw = jax.nn.initializers.orthogonal(column_axis=column_axis)
        keys = jax.random.split(key, len(fitted))
        fitted = [draw(k, w.shape, w.dtype) for k, w in zip(keys, fitted, strict=True)]
    for place in range(len(fitted)):

        def variance(place: int = place) -> float:
            return float(jnp.var(outputs(fitted)[place]))

        def multiply(factor: float, place: int = place) -> None:
            fitted[place] = fitted[place] * factor

        unit_variance(str(place), variance, multiply, tolerance=tolerance, trials=trials)
    return fitted
