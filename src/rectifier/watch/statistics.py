"""Per-unit numbers of a tensor, without waiting for the device.

Layer: watch, on torch. On the CPU the compiled kernel gives them all in one pass
(`rectifier.torch.unit_statistics`), on a GPU a Triton kernel does (`rectifier.torch.unit_sums`).
Where neither applies they are computed here with torch; that is also their reference. What is
computed stays on the tensor's device until `fetch` brings all numbers of a step over at once.
Counts are exact. On the CPU comparisons are slow in torch and ``sign`` and ``sum`` run at memory
speed, so counts are sums of signs; where a NaN spoils such a sum the slow exact count replaces it.

One file, though long: each number has its quick form and its reference here, side by side.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from rectifier.torch import unit_statistics, unit_sums

Floats = NDArray[np.float64]

SAMPLE = 4096
"""Elements kept of the latest pre-activations for their histogram."""

_RUN = 16
"""Of them side by side, where there are many more."""

_EXACT = 2**24
"""Beyond this many elements a unit, a float32 sum of ones is no longer exact."""

NEVER_NEGATIVE = frozenset({"relu", "relu6", "sigmoid", "softplus", "hardsigmoid"})
"""Functions without negative outputs: a positive output is a non-zero one."""

ZERO_BELOW = {"relu": math.inf, "relu6": 6.0}
"""Functions that saturate where their output is zero, and above this input."""


@dataclass(slots=True)
class Forward:
    """What one application of a site gave; tensors on the device.

    Attributes:
        elements: Elements per unit. ``rows``: inputs among them that are told apart (positions of a
            feature map are not).
        units: Rows as `unit_statistics.ROWS` says, shape (5, units); only the first, the count of
            positive outputs, where not more was asked for.
        whole: Numbers of all elements, as `unit_statistics.WHOLE` says; ``outside`` is the count of
            saturated elements, NaN where not known. Or None.
        sample: Some of the inputs, or None.
        bad: Outputs that are NaN or infinite, where nothing but the output was looked at; the first
            three rows of ``units`` are there then.
    """

    elements: int
    rows: int
    units: Tensor | Floats
    whole: Tensor | Floats | None = None
    sample: Tensor | None = None
    bad: Tensor | float | None = None


@dataclass(frozen=True)
class Saturation:
    """Inputs below ``low`` and above ``high`` where the slope is below 1 % of its maximum."""

    low: float
    high: float


def forward(
    input: Tensor,
    output: Tensor,
    axis: int,
    function: str,
    *,
    detailed: bool,
    saturation: Saturation | None,
    rectified: bool = False,
    sampled: bool = True,
) -> Forward:
    """Measure one application of a site.

    Args:
        input: As it was before the activation ran.
        output: Same shape.
        axis: Dimension of the units.
        function: Catalog name of the activation.
        detailed: Whether to measure more than the counts, where that costs more.
        saturation: Where the function saturates, if known.
        rectified: Whether the output is known to be exactly ReLU of the input.
        sampled: Whether to keep some of the inputs, where more than the counts is measured.

    Returns:
        The measurements, on the device.
    """
    shape = output.shape
    elements = output.numel() // max(shape[axis], 1)
    rows = shape[0] if axis == 1 and output.dim() > 2 else elements
    high = ZERO_BELOW.get(function)
    if high is not None:
        region = (-math.inf, high)
    else:
        region = (math.nan, math.nan) if saturation is None else (saturation.low, saturation.high)
    read = None if rectified and output.dtype is input.dtype else output
    zeros_too = high is not None
    found: tuple[Tensor | Floats, Tensor | Floats] | None
    found = unit_statistics.forward(input, read, axis, *region, zeros_too=zeros_too)
    if found is None:
        found = unit_sums.forward(input, read, axis, *region, zeros_too=zeros_too)
    if found is None and not detailed:
        active = positive(output, axis, never_negative=function in NEVER_NEGATIVE)
        return Forward(elements, rows, active.unsqueeze(0))
    if found is None:
        found = measured(input, output, axis, *region, zeros_too=zeros_too)
    units, whole = found
    sample = _sample(input.detach()) if detailed and sampled else None
    return Forward(elements, rows, units, whole, sample)


def outputs(output: Tensor, axis: int) -> Forward:
    """Measure what one application of a site gave, and no more.

    Args:
        output: What it gave.
        axis: Dimension of the units.

    Returns:
        Positive and non-zero outputs and the sum of their magnitudes per unit, and ``bad``.
    """
    shape = output.shape
    elements = output.numel() // max(shape[axis], 1)
    rows = shape[0] if axis == 1 and output.dim() > 2 else elements
    found = unit_statistics.outputs(output, axis)
    if found is not None:
        return Forward(elements, rows, found[0], bad=found[1])
    y, wide = _plain(output), _wide(output)
    size = y.abs()
    others = _others(y, axis)
    size = size.sum(dim=others, dtype=wide) if others else size.to(wide)
    units = torch.stack([positive(y, axis).to(wide), nonzero(y, axis).to(wide), size])
    return Forward(elements, rows, units, bad=(~torch.isfinite(y)).sum())


def _sample(input: Tensor) -> Tensor:
    """Some elements, in runs that lie evenly apart: single ones would cost a cache line each."""
    flat = input.reshape(-1)
    runs = SAMPLE // _RUN
    apart = flat.numel() // runs
    if apart < 2 * _RUN:
        return flat[:SAMPLE].clone() if flat.numel() <= SAMPLE else flat[::2][:SAMPLE].clone()
    return flat[: apart * runs].view(runs, apart)[:, :_RUN].reshape(-1)


def measured(
    input: Tensor,
    output: Tensor,
    axis: int,
    low: float,
    high: float,
    *,
    zeros_too: bool = False,
) -> tuple[Tensor, Tensor]:
    """What `unit_statistics.forward` gives, by torch: its reference, and for other devices.

    Args:
        input: As it was before the activation ran.
        output: Of the same shape.
        axis: Dimension of the units.
        low: Inputs below it count as outside; NaN: not known, the count is NaN.
        high: Inputs above it count as outside.
        zeros_too: Whether outputs that are zero count as outside as well.

    Returns:
        Numbers per unit and of all elements, in the order of `unit_statistics`, on the device.
    """
    x, y = _plain(input), _plain(output)
    wide = _wide(y)
    others = _others(y, axis)

    def each(tensor: Tensor) -> Tensor:
        return tensor.sum(dim=others).to(wide) if others else tensor.to(wide)

    rows = [positive(y, axis).to(wide), nonzero(y, axis).to(wide)]
    units = torch.stack([*rows, each(y.abs()), each(x), each(x * x)])
    extent = [y.sum(), (y * y).sum(), *_extent(x)]
    outside = ((x < low) | (x > high)).sum().to(wide)
    if zeros_too:
        outside = outside + (y == 0).sum()
    if math.isnan(low):
        outside = torch.full_like(outside, math.nan)
    counts = [outside, (~torch.isfinite(x)).sum()]
    return units, torch.stack([v.to(wide) for v in (*extent, *counts, (~torch.isfinite(y)).sum())])


def _extent(x: Tensor) -> tuple[Tensor, Tensor]:
    """Minimum and maximum, NaN left out; of none +inf and -inf."""
    known = ~torch.isnan(x)
    return torch.where(known, x, math.inf).amin(), torch.where(known, x, -math.inf).amax()


def positive(y: Tensor, axis: int, *, never_negative: bool = False) -> Tensor:
    """Count the positive elements of each unit.

    Args:
        y: Any floating-point tensor.
        axis: Dimension of the units.
        never_negative: Whether ``y`` is known to have no negative element.

    Returns:
        Exact counts, shape (units,), of a type that holds them exactly.
    """
    y = _plain(y)
    others = _others(y, axis)
    if y.device.type != "cpu" or y.numel() // max(y.shape[axis], 1) >= _EXACT:
        return (y > 0).sum(dim=others) if others else (y > 0).to(torch.int64)
    signs = y.sign() if never_negative else y.clamp(min=0).sign_()
    counts = signs.sum(dim=others) if others else signs
    if math.isnan(counts.sum()):
        return (y > 0).sum(dim=others) if others else (y > 0).to(torch.int64)
    return counts


def nonzero(gradient: Tensor, axis: int) -> Tensor:
    """Count the elements of each unit that are not zero; NaN counts. Shape (units,), exact."""
    g = _plain(gradient)
    others = _others(g, axis)
    if g.device.type != "cpu" or g.numel() // max(g.shape[axis], 1) >= _EXACT:
        return (g != 0).sum(dim=others) if others else (g != 0).to(torch.int64)
    if not math.isfinite(g.sum()):  # the sign of NaN is 0
        return (g != 0).sum(dim=others) if others else (g != 0).to(torch.int64)
    signs = g.sign().abs_()
    return signs.sum(dim=others) if others else signs


def gradients(
    to_input: Tensor | None, to_output: Tensor | None, axis: int, *, detailed: bool
) -> tuple[Tensor | Floats | None, Tensor | float | None]:
    """Count what flows back out of a site, and measure what flows into it.

    Args:
        to_input: Gradient with respect to the site's input, if there is one.
        to_output: With respect to its output, if there is one.
        axis: Dimension of the units.
        detailed: Whether to measure more than the count, where that costs more.

    Returns:
        Non-zero elements of the first per unit, and the sum of squares of the second, on the
        device; None where there is no gradient or it was not asked for.
    """
    if to_input is not None and to_output is not None:
        found = unit_statistics.gradient(to_input, to_output, axis)
        if found is not None:
            return found
        there = unit_sums.gradient(to_input, to_output, axis)
        if there is not None:
            return there
    count = None if to_input is None else nonzero(to_input, axis)
    if to_output is None or not detailed:
        return count, None
    return count, torch.linalg.vector_norm(_plain(to_output)).to(_wide(to_output)).square()


def norms(tensors: Sequence[Tensor], *, some: bool = False) -> Tensor:
    """Euclidean norm of each tensor, shape (number of tensors,), on the first one's device.

    Where ``some``, that of a large one may be told from an eighth of its elements.
    """
    if not tensors:
        return torch.zeros(0)
    fast = unit_statistics.norms(tensors, some=some)
    if fast is not None:
        return torch.tensor(fast, dtype=torch.float64)
    found = torch._foreach_norm([tensor.detach() for tensor in tensors])
    first = found[0]
    if all(v.device == first.device and v.dtype is first.dtype for v in found):
        return torch.stack(found)
    return torch.stack([v.to(device=first.device, dtype=torch.float32) for v in found])


def extent(tensor: Tensor) -> Tensor | Floats:
    """Sum, Euclidean norm, largest magnitude and count of non-finite elements, shape (4,)."""
    if unit_statistics.applies(tensor):
        flat = tensor.detach().reshape(1, 1, -1)  # one unit, as if ReLU were applied to it
        found = unit_statistics.forward(flat, None, 1)
        if found is not None:
            return _extent_of(*found)
    x = _plain(tensor)
    size = torch.linalg.vector_norm(x)
    low, high = torch.aminmax(x)
    largest = torch.maximum(low.abs(), high.abs())
    return _joined([x.sum(), size, largest, non_finite(x, size)], x)


def _extent_of(units: Floats, whole: Floats) -> Floats:
    """What `extent` gives, from what was measured of one unit."""
    rows, places = unit_statistics.ROWS, unit_statistics.WHOLE
    low, high, bad = (float(whole[places[n]]) for n in ("input_min", "input_max", "bad_input"))
    square = float(units[rows["input_square"], 0])
    known = not math.isnan(square)
    size = math.sqrt(square) if known else math.nan
    largest = max(abs(low), abs(high)) if known else math.nan
    return np.array([float(units[rows["input"], 0]), size, largest, bad])


def non_finite(tensor: Tensor, norm: Tensor | None = None) -> Tensor:
    """Count NaN and infinite elements.

    Args:
        tensor: Any floating-point tensor.
        norm: Its Euclidean norm, if known: where it is finite so are all elements. It is looked at
            on the CPU only; elsewhere that would mean waiting.

    Returns:
        The count, without dimensions.
    """
    if norm is not None and norm.device.type == "cpu" and math.isfinite(norm):
        return _ZERO
    return (~torch.isfinite(tensor)).sum()


def unit_norms(weight: Tensor, *, transposed: bool) -> Tensor:
    """Euclidean norm of each unit's incoming weights, shape (units,)."""
    w = weight.detach()
    if w.dim() == 1:
        return w.abs()
    if transposed:
        w = w.transpose(0, 1)
    found: Tensor = torch.linalg.vector_norm(w.reshape(w.shape[0], -1), dim=1)
    return found


