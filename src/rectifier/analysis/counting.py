"""What one value of a function costs: operations counted in its formula.

Layer: analysis (standard library only). Counted is the formula as it is written, each shared part
once, as in `rectifier.activation.Activation.expression`: this compares functions, not programs. A
kernel may need less (Mish takes one exponential when it is rearranged) and a stable form guards its
tails with a few comparisons more.

What counts how: arithmetic, a comparison, a choice, ``abs``, ``sign``, ``maximum``, ``minimum`` and
``sqrt``, which hardware does in one instruction, are one operation each; a call of exp, log, tanh,
erf, sin, cos, atan or of a power that is no small whole number is one transcendental call. What is
made of these counts as what it is made of: sigmoid is 1 / (1 + exp(-x)).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from rectifier.expression import Call, Constant, Expr, Variable, postorder

_COUNTS: Mapping[str, tuple[int, int]] = MappingProxyType(
    {
        **dict.fromkeys(("add", "sub", "mul", "div", "neg", "square", "sqrt"), (1, 0)),
        **dict.fromkeys(("abs", "sign", "maximum", "minimum", "where"), (1, 0)),
        **dict.fromkeys(("lt", "le", "gt", "ge", "eq"), (1, 0)),
        **dict.fromkeys(("exp", "expm1", "log", "log1p", "tanh", "erf", "erfc"), (0, 1)),
        **dict.fromkeys(("sin", "cos", "atan"), (0, 1)),
        "sigmoid": (3, 1),  # 1 / (1 + exp(-x))
        "softplus": (1, 2),  # log(1 + exp(x))
        "norm_cdf": (3, 1),  # (1 + erf(x / √2)) / 2
        "norm_pdf": (3, 1),  # exp(-x² / 2) / √(2 π), the square included
    }
)
"""Operations and transcendental calls of each primitive but ``pow``, whose exponent decides."""
_LARGEST_POWER = 16


@dataclass(frozen=True)
class Cost:
    """How many operations one value takes.

    Attributes:
        flops: Additions, multiplications, comparisons and the like.
        transcendental: Calls of exp, log, tanh and the like.
    """

    flops: int
    transcendental: int

    def __str__(self) -> str:
        calls = "1 call" if self.transcendental == 1 else f"{self.transcendental} calls"
        return f"{self.flops} flops, {calls}"


def cost(*expressions: Expr) -> Cost:
    """Count the operations for one value of each expression, what they share once.

    What does not depend on ``x`` is worked out beforehand and costs nothing.

    Args:
        *expressions: Such as a formula and its derivative.

    Example:
        >>> from rectifier.expression import parse
        >>> cost(parse("x * sigmoid(b * x)", ("x", "b")))
        Cost(flops=5, transcendental=1)
    """
    done: set[Expr] = set()
    varying: set[Expr] = set()
    flops = transcendental = 0
    for expression in expressions:
        for node in postorder(expression):
            if node in done:
                continue
            done.add(node)
            if isinstance(node, Variable) and node.name == "x":
                varying.add(node)
            if not isinstance(node, Call) or not varying.intersection(node.args):
                continue
            varying.add(node)
            more = _power(node.args[1]) if node.op == "pow" else _COUNTS[node.op]
            flops += more[0]
            transcendental += more[1]
    return Cost(flops, transcendental)


def _power(exponent: Expr) -> tuple[int, int]:
    """Return what a power costs: multiplications by halving for a small whole exponent."""
    if isinstance(exponent, Constant) and float(exponent.value).is_integer():
        size = int(abs(exponent.value))
        if 0 < size <= _LARGEST_POWER:
            products = size.bit_length() - 1 + size.bit_count() - 1
            return products + (exponent.value < 0), 0
    return 0, 1
