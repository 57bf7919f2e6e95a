"""Facts about activations, each derived from the expression and none typed: gain, range, kinks.

Layer: above the catalog, below the front ends (NumPy only). `gain`, `moments`, `output_range` and
their like take a name or an activation; `rectifier.analysis.shape` takes any expression. `card`
gathers everything for `rectifier show`.
"""

from __future__ import annotations

import functools
from typing import Any

from rectifier import catalog
from rectifier.activation import Activation
from rectifier.analysis import shape
from rectifier.analysis.gaussian import Moments, expectation, gain, gaussian_sparsity, moments
from rectifier.analysis.operations import values
from rectifier.analysis.shape import breakpoints, kinks
from rectifier.analysis.summary import Card, card

__all__ = [
    "Card",
    "Moments",
    "breakpoints",
    "card",
    "expectation",
    "gain",
    "gaussian_sparsity",
    "is_homogeneous",
    "is_monotone",
    "kinks",
    "lipschitz",
    "moments",
    "output_range",
    "zero_gradient_region",
]


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
