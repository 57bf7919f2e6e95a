"""Products of a weight matrix with numbers that are mostly zero, on the compiled code.

Layer: kernels. Wraps what ``native/sparse.cpp`` gives to ``rectifier._native``; takes PyTorch CPU
tensors without importing PyTorch. What is a layer, and when this is faster than the dense product,
is left to `rectifier.torch.sparse`.
"""

from __future__ import annotations

import sys
from types import ModuleType
from typing import Any

from rectifier.errors import InvalidInputError, KernelUnavailableError
from rectifier.kernels import native


def available() -> bool:
    """Say whether the compiled code can be used in this process."""
    return native.available()


class Product:
    """The product of one weight with inputs that are mostly zero, checked once and run often.

    Args:
        weight: Tensor of shape (inputs, outputs), float32, CPU, contiguous. It is kept, and must
            stay where it is.
        bias: Tensor of shape (outputs,), likewise, or None.

    Raises:
        KernelUnavailableError: There is no compiled code.
        InvalidInputError: The tensors do not fit.
    """

    def __init__(self, weight: Any, bias: Any) -> None:
        self.inputs, self.outputs = weight.shape
        _check(weight, (self.inputs, self.outputs))
        if bias is not None:
            _check(bias, (self.outputs,))
        self._kept = (weight, bias)
        self._run = _module().sparse_product
        self._weight = weight.data_ptr()
        self._bias = 0 if bias is None else bias.data_ptr()

    def __call__(self, x: Any, out: Any, *, most: int, threads: int) -> bool:
        """Compute ``x @ weight + bias``, reading only the rows of the weight that matter.

        The sum runs over the inputs in order, whatever the number of threads.

        Args:
            x: Contiguous float32 CPU tensor of ``rows * inputs`` elements; nobody checks the type.
            out: Where the result goes, ``rows * outputs`` elements, likewise.
            most: Give up if more inputs than this are not zero in some row.
            threads: Most threads to use.

        Returns:
            Whether it was done; if not, `out` is as it was.

        Raises:
            InvalidInputError: The sizes do not fit.
        """
        rows = x.numel() // self.inputs
        if x.numel() != rows * self.inputs or out.numel() != rows * self.outputs:
            raise InvalidInputError(
                f"expected rows * {self.inputs} and rows * {self.outputs} elements, got "
                f"{x.numel()} and {out.numel()}."
            )
        done: bool = self._run(
            x.data_ptr(), rows, self.inputs, self._weight, self.outputs, self._bias,
            out.data_ptr(), most, threads,
        )  # fmt: skip
        return done


def _module() -> ModuleType:
    if not native.available():
        raise KernelUnavailableError(f"sparse products cannot run: {native.why_not()}.")
    native.openmp()
    return sys.modules["rectifier._native"]


def _check(tensor: Any, shape: tuple[int, ...]) -> None:
    torch = sys.modules["torch"]
    if (
        tensor.dtype is not torch.float32
        or not tensor.is_cpu
        or not tensor.is_contiguous()
        or tensor.shape != shape
    ):
        raise InvalidInputError(
            f"expected a contiguous float32 CPU tensor of shape {shape}, got {tensor.dtype} on "
            f"{tensor.device}, shape {tuple(tensor.shape)}, strides {tensor.stride()}."
        )
