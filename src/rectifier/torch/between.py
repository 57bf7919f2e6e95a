"""Finds activations that a program writes out between two layers: ``h * torch.sigmoid(h)``.

Part of the torch front end's interception; `rectifier.torch.calls` alone uses it. What enters the
next layer, a pooling or a view is followed up autograd's graph. Where everything from there to the
output of one layer is elementwise, all of it is one activation, and calls in between that looked
like one (the sigmoid) are its parts. The outputs of the latest layers are held until then, in steps
that are looked at closely.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from rectifier.torch import composite, feeding
from rectifier.torch.feeding import Layer
from rectifier.torch.observer import Site

_SITE = "rectifier_site"
"""Key in a node's metadata of the site that has been told of its output."""

_HELD = 6
"""How many outputs of layers are held."""

_FEWEST = 64
"""How many elements are needed to tell an unknown function from a sum with other numbers."""

_WHOLE = frozenset({"relu", "leaky_relu", "relu6", "elu", "selu", "celu", "prelu", "rrelu"})
"""Functions that are sites of their own also where a formula goes on with them."""

TAKERS = frozenset(
    {
        *("max_pool1d", "max_pool2d", "max_pool3d", "avg_pool1d", "avg_pool2d", "avg_pool3d"),
        *("adaptive_avg_pool1d", "adaptive_avg_pool2d", "adaptive_avg_pool3d", "interpolate"),
        *("adaptive_max_pool1d", "adaptive_max_pool2d", "dropout", "dropout1d", "dropout2d"),
        *("flatten", "view", "reshape", "permute", "transpose", "squeeze", "unsqueeze", "pad"),
        *("mean", "sum", "cat", "stack", "chunk", "split", "softmax", "log_softmax"),
    }
)
"""Names of functions that take what an activation gives, and are no part of one."""

SUMS = frozenset({"mean", "sum"})
"""Those of them that make a norm or a variance of squares."""


@dataclass(frozen=True)
class Found:
    """A formula.

    Attributes:
        input: What it was applied to. ``attached``: whether that tensor is in autograd's graph.
        node: Where that comes from in the graph.
        output: What it gave.
        layer: The layer before it.
        parts: Sites that have been told of and are parts of it.
    """

    input: Tensor
    attached: bool
    node: Any
    output: Tensor
    layer: Layer
    parts: tuple[Site, ...]


def mark(output: Tensor, site: Site) -> None:
    """Remember on the graph that a site gave a tensor."""
    if output.grad_fn is not None:
        metadata: Any = output.grad_fn.metadata
        metadata[_SITE] = site


class Between:
    """Holds the outputs of the latest layers, and finds what was made of them."""

    def __init__(self) -> None:
        self._held: deque[tuple[Any, Tensor, int, Layer]] = deque(maxlen=_HELD)

    def ran(self, layer: Layer, output: Any) -> None:
        """A layer has run."""
        if isinstance(output, Tensor) and output.grad_fn is not None:
            self._held.append((output.grad_fn, output, output._version, layer))

    def forget(self) -> None:
        """Hold nothing any more."""
        self._held.clear()

    def find(self, tensor: Any) -> Found | None:
        """The formula that gave a tensor; None where none did, or what gave it is told of.

        Args:
            tensor: What is about to be taken in by something that is no part of an activation.
        """
        if not isinstance(tensor, Tensor) or not self._held or not tensor.is_floating_point():
            return None
        start: Any = tensor.grad_fn
        if (
            start is None
            or tensor.dim() == 0
            or _SITE in start.metadata
            or feeding.is_marked(start)
        ):
            return None
        ends = _follow(start)
        if ends is None:
            return None
        direct, parts = ends
        origins = set(direct)
        if not direct and len(parts) == 1:
            return None
        for node in tuple(parts):  # what a part was made of has to come from the same place
            below = _follow(node, through=True)
            if below is None:
                return None
            origins.update(below[0])
            parts |= below[1]
        if len(origins) != 1:
            return None
        (node,) = origins
        held = self._origin(node)
        if held is None or held[0].shape != tensor.shape:
            return None
        sites = tuple(n.metadata[_SITE] for n in parts)
        if any(site.function in _WHOLE for site in sites) and not (
            composite.agreeing(*_values(held[0], tensor)) or ""
        ).startswith("hard"):
            return None
        return Found(held[0], held[1] is None, node, tensor, held[2], sites)

    def _origin(self, node: Any) -> tuple[Tensor, Tensor | None, Layer] | None:
        """The tensor that a node gave, the bias added last if there is one, and the layer."""
        bias = None
        inner = node
        if not feeding.is_marked(node):
            inner, bias = _biased(node)
        for made_by, output, version, layer in reversed(self._held):
            if made_by is inner and output._version == version:
                if bias is None:
                    return output, None, layer
                with torch.no_grad(), torch._C.DisableTorchFunction():
                    return output.detach() + bias.detach(), bias, layer
        return None


