"""Launching the kernels: which arithmetic, how many blocks, on tensors that the caller has checked.

Layer: kernels/gpu, its top. Takes PyTorch tensors on one CUDA device, made current by the caller
(in interpreted mode, CPU tensors), without importing PyTorch. What is written is always given.

Triton's own way to a kernel that was compiled before takes as long as a kernel on a million
elements, so what was compiled is kept here and launched directly.
"""

from __future__ import annotations

import functools
import sys
from dataclasses import dataclass
from typing import Any

from rectifier.kernels import cuda
from rectifier.kernels.gpu import loops
from rectifier.kernels.gpu.basics import INTERPRETED
from rectifier.kernels.gpu.parts import by_parameter, parts

SHAPES = {4: (1024, 4), 2: (1024, 4)}
"""Elements of a block and warps that share it, by the bytes of an element; as measured."""

CODED = 1024
"""How many elements share one note that a NaN was among them; see `encode`."""

_TILE = (16, 128)
_CHUNKS = 2048
"""About how many programs sum the gradient of a bias or a parameter."""
_ONE_EACH, _ONE_FOR_ALL = ("CHANNELS", True), ("CHANNELS", False)
_INT32 = (1 << 31) - 1


@dataclass(frozen=True, eq=False)
class Constants:
    """What a kernel is compiled for beside the types of its arguments; equal to itself alone.

    Attributes:
        named: The constants by the names of the kernel's arguments.
        warps: How many warps share a block.
    """

    named: dict[str, Any]
    warps: int


_compiled: dict[tuple[Any, ...], tuple[Any, tuple[Any, ...]]] = {}


def run(kernel: Any, grid: tuple[int, int, int], constants: Constants, *args: Any) -> None:
    """Run a kernel; `args` are its arguments but for the constants, which come last."""
    key = (constants, args[0].device, *map(_kind, args))
    known = _compiled.get(key)
    if known is not None:
        known[0][grid](*args, *known[1])
        return
    options = {"num_warps": constants.warps, "enable_fp_fusion": False}
    compiled = kernel[grid](*args, **constants.named, **options)
    if not INTERPRETED:
        rest = kernel.arg_names[len(args) :]
        _compiled[key] = compiled, tuple(constants.named[name] for name in rest)


def _kind(argument: Any) -> Any:
    """Return what of an argument Triton compiles for: type and alignment, or the kind of number."""
    if type(argument) is float:
        return float
    if type(argument) is int:
        return 0 if argument == 1 else 1 + (argument % 16 == 0) + 2 * (argument > _INT32)
    return argument.dtype, argument.data_ptr() % 16


@functools.cache
def _constants(
    name: str, slope: bool, half: bool, default: bool, warps: int, *more: tuple[str, Any]
) -> Constants:
    """Return the constants of a kernel of an activation's value or derivative."""
    return Constants(parts(name)[slope].arithmetic(half, default) | dict(more), warps)


@functools.cache
def _parameter_constants(
    name: str, parameter: str, half: bool, warps: int, *more: tuple[str, Any]
) -> Constants:
    part = by_parameter(name, parameter)
    assert part is not None  # who calls has asked
    return Constants(part.arithmetic(half, False) | dict(more), warps)


def is_half(tensor: Any) -> bool:
    """Whether a tensor is of half precision."""
    return bool(tensor.element_size() == 2)


