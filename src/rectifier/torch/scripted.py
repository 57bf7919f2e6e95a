"""The activations inside TorchScript modules, whose interpreter calls no Python.

Part of the torch front end's interception (`rectifier.torch.sites`). While a scripted or traced
module runs, a dispatch mode sees the operators that the interpreter calls. It lies below autograd:
outputs have no graph, so which gradients come back is not known, and an activation that the
interpreter composes from other operators is not seen.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import torch
from torch import Tensor
from torch.utils._python_dispatch import TorchDispatchMode

_NAMES: Mapping[str, str] = {
    **{name: name for name in ("relu", "relu6", "gelu", "silu", "mish", "sigmoid", "tanh", "elu")},
    **{name: name for name in ("leaky_relu", "hardswish", "hardsigmoid", "hardtanh", "softplus")},
    **{name: name for name in ("hardshrink", "softshrink", "threshold")},
    "_prelu_kernel": "prelu",
    "log_sigmoid_forward": "logsigmoid",
}
"""Catalog name of each operator that is an activation."""

_WEIGHTED = {"addmm": 2, "mm": 1, "linear": 1, "convolution": 1, "baddbmm": 2, "bmm": 1}
"""Which argument of an operator is its weight."""

Saw = Callable[[str, Tensor, Tensor, int, Callable[[Tensor], Tensor]], None]


class Scripted(TorchDispatchMode):
    """Tells of the activations that run while it is on.

    Args:
        saw: Given the catalog name, the input as it was before, the output, the address of the
            weight that was applied last, and the function.
    """

    def __init__(self, saw: Saw) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self._saw = saw
        self._weight = 0

    def __torch_dispatch__(
        self, func: Any, types: Any, args: tuple[Any, ...] = (), kwargs: Any = None
    ) -> Any:
        given = kwargs or {}
        name: str = func.overloadpacket.__name__
        inplace = name.endswith("_") and not name.startswith("__")
        function = _function(name.removesuffix("_") if inplace else name, args, given)
        tensor = args[0] if args else None
        if function is None or not isinstance(tensor, Tensor):
            place = _WEIGHTED.get(name)
            if place is not None and len(args) > place and isinstance(args[place], Tensor):
                self._weight = args[place].data_ptr()
            return func(*args, **given)
        before = tensor.clone() if inplace else tensor
        result = func(*args, **given)
        output = result[0] if isinstance(result, tuple) else result
        if isinstance(output, Tensor) and output.shape == before.shape:

            def apply(other: Tensor) -> Tensor:
                again = func(other.clone(), *args[1:], **given)
                found: Tensor = again[0] if isinstance(again, tuple) else again
                return found

            self._saw(function, before, output, self._weight, apply)
        return result


def _function(name: str, args: tuple[Any, ...], given: Mapping[str, Any]) -> str | None:
    if name in ("clamp_min", "clamp"):
        low = args[1] if len(args) > 1 else given.get("min")
        high = args[2] if len(args) > 2 else given.get("max")
        if isinstance(low, torch.Tensor) or low != 0:
            return None
        return {None: "relu", 6: "relu6"}.get(high)
    if name == "hardtanh" and args[1:3] == (0, 6):
        return "relu6"
    if name == "threshold":
        return "relu" if args[1:3] == (0, 0) else "threshold"
    if name == "gelu" and given.get("approximate") == "tanh":
        return "gelu_tanh"
    return _NAMES.get(name)
