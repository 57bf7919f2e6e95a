"""Edits of a source text that add what a remedy adds, where the place is certain.

Layer: doctor; standard library only. Beside `rectifier.doctor.edits`, which exchanges and removes,
for `rectifier.doctor.patch`. Each function returns the text as it was where there is not exactly
one place.
"""

from __future__ import annotations

import ast
from collections.abc import Collection, Iterator, Sequence
from typing import cast

from rectifier.doctor.edits import exchanged, on_lines, optimizer_of, parse
from rectifier.doctor.insertions import imports_torch, sequences

_LOGARITHM, _ROOT = "{}.clamp_min(1e-7)", "{}.clamp_min(1e-12)"
_ARC = "{}.clamp(-1 + 1e-6, 1 - 1e-6)"
_GUARDS = {
    "log": _LOGARITHM, "log2": _LOGARITHM, "log10": _LOGARITHM,
    "sqrt": _ROOT, "rsqrt": _ROOT,
    "acos": _ARC, "asin": _ARC, "arccos": _ARC, "arcsin": _ARC, "atanh": _ARC,
    "exp": "{}.clamp_max(20)",
}  # fmt: skip
"""What keeps a function's argument off the edge; in fp32 both bounds are told from it."""


def with_activations(text: str, layers: Sequence[str], function: str) -> str:
    """An activation behind each layer: in the one ``nn.Sequential``, or where it is called.

    Args:
        text: The source.
        layers: Qualified names, as ``net.0`` or ``fc1``.
        function: A function of ``torch`` and, with a capital, a module of ``torch.nn``: ``relu``.
    """
    for layer in sorted(layers, reverse=True):
        tree = parse(text)
        if tree is None:
            return text
        path, _, name = layer.rpartition(".")
        new = (
            _in_sequence(text, tree, path, int(name), function)
            if name.isdigit()
            else _at_call(text, tree, name, function)
        )
        if new is None:
            return text
        text = new
    return text


def _in_sequence(text: str, tree: ast.AST, path: str, place: int, function: str) -> str | None:
    found = [call for name, call in sequences(tree) if not path or name == path.split(".")[-1]]
    if len(found) != 1:
        return None
    parts = found[0].args
    if any(isinstance(part, ast.Starred) for part in parts) or place >= len(parts):
        return None
    segment = ast.get_source_segment(text, parts[place])
    prefix = ast.unparse(found[0].func).rpartition(".")[0]
    module = {"relu": "ReLU", "log_softmax": "LogSoftmax"}.get(function, function.capitalize())
    dim = "dim=-1" if function == "log_softmax" else ""
    made = f"{prefix}.{module}({dim})" if prefix else f"{module}({dim})"
    return None if segment is None else exchanged(text, parts[place], f"{segment}, {made}")


def _at_call(text: str, tree: ast.AST, name: str, function: str) -> str | None:
    calls = [
        node
        for node in ast.walk(tree)
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and node.func.attr == name
        and isinstance(node.func.value, ast.Name)
        and node.func.value.id == "self"
    ]
    segment = ast.get_source_segment(text, calls[0]) if len(calls) == 1 else None
    if segment is None or not imports_torch(tree):
        return None
    dim = ", -1" if function == "log_softmax" else ""
    return exchanged(text, calls[0], f"torch.{function}({segment}{dim})")


