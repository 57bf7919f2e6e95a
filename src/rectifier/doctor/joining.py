"""Edits of a source text by which parameters that are left out are trained.

Layer: doctor; standard library only; for `rectifier.doctor.patch`. What ``add_to_optimizer`` does
in a rerun, written into the program where the place is certain: the optimiser's parameters, a plain
list of layers, a step that is missing or stands in the wrong order, a freeze, a ``no_grad``. Each
function returns the text as it was where there is not exactly one place.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator, Sequence
from typing import cast

from rectifier.doctor.edits import exchanged, optimizer_of, parse, without_detach
from rectifier.doctor.insertions import variable_of
from rectifier.doctor.passing import with_soft_choice

_LAYERS = ("Linear", "Conv", "RNN", "GRU", "LSTM", "Embedding", "Norm", "Sequential", "Block")


def with_parameters(
    text: str,
    how: str,
    names: Sequence[str],
    unregistered: bool,
    models: Sequence[str] = (),
    cuts: Sequence[tuple[str, int]] = (),
) -> str:
    """The edit for one way of being left out.

    Args:
        text: The source.
        how: As the remedy's setting.
        names: Qualified names of the parameters.
        unregistered: Whether no module registers them.
        models: Classes of the root modules that they belong to, as far as known.
        cuts: What cut them off (``detach`` or ``argmax``) on which lines, as far as known.
    """
    if how in ("step_too", "keep"):
        return text  # after which of several passes, or under what name, no text tells
    if how == "attach":
        detached = {line for kind, line in cuts if kind == "detach"}
        chosen = {line for kind, line in cuts if kind == "argmax"}
        if detached and chosen:
            return text
        if chosen:
            return with_soft_choice(text, chosen)
        edited = without_detach(text, detached)
        return edited if edited != text else _without_no_grad(text)
    if how == "unfreeze":
        return _thawed(text)
    if how == "step":
        return _stepping(text)
    if how == "keep_gradient":
        return _cleared_before(text)
    if how == "write":
        return _in_place(text)
    return _registered(text) if unregistered else _joined(text, names, models)


def _joined(text: str, names: Sequence[str], models: Sequence[str]) -> str:
    """The one optimiser holds the whole model, or takes a layer that was attached after it."""
    tree = parse(text)
    if tree is None:
        return text
    held = [
        (node, found)
        for node in ast.walk(tree)
        if isinstance(node, ast.Assign) and (found := optimizer_of(node, text))
    ]
    if len(held) != 1:
        return text
    statement, (optimizer, parameters) = held[0]
    of = parameters.removesuffix(".parameters()")
    model, _, part = of.partition(".")
    other = variable_of(text, models[0]) if len(set(models)) == 1 else None
    if other is not None and other[0] != model and other[1] < statement.lineno and not part:
        both = f"[*{other[0]}.parameters(), *{parameters}]"
        return exchanged(text, cast("ast.Call", statement.value).args[0], both)
    first = {name.partition(".")[0] for name in names}
    if len(first) == 1:
        layer = first.copy().pop()
        late = [
            node
            for node in ast.walk(tree)
            if isinstance(node, ast.Assign)
            and len(node.targets) == 1
            and ast.unparse(node.targets[0]) == f"{model}.{layer}"
            and node.lineno > statement.lineno
            and node.col_offset == statement.col_offset
        ]
        if len(late) == 1 and not part:
            lines = text.splitlines(keepends=True)
            end = late[0].end_lineno or late[0].lineno
            indent = " " * late[0].col_offset
            given = f'{{"params": {model}.{layer}.parameters()}}'
            lines.insert(end, f"{indent}{optimizer}.add_param_group({given})\n")
            return "".join(lines)
    if part and part.isidentifier() and names and part not in first and "" not in first:
        held_now = cast("ast.Call", statement.value).args[0]
        return exchanged(text, held_now, f"{model}.parameters()")
    return text


def _registered(text: str) -> str:
    """The one plain list of layers made a ``ModuleList``."""
    tree = parse(text)
    if tree is None:
        return text
    prefix = "nn" if _has_nn(tree) else "torch.nn"
    found = [
        node.value
        for node in ast.walk(tree)
        if isinstance(node, ast.Assign)
        and len(node.targets) == 1
        and isinstance(node.targets[0], ast.Attribute)
        and isinstance(node.value, ast.List | ast.ListComp)
        and _of_layers(node.value, node.targets[0], tree)
    ]
    segment = ast.get_source_segment(text, found[0]) if len(found) == 1 else None
    if segment is None:
        return text
    return exchanged(text, found[0], f"{prefix}.ModuleList({segment if segment != '[]' else ''})")


def _has_nn(tree: ast.AST) -> bool:
    return any(
        (isinstance(node, ast.ImportFrom) and any(a.name == "nn" for a in node.names))
        or (isinstance(node, ast.Import) and any(a.asname == "nn" for a in node.names))
        for node in ast.walk(tree)
    )


def _of_layers(value: ast.List | ast.ListComp, target: ast.Attribute, tree: ast.AST) -> bool:
    """Whether a list holds layers, or is filled with them by ``append``."""
    parts = value.elts if isinstance(value, ast.List) else [value.elt]
    if not parts:
        parts = [
            node.args[0]
            for node in ast.walk(tree)
            if isinstance(node, ast.Call)
            and ast.unparse(node.func) == f"{ast.unparse(target)}.append"
            and node.args
        ]
    called = [ast.unparse(part.func) for part in parts if isinstance(part, ast.Call)]
    return bool(called) and all(any(word in name for word in _LAYERS) for name in called)


def _thawed(text: str) -> str:
    """The one freeze taken back."""
    tree = parse(text)
    if tree is None:
        return text
    found: list[ast.expr] = []
    for node in ast.walk(tree):
        if isinstance(node, ast.Assign) and _is_false(node.value):
            if ast.unparse(node.targets[0]).endswith(".requires_grad"):
                found.append(node.value)
        elif isinstance(node, ast.Call) and ast.unparse(node.func).endswith(".requires_grad_"):
            found += [value for value in node.args[:1] if _is_false(value)]
    return exchanged(text, found[0], "True") if len(found) == 1 else text


def _is_false(value: ast.expr) -> bool:
    return isinstance(value, ast.Constant) and value.value is False


def _calls(tree: ast.AST, method: str) -> Iterator[tuple[ast.Expr, ast.Call]]:
    """Statements that call a method and do nothing else."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Expr) and _method(node) == method:
            yield node, cast("ast.Call", node.value)


