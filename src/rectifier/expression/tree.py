"""Expressions as immutable trees that are cheap to compare, hash and share.

Layer: expression (standard library only). A node is a constant, a variable (``x`` or a parameter)
or a call of a primitive. Trees are built with Python's operators and `call`. Equal subtrees may be
one object, so an expression is really a graph without cycles; every walk here is iterative and
visits a shared node once, whatever the depth. Meaning (derivative, text, value) is left to the
other modules of the package.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import TypeAlias

from rectifier.errors import ExpressionError
from rectifier.expression.primitives import PRIMITIVES

Operand: TypeAlias = "Expr | float | int"


class Expr:
    """Base of the three kinds of node; carries the operators that build trees."""

    __slots__ = ("_hash", "depth")
    _hash: int
    depth: int

    @property
    def is_zero(self) -> bool:
        """Whether this is the constant 0."""
        return isinstance(self, Constant) and self.value == 0

    def __add__(self, other: Operand) -> Expr:
        return Call("add", (self, as_expr(other)))

    def __radd__(self, other: Operand) -> Expr:
        return Call("add", (as_expr(other), self))

    def __sub__(self, other: Operand) -> Expr:
        return Call("sub", (self, as_expr(other)))

    def __rsub__(self, other: Operand) -> Expr:
        return Call("sub", (as_expr(other), self))

    def __mul__(self, other: Operand) -> Expr:
        return Call("mul", (self, as_expr(other)))

    def __rmul__(self, other: Operand) -> Expr:
        return Call("mul", (as_expr(other), self))

    def __truediv__(self, other: Operand) -> Expr:
        return Call("div", (self, as_expr(other)))

    def __rtruediv__(self, other: Operand) -> Expr:
        return Call("div", (as_expr(other), self))

    def __pow__(self, other: Operand) -> Expr:
        exponent = as_expr(other)
        if isinstance(exponent, Constant) and exponent.value == 2:
            return Call("square", (self,))
        return Call("pow", (self, exponent))

    def __rpow__(self, other: Operand) -> Expr:
        return as_expr(other) ** self

    def __neg__(self) -> Expr:
        return Call("neg", (self,))

    def __hash__(self) -> int:
        return self._hash

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Expr):
            return NotImplemented
        seen: set[tuple[int, int]] = set()
        pending: list[tuple[Expr, Expr]] = [(self, other)]
        while pending:
            one, two = pending.pop()
            if one is two or (id(one), id(two)) in seen:
                continue
            if one._hash != two._hash or not one._same_label(two):
                return False
            seen.add((id(one), id(two)))
            if isinstance(one, Call) and isinstance(two, Call):
                pending.extend(zip(one.args, two.args, strict=True))
        return True

    def _same_label(self, other: Expr) -> bool:
        raise NotImplementedError

    def __repr__(self) -> str:
        from rectifier.expression.text import to_text

        return f"<Expr {to_text(self)}>"


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Constant(Expr):
    """A finite number."""

    value: float

    def __post_init__(self) -> None:
        value = float(self.value)
        if not math.isfinite(value):
            raise ExpressionError(f"a constant in a formula must be finite, got {value}.")
        object.__setattr__(self, "value", value)
        object.__setattr__(self, "_hash", hash(("constant", value)))
        object.__setattr__(self, "depth", 1)

    def __reduce__(self) -> tuple[type[Constant], tuple[float]]:
        return Constant, (self.value,)

    def _same_label(self, other: Expr) -> bool:
        return isinstance(other, Constant) and self.value == other.value


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Variable(Expr):
    """The input ``x`` or a parameter."""

    name: str

    def __post_init__(self) -> None:
        if not (self.name.isascii() and self.name.isidentifier()) or self.name in PRIMITIVES:
            raise ExpressionError(
                f"{self.name!r} cannot name a variable; expected ASCII letters, digits and "
                "underscores, not starting with a digit, and not the name of a function."
            )
        object.__setattr__(self, "_hash", hash(("variable", self.name)))
        object.__setattr__(self, "depth", 1)

    def __reduce__(self) -> tuple[type[Variable], tuple[str]]:
        return Variable, (self.name,)

    def _same_label(self, other: Expr) -> bool:
        return isinstance(other, Variable) and self.name == other.name


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Call(Expr):
    """A primitive applied to arguments."""

    op: str
    args: tuple[Expr, ...] = field(default=())

    def __post_init__(self) -> None:
        primitive = PRIMITIVES.get(self.op)
        if primitive is None:
            raise ExpressionError(f"there is no primitive {self.op!r}.")
        if len(self.args) != primitive.arity:
            raise ExpressionError(
                f"{self.op} takes {_count(primitive.arity)}, got {len(self.args)}."
            )
        for position, argument in enumerate(self.args):
            wanted = self.op == "where" and position == 0
            if _is_boolean(argument) != wanted:
                raise ExpressionError(
                    "the first argument of where must be a comparison such as x > 0."
                    if wanted
                    else "a comparison may only be the first argument of where; "
                    "write where(x > 0, 1, 0) for a step."
                )
        object.__setattr__(self, "_hash", hash((self.op, *(a._hash for a in self.args))))
        object.__setattr__(self, "depth", 1 + max(a.depth for a in self.args))

    def __reduce__(self) -> tuple[type[Call], tuple[str, tuple[Expr, ...]]]:
        return Call, (self.op, self.args)

    def _same_label(self, other: Expr) -> bool:
        return isinstance(other, Call) and self.op == other.op


def _count(arity: int) -> str:
    return "1 argument" if arity == 1 else f"{arity} arguments"


def _is_boolean(node: Expr) -> bool:
    return isinstance(node, Call) and PRIMITIVES[node.op].boolean


def as_expr(value: Operand) -> Expr:
    """Return a node as it is and a number as a constant.

    Raises:
        ExpressionError: The value is neither, or the number is not finite.
    """
    if isinstance(value, Expr):
        return value
    if isinstance(value, int | float) and not isinstance(value, bool):
        return Constant(float(value))
    raise ExpressionError(
        f"expected an expression or a number, got {type(value).__name__} {value!r}."
    )


def call(op: str, *args: Operand) -> Expr:
    """Build the node that applies the primitive ``op`` to ``args``."""
    return Call(op, tuple(as_expr(argument) for argument in args))


def postorder(root: Expr) -> Iterator[Expr]:
    """Yield every distinct subexpression once, arguments before what uses them."""
    done: set[Expr] = set()
    pending: list[tuple[Expr, bool]] = [(root, False)]
    while pending:
        node, expanded = pending.pop()
        if node in done:
            continue
        if expanded or not isinstance(node, Call):
            done.add(node)
            yield node
        else:
            pending.append((node, True))
            pending.extend((argument, False) for argument in reversed(node.args))


def free_names(root: Expr) -> frozenset[str]:
    """Return the names of all variables and parameters in an expression."""
    return frozenset(node.name for node in postorder(root) if isinstance(node, Variable))


def substitute(root: Expr, values: Mapping[str, Operand]) -> Expr:
    """Return the expression with variables replaced by expressions or numbers.

    Args:
        root: The expression.
        values: What to put in the place of each name; names that do not occur are ignored.
    """
    built: dict[Expr, Expr] = {}
    for node in postorder(root):
        if isinstance(node, Variable) and node.name in values:
            built[node] = as_expr(values[node.name])
        elif isinstance(node, Call):
            built[node] = Call(node.op, tuple(built[argument] for argument in node.args))
        else:
            built[node] = node
    return built[root]
