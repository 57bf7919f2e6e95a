"""Single questions about an activation: range, monotonicity, smoothness, slopes, cost.

Layer: analysis (NumPy only). Each takes a name or an activation, looks up the values of its
parameters and asks `rectifier.analysis.shape` or a neighbour of it, which take any expression.
"""

from __future__ import annotations

import functools
import math
from typing import Any, Literal

from rectifier import catalog
from rectifier.activation import Activation
from rectifier.analysis import counting, differentiability, shape
from rectifier.analysis.operations import values


def output_range(activation: str | Activation, **parameters: Any) -> tuple[float, float]:
    """Return infimum and supremum of an activation's output over all real inputs.

    Args:
        activation: A name or an activation.
        **parameters: Values of its parameters; the others have their defaults.
    """
    spec = catalog.get(activation)
    return _bounds(spec, tuple(spec.parameters(**parameters).items()))


def zero_gradient_region(
    activation: str | Activation, **parameters: Any
) -> tuple[tuple[float, float], ...]:
    """Return the intervals of inputs on which the derivative is exactly 0.

    Args:
        activation: A name or an activation.
        **parameters: Values of its parameters; the others have their defaults.

    Example:
        >>> zero_gradient_region("relu")
        ((-inf, 0.0),)
    """
    spec = catalog.get(activation)
    return _zero_gradient(spec, tuple(spec.parameters(**parameters).items()))


# Remembered, since the same question comes for every site of a network.
@functools.lru_cache(maxsize=512)
def _bounds(spec: Activation, parameters: tuple[tuple[str, float], ...]) -> tuple[float, float]:
    return shape.bounds(spec.value_expression, dict(parameters))


@functools.lru_cache(maxsize=512)
def _zero_gradient(
    spec: Activation, parameters: tuple[tuple[str, float], ...]
) -> tuple[tuple[float, float], ...]:
    return shape.zero_gradient(spec.expression, dict(parameters))


def is_monotone(activation: str | Activation, **parameters: Any) -> bool:
    """Say whether an activation never turns, neither from rising to falling nor back.

    Args:
        activation: A name or an activation.
        **parameters: Values of its parameters; the others have their defaults.
    """
    spec = catalog.get(activation)
    return shape.direction(spec.value_expression, spec.parameters(**parameters)) is not None


def is_homogeneous(activation: str | Activation, **parameters: Any) -> bool:
    """Say whether f(c x) = c f(x) for all c > 0, as for ReLU.

    Args:
        activation: A name or an activation.
        **parameters: Values of its parameters; the others have their defaults.
    """
    spec = catalog.get(activation)
    given = spec.parameters(**parameters)
    return shape.is_homogeneous(lambda x: values(spec.value_expression, x, given))


def lipschitz(activation: str | Activation, **parameters: Any) -> float:
    """Return the largest |derivative| of an activation; infinite where there is none.

    Args:
        activation: A name or an activation.
        **parameters: Values of its parameters; the others have their defaults.
    """
    spec = catalog.get(activation)
    given = spec.parameters(**parameters)
    return shape.lipschitz(spec.expression, spec.derivative_expression, given)


def slope_lipschitz(activation: str | Activation, **parameters: Any) -> float:
    """Return the Lipschitz constant of the derivative: the largest |second derivative|.

    Args:
        activation: A name or an activation.
        **parameters: Values of its parameters; the others have their defaults.

    Returns:
        The constant; infinite where the derivative jumps, is not there or bends ever more.

    Example:
        >>> slope_lipschitz("softplus")
        0.25
    """
    spec = catalog.get(activation)
    given = spec.parameters(**parameters)
    if differentiability.smoothness(spec.expression, given) < 1:
        return math.inf
    return shape.lipschitz(spec.derivative(), spec.derivative(2), given)


def smoothness(activation: str | Activation, **parameters: Any) -> float:
    """Return how many continuous derivatives an activation has; see `differentiability`.

    Args:
        activation: A name or an activation.
        **parameters: Values of its parameters; the others have their defaults.

    Returns:
        -1 where it jumps, 0 where it has a kink, k for class C^k, infinity for a smooth one.

    Example:
        >>> smoothness("relu"), smoothness("elu"), smoothness("gelu")
        (0, 1, inf)
    """
    spec = catalog.get(activation)
    return differentiability.smoothness(spec.expression, spec.parameters(**parameters))


def is_invertible(activation: str | Activation, **parameters: Any) -> bool:
    """Say whether no two inputs have the same output: strictly rising or falling everywhere.

    This is about the real numbers: tanh is invertible, though in fp32 its ends are flat.

    Args:
        activation: A name or an activation.
        **parameters: Values of its parameters; the others have their defaults.
    """
    spec = catalog.get(activation)
    given = spec.parameters(**parameters)
    turning = shape.direction(spec.value_expression, given) in (None, "constant")
    return not turning and not zero_gradient_region(spec, **given)


def symmetry(activation: str | Activation, **parameters: Any) -> Literal["odd", "even"] | None:
    """Return how f(-x) follows from f(x): ``"odd"`` if it is -f(x), ``"even"`` if it is f(x).

    Args:
        activation: A name or an activation.
        **parameters: Values of its parameters; the others have their defaults.
    """
    spec = catalog.get(activation)
    given = spec.parameters(**parameters)
    return shape.symmetry(lambda x: values(spec.value_expression, x, given))


def cost(activation: str | Activation) -> counting.Cost:
    """Return how many operations one value takes, counted in the formula.

    Args:
        activation: A name or an activation.

    Example:
        >>> cost("relu"), cost("tanh")
        (Cost(flops=1, transcendental=0), Cost(flops=0, transcendental=1))
    """
    return counting.cost(catalog.get(activation).expression)


def training_cost(activation: str | Activation) -> counting.Cost:
    """Return how many operations a value and its derivative take together.

    Args:
        activation: A name or an activation.
    """
    spec = catalog.get(activation)
    return counting.cost(spec.expression, spec.derivative())
