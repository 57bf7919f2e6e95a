"""torch's own operation in the place of a kernel, where few numbers come and all are finite.

Layer: torch front end, on `rectifier.kernels.choose`, which says for which activations and up to
how many elements. To ask the tensor takes a large part of the time that there is to win, so where
kernels were compiled ``native/shortcut.cpp`` does the same as `Shortcut.run`, its reference.
"""

from __future__ import annotations

import ctypes
from collections.abc import Callable

import numpy as np
import torch
from torch import Tensor
from torch.overrides import has_torch_function_unary

from rectifier.activation import Activation
from rectifier.kernels import choose, native
from rectifier.torch.memory import PLAIN, _dispatching, _strided, _tracing

_transforming = torch._C._are_functorch_transforms_active  # looked up once: this is asked each call
_float32 = torch.float32
_LENDS = getattr(Tensor, "__dlpack_c_exchange_api__", None)
"""How compiled code asks a tensor for its numbers in one call; None before torch 2.10."""


class Shortcut:
    """Whether torch's own operation may run, and running it.

    Attributes:
        operation: torch's own.
        most: Below so many elements it is faster where a gradient is wanted; 0 for never.
        plain: The same where none is.
    """

    def __init__(self, operation: Callable[[Tensor], Tensor], most: int, plain: int) -> None:
        self.operation = operation
        self.most = most
        self.plain = plain
        self._least = min(most, plain)
        self._finite = native.all_finite() or _look_at_floats

    def fits(self, input: Tensor) -> bool:
        """Say whether nobody looks at a tensor, and it is few finite plain numbers of float32."""
        return bool(
            type(input) in PLAIN
            and not has_torch_function_unary(input)
            and not (_transforming() or _dispatching() or _tracing())
            and (
                (size := input.numel()) < self._least
                or size < (self.most if input.requires_grad else self.plain)
            )
            and input.dtype is _float32
            and input.is_cpu
            and not input.is_nested
            and input.layout is _strided
            and input.is_contiguous()
            and (place := input.data_ptr())  # none in a zero tensor of autograd's
            and self._finite(place, size)
        )

    def run(self, input: Tensor) -> Tensor | None:
        """Return torch's own result; None where the tensor does not fit."""
        return self.operation(input) if self.fits(input) else None

    def fastest(self) -> Callable[[Tensor], Tensor | None]:
        """Return what does as `run`: compiled, where the extension module has it."""
        kind = native.shortcut()
        if kind is None:
            return self.run
        asked = (has_torch_function_unary, _transforming, _dispatching, _tracing)
        compiled: Callable[[Tensor], Tensor | None] = kind(
            self.operation, *PLAIN, _float32, _strided, *asked, _LENDS, self.most, self.plain
        ).run
        return compiled


def shortcut(spec: Activation) -> Shortcut:
    """Return the shortcut of an activation, which none takes where torch has no such operation."""
    found = choose.short(spec)
    if found is None:
        return Shortcut(torch.clone, 0, 0)
    name = found.operation.rpartition(".")[2]
    # The compiled function where torch.nn.functional has one of Python around it.
    own = getattr(torch._C._nn, name, None) or getattr(torch, name)
    return Shortcut(own, found.most, found.plain)


def _look_at_floats(place: int, size: int) -> bool:
    numbers = np.ctypeslib.as_array((ctypes.c_float * size).from_address(place))
    return bool(np.isfinite(numbers).all())
