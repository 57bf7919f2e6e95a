"""Small networks that apply activations in every spelling, and what of them is to be seen.

Each `Case` has a network and, for brute force, a function that computes what every site gets and gives.
"""

from __future__ import annotations

import functools
import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F

import rectifier.torch as rt

UNITS = 6


@dataclass(frozen=True)
class Case:
    """One form.

    Attributes:
        name: For the test's id. ``make``: the network, (5, 4) -> (5, 3) or as ``shape`` says.
        function: What the hidden site computes. ``reference``: the same, by other means.
        site: The name that the site must have. ``shape``: of the input. ``axis``: of the units.
        layer: The layer that feeds it.
    """

    name: str
    make: Callable[[], nn.Module]
    function: str
    reference: Callable[[Tensor], Tensor]
    site: str
    shape: tuple[int, ...] = (5, 4)
    axis: int = 1
    layer: str = "first"


class Calling(nn.Module):
    """first → act → second, with ``act`` any callable."""

    def __init__(self, act: Callable[[Tensor], Tensor]) -> None:
        super().__init__()
        self.first = nn.Linear(4, UNITS)
        self.second = nn.Linear(UNITS, 3)
        self.apply_act = (act,)

    def forward(self, x: Tensor) -> Tensor:
        return self.second(self.apply_act[0](self.first(x)))


class Holding(nn.Module):
    """The same with a module."""

    def __init__(self, act: nn.Module) -> None:
        super().__init__()
        self.first = nn.Linear(4, UNITS)
        self.act = act
        self.second = nn.Linear(UNITS, 3)

    def forward(self, x: Tensor) -> Tensor:
        return self.second(self.act(self.first(x)))


class Pictures(nn.Module):
    """Convolution, batch normalisation, activation."""

    def __init__(self, act: Callable[[Tensor], Tensor], norm: bool = False) -> None:
        super().__init__()
        self.first = nn.Conv2d(2, UNITS, 3)
        self.norm = nn.BatchNorm2d(UNITS) if norm else nn.Identity()
        self.second = nn.Conv2d(UNITS, 3, 1)
        self.apply_act = (act,)

    def forward(self, x: Tensor) -> Tensor:
        return self.second(self.apply_act[0](self.norm(self.first(x)))).mean((2, 3))


class Tokens(nn.Module):
    """(B, T, C) through a linear layer."""

    def __init__(self) -> None:
        super().__init__()
        self.first = nn.Linear(4, UNITS)
        self.second = nn.Linear(UNITS, 3)

    def forward(self, x: Tensor) -> Tensor:
        return self.second(F.gelu(self.first(x))).mean(1)


class Swish(nn.Module):
    """A user's own activation."""

    def forward(self, x: Tensor) -> Tensor:
        return x * torch.sigmoid(x)


class Clamped(nn.Module):
    """A user's own ReLU module."""

    def forward(self, x: Tensor) -> Tensor:
        return x.clamp(min=0)


class Quiet(nn.ReLU):
    """A subclass that changes nothing."""


class OwnFunction(torch.autograd.Function):
    """The ReLU that tutorials write."""

    @staticmethod
    def forward(ctx: Any, x: Tensor) -> Tensor:
        ctx.save_for_backward(x)
        return x.clamp(min=0)

    @staticmethod
    def backward(ctx: Any, grad: Tensor) -> Tensor:
        (x,) = ctx.saved_tensors
        grad = grad.clone()
        grad[x < 0] = 0
        return grad


class Raw(nn.Module):
    """Bare parameters."""

    def __init__(self) -> None:
        super().__init__()
        self.w1 = nn.Parameter(torch.randn(4, UNITS) * 0.5)
        self.b1 = nn.Parameter(torch.zeros(UNITS))
        self.w2 = nn.Parameter(torch.randn(UNITS, 3) * 0.5)

    def forward(self, x: Tensor) -> Tensor:
        return torch.relu(x @ self.w1 + self.b1) @ self.w2


class RawLinear(nn.Module):
    """F.linear with bare parameters."""

    def __init__(self) -> None:
        super().__init__()
        self.w1 = nn.Parameter(torch.randn(UNITS, 4) * 0.5)
        self.w2 = nn.Parameter(torch.randn(3, UNITS) * 0.5)

    def forward(self, x: Tensor) -> Tensor:
        return F.linear(F.relu(F.linear(x, self.w1)), self.w2)


def relu(x: Tensor) -> Tensor:
    return torch.where(x > 0, x, torch.zeros_like(x))


def _relu_inplace(x: Tensor) -> Tensor:
    x.relu_()
    return x


def _call(name: str, act: Callable[[Tensor], Tensor], function: str = "relu", **more: Any) -> Case:
    reference = more.pop("reference", relu)
    return Case(name, lambda: Calling(act), function, reference, function, **more)


def _hold(
    act: Callable[[], nn.Module], function: str, reference: Callable[[Tensor], Tensor]
) -> Case:
    return Case(function, lambda: Holding(act()), function, reference, "act")


