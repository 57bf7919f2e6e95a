"""Edits of a source text by which a gradient passes where it was cut, at the line that cut it.

Layer: doctor; standard library only; for `rectifier.doctor.patch`. What ``add_to_optimizer`` and
``swap_activation`` do in a rerun to a choice by ``argmax``, to thresholds and to signs. Each
function returns the text as it was where there is not exactly one place on those lines.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Collection

from rectifier.doctor.edits import exchanged, on_lines, parse

_NUMBERS = ("float", "double", "half", "bfloat16")


def with_soft_choice(text: str, lines: Collection[int]) -> str:
    """``one_hot(x.argmax(-1), n).float()`` with the slope of a softmax."""

    def softened(node: ast.expr) -> str | None:
        call = _numbered(node)
        if call is None or _name(call) != "one_hot" or not call.args:
            return None
        chosen = call.args[0]
        if not isinstance(chosen, ast.Call) or _name(chosen) != "argmax":
            return None
        of = _argument(chosen)
        if of is None:
            return None
        soft, value = f"torch.softmax({_source(text, of)}, -1)", _source(text, node)
        return f"({value} + {soft} - {soft}.detach())"

    return _at_one(text, lines, softened)


def with_straight_through(text: str, kind: str, lines: Collection[int]) -> str:
    """A rounding, sign or comparison that counts as the identity on the way back."""

    def straight(node: ast.expr) -> str | None:
        if kind == "comparison":
            inner = _compared(node)
            if inner is None:
                return None
            left, right = (_source(text, side) for side in inner)
            way = f"0.5 * ({left} - {right}).clamp(-1, 1)"
            return f"({_source(text, node)} + {way} - ({way}).detach())"
        if not isinstance(node, ast.Call) or _name(node) != kind:
            return None
        of = _argument(node)
        if of is None:
            return None
        way = _source(text, of)
        if kind in ("sign", "sgn"):
            way = f"({way}).clamp(-1, 1)"
        return f"({way} + ({_source(text, node)} - {way}).detach())"

    return _at_one(text, lines, straight)


def with_tanh(text: str, lines: Collection[int]) -> str:
    """A hyperbolic tangent for a sign."""

    def smooth(node: ast.expr) -> str | None:
        if not isinstance(node, ast.Call) or _name(node) not in ("sign", "sgn"):
            return None
        of = _argument(node)
        return None if of is None else f"torch.tanh({_source(text, of)})"

    return _at_one(text, lines, smooth)


def _at_one(text: str, lines: Collection[int], edit: Callable[[ast.expr], str | None]) -> str:
    """Exchange the one expression on these lines for which there is an edit."""
    tree = parse(text)
    if tree is None:
        return text
    found = [
        (node, new)
        for node in ast.walk(tree)
        if isinstance(node, ast.expr) and on_lines(node, lines) and (new := edit(node))
    ]
    return exchanged(text, *found[0]) if len(found) == 1 else text


def _numbered(node: ast.expr) -> ast.Call | None:
    """``call`` of ``call.float()``."""
    if not isinstance(node, ast.Call) or _name(node) not in _NUMBERS:
        return None
    inner = node.func.value if isinstance(node.func, ast.Attribute) else None
    return inner if isinstance(inner, ast.Call) else None


def _compared(node: ast.expr) -> tuple[ast.expr, ast.expr] | None:
    """The two sides of ``(a > b).float()``, the larger one first."""
    if not isinstance(node, ast.Call) or _name(node) not in _NUMBERS:
        return None
    inner = node.func.value if isinstance(node.func, ast.Attribute) else None
    if not isinstance(inner, ast.Compare) or len(inner.ops) != 1:
        return None
    sides = inner.left, inner.comparators[0]
    if isinstance(inner.ops[0], ast.Gt | ast.GtE):
        return sides
    return (sides[1], sides[0]) if isinstance(inner.ops[0], ast.Lt | ast.LtE) else None


def _name(call: ast.Call) -> str:
    return ast.unparse(call.func).rpartition(".")[2]


def _argument(call: ast.Call) -> ast.expr | None:
    """What ``torch.f(x)`` or ``x.f()`` is of."""
    if isinstance(call.func, ast.Attribute) and ast.unparse(call.func.value) != "torch":
        return call.func.value
    return call.args[0] if call.args else None


def _source(text: str, node: ast.expr) -> str:
    return ast.get_source_segment(text, node) or ast.unparse(node)
