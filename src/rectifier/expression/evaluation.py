"""The value of an expression under any table of operations.

Layer: expression (standard library only). The table decides what the numbers are: Python floats,
NumPy arrays, tensors, intervals or strings of C++. Choosing the table is left to the caller.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
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
    order = list(postorder(root))
    uses = Counter(argument for node in order if isinstance(node, Call) for argument in node.args)
    uses[root] += 1
    results: dict[Expr, Any] = {}
    for node in order:
        if isinstance(node, Constant):
            results[node] = node.value
        elif isinstance(node, Variable):
            if node.name not in values:
                raise ExpressionError(
                    f"the expression needs a value for {node.name!r}; got "
                    f"{', '.join(sorted(values)) or 'none'}."
                )
            results[node] = values[node.name]
        elif isinstance(node, Call):
            if node.op not in operations:
                raise ExpressionError(f"this table of operations has no {node.op!r}.")
            results[node] = operations[node.op](*[results[argument] for argument in node.args])
            for argument in node.args:
                uses[argument] -= 1
                if not uses[argument]:
                    del results[argument]
    return results[root]
