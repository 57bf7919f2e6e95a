"""Which parameters of a loss's graph lie behind trained ones, seen from the data.

Part of the torch front end, beside `rectifier.torch.wiring`; `rectifier.watch.census` asks where a
loss gives gradients to parameters that no optimiser holds.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from torch import Tensor

from rectifier.torch.graph import MOST_NODES, above_of, leaf_of


def behind(loss: Tensor, held: Callable[[int], bool]) -> set[int]:
    """Parameters that come into play behind trained ones.

    Args:
        loss: A loss.
        held: Whether the parameter of this id is trained.

    Returns:
        Ids of the parameters that enter an operation another input of which depends on a trained
        one, as a fixed critic's do; those of a body that feeds a trained head are not among them.
    """
    found: set[int] = set()
    depends: dict[int, bool] = {}
    met: dict[int, Any] = {}  # keeps the nodes alive while their ids are used
    stack: list[tuple[Any, bool]] = [] if loss.grad_fn is None else [(loss.grad_fn, False)]
    while stack:
        node, ready = stack.pop()
        above = above_of(node)
        if not ready:
            if id(node) not in met and len(met) < MOST_NODES:
                met[id(node)] = node
                stack.append((node, True))
                stack += [(up, False) for up in above]
            continue
        leaf = getattr(node, "variable", None)
        fed = any(depends.get(id(up), False) for up in above)
        depends[id(node)] = fed or (isinstance(leaf, Tensor) and held(id(leaf)))
        if fed:
            leaves = (leaf_of(up) for up in above)
            found |= {id(t) for t in leaves if t is not None and not held(id(t))}
    return found
