"""Edits of a source text that make a remedy permanent, where the place is certain.

Layer: doctor; standard library only. Companion of `rectifier.doctor.patch`, which turns the edited
text into a diff. Each function returns the text as it was where there is not exactly one place.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator

_MODULES = {
    "softmax": "Softmax", "sigmoid": "Sigmoid", "tanh": "Tanh", "relu": "ReLU",
    "softplus": "Softplus",
}  # fmt: skip


def with_clipping(text: str, max_norm: float) -> str:
    """Gradients clipped right before the one call of the one optimiser's ``step``.

    Args:
        text: The source.
        max_norm: The bound.
    """
    tree = parse(text)
    if tree is None:
        return text
    held = [found for node in ast.walk(tree) if (found := optimizer_of(node, text)) is not None]
    if len(held) != 1:
        return text
    name, parameters = held[0]
    steps = [
        node
        for node in ast.walk(tree)
        if isinstance(node, ast.Expr)
        and isinstance(node.value, ast.Call)
        and isinstance(node.value.func, ast.Attribute)
        and node.value.func.attr == "step"
        and ast.unparse(node.value.func.value) == name
        and not node.value.args
    ]
    if len(steps) != 1:
        return text
    lines = text.splitlines(keepends=True)
    line = steps[0].lineno - 1
    if lines[line][: steps[0].col_offset].strip():
        return text  # it shares its line with other statements
    indent = lines[line][: steps[0].col_offset]
    lines.insert(line, f"{indent}torch.nn.utils.clip_grad_norm_({parameters}, {max_norm:g})\n")
    return "".join(lines)


def optimizer_of(node: ast.AST, text: str) -> tuple[str, str] | None:
    """Name and parameters of an optimiser that a statement makes of ``x.parameters()``."""
    if not (isinstance(node, ast.Assign) and isinstance(node.value, ast.Call)):
        return None
    call, target = node.value, node.targets[0]
    if not call.args or len(node.targets) != 1:
        return None
    first = call.args[0]
    is_parameters = (
        isinstance(first, ast.Call)
        and isinstance(first.func, ast.Attribute)
        and first.func.attr == "parameters"
    )
    segment = ast.get_source_segment(text, first)
    if not is_parameters or segment is None or "optim" not in ast.unparse(call.func).lower():
        return None
    return ast.unparse(target), segment


def without_output(text: str, function: str, instead: str = "") -> str:
    """The one application of an output activation removed, or replaced by ``instead``.

    Args:
        text: The source.
        function: Catalog name of the activation.
        instead: Name of a function of ``torch`` that takes its place; empty: nothing.
    """
    tree = parse(text)
    if tree is None or function not in _MODULES:
        return text
    places = [*_applied(tree, function)]
    if len(places) != 1:
        return text
    call, argument = places[0]
    if argument is None:
        return _without_module(text, call, instead)
    inner = ast.get_source_segment(text, argument)
    if inner is None:
        return text
    return exchanged(text, call, f"torch.{instead}({inner})" if instead else inner)


def with_logarithm(text: str, function: str) -> str:
    """The one softmax or sigmoid exchanged for its logarithm."""
    tree = parse(text)
    new = {"softmax": ("log_softmax", "LogSoftmax"), "sigmoid": ("logsigmoid", "LogSigmoid")}
    if tree is None or function not in new:
        return text
    places = [call for call, _ in _applied(tree, function)]
    segment = ast.get_source_segment(text, places[0].func) if len(places) == 1 else None
    if segment is None or not isinstance(places[0].func, ast.Attribute):
        return text
    of, _, old = segment.rpartition(".")
    call, module = new[function]
    if function == "sigmoid" and old == "sigmoid":
        return text  # torch has no logsigmoid
    return exchanged(text, places[0].func, f"{of}.{module if old[0].isupper() else call}")


def _applied(tree: ast.AST, function: str) -> Iterator[tuple[ast.Call, ast.expr | None]]:
    """Calls that apply the function, and on what; None for a module that will."""
    for node in ast.walk(tree):
        if not isinstance(node, ast.Call):
            continue
        name = node.func.attr if isinstance(node.func, ast.Attribute) else ""
        if name == _MODULES[function]:
            yield node, None
        elif name == function and isinstance(node.func, ast.Attribute):
            of = ast.unparse(node.func.value)
            if of in ("F", "torch", "functional", "nn.functional", "torch.nn.functional"):
                if node.args:
                    yield node, node.args[0]
            else:
                yield node, node.func.value


def _without_module(text: str, call: ast.Call, instead: str) -> str:
    """A module of an ``nn.Sequential`` taken out with its comma, or exchanged for another."""
    if instead:
        return exchanged(text, call, f"nn.{instead.capitalize()}()")
    start, end = _span(text, call)
    before, after = text[:start].rstrip(), text[end:]
    if before.endswith(","):
        rest = after.lstrip()
        if rest.startswith(","):  # nn.Linear(…), nn.Softmax(), and the bracket on a line below
            return before + after[after.index(",") + 1 :]
        return before[:-1] + after
    return text


def without_detach(text: str) -> str:
    """The one ``detach()`` within a ``forward`` removed."""
    tree = parse(text)
    if tree is None:
        return text
    found = [
        node
        for forward in ast.walk(tree)
        if isinstance(forward, ast.FunctionDef) and forward.name == "forward"
        for node in ast.walk(forward)
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and node.func.attr == "detach"
        and not node.args
    ]
    if len(found) != 1 or not isinstance(found[0].func, ast.Attribute):
        return text
    inner = ast.get_source_segment(text, found[0].func.value)
    return text if inner is None else exchanged(text, found[0], inner)


def exchanged(text: str, node: ast.expr, new: str) -> str:
    """The source with one expression exchanged for another text."""
    start, end = _span(text, node)
    return text[:start] + new + text[end:]


def _span(text: str, node: ast.expr) -> tuple[int, int]:
    lines = text.splitlines(keepends=True)

    def offset(line: int, column: int) -> int:
        before = sum(len(item) for item in lines[: line - 1])
        return before + len(lines[line - 1].encode()[:column].decode())

    end_line, end_column = node.end_lineno or node.lineno, node.end_col_offset or node.col_offset
    return offset(node.lineno, node.col_offset), offset(end_line, end_column)


def parse(text: str) -> ast.AST | None:
    """The source's tree; None where it is no Python."""
    try:
        return ast.parse(text)
    except SyntaxError:
        return None
