"""Largest errors of the Triton kernels, in units in the last place; the work of `gpu.py`.

Every fp16 and bf16 number, and of fp32 every so many bit patterns, go through the public function
and its derivative. They are held against the catalog's stable form, composed in fp64 of PyTorch's
own operations on the same GPU. Errors are counted as in `precision.formats`; beside a zero of the
derivative the unit is that of the smaller of the values a quarter to either side.
"""

from __future__ import annotations

import time
from typing import Any

import torch
from torch import Tensor

from rectifier import catalog
from rectifier.activation import Activation
from rectifier.torch.elementwise import Plan
from rectifier.torch.functional import function

BARS = {torch.float32: (2.0, 4.0), torch.float16: (0.51, 0.51), torch.bfloat16: (0.51, 0.51)}
"""For values and for derivatives."""
CORE = (
    "relu", "leaky_relu", "elu", "selu", "gelu", "gelu_tanh", "silu", "mish", "softplus",
    "sigmoid", "tanh", "hard_swish", "hard_sigmoid", "hard_tanh", "relu6", "softsign", "celu",
    "log_sigmoid", "tanh_shrink", "prelu",
)  # fmt: skip
"""The twenty activations of which every fp32 number is measured."""
CHUNK = 1 << 22
_FORMATS = {torch.float32: (23, -126, 128), torch.float16: (10, -14, 16),
            torch.bfloat16: (7, -126, 128)}  # fmt: skip
_EXPONENT = 0x7FF0000000000000


class Reference:
    """An activation at its default parameters in fp64, composed."""

    def __init__(self, spec: Activation) -> None:
        constants = {name: param.default for name, param in spec.params.items()}
        self.plan = Plan(spec.value_expression, ("x",), constants, spec.derivative_expression)

    def __call__(self, x: Tensor, slope: bool) -> Tensor:
        """Return values or derivatives at fp64 numbers."""
        plan = self.plan.derivatives[0] if slope else self.plan
        return plan.program.run([x])


def errors(got: Tensor, true: Tensor, scale: Tensor | None = None) -> Tensor:
    """Return errors in ulp of the type of `got`, against fp64."""
    bits, smallest, above = _FORMATS[got.dtype]
    ceiling = 2.0**above
    size = true.abs()
    off = (got.double().clamp(-ceiling, ceiling) - true.clamp(-ceiling, ceiling)).abs()
    if scale is not None:
        size = torch.maximum(size, scale)
    size = size.clamp(2.0**smallest, ceiling - 2.0 ** (above - 1 - bits))
    power = (size.view(torch.int64) & _EXPONENT).view(torch.float64)
    return off * 2.0**bits / power


def ours(name: str, x: Tensor) -> tuple[Tensor, Tensor]:
    """Return values and derivatives by the Triton kernels."""
    x = x.detach().requires_grad_()
    y = function(name)(x, path="triton")
    (slope,) = torch.autograd.grad(y, x, torch.ones_like(y))
    return y.detach(), slope


def numbers(dtype: torch.dtype, start: int, stop: int, step: int, device: str) -> Tensor:
    """Return the numbers of a range of bit patterns."""
    patterns = torch.arange(start, stop, step, dtype=torch.int64, device=device)
    if dtype == torch.float32:
        return torch.where(patterns >= 1 << 31, patterns - (1 << 32), patterns).int().view(dtype)
    return torch.where(patterns >= 1 << 15, patterns - (1 << 16), patterns).short().view(dtype)


def measure(
    name: str, dtype: torch.dtype, step: int = 1, seconds: float = 60.0, device: str = "cuda"
) -> dict[str, Any]:
    """Return the largest errors of an activation, where they are, and how many inputs were tried.

    Args:
        name: The activation.
        dtype: The format.
        step: Distance between bit patterns.
        seconds: When to stop.
        device: Where to compute.
    """
    reference = Reference(catalog.get(name))
    patterns = 1 << (32 if dtype == torch.float32 else 16)
    found: dict[str, Any] = {
        "name": name, "dtype": str(dtype).removeprefix("torch."), "inputs": 0, "not_nan": 0,
        "value": {"ulp": 0.0}, "slope": {"ulp": 0.0},
    }  # fmt: skip
    begin = time.monotonic()
    for start in range(0, patterns, CHUNK * step):
        if time.monotonic() - begin > seconds:
            break
        x = numbers(dtype, start, min(start + CHUNK * step, patterns), step, device)
        pair = ours(name, x)
        nans = x.isnan()
        found["inputs"] += x.numel()
        for slope, (order, got) in enumerate(zip(("value", "slope"), pair, strict=True)):
            _compare(found[order], reference, x, got, bool(slope))
            found["not_nan"] += int((~got.isnan() & nans).sum())
    found["whole"] = found["inputs"] == patterns
    found["passes"] = not found["not_nan"] and all(
        found[order]["ulp"] <= bar
        for order, bar in zip(("value", "slope"), BARS[dtype], strict=True)
    )
    return found


def _compare(
    worst: dict[str, Any], reference: Reference, x: Tensor, got: Tensor, slope: bool
) -> None:
    wide = x.double()
    true = reference(wide, slope)
    off = errors(got, true)
    unlike = got.isnan() != true.isnan()
    off = torch.where(true.isnan(), torch.where(unlike, torch.inf, 0.0), off)
    off = torch.where(got.isnan() & unlike, torch.inf, off)
    off = torch.where(x.isnan(), 0.0, off)
    # An infinite input has the limit for its result, whose size is no measure.
    at_end = x.isinf() & (got.double() == true.to(got.dtype).double())
    off = torch.where(at_end, 0.0, off)
    bar = BARS[x.dtype][int(slope)] / 2
    if slope:
        missed = (off > bar).nonzero().flatten()[: 1 << 20]
        if missed.numel():
            at = wide[missed]
            left, right = reference(at * 0.75, True), reference(at * 1.25, True)
            beside = torch.where(
                left * right < 0, torch.minimum(left.abs(), right.abs()), torch.zeros_like(left)
            )
            again = errors(got[missed], true[missed], beside)
            off[missed] = torch.where(left * right < 0, again, off[missed])
    size, place = off.max(0)
    if size.item() > worst["ulp"]:
        i = int(place)
        worst.update(ulp=size.item(), x=x[i].item(), got=got[i].item(), true=true[i].item())


def work(task: tuple[str, float]) -> list[dict[str, Any]]:
    """Measure one activation in all formats; every 1024th bit pattern of fp32, or so many seconds.

    Args:
        task: The activation, and 0 or the seconds that all numbers of fp32 may take.
    """
    name, seconds = task
    results = []
    for dtype in BARS:
        try:
            if seconds and dtype == torch.float32:
                results.append(measure(name, dtype, 1, seconds))
            elif not seconds:
                results.append(measure(name, dtype, 1021 if dtype == torch.float32 else 1))
        except Exception as error:  # noqa: BLE001 - shown in the table; the others go on
            results.append(
                {
                    "name": name,
                    "dtype": str(dtype),
                    "error": f"{type(error).__name__}: {error}"[:600],
                }
            )
    return results
