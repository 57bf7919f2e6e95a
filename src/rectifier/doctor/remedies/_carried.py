"""Exponentials whose logarithm is carried along, so that what is made of them stays finite.

Layer: doctor's remedies, for ``stabilize_loss``. A softmax or a contrastive loss written out as
``exp(x) / exp(x).sum()`` overflows where ``logsumexp`` does not. From the exponential on, for each
result of what is usually done to it (a part, a sum, a product, a quotient), the logarithm is
computed beside it from the logarithms; a quotient or a logarithm of such is then taken from these.
Source: Blanchard, Higham and Higham 2021, "Accurately computing the log-sum-exp and softmax
functions", section 1.
"""

from __future__ import annotations

import math
import weakref
from typing import Any

import torch
from torch import Tensor

PARTS = frozenset({
    "getitem", "diagonal", "diag", "gather", "view", "reshape", "unsqueeze", "squeeze", "t",
    "transpose", "index_select", "masked_select", "flatten", "expand", "take_along_dim",
})  # fmt: skip
"""What picks or turns elements, and does the same to their logarithms."""

SUMS = frozenset({"sum", "mean"})
PAIRS = frozenset({"add", "sub", "mul", "multiply", "subtract"})
QUOTIENTS = frozenset({"div", "true_divide", "truediv", "divide"})
LOGARITHMS = {"log": 1.0, "log2": math.log(2.0), "log10": math.log(10.0)}

_PLAIN = PARTS | SUMS | PAIRS | QUOTIENTS | set(LOGARITHMS)
NAMES = frozenset({*_PLAIN, *map("__{}__".format, _PLAIN - set(LOGARITHMS) - {"t"})})
"""Of functions that `Carried.call` is to be given."""


class Carried:
    """Knows the logarithms of what came of an exponential."""

    def __init__(self) -> None:
        self._known: dict[int, tuple[weakref.ref[Tensor], Tensor]] = {}

    def know(self, result: Tensor, log: Tensor) -> None:
        """The logarithm of a result, known as long as anybody holds the result."""
        key = id(result)
        self._known[key] = weakref.ref(result, lambda _: self._known.pop(key, None)), log

    def _log(self, value: Any) -> Tensor | None:
        known = self._known.get(id(value)) if self._known else None
        return known[1] if known is not None and known[0]() is value else None

    def call(
        self, name: str, func: Any, args: tuple[Any, ...], kwargs: dict[str, Any]
    ) -> Tensor | None:
        """The result of a call that is made of known logarithms; None where it is not.

        Args:
            name: Of the function, without underscores around it.
            func: The function.
            args: What it is given.
            kwargs: Likewise, by name.
        """
        log = self._log(args[0]) if args else None
        if log is None:
            return None
        if name in LOGARITHMS:
            return log / LOGARITHMS[name]
        if name in QUOTIENTS:
            below = _logarithm(self._log(args[1]), args[1]) if len(args) == 2 else None
            if below is None or kwargs:
                return None
            result = torch.exp(log - below)
            self.know(result, log - below)
            return result
        made = self._made(name, func, log, args, kwargs)
        if made is None:
            return None
        result = func(*args, **kwargs)
        if not isinstance(result, Tensor) or result.shape != made.shape:
            return None
        self.know(result, made)
        return result

    def _made(
        self, name: str, func: Any, log: Tensor, args: tuple[Any, ...], kwargs: dict[str, Any]
    ) -> Tensor | None:
        if name in PARTS:
            turned = name != "diag" or log.dim() == 2  # a vector's would be filled with noughts
            made = func(log, *args[1:], **kwargs) if turned else None
            return made if isinstance(made, Tensor) else None
        if name in SUMS:
            return _summed(name, log, args, kwargs)
        if name in PAIRS and len(args) == 2 and not kwargs:
            other = _logarithm(self._log(args[1]), args[1])
            if other is None:
                return None
            if name in ("add",):
                return torch.logaddexp(log, other)
            if name in ("mul", "multiply"):
                return log + other
            less = (other - log).clamp_max(-torch.finfo(log.dtype).eps)
            return log + torch.log1p(-torch.exp(less))
        return None


def _summed(name: str, log: Tensor, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Tensor | None:
    dim = kwargs.get("dim", kwargs.get("axis", args[1] if len(args) > 1 else None))
    keep = bool(kwargs.get("keepdim", args[2] if len(args) > 2 else False))
    if kwargs.get("dtype") is not None or isinstance(dim, torch.dtype):
        return None
    dims = tuple(range(log.dim())) if dim is None else dim
    made = torch.logsumexp(log, dims, keepdim=keep)
    return made - math.log(log.numel() / made.numel()) if name == "mean" else made


def _logarithm(known: Tensor | None, value: Any) -> Tensor | None:
    """Of the other operand: known, or of a number or a constant tensor that is never negative."""
    if known is not None:
        return known
    if isinstance(value, int | float) and value > 0:
        return torch.tensor(math.log(value))
    if isinstance(value, Tensor) and not value.requires_grad and bool((value >= 0).all()):
        return value.detach().to(torch.get_default_dtype()).log()
    return None
