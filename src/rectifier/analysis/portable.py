"""The primitives on any array library that uses NumPy's names, in fp32 or fp64.

Layer: analysis (imports no framework; the library is handed in). JAX and Keras differ in their
arrays but not in what they call their operations, so one table serves ``jax.numpy`` and
``keras.ops``. Derivatives are taken of expressions, never of these operations; types, shapes and
rounding are left to the front ends.

Where the libraries' own operation loses digits in fp32, the entry does it another way: XLA's erfc
is 60 ulp off in its tail, its expm1 and tanh 4 to 5 ulp near 0. What a library does with subnormal
numbers stays as it is: XLA and TensorFlow flush them to 0 on the CPU. Some of Keras's operations
fall back to fp32 on some backends when they are given fp64 or a Python float; they are avoided, but
for sin, cos and arctan, which on Keras's JAX backend have the accuracy of fp32.
"""

from __future__ import annotations

import functools
import math
import operator
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any, Literal, cast

import numpy as np

from rectifier.analysis.normal import ERF, ERFCX
from rectifier.analysis.operations import FLOAT64, MIRRORED, single_bound
from rectifier.expression import PRIMITIVES, SCALAR, Expr, evaluate

Precision = Literal["float32", "float64"]

_TRUNCATION = {"float32": 2.0**-27, "float64": 0.0}
"""What the terms left out of a polynomial on [-1, 1] may add up to."""
_FAR = {"float32": 15.0, "float64": 60.0}
"""Where exp(-z**2 / 2) has long been 0; bounds what would otherwise make inf - inf."""
_SPLIT = {"float32": 2.0**12 + 1, "float64": 2.0**27 + 1}
"""Multiplying by it and subtracting what is too much leaves the upper half of a number's digits."""
_NEAR = {"float32": 2.0**-13, "float64": 2.0**-28}
"""Where tanh is its argument."""
_EXPM1 = tuple(1 / math.factorial(power) for power in range(1, 13))


def compute(expression: Expr, library: Any, precision: Precision, values: Mapping[str, Any]) -> Any:
    """Compute an expression on arrays of a library; NaN wherever ``x`` is NaN.

    Args:
        expression: Over ``x`` and the parameters.
        library: A module with NumPy's names, such as ``jax.numpy`` or ``keras.ops``.
        precision: The element type of all arrays among the values.
        values: ``x`` as an array; the parameters as arrays that broadcast against it or as Python
            floats.

    Returns:
        An array of the shape of ``x``, as long as the parameters do not broadcast beyond it.
    """
    x = values["x"]
    result = evaluate(expression, operations(library, precision), values)
    # A comparison with NaN is false, so a formula with `where` may turn NaN into a number.
    return library.where(library.isnan(x), x, result)


@functools.lru_cache(maxsize=16)
def operations(library: Any, precision: Precision) -> Mapping[str, Callable[..., Any]]:
    """Return what each primitive is on a library's arrays; of numbers alone it makes a number.

    Args:
        library: As in `compute`.
        precision: As in `compute`.
    """
    table = {**_plain(library), **_improved(library, precision)}
    if set(table) != set(PRIMITIVES):
        raise LookupError(f"the table lacks {sorted(set(PRIMITIVES) - set(table))}.")
    top = float(np.finfo(precision).max)
    return MappingProxyType({name: _folding(name, table[name], top) for name in table})


def _plain(library: Any) -> dict[str, Callable[..., Any]]:
    """Return the primitives that the library's own operations do well."""
    own = {
        name: getattr(library, {"atan": "arctan"}.get(name, name))
        for name in (
            "square", "abs", "sign", "exp", "log", "log1p", "sqrt", "sin", "cos", "atan",
        )
    }  # fmt: skip
    return own | {
        "add": operator.add,
        "sub": operator.sub,
        "mul": operator.mul,
        "div": operator.truediv,
        "neg": operator.neg,
    }


def _comparison(op: str, precision: Precision) -> Callable[..., Any]:
    """Return a comparison that is right for numbers which the type does not hold."""
    compare = getattr(operator, op)
    if precision == "float64":
        return cast(Callable[..., Any], compare)

    def apply(a: Any, b: Any) -> Any:
        if isinstance(b, float):
            b = single_bound(op, b)
        elif isinstance(a, float):
            a = single_bound(MIRRORED[op], a)
        return compare(a, b)

    return apply


