"""How smooth a function is: how often it can be differentiated without a jump.

Layer: analysis (NumPy only). A formula is analytic between its break points
(`rectifier.analysis.shape`), so only there can a derivative jump, and only there is looked.
"""

from __future__ import annotations

import math

from rectifier.analysis import shape
from rectifier.expression import Expr, differentiate

HIGHEST = 6
"""Derivatives up to this order are looked at; a function with no jump in them counts as smooth."""


def first_jump(
    expression: Expr, point: float, parameters: shape.Parameters | None = None
) -> int | None:
    """Return the order of the first derivative that jumps at a point; 0 is the function itself.

    Args:
        expression: Over ``x`` and the parameters.
        point: Where to look.
        parameters: Values of the parameters.

    Returns:
        The order; None where none up to `HIGHEST` jumps.
    """
    for order in range(HIGHEST + 1):
        if shape.jumps(expression, point, parameters):
            return order
        if order < HIGHEST:
            expression = differentiate(expression)
    return None


def smoothness(expression: Expr, parameters: shape.Parameters | None = None) -> float:
    """Return how many continuous derivatives a function has on all of the real line.

    Args:
        expression: Over ``x`` and the parameters.
        parameters: Values of the parameters.

    Returns:
        -1 for a function that jumps, 0 for a continuous one with a kink, k for class C^k, infinity
        for a function with no jump up to the derivative of order `HIGHEST`.

    Example:
        >>> from rectifier.expression import parse
        >>> smoothness(parse("maximum(x, 0) ** 2"))
        1
    """
    found = [
        order - 1
        for point in shape.breakpoints(expression, parameters)
        if (order := first_jump(expression, point, parameters)) is not None
    ]
    return min(found, default=math.inf)
