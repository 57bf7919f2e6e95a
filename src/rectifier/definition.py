"""A user's formula as an activation.

Layer: above activation and expression, beside the catalog (standard library only). It reads the
formula, finds forms of it and of its derivative that do not overflow, and refuses one that is
finite nowhere; what an activation is, and its own checks, are in `rectifier.activation`.
"""

from __future__ import annotations

import functools
import math
import re
from collections.abc import Callable

from rectifier.activation import Activation, Param
from rectifier.errors import InvalidActivationError
from rectifier.expression import (
    SCALAR,
    Call,
    Expr,
    differentiate,
    evaluate,
    parse,
    postorder,
    simplify,
    stabilize,
    to_text,
)


def define(
    name: str,
    formula: str,
    *,
    stable: str | None = None,
    stable_derivative: str | None = None,
    summary: str = "",
    **params: Param | float,
) -> Activation:
    """Make an activation from a formula.

    The result is registered nowhere: pass it on wherever the name of an activation is taken.

    Args:
        name: Lower-case name.
        formula: The formula over ``x`` and the parameters, such as ``"x * sigmoid(beta * x)"``.
        stable: A numerically better formula for the same function; where it is left out, one is
            made by `rectifier.expression.stabilize`, so that ``log(1 + exp(x))`` does not overflow.
        stable_derivative: A numerically better formula for its derivative.
        summary: One sentence on what it is.
        **params: The parameters; a plain number stands for ``Param(number)``.

    Raises:
        ExpressionError: A formula cannot be read.
        InvalidActivationError: The parts do not fit together, or the formula has no finite value
            at any input, as ``1 / 0 * x``.

    Example:
        >>> define("swash", "x * sigmoid(beta * x)", beta=Param(1.0, learnable=True)).learnable
        ('beta',)
    """
    checked = {
        key: value if isinstance(value, Param) else Param(value) for key, value in params.items()
    }
    names = ("x", *checked)
    expression = parse(formula, names)
    better = stabilize(expression) if stable is None else parse(stable, names)
    slope = None if stable_derivative is None else parse(stable_derivative, names)
    if slope is None and stable is None:
        slope = _stable_slope(expression, better)
    made = Activation(
        name=name,
        expression=expression,
        params=checked,
        summary=summary,
        stable=None if better == expression else better,
        stable_derivative=slope,
    )
    for what, expression in (
        ("formula", made.expression),
        ("stable form", made.value_expression),
        ("derivative", made.derivative_expression),
    ):
        _check_finite(made, what, expression)
    return made


def is_formula(text: str) -> bool:
    """Whether a text is meant as a formula rather than as a name, which has no signs but ``-``.

    So ``x - 2`` is a formula in brackets only: ``(x - 2)``.

    Example:
        >>> is_formula("maximum(x, 0)"), is_formula("leaky-relu"), is_formula("<lambda>")
        (True, False, False)
    """
    named = re.fullmatch(r"<\w+>", text)  # as Python calls what has no name
    return named is None and re.search(r"[()*/+<>=^]", text) is not None


@functools.cache
def from_formula(text: str) -> Activation:
    """The activation of a formula without parameters, named after it or by ``name=formula``.

    Raises:
        ExpressionError: The formula cannot be read.
        InvalidActivationError: It has no finite value at any input.

    Example:
        >>> from_formula("twice = 2 * x").name
        'twice'
    """
    named = re.fullmatch(r"\s*([\w\s.-]+?)\s*=(?!=)(.*)", text, re.DOTALL)
    name, formula = named.groups() if named else (_slug(text), text)
    return define(name, formula.strip())


def _slug(formula: str) -> str:
    """A name for a formula: ``x*sigmoid(1.5*x)`` becomes ``x_times_sigmoid_1p5_times_x``."""
    text = formula.lower().replace("**", "_pow_").replace(".", "p")
    for sign, word in (("*", "times"), ("/", "over"), ("+", "plus"), ("-", "minus"), ("^", "pow")):
        text = text.replace(sign, f"_{word}_")
    name = re.sub(r"[^a-z0-9]+", "_", text).strip("_")
    return name if name[:1].isalpha() else f"f_{name}"


def _stable_slope(expression: Expr, better: Expr) -> Expr | None:
    """Return a better form of a formula's derivative; None where its own will do.

    That of the formula as it was given, rewritten too, has more digits near its zeros: log cosh has
    tanh, where the stable form's is 1 - 2 sigmoid(-2 x). But an exponential may be left in it.
    """
    plain = differentiate(simplify(expression))
    own = stabilize(plain)
    if better == expression:
        return None if own == plain else own
    left = any(isinstance(node, Call) and node.op == "exp" for node in postorder(own))
    return stabilize(simplify(differentiate(better))) if left else own


_PROBES = tuple(sign * size for size in (0.013, 0.31, 0.77, 1.7, 4.3, 19.0) for sign in (1, -1))
"""Inputs of the usual sizes, at none of which a formula is likely to have a pole."""


def _check_finite(activation: Activation, what: str, expression: Expr) -> None:
    """Refuse an expression that is finite nowhere."""
    values = {name: param.default for name, param in activation.params.items()}
    table = {name: _or_nan(operation) for name, operation in SCALAR.items()}
    if not any(math.isfinite(evaluate(expression, table, {"x": x, **values})) for x in _PROBES):
        at = f" with its parameters at {values}" if values else ""
        raise InvalidActivationError(
            f"the {what} of activation {activation.name!r} has no finite value at any input from "
            f"{min(_PROBES):g} to {max(_PROBES):g}{at}: {to_text(expression)}. Look for a division "
            "by zero, or the logarithm or root of a negative number."
        )


def _or_nan(operation: Callable[..., float]) -> Callable[..., float]:
    """Return an operation that gives NaN where Python's maths raises."""

    def compute(*args: float) -> float:
        try:
            return operation(*args)
        except (ArithmeticError, ValueError):
            return math.nan

    return compute
