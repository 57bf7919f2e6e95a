"""A safe reader of formulas: text in, expression out, nothing is ever executed.

Layer: expression (standard library only). The grammar is that of Python's arithmetic, with function
calls by name and one comparison where ``where`` wants its condition:

    comparison := sum [("<" | "<=" | ">" | ">=" | "==") sum]
    sum        := product (("+" | "-") product)*
    product    := prefix (("*" | "/") prefix)*
    prefix     := ("+" | "-") prefix | power
    power      := atom ["**" prefix]
    atom       := number | "pi" | name | call | "(" comparison ")"
    call       := name "(" comparison ("," comparison)* ")"

Length is checked before anything else is done with the text and nesting while it is read, so the
work is bounded whatever comes. Every error names the position, what was found and what is allowed.
"""

from __future__ import annotations

import difflib
import math
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from rectifier.errors import ExpressionError
from rectifier.expression.primitives import PRIMITIVES
from rectifier.expression.tree import Call, Constant, Expr, Variable, call

MAX_LENGTH = 10_000
"""Longest formula in characters."""
MAX_NESTING = 60
"""Deepest nesting of parentheses, signs and powers."""
MAX_DEPTH = 200
"""Most operations on a path from the result to an input; also the longest plain sum."""

SHORTHANDS: dict[str, tuple[int, Callable[..., Expr]]] = {
    "relu": (1, lambda a: call("maximum", a, 0)),
    "max": (2, lambda a, b: call("maximum", a, b)),
    "min": (2, lambda a, b: call("minimum", a, b)),
    "clip": (3, lambda a, low, high: call("minimum", call("maximum", a, low), high)),
}
"""Names that stand for a few primitives: arity and expansion."""

_TOKEN = re.compile(
    r"(?P<number>(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?)"
    r"|(?P<name>[A-Za-z_][A-Za-z0-9_]*)"
    r"|(?P<symbol>\*\*|<=|>=|==|[-+*/(),<>])"
)
_SPACE = re.compile(r"[ \t\r\n]*")
_SUMS = {"+": "add", "-": "sub"}
_PRODUCTS = {"*": "mul", "/": "div"}
_COMPARISONS = {"<": "lt", "<=": "le", ">": "gt", ">=": "ge", "==": "eq"}
_HINTS = {
    "^": "write ** for a power",
    "!": "comparisons are < <= > >= ==",
    "=": "write == to compare; a formula assigns nothing",
    "'": "strings have no place in a formula",
    '"': "strings have no place in a formula",
    ".": "attributes have no place in a formula",
    "[": "only round parentheses are allowed",
    "{": "only round parentheses are allowed",
    "%": "there is no remainder",
    "@": "there is no matrix product",
}
_OPERATORS = "numbers, names, + - * / **, parentheses, commas and one comparison inside where()"


@dataclass(frozen=True)
class _Token:
    kind: str
    text: str
    position: int


def parse(text: str, names: Iterable[str] = ("x",)) -> Expr:
    """Read a formula.

    Args:
        text: The formula, such as ``"x * sigmoid(beta * x)"``.
        names: The variables that it may use, usually ``x`` and the parameters.

    Returns:
        The expression, as it was written: nothing is simplified.

    Raises:
        ExpressionError: The text is no formula; the message says where and what is allowed.

    Example:
        >>> parse("x * sigmoid(beta * x)", ("x", "beta"))
        <Expr x * sigmoid(beta * x)>
    """
    if not isinstance(text, str):
        raise ExpressionError(f"a formula must be text (str), got {type(text).__name__}.")
    if len(text) > MAX_LENGTH:
        raise ExpressionError(
            f"a formula may have at most {MAX_LENGTH} characters, got {len(text)}."
        )
    reader = _Reader(text, names)
    if reader.current.kind == "end":
        raise ExpressionError("the formula is empty; expected something like 'x * sigmoid(x)'.")
    result = reader.comparison()
    if reader.current.kind != "end":
        raise reader.error_here("an operator or the end of the formula")
    if isinstance(result, Call) and PRIMITIVES[result.op].boolean:
        raise ExpressionError(
            f"the formula {text[:40]!r} is a comparison, not a number; "
            "write where(x > 0, 1, 0) for a step."
        )
    return result