def is_function(found: Found, *, summed: bool = False) -> str | None:
    """What a formula computes, by the values: a name, ``formula`` for a function without one.

    Args:
        found: The formula.
        summed: Whether a sum or a mean takes what it gave.

    Returns:
        None where it is none: a straight line, a rounding, a sum with other numbers, a square on
        its way into a norm (RMS norm written out).
    """
    if not composite.is_nonlinear(found.input, found.output):
        return None
    with torch.no_grad(), torch._C.DisableTorchFunction():
        x, y = _values(found.input, found.output)
        name = composite.agreeing(x, y)
        if name is not None or x.numel() < _FEWEST:
            return name
        if summed and _is_square(x.double(), y.double()):
            return None
        # one function goes up and down a few times at most where its argument rises
        x, order = x.double().sort()
        y = y.double()[order]
        return "formula" if float(y.diff().abs().sum()) <= 8 * float(y.max() - y.min()) else None


def _is_square(x: Tensor, y: Tensor) -> bool:
    square = x.square()
    factor = (square * y).sum() / square.square().sum().clamp_min(1e-300)
    return bool((y - factor * square).abs().max() <= 1e-2 * y.abs().max())


def _values(input: Tensor, output: Tensor) -> tuple[Tensor, Tensor]:
    x, y = input.detach().reshape(-1), output.detach().reshape(-1)
    stride = max(1, x.numel() // 4096)
    return x[::stride], y[::stride]


def _biased(node: Any) -> tuple[Any, Tensor | None]:
    """The node of a product with weights, and the vector added to it, of a node that adds one."""
    if not node.name().startswith("AddBackward"):
        return None, None
    product = bias = None
    for up, _ in node.next_functions:
        variable = getattr(up, "variable", None)
        if isinstance(variable, Tensor) and variable.dim() <= 1:
            bias = variable
        elif up is not None and feeding.is_marked(up):
            product = up
    return (None, None) if bias is None else (product, bias)


def _follow(start: Any, *, through: bool = False) -> tuple[set[Any], set[Any]] | None:
    """Follow the graph up through elementwise nodes.

    Args:
        start: Where.
        through: Whether to go on beyond sites.

    Returns:
        The nodes that layers made, a bias added, and those of sites; None where something else
        is on the way.
    """
    layers: set[Any] = set()
    sites: set[Any] = set()
    waiting, seen = [start], {start}
    while waiting:
        node = waiting.pop()
        if feeding.is_marked(node) or _biased(node)[0] is not None:
            layers.add(node)
            continue
        if _SITE in node.metadata and node is not start:
            sites.add(node)
            if not through:
                continue
        if len(seen) > composite.REACH or not composite.is_elementwise_node(node):
            return None
        for up, _ in node.next_functions:
            variable = getattr(up, "variable", None)
            if isinstance(variable, Tensor):
                if variable.dim() > 1:
                    return None
            elif up is not None and up not in seen:
                seen.add(up)
                waiting.append(up)
    return layers, sites
