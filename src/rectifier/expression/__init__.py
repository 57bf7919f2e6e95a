"""Expressions: one formula from which everything about an activation is derived.

Layer: the lowest; standard library only, so that a build step can use it before anything else is
installed. `parse` reads text, `differentiate` derives, `evaluate` computes under any table of
operations, `to_text` and `to_latex` write. What an operation does on arrays is left to the front
ends, and which formulas there are to the catalog.
"""

from __future__ import annotations

from rectifier.expression.derivative import differentiate
from rectifier.expression.evaluation import evaluate
from rectifier.expression.parser import parse
from rectifier.expression.primitives import PRIMITIVES, SCALAR, Primitive
from rectifier.expression.simplify import simplify
from rectifier.expression.stabilize import stabilize
from rectifier.expression.text import to_latex, to_text
from rectifier.expression.tree import (
    Call,
    Constant,
    Expr,
    Variable,
    as_expr,
    call,
    free_names,
    postorder,
    substitute,
)

__all__ = [
    "PRIMITIVES",
    "SCALAR",
    "Call",
    "Constant",
    "Expr",
    "Primitive",
    "Variable",
    "as_expr",
    "call",
    "differentiate",
    "evaluate",
    "free_names",
    "parse",
    "postorder",
    "simplify",
    "stabilize",
    "substitute",
    "to_latex",
    "to_text",
]
