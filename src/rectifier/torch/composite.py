"""Whether a tensor is an elementwise function of another one, and which.

Part of the torch front end's interception (`rectifier.torch.sites`). People write activations as
formulas: ``0.5 * x * (1 + torch.erf(x / 2**0.5))``. Where no single call is one, autograd's graph
tells that everything between two tensors was elementwise, and their values which function it was.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor
from torch.autograd.function import BackwardCFunction
from torch.nn import functional as F

_NODE = re.compile(
    r"(Abs|Acos|Add|Asin|Asinh|Atan|Celu|Clamp|ClampMax|ClampMin|Clone|Cos|Cosh|CopySlices|Div|Elu|"
    r"Erf|Erfc|Exp|Exp2|Expm1|Gelu|Hardsigmoid|Hardswish|Hardtanh|IndexPut|LeakyRelu|Log|Log1P|"
    r"LogSigmoid|LogAddExp|MaskedFill|Maximum|Minimum|Mish|Mul|Neg|Pow|Reciprocal|Relu|Rsqrt|Rsub|"
    r"Sigmoid|Sign|Silu|Sin|Sinh|Softplus|Sqrt|Sub|Tan|Tanh|Threshold|ToCopy|Where)(Backward\d*)?|"
    r".*::DifferentiableGraphBackward"
)
"""Nodes of autograd's graph whose output depends, in each element, on that element alone; of what
TorchScript compiled the values have to tell."""

REACH = 64
"""How many nodes are looked at before a function counts as too long to be an activation."""

_MOST = 4096
"""How many elements are compared."""

_KNOWN: dict[str, Callable[[Tensor], Tensor]] = {
    "relu": F.relu,
    "elu": F.elu,
    "selu": F.selu,
    "silu": F.silu,
    "gelu": F.gelu,
    "gelu_tanh": lambda x: F.gelu(x, approximate="tanh"),
    "mish": F.mish,
    "softplus": F.softplus,
    "sigmoid": torch.sigmoid,
    "tanh": torch.tanh,
    "softsign": F.softsign,
    "hardtanh": F.hardtanh,
    "hardsigmoid": F.hardsigmoid,
    "hardswish": F.hardswish,
    "relu6": F.relu6,
    "logsigmoid": F.logsigmoid,
    "tanhshrink": F.tanhshrink,
    "modulus": torch.abs,
    "quick_gelu": lambda x: x * torch.sigmoid(1.702 * x),
}
"""What a formula is compared with, by the name that its call would have."""


def is_elementwise_node(node: Any) -> bool:
    """Whether each element of what a node of autograd's graph gives depends on one alone."""
    return _NODE.fullmatch(node.name()) is not None


def is_elementwise(output: Tensor, input: Tensor) -> bool:
    """Whether autograd's graph leads from one tensor to the other, elementwise and only there.

    Args:
        output: The result.
        input: What it may have been computed from.

    Returns:
        Whether; parameters with at most one dimension (a learnable slope) may have a part in it.
    """
    target: tuple[Any, int] = (input.grad_fn, input.output_nr)
    start: Any = output.grad_fn
    if start is None or (start, output.output_nr) == target:
        return False
    waiting: list[Any] = [start]
    seen: set[Any] = set()
    reached = False
    while waiting:
        node = waiting.pop()
        if node in seen:
            continue
        seen.add(node)
        if len(seen) > REACH:
            return False
        own = isinstance(node, BackwardCFunction) and node is start
        if not own and not is_elementwise_node(node):
            return False
        for edge in node.next_functions:
            if edge[0] is None:
                continue
            variable = getattr(edge[0], "variable", None)
            if edge == target or (target[0] is None and variable is input):
                reached = True
            elif isinstance(variable, Tensor):
                if variable.dim() > 1:
                    return False
            else:
                waiting.append(edge[0])
    return reached


def is_activation(apply: Callable[[Tensor], Tensor], input: Tensor, output: Tensor) -> bool:
    """Whether what was applied is one function of one number, and no straight line.

    Args:
        apply: The function, on another tensor of that shape.
        input: What it was applied to.
        output: What it gave.

    Returns:
        False where it cannot be applied again, adds other numbers to each element, or only rounds.
    """
    with torch.no_grad(), torch._C.DisableTorchFunction():
        x = input.detach()
        order = torch.arange(x.numel() - 1, -1, -1, device=x.device)
        try:
            other = apply(x.reshape(-1)[order].reshape(x.shape)).reshape(-1)[order]
        except (RuntimeError, TypeError, ValueError, ReferenceError, AttributeError):
            return False
        if other.numel() != output.numel() or not other.allclose(output.detach().reshape(-1)):
            return False
    return is_nonlinear(x, output)


def is_nonlinear(input: Tensor, output: Tensor) -> bool:
    """Whether the values of a result lie on no straight line over those of its argument.

    Args:
        input: The argument, of any shape.
        output: The result, of the same shape.

    Returns:
        Whether by more than rounding to some fifty levels would make.
    """
    with torch.no_grad(), torch._C.DisableTorchFunction():
        x, y = _sample(input, output)
        if x.numel() < 3 or not bool(x.isfinite().all() & y.isfinite().all()):
            return False
        across = x - x.mean()
        slope = (across * y).sum() / across.square().sum().clamp_min(1e-300)
        off = (y - y.mean() - slope * across).abs().max()
        return bool(off > 1e-2 * (y.max() - y.min()))


def _sample(input: Tensor, output: Tensor) -> tuple[Tensor, Tensor]:
    """Some of the values of two tensors of one shape, in double precision."""
    x, y = input.detach().reshape(-1), output.detach().reshape(-1)
    stride = max(1, -(-x.numel() // _MOST))
    return x[::stride].to(torch.float64), y[::stride].to(torch.float64)


def function(apply: Callable[[Tensor], Tensor], like: Tensor) -> str | None:
    """The name of the function that a callable computes; None if it is none of the usual ones.

    Args:
        apply: The function.
        like: A tensor that it was applied to; it is tried on others of that shape.
    """
    with torch.no_grad(), torch._C.DisableTorchFunction():
        x = torch.linspace(-5, 5, max(2, like.numel()), dtype=like.dtype, device=like.device)
        x = x[: like.numel()].reshape(like.shape)
        try:
            return agreeing(x, apply(x.clone()))
        except (RuntimeError, TypeError, ValueError, ReferenceError, AttributeError):
            return None


def named(name: str) -> Callable[[Tensor], Tensor] | None:
    """The function that `agreeing` names; None for one with a number of its own, or unknown."""
    return _KNOWN.get(name)


def agreeing(input: Tensor, output: Tensor) -> str | None:
    """The name of the first of the usual functions that agrees with values; None if none does."""
    x, y = _sample(input, output)
    near = 1e-5 if output.dtype in (torch.float32, torch.float64) else 2e-2
    margin = near * (1 + y.abs())
    for name, of in _KNOWN.items():
        if bool(((of(x) - y).abs() <= margin).all()):
            return name
    below = x < -1e-3
    if bool(below.any()) and bool(((x - y).abs() <= margin)[x >= 0].all()):
        slope = float((y[below] / x[below]).median())
        if 0 < slope < 1 and bool(((y - slope * x).abs() <= margin)[below].all()):
            return "leaky_relu"
    return None
