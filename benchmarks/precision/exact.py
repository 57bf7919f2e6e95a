"""The plain formulas in hundreds of digits, by mpmath; derivatives by differences.

Nothing of the stable forms nor of the symbolic derivatives is used, so both are checked by this.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

import mpmath
import numpy as np

from precision.formats import Format
from rectifier import catalog
from rectifier.expression import evaluate

mpf = mpmath.mpf


_FAR = mpf(10) ** 6


def _exp(a: Any) -> Any:
    """The exponential; a straight line from 10**6 on, and constant where it has long underflowed.

    exp(-exp(3e38)) would take all memory.
    """
    if a > _FAR:
        return mpmath.exp(_FAR) * (1 + (a - _FAR))
    return mpmath.exp(max(a, -(mpf(10) ** 9)))


_OPERATIONS: dict[str, Callable[..., Any]] = {
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

_STEP = mpf(10) ** -60


def value(name: str, x: Any) -> Any:
    """Return f(x) by the plain formula, in the working precision of mpmath."""
    spec = catalog.get(name)
    given = {key: mpf(number) for key, number in spec.parameters().items()}
    return evaluate(spec.expression, _OPERATIONS, {"x": mpf(x), **given})


def slope(name: str, x: float, side: int = 0) -> Any:
    """Return f'(x) by a difference; of one side, -1 or 1, or by a central one."""
    step = _STEP * min(max(abs(mpf(x)), _STEP), 1)
    left = mpf(x) - (step if side <= 0 else 0)
    right = mpf(x) + (step if side >= 0 else 0)
    return (value(name, right) - value(name, left)) / (right - left)


def number(name: str, order: int, x: float) -> Any:
    """Return f(x) or f'(x) with 30 digits or more right, 1 + tanh(x) at -120 included."""
    with mpmath.workdps(180 if abs(x) < 8 else 400):
        return value(name, x) if order == 0 else slope(name, x)


def error(got: float, true: Any, kind: Format, scale: float = 0.0) -> float:
    """Return an error in ulp as `formats.errors` defines it, without the rounding of fp64."""
    with mpmath.workdps(60):
        ceiling = mpf(2) ** kind.above
        if not mpmath.isfinite(true) or np.isnan(got):
            return float("inf")
        true = max(min(true, ceiling), -ceiling)
        found = max(min(mpf(float(got)), ceiling), -ceiling)
        size = min(max(abs(true), mpf(scale), mpf(2) ** kind.smallest), mpf(kind.largest))
        power = mpf(2) ** (int(mpmath.floor(mpmath.log(size, 2) + mpf(10) ** -40)))
        return float(abs(found - true) * mpf(2) ** kind.bits / power)


@functools.cache
def limit(name: str, order: int, sign: int) -> float:
    """Return the limit of f or f' at an infinity: infinite where it grows, NaN where none is.

    It is read off three far points, each with six neighbours at distance 1, so that a wave is seen.
    """
    places = (10**5, 10**8, 10**12) if order else (10**9, 10**20, 10**40)
    compute = value if order == 0 else slope
    with mpmath.workdps(500):
        far = [[compute(name, mpf(sign) * (at + k)) for k in range(7)] for at in places]
        far = [[each if abs(each) > mpf(10) ** -1000 else mpf(0) for each in near] for near in far]
        last = far[-1][0]
        every = [each for near in far for each in near]
        if all(abs(each - last) <= abs(last) * mpf(2) ** -24 for each in every[7:]):
            return float(last)
        sizes = [abs(near[0]) for near in far]
        if any(max(near) > 16 * min(near) for near in ([abs(a) for a in near] for near in far)):
            return float("nan")
        if len({mpmath.sign(each) for each in every}) > 1:
            return float("nan")
        if sizes[2] < sizes[1] / 4 < sizes[0] / 16:
            return 0.0
        if sizes[2] > sizes[1] > sizes[0]:
            return float(mpmath.sign(last)) * float("inf")
    return float("nan")