def with_guard(text: str, places: Sequence[tuple[str, int]] = ()) -> str:
    """Logarithms, roots, arc functions, quotients and exponentials kept off the edge.

    Args:
        text: The source.
        places: Which functions left the finite numbers, and on which lines; where that is not
            known, the one logarithm, root or arc function of the source.
    """
    tree = parse(text)
    if tree is None:
        return text
    wanted: list[tuple[ast.expr, str]] = []
    for kind, line in places:
        found = [*_guarded(tree, kind, {line})]
        if not found:
            return text  # one place that no edit is known for leaves the program ill
        wanted += [item for item in found if item[0] not in [known for known, _ in wanted]]
    if not places:
        wanted = [item for kind in _GUARDS if kind != "exp" for item in _guarded(tree, kind, ())]
        if len(wanted) != 1:
            return text
    if any(a is not b and a in [*ast.walk(b)] for a, _ in wanted for b, _ in wanted):
        return text  # one within the other
    for node, guard in sorted(wanted, key=lambda item: _start(item[0]), reverse=True):
        segment = ast.get_source_segment(text, node)
        if segment is None:
            return text
        plain = isinstance(node, ast.Name | ast.Attribute | ast.Call | ast.Subscript)
        text = exchanged(text, node, guard.format(segment if plain else f"({segment})"))
    return text


def _start(node: ast.expr) -> tuple[int, int]:
    return node.lineno, node.col_offset


def _guarded(tree: ast.AST, kind: str, lines: Collection[int]) -> Iterator[tuple[ast.expr, str]]:
    """Arguments of one kind of function, and what guards them; on all lines if none is given."""
    for node in ast.walk(tree):
        quotient = isinstance(node, ast.BinOp) and isinstance(node.op, ast.Div)
        if kind == "division" and quotient and on_lines(cast("ast.BinOp", node).right, lines):
            yield cast("ast.BinOp", node).right, "({} + 1e-7)"
        if not (isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute)):
            continue
        of = ast.unparse(node.func.value)
        if node.func.attr != kind or kind not in _GUARDS or of in ("math", "np", "numpy"):
            continue
        if lines and not on_lines(node, lines):
            continue
        of_torch = of == "torch"
        yield (
            (node.args[0] if node.args else node) if of_torch else node.func.value,
            _GUARDS[kind],
        )


def with_fresh_weights(text: str, scheme: str = "kaiming_normal") -> str:
    """Weights drawn anew right before the one optimiser that gets the model's.

    Args:
        text: The source.
        scheme: Of ``torch.nn.init``: He et al. 2015, or ``xavier_normal`` (Glorot and Bengio 2010).
    """
    tree = parse(text)
    if tree is None or not imports_torch(tree):
        return text
    made = [node for node in ast.walk(tree) if optimizer_of(node, text) is not None]
    if len(made) != 1 or not isinstance(made[0], ast.Assign):
        return text
    known = optimizer_of(made[0], text)
    lines = text.splitlines(keepends=True)
    line = made[0].lineno - 1
    raw = lines[line].encode()
    head, rest = (part.decode() for part in (raw[: made[0].col_offset], raw[made[0].col_offset :]))
    indent = head[: len(head) - len(head.lstrip())]
    if known is None:
        return text
    if head.strip():  # it shares its line with other statements
        if not any(_starts(node, made[0].lineno, len(indent)) for node in _followed(tree, made[0])):
            return text
        lines[line : line + 1] = [f"{head.rstrip().removesuffix(';')}\n", f"{indent}{rest}"]
        line += 1
    model = known[1].removesuffix(".parameters()")
    lines.insert(
        line,
        f"{indent}for module in {model}.modules():  # weights on the scale of their inputs\n"
        f"{indent}    if isinstance(module, (torch.nn.Linear, torch.nn.Conv1d, torch.nn.Conv2d)):\n"
        f"{indent}        torch.nn.init.{scheme}_(module.weight)\n"
        f"{indent}        if module.bias is not None:\n"
        f"{indent}            torch.nn.init.zeros_(module.bias)\n",
    )
    return "".join(lines)


def _followed(tree: ast.AST, statement: ast.stmt) -> list[ast.stmt]:
    """The statements before one in its block."""
    for node in ast.walk(tree):
        body = getattr(node, "body", None)
        if isinstance(body, list) and statement in body:
            return body[: body.index(statement)]
    return []


def _starts(statement: ast.stmt, line: int, column: int) -> bool:
    return statement.lineno == line and statement.col_offset == column
