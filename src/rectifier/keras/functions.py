"""Every activation of the catalog as a function of a Keras tensor: ``functions.mish(x)``.

Layer: Keras front end, on `rectifier.keras.elementwise`. The functions take tensors of the backend
that Keras runs on and symbolic ones, fit into ``Dense(activation=functions.mish)``, and are saved
with the model. What all of them share:

- The element type comes back as it came. Half precision is computed in fp32 and rounded once;
  integers and booleans become ``keras.config.floatx()``; complex numbers are refused.
- A parameter may be a number or a tensor that broadcasts to the shape of the input: one value per
  channel lies along the last axis. Bounds are checked for numbers only.
- NaN in gives NaN out, and a NaN gradient.
"""

from __future__ import annotations

import functools
from collections.abc import Mapping
from typing import Any

import keras
import numpy as np
from keras import ops

from rectifier import catalog
from rectifier.activation import Activation, broadcasts
from rectifier.errors import InvalidActivationError, InvalidInputError, UnknownNameError
from rectifier.keras.definition import describe, restore
from rectifier.keras.elementwise import apply

PACKAGE = "rectifier"
"""The name under which the classes of this front end stand in saved models."""

_FLOATS = ("float16", "bfloat16", "float32", "float64")


class Function:
    """An activation on Keras tensors; with parameters of its own if they were given.

    Args:
        activation: A name, an `Activation`, or a description from a saved model.
        **parameters: Numbers to use in the place of the defaults.

    Example:
        >>> from rectifier.keras import functions
        >>> float(functions.leaky_relu(-1.0, negative_slope=0.5))
        -0.5
    """

    def __init__(self, activation: Any, **parameters: Any) -> None:
        self.activation = restore(activation)
        self.parameters = self.activation.parameters(**parameters)
        self.__name__ = self.__qualname__ = self.activation.name
        self.__doc__ = (
            f"{self.activation.summary}\n\n{self.activation.formula}\n\n{self.activation.source}"
        )

    def __call__(self, x: Any, /, **parameters: Any) -> Any:
        """Return f(x).

        Args:
            x: A tensor, or what Keras makes one of; it may be symbolic.
            **parameters: Numbers or tensors by the names of the parameters.

        Returns:
            A tensor of the shape and floating type of `x`.

        Raises:
            InvalidInputError: The input is not real numbers, or a parameter does not fit it.
            InvalidActivationError: There is no such parameter, or a number is out of its bounds.
        """
        if isinstance(x, keras.KerasTensor):
            return Elementwise(self, **parameters)(x)
        return self.compute(checked(self.activation.name, x), parameters)

    def compute(self, x: Any, parameters: Mapping[str, Any]) -> Any:
        """Return f(x) for a floating tensor of the backend; see `__call__`."""
        constants, tensors = dict(self.parameters), {}
        for name, value in parameters.items():
            if name in constants and _is_tensor(value):
                del constants[name]
                tensors[name] = _fitting(self.activation, name, value, x)
            else:
                constants[name] = self.activation.parameters(**{name: value})[name]
        return apply(self.activation, x, constants, tensors)

    def get_config(self) -> dict[str, Any]:
        """Return what `from_config` needs, as plain data."""
        return {"activation": describe(self.activation), "parameters": self.parameters}

    @classmethod
    def from_config(cls, config: Mapping[str, Any]) -> Function:
        """Return the function of a configuration."""
        return cls(config["activation"], **config["parameters"])

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Function):
            return NotImplemented
        return self.activation == other.activation and self.parameters == other.parameters

    def __hash__(self) -> int:
        return hash((self.activation, *self.parameters.items()))

    def __repr__(self) -> str:
        return f"<rectifier.keras function {self.activation.name}>"

    def __reduce__(self) -> tuple[Any, ...]:
        return Function.from_config, (
            {"activation": self.activation, "parameters": self.parameters},
        )


class Elementwise(keras.Operation):
    """A function as a node of a functional model.

    Args:
        function: The function, or its configuration.
        name: Name of the node.
        **parameters: Numbers to use in the place of the function's own.
    """

    def __init__(self, function: Any, name: str | None = None, **parameters: Any) -> None:
        if not isinstance(function, Function):
            function = Function.from_config(function)
        self.function = Function(function.activation, **{**function.parameters, **parameters})
        super().__init__(name=name)

    def call(self, x: Any) -> Any:
        """Return f(x)."""
        return self.function(x)

    def compute_output_spec(self, x: Any) -> Any:
        """Return shape and type of f(x)."""
        _check_real(self.function.activation.name, x.dtype)
        dtype = x.dtype if x.dtype in _FLOATS else keras.config.floatx()
        return keras.KerasTensor(x.shape, dtype=dtype)

    def get_config(self) -> dict[str, Any]:
        """Return what a saved model needs to make this again."""
        return {"function": self.function.get_config(), "name": self.name}


keras.saving.register_keras_serializable(PACKAGE)(Function)
keras.saving.register_keras_serializable(PACKAGE)(Elementwise)


def function(activation: str | Activation) -> Function:
    """Return an activation as a function of Keras tensors; the same object each time.

    Args:
        activation: A name or alias of the catalog, or an `Activation`.

    Raises:
        UnknownNameError: There is no such activation.
    """
    return _function(catalog.get(activation))


@functools.lru_cache(maxsize=512)
def _function(activation: Activation) -> Function:
    return Function(activation)


def checked(name: str, x: Any) -> Any:
    """Return the input of a function as a floating tensor of the backend.

    Raises:
        InvalidInputError: It is not real numbers.
    """
    try:
        tensor = ops.convert_to_tensor(x)
    except (TypeError, ValueError) as error:
        raise InvalidInputError(
            f"{name}: expected a tensor or numbers, got {type(x).__name__}: {error}."
        ) from error
    dtype = keras.backend.standardize_dtype(tensor.dtype)
    _check_real(name, dtype)
    return tensor if dtype in _FLOATS else ops.cast(tensor, keras.config.floatx())


def _check_real(name: str, dtype: str) -> None:
    if dtype.startswith(("complex", "string")):
        raise InvalidInputError(
            f"{name}: expected real numbers, got {dtype}; "
            "apply it to the real and the imaginary part, as you mean it."
        )


def _is_tensor(value: Any) -> bool:
    return ops.is_tensor(value) or isinstance(value, keras.Variable | np.ndarray)


def _fitting(spec: Activation, name: str, value: Any, x: Any) -> Any:
    """Return a parameter's tensor if it broadcasts to the shape of the input."""
    tensor = ops.convert_to_tensor(value)
    own, there = tuple(tensor.shape), tuple(x.shape)
    if keras.backend.standardize_dtype(tensor.dtype) not in _FLOATS:
        raise InvalidActivationError(
            f"{spec.name}: the parameter {name!r} must be a number or a floating tensor, "
            f"got {tensor.dtype}."
        )
    if not broadcasts(own, there):
        raise InvalidInputError(
            f"{spec.name}: the parameter {name!r} of shape {own} does not broadcast to the input's "
            f"shape {there}; one value per channel lies along the last axis."
        )
    return tensor


def __getattr__(name: str) -> Function:
    if name.startswith("_"):
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    try:
        return function(name)
    except UnknownNameError as error:
        raise AttributeError(f"module {__name__!r} has no function {name!r}: {error}") from error


def __dir__() -> list[str]:
    return sorted({*globals(), *catalog.names()})
