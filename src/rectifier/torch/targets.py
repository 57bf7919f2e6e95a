"""Target and prediction of a loss, read from what autograd's nodes keep for the backward pass.

Part of the torch front end, beside `rectifier.torch.wiring`. Losses by call keep both; of one
written by hand the difference is kept, and the prediction where an activation made it.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

from rectifier.torch.graph import above_of, name_of

REGRESSIONS = frozenset({"mse_loss", "smooth_l1_loss", "huber_loss"})


def target_of(way: tuple[Any, ...], output: Tensor | None) -> tuple[Tensor | None, Tensor | None]:
    """Target and prediction of a regression loss on the way, written as a call or by hand."""
    for place, node in enumerate(way):
        name = name_of(node)
        if name in REGRESSIONS:
            return saved(node, "target"), saved(node, "self")
        difference, minus = _difference(node, way[place + 1 :])
        if difference is None or output is None:
            continue
        start = way.index(minus) + 1
        shown = _shaped(output, way[start:-1], difference.shape)
        if shown is None:
            continue
        first = minus.next_functions[0][0] is not None
        return (shown - difference if first else shown + difference), shown
    return None, None


def difference_of(way: tuple[Any, ...]) -> Tensor | None:
    """Target minus output of a loss by hand, where the difference is all that is kept of them."""
    for place, node in enumerate(way):
        difference, minus = _difference(node, way[place + 1 :])
        if difference is not None:
            return -difference if minus.next_functions[0][0] is not None else difference
    return None


def _difference(node: Any, rest: tuple[Any, ...]) -> tuple[Tensor | None, Any]:
    """What a loss by hand is made of, target minus prediction or the reverse, and its node.

    Squares and absolute values keep it; a quantile loss, ``max(q * e, (q - 1) * e)``, keeps two
    multiples of it whose difference it is.
    """
    name = name_of(node)
    minus = rest[0] if rest else None
    difference = None
    if name in ("pow", "abs", "linalg_vector_norm", "mul"):
        difference = saved(node, "self")
    elif name == "maximum" and len(rest) > 1 and name_of(rest[0]) == "mul":
        minus = rest[1]
        one, other = saved(node, "self"), saved(node, "other")
        both = above_of(node)
        scaled = [above_of(up) for up in both if name_of(up) == "mul"]
        of = [[name_of(up), *above_of(up)] for ups in scaled for up in ups]
        if one is not None and other is not None and of == [["sub", *above_of(minus)]] * 2:
            difference = one - other if _rising(both) else other - one
    if minus is None or name_of(minus) != "sub" or len(above_of(minus)) != 1:
        return None, None
    return difference, minus


def _rising(both: list[Any]) -> bool:
    """Of two multiples of a difference, whether the first has the larger factor."""
    factors = []
    for node in both:
        first = node.next_functions[0][0] is not None
        factor = saved(node, "other" if first else "self")
        if factor is None:
            plain = getattr(node, "_saved_other" if first else "_saved_self", 0.0)
            factors.append(float(plain) if isinstance(plain, int | float) else 0.0)
        else:
            factors.append(float(factor.double().mean()))
    return factors[0] > factors[1]


def _shaped(output: Tensor, between: tuple[Any, ...], shape: torch.Size) -> Tensor | None:
    """The output in the shape of what it was compared to; None where more was done to it."""
    for node in reversed(between):
        name = name_of(node)
        if name == "select":
            output = output.select(_signed(node._saved_dim), _signed(node._saved_index))
        elif name not in ("squeeze", "unsqueeze", "view", "unsafe_view", "reshape", "alias"):
            return None
    return output.reshape(shape) if output.numel() == shape.numel() else None


def _signed(value: Any) -> int:
    """A number that a node keeps as if it had no sign."""
    return int(value) - 2**64 if int(value) >= 2**63 else int(value)


def saved(node: Any, *names: str) -> Tensor | None:
    """A tensor that a node keeps; None where it has none of that name or it was overwritten."""
    for name in names:
        try:
            value = getattr(node, f"_saved_{name}", None)
        except RuntimeError:
            return None
        if isinstance(value, Tensor):
            return value.detach()
    return None


def dimension_of(node: Any, output: Tensor) -> int:
    """The dimension that a softmax was taken along; the last where that is not known."""
    place = _signed(getattr(node, "_saved_dim", -1))
    return place if -output.dim() <= place < output.dim() else -1