def saturation_of(function: object, dtype: torch.dtype = torch.float64) -> Saturation | None:
    """Find where a function's slope stays below 1 % of its maximum, from the function itself.

    Args:
        function: Maps a tensor to one of the same shape, elementwise.
        dtype: Type to try it in.

    Returns:
        The outer bounds on [-32, 32]; None if it cannot be told, or the function does not saturate.
    """
    if not callable(function):
        return None
    # With hooks of our own nothing is counted by those of the program, as those of checkpointing.
    own = torch.autograd.graph.saved_tensors_hooks(lambda kept: kept, lambda kept: kept)
    with torch.enable_grad(), torch.inference_mode(False), own:
        x = torch.linspace(-32, 32, 6401, dtype=dtype).requires_grad_()
        try:
            y = function(x)
            (slope,) = torch.autograd.grad(y.sum(), x)
        except (RuntimeError, TypeError, ValueError, ReferenceError):
            return None  # such as a PReLU with a slope per channel: not a function of one number
    steep = slope.abs()
    peak = float(steep.max())
    if not np.isfinite(peak) or peak == 0:
        return None
    open_ = (steep >= 0.01 * peak).nonzero().reshape(-1)
    low, high = int(open_[0]), int(open_[-1])
    if low == 0 and high == x.numel() - 1:
        return None
    points = x.detach()
    return Saturation(
        -np.inf if low == 0 else float(points[low]),
        np.inf if high == x.numel() - 1 else float(points[high]),
    )


