"""Which layer's output reaches a tensor.

Part of the torch front end's interception (`rectifier.torch.sites`). The output of a layer is
marked on its node of autograd's graph; the graph is then followed upwards from a site's input
through views, dropout, pooling and sums to the nearest mark. A mark dies with the graph: nothing
has to be cleared. Without a graph (frozen weights, no gradients) the last layer that ran is taken.
"""

from __future__ import annotations

import weakref
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import Tensor, nn

_MARK = "rectifier"
"""Key of the mark in a node's metadata: the layer, and when it ran."""

_REACH = 48
"""How many nodes of the graph are looked at before a layer counts as unknown."""

INPUTS_FIRST = frozenset({"matmul", "mm", "addmm", "bmm", "baddbmm", "rmatmul", "einsum"})
"""Functions whose weight has its inputs on the dimension before that of its units."""

ROWS_ARE_UNITS = "left_matmul"
"""Kind of a layer that computes ``w @ x``, with samples in columns."""

_CHANNELS_FIRST = ("Conv", "BatchNorm", "SyncBatchNorm", "GroupNorm", "InstanceNorm")


@dataclass(frozen=True, eq=False)
class Layer:
    """A place where the program applies weights.

    Attributes:
        name: Module path, or the parameter's qualified name for a functional call.
        kind: Class name of the module, or the function's name.
        model: Name of the root module.
        order: Place in the forward pass, from 0.
        fan_in: Inputs of one output unit; 0 where unknown.
        inputs_first: Whether the weight has its inputs on the dimension before that of its units.
    """

    name: str
    kind: str
    model: str
    order: int
    fan_in: int = 0
    inputs_first: bool = False
    _module: weakref.ref[nn.Module] | None = field(default=None, repr=False)
    _weight: weakref.ref[Tensor] | None = field(default=None, repr=False)
    _bias: weakref.ref[Tensor] | None = field(default=None, repr=False)

    def module(self) -> nn.Module | None:
        """The layer's module, while it lives; None for a functional call."""
        return None if self._module is None else self._module()

    def renew(self, module: nn.Module | None, weight: Tensor | None, bias: Tensor | None) -> None:
        """Take other weights: the model was copied, and goes on in the copy."""
        for name, held in (("_module", module), ("_weight", weight), ("_bias", bias)):
            object.__setattr__(self, name, None if held is None else weakref.ref(held))

    def weight(self) -> Tensor | None:
        """The weight, units first except in transposed convolutions; None where there is none."""
        return self._tensor("weight", self._weight)

    def bias(self) -> Tensor | None:
        """The bias, one value a unit; None where there is none."""
        return self._tensor("bias", self._bias)

    def _tensor(self, name: str, reference: weakref.ref[Tensor] | None) -> Tensor | None:
        if reference is not None:
            return reference()
        if self._module is None:
            return None
        module = self._module()
        return None if module is None else tensor_of(module, name)

    def tensors(self) -> tuple[Tensor, ...]:
        """All weights and biases that the layer itself holds, or that its own are made of."""
        module = self.module()
        if module is not None:
            made_of = module._modules.get("parametrizations")
            others = () if made_of is None else made_of.parameters()
            return (*module.parameters(recurse=False), *others)
        return tuple(t for t in (self.weight(), self.bias()) if t is not None)

    @property
    def transposed(self) -> bool:
        """Whether the weight's units are on dimension 1."""
        return self.inputs_first or ("onv" in self.kind and "ranspose" in self.kind)

    @property
    def channels_first(self) -> bool:
        """Whether the units of the output lie on the dimension of channels."""
        return self.kind.startswith((*_CHANNELS_FIRST, "conv", "batch_norm", "LazyConv"))

    @property
    def spatial(self) -> int | None:
        """How many dimensions follow the channels in the output of a convolution, if it is one."""
        if "onv" not in self.kind:
            return None
        return next((n for n in (1, 2, 3) if f"{n}d" in self.kind), None)


