"""Rewriting a formula into one that does not overflow or cancel where the formula's value is fine.

Layer: expression (standard library only). People write ``log(1 + exp(x))``, whose exponential
overflows at 89 in fp32 and leaves inf, and a gradient of NaN, where the value is 89. A sum or
difference of two exponentials, of which one may be the constant 1, is recognised and its logarithm
or quotient written with the primitives that are accurate everywhere:

- ``log(exp(u) + exp(v))`` is ``u + softplus(v - u)``;
- ``exp(u) / (exp(u) + exp(v))`` is ``sigmoid(u - v)``, and ``p / (1 + exp(u))`` is
  ``p * sigmoid(-u)``;
- ``(exp(u) - exp(v)) / (exp(u) + exp(v))`` is ``tanh((u - v) / 2)``;
- ``1 - tanh(u)**2``, of which derivatives are full, is ``4 * sigmoid(2 * u) * sigmoid(-2 * u)``;
- ``exp(u) - 1`` is ``expm1(u)``, and ``log(1 + u)`` is ``log1p(u)``.

All of them hold for all real numbers. Catalog entries state their stable forms themselves.
"""

from __future__ import annotations

from collections.abc import Callable

from rectifier.expression.simplify import simplify
from rectifier.expression.tree import Call, Constant, Expr, call, postorder

_ZERO, _ONE = Constant(0.0), Constant(1.0)


def stabilize(root: Expr) -> Expr:
    """Return an expression of equal value on the real numbers; the same one where nothing applies.

    Args:
        root: The formula.

    Example:
        >>> from rectifier.expression import parse, to_text
        >>> to_text(stabilize(parse("x * tanh(log(1 + exp(x)))")))
        'x * tanh(softplus(x))'
    """
    # Sums are looked at before their parts are rewritten: exp(u) - 1 in a quotient is no expm1 yet.
    built: dict[Expr, Expr] = {}
    for node in postorder(root):
        if not isinstance(node, Call):
            built[node] = node
            continue
        rule = _RULES.get(node.op)
        found = None if rule is None else rule(*node.args)
        if found is None:
            built[node] = Call(node.op, tuple(built[argument] for argument in node.args))
        else:
            built[node] = found
    return root if built[root] == root else built[root]


def _of(op: str, argument: Expr) -> Expr:
    """Return a primitive of what is within a recognised form, itself rewritten."""
    return call(op, stabilize(simplify(argument)))


def _exponent(node: Expr) -> Expr | None:
    """Return u of exp(u); 0 of the number 1."""
    if isinstance(node, Call) and node.op == "exp":
        return node.args[0]
    return _ZERO if node == _ONE else None


def _terms(node: Expr, op: str) -> tuple[Expr, Expr] | None:
    """Return u and v of exp(u) + exp(v), or with another sign."""
    if not isinstance(node, Call) or node.op != op:
        return None
    first, second = map(_exponent, node.args)
    if first is None or second is None or (first.is_zero and second.is_zero):
        return None
    return first, second


def _log(inside: Expr) -> Expr | None:
    pair = _terms(inside, "add")
    if pair is not None:
        first, second = (pair[1], pair[0]) if pair[1].is_zero else pair
        apart = _of("softplus", _apart(second, first))
        return apart if first.is_zero else stabilize(first) + apart
    if isinstance(inside, Call) and inside.op == "add" and _ONE in inside.args:
        return _of("log1p", inside.args[1] if inside.args[0] == _ONE else inside.args[0])
    return None


def _log1p(inside: Expr) -> Expr | None:
    exponent = _exponent(inside)
    return None if exponent is None or exponent.is_zero else _of("softplus", exponent)


def _div(top: Expr, bottom: Expr) -> Expr | None:
    pair = _terms(bottom, "add")
    if pair is None:
        return None
    one, other = pair
    difference = _terms(top, "sub")
    if difference is not None and set(difference) == {one, other}:
        first, second = difference
        return _of("tanh", first if second == simplify(-first) else _apart(first, second) / 2)
    exponent = _exponent(top)
    if exponent is not None and exponent in pair:
        return _of("sigmoid", _apart(exponent, other if exponent == one else one))
    if one.is_zero or other.is_zero:
        return stabilize(top) * _of("sigmoid", -(other if one.is_zero else one))
    return None


def _apart(one: Expr, other: Expr) -> Expr:
    """Return a difference; of u and -u it is 2 u."""
    return 2 * one if other == simplify(-one) or one == simplify(-other) else one - other


def _sub(first: Expr, second: Expr) -> Expr | None:
    if first == _ONE and isinstance(second, Call) and second.op == "square":
        (root,) = second.args
        if isinstance(root, Call) and root.op == "tanh":
            twice = 2 * root.args[0]
            return 4 * (_of("sigmoid", twice) * _of("sigmoid", -twice))
    pair = _terms(Call("sub", (first, second)), "sub")
    if pair is None or not any(exponent.is_zero for exponent in pair):
        return None
    return _of("expm1", pair[0]) if pair[1].is_zero else -_of("expm1", pair[1])


_RULES: dict[str, Callable[..., Expr | None]] = {
    "log": _log,
    "log1p": _log1p,
    "div": _div,
    "sub": _sub,
}