def _stepping(text: str) -> str:
    """A step right behind the one backward pass, of the one optimiser."""
    tree = parse(text)
    if tree is None:
        return text
    made = [found[0] for node in ast.walk(tree) if (found := optimizer_of(node, text))]
    back = [statement for statement, _ in _calls(tree, "backward")]
    if len(made) != 1 or len(back) != 1:
        return text
    if any(ast.unparse(call.func) == f"{made[0]}.step" for _, call in _calls(tree, "step")):
        return text
    lines = text.splitlines(keepends=True)
    end = back[0].end_lineno or back[0].lineno
    if lines[back[0].lineno - 1][: back[0].col_offset].strip():
        return text
    lines.insert(end, f"{' ' * back[0].col_offset}{made[0]}.step()\n")
    return "".join(lines)


def _in_place(text: str) -> str:
    """The one ``p = p - step`` in a loop over ``p`` made ``p -= step``."""
    tree = parse(text)
    if tree is None:
        return text
    found = []
    for loop in ast.walk(tree):
        if not isinstance(loop, ast.For):
            continue
        names = {node.id for node in ast.walk(loop.target) if isinstance(node, ast.Name)}
        for node in ast.walk(loop):
            if not isinstance(node, ast.Assign) or not isinstance(node.value, ast.BinOp):
                continue
            name, value = ast.unparse(node.targets[-1]), node.value
            taken = isinstance(value.op, ast.Sub | ast.Add) and ast.unparse(value.left) == name
            if len(node.targets) == 1 and taken and name in names:
                found.append((node, value))
    if len(found) != 1:
        return text
    statement, value = found[0]
    sign = "-" if isinstance(value.op, ast.Sub) else "+"
    source = ast.get_source_segment(text, value.right) or ast.unparse(value.right)
    lines = text.splitlines(keepends=True)
    if statement.lineno != statement.end_lineno:
        return text
    line = lines[statement.lineno - 1].encode()
    start, end = statement.col_offset, statement.end_col_offset or 0
    new = f"{ast.unparse(statement.targets[0])} {sign}= {source}".encode()
    lines[statement.lineno - 1] = (line[:start] + new + line[end:]).decode()
    return "".join(lines)


def _cleared_before(text: str) -> str:
    """``zero_grad`` moved from behind the backward pass to before it."""
    tree = parse(text)
    if tree is None:
        return text
    found = []
    for node in ast.walk(tree):
        body = getattr(node, "body", None)
        if not isinstance(body, list):
            continue
        kinds = [_method(statement) for statement in body]
        for place, kind in enumerate(kinds):
            if kind == "zero_grad" and "backward" in kinds[:place] and "step" in kinds[place:]:
                found.append((body[place], body[kinds.index("backward")]))
    if len(found) != 1:
        return text
    clearing, backward = found[0]
    lines = text.splitlines(keepends=True)
    if clearing.lineno != clearing.end_lineno or backward.lineno >= clearing.lineno:
        return text
    line = lines.pop(clearing.lineno - 1)
    lines.insert(backward.lineno - 1, line)
    return "".join(lines)


def _method(statement: ast.stmt) -> str:
    call = statement.value if isinstance(statement, ast.Expr) else None
    function = call.func if isinstance(call, ast.Call) else None
    return function.attr if isinstance(function, ast.Attribute) else ""


def _without_no_grad(text: str) -> str:
    """The one ``@torch.no_grad()`` on a method of a module removed, evaluation apart."""
    tree = parse(text)
    if tree is None:
        return text
    lines = text.splitlines(keepends=True)
    found = [
        decorator
        for owner in ast.walk(tree)
        if isinstance(owner, ast.ClassDef) and any("Module" in ast.unparse(b) for b in owner.bases)
        for method in owner.body
        if isinstance(method, ast.FunctionDef)
        for decorator in method.decorator_list
        if "no_grad" in ast.unparse(decorator) or "inference_mode" in ast.unparse(decorator)
    ]
    if len(found) != 1 or lines[found[0].lineno - 1].strip() != f"@{ast.unparse(found[0])}":
        return text
    lines.pop(found[0].lineno - 1)
    return "".join(lines)
