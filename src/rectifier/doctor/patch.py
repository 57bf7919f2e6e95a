"""The edit that makes a remedy permanent, as a unified diff against the user's source.

Layer: doctor; standard library only. An edit is proposed only where the place is certain: a literal
learning rate of the value that did not suit, in a place that sets one; the call of an activation on
the line where its site was seen; the one output activation; the one step of the one optimiser.
Elsewhere there is no patch; nothing is ever written.
"""

from __future__ import annotations

import ast
import difflib
import math
import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from rectifier.doctor.additions import with_activations, with_fresh_weights, with_guard
from rectifier.doctor.edits import with_clipping, with_logarithm, without_output
from rectifier.doctor.finding import Remedy
from rectifier.doctor.insertions import Place, with_normalization, with_normalized_input
from rectifier.doctor.joining import with_parameters

_RATE = re.compile(r"(?:^|[_-])(?:lr|lrate|learning[_-]?rate|step[_-]?size|eta)(?:$|[_-]|\d)", re.I)
_OPTIMIZERS = frozenset({
    "SGD", "Adam", "AdamW", "Adamax", "NAdam", "RAdam", "Adagrad", "Adadelta", "RMSprop",
    "Rprop", "ASGD", "SparseAdam", "LBFGS",
})  # fmt: skip
_EDITED = frozenset({
    "clip_gradients", "remove_output_activation", "add_activation", "stabilize_loss",
    "reinitialize", "add_to_optimizer", "normalize_input", "insert_normalization",
})  # fmt: skip
_SPELLINGS: Mapping[str, tuple[str, ...]] = {
    "relu": ("F.relu", "functional.relu", "torch.relu", "nn.ReLU"),
    "sigmoid": ("torch.sigmoid", "F.sigmoid", "functional.sigmoid", "nn.Sigmoid"),
    "tanh": ("torch.tanh", "F.tanh", "functional.tanh", "nn.Tanh"),
}
_REPLACEMENTS: Mapping[str, Mapping[str, str]] = {
    "leaky_relu": {
        "F": "F.leaky_relu",
        "functional": "functional.leaky_relu",
        "torch": "torch.nn.functional.leaky_relu",
        "nn": "nn.LeakyReLU",
    },
    "relu": {
        "F": "F.relu",
        "functional": "functional.relu",
        "torch": "torch.relu",
        "nn": "nn.ReLU",
    },
}


def patch_for(
    script: Path,
    remedies: Sequence[Remedy],
    sources: Mapping[str, str],
    folder: Path,
    places: Mapping[str, Place] | None = None,
) -> str:
    """The edits for some remedies.

    Args:
        script: The user's script.
        remedies: What was done.
        sources: For each site its ``file.py:line``.
        folder: What the files of ``sources`` are named relative to.
        places: What is known of each layer.

    Returns:
        A unified diff, empty where no edit is certain.
    """
    edits: dict[Path, str] = {}

    def text_of(path: Path) -> str | None:
        if path not in edits:
            try:
                edits[path] = path.read_text(encoding="utf-8")
            except (OSError, UnicodeDecodeError):
                return None
        return edits[path]

    for remedy in remedies:
        if remedy.action in _EDITED:
            text = text_of(script)
            if text is not None:
                edits[script] = _edited(text, remedy, places or {})
        elif remedy.action in ("lower_learning_rate", "raise_learning_rate"):
            text = text_of(script)
            if text is not None:
                old, new = float(remedy.settings["from"]), float(remedy.settings["to"])
                edits[script] = _with_rate(text, old, new)
        elif remedy.action == "swap_activation" and not remedy.scope.get("reinitialize"):
            for site in remedy.scope.get("sites", ()):
                file, _, line = sources.get(site, "").rpartition(":")
                path = folder / file
                text = text_of(path) if file and line.isdigit() else None
                if text is not None:
                    names = str(remedy.settings["from"]), str(remedy.settings["to"])
                    edits[path] = _with_activation(text, int(line), *names)
    return "".join(_diff(path, text, folder) for path, text in edits.items())


