"""Expressions as text that `parse` reads back, and as LaTeX.

Layer: expression (standard library only). Parentheses are written only where they are needed. The
text of a square is ``x ** 2``; a power that happens to have the exponent 2 is written
``pow(x, 2)``, so that each text stands for exactly one tree.
"""

from __future__ import annotations

from collections.abc import Mapping

from rectifier.expression.primitives import ATOM, POWER, PREFIX, PRIMITIVES, SUM
from rectifier.expression.tree import Call, Constant, Expr, Variable, postorder

_GREEK = frozenset(
    {"alpha", "beta", "gamma", "delta", "epsilon", "zeta", "eta", "theta", "kappa", "lambda", "mu"}
    | {"nu", "xi", "pi", "rho", "sigma", "tau", "phi", "chi", "psi", "omega"}
)
_Written = tuple[str, int]


def number(value: float) -> str:
    """Return the shortest text that reads back as the same number."""
    text = repr(value)
    return text.removesuffix(".0")


def to_text(root: Expr) -> str:
    """Return an expression as text; ``parse(to_text(e), names) == e``."""
    written: dict[Expr, _Written] = {}
    for node in postorder(root):
        if isinstance(node, Constant):
            text = number(node.value)
            written[node] = text, PREFIX if text.startswith("-") else ATOM
        elif isinstance(node, Variable):
            written[node] = node.name, ATOM
        elif isinstance(node, Call):
            written[node] = _call_text(node, [written[argument] for argument in node.args])
    return written[root][0]


def _call_text(node: Call, args: list[_Written]) -> _Written:
    primitive = PRIMITIVES[node.op]
    if node.op == "square":
        return f"{_wrap(args[0], POWER + 1)} ** 2", POWER
    plain = [text for text, _ in args]
    if (node.op == "neg" and isinstance(node.args[0], Constant)) or (
        node.op == "pow" and node.args[1] == Constant(2.0)
    ):
        return f"{node.op}({', '.join(plain)})", ATOM
    if not primitive.symbol:
        return f"{node.op}({', '.join(plain)})", ATOM
    level = primitive.level
    if node.op == "neg":
        return f"-{_wrap(args[0], PREFIX)}", PREFIX
    if node.op == "pow":
        return f"{_wrap(args[0], POWER + 1)} ** {_wrap(args[1], PREFIX)}", POWER
    left = _wrap(args[0], level + primitive.boolean)
    return f"{left} {primitive.symbol} {_wrap(args[1], level + 1)}", level


def _wrap(part: _Written, least: int) -> str:
    text, level = part
    return text if level >= least else f"({text})"


def to_latex(root: Expr, names: Mapping[str, str] | None = None) -> str:
    """Return an expression as LaTeX, without the surrounding dollar signs.

    Args:
        root: The expression.
        names: LaTeX for particular variables; Greek names and trailing digits are done unasked.
    """
    written: dict[Expr, _Written] = {}
    for node in postorder(root):
        if isinstance(node, Constant):
            text = _latex_number(node.value)
            plain = not (text.startswith("-") or "times" in text)
            written[node] = text, ATOM if plain else PREFIX
        elif isinstance(node, Variable):
            written[node] = (names or {}).get(node.name) or _latex_name(node.name), ATOM
        elif isinstance(node, Call):
            written[node] = _call_latex(node, [written[argument] for argument in node.args])
    return written[root][0]


def _call_latex(node: Call, args: list[_Written]) -> _Written:
    primitive = PRIMITIVES[node.op]
    texts = [text for text, _ in args]
    level = primitive.level
    if node.op == "square":
        text, inner = args[0]
        return (text if inner == ATOM else rf"\left({text}\right)") + "^{2}", POWER
    if not primitive.encloses:
        least = [level] * len(args)
        if node.op in ("sub", "mul"):
            least[1] = level + 1
        if node.op == "add":
            least[1] = SUM + 1 if texts[1].startswith("-") else SUM
        if node.op == "pow":
            least = [ATOM, 0]
        texts = [
            text if inner >= bound else rf"\left({text}\right)"
            for (text, inner), bound in zip(args, least, strict=True)
        ]
    if node.op in ("exp", "pow"):
        level = POWER
    if node.op == "where":
        level = 0
    return primitive.latex.format(*texts), level


def _latex_name(name: str) -> str:
    stem = name.rstrip("0123456789")
    index = name[len(stem) :]
    stem = stem.rstrip("_")
    if stem in _GREEK:
        stem = "\\" + stem
    elif len(stem) > 1:
        stem = r"\mathrm{" + stem.replace("_", r"\_") + "}"
    return f"{stem}_{{{index}}}" if index else stem


def _latex_number(value: float) -> str:
    text = f"{value:.6g}"
    if "e" not in text:
        return text
    digits, exponent = text.split("e")
    power = f"10^{{{int(exponent)}}}"
    if digits in ("1", "-1"):
        return power if digits == "1" else f"-{power}"
    return rf"{digits} \times {power}"
