"""What a call was given.

Part of the torch front end's interception (`rectifier.torch.sites`).
"""

from __future__ import annotations

import sys
from collections.abc import Mapping
from types import FrameType
from typing import Any

from torch import Tensor
from torch.nn.modules import module as global_hooks

_CALLING = frozenset({"inner", "_call_impl"})
"""Who calls a module's hooks: the first since torch 2.5, the second before."""


def first_floating(value: Any, depth: int = 0) -> Tensor | None:
    """The first floating-point tensor in a nest of tuples, lists and dicts."""
    if isinstance(value, Tensor):
        return value if value.is_floating_point() else None
    if depth > 3:
        return None
    if isinstance(value, Mapping):
        value = list(value.values())
    if isinstance(value, list | tuple):
        for item in value:
            found = first_floating(item, depth + 1)
            if found is not None:
                return found
    return None


def keywords() -> Mapping[str, Any]:
    """The keyword arguments of the module call under way: global hooks are not given them."""
    frame = _calling()
    found = None if frame is None else frame.f_locals.get("kwargs")
    return found if isinstance(found, dict) else {}


def _calling() -> FrameType | None:
    frame: FrameType | None = sys._getframe(1)
    while frame is not None:
        code = frame.f_code
        if code.co_name in _CALLING and code.co_filename == global_hooks.__file__:
            return frame
        frame = frame.f_back
    return None
