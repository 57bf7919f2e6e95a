"""An expression as a JAX function whose derivatives are expressions too.

Layer: JAX front end, its lowest file, on `rectifier.analysis.portable`. What is differentiated is
the expression, symbolically, by ``jax.custom_jvp``: so a gradient is as accurate as a value, and
``where`` makes no NaN of a branch that was not taken. Forward and reverse mode, derivatives of
derivatives, ``vmap`` and ``linearize`` follow, because each derivative is again such a function.

Checking what a caller gave is left to `rectifier.jax.functions`.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import jax
import jax.numpy as jnp
from jax.custom_derivatives import SymbolicZero

from rectifier.activation import Activation
from rectifier.analysis import portable
from rectifier.expression import Expr, differentiate


@dataclass(frozen=True)
class Formula:
    """What to compute and how to derive it.

    Attributes:
        expression: The formula.
        names: The variables that come as arrays, ``"x"`` first.
        constants: The other variables with their values.
        slope: The derivative by x, where it is not to be had by `differentiate` alone.
    """

    expression: Expr
    names: tuple[str, ...]
    constants: tuple[tuple[str, float], ...] = ()
    slope: Expr | None = None

    def derivative(self, which: int) -> Formula:
        """Return the derivative by name number `which`."""
        if which == 0 and self.slope is not None:
            expression = self.slope
        else:
            expression = differentiate(self.expression, self.names[which])
        return Formula(expression, self.names, self.constants)


@functools.lru_cache(maxsize=512)
def differentiable(formula: Formula) -> Callable[..., Any]:
    """Return a function of arrays of one shape and of one type, fp32 or fp64.

    Args:
        formula: What to compute.

    Returns:
        A function of as many arrays as the formula has names.
    """

    def value(*arrays: Any) -> Any:
        values = {**dict(formula.constants), **dict(zip(formula.names, arrays, strict=True))}
        return portable.compute(formula.expression, jnp, arrays[0].dtype.name, values)

    def tangent(primals: tuple[Any, ...], tangents: tuple[Any, ...]) -> tuple[Any, Any]:
        # A parameter that is not differentiated must not be: 0 times an infinite slope is NaN.
        terms = [
            differentiable(formula.derivative(which))(*primals) * given
            for which, given in enumerate(tangents)
            if not isinstance(given, SymbolicZero)
        ]
        total = functools.reduce(jnp.add, terms) if terms else jnp.zeros_like(primals[0])
        return function(*primals), total

    function: Any = jax.custom_jvp(value)
    function.defjvp(tangent, symbolic_zeros=True)
    callable_: Callable[..., Any] = function
    return callable_


@functools.lru_cache(maxsize=512)
def compiled(
    activation: Activation, names: tuple[str, ...], constants: tuple[tuple[str, float], ...]
) -> Callable[..., Any]:
    """Return an activation as a compiled function of x and some parameters.

    Args:
        activation: The activation.
        names: The parameters that come as arrays, in the order in which they come.
        constants: The others with their values.

    Returns:
        A function of a floating array x and of arrays that broadcast to its shape. It computes in
        fp32, or in fp64 for an fp64 input, and rounds once to the type of x.
    """
    formula = Formula(
        activation.value_expression,
        ("x", *names),
        constants,
        activation.derivative_expression,
    )

    def call(x: Any, *parameters: Any) -> Any:
        # Eight-bit types have no promotion of their own, so the width decides.
        working = jnp.float64 if x.dtype.itemsize > 4 else jnp.float32
        arrays = [jnp.broadcast_to(p.astype(working), x.shape) for p in parameters]
        return differentiable(formula)(x.astype(working), *arrays).astype(x.dtype)

    call.__name__ = call.__qualname__ = activation.name
    jitted: Callable[..., Any] = jax.jit(call, inline=True)
    return jitted
