"""Rewriting an expression into a shorter one of equal value.

Layer: expression (standard library only). The rules hold for real numbers: ``0 * x`` becomes 0
though IEEE arithmetic has NaN for an infinite x, and ``y * x / y`` becomes x. They serve
derivatives, whose raw form is full of zeros and ones; a formula that a person wrote is evaluated as
it stands. This is not an algebra system: like terms are not collected.
"""

from __future__ import annotations

import math
from collections.abc import Callable

from rectifier.expression.primitives import PRIMITIVES, SCALAR
from rectifier.expression.tree import Call, Constant, Expr, postorder

_ZERO, _ONE = Constant(0.0), Constant(1.0)


def simplify(root: Expr) -> Expr:
    """Return a shorter expression of equal value on the real numbers."""
    built: dict[Expr, Expr] = {}
    for node in postorder(root):
        if isinstance(node, Call):
            built[node] = reduce_call(node.op, *(built[argument] for argument in node.args))
        else:
            built[node] = node
    return built[root]


def reduce_call(op: str, *args: Expr) -> Expr:
    """Return ``op`` applied to arguments that are already simple, in simple form."""
    folded = _fold(op, args)
    if folded is not None:
        return folded
    rule = _RULES.get(op)
    rewritten = rule(*args) if rule else None
    return Call(op, args) if rewritten is None else rewritten


def _fold(op: str, args: tuple[Expr, ...]) -> Expr | None:
    """Compute a call of constants only; None if it is not, or if the result is not finite."""
    values = [argument.value for argument in args if isinstance(argument, Constant)]
    if len(values) != len(args) or PRIMITIVES[op].boolean:
        return None
    try:
        result = SCALAR[op](*values)
    except (ArithmeticError, ValueError):
        return None
    return Constant(result) if math.isfinite(result) else None


def _value(node: Expr) -> float | None:
    return node.value if isinstance(node, Constant) else None


def _negated(node: Expr) -> Expr | None:
    """Return y when the node is -y in one of its forms and y is no longer than the node."""
    if isinstance(node, Call) and node.op == "neg":
        return node.args[0]
    if isinstance(node, Constant) and node.value < 0:
        return Constant(-node.value)
    return None


def _add(a: Expr, b: Expr) -> Expr | None:
    if a.is_zero:
        return b
    if b.is_zero:
        return a
    if (positive := _negated(b)) is not None:
        return reduce_call("sub", a, positive)
    if (positive := _negated(a)) is not None:
        return reduce_call("sub", b, positive)
    return None


def _sub(a: Expr, b: Expr) -> Expr | None:
    if b.is_zero:
        return a
    if a.is_zero:
        return reduce_call("neg", b)
    if a == b:
        return _ZERO
    if (positive := _negated(b)) is not None:
        return reduce_call("add", a, positive)
    return None


def _mul(a: Expr, b: Expr) -> Expr | None:
    if isinstance(b, Constant):
        return reduce_call("mul", b, a)
    factor = _value(a)
    if factor is not None:
        if factor == 0:
            return _ZERO
        if factor == 1:
            return b
        if factor == -1:
            return reduce_call("neg", b)
        if isinstance(b, Call) and b.op == "mul" and (inner := _value(b.args[0])) is not None:
            product = factor * inner
            if math.isfinite(product):
                return reduce_call("mul", Constant(product), b.args[1])
    if isinstance(a, Call) and a.op == "neg":
        return reduce_call("neg", reduce_call("mul", a.args[0], b))
    if isinstance(b, Call) and b.op == "neg":
        return reduce_call("neg", reduce_call("mul", a, b.args[0]))
    if isinstance(b, Call) and b.op == "div" and b.args[0] == _ONE:
        return reduce_call("div", a, b.args[1])
    if a == b:
        return reduce_call("square", a)
    return None


def _div(a: Expr, b: Expr) -> Expr | None:
    if b.is_zero:
        return None
    if a.is_zero:
        return _ZERO
    if b == _ONE:
        return a
    if isinstance(a, Call) and a.op == "mul":
        if a.args[1] == b:
            return a.args[0]
        if a.args[0] == b:
            return a.args[1]
    if a == b:
        return _ONE
    if isinstance(a, Call) and a.op == "neg":
        return reduce_call("neg", reduce_call("div", a.args[0], b))
    return None


def _neg(a: Expr) -> Expr | None:
    if isinstance(a, Call):
        if a.op == "neg":
            return a.args[0]
        if a.op == "sub":
            return reduce_call("sub", a.args[1], a.args[0])
        if a.op == "mul" and (factor := _value(a.args[0])) is not None:
            return reduce_call("mul", Constant(-factor), a.args[1])
    return None


def _pow(a: Expr, b: Expr) -> Expr | None:
    exponent = _value(b)
    if exponent == 0:
        return _ONE
    if exponent == 1:
        return a
    if exponent == 2:
        return reduce_call("square", a)
    return None


def _square(a: Expr) -> Expr | None:
    if isinstance(a, Call) and a.op in ("neg", "abs"):
        return reduce_call("square", a.args[0])
    return None


def _where(condition: Expr, a: Expr, b: Expr) -> Expr | None:
    if a == b:
        return a
    if isinstance(condition, Call):
        left, right = condition.args
        if isinstance(left, Constant) and isinstance(right, Constant):
            return a if SCALAR[condition.op](left.value, right.value) else b
    return None


_RULES: dict[str, Callable[..., Expr | None]] = {
    "add": _add,
    "sub": _sub,
    "mul": _mul,
    "div": _div,
    "neg": _neg,
    "pow": _pow,
    "square": _square,
    "where": _where,
}