def numbers(tensors: Sequence[Tensor]) -> list[float]:
    """Bring tensors without dimensions to the host, all at once where they are alike."""
    first = tensors[0]
    if all(t.device == first.device and t.dtype is first.dtype for t in tensors):
        return [float(value) for value in torch.stack(list(tensors)).tolist()]
    return [float(value) for value in fetch(tensors)]


def fetch(tensors: Sequence[Tensor]) -> list[NDArray[Any]]:
    """Bring tensors to the host: one transfer a device, however many there are.

    Args:
        tensors: On any devices, of any real types.

    Returns:
        Arrays of the same shapes; those of CPU tensors share their memory.
    """
    results: list[NDArray[Any] | None] = [None] * len(tensors)
    devices: dict[torch.device, list[int]] = {}
    for position, tensor in enumerate(tensors):
        if tensor.device.type == "cpu":
            plain = tensor.detach()
            results[position] = (plain.float() if plain.dtype is torch.bfloat16 else plain).numpy()
        else:
            devices.setdefault(tensor.device, []).append(position)
    for positions in devices.values():
        joined = torch.cat([tensors[i].detach().reshape(-1).to(torch.float64) for i in positions])
        values = joined.cpu().numpy()
        offset = 0
        for i in positions:
            size = tensors[i].numel()
            results[i] = values[offset : offset + size].reshape(tuple(tensors[i].shape))
            offset += size
    return [result for result in results if result is not None]


def _plain(tensor: Tensor) -> Tensor:
    tensor = tensor.detach()
    return tensor.float() if tensor.dtype in (torch.float16, torch.bfloat16) else tensor


def _joined(parts: Sequence[Tensor], like: Tensor) -> Tensor:
    """Single numbers as one tensor of the widest type, on the device of ``like``."""
    if like.device.type == "cpu":
        return torch.tensor([float(part) for part in parts], dtype=torch.float64)
    return torch.stack([part.to(device=like.device, dtype=_wide(like)) for part in parts])


_ZERO = torch.zeros((), dtype=torch.float64)


def _wide(tensor: Tensor) -> torch.dtype:
    """The widest type that the tensor's device has."""
    return torch.float32 if tensor.device.type == "mps" else torch.float64


def _others(tensor: Tensor, axis: int) -> tuple[int, ...]:
    return tuple(i for i in range(tensor.dim()) if i != axis)
