"""Launching the kernels: which arithmetic, how many blocks, on tensors that the caller has checked.

Layer: kernels/gpu, its top. Takes PyTorch tensors on one CUDA device, made current by the caller
(in interpreted mode, CPU tensors), without importing PyTorch. What is written is always given.
"""

from __future__ import annotations

import functools
import math
import sys
from dataclasses import dataclass
from typing import Any

from rectifier.kernels import cuda
from rectifier.kernels.gpu import loops

_ELEMENTS = 1024
"""Elements of a block, 8 for each thread: 32 bytes of float, 16 of half precision."""
_WARPS = 4
_OPTIONS = {"num_warps": _WARPS, "enable_fp_fusion": False}
_TILE = (16, 128)
_CHUNKS = 1024
"""About how many programs sum a bias' gradient."""

CODED = _ELEMENTS
"""How many elements share one note that a NaN was among them; see `encode`."""


@dataclass(frozen=True)
class Part:
    """A value or a derivative: its device functions and where they are right.

    Attributes:
        exact: In double, right everywhere.
        single: In float, for float data between `low` and `high`; None if nowhere.
        fast: In float, for half precision; None if that does not do.
        low: See `single`.
        high: See `single`.
        reach: `fast` is right for inputs up to this size.
        harmless: Whether float is right for any values of the parameters, not only by default.
    """

    exact: Any
    single: Any
    fast: Any
    low: float
    high: float
    reach: float
    harmless: bool

    def arithmetic(self, half: bool, default: bool) -> dict[str, Any]:
        """Return what the kernels take.

        Args:
            half: Whether the data is of half precision.
            default: Whether the parameters have their default values.
        """
        quick = self.fast if half else self.single
        found = {"EXACT": self.exact, "QUICK": self.exact, "MODE": 0, "LOW": 0.0, "HIGH": 0.0}
        if quick is None or not (default or self.harmless):
            return found
        low, high = (-self.reach, self.reach) if half else (self.low, self.high)
        everywhere = (low, high) == (-math.inf, math.inf)
        found.update(QUICK=quick, MODE=1 if everywhere else 2)
        if not everywhere:
            found.update(LOW=low, HIGH=high)
        return found


@functools.cache
def parts(name: str) -> tuple[Part, Part]:
    """Return the value and the derivative of an activation."""
    _, value, slope, _ = cuda.module().ACTIVATIONS[name]
    return Part(*value), Part(*slope)


@functools.cache
def by_parameter(name: str, parameter: str) -> Part | None:
    """Return the derivative by a parameter; None if it is not one that is learned."""
    row = cuda.module().ACTIVATIONS[name][3].get(parameter)
    return None if row is None else Part(*row)


def is_half(tensor: Any) -> bool:
    """Whether a tensor is of half precision."""
    return bool(tensor.element_size() == 2)


