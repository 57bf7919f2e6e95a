"""Keeping less of a forward pass than its input: ``keep=`` of the functions and modules.

Layer: torch front end, on `rectifier.torch.elementwise` (which computes) and
`rectifier.kernels.residual` (which finds what to keep). The forward pass is the exact one whatever
is kept; what differs is the gradient:

- ``"mask"``: one bit an element, for functions with at most two slopes. Lossless.
- ``"output"``: the output, which the next layer often keeps anyway, and one bit an element if the
  function turns. Exact but for the rounding of the output: near a turning point x is known to about
  the root of the precision.
- ``"code8"``, ``"code4"``, ``"code2"``: the derivative rounded to the best 256, 16 or 4 levels for
  inputs from N(0, 1).

A NaN fits in no code, so a call with a NaN in its input keeps that input. On a GPU, where finding
out would mean waiting for it, a note is kept for every 1024 elements instead, and one NaN in the
input makes all of those elements' gradients NaN. Gradients of gradients
need ``keep="input"`` and raise here. ``retain_graph`` and hooks on saved tensors work: what is kept
is a saved tensor like any other, and nobody else's tensor is written to.
"""

from __future__ import annotations

import functools
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor

from rectifier.activation import Activation
from rectifier.analysis.shape import breakpoints
from rectifier.errors import InvalidInputError
from rectifier.kernels import residual
from rectifier.torch import on_gpu
from rectifier.torch.elementwise import Plan
from rectifier.torch.memory import like

REACH = 40.0
"""How far from zero a function is looked at; a normal number is never that large."""
POINTS = 1 << 16
_FARTHEST_CODED = 8.0
_BESIDE = 1e-9
_CHUNK = 1 << 16


@dataclass(frozen=True, eq=False)
class Recipe:
    """How one activation with given parameters keeps what backward needs.

    Attributes:
        keep: The policy.
        bits: Bits of a code; 0 for ``"output"`` of a function without a turning point.
        levels: The levels of the derivative, fp64; empty for ``"output"``.
        thresholds: Between them, fp32.
        branches: For ``"output"``: values and slopes of each piece, fp64.
        turn: Where the function turns; NaN where it does not.
    """

    keep: str
    bits: int
    levels: Tensor
    thresholds: Tensor
    branches: tuple[tuple[Tensor, Tensor], ...] = ()
    turn: float = float("nan")


@functools.lru_cache(maxsize=256)
def recipe(spec: Activation, values: tuple[float, ...], keep: str) -> Recipe:
    """Find how to keep what backward needs.

    Args:
        spec: The activation.
        values: Its parameters, in order.
        keep: One of `rectifier.kernels.residual.POLICIES` but ``"input"``.

    Returns:
        The recipe; the same one each time.

    Raises:
        UnknownNameError: There is no such policy.
        InvalidInputError: This policy does not suit the activation; the message says why.
    """
    residual.check(keep)
    where = _points(breakpoints(spec.expression, dict(zip(spec.params, values, strict=True))))
    value, slope = _evaluate(spec, values, where)
    if not np.isfinite(value).all() or not np.isfinite(slope).all():
        raise InvalidInputError(
            f"{spec.name}: keep={keep!r} needs a function that is finite with its derivative "
            f"between {-REACH:g} and {REACH:g}; use keep='input'."
        )
    if keep == "output":
        return _invert(spec, where, value, slope)
    if keep == "mask":
        two = residual.two_slopes(slope)
        if two is None:
            raise InvalidInputError(
                f"{spec.name}: keep='mask' is for functions with at most two slopes, and this one "
                "has more; use a code or keep='input'."
            )
        return _coded(keep, two)
    near = np.abs(where) <= _FARTHEST_CODED
    inner = np.abs(where) <= _FARTHEST_CODED / 2
    if np.abs(slope).max() > 1.5 * np.abs(slope[inner]).max():
        raise InvalidInputError(
            f"{spec.name}: keep={keep!r} needs a bounded derivative, and this one grows: it is "
            f"{np.abs(slope[inner]).max():.3g} at most for |x| < {_FARTHEST_CODED / 2:g} and "
            f"{np.abs(slope).max():.3g} for |x| < {REACH:g}; use keep='input'."
        )
    weight = np.exp(-0.5 * where[near] ** 2)
    return _coded(keep, residual.best_levels(slope[near], weight, residual.BITS[keep]))