def _edited(text: str, remedy: Remedy, places: Mapping[str, Place]) -> str:
    layers = remedy.scope.get("layers", ())
    if remedy.action == "normalize_input":
        return with_normalized_input(text, layers, remedy.settings, places)
    if remedy.action == "insert_normalization":
        return with_normalization(text, layers, places)
    if remedy.action == "clip_gradients":
        return with_clipping(text, float(remedy.settings["max_norm"]))
    if remedy.action == "add_activation":
        return with_activations(text, layers, str(remedy.settings.get("function", "relu")))
    if remedy.action == "stabilize_loss":
        return with_guard(text)
    if remedy.action == "reinitialize":
        return text if remedy.settings.get("alike") else with_fresh_weights(text)
    if remedy.action == "add_to_optimizer":
        how, names = str(remedy.settings.get("how", "")), remedy.scope.get("parameters", ())
        unregistered = bool(remedy.scope.get("unregistered"))
        known = [places.get(name.rpartition(".")[0]) for name in names]
        models = [place.model if place else "" for place in known]
        return with_parameters(text, how, names, unregistered, models)
    function, instead = remedy.settings.get("function", ""), remedy.settings.get("to", "")
    if remedy.settings.get("log"):
        return with_logarithm(text, str(function))
    return without_output(text, str(function), str(instead))


def _diff(path: Path, text: str, folder: Path) -> str:
    before = path.read_text(encoding="utf-8")
    if before == text:
        return ""
    try:
        name = path.resolve().relative_to(folder.resolve()).as_posix()
    except ValueError:
        name = path.name
    lines = difflib.unified_diff(
        before.splitlines(keepends=True), text.splitlines(keepends=True), f"a/{name}", f"b/{name}"
    )
    ended = (
        line if line.endswith("\n") else f"{line}\n\\ No newline at end of file\n" for line in lines
    )
    return "".join(ended)


def _with_rate(text: str, old: float, new: float) -> str:
    """The source with its literal learning rates of that value changed."""
    try:
        tree = ast.parse(text)
    except SyntaxError:
        return text
    places = {
        (node.lineno, node.col_offset, node.end_col_offset)
        for node in _rates(tree)
        if isinstance(node, ast.Constant)
        and isinstance(node.value, int | float)
        and not isinstance(node.value, bool)
        and math.isclose(node.value, old, rel_tol=1e-5)
        and node.end_col_offset is not None
    }
    lines = text.splitlines(keepends=True)
    for line, start, end in sorted(places, reverse=True):
        raw = lines[line - 1].encode()
        lines[line - 1] = (raw[:start] + f"{new:g}".encode() + raw[end:]).decode()
    return "".join(lines)


def _rates(tree: ast.AST) -> Iterator[ast.AST]:
    """Every expression that sets a learning rate."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            yield from _rates_of_call(node)
        elif isinstance(node, ast.Assign):
            if any(_RATE.search(name) for target in node.targets for name in _names(target)):
                yield node.value
        elif isinstance(node, ast.AnnAssign):
            if node.value is not None and any(_RATE.search(n) for n in _names(node.target)):
                yield node.value
        elif isinstance(node, ast.Dict):
            for key, value in zip(node.keys, node.values, strict=True):
                if isinstance(key, ast.Constant) and _RATE.search(str(key.value)):
                    yield value
        elif isinstance(node, ast.arguments):
            named = [*node.posonlyargs, *node.args]
            for argument, value in zip(reversed(named), reversed(node.defaults), strict=False):
                if _RATE.search(argument.arg):
                    yield value
            for argument, default in zip(node.kwonlyargs, node.kw_defaults, strict=True):
                if default is not None and _RATE.search(argument.arg):
                    yield default


def _rates_of_call(node: ast.Call) -> Iterator[ast.AST]:
    flags = [a.value for a in node.args if isinstance(a, ast.Constant) and isinstance(a.value, str)]
    option = any(flag.startswith("-") and _RATE.search(flag.lstrip("-")) for flag in flags)
    for keyword in node.keywords:
        if keyword.arg and (_RATE.search(keyword.arg) or (option and keyword.arg == "default")):
            yield keyword.value
    if any(name in _OPTIMIZERS for name in _names(node.func)) and len(node.args) > 1:
        yield node.args[1]


def _names(target: ast.expr) -> Iterator[str]:
    if isinstance(target, ast.Name):
        yield target.id
    elif isinstance(target, ast.Attribute):
        yield target.attr


def _with_activation(text: str, line: int, old: str, new: str) -> str:
    """The source with the one call of ``old`` on that line replaced; as it was if not just one."""
    lines = text.splitlines(keepends=True)
    if not 1 <= line <= len(lines) or new not in _REPLACEMENTS:
        return text
    found = [
        (match, spelling)
        for spelling in _SPELLINGS.get(old, ())
        for match in re.finditer(rf"(?<!\w){re.escape(spelling)}(?=\()", lines[line - 1])
    ]
    if len(found) != 1:
        return text
    match, spelling = found[0]
    replacement = _REPLACEMENTS[new][spelling.partition(".")[0]]
    lines[line - 1] = (
        lines[line - 1][: match.start()] + replacement + lines[line - 1][match.end() :]
    )
    return "".join(lines)
