"""Sees the calls that apply a gated unit to both its halves at once: ``F.glu`` and its like.

Layer: torch front end, below `rectifier.torch.followers`. Such a call is no site of
`rectifier.torch.sites`, whose input and output have one shape.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from torch import Tensor
from torch.nn import functional as F
from torch.overrides import TorchFunctionMode

from rectifier import catalog
from rectifier.activation import Activation

_UNITS: Mapping[Any, str] = {F.glu: "glu"}
"""Functions of torch, and what the catalog calls them."""

Told = Callable[[Activation, Tensor, Tensor], None]


class _Seeing(TorchFunctionMode):
    def __init__(self, tell: Told) -> None:
        super().__init__()
        self._tell = tell

    def __torch_function__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        output = func(*args, **(kwargs or {}))
        name = _UNITS.get(func)
        if name is not None:
            self._tell(catalog.gated(name), args[0] if args else kwargs["input"], output)
        return output


@contextlib.contextmanager
def seen(tell: Told) -> Iterator[None]:
    """Have every such call told of: the unit, its input of both halves, its output."""
    with _Seeing(tell):
        yield
