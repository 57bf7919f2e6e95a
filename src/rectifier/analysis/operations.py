"""The primitives on NumPy arrays in fp64: the table that analysis and the NumPy front end share.

Layer: analysis (NumPy only). Infinities and NaN follow IEEE arithmetic; NumPy's warnings about
them are for the caller to silence. Lower precision is left to the front end, which rounds once at
the end.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any

import numpy as np

from rectifier.analysis import normal
from rectifier.expression import Expr, evaluate


def sigmoid(x: Any) -> Any:
    """Return 1 / (1 + exp(-x)); the exponential never overflows, so both tails are accurate."""
    e = np.exp(-np.abs(x))
    return np.where(np.greater_equal(x, 0), 1.0, e) / (1 + e)


def softplus(x: Any) -> Any:
    """Return log(1 + exp(x)) without overflow."""
    return np.maximum(x, 0) + np.log1p(np.exp(-np.abs(x)))


def _on_arrays(function: Callable[[normal.Array], normal.Array]) -> Callable[[Any], Any]:
    return lambda x: function(np.asarray(x, np.float64))


@functools.lru_cache(maxsize=1024)
def single_bound(op: str, bound: float) -> float:
    """Return a number of fp32 that a number x of fp32 compares with as it does with a given one.

    0.001 is no number of fp32. Rounded to nearest it becomes the number above, which is then not
    greater than itself, though it is greater than 0.001.

    Args:
        op: ``lt``, ``le``, ``gt`` or ``ge``; `bound` stands on the right.
        bound: Any number.

    Returns:
        The nearest number of fp32 below it for ``x > bound`` and ``x <= bound``, else above it.
    """
    with np.errstate(over="ignore"):
        nearest = np.float32(bound)
    off = float(nearest) - bound  # NumPy would round the bound before it compares
    if op in ("gt", "le"):
        return float(np.nextafter(nearest, np.float32(-np.inf)) if off > 0 else nearest)
    return float(np.nextafter(nearest, np.float32(np.inf)) if off < 0 else nearest)


MIRRORED = MappingProxyType({"lt": "gt", "le": "ge", "gt": "lt", "ge": "le"})
"""The comparison with its sides exchanged."""

FLOAT64: Mapping[str, Callable[..., Any]] = MappingProxyType(
    {
        "add": np.add,
        "sub": np.subtract,
        "mul": np.multiply,
        "div": np.divide,
        "neg": np.negative,
        "pow": np.float_power,
        "square": np.square,
        "abs": np.abs,
        "sign": np.sign,
        "maximum": np.maximum,
        "minimum": np.minimum,
        "exp": np.exp,
        "expm1": np.expm1,
        "log": np.log,
        "log1p": np.log1p,
        "sqrt": np.sqrt,
        "sigmoid": sigmoid,
        "softplus": softplus,
        "tanh": np.tanh,
        "erf": _on_arrays(normal.erf),
        "erfc": _on_arrays(normal.erfc),
        "norm_cdf": _on_arrays(normal.norm_cdf),
        "norm_pdf": _on_arrays(normal.norm_pdf),
        "sin": np.sin,
        "cos": np.cos,
        "atan": np.arctan,
        "lt": np.less,
        "le": np.less_equal,
        "gt": np.greater,
        "ge": np.greater_equal,
        "eq": np.equal,
        "where": np.where,
    }
)
"""What each primitive is on fp64 arrays."""


def values(expression: Expr, x: Any, parameters: Mapping[str, Any] | None = None) -> normal.Array:
    """Evaluate an expression at the points of an array.

    Args:
        expression: Over ``x`` and the parameters.
        x: Any shape; taken as fp64.
        parameters: Values of the parameters.

    Returns:
        An array of the shape of ``x``, fp64; where the expression is undefined, NaN or infinite.
    """
    points = np.asarray(x, np.float64)
    with np.errstate(all="ignore"):
        result = evaluate(expression, FLOAT64, {"x": points, **(parameters or {})})
        return np.array(np.broadcast_to(np.asarray(result, np.float64), points.shape))
