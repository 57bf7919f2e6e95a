"""Each primitive of the expression language as an operation on tensors.

Layer: torch front end, its lowest file. The table has the names of
`rectifier.expression.PRIMITIVES`; the arguments are tensors or Python floats, at least one of them
a tensor, all tensors of one floating dtype. What is differentiated is the expression, never these
operations, so none of them has to have a good derivative of its own.

Where torch's own operation is wrong somewhere, the entry says where and does it another way.
"""

from __future__ import annotations

import math
import operator
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any

import torch
from torch import Tensor

from rectifier.analysis.operations import MIRRORED, single_bound

_INVERSE_SQRT_2 = 1 / math.sqrt(2)
_INVERSE_SQRT_2PI = 1 / math.sqrt(2 * math.pi)


def _maximum(a: Any, b: Any) -> Tensor:
    if not isinstance(a, Tensor):
        a, b = b, a
    return torch.maximum(a, b) if isinstance(b, Tensor) else torch.clamp(a, min=b)


def _minimum(a: Any, b: Any) -> Tensor:
    if not isinstance(a, Tensor):
        a, b = b, a
    return torch.minimum(a, b) if isinstance(b, Tensor) else torch.clamp(a, max=b)


def _sigmoid(a: Tensor) -> Tensor:
    # torch.sigmoid is 1 / (1 + exp(-a)), which flushes to 0 every result that is subnormal: in
    # float32 all below a = -87.4, where bfloat16 has results too. exp reaches them. In float64
    # this begins at -709, and float32 has no result there.
    if a.dtype == torch.float64:
        return torch.sigmoid(a)
    return torch.exp(torch.clamp(a, max=0.0)) * torch.sigmoid(torch.abs(a))


def _softplus(a: Tensor) -> Tensor:
    # torch's own returns its input above 20 unless told, which is 6e-11 off in float64 at 20.5.
    return torch.nn.functional.softplus(a, beta=1.0, threshold=40.0)


def _pow(a: Any, b: Any) -> Tensor:
    # torch takes a power of ±0.5 for a root, whose value at -0.0 is -0.0 and its inverse -inf;
    # IEEE 754's pow, and so NumPy's and torch's own by a tensor, is 0.0 and inf.
    if isinstance(b, float) and abs(b) == 0.5:
        a = torch.where(a == 0, 0.0, a)
    result: Tensor = operator.pow(a, b)
    return result


def _norm_cdf(a: Tensor) -> Tensor:
    # (1 + erf) / 2 loses every digit in the lower tail; torch.special.ndtr does so in float32.
    return torch.mul(torch.special.erfc(a * -_INVERSE_SQRT_2), 0.5)


def _norm_pdf(a: Tensor) -> Tensor:
    return torch.exp(torch.square(a) * -0.5) * _INVERSE_SQRT_2PI


def _comparison(op: str) -> Callable[..., Tensor]:
    # torch rounds a number to the tensor's type before it compares.
    compare: Callable[..., Tensor] = getattr(operator, op)

    def apply(a: Any, b: Any) -> Tensor:
        if torch.compiler.is_compiling():  # parameters are tensors there
            return compare(a, b)
        if isinstance(b, float) and a.dtype == torch.float32:
            b = single_bound(op, b)
        elif isinstance(a, float) and b.dtype == torch.float32:
            a = single_bound(MIRRORED[op], a)
        return compare(a, b)

    return apply


OPERATIONS: Mapping[str, Callable[..., Tensor]] = MappingProxyType(
    {
        "add": operator.add,
        "sub": operator.sub,
        "mul": operator.mul,
        "div": operator.truediv,
        "neg": operator.neg,
        "pow": _pow,
        "square": torch.square,
        "abs": torch.abs,
        "sign": torch.sign,
        "maximum": _maximum,
        "minimum": _minimum,
        "exp": torch.exp,
        "expm1": torch.expm1,
        "log": torch.log,
        "log1p": torch.log1p,
        "sqrt": torch.sqrt,
        "sigmoid": _sigmoid,
        "softplus": _softplus,
        "tanh": torch.tanh,
        "erf": torch.erf,
        "erfc": torch.special.erfc,
        "norm_cdf": _norm_cdf,
        "norm_pdf": _norm_pdf,
        "sin": torch.sin,
        "cos": torch.cos,
        "atan": torch.atan,
        **{op: _comparison(op) for op in MIRRORED},
        "eq": operator.eq,
        "where": torch.where,
    }
)
"""Every primitive by its name."""

EXACT = frozenset(
    {"neg", "abs", "sign", "maximum", "minimum", "where", "lt", "le", "gt", "ge", "eq"}
)
"""Primitives whose result is one of their arguments, up to its sign, or a truth value or a sign."""

ROUNDED_ONCE = frozenset({"mul", "div", "square"})
"""Primitives that are correctly rounded and cannot cancel."""

HIDES_NAN = frozenset({"sign", "where", "pow", "lt", "le", "gt", "ge", "eq"})
"""Primitives that may give a number where an argument is NaN (``torch.sign`` gives 0)."""
