"""Layers of bare tensors, met where the program multiplies: for remedies before or behind them.

Layer: doctor's remedies. ``x @ w + b`` has no module to hang a hook on. What is known of a call by
its name and arguments: the trainable tensor in it (a leaf, or the transpose of one), and the data.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from torch import Tensor

from rectifier.torch.feeding import one_unit, untransposed

NAMES = frozenset({
    "linear", "conv1d", "conv2d", "conv3d", "matmul", "__matmul__", "mm", "mv", "addmm", "einsum",
})  # fmt: skip
"""Functions that apply a weight."""


@dataclass(frozen=True)
class Product:
    """A weight applied to something.

    Attributes:
        weight: The trainable tensor. ``place``: of the data among the arguments.
        axis: Of the data, on which its features lie.
        biased: Whether the call adds the bias itself.
    """

    weight: Tensor
    place: int
    axis: int
    biased: bool

    def features(self, args: tuple[Any, ...]) -> int:
        """Number of features of the data."""
        return int(args[self.place].shape[self.axis])


def product(name: str, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Product | None:
    """What a call multiplies; None where that is not plain from its arguments.

    Args:
        name: Of the function, without underscores around it.
        args: Its arguments.
        kwargs: Those given by name.
    """
    first = 1 if name in ("addmm", "einsum") else 0
    pair = args[first : first + 2]
    if len(pair) < 2 or not all(isinstance(t, Tensor) and t.dim() > 0 for t in pair):
        return None
    single = name in ("matmul", "mv") and one_unit(pair)
    weights = [None, pair[1]] if single else [_trained(tensor) for tensor in pair]
    turned = weights[0] is not None and name in ("matmul", "mm", "addmm")
    if (weights[0] is not None and not turned) or (weights[0] is None) == (weights[1] is None):
        return None
    at = 0 if turned else 1
    weight, data = weights[at], pair[1 - at]
    if weight is None or not data.is_floating_point():
        return None
    axis = -1
    if name.startswith("conv"):
        axis = 1 if data.dim() == weight.dim() else 0
    elif turned and data.dim() > 1:
        axis = -2
    bias = args[2] if len(args) > 2 else kwargs.get("bias")
    own = name == "addmm" or (name != "einsum" and isinstance(bias, Tensor))
    return Product(weight, first + 1 - at, axis, own)


def _trained(tensor: Tensor) -> Tensor | None:
    if tensor.is_leaf:
        return tensor if tensor.requires_grad and tensor.dim() > 1 else None
    return untransposed(tensor)


def own(model: Any) -> set[int]:
    """Weights of a model's own modules of torch's kinds, by id: those take hooks."""
    from torch import nn

    kinds = (nn.Linear, nn.Bilinear, nn.modules.conv._ConvNd)
    return {id(module.weight) for module in model.modules() if isinstance(module, kinds)}
