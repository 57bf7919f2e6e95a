"""The value of an expression under any table of operations.

Layer: expression (standard library only). The table decides what the numbers are: Python floats,
NumPy arrays, tensors, intervals or strings of C++. Choosing the table is left to the caller.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from rectifier.errors import ExpressionError
from rectifier.expression.tree import Call, Constant, Expr, Variable, postorder


def evaluate(
    root: Expr, operations: Mapping[str, Callable[..., Any]], values: Mapping[str, Any]
) -> Any:
    """Compute an expression, each shared subexpression once.

    An intermediate result is dropped after its last use, so that few arrays live at a time.

    Args:
        root: The expression.
        operations: What each primitive does, by its name. Constants come as Python floats.
        values: What each variable stands for, by its name.

    Returns:
        The result of the outermost operation; a Python float when the expression is a constant.

    Raises:
        ExpressionError: A variable has no value or a primitive no operation.
    """
    results: list[Any] = []
    for step in _steps(root):
        if isinstance(step.node, Constant):
            results.append(step.node.value)
        elif isinstance(step.node, Variable):
            if step.node.name not in values:
                raise ExpressionError(
                    f"the expression needs a value for {step.node.name!r}; got "
                    f"{', '.join(sorted(values)) or 'none'}."
                )
            results.append(values[step.node.name])
        else:
            if step.op not in operations:
                raise ExpressionError(f"this table of operations has no {step.op!r}.")
            results.append(operations[step.op](*[results[place] for place in step.args]))
            for place in step.last:
                results[place] = None
    return results[-1]


@dataclass(frozen=True, slots=True)
class _Step:
    """One node in the order of computation; arguments are places in the list of results."""

    node: Expr
    op: str
    args: tuple[int, ...]
    last: tuple[int, ...]
    """Which results are used here for the last time."""


@functools.lru_cache(maxsize=512)
def _steps(root: Expr) -> tuple[_Step, ...]:
    """Return the order of computation; remembered, since blocks of an array repeat it."""
    order = list(postorder(root))
    places = {node: place for place, node in enumerate(order)}
    final: dict[int, int] = {}
    arguments: list[tuple[int, ...]] = []
    for place, node in enumerate(order):
        args = node.args if isinstance(node, Call) else ()
        arguments.append(tuple(places[argument] for argument in args))
        final.update(dict.fromkeys(arguments[-1], place))
    return tuple(
        _Step(
            node,
            node.op if isinstance(node, Call) else "",
            arguments[place],
            tuple({argument for argument in arguments[place] if final[argument] == place}),
        )
        for place, node in enumerate(order)
    )
