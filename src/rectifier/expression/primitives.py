"""The primitives: everything that a formula can be made of, one entry each.

Layer: expression (standard library only, the lowest layer). An entry holds all that is known of an
operation: arity, rule of differentiation, LaTeX, how it is written in text, and its value on one
Python float (used to fold constants and as the reference of the array tables). What an operation is
on arrays is left to the front ends, each of which keeps one table with the same names.

A rule gets ``call`` (builds a node), the arguments, their derivatives and the node itself, and
returns the node's derivative. At a kink a rule takes one of the one-sided derivatives:
``maximum(a, b)`` and ``minimum(a, b)`` take that of ``b`` on a tie, so that the derivative of
``maximum(x, 0)`` at 0 is 0, and ``abs`` takes 0 at 0.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rectifier.expression.tree import Expr

    Args = tuple[Expr, ...]
    Rule = Callable[[Callable[..., Expr], Args, Args, Expr], Expr]

COMPARISON, SUM, PRODUCT, PREFIX, POWER, ATOM = range(1, 7)
"""How tightly a form binds, loosest first: decides where text and LaTeX need parentheses."""

_TWO_OVER_SQRT_PI = 2 / math.sqrt(math.pi)


@dataclass(frozen=True)
class Primitive:
    r"""One operation that expressions can hold.

    Args:
        name: Its name in formulas and in the operation tables.
        arity: How many arguments it takes.
        rule: Its derivative by the chain rule.
        scalar: Its value on Python floats; may raise ArithmeticError or ValueError off its domain.
        latex: A template with ``{0}``, ``{1}``, … for the arguments.
        symbol: The infix or prefix symbol in text; empty for function notation.
        level: How tightly the written form binds.
        boolean: Whether the result is true or false. Such a result may only be the condition of
            ``where``.
        encloses: Whether the LaTeX template itself sets its arguments apart, as a bar or a root do.
    """

    name: str
    arity: int
    rule: Rule
    scalar: Callable[..., float]
    latex: str
    symbol: str = ""
    level: int = ATOM
    boolean: bool = False
    encloses: bool = True


def _sign(a: float) -> float:
    return a if a != a else float((a > 0) - (a < 0))


def _maximum(a: float, b: float) -> float:
    return a + b if a != a or b != b else max(a, b)


def _minimum(a: float, b: float) -> float:
    return a + b if a != a or b != b else min(a, b)


def _sigmoid(a: float) -> float:
    e = math.exp(-abs(a))
    return (1.0 if a >= 0 else e) / (1 + e)


def _softplus(a: float) -> float:
    return _maximum(a, 0.0) + math.log1p(math.exp(-abs(a)))


def _norm_cdf(a: float) -> float:
    return math.erfc(-a / math.sqrt(2)) / 2


def _norm_pdf(a: float) -> float:
    return math.exp(-a * a / 2) / math.sqrt(2 * math.pi)


def _pow(a: float, b: float) -> float:
    return math.pow(a, b)


def _number(expression: Expr) -> float | None:
    """Return the number that an expression is, if it is one."""
    value: float | None = getattr(expression, "value", None)
    return value


def _pow_rule(call: Callable[..., Expr], a: Args, d: Args, node: Expr) -> Expr:
    base, exponent = a
    slope = exponent * base ** (exponent - 1.0) * d[0]
    if _number(d[0]) is None and not (_number(exponent) or 0.0) >= 1:
        # The root of max(x, 0) is flat where the base is, though a root's own slope is infinite.
        slope = call("where", call("eq", d[0], 0.0), 0.0, slope)
    if d[1].is_zero:
        return slope
    # b**p log(b) tends to 0 with b for every p > 0, where log(0) would make it 0 times infinity.
    positive = call("where", call("eq", base, 0.0), 1.0, base)
    return slope + node * call("log", positive) * d[1]


def _branches(expression: Expr) -> bool:
    """Whether an expression is put together of pieces, so that it may be zero over a whole one."""
    waiting, seen = [expression], set()
    while waiting:
        node = waiting.pop()
        if getattr(node, "op", "") == "where":
            return True
        if id(node) not in seen:
            seen.add(id(node))
            waiting += getattr(node, "args", ())
    return False


def _may_vanish(exponent: Expr) -> bool:
    """Whether an exponent may be -inf at a finite input: by a logarithm, or what it divides by."""
    waiting, seen = [exponent], set()
    while waiting:
        node = waiting.pop()
        args: Args = getattr(node, "args", ())
        op = getattr(node, "op", "")
        if op == "log" or (op == "div" and getattr(args[1], "args", ())):
            return True
        if id(node) not in seen:
            seen.add(id(node))
            waiting += args
    return False


def _exp_rule(call: Callable[..., Expr], a: Args, d: Args, node: Expr) -> Expr:
    slope = node * d[0]
    if _may_vanish(a[0]):
        # exp(p log(max(x, 0))) is flat where it is 0, though the logarithm's slope is infinite.
        return call("where", call("eq", node, 0.0), 0.0, slope)
    return slope


def _sqrt_rule(call: Callable[..., Expr], a: Args, d: Args, node: Expr) -> Expr:
    slope = d[0] / (2.0 * node)
    if _branches(d[0]):
        # The root of max(x, 0) is flat where that is, though a root's own slope is infinite.
        return call("where", call("eq", d[0], 0.0), 0.0, slope)
    return slope


def _flat(call: Callable[..., Expr], a: Args, d: Args, node: Expr) -> Expr:
    """Derivative of what is constant between its jumps."""
    return 0.0 * a[0]


def _function(name: str, rule: Rule, scalar: Callable[..., float], latex: str) -> Primitive:
    return Primitive(name, 1, rule, scalar, latex)


def _comparison(
    name: str, symbol: str, latex: str, scalar: Callable[[float, float], bool]
) -> Primitive:
    template = "{0} " + latex + " {1}"
    return Primitive(name, 2, _flat, scalar, template, symbol, COMPARISON, True, False)


_ALL = (
    Primitive(
        "add",
        2,
        lambda call, a, d, node: d[0] + d[1],
        lambda a, b: a + b,
        "{0} + {1}",
        "+",
        SUM,
        encloses=False,
    ),
    Primitive(
        "sub",
        2,
        lambda call, a, d, node: d[0] - d[1],
        lambda a, b: a - b,
        "{0} - {1}",
        "-",
        SUM,
        encloses=False,
    ),
    Primitive(
        "mul",
        2,
        lambda call, a, d, node: d[0] * a[1] + a[0] * d[1],
        lambda a, b: a * b,
        r"{0} \, {1}",
        "*",
        PRODUCT,
        encloses=False,
    ),
    Primitive(
        "div",
        2,
        lambda call, a, d, node: (d[0] - node * d[1]) / a[1],
        lambda a, b: a / b,
        r"\frac{{{0}}}{{{1}}}",
        "/",
        PRODUCT,
    ),
    Primitive(
        "neg", 1, lambda call, a, d, node: -d[0], lambda a: -a, "-{0}", "-", PREFIX, encloses=False
    ),
    Primitive("pow", 2, _pow_rule, _pow, "{0}^{{{1}}}", "**", POWER, encloses=False),
    _function(
        "square",
        lambda call, a, d, node: 2.0 * a[0] * d[0],
        lambda a: a * a,
        r"\left({0}\right)^{{2}}",
    ),
    _function(
        "abs",
        lambda call, a, d, node: call("sign", a[0]) * d[0],
        abs,
        r"\left|{0}\right|",
    ),
    _function("sign", _flat, _sign, r"\operatorname{{sign}}\left({0}\right)"),
    Primitive(
        "maximum",
        2,
        lambda call, a, d, node: call("where", call("gt", a[0], a[1]), d[0], d[1]),
        _maximum,
        r"\max\left({0}, {1}\right)",
    ),
    Primitive(
        "minimum",
        2,
        lambda call, a, d, node: call("where", call("lt", a[0], a[1]), d[0], d[1]),
        _minimum,
        r"\min\left({0}, {1}\right)",
    ),
    _function("exp", _exp_rule, math.exp, r"e^{{{0}}}"),
    _function(
        "expm1",
        lambda call, a, d, node: call("exp", a[0]) * d[0],
        math.expm1,
        r"\left(e^{{{0}}} - 1\right)",
    ),
    _function("log", lambda call, a, d, node: d[0] / a[0], math.log, r"\ln\left({0}\right)"),
    _function(
        "log1p",
        lambda call, a, d, node: d[0] / (1.0 + a[0]),
        math.log1p,
        r"\ln\left(1 + {0}\right)",
    ),
    _function("sqrt", _sqrt_rule, math.sqrt, r"\sqrt{{{0}}}"),
    _function(
        # sigmoid(-a), not 1 - sigmoid(a): the difference is 0 for every a > 37 in fp64.
        "sigmoid",
        lambda call, a, d, node: node * call("sigmoid", -a[0]) * d[0],
        _sigmoid,
        r"\sigma\left({0}\right)",
    ),
    _function(
        "softplus",
        lambda call, a, d, node: call("sigmoid", a[0]) * d[0],
        _softplus,
        r"\operatorname{{softplus}}\left({0}\right)",
    ),
    _function(
        "tanh",
        lambda call, a, d, node: (1.0 - call("square", node)) * d[0],
        math.tanh,
        r"\tanh\left({0}\right)",
    ),
    _function(
        "erf",
        lambda call, a, d, node: _TWO_OVER_SQRT_PI * call("exp", -call("square", a[0])) * d[0],
        math.erf,
        r"\operatorname{{erf}}\left({0}\right)",
    ),
    _function(
        "erfc",
        lambda call, a, d, node: -_TWO_OVER_SQRT_PI * call("exp", -call("square", a[0])) * d[0],
        math.erfc,
        r"\operatorname{{erfc}}\left({0}\right)",
    ),
    _function(
        "norm_cdf",
        lambda call, a, d, node: call("norm_pdf", a[0]) * d[0],
        _norm_cdf,
        r"\Phi\left({0}\right)",
    ),
    _function(
        "norm_pdf",
        lambda call, a, d, node: -(a[0] * node) * d[0],
        _norm_pdf,
        r"\varphi\left({0}\right)",
    ),
    _function(
        "sin", lambda call, a, d, node: call("cos", a[0]) * d[0], math.sin, r"\sin\left({0}\right)"
    ),
    _function(
        "cos",
        lambda call, a, d, node: -call("sin", a[0]) * d[0],
        math.cos,
        r"\cos\left({0}\right)",
    ),
    _function(
        "atan",
        lambda call, a, d, node: d[0] / (1.0 + call("square", a[0])),
        math.atan,
        r"\arctan\left({0}\right)",
    ),
    _comparison("lt", "<", "<", lambda a, b: a < b),
    _comparison("le", "<=", r"\le", lambda a, b: a <= b),
    _comparison("gt", ">", ">", lambda a, b: a > b),
    _comparison("ge", ">=", r"\ge", lambda a, b: a >= b),
    _comparison("eq", "==", "=", lambda a, b: a == b),
    Primitive(
        "where",
        3,
        lambda call, a, d, node: call("where", a[0], d[1], d[2]),
        lambda condition, a, b: a if condition else b,
        r"\begin{{cases}} {1} & \text{{if }} {0} \\ {2} & \text{{otherwise}} \end{{cases}}",
    ),
)

PRIMITIVES: Mapping[str, Primitive] = MappingProxyType({entry.name: entry for entry in _ALL})
"""Every primitive by its name."""

SCALAR: Mapping[str, Callable[..., float]] = MappingProxyType(
    {entry.name: entry.scalar for entry in _ALL}
)
"""The table that evaluates an expression on Python floats."""
