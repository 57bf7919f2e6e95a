"""Weights whose scale fits the activation that follows: ``rectifier.jax.init("mish")``.

Layer: JAX front end, on `rectifier.analysis` (gain and scheme) and ``jax.nn.initializers``, which
draws the numbers. Which activation follows which layer is the caller's to say: JAX has no modules
to look into.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import jax

from rectifier import analysis, catalog
from rectifier.activation import Activation
from rectifier.analysis.schemes import get_scheme
from rectifier.errors import InvalidActivationError


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
            ``lecun_uniform``, ``xavier_normal``, ``xavier_uniform`` or ``orthogonal``; ``kaiming``
            and ``glorot`` are understood.
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
        catalog.get(activation).parameters(**parameters)  # raises where they make no sense
    if rule.distribution == "orthogonal":
        columns = out_axis if isinstance(out_axis, int) else out_axis[-1]
        drawing = jax.nn.initializers.orthogonal(gain, column_axis=columns, dtype=dtype)
    else:
        drawing = jax.nn.initializers.variance_scaling(
            gain * gain,
            *rule.variance_scaling,
            in_axis=in_axis,
            out_axis=out_axis,
            batch_axis=batch_axis,
            dtype=dtype,
        )
    initializer: Callable[..., Any] = drawing
    return initializer