def _blocks(size: int, each: int = _ELEMENTS) -> int:
    return -(-size // each)


def forward(
    name: str, x: Any, out: Any, parameters: Any, *, default: bool, width: int = 1, inner: int = 1
) -> None:
    """Write f(x) for all elements in the order of memory.

    Args:
        name: An activation of the catalog.
        x: The input, without gaps.
        out: As x.
        parameters: float64, a row for each parameter, of `width` numbers; None without parameters.
        default: Whether the parameters have their default values.
        width: 1, or the number of channels.
        inner: How many neighbours in memory have a channel in common.
    """
    size = x.numel()
    if size:
        loops.forward[(_blocks(size),)](
            x, out, x if parameters is None else parameters, size, width, inner,
            **parts(name)[0].arithmetic(is_half(x), default),
            CHANNELS=width > 1, BLOCK=_ELEMENTS, **_OPTIONS,
        )  # fmt: skip


def backward(
    name: str,
    x: Any,
    grad: Any,
    out: Any,
    parameters: Any,
    *,
    default: bool,
    width: int = 1,
    inner: int = 1,
) -> None:
    """Write grad · f'(x); arguments as for `forward`, `grad` as `x`."""
    size = x.numel()
    if size:
        loops.backward[(_blocks(size),)](
            x, grad, out, x if parameters is None else parameters, size, width, inner,
            **parts(name)[1].arithmetic(is_half(x), default),
            CHANNELS=width > 1, BLOCK=_ELEMENTS, **_OPTIONS,
        )  # fmt: skip


def gated(
    name: str, x: Any, out: Any, parameters: Any, *, half: int, last: bool, grad: Any = None
) -> None:
    """Run a gated unit over rows of two halves.

    Args:
        name: A gated unit of the catalog.
        x: Contiguous; rows of ``2 * half`` elements.
        out: Contiguous; forward the result, half as many elements; backward the gradient by x.
        parameters: float64, the unit's parameters but for the gate; None without any.
        half: Elements of half a row.
        last: Whether the second half gates.
        grad: For backward: the gradient by the result, contiguous.
    """
    size = x.numel() // 2
    if not size:
        return
    functions = cuda.module().GATED[name][1:]
    mode = int(is_half(x))
    flat = half < _ELEMENTS // 2
    block = _ELEMENTS if half >= _ELEMENTS or flat else _ELEMENTS // 2
    grid = (_blocks(size, block) if flat else size // half * _blocks(half, block),)
    common = {
        "MODE": mode, "LAST": last, "SECOND": half if flat else 0, "FLAT": flat, "BLOCK": block,
        **_OPTIONS,
    }  # fmt: skip
    parameters = x if parameters is None else parameters
    length = size if flat else half
    if grad is None:
        loops.gated_forward[grid](
            x, out, parameters, length, EXACT=functions[0], QUICK=functions[1], **common
        )
    else:
        loops.gated_backward[grid](
            x, grad, out, parameters, length,
            EXACT=functions[2], QUICK=functions[3], EXACT_GATE=functions[4],
            QUICK_GATE=functions[5], **common,
        )  # fmt: skip


def biased_forward(
    name: str, x: Any, bias: Any, out: Any, parameters: Any, *, default: bool, inner: int
) -> None:
    """Write f(x + bias), one bias for each channel.

    Args:
        name: An activation of the catalog.
        x: Contiguous.
        bias: Contiguous, of one dimension.
        out: As x.
        parameters: float64, one number for each parameter; None without any.
        default: Whether those have their default values.
        inner: How many neighbours have a channel in common.
    """
    size = x.numel()
    if size:
        loops.biased_forward[(_blocks(size),)](
            x, bias, out, x if parameters is None else parameters, size, bias.numel(), inner,
            **parts(name)[0].arithmetic(is_half(x), default), BLOCK=_ELEMENTS, **_OPTIONS,
        )  # fmt: skip


def biased_backward(
    name: str,
    x: Any,
    bias: Any,
    grad: Any,
    out: Any,
    parameters: Any,
    *,
    default: bool,
    inner: int,
) -> Any:
    """Write grad · f'(x + bias), and return its sums.

    Arguments as for `biased_forward`.

    Returns:
        float32 of shape (sums, channels), to be added up along the first dimension.
    """
    channels = bias.numel()
    arithmetic = parts(name)[1].arithmetic(is_half(x), default)
    parameters = x if parameters is None else parameters
    float32 = sys.modules["torch"].float32
    if inner == 1:
        rows = x.numel() // channels
        tall, wide = _TILE
        across = _blocks(channels, wide)
        chunks = max(1, min(_blocks(rows, tall), _blocks(_CHUNKS, across)))
        each = _blocks(_blocks(rows, chunks), tall) * tall
        chunks = _blocks(rows, each)
        sums = x.new_empty((chunks, channels), dtype=float32)
        loops.biased_backward_columns[(across, chunks)](
            x, bias, grad, out, sums, parameters, rows, channels, each,
            **arithmetic, ROWS=tall, COLUMNS=wide, **_OPTIONS,
        )  # fmt: skip
        return sums
    outer = x.numel() // inner
    sums = x.new_empty((outer // channels, channels), dtype=float32)
    loops.biased_backward_rows[(outer,)](
        x, bias, grad, out, sums, parameters, channels, inner,
        **arithmetic, BLOCK=_ELEMENTS, **_OPTIONS,
    )  # fmt: skip
    return sums


def parameter_sums(
    part: Part, x: Any, grad: Any, parameters: Any, *, width: int, inner: int
) -> Any:
    """Return sums of grad times the derivative by a parameter.

    Args:
        part: That derivative.
        x: The input, without gaps.
        grad: As x.
        parameters: As in `forward`.
        width: As in `forward`.
        inner: As in `forward`.

    Returns:
        float64 of shape (sums, width), to be added up along the first dimension.
    """
    arithmetic = part.arithmetic(is_half(x), False)
    float64 = sys.modules["torch"].float64
    size = x.numel()
    if width == 1:
        each = _blocks(_blocks(size, _ELEMENTS), _CHUNKS) * _ELEMENTS
        sums = x.new_empty((_blocks(size, each), 1), dtype=float64)
        loops.sums_of_all[(len(sums),)](
            x, grad, sums, parameters, size, each, **arithmetic, BLOCK=_ELEMENTS, **_OPTIONS
        )
    elif inner == 1:
        rows = size // width
        tall, wide = _TILE
        across = _blocks(width, wide)
        chunks = max(1, min(_blocks(rows, tall), _blocks(_CHUNKS, across)))
        each = _blocks(_blocks(rows, chunks), tall) * tall
        sums = x.new_empty((_blocks(rows, each), width), dtype=float64)
        loops.sums_of_columns[(across, len(sums))](
            x, grad, sums, parameters, rows, width, each,
            **arithmetic, ROWS=tall, COLUMNS=wide, **_OPTIONS,
        )  # fmt: skip
    else:
        sums = x.new_empty((size // (inner * width), width), dtype=float64)
        loops.sums_of_rows[(size // inner,)](
            x, grad, sums, parameters, width, inner, **arithmetic, BLOCK=_ELEMENTS, **_OPTIONS
        )
    return sums


def encode(
    name: str,
    x: Any,
    out: Any,
    codes: Any,
    notes: Any,
    parameters: Any,
    limits: Any,
    *,
    bits: int,
    default: bool,
) -> None:
    """Write f(x), and the code of f'(x) in a few bits.

    Args:
        name: An activation of the catalog.
        x: Without gaps.
        out: As x.
        codes: uint8, ``8 / bits`` elements in each, the first in the low bits.
        notes: uint8, one for every `CODED` elements: whether a NaN was among them.
        parameters: float64, one number for each parameter; None without any.
        limits: float32, ``2 ** bits - 1`` of them, rising: the code is how many are exceeded.
        bits: 1, 2, 4 or 8.
        default: Whether the parameters have their default values.
    """
    size = x.numel()
    if not size:
        return
    value, slope = (part.arithmetic(is_half(x), default) for part in parts(name))
    loops.encode[(_blocks(size, CODED),)](
        x, out, codes, notes, x if parameters is None else parameters, limits, size, **value,
        SLOPE=slope["EXACT"], QUICK_SLOPE=slope["QUICK"], SLOPE_MODE=slope["MODE"],
        SLOPE_LOW=slope["LOW"], SLOPE_HIGH=slope["HIGH"],
        BITS=bits, BYTES=CODED * bits // 8, **_OPTIONS,
    )  # fmt: skip


def decode(codes: Any, notes: Any, grad: Any, out: Any, levels: Any, *, bits: int) -> None:
    """Write grad times the level of each code.

    Args:
        codes: As `encode` wrote them.
        notes: Likewise; where one is set, all that it stands for becomes NaN.
        grad: Without gaps.
        out: As grad.
        levels: float32 or float64, of which products are in that precision; ``2 ** bits`` of them.
        bits: As in `encode`.
    """
    size = grad.numel()
    if size:
        loops.decode[(_blocks(size, CODED),)](
            codes, notes, grad, out, levels, size,
            BITS=bits, BYTES=CODED * bits // 8, **_OPTIONS,
        )  # fmt: skip
