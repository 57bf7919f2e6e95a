"""Every activation of the catalog as a function of a JAX array: ``rectifier.jax.mish(x)``.

Layer: JAX front end, on `rectifier.jax.elementwise`. Here what a caller gives is checked and bound;
names, order, defaults and bounds of the parameters come from the definition. What all functions
share:

- The element type comes back as it came. Types below fp32 are computed in fp32 and rounded once;
  integers and booleans become JAX's default floating type; complex numbers are refused.
- A parameter may be a number or an array, traced or not, that broadcasts to the shape of the input
  as in NumPy: one value per channel lies along the last axis. Arrays are differentiated where JAX
  asks for it. Bounds are checked for numbers only.
- NaN in gives NaN out, and a NaN gradient.
"""

from __future__ import annotations

import functools
import inspect
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from rectifier import catalog
from rectifier.activation import Activation, broadcasts
from rectifier.errors import InvalidInputError
from rectifier.jax.elementwise import compiled


class Function:
    """An activation on JAX arrays, under ``jit``, ``grad``, ``jvp``, ``vmap`` and ``hessian`` too.

    Args:
        activation: The activation.

    Example:
        >>> import jax
        >>> from rectifier.jax import silu
        >>> float(jax.grad(silu)(0.0))
        0.5
    """

    def __init__(self, activation: Activation) -> None:
        self.activation = activation
        self.__name__ = self.__qualname__ = activation.name
        self.__doc__ = _document(activation)
        self.__signature__ = _signature(activation)

    def __call__(self, x: Any, /, *args: Any, **parameters: Any) -> Any:
        """Return f(x).

        Args:
            x: An array or a number: floating of any width, integers or booleans; any shape.
            *args: Values of the parameters in their order.
            **parameters: The same by name; the others have their defaults.

        Returns:
            A JAX array of the shape and floating type of `x`.

        Raises:
            InvalidInputError: The input is not real numbers, or a parameter does not fit it.
            InvalidActivationError: A number is out of the bounds of its parameter.
            TypeError: There is no such parameter.
        """
        spec = self.activation
        array = checked(spec.name, x)
        names, arrays, constants = [], [], []
        given = spec.bind(args, parameters) if args or parameters else {}
        for name, param in spec.params.items():
            value = given.get(name, param.default)
            if isinstance(value, jax.Array | np.ndarray):
                names.append(name)
                arrays.append(_fitting(spec, name, value, array.shape))
            else:
                constants.append((name, param.check(name, value)))
        return compiled(spec, tuple(names), tuple(constants))(array, *arrays)

    def __repr__(self) -> str:
        return f"<rectifier.jax function {self.activation.name}>"

    def __reduce__(self) -> tuple[Any, ...]:
        return function, (self.activation,)


def function(activation: str | Activation) -> Function:
    """Return an activation as a function of JAX arrays; the same object each time.

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
    """Return the input of a function as a floating JAX array.

    Raises:
        InvalidInputError: It is not real numbers.
    """
    if not isinstance(x, jax.Array | np.ndarray | np.generic | float | int):
        raise InvalidInputError(
            f"{name}: expected an array or a number, got {type(x).__name__}; "
            "make an array of it with jax.numpy.asarray."
        )
    array = jnp.asarray(x)
    if jnp.issubdtype(array.dtype, jnp.floating):
        return array
    if array.dtype.kind in "iub":
        return array.astype(jnp.result_type(float))
    raise InvalidInputError(
        f"{name}: expected real numbers, got {array.dtype}; "
        "apply it to the real and the imaginary part, as you mean it."
    )


def _fitting(spec: Activation, name: str, value: Any, shape: tuple[int, ...]) -> Any:
    """Return a parameter's array if it broadcasts to the shape of the input."""
    array = jnp.asarray(value)
    if not (jnp.issubdtype(array.dtype, jnp.floating) or array.dtype.kind in "iu"):
        raise InvalidInputError(
            f"{spec.name}: the parameter {name!r} must be a number or a real array, "
            f"got {array.dtype}."
        )
    if not broadcasts(array.shape, shape):
        raise InvalidInputError(
            f"{spec.name}: the parameter {name!r} of shape {array.shape} does not broadcast to the "
            f"input's shape {shape}; one value per channel lies along the last axis."
        )
    return array


def _signature(spec: Activation) -> inspect.Signature:
    kind = inspect.Parameter
    return inspect.Signature(
        [
            kind("x", kind.POSITIONAL_ONLY),
            *(
                kind(name, kind.POSITIONAL_OR_KEYWORD, default=param.default)
                for name, param in spec.params.items()
            ),
        ]
    )


def _document(spec: Activation) -> str:
    """Return the docstring of an activation's function, from its definition."""
    lines = [spec.summary or f"Apply {spec.name}.", "", f"    f(x) = {spec.formula}", "", "Args:"]
    lines.append("    x: An array of real numbers, of any shape.")
    for name, param in spec.params.items():
        lines.append(f"    {name}: A number or an array; {param}.")
    lines += ["", "Returns:", "    A JAX array of the input's shape and floating type.", ""]
    equation = f" ({spec.source.equation})" if spec.source.equation else ""
    lines.append(f"Source: {spec.source}{equation}")
    return "\n".join([*lines, "", spec.differs] if spec.differs else lines)