def _points(breaks: tuple[float, ...]) -> np.ndarray[Any, Any]:
    """Return where functions are looked at: evenly near zero, then ever wider, and at breaks."""
    half = np.sinh(np.linspace(0.0, np.arcsinh(REACH), POINTS // 2 + 1))
    sides = [each + step for each in breaks for step in (-_BESIDE, 0.0, _BESIDE)]
    return np.unique(np.concatenate([-half, half, sides]))


def _evaluate(
    spec: Activation, values: tuple[float, ...], where: np.ndarray[Any, Any]
) -> tuple[np.ndarray[Any, Any], np.ndarray[Any, Any]]:
    constants = dict(zip(spec.params, values, strict=True))
    plan = Plan(spec.value_expression, ("x",), constants, spec.derivative_expression)
    x = torch.from_numpy(where)
    return plan.program.run([x]).numpy(), plan.derivatives[0].program.run([x]).numpy()


def _coded(keep: str, levels: residual.Levels) -> Recipe:
    return Recipe(
        keep,
        residual.BITS[keep],
        torch.from_numpy(levels.values),
        torch.from_numpy(levels.thresholds).float(),
    )


def _invert(
    spec: Activation,
    where: np.ndarray[Any, Any],
    value: np.ndarray[Any, Any],
    slope: np.ndarray[Any, Any],
) -> Recipe:
    try:
        pieces, turn = residual.branches(value, slope)
    except InvalidInputError as error:
        raise InvalidInputError(
            f"{spec.name}: keep='output' cannot be: {error} Use keep='input'."
        ) from None
    tables = tuple((torch.from_numpy(p.values), torch.from_numpy(p.slopes)) for p in pieces)
    none = torch.empty(0)
    turns_at = float("nan") if turn is None else float(where[turn])
    return Recipe("output", len(pieces) - 1, none, none, tables, turns_at)


class Kept(torch.autograd.Function):
    """A plan without tensors as parameters, applied, with little kept for backward."""

    @staticmethod
    def forward(ctx: Any, x: Tensor, plan: Plan, how: Recipe) -> Tensor:
        """Compute as ever, and keep what the recipe says.

        Args:
            ctx: The context that autograd brings.
            x: The input.
            plan: What to compute.
            how: What to keep.
        """
        ctx.plan, ctx.how, ctx.shape = plan, how, x.shape
        ctx.layout = None
        if plan.triton and how.bits and how.keep != "output" and on_gpu.fits(x, ()):
            output, ctx.layout, *kept = _encode_on_gpu(plan, how, x)
            ctx.save_for_backward(*kept)
            return output
        output = plan.compute(x, (), False)
        ctx.whole = bool(x.isnan().any())
        if ctx.whole:
            ctx.save_for_backward(x)
        elif how.keep == "output":
            bits = pack(x.reshape(-1) > how.turn, 1) if how.bits else None
            ctx.save_for_backward(output, bits)
        else:
            ctx.save_for_backward(encode(plan, how, x))
        return output

    @staticmethod
    def backward(ctx: Any, *grads: Any) -> Any:
        """Return the gradient by x; raise InvalidInputError where it is to be derived again."""
        if torch.is_grad_enabled():
            raise InvalidInputError(
                f"a gradient of a gradient was asked for (create_graph=True), and with keep="
                f"{ctx.how.keep!r} what it needs was not kept; use keep='input'."
            )
        first, *rest = ctx.saved_tensors
        grad, how = grads[0], ctx.how
        if ctx.layout is not None:
            return _decode_on_gpu(how, ctx.layout, first, rest[0], grad), None, None
        if ctx.whole:
            return ctx.plan.pull_back(first, (), grad), None, None
        if how.keep == "output":
            slope = recover(how, first, rest[0] if rest else None)
            return (slope * grad.to(slope.dtype)).to(grad.dtype), None, None
        return decode(how, first, grad), None, None


def check_call(spec: Activation, given: Mapping[str, Any], inplace: bool) -> None:
    """Raise InvalidInputError where a call cannot keep less than the input."""
    tensors = [name for name, value in given.items() if isinstance(value, Tensor)]
    if tensors:
        raise InvalidInputError(
            f"{spec.name}: a gradient by {', '.join(tensors)} needs the input; use keep='input', "
            "or give a number."
        )
    if inplace:
        raise InvalidInputError(f"{spec.name}: inplace=True goes with keep='input' only.")
    if torch.compiler.is_compiling():
        raise InvalidInputError(
            f"{spec.name}: torch.compile decides by itself what backward keeps; use keep='input'."
        )
    if torch._C._are_functorch_transforms_active():
        raise InvalidInputError(f"{spec.name}: torch.func transforms need keep='input'.")


def apply(plan: Plan, how: Recipe, x: Tensor) -> Tensor:
    """Apply a plan and keep what a recipe says.

    Args:
        plan: What to compute; no parameter is a tensor.
        how: What to keep.
        x: The input, floating.

    Returns:
        A tensor like x.
    """
    result: Tensor = Kept.apply(x, plan, how)  # type: ignore[no-untyped-call]
    return result


Layout = tuple[torch.Size, tuple[int, ...]]
"""Shape and strides of what was encoded: codes go by the order in memory."""


def _encode_on_gpu(plan: Plan, how: Recipe, x: Tensor) -> tuple[Tensor, Layout, Tensor, Tensor]:
    """Return values, layout, codes and notes, all of one pass over the GPU's memory."""
    from rectifier.kernels.gpu import launch  # deferred: it imports Triton

    output = torch.empty_like(x)
    x = like(x.detach(), output)
    size = x.numel()
    codes = torch.empty((size * how.bits + 7) // 8, dtype=torch.uint8, device=x.device)
    notes = torch.empty(-(-size // launch.CODED), dtype=torch.uint8, device=x.device)
    values = tuple(plan.constants[name] for name in plan.order)
    with on_gpu.on(x.device):
        launch.encode(
            plan.kernel, x, output, codes, notes, on_gpu.numbers(values, x.device),
            _padded(how.thresholds, how, x.device), bits=how.bits, default=plan.default,
        )  # fmt: skip
    return output, (output.shape, output.stride()), codes, notes


def _decode_on_gpu(
    how: Recipe, layout: Layout, codes: Tensor, notes: Tensor, grad: Tensor
) -> Tensor:
    from rectifier.kernels.gpu import launch

    shape, strides = layout
    if not on_gpu.serves(grad):
        size = shape.numel()
        slope = how.levels.to(grad.device).index_select(0, unpack(codes, how.bits, size).int())
        bad = notes.bool().repeat_interleave(launch.CODED)[:size]
        slope = torch.where(bad, torch.nan, slope).as_strided(shape, strides)
        return (slope * grad).to(grad.dtype)
    out = torch.empty_strided(shape, strides, dtype=grad.dtype, device=grad.device)
    with on_gpu.on(grad.device):
        launch.decode(
            codes, notes, like(grad.detach(), out), out, _padded(how.levels, how, grad.device),
            bits=how.bits,
        )  # fmt: skip
    return out


@functools.lru_cache(maxsize=512)
def _padded(table: Tensor, how: Recipe, device: torch.device) -> Tensor:
    """Return levels or thresholds in a GPU's memory, as many as there are codes.

    Levels are float64 where backward is exact, so that the product is rounded once.
    """
    limits = table is how.thresholds
    room = 2**how.bits - limits
    padded = torch.full((room,), float("inf") if limits else 0.0, dtype=torch.float64)
    padded[: table.numel()] = table
    exact = not limits and how.keep == "mask"
    return padded.to(device, torch.float64 if exact else torch.float32)


def encode(plan: Plan, how: Recipe, x: Tensor) -> Tensor:
    """Return the codes of the derivative at x: bytes, ``8 / bits`` elements in each."""
    flat = x.detach().reshape(-1)
    codes = torch.empty(flat.numel(), dtype=torch.uint8, device=x.device)
    thresholds = how.thresholds.to(x.device)
    for start in range(0, flat.numel(), _CHUNK):
        piece = flat[start : start + _CHUNK]
        slope = plan.pull_back(piece, (), torch.ones_like(piece)).float()
        codes[start : start + _CHUNK] = torch.bucketize(slope, thresholds, out_int32=True)
    return pack(codes, how.bits)


def decode(how: Recipe, kept: Tensor, grad: Tensor) -> Tensor:
    """Return the gradient by x: each element of `grad` times the level of its code."""
    codes = unpack(kept, how.bits, grad.numel()).int()
    # Lossless is multiplied in fp64 and rounded once, as by the kernels.
    exact = how.keep == "mask" and grad.device.type != "mps"
    dtype = torch.float64 if exact else torch.promote_types(grad.dtype, torch.float32)
    levels = how.levels.to(grad.device, dtype)
    slope = levels.index_select(0, codes).view(grad.shape)
    return (slope * grad).to(grad.dtype)


def recover(how: Recipe, output: Tensor, right: Tensor | None) -> Tensor:
    """Return the derivative where the output was taken, fp64, from tables of each piece."""
    y = output.detach().double().contiguous()
    slopes = []
    for values, slope in how.branches:
        values, slope = values.to(y.device), slope.to(y.device)
        above = torch.searchsorted(values, y).clamp(1, values.numel() - 1)
        low, high = values[above - 1], values[above]
        share = ((y - low) / torch.where(high > low, high - low, 1.0)).clamp(0.0, 1.0)
        slopes.append(torch.lerp(slope[above - 1], slope[above], share))
    if right is None:
        return slopes[0]
    return torch.where(unpack(right, 1, y.numel()).view(y.shape).bool(), slopes[1], slopes[0])


def pack(codes: Tensor, bits: int) -> Tensor:
    """Return small numbers as bytes, ``8 / bits`` of them in each, the first in the low bits.

    Args:
        codes: Whole numbers or truth values, one dimension.
        bits: 1, 2, 4 or 8.
    """
    codes = codes.to(torch.uint8)
    share = 8 // bits
    if share == 1:
        return codes
    padded = torch.nn.functional.pad(codes, (0, -codes.numel() % share)).view(-1, share)
    packed = padded[:, 0].clone()
    for place in range(1, share):
        packed |= padded[:, place] << (place * bits)
    return packed


def unpack(packed: Tensor, bits: int, count: int) -> Tensor:
    """Return the first `count` numbers that `pack` packed."""
    share = 8 // bits
    if share == 1:
        return packed[:count]
    shifts = torch.arange(0, 8, bits, dtype=torch.uint8, device=packed.device)
    codes: Tensor = (packed[:, None] >> shifts) & (2**bits - 1)
    return codes.view(-1)[:count]
