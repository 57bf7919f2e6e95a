"""Weights whose scale fits the activation that follows: ``initializer("mish")``.

Layer: Keras front end, on `rectifier.analysis` (gain and scheme) and Keras's own initialisers,
which draw the numbers. Which activation follows which layer is the caller's to say.
"""

from __future__ import annotations

from typing import Any

import keras

from rectifier import analysis
from rectifier.activation import Activation
from rectifier.analysis.schemes import get_scheme
from rectifier.errors import InvalidActivationError
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
        self.activation = None if activation is None else restore(activation)
        self.scheme = rule.name
        self.parameters = parameters
        self.gain = 1.0
        if self.activation is not None:
            full = self.activation.parameters(**parameters)
            self.gain = float(analysis.gain(self.activation, **full)) if rule.uses_gain else 1.0
        self.drawing = (
            keras.initializers.Orthogonal(self.gain, seed=seed)
            if rule.distribution == "orthogonal"
            else keras.initializers.VarianceScaling(
                self.gain * self.gain, *rule.variance_scaling, seed=seed
            )
        )

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
            "activation": None if self.activation is None else describe(self.activation),
            "scheme": self.scheme,
            "seed": self.drawing.get_config()["seed"],
            **self.parameters,
        }


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
            ``lecun_uniform``, ``xavier_normal``, ``xavier_uniform`` or ``orthogonal``; ``kaiming``
            and ``glorot`` are understood.
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
