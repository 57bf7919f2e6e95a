"""Activations in operations that every format for exchange has, for ``torch.onnx.export``.

Layer: torch front end, on `rectifier.analysis.portable`. ONNX has no erfc, log1p or expm1, and
ONNX Runtime no fp64 kernel for erf, softplus and atan, so the fp64 graphs that `torch.compile` gets
do not run there, and in fp32 the tails would be lost. These are written in exponentials, logarithms
and polynomials instead, in fp32 for types up to it. Nothing here is differentiated: what is
exported is for inference.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import torch
from torch import Tensor

from rectifier.activation import Activation
from rectifier.analysis import portable
from rectifier.analysis.portable import Precision


def compute(spec: Activation, x: Tensor, values: Mapping[str, float | Tensor]) -> Tensor:
    """Compute an activation by operations that can be exported.

    Args:
        spec: The activation.
        x: The input, floating.
        values: The parameters, as numbers or as tensors that broadcast against `x`.

    Returns:
        A tensor of the shape and type of `x`.
    """
    precision: Precision = "float64" if x.dtype == torch.float64 else "float32"
    working = getattr(torch, precision)
    given = {
        name: value.to(working) if isinstance(value, Tensor) else float(value)
        for name, value in values.items()
    }
    result: Tensor = portable.compute(
        spec.value_expression, _Library, precision, {"x": x.to(working), **given}
    )
    return result.to(x.dtype)


def _beyond(a: Any, b: Any, is_beyond: Callable[[Tensor, float], Tensor]) -> Tensor:
    # Neither torch.clamp nor a minimum with a number: a Clip of ONNX with one bound has the largest
    # finite number as the other, and ONNX Script (0.7) makes Clips of the bounds of one tensor
    # whose constants get the same name. A comparison with NaN is false and keeps it.
    if not isinstance(a, Tensor):
        a, b = b, a
    return torch.where(is_beyond(a, b), b, a)


class _Library:
    """Tensor operations under NumPy's names, as `rectifier.analysis.portable` wants them."""

    abs = staticmethod(torch.abs)
    arctan = staticmethod(torch.atan)
    cos = staticmethod(torch.cos)
    exp = staticmethod(torch.exp)
    isnan = staticmethod(torch.isnan)
    log = staticmethod(torch.log)
    power = staticmethod(torch.pow)
    sign = staticmethod(torch.sign)
    sin = staticmethod(torch.sin)
    sqrt = staticmethod(torch.sqrt)
    square = staticmethod(torch.square)
    where = staticmethod(torch.where)

    @staticmethod
    def array(value: float, dtype: Precision) -> Tensor:
        return torch.full((), value, dtype=getattr(torch, dtype))

    @staticmethod
    def equal(a: Any, b: Any) -> Tensor:
        return torch.eq(a, b) if isinstance(a, Tensor) else torch.eq(b, a)

    @staticmethod
    def maximum(a: Any, b: Any) -> Tensor:
        both = isinstance(a, Tensor) and isinstance(b, Tensor)
        return torch.maximum(a, b) if both else _beyond(a, b, torch.lt)

    @staticmethod
    def minimum(a: Any, b: Any) -> Tensor:
        both = isinstance(a, Tensor) and isinstance(b, Tensor)
        return torch.minimum(a, b) if both else _beyond(a, b, torch.gt)

    @staticmethod
    def log1p(a: Tensor) -> Tensor:
        # The rounding of 1 + a is divided out again (Kahan): 1e-13 is log1p(1e-13) in fp32.
        whole = a + 1.0
        safe = torch.where(whole == 1.0, 2.0, whole)
        scaled = torch.log(safe) * (a / (safe - 1.0))
        return torch.where(whole == 1.0, a, torch.where(torch.isinf(whole), whole, scaled))

    @staticmethod
    def expm1(a: Tensor) -> Tensor:
        # The same for the exponential, used in fp64 only.
        whole = torch.exp(a)
        safe = torch.where((whole == 1.0) | (whole == 0.0) | torch.isinf(whole), 2.0, whole)
        scaled = (safe - 1.0) * (a / torch.log(safe))
        plain = (whole == 0.0) | torch.isinf(whole)
        return torch.where(whole == 1.0, a, torch.where(plain, whole - 1.0, scaled))
