"""An expression as a Keras function whose derivatives are expressions too.

Layer: Keras front end, on `rectifier.analysis.portable` and ``keras.ops`` alone, so that it runs on
each of Keras's backends. What is differentiated is the expression, symbolically, by
``keras.ops.custom_gradient``: so a gradient is as accurate as a value, and ``where`` makes no NaN
of a branch that was not taken. Gradients of gradients follow, because each derivative is again such
a function; forward mode does not, because Keras has no rule for it.

Checking what a caller gave is left to `rectifier.keras.functions`.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping
from typing import Any

import keras
from keras import ops

from rectifier.activation import Activation
from rectifier.analysis import portable
from rectifier.analysis.portable import Precision
from rectifier.expression import Expr, differentiate


def apply(
    activation: Activation, x: Any, constants: Mapping[str, float], tensors: Mapping[str, Any]
) -> Any:
    """Compute an activation in fp32, or in fp64 for an fp64 input, and round once.

    Args:
        activation: The activation.
        x: A floating tensor.
        constants: The parameters that are numbers.
        tensors: The others, broadcasting to the shape of `x`.

    Returns:
        A tensor of the shape and type of `x`.
    """
    dtype = keras.backend.standardize_dtype(x.dtype)
    working: Precision = "float64" if dtype == "float64" else "float32"
    arrays = [ops.cast(x, working)]
    # Broadcast outside, where the backend's own rule sums the gradient back.
    arrays += [ops.cast(t, working) + ops.zeros_like(arrays[0]) for t in tensors.values()]
    run = _differentiable(
        activation.value_expression,
        activation.derivative_expression,
        ("x", *tensors),
        tuple(constants.items()),
        working,
    )
    return ops.cast(run(*arrays), dtype)


@functools.lru_cache(maxsize=512)
def _differentiable(
    expression: Expr,
    slope: Expr | None,
    names: tuple[str, ...],
    constants: tuple[tuple[str, float], ...],
    precision: Precision,
) -> Callable[..., Any]:
    """Return a function of tensors of one shape and type; `slope` is its derivative by x."""

    def derivative(which: int) -> Callable[..., Any]:
        given = slope if which == 0 else None
        own = given if given is not None else differentiate(expression, names[which])
        return _differentiable(own, None, names, constants, precision)

    def value(*arrays: Any) -> tuple[Any, Callable[..., Any]]:
        values = {**dict(constants), **dict(zip(names, arrays, strict=True))}
        result = portable.compute(expression, ops, precision, values)

        def pull_back(*given: Any, upstream: Any = None) -> Any:
            # torch hands in its inputs and names the gradient; the others give the gradient alone.
            inputs = arrays if upstream is None else given
            gradient = given[0] if upstream is None else upstream
            grads = tuple(derivative(which)(*inputs) * gradient for which in range(len(names)))
            return grads if len(grads) > 1 else grads[0]

        return result, pull_back

    wrapped: Callable[..., Any] = ops.custom_gradient(value)
    return wrapped