def tensor_of(module: nn.Module, name: str) -> Tensor | None:
    """A module's weight or bias, read without a trace.

    One that is computed when asked for (`torch.nn.utils.parametrize`) is computed as in evaluation:
    spectral normalisation goes on with its power iteration at every reading in training.
    """
    computed = module._modules.get("parametrizations")
    steps = None if computed is None else computed._modules.get(name)
    if steps is None:
        found = getattr(module, name, None)
        return found if isinstance(found, Tensor) else None
    parts = [part for part in steps.modules() if part.training]
    try:
        for part in parts:
            part.training = False
        with torch.no_grad(), torch._C.DisableTorchFunction():
            found = steps.forward()  # not by its name: `parametrize.cached` would keep this one
    finally:
        for part in parts:
            part.training = True
    return found if isinstance(found, Tensor) else None


def is_weight(tensor: Tensor) -> bool:
    """Whether it is trained, or a parameter that is frozen; data are leaves without a gradient."""
    return tensor.is_leaf and (tensor.requires_grad or isinstance(tensor, nn.Parameter))


def untransposed(value: Any) -> Tensor | None:
    """The matrix of weights of which a tensor is the transpose; None where it is none."""
    if not isinstance(value, Tensor) or value.dim() != 2 or not value._is_view():
        return None
    base = value._base
    if base is None or base.dim() != 2 or not is_weight(base):
        return None
    turned = value.shape == base.shape[::-1] and value.stride() == base.stride()[::-1]
    return base if turned else None


def one_unit(pair: Sequence[Any]) -> bool:
    """Whether a product is ``x @ v`` with a vector of weights: a layer of one unit."""
    if len(pair) != 2 or not all(isinstance(part, Tensor) for part in pair):
        return False
    x, v = pair
    return bool(x.dim() > 1 and v.dim() == 1 and is_weight(v))


def fan_in(weight: Tensor | None, *, transposed: bool) -> int:
    """Inputs of one output unit of a weight; 0 where there is none or it is a scale per unit."""
    if weight is None or weight.dim() < 2 or weight.numel() == 0:
        return 0
    return weight.numel() // weight.shape[1 if transposed else 0]


def mark(output: Any, layer: Layer, tick: int) -> None:
    """Remember on the graph that ``layer`` made these tensors, as the ``tick``-th layer to run."""
    if isinstance(output, Tensor):
        node = output.grad_fn
        if node is not None:
            metadata: Any = node.metadata
            metadata[_MARK] = (layer, tick)
    elif isinstance(output, tuple | list):
        for item in output:
            mark(item, layer, tick)


def is_marked(node: Any) -> bool:
    """Whether a node of autograd's graph gave the output of a layer."""
    return _MARK in node.metadata


def nearest(tensor: Tensor, since: int = -1) -> tuple[Layer, int] | None:
    """The layer whose output reaches a tensor by the fewest steps, and when it ran.

    Args:
        tensor: A site's input.
        since: Among equally near layers those that ran at this tick or later come first: in
            ``relu(bn(conv(x)) + x)`` the block's own, and of these the first operand.

    Returns:
        The layer and its tick; None where none is found.
    """
    start = tensor.grad_fn
    level: list[Any] = [start] if start is not None else []
    looked = 0
    while level and looked < _REACH:
        found: list[tuple[Layer, int]] = []
        following: list[Any] = []
        for node in level:
            looked += 1
            marked = node.metadata.get(_MARK)
            if marked is not None:
                found.append(marked)
            else:
                following.extend(up for up, _ in node.next_functions if up is not None)
        if found:
            own = [item for item in found if item[1] >= since]
            return own[0] if own else max(found, key=lambda item: item[1])
        level = following[:_REACH]
    return None


def added_bias(tensor: Tensor, units: int) -> Tensor | None:
    """The leaf vector that was added last on the way to a tensor, as in ``x @ w + b``.

    Or the leaf column, as in ``w @ x + b``.
    """
    node = tensor.grad_fn
    if node is None:
        return None
    for up, _ in node.next_functions:
        variable = getattr(up, "variable", None)
        if isinstance(variable, Tensor) and variable.shape in ((units,), (units, 1)):
            return variable
    return None
