"""Weights whose scale fits the activation that follows: ``initializer("mish")``.

Layer: Keras front end, on `rectifier.analysis` (gain and scheme) and Keras's own initialisers,
which draw the numbers. Which activation follows which layer is the caller's to say.
"""

from __future__ import annotations

import math
import random
from typing import Any

import keras

from rectifier import analysis
from rectifier.activation import Activation
from rectifier.analysis.gaussian import find_unit
from rectifier.analysis.schemes import Scheme, get_scheme
from rectifier.errors import InvalidActivationError, InvalidInputError
from rectifier.keras.definition import describe, restore
from rectifier.keras.functions import PACKAGE


@keras.saving.register_keras_serializable(PACKAGE)
class ActivationInitializer(keras.initializers.Initializer):
    """Draws weights with standard deviation gain / sqrt(fan); `initializer` makes one.

    Args:
        activation: The activation that follows: a name, an `Activation` or a description; None
            where none does.
        scheme: As for `initializer`.
        seed: As for `initializer`.
        **parameters: As for `initializer`.
    """

    def __init__(
        self,
        activation: Any = None,
        scheme: str = "he_normal",
        seed: Any = None,
        **parameters: float,
    ) -> None:
        rule = get_scheme(scheme)
        if activation is None and parameters:
            raise InvalidActivationError(
                f"{', '.join(sorted(parameters))} given without an activation; name the activation."
            )
        self.activation: Any = None if activation is None else _find(activation)
        self.scheme = rule.name
        self.parameters = parameters
        self.gain = 1.0
        if self.activation is not None:
            if isinstance(self.activation, Activation):
                self.activation.parameters(**parameters)  # raises where they make no sense
            if rule.uses_gain:
                self.gain = float(analysis.gain(self.activation, **parameters))
        self.drawing = drawing(rule, self.gain, seed)

    def __call__(self, shape: tuple[int, ...], dtype: Any = None) -> Any:
        """Draw a tensor.

        Args:
            shape: Window, inputs, outputs, in this order.
            dtype: Element type; None for ``keras.config.floatx()``.

        Returns:
            A tensor of the backend.
        """
        return self.drawing(shape, dtype=dtype)

    def get_config(self) -> dict[str, Any]:
        """Return what a saved model needs to make this again, as plain data."""
        return {
            "activation": (
                describe(self.activation)
                if isinstance(self.activation, Activation)
                else self.activation
            ),
            "scheme": self.scheme,
            "seed": self.drawing.get_config().get("seed"),
            **self.parameters,
        }


def _find(activation: Any) -> Activation | str:
    """Return an activation; a gated unit or a row-wise function stays a name."""
    if isinstance(activation, str):
        unit = find_unit(activation)
        if not isinstance(unit, Activation) or unit.family == "gated":
            return unit.name
    return restore(activation)


def drawing(rule: Scheme, gain: float, seed: Any) -> keras.initializers.Initializer:
    """Return Keras's initialiser for a scheme with a gain."""
    if rule.data_driven:
        raise InvalidInputError(
            f"scheme {rule.name!r} fits the weights to data: call rectifier.keras.lsuv on the "
            "model."
        )
    if rule.distribution == "identity":
        return keras.initializers.Identity()
    if rule.distribution == "asymmetric":
        return Asymmetric(rule.scale, seed)
    if rule.std is not None:
        return keras.initializers.RandomNormal(0.0, rule.std, seed=seed)
    if rule.distribution == "orthogonal":
        return keras.initializers.Orthogonal(gain, seed=seed)
    return keras.initializers.VarianceScaling(gain * gain, *rule.variance_scaling, seed=seed)


class Asymmetric(keras.initializers.Initializer):
    """Normal numbers, and for each output one from Beta(2, 1) in the place of one of them.

    Args:
        scale: Times the square root of the number of inputs, the standard deviation.
        seed: A whole number or a ``keras.random.SeedGenerator``; None for a new one.
    """

    def __init__(self, scale: float, seed: Any = None) -> None:
        self.scale = scale
        self.seed = random.randrange(2**31) if seed is None else seed

    def __call__(self, shape: tuple[int, ...], dtype: Any = None) -> Any:
        """Draw a tensor whose last axis is that of the outputs."""
        kind = keras.config.floatx() if dtype is None else dtype
        return keras.ops.reshape(self._rows(math.prod(shape[:-1]), shape, kind, 0), shape)

    def with_bias(self, shape: tuple[int, ...], dtype: Any) -> tuple[Any, Any]:
        """Draw a kernel and its bias, of which one may be the positive number of an output."""
        count = math.prod(shape[:-1])
        rows = self._rows(count, shape, dtype, 1)
        return keras.ops.reshape(rows[:count], shape), rows[count]

    def _rows(self, count: int, shape: tuple[int, ...], kind: Any, more: int) -> Any:
        outputs = shape[-1]
        # One generator for all three draws: a whole number would give the same stream thrice.
        seeds = keras.random.SeedGenerator(self.seed) if isinstance(self.seed, int) else self.seed
        size = (count + more, outputs)
        rows = keras.random.normal(size, 0.0, self.scale / count**0.5, kind, seeds)
        chosen = keras.random.randint((1, outputs), 0, count + more, "int32", seeds)
        # The square root of a uniform number has the density 2 x of Beta(2, 1).
        beta = keras.ops.sqrt(keras.random.uniform((1, outputs), 0.0, 1.0, kind, seeds))
        here = keras.ops.equal(keras.ops.arange(count + more, dtype="int32")[:, None], chosen)
        return keras.ops.where(here, beta, rows)

    def get_config(self) -> dict[str, Any]:
        """Return what makes this again, as plain data."""
        return {"scale": self.scale, "seed": self.seed}


def initializer(
    activation: str | Activation | None = None,
    scheme: str = "he_normal",
    *,
    seed: Any = None,
    **parameters: float,
) -> ActivationInitializer:
    """Return an initialiser for the weights of a layer that an activation follows.

    The gain is 1 / sqrt(E[f(z)²]) of the activation: for ``"relu"`` the scheme ``he_normal`` is
    ``keras.initializers.HeNormal`` itself. A normal distribution is truncated at two standard
    deviations and rescaled, as in Keras.

    Args:
        activation: A name, an alias or an `Activation`; None where no activation follows.
        scheme: ``he_normal``, ``he_uniform`` (each also with ``_fan_out``), ``lecun_normal``,
            ``lecun_uniform``, ``xavier_normal``, ``xavier_uniform``, ``orthogonal``,
            ``randomized_asymmetric`` (whose positive number for each output is here always among
            the weights, as the bias is another array; not so in `init_`), ``identity`` (for
            recurrent weights) or ``alexnet``; ``kaiming`` and ``glorot`` are understood. For
            ``lsuv`` there is the function of that name.
        seed: A whole number or a ``keras.random.SeedGenerator``; None for a new one.
        **parameters: Values of the activation's parameters, such as ``negative_slope=0.2``.

    Returns:
        A ``keras.initializers.Initializer`` that is saved with the model.

    Raises:
        UnknownNameError: There is no such activation or scheme.
        InvalidActivationError: There is no such parameter, or the activation has no finite gain.

    Example:
        >>> initializer("relu").gain ** 2
        2.0

    Source:
        He et al. (2015), "Delving Deep into Rectifiers", equations 10 and 14; the gain of other
        activations by the same argument.
    """
    return ActivationInitializer(activation, scheme, seed, **parameters)
