"""The symbolic derivative of an expression.

Layer: expression (standard library only). Each primitive carries its own rule; this file applies
the chain rule along the graph. At a kink the result is the one-sided derivative that the primitive
documents, and 0 at the kink of ``maximum(x, c)``, ``minimum(x, c)`` and ``abs(x)``.
"""

from __future__ import annotations

from rectifier.expression.primitives import PRIMITIVES
from rectifier.expression.simplify import simplify
from rectifier.expression.tree import Call, Constant, Expr, Variable, call, free_names, postorder

_ZERO, _ONE = Constant(0.0), Constant(1.0)


def differentiate(root: Expr, name: str = "x") -> Expr:
    """Return the derivative of an expression by one of its variables, simplified.

    Args:
        root: The expression.
        name: The variable; the derivative by a name that does not occur is 0.

    Returns:
        An expression over the same variables.
    """
    slopes: dict[Expr, Expr] = {}
    for node in postorder(root):
        if isinstance(node, Call):
            slopes[node] = _slope(node, slopes, name)
        else:
            slopes[node] = _ONE if isinstance(node, Variable) and node.name == name else _ZERO
    return slopes[root]


def _slope(node: Call, slopes: dict[Expr, Expr], name: str) -> Expr:
    args = node.args
    tangents = tuple(slopes[argument] for argument in args)
    if all(tangent.is_zero for tangent in tangents):
        return _ZERO
    if node.op in ("maximum", "minimum") and name not in free_names(args[0]):
        # The rule takes the second argument on a tie: max(0, x) must do as max(x, 0) does.
        args, tangents = args[::-1], tangents[::-1]
    return simplify(PRIMITIVES[node.op].rule(call, args, tangents, node))