CASES = (
    _call("F.relu", F.relu),
    _call("torch.relu", torch.relu),
    _call("method", lambda x: x.relu()),
    _call("method in place", lambda x: x.relu_()),
    _call("F.relu in place", lambda x: F.relu(x, inplace=True)),
    _call("F.relu in place, unused result", _relu_inplace),
    _call("torch.relu_", torch.relu_),
    _call("clamp(min=0)", lambda x: x.clamp(min=0)),
    _call("clamp(0)", lambda x: torch.clamp(x, 0)),
    _call("clamp_min", lambda x: x.clamp_min(0.0)),
    _call("clamp_ in place", lambda x: x.clamp_(min=0)),
    _call("clip", lambda x: torch.clip(x, min=0)),
    _call("clamp relu6", lambda x: x.clamp(0, 6), "relu6", reference=lambda x: relu(x).clamp(max=6)),
    _call("maximum zeros", lambda x: torch.maximum(x, torch.zeros_like(x))),
    _call("maximum scalar tensor", lambda x: torch.maximum(torch.tensor(0.0), x)),
    _call("max of two", lambda x: torch.max(x, torch.zeros(1))),
    _call("where", lambda x: torch.where(x > 0, x, torch.zeros_like(x))),
    _call("where scalar", lambda x: torch.where(x > 0, x, 0.0)),
    _call("where below", lambda x: torch.where(x < 0, 0.0, x)),
    _call("times mask", lambda x: x * (x > 0)),
    _call("times float mask", lambda x: (x > 0).float() * x),
    _call("threshold", lambda x: F.threshold(x, 0, 0)),
    _call("partial", functools.partial(F.relu, inplace=False)),
    _call("custom function", lambda x: OwnFunction.apply(x)),
    _call("rt.functional", rt.functional.relu),
    _call("rt.functional.mish", rt.functional.mish, "mish", reference=F.mish),
    _call("leaky", lambda x: F.leaky_relu(x, 0.2), "leaky_relu", reference=lambda x: x.clamp(min=0) + 0.2 * x.clamp(max=0)),
    _call("gelu tanh", lambda x: F.gelu(x, approximate="tanh"), "gelu_tanh", reference=lambda x: 0.5 * x * (1 + torch.tanh(math.sqrt(2 / math.pi) * (x + 0.044715 * x**3)))),
    _call("torch.tanh", torch.tanh, "tanh", reference=lambda x: 1 - 2 / (torch.exp(2 * x) + 1)),
    _call("sigmoid method", lambda x: x.sigmoid(), "sigmoid", reference=lambda x: 1 / (1 + torch.exp(-x))),
    _call("sin", lambda x: torch.sin(3 * x), "sin", reference=lambda x: torch.sin(3 * x)),
    _hold(nn.ReLU, "relu", relu),
    _hold(lambda: nn.ReLU(inplace=True), "relu", relu),
    _hold(Quiet, "relu", relu),
    _hold(Clamped, "relu", relu),
    _hold(Swish, "swish", F.silu),
    _hold(nn.LeakyReLU, "leaky_relu", F.leaky_relu),
    _hold(nn.ELU, "elu", F.elu),
    _hold(nn.GELU, "gelu", F.gelu),
    _hold(nn.SiLU, "silu", F.silu),
    _hold(nn.Mish, "mish", F.mish),
    _hold(nn.Tanh, "tanh", torch.tanh),
    _hold(nn.Sigmoid, "sigmoid", torch.sigmoid),
    _hold(nn.Softplus, "softplus", F.softplus),
    _hold(nn.Hardswish, "hardswish", F.hardswish),
    _hold(nn.ReLU6, "relu6", F.relu6),
    _hold(nn.SELU, "selu", F.selu),
    _hold(nn.CELU, "celu", F.celu),
    _hold(nn.PReLU, "prelu", lambda x: F.leaky_relu(x, 0.25)),
    _hold(lambda: rt.activation("mish"), "mish", F.mish),
    Case("sequential", lambda: nn.Sequential(nn.Linear(4, UNITS), nn.ReLU(), nn.Linear(UNITS, 3)), "relu", relu, "1", layer="0"),
    Case("conv", lambda: Pictures(F.relu), "relu", relu, "relu", (5, 2, 7, 7)),
    Case("conv bn in place", lambda: Pictures(lambda x: F.relu(x, inplace=True), norm=True), "relu", relu, "relu", (5, 2, 7, 7), layer="norm"),
    Case("conv channels last", lambda: Pictures(F.silu).to(memory_format=torch.channels_last), "silu", F.silu, "silu", (5, 2, 7, 7)),
    Case("tokens", Tokens, "gelu", F.gelu, "gelu", (5, 3, 4), 2),
    Case("raw matmul", Raw, "relu", relu, "relu", layer="w1"),
    Case("raw linear", RawLinear, "relu", relu, "relu", layer="w1"),
)  # fmt: skip