def _improved(library: Any, precision: Precision) -> dict[str, Callable[..., Any]]:
    """Return the primitives that are composed here, in terms of the library's plainer ones."""
    exp, where, absolute = library.exp, library.where, library.abs

    def constant(value: Any) -> Any:
        # A number would become an array of the library's default type: 0.01 in fp32's rounding.
        return library.array(value, dtype=precision) if isinstance(value, float) else value

    def minimum(a: Any, b: Any) -> Any:
        if precision == "float32":
            return library.minimum(a, b)
        a, b = constant(a), constant(b)
        return where(a < b, a, where(b <= a, b, a + b))

    def maximum(a: Any, b: Any) -> Any:
        if precision == "float32":
            return library.maximum(a, b)
        a, b = constant(a), constant(b)
        return where(a > b, a, where(b >= a, b, a + b))

    def clipped(a: Any) -> Any:
        return minimum(maximum(a, -1.0), 1.0)

    def bounded(a: Any) -> Any:
        # Beyond it every tail is 0.
        return minimum(absolute(a), _FAR[precision])

    def choose(condition: Any, a: Any, b: Any) -> Any:
        if isinstance(condition, bool):
            return a if condition else b
        return where(condition, constant(a), constant(b))

    def sigmoid(a: Any) -> Any:
        # The exponential never overflows, so both tails are accurate.
        e = exp(-absolute(a))
        return where(a >= 0, constant(1.0), e) / (e + 1.0)

    def softplus(a: Any) -> Any:
        return maximum(a, 0.0) + library.log1p(exp(-absolute(a)))

    def expm1(a: Any) -> Any:
        if precision == "float64":
            return library.expm1(a)
        near = clipped(a)
        return where(absolute(a) <= 1, near * _polynomial(_EXPM1, near, precision), exp(a) - 1.0)

    def tanh(a: Any) -> Any:
        e = expm1(minimum(absolute(a), 20.0) * 2.0)
        size = e / (e + 2.0)
        # Near 0 the result is the input, and so keeps the sign of a zero.
        return where(absolute(a) < _NEAR[precision], a, where(a < 0, -size, size))

    def erf_near(a: Any) -> Any:
        near = clipped(a)
        return near * _polynomial(ERF, near * near * 2.0 - 1.0, precision)

    def erfcx(z: Any) -> Any:
        return _polynomial(ERFCX, (z - 3.75) / (z + 3.75), precision) / (z * 2.0 + 1.0)

    def exp_minus_square(z: Any, scale: float) -> Any:
        # The rounding of z² would be magnified by z². high² is exact and the rest is small; it
        # goes through expm1 because XLA makes one exponential of a product of two.
        shifted = z * _SPLIT[precision]
        high = shifted - (shifted - z)
        e = exp(high * high * -scale)
        return e + e * expm1((z - high) * (z + high) * -scale)

    def erf(a: Any) -> Any:
        z = bounded(a)
        tail = 1.0 - erfcx(z) * exp_minus_square(z, 1.0)
        return where(z <= 1, erf_near(a), where(a < 0, -tail, tail))

    def erfc(a: Any) -> Any:
        z = bounded(a)
        tail = erfcx(z) * exp_minus_square(z, 1.0)
        return where(z <= 0.5, 1.0 - erf_near(a), where(a < 0, 2.0 - tail, tail))

    def norm_cdf(a: Any) -> Any:
        z = bounded(a)
        tail = erfcx(z * math.sqrt(0.5)) * 0.5 * exp_minus_square(z, 0.5)
        tail = where(z == 0, constant(0.5), tail)  # the polynomial is one rounding off there
        return where(a > 0, 1.0 - tail, tail)

    def norm_pdf(a: Any) -> Any:
        return exp_minus_square(bounded(a), 0.5) * (1 / math.sqrt(2 * math.pi))

    return {
        **{op: _comparison(op, precision) for op in MIRRORED},
        "where": choose,
        "minimum": minimum,
        "maximum": maximum,
        "pow": lambda a, b: library.power(constant(a), constant(b)),
        "eq": lambda a, b: library.equal(constant(a), constant(b)),
        "sigmoid": sigmoid,
        "softplus": softplus,
        "expm1": expm1,
        "tanh": tanh,
        "erf": erf,
        "erfc": erfc,
        "norm_cdf": norm_cdf,
        "norm_pdf": norm_pdf,
    }


def _polynomial(coefficients: tuple[float, ...], t: Any, precision: Precision) -> Any:
    """Evaluate a polynomial on [-1, 1], lowest power first, with the terms that the type sees."""
    kept = _kept(coefficients, _TRUNCATION[precision])
    total = t * kept[-1] + kept[-2]
    for coefficient in kept[-3::-1]:
        total = total * t + coefficient
    return total


@functools.cache
def _kept(coefficients: tuple[float, ...], truncation: float) -> tuple[float, ...]:
    count = len(coefficients)
    while sum(abs(c) for c in coefficients[count - 1 :]) < truncation:
        count -= 1
    return coefficients[:count]


def _folding(name: str, operation: Callable[..., Any], top: float) -> Callable[..., Any]:
    """Return the operation such that numbers alone are computed as numbers, in fp64.

    A number beyond `top`, such as the bounds that keep fp64 from overflowing, becomes an infinity,
    as it would in the arrays; a library may warn of that.
    """

    def apply(*args: Any) -> Any:
        if not all(isinstance(argument, float | bool) for argument in args):
            return operation(*(_within(argument, top) for argument in args))
        try:
            return SCALAR[name](*args)
        except (ArithmeticError, ValueError):
            # Where Python's maths raises, as IEEE 754 has it.
            with np.errstate(all="ignore"):
                return float(FLOAT64[name](*args))

    return apply


def _within(argument: Any, top: float) -> Any:
    if isinstance(argument, float) and abs(argument) > top:
        return math.copysign(math.inf, argument)
    return argument
