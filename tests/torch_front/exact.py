"""The catalog's formulas and derivatives in 200 digits, by mpmath: an independent reference."""

from __future__ import annotations

import functools
import math
from typing import Any

import mpmath
import torch
from torch import Tensor

from rectifier.activation import Activation
from rectifier.expression import Expr, evaluate


def _exp(a: Any) -> Any:
    """The exponential of an argument that is held where every format has long been left.

    exp(-exp(3e38)) would take all memory. Below, the bound is further out than above, so that a
    product of the two is as small as it should be.
    """
    return mpmath.exp(max(min(a, 10**6), -(10**9)))


_OPERATIONS: dict[str, Any] = {
    "add": lambda a, b: a + b,
    "sub": lambda a, b: a - b,
    "mul": lambda a, b: a * b,
    "div": lambda a, b: a / b if b != 0 else mpmath.nan,
    "neg": lambda a: -a,
    "pow": lambda a, b: a**b,
    "square": lambda a: a * a,
    "abs": abs,
    "sign": mpmath.sign,
    "maximum": max,
    "minimum": min,
    "exp": _exp,
    "expm1": lambda a: _exp(a) - 1,
    "log": mpmath.log,
    "log1p": lambda a: mpmath.log(1 + a),
    "sqrt": mpmath.sqrt,
    "sigmoid": lambda a: 1 / (1 + _exp(-a)),
    "softplus": lambda a: max(a, 0) + mpmath.log(1 + _exp(-abs(a))),
    "tanh": mpmath.tanh,
    "erf": mpmath.erf,
    "erfc": mpmath.erfc,
    "norm_cdf": lambda a: mpmath.erfc(-a / mpmath.sqrt(2)) / 2,
    "norm_pdf": lambda a: _exp(-a * a / 2) / mpmath.sqrt(2 * mpmath.pi),
    "sin": mpmath.sin,
    "cos": mpmath.cos,
    "atan": mpmath.atan,
    "lt": lambda a, b: a < b,
    "le": lambda a, b: a <= b,
    "gt": lambda a, b: a > b,
    "ge": lambda a, b: a >= b,
    "eq": lambda a, b: a == b,
    "where": lambda condition, a, b: a if condition else b,
}

# Digits of the significand after the point, and the exponent of the smallest normal number.
_FORMAT = {
    torch.float64: (52, -1022),
    torch.float32: (23, -126),
    torch.bfloat16: (7, -126),
    torch.float16: (10, -14),
}


@functools.cache
def exact(spec: Activation, order: int, x: float) -> Any:
    """The value (order 0) or derivative (order 1) of the plain formula at x, with its defaults.

    1 + tanh(x) and its like lose many of the 200 digits far out, and few near zero.
    """
    expression: Expr = spec.expression if order == 0 else spec.derivative()
    with mpmath.workdps(60 if abs(x) < 5 else 200):
        numbers = {name: mpmath.mpf(value) for name, value in spec.parameters().items()}
        return evaluate(expression, _OPERATIONS, {"x": mpmath.mpf(x), **numbers})


def worst_error(
    spec: Activation, order: int, x: Tensor, found: Tensor, least: float = 0.0
) -> tuple[float, float]:
    """The largest error in units in the last place of the format, and where it is.

    Values that overflow the format, and those smaller than `least`, are not counted.
    """
    digits, smallest = _FORMAT[found.dtype]
    top = torch.finfo(found.dtype).max
    worst, place = 0.0, math.nan
    for at, value in zip(x.double().tolist(), found.double().tolist(), strict=True):
        true = exact(spec, order, at)
        with mpmath.workdps(60):
            if abs(true) > top or abs(true) < least:
                continue
            exponent = smallest if true == 0 else mpmath.mag(true) - 1
            unit = mpmath.mpf(2) ** (max(exponent, smallest) - digits)
            error = math.inf if not math.isfinite(value) else float(abs(value - true) / unit)
        if error > worst:
            worst, place = error, at
    return worst, place