class _Reader:
    """Recursive descent over the tokens of one formula."""

    def __init__(self, text: str, names: Iterable[str]) -> None:
        self.text = text
        self.names = frozenset(Variable(name).name for name in names)
        self.nesting = 0
        self.position = 0
        self.current = self.scan()

    def scan(self) -> _Token:
        """Return the next token."""
        space = _SPACE.match(self.text, self.position)
        start = space.end() if space else self.position
        if start == len(self.text):
            return _Token("end", "", start)
        match = _TOKEN.match(self.text, start)
        if match is None:
            raise self.error(start, self.unreadable(self.text[start]))
        self.position = match.end()
        return _Token(match.lastgroup or "", match.group(), start)

    def unreadable(self, character: str) -> str:
        """Say why a character cannot begin a token."""
        if character in _HINTS:
            return f"{character!r} cannot be read: {_HINTS[character]}"
        if not character.isascii() or not character.isprintable():
            return f"the character U+{ord(character):04X} cannot be read: only ASCII is allowed"
        return f"{character!r} cannot be read: allowed are {_OPERATORS}"

    def advance(self) -> _Token:
        """Step over the current token and return it."""
        token = self.current
        self.current = self.scan()
        return token

    def error(self, position: int, problem: str) -> ExpressionError:
        """Return the error for a place in the text."""
        start = max(0, position - 15)
        excerpt = self.text[start : position + 15]
        dots = "…" if start else "", "…" if position + 15 < len(self.text) else ""
        return ExpressionError(
            f"{problem} (character {position + 1} of the formula, near "
            f"{dots[0] + ascii(excerpt)[1:-1] + dots[1]!r})."
        )

    def error_here(self, expected: str) -> ExpressionError:
        """Return the error for the current token."""
        found = repr(self.current.text) if self.current.text else "the end of the formula"
        if self.current.text in _COMPARISONS:
            expected += "; a comparison may only be the first argument of where, once"
        return self.error(self.current.position, f"expected {expected}, got {found}")

    def build(self, op: str, position: int, *args: Expr) -> Expr:
        """Build a node, with the position in the message when it makes no sense."""
        try:
            node = Call(op, args)
        except ExpressionError as error:
            raise self.error(position, str(error).removesuffix(".")) from error
        if node.depth > MAX_DEPTH:
            raise self.error(position, f"the formula is deeper than {MAX_DEPTH} operations")
        return node

    def deeper(self) -> None:
        """Count one level of nesting."""
        self.nesting += 1
        if self.nesting > MAX_NESTING:
            raise self.error(
                self.current.position, f"the formula nests deeper than {MAX_NESTING} levels"
            )

    def comparison(self) -> Expr:
        left = self.sum()
        if self.current.text not in _COMPARISONS:
            return left
        token = self.advance()
        return self.build(_COMPARISONS[token.text], token.position, left, self.sum())

    def sum(self) -> Expr:
        return self.chain(_SUMS, self.product)

    def product(self) -> Expr:
        return self.chain(_PRODUCTS, self.prefix)

    def chain(self, symbols: dict[str, str], part: Callable[[], Expr]) -> Expr:
        """Read ``part (symbol part)*``, grouping to the left."""
        left = part()
        while self.current.text in symbols:
            token = self.advance()
            left = self.build(symbols[token.text], token.position, left, part())
        return left

    def prefix(self) -> Expr:
        if self.current.text not in ("+", "-"):
            return self.power()
        self.deeper()
        token = self.advance()
        operand = self.prefix()
        self.nesting -= 1
        if token.text == "+":
            return operand
        if isinstance(operand, Constant) and not str(operand.value).startswith("-"):
            return Constant(-operand.value)
        return self.build("neg", token.position, operand)

    def power(self) -> Expr:
        base = self.atom()
        if self.current.text != "**":
            return base
        self.deeper()
        token = self.advance()
        exponent = self.prefix()
        self.nesting -= 1
        if isinstance(exponent, Constant) and exponent.value == 2:
            return self.build("square", token.position, base)
        return self.build("pow", token.position, base, exponent)

    def atom(self) -> Expr:
        token = self.current
        if token.kind == "number":
            self.advance()
            value = float(token.text)
            if not math.isfinite(value):
                raise self.error(
                    token.position, f"the number {token.text[:20]} is too large for fp64"
                )
            return Constant(value)
        if token.kind == "name":
            return self.name()
        if token.text == "(":
            self.deeper()
            self.advance()
            inner = self.comparison()
            self.close("')' or an operator")
            self.nesting -= 1
            return inner
        raise self.error_here("a number, a name or '('")

    def close(self, expected: str) -> None:
        """Step over a closing parenthesis."""
        if self.current.text != ")":
            raise self.error_here(expected)
        self.advance()

    def name(self) -> Expr:
        """Read a variable, ``pi`` or a function call."""
        token = self.advance()
        if self.current.text == "(" and token.text not in self.names:
            return self.function(token)
        if token.text in self.names:
            return Variable(token.text)
        if token.text == "pi":
            return Constant(math.pi)
        if token.text in PRIMITIVES or token.text in SHORTHANDS:
            raise self.error_here(f"'(' after the function {token.text}")
        raise self.unknown("name", token, (*self.names, "pi"))

    def function(self, token: _Token) -> Expr:
        """Read the arguments of a function and build its call."""
        known = {name: primitive.arity for name, primitive in PRIMITIVES.items()}
        known |= {name: arity for name, (arity, _) in SHORTHANDS.items()}
        if token.text not in known:
            raise self.unknown("function", token, known)
        self.deeper()
        self.advance()
        args: list[Expr] = []
        if self.current.text != ")":
            args.append(self.comparison())
            while self.current.text == ",":
                self.advance()
                args.append(self.comparison())
        self.close("',' or ')'")
        self.nesting -= 1
        if len(args) != known[token.text]:
            wanted = known[token.text]
            plural = "argument" if wanted == 1 else "arguments"
            raise self.error(
                token.position, f"{token.text} takes {wanted} {plural}, got {len(args)}"
            )
        if token.text in SHORTHANDS:
            try:
                return SHORTHANDS[token.text][1](*args)
            except ExpressionError as error:
                raise self.error(token.position, str(error).removesuffix(".")) from error
        return self.build(token.text, token.position, *args)

    def unknown(self, kind: str, token: _Token, known: Iterable[str]) -> ExpressionError:
        """Return the error for a name that is not there."""
        names = sorted(known)
        nearest = difflib.get_close_matches(token.text, names, n=3, cutoff=0.6)
        hint = f"did you mean {' or '.join(nearest)}? " if nearest else ""
        shown = token.text if len(token.text) <= 40 else token.text[:40] + "…"
        return self.error(
            token.position, f"unknown {kind} {shown!r}; {hint}allowed are {', '.join(names)}"
        )