def _blocks(size: int, each: int) -> int:
    return -(-size // each)


def elementwise(
    name: str,
    x: Any,
    grad: Any,
    out: Any,
    parameters: Any,
    default: bool,
    width: int = 1,
    inner: int = 1,
) -> None:
    """Write f(x), or grad · f'(x), for all elements in the order of memory.

    Args:
        name: An activation of the catalog.
        x: The input, without gaps.
        grad: As x; None for f(x).
        out: As x.
        parameters: float64, a row for each parameter, of `width` numbers; None without parameters.
        default: Whether the parameters have their default values.
        width: 1, or the number of channels.
        inner: How many neighbours in memory have a channel in common.
    """
    size = x.numel()
    if not size:
        return
    each = x.element_size()
    elements, warps = SHAPES[each]
    more = _ONE_EACH if width > 1 else _ONE_FOR_ALL
    block = ("BLOCK", elements)
    constants = _constants(name, grad is not None, each == 2, default, warps, more, block)
    if parameters is None:
        parameters = x
    grid = (-(-size // elements), 1, 1)
    if grad is None:
        run(loops.forward, grid, constants, x, out, parameters, size, width, inner)
    else:
        run(loops.backward, grid, constants, x, grad, out, parameters, size, width, inner)


@functools.cache
def _gated_constants(
    name: str, back: bool, half: bool, last: bool, flat: int, elements: int, warps: int
) -> Constants:
    functions = cuda.module().GATED[name][1:]
    named = {
        "MODE": int(half), "LAST": last, "SECOND": flat, "FLAT": flat > 0, "BLOCK": elements,
        "EXACT": functions[2 * back], "QUICK": functions[2 * back + 1],
    }  # fmt: skip
    if back:
        named |= {"EXACT_GATE": functions[4], "QUICK_GATE": functions[5]}
    return Constants(named, warps)


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
    elements, warps = SHAPES[x.element_size()]
    flat = half < elements // 2
    grid = _blocks(size, elements) if flat else size // half * _blocks(half, elements)
    constants = _gated_constants(
        name, grad is not None, is_half(x), last, half if flat else 0, elements, warps
    )
    length = size if flat else half
    if parameters is None:
        parameters = x
    if grad is None:
        run(loops.gated_forward, (grid, 1, 1), constants, x, out, parameters, length)
    else:
        run(loops.gated_backward, (grid, 1, 1), constants, x, grad, out, parameters, length)


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
    size, channels = x.numel(), bias.numel()
    if not size:
        return
    elements, warps = SHAPES[x.element_size()]
    length = channels if inner == 1 else inner
    way = 0 if length < elements // 2 else 1 if inner == 1 else 2
    grid = _blocks(size, elements) if way == 0 else size // length * _blocks(length, elements)
    more = (("WAY", way), ("BLOCK", elements))
    constants = _constants(name, False, is_half(x), default, warps, *more)
    given = (x, bias, out, x if parameters is None else parameters, size, channels, inner)
    run(loops.biased_forward, (grid, 1, 1), constants, *given)


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
    float32 = sys.modules["torch"].float32
    tensors: tuple[Any, ...] = (x, bias, grad, out)
    parameters = x if parameters is None else parameters
    fixed = (name, True, is_half(x), default, 4)
    if inner == 1:
        sums, grid, each = _columns(x, channels, float32)
        constants = _constants(*fixed, ("ROWS", _TILE[0]), ("COLUMNS", _TILE[1]))
        tensors += (sums, parameters)
        rows = x.numel() // channels
        run(loops.biased_backward_columns, grid, constants, *tensors, rows, channels, each)
        return sums
    rows = x.numel() // inner
    sums = x.new_empty((rows // channels, channels), dtype=float32)
    constants = _constants(*fixed, ("BLOCK", 1024))
    tensors += (sums, parameters)
    run(loops.biased_backward_rows, (rows, 1, 1), constants, *tensors, channels, inner)
    return sums


def _columns(x: Any, columns: int, dtype: Any) -> tuple[Any, tuple[int, int, int], int]:
    """Return room for the sums of columns, the grid, and how many rows a program sums."""
    rows = x.numel() // columns
    across = _blocks(columns, _TILE[1])
    chunks = max(1, min(_blocks(rows, _TILE[0]), _blocks(_CHUNKS, across)))
    each = _blocks(_blocks(rows, chunks), _TILE[0]) * _TILE[0]
    sums = x.new_empty((_blocks(rows, each), columns), dtype=dtype)
    return sums, (across, len(sums), 1), each


def parameter_sums(
    name: str, parameter: str, x: Any, grad: Any, parameters: Any, *, width: int, inner: int
) -> Any:
    """Return sums of grad times the derivative by a parameter that is learned.

    Args:
        name: An activation of the catalog.
        parameter: Which one, one that `by_parameter` knows.
        x: The input, without gaps, not empty.
        grad: As x.
        parameters: As in `elementwise`.
        width: As in `elementwise`.
        inner: As in `elementwise`.

    Returns:
        float64 of shape (sums, width), to be added up along the first dimension.
    """
    float64 = sys.modules["torch"].float64
    size = x.numel()
    fixed = (name, parameter, is_half(x), 4)
    if width == 1:
        elements = 1024
        each = _blocks(_blocks(size, elements), _CHUNKS) * elements
        sums = x.new_empty((_blocks(size, each), 1), dtype=float64)
        constants = _parameter_constants(*fixed, ("BLOCK", elements))
        grid = (len(sums), 1, 1)
        run(loops.sums_of_all, grid, constants, x, grad, sums, parameters, size, each)
    elif inner == 1:
        sums, grid, each = _columns(x, width, float64)
        constants = _parameter_constants(*fixed, ("ROWS", _TILE[0]), ("COLUMNS", _TILE[1]))
        rest = (parameters, size // width, width, each)
        run(loops.sums_of_columns, grid, constants, x, grad, sums, *rest)
    else:
        sums = x.new_empty((size // (inner * width), width), dtype=float64)
        constants = _parameter_constants(*fixed, ("BLOCK", 1024))
        grid = (size // inner, 1, 1)
        run(loops.sums_of_rows, grid, constants, x, grad, sums, parameters, width, inner)
    return sums


@functools.cache
def _encode_constants(name: str, half: bool, default: bool, bits: int) -> Constants:
    value, slope = (part.arithmetic(half, default) for part in parts(name))
    if parts(name)[1].fast is not None and (default or parts(name)[1].harmless):
        # The level next to a derivative can be told from fewer digits than the derivative has.
        slope = parts(name)[1].arithmetic(True, default)
    named = value | {
        "SLOPE": slope["EXACT"], "QUICK_SLOPE": slope["QUICK"], "SLOPE_MODE": slope["MODE"],
        "SLOPE_LOW": slope["LOW"], "SLOPE_HIGH": slope["HIGH"],
        "BITS": bits, "BYTES": CODED * bits // 8,
    }  # fmt: skip
    return Constants(named, 4)


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
    if size:
        constants = _encode_constants(name, is_half(x), default, bits)
        given = (x, out, codes, notes, x if parameters is None else parameters, limits, size)
        run(loops.encode, (_blocks(size, CODED), 1, 1), constants, *given)


@functools.cache
def _decode_constants(bits: int) -> Constants:
    return Constants({"BITS": bits, "BYTES": CODED * bits // 8}, 4)


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
        grid = (_blocks(size, CODED), 1, 1)
        run(loops.decode, grid, _decode_constants(bits), codes, notes, grad, out, levels, size)
