"""Gated units on the compiled code: one pass over memory forward, one backward.

Layer: kernels. Wraps what `rectifier.kernels.emit_gated` printed into ``rectifier._native``; takes
PyTorch CPU tensors without importing PyTorch. Which way a unit is computed is left to
`rectifier.torch.gated`.
"""

from __future__ import annotations

import functools
import sys
from collections.abc import Callable, Sequence
from typing import Any

from rectifier.activation import Activation
from rectifier.errors import InvalidInputError, KernelUnavailableError
from rectifier.kernels import native
from rectifier.kernels.emit_cpp import digest

Runner = Callable[[int, int, int, int, int, int, bool, Sequence[float], int], None]

DTYPES = ("float32", "bfloat16", "float16")
"""The element types that the kernels take."""


def supports(unit: Activation, dtype: str = "float32") -> bool:
    """Say whether a compiled kernel computes exactly this gated unit, in an element type."""
    return dtype in DTYPES and native.available() and _row(unit) is not None


def run(
    unit: Activation,
    source: Any,
    out: Any,
    *,
    grad: Any = None,
    half: int,
    last: bool = True,
    parameters: Sequence[float] = (),
    threads: int,
) -> None:
    """Run a gated unit over rows of two halves.

    Args:
        unit: A gated unit of the catalog.
        source: Contiguous CPU tensor of one of `DTYPES`; rows of ``2 * half`` elements.
        out: Where the result goes, likewise: forward half as many elements as `source`, backward as
            many: the gradient by the source. It must not overlap the others.
        grad: For backward, the gradient by the forward result; half as many elements.
        half: Elements of half a row.
        last: Whether the second half of a row gates.
        parameters: Values of the unit's parameters but for the gate, in order.
        threads: Most threads to use.

    Raises:
        KernelUnavailableError: No kernel was compiled for this unit.
        InvalidInputError: The tensors do not fit.
    """
    run_checked = runner(unit)
    dtype = str(source.dtype).removeprefix("torch.")
    if dtype not in DTYPES:
        raise InvalidInputError(
            f"{unit.name}: expected a source of {', '.join(DTYPES)}, got {source.dtype}."
        )
    size = source.numel()
    sizes = (size, size // 2 if grad is None else size, size // 2)
    for tensor, wanted in zip((source, out, grad), sizes, strict=True):
        if tensor is None:
            continue
        if (
            tensor.dtype is not source.dtype
            or not tensor.is_cpu
            or not tensor.is_contiguous()
            or tensor.numel() != wanted
        ):
            raise InvalidInputError(
                f"{unit.name}: expected a contiguous {source.dtype} CPU tensor of {wanted} "
                f"elements, got {tensor.dtype} on {tensor.device}, shape {tuple(tensor.shape)}."
            )
    if half < 0 or (size and (half == 0 or size % (2 * half))):
        raise InvalidInputError(f"{unit.name}: {size} elements are no rows of 2 * {half}.")
    if len(parameters) != len(unit.params) - 1:
        raise InvalidInputError(
            f"{unit.name}: expected {len(unit.params) - 1} parameters, got {len(parameters)}."
        )
    run_checked(
        native.DTYPES[dtype], source.data_ptr(), 0 if grad is None else grad.data_ptr(),
        out.data_ptr(), size // (2 * half) if size else 0, half, last, (0.0, *parameters), threads,
    )  # fmt: skip


def runner(unit: Activation) -> Runner:
    """Return the kernel of a unit for buffers that the caller has checked, as `native.runner`.

    Returns:
        A function of: number of `native.DTYPES`; addresses of source, grad (0 forward) and out;
        rows; elements of half a row; whether the second half gates; parameters, 0 for the gate
        first; most threads.

    Raises:
        KernelUnavailableError: No kernel was compiled for this unit.
    """
    row = _row(unit) if native.available() else None
    if row is None:
        raise KernelUnavailableError(f"no kernel runs for {unit.name!r}: {native.why_not()}.")
    native.openmp()
    return functools.partial(sys.modules["rectifier._native"].run_gated, row)


@functools.cache
def _rows() -> dict[str, tuple[int, str]]:
    found = sys.modules["rectifier._native"].gated_digests()
    return {name: (row, found[name]) for row, name in enumerate(found)}


@functools.cache
def _row(unit: Activation) -> int | None:
    row, compiled = _rows().get(unit.name, (None, ""))
    return row if compiled == digest(unit) else None
