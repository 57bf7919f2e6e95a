"""A network's own arguments, checked against what its ``build`` says it takes. Layer: training."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping, Sequence
from typing import Any, get_args, get_origin, get_type_hints

from rectifier.errors import InvalidInputError

_COMMON = frozenset({"inputs", "classes", "activation", "init", "generator"})
_SHARES = frozenset({"dropout", "drop_path"})
"""Arguments that are shares: from 0 up to, but not, 1."""


def check(
    model: str,
    build: Callable[..., object],
    sizes: Mapping[str, Any],
    also: Mapping[str, type] | None = None,
) -> None:
    """Raise unless a network takes these arguments.

    Args:
        model: Name of the network, for the message.
        build: Its function; what it says of its arguments by annotations is held to.
        sizes: Arguments by name.
        also: Names that the training takes besides, with their types.

    Raises:
        InvalidInputError: There is no such argument, or it cannot have that value.
    """
    parameters = inspect.signature(build).parameters
    if any(each.kind is inspect.Parameter.VAR_KEYWORD for each in parameters.values()):
        return
    hints = {**get_type_hints(build), **(also or {})}
    known = [*(name for name in parameters if name not in _COMMON), *(also or {})]
    for name, value in sizes.items():
        if name not in known:
            told = f"it has {', '.join(known)}" if known else "it has none of its own"
            raise InvalidInputError(f"{model} has no argument {name!r}; {told}")
        wanted = _refused(name, value, hints.get(name))
        if wanted is not None:
            raise InvalidInputError(f"{name} of {model} must be {wanted}; {_text(value)} came")


def _refused(name: str, value: Any, kind: Any) -> str | None:
    """What an argument of a kind must be, if a value is not that; None: it is, or is not known."""
    if kind is None:
        return None
    options = get_args(kind) if get_origin(kind) is not tuple else ()
    if type(None) in options:
        if value is None:
            return None
        others = [each for each in options if each is not type(None)]
        return _refused(name, value, others[0]) if len(others) == 1 else None
    whole = isinstance(value, int) and not isinstance(value, bool)
    if kind is bool:
        return None if isinstance(value, bool) else "true or false"
    if kind is int:
        return None if whole and value >= 1 else "a whole number of at least 1"
    if kind is float:
        number = isinstance(value, float) or whole
        if name in _SHARES:
            return None if number and 0 <= value < 1 else "a number from 0 up to, but not, 1"
        return None if number and 0 < value < float("inf") else "a number above 0"
    if get_origin(kind) is tuple:
        return _refused_tuple(value, get_args(kind))
    if kind == Sequence[int]:
        return _refused_tuple(value, (int, ...))
    return None


def _refused_tuple(value: Any, kinds: tuple[Any, ...]) -> str | None:
    count = None if kinds[-1:] == (...,) else len(kinds)
    if set(kinds) - {int, ...}:
        return None
    right = (
        isinstance(value, tuple)
        and len(value) > 0
        and (count is None or len(value) == count)
        and all(isinstance(each, int) and each >= 1 for each in value)
    )
    if right:
        return None
    many = "whole numbers" if count is None else f"{count} whole numbers"
    return f"{many} of at least 1 in brackets, such as {[8] * (count or 2)}"


def _text(value: Any) -> str:
    return str(list(value)) if isinstance(value, tuple) else repr(value)
