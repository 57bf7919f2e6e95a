"""Edits of a source text that exchange a number which sets something, where it stands literally.

Layer: doctor; standard library only; for `rectifier.doctor.patch`. A number counts where its name
says what it sets: a keyword, a variable, a key, a default, an option of the command line.
"""

from __future__ import annotations

import ast
import math
import re
from collections.abc import Iterator
from typing import Any

RATE = re.compile(r"(?:^|[_-])(?:lr|lrate|learning[_-]?rate|step[_-]?size|eta)(?:$|[_-]|\d)", re.I)
MOMENTUM = re.compile(r"(?:^|[_-])(?:momentum|mom)$", re.I)
DECAY = re.compile(r"(?:^|[_-])(?:weight[_-]?decay|wd|decay|l2)$", re.I)
EPSILON = re.compile(r"(?:^|[_-])eps(?:ilon)?$", re.I)
_OPTIMIZERS = frozenset({
    "SGD", "Adam", "AdamW", "Adamax", "NAdam", "RAdam", "Adagrad", "Adadelta", "RMSprop",
    "Rprop", "ASGD", "SparseAdam", "LBFGS",
})  # fmt: skip

NEAR = 0.02
"""How far below a literal rate the first one of a schedule may lie."""


def with_rate(text: str, old: float, new: float) -> str:
    """The source with its literal learning rates of that value changed.

    Where a schedule made the rate that was seen, the one literal a little above it is scaled alike.
    """
    edited = with_number(text, RATE, old, new)
    if edited != text:
        return edited
    found = {
        node.value
        for node in _literals(text, RATE)
        if old < node.value <= old * (1 + NEAR)  # a schedule starts, or peaks, there
    }
    if len(found) != 1:
        return text
    top = found.pop()
    return with_number(text, RATE, top, float(f"{new * top / old:.2g}"))


def with_number(text: str, names: re.Pattern[str], old: float, new: float) -> str:
    """The source with each literal of that value that such a name sets changed."""
    places = {
        (node.lineno, node.col_offset, node.end_col_offset)
        for node in _literals(text, names)
        if math.isclose(node.value, old, rel_tol=1e-5)
    }
    lines = text.splitlines(keepends=True)
    for line, start, end in sorted(places, reverse=True):
        raw = lines[line - 1].encode()
        lines[line - 1] = (raw[:start] + f"{new:g}".encode() + raw[end:]).decode()
    return "".join(lines)


def _literals(text: str, names: re.Pattern[str]) -> Iterator[Any]:
    """Constants that are numbers and set what such a name says."""
    try:
        tree = ast.parse(text)
    except SyntaxError:
        return
    for node in _set(tree, names):
        value = node.value if isinstance(node, ast.Constant) else None
        if isinstance(value, int | float) and not isinstance(value, bool):
            yield node


def _set(tree: ast.AST, pattern: re.Pattern[str]) -> Iterator[ast.AST]:
    """Every expression that sets it."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            yield from _of_call(node, pattern)
        elif isinstance(node, ast.Assign):
            if any(pattern.search(name) for target in node.targets for name in _names(target)):
                yield node.value
        elif isinstance(node, ast.AnnAssign):
            if node.value is not None and any(pattern.search(n) for n in _names(node.target)):
                yield node.value
        elif isinstance(node, ast.Dict):
            for key, value in zip(node.keys, node.values, strict=True):
                if isinstance(key, ast.Constant) and pattern.search(str(key.value)):
                    yield value
        elif isinstance(node, ast.arguments):
            named = [*node.posonlyargs, *node.args]
            for argument, value in zip(reversed(named), reversed(node.defaults), strict=False):
                if pattern.search(argument.arg):
                    yield value
            for argument, default in zip(node.kwonlyargs, node.kw_defaults, strict=True):
                if default is not None and pattern.search(argument.arg):
                    yield default


def _of_call(node: ast.Call, pattern: re.Pattern[str]) -> Iterator[ast.AST]:
    flags = [a.value for a in node.args if isinstance(a, ast.Constant) and isinstance(a.value, str)]
    option = any(flag.startswith("-") and pattern.search(flag.lstrip("-")) for flag in flags)
    for keyword in node.keywords:
        if keyword.arg and (pattern.search(keyword.arg) or (option and keyword.arg == "default")):
            yield keyword.value
    of_optimizer = any(name in _OPTIMIZERS for name in _names(node.func))
    if pattern is RATE and of_optimizer and len(node.args) > 1:
        yield node.args[1]


def _names(target: ast.expr) -> Iterator[str]:
    if isinstance(target, ast.Name):
        yield target.id
    elif isinstance(target, ast.Attribute):
        yield target.attr
