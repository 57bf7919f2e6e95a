"""Edits of a source text that make a remedy permanent, where the place is certain.

Layer: doctor; standard library only. Companion of `rectifier.doctor.patch`, which turns the edited
text into a diff. Each function returns the text as it was where there is not exactly one place.
"""

from __future__ import annotations

import ast
from collections.abc import Collection, Iterator

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
    found = _step(text)
    if found is None:
        return text
    line, indent, _, parameters = found
    lines = text.splitlines(keepends=True)
    lines.insert(line, f"{indent}torch.nn.utils.clip_grad_norm_({parameters}, {max_norm:g})\n")
    return "".join(lines)


def with_clearing(text: str) -> str:
    """Gradients cleared right behind the one call of the one optimiser's ``step``."""
    found = _step(text)
    if found is None:
        return text
    line, indent, name, _ = found
    lines = text.splitlines(keepends=True)
    if not lines[line].endswith("\n"):
        lines[line] += "\n"
    lines.insert(line + 1, f"{indent}{name}.zero_grad()\n")
    return "".join(lines)


def with_capped_rate(text: str, cap: float) -> str:
    """The rates of the one optimiser bounded for the time of its one step, whoever sets them."""
    found = _step(text)
    if found is None:
        return text
    line, indent, name, _ = found
    lines = text.splitlines(keepends=True)
    if not lines[line].endswith("\n"):
        lines[line] += "\n"
    groups = f"{name}.param_groups"
    before = [
        f'rates = [group["lr"] for group in {groups}]',
        f"for group in {groups}:",
        f'    group["lr"] = min(group["lr"], {cap:g})',
    ]
    after = [f"for group, rate in zip({groups}, rates):", '    group["lr"] = rate']
    lines[line + 1 : line + 1] = [f"{indent}{added}\n" for added in after]
    lines[line:line] = [f"{indent}{added}\n" for added in before]
    return "".join(lines)


def _step(text: str) -> tuple[int, str, str, str] | None:
    """The one step of the one optimiser: its line from 0, its indent, the optimiser, of what."""
    tree = parse(text)
    if tree is None:
        return None
    held = [found for node in ast.walk(tree) if (found := optimizer_of(node, text)) is not None]
    if len(held) != 1:
        return None
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
        return None
    line = steps[0].lineno - 1
    text_of_line = text.splitlines()[line]
    indent = text_of_line[: steps[0].col_offset]
    rest = text_of_line[steps[0].end_col_offset or 0 :].partition("#")[0]
    if indent.strip() or rest.strip():
        return None  # it shares its line with other statements
    return line, indent, name, parameters


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


def without_output(text: str, function: str, instead: str = "", lines: Collection[int] = ()) -> str:
    """The one application of an output activation removed, or replaced by ``instead``.

    Args:
        text: The source.
        function: Catalog name of the activation.
        instead: Name of a function of ``torch`` that takes its place; empty: nothing.
        lines: Where it was applied, as far as known: decides between several.
    """
    tree = parse(text)
    if tree is None or function not in _MODULES:
        return text
    places = [*_applied(tree, function)]
    uses = [*_by_attribute(tree, function)]
    if uses:  # the module stays where it is made, and is not called any more
        made = {id(maker) for maker, _, _ in uses}
        places = [item for item in places if id(item[0]) not in made]
        places += [(call, argument) for _, call, argument in uses]
    if len(places) > 1 and lines:
        there = [item for item in places if on_lines(item[0], lines)]
        # of those within one expression the outermost is the last to be applied
        inner = {id(node) for call, _ in there for node in ast.walk(call) if node is not call}
        places = [item for item in there if id(item[0]) not in inner]
    if len(places) != 1:
        return text
    call, argument = places[0]
    if argument is None:
        return _without_module(text, call, instead)
    segment = ast.get_source_segment(text, argument)
    if segment is None:
        return text
    return exchanged(text, call, f"torch.{instead}({segment})" if instead else segment)


def _by_attribute(tree: ast.AST, function: str) -> Iterator[tuple[ast.Call, ast.Call, ast.expr]]:
    """What makes ``self.out = nn.Softmax(…)``, each call of ``self.out``, and on what."""
    makers = {
        ast.unparse(node.targets[0]): node.value
        for node in ast.walk(tree)
        if isinstance(node, ast.Assign)
        and len(node.targets) == 1
        and isinstance(node.value, ast.Call)
        and ast.unparse(node.value.func).rpartition(".")[2] == _MODULES[function]
    }
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and len(node.args) == 1 and not node.keywords:
            maker = makers.get(ast.unparse(node.func))
            if maker is not None:
                yield maker, node, node.args[0]


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


def without_detach(text: str, lines: Collection[int] = ()) -> str:
    """The one ``detach()`` within a ``forward``, or on the lines known to cut, removed."""
    tree = parse(text)
    if tree is None:
        return text
    within = (
        [tree]
        if lines
        else [n for n in ast.walk(tree) if isinstance(n, ast.FunctionDef) and n.name == "forward"]
    )
    found = [
        node
        for part in within
        for node in ast.walk(part)
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and node.func.attr == "detach"
        and not node.args
        and (not lines or on_lines(node, lines))
    ]
    if len(found) != 1 or not isinstance(found[0].func, ast.Attribute):
        return text
    inner = ast.get_source_segment(text, found[0].func.value)
    return text if inner is None else exchanged(text, found[0], inner)


def on_lines(node: ast.expr | ast.stmt, lines: Collection[int]) -> bool:
    """Whether an expression lies on one of these lines, from 1."""
    return any(node.lineno <= line <= (node.end_lineno or node.lineno) for line in lines)


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
