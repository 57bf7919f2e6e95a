"""Between which numbers a subexpression lies, so that printed code may use what is faster there.

Layer: kernels (standard library only), below `emit_cpp`. Interval arithmetic over all inputs and
all parameter values that the definition allows; NaN lies between no two numbers and is not counted.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping

from rectifier.activation import Param
from rectifier.expression import Expr, Variable, postorder
from rectifier.expression.tree import Call, Constant

Bounds = tuple[float, float]

_ALL: Bounds = (-math.inf, math.inf)


def _corners(f: Callable[[float, float], float], a: Bounds, b: Bounds) -> Bounds:
    values = [f(one, two) for one in a for two in b]
    return _ALL if any(map(math.isnan, values)) else (min(values), max(values))


def _times(a: float, b: float) -> float:
    return 0.0 if a == 0 or b == 0 else a * b


def _grows(f: Callable[[float], float]) -> Callable[[Bounds], Bounds]:
    def bounds(a: Bounds) -> Bounds:
        return f(a[0]), f(a[1])

    return bounds


def _exp(a: float) -> float:
    return math.inf if a > 709 else math.exp(a)


def _absolute(a: Bounds) -> Bounds:
    least = 0.0 if a[0] <= 0 <= a[1] else min(abs(a[0]), abs(a[1]))
    return least, max(abs(a[0]), abs(a[1]))


def _divide(a: Bounds, b: Bounds) -> Bounds:
    return _corners(_times, a, (1 / b[1], 1 / b[0])) if b[0] > 0 or b[1] < 0 else _ALL


_RULES: Mapping[str, Callable[..., Bounds]] = {
    "add": lambda a, b: (a[0] + b[0], a[1] + b[1]),
    "sub": lambda a, b: (a[0] - b[1], a[1] - b[0]),
    "mul": lambda a, b: _corners(_times, a, b),
    "div": _divide,
    "neg": lambda a: (-a[1], -a[0]),
    "abs": _absolute,
    "square": lambda a: _corners(_times, _absolute(a), _absolute(a)),
    "maximum": lambda a, b: (max(a[0], b[0]), max(a[1], b[1])),
    "minimum": lambda a, b: (min(a[0], b[0]), min(a[1], b[1])),
    "where": lambda condition, a, b: (min(a[0], b[0]), max(a[1], b[1])),
    "exp": _grows(_exp),
    "expm1": _grows(lambda a: _exp(a) - 1),
    "sqrt": _grows(lambda a: math.sqrt(max(a, 0.0))),
    "softplus": lambda a: (0.0, max(a[1], 0.0) + 1.0),
    "sigmoid": lambda a: (0.0, 1.0),
    "norm_cdf": lambda a: (0.0, 1.0),
    "norm_pdf": lambda a: (0.0, 0.4),
    "tanh": lambda a: (-1.0, 1.0),
    "erf": lambda a: (-1.0, 1.0),
    "sin": lambda a: (-1.0, 1.0),
    "cos": lambda a: (-1.0, 1.0),
    "sign": lambda a: (-1.0, 1.0),
    "atan": lambda a: (-1.6, 1.6),
}


def bounds(root: Expr, params: Mapping[str, Param]) -> dict[Expr, Bounds]:
    """Return bounds of every subexpression; a comparison has those of any number.

    Args:
        root: The expression over ``x`` and the parameters.
        params: The parameters, whose own bounds are used.
    """
    found: dict[Expr, Bounds] = {}
    for node in postorder(root):
        if isinstance(node, Constant):
            found[node] = (node.value, node.value)
        elif isinstance(node, Variable) and node.name in params:
            low, high = params[node.name].low, params[node.name].high
            found[node] = (-math.inf if low is None else low, math.inf if high is None else high)
        elif isinstance(node, Call) and node.op in _RULES:
            result = _RULES[node.op](*(found[argument] for argument in node.args))
            found[node] = _ALL if any(map(math.isnan, result)) else result
        else:
            found[node] = _ALL
    return found
