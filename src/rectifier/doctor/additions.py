"""Edits of a source text that add what a remedy adds, where the place is certain.

Layer: doctor; standard library only. Beside `rectifier.doctor.edits`, which exchanges and removes,
for `rectifier.doctor.patch`. Each function returns the text as it was where there is not exactly
one place.
"""

from __future__ import annotations

import ast
from collections.abc import Sequence

from rectifier.doctor.edits import exchanged, optimizer_of, parse
from rectifier.doctor.insertions import imports_torch, sequences

_GUARDS = {
    "log": "{}.clamp_min(1e-7)",
    "sqrt": "{}.clamp_min(1e-12)",
    "acos": "{}.clamp(-1 + 1e-6, 1 - 1e-6)",
    "asin": "{}.clamp(-1 + 1e-6, 1 - 1e-6)",
}
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


def with_guard(text: str) -> str:
    """The one logarithm, root or arc function kept off the edge of its range."""
    tree = parse(text)
    if tree is None:
        return text
    found: list[ast.expr] = []
    for node in ast.walk(tree):
        if not (isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute)):
            continue
        if node.func.attr in _GUARDS and ast.unparse(node.func.value) not in ("math", "np"):
            of_torch = ast.unparse(node.func.value) == "torch"
            found.append((node.args[0] if node.args else node) if of_torch else node.func.value)
            kind = node.func.attr
    segment = ast.get_source_segment(text, found[0]) if len(found) == 1 else None
    if segment is None:
        return text
    plain = isinstance(found[0], ast.Name | ast.Attribute | ast.Call | ast.Subscript)
    return exchanged(text, found[0], _GUARDS[kind].format(segment if plain else f"({segment})"))


def with_fresh_weights(text: str) -> str:
    """Weights drawn anew (He et al. 2015) right before the one optimiser that gets the model's."""
    tree = parse(text)
    if tree is None or not imports_torch(tree):
        return text
    made = [node for node in ast.walk(tree) if optimizer_of(node, text) is not None]
    if len(made) != 1 or not isinstance(made[0], ast.Assign):
        return text
    known = optimizer_of(made[0], text)
    lines = text.splitlines(keepends=True)
    line = made[0].lineno - 1
    indent = lines[line][: made[0].col_offset]
    if known is None or indent.strip():
        return text  # it shares its line with other statements
    model = known[1].removesuffix(".parameters()")
    lines.insert(
        line,
        f"{indent}for module in {model}.modules():  # weights on the scale of their inputs\n"
        f"{indent}    if isinstance(module, (torch.nn.Linear, torch.nn.Conv1d, torch.nn.Conv2d)):\n"
        f"{indent}        torch.nn.init.kaiming_normal_(module.weight)\n"
        f"{indent}        if module.bias is not None:\n"
        f"{indent}            torch.nn.init.zeros_(module.bias)\n",
    )
    return "".join(lines)
