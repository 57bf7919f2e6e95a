"""A linear layer that does not read the weights of inputs that are zero.

Layer: torch front end, on `rectifier.kernels.sparse`. After a ReLU most numbers may be zero, and
for a few rows on a CPU the time of the product that follows is the time of reading its weights. So
`SparseLinear` looks at its input each time it is called: with few active inputs it reads only the
weights that matter; with more, or where gradients, other devices or element types are asked for,
it is the `torch.nn.Linear` that it was. Nothing is predicted and nothing left out: what is skipped
is multiplied by zero. Which layers gain, and from how many zeros on, is left to
`rectifier.torch.crossover` and `rectifier.torch.sparsify`.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from rectifier.errors import InvalidInputError
from rectifier.kernels import sparse
from rectifier.torch.memory import is_real


class SparseLinear(nn.Linear):
    """A linear layer that reads only the weights whose input is not zero, where that is faster.

    Made from a `torch.nn.Linear` by `of_`. It keeps a second copy of the weight, laid out by
    inputs; the copy is made again when the weight has changed. A change through ``weight.data``,
    which PyTorch does not count, goes unseen: call `refresh` after one.

    The result is that of the dense layer but for the order of summation, given that the weights are
    finite: the dense layer has NaN where an infinite weight meets a zero.

    Attributes:
        limits: How many inputs may be active (not zero in some row) for the sparse product to be
            taken, for 1 row, 2 rows, and so on; more rows than that are dense.
    """

    limits: tuple[int, ...]
    _product: sparse.Product | None
    _of: tuple[Any, ...]

    @classmethod
    def of_(cls, layer: nn.Linear, limits: Sequence[int]) -> SparseLinear:
        """Turn a layer into a sparse one, in place: its parameters, hooks and name stay.

        Args:
            layer: A `torch.nn.Linear`, float32, on the CPU.
            limits: See the attribute.

        Returns:
            The same object.

        Raises:
            InvalidInputError: It is another kind of layer, or is elsewhere.
        """
        if type(layer) not in (nn.Linear, cls) or not is_real(layer.weight):
            raise InvalidInputError(
                f"expected a torch.nn.Linear on the CPU, got {type(layer).__name__} on "
                f"{layer.weight.device}."
            )
        if layer.weight.dtype != torch.float32:
            raise InvalidInputError(f"expected float32 weights, got {layer.weight.dtype}.")
        layer.__class__ = cls
        assert isinstance(layer, cls)
        layer.limits = tuple(int(limit) for limit in limits)
        layer.refresh()
        return layer

    def refresh(self) -> None:
        """Copy the weight again, if it is where a copy can be used."""
        weight, bias = self.weight, self.bias
        self._product = None
        if sparse.available() and weight.dtype == torch.float32 and is_real(weight):
            with torch.no_grad():
                columns = weight.detach().t().contiguous()
                self._product = sparse.Product(columns, None if bias is None else bias.detach())
        self._of = _state(weight, bias)

    def forward(self, input: Tensor) -> Tensor:
        """Apply the layer.

        Args:
            input: A tensor of shape (..., inputs).

        Returns:
            A tensor of shape (..., outputs).
        """
        skipped = self.skipped(input)
        return F.linear(input, self.weight, self.bias) if skipped is None else skipped

    def skipped(self, input: Tensor) -> Tensor | None:
        """Apply the layer without reading what zeros are multiplied by.

        Args:
            input: A tensor of shape (..., inputs).

        Returns:
            As `forward`; None where the dense product is to be taken.
        """
        limits = self.limits
        rows = input.numel() // self.in_features
        if not 0 < rows <= len(limits) or not limits[rows - 1]:
            return None
        if not self._may_skip(input, self.weight, self.bias):
            return None
        assert self._product is not None
        out = torch.empty(*input.shape[:-1], self.out_features)
        threads = torch.get_num_threads()
        done = self._product(input.contiguous(), out, most=limits[rows - 1], threads=threads)
        return out if done else None

    def _may_skip(self, input: Tensor, weight: Tensor, bias: Tensor | None) -> bool:
        if (
            input.dtype != torch.float32
            or input.shape[-1] != self.in_features
            or (torch.is_grad_enabled() and (input.requires_grad or weight.requires_grad))
            or torch.compiler.is_compiling()
            or torch.is_autocast_enabled("cpu")
            or not is_real(input)
        ):
            return False
        if self._of != _state(weight, bias):
            self.refresh()
        return self._product is not None

    def __getstate__(self) -> dict[str, Any]:
        return {**self.__dict__, "_product": None, "_of": ()}  # made again where it is needed


def _state(weight: Tensor, bias: Tensor | None) -> tuple[Any, ...]:
    """Return what tells one content of the weight from the next."""
    version = 0 if weight.is_inference() else weight._version
    return weight.data_ptr(), version, weight.device, 0 if bias is None else bias.data_ptr()
