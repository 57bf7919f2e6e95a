"""The primitives at any precision: the table that tests check everything else against."""

from __future__ import annotations

from typing import Any

import mpmath as mp

TABLE: dict[str, Any] = {
    "add": lambda a, b: a + b,
    "sub": lambda a, b: a - b,
    "mul": lambda a, b: a * b,
    "div": lambda a, b: a / b,
    "neg": lambda a: -a,
    "pow": lambda a, b: mp.mpf(a) ** b,
    "square": lambda a: a * a,
    "abs": abs,
    "sign": mp.sign,
    "maximum": max,
    "minimum": min,
    "exp": mp.exp,
    "expm1": mp.expm1,
    "log": mp.log,
    "log1p": mp.log1p,
    "sqrt": mp.sqrt,
    "sigmoid": lambda a: 1 / (1 + mp.exp(-a)),
    "softplus": lambda a: mp.log1p(mp.exp(a)),
    "tanh": mp.tanh,
    "erf": mp.erf,
    "erfc": mp.erfc,
    "norm_cdf": lambda a: mp.erfc(-a / mp.sqrt(2)) / 2,
    "norm_pdf": lambda a: mp.exp(-a * a / 2) / mp.sqrt(2 * mp.pi),
    "sin": mp.sin,
    "cos": mp.cos,
    "atan": mp.atan,
    "lt": lambda a, b: a < b,
    "le": lambda a, b: a <= b,
    "gt": lambda a, b: a > b,
    "ge": lambda a, b: a >= b,
    "eq": lambda a, b: a == b,
    "where": lambda condition, a, b: a if condition else b,
}
