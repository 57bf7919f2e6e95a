"""Every spelling of an activation is seen once, named right and counted exactly.

The zoo: small networks that apply activations in every form. Each `Case` has a network and, for
brute force, a function that computes by other means what the hidden site computes. One file, since
the forms and what is to be seen of them are read together.
"""

from __future__ import annotations

import functools
import math
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional as F

import rectifier.torch as rt
from rectifier.torch.sites import Interception
from rectifier.watch.options import WatchOptions
from rectifier.watch.record import Record
from rectifier.watch.watcher import Watcher

UNITS = 6
STEPS = 3
PICTURES = (5, 2, 7, 7)


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


def leaky(x: Tensor) -> Tensor:
    return x.clamp(min=0) + 0.2 * x.clamp(max=0)


def logistic(x: Tensor) -> Tensor:
    return 1 / (1 + torch.exp(-x))


def gelu_tanh(x: Tensor) -> Tensor:
    inner = math.sqrt(2 / math.pi) * (x + 0.044715 * x**3)
    return 0.5 * x * (1 + torch.tanh(inner))


class Formula(nn.Module):
    """A user's own activation of which no call is one."""

    def forward(self, x: Tensor) -> Tensor:
        return 0.5 * x * (1 + torch.erf(x / math.sqrt(2)))


class Spike(torch.autograd.Function):
    """The step with a surrogate gradient of spiking networks."""

    @staticmethod
    def forward(ctx: Any, x: Tensor) -> Tensor:
        ctx.save_for_backward(x)
        return (x > 0).float()

    @staticmethod
    def backward(ctx: Any, grad: Tensor) -> Tensor:
        (x,) = ctx.saved_tensors
        return grad / (1 + 10 * x.abs()) ** 2


def swish(x: Tensor) -> Tensor:
    return x * torch.sigmoid(x)


class Scripted(Calling):
    """A function of TorchScript, which nothing sees into."""

    def __init__(self) -> None:
        with warnings.catch_warnings(action="ignore"):  # what torch says of TorchScript's future
            super().__init__(torch.jit.script(swish))
        for _ in range(3):  # from the second call on it runs compiled, and rounds otherwise
            self.apply_act[0](torch.randn(5, UNITS, requires_grad=True)).sum().backward()


def overwritten(x: Tensor) -> Tensor:
    y = x.clone()
    y[y < 0] = 0
    return y


def erf_formula(x: Tensor) -> Tensor:
    return 0.5 * x * (1 + torch.erf(x / math.sqrt(2)))


def mish_formula(x: Tensor) -> Tensor:
    return x * torch.tanh(F.softplus(x))


class RawFormula(Raw):
    """Bare parameters, and an activation written out."""

    def forward(self, x: Tensor) -> Tensor:
        h = x @ self.w1 + self.b1
        return (h * torch.sigmoid(h)) @ self.w2


def sequential() -> nn.Module:
    return nn.Sequential(nn.Linear(4, UNITS), nn.ReLU(), nn.Linear(UNITS, 3))


def with_norm() -> nn.Module:
    return Pictures(F.relu_, norm=True)


def channels_last() -> nn.Module:
    return Pictures(F.silu).to(memory_format=torch.channels_last)


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
    _call("clamp relu6", lambda x: x.clamp(0, 6), "relu6", reference=F.relu6),
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
    _call("leaky", lambda x: F.leaky_relu(x, 0.2), "leaky_relu", reference=leaky),
    _call("gelu tanh", lambda x: F.gelu(x, approximate="tanh"), "gelu_tanh", reference=gelu_tanh),
    _call("torch.tanh", torch.tanh, "tanh", reference=lambda x: 1 - 2 / (torch.exp(2 * x) + 1)),
    _call("sigmoid method", lambda x: x.sigmoid(), "sigmoid", reference=logistic),
    _call("sin", lambda x: torch.sin(3 * x), "sin", reference=lambda x: torch.sin(3 * x)),
    _call("masked_fill", lambda x: x.masked_fill(x < 0, 0)),
    _call("set item", overwritten),
    _call("half the modulus", lambda x: (x + x.abs()) / 2),
    _call("max of x and a x", lambda x: torch.max(x, 0.2 * x), "leaky_relu", reference=leaky),
    _call("where a x", lambda x: torch.where(x > 0, x, 0.2 * x), "leaky_relu", reference=leaky),
    _call("clamp hardtanh", lambda x: x.clamp(-1, 1), "hardtanh", reference=F.hardtanh),
    _call("swish formula", swish, "silu", reference=F.silu),
    _call("gelu formula", erf_formula, "gelu", reference=F.gelu),
    _call("gelu tanh formula", gelu_tanh, "gelu_tanh", reference=gelu_tanh),
    _call("mish formula", mish_formula, "mish", reference=F.mish),
    _call("sigmoid formula", logistic, "sigmoid", reference=torch.sigmoid),
    _call("softplus formula", lambda x: (1 + x.exp()).log(), "softplus", reference=F.softplus),
    Case("scripted function", Scripted, "silu", F.silu, "silu"),
    _call("spike", lambda x: Spike.apply(x), "spike", reference=lambda x: (x > 0).float()),
    _hold(Formula, "gelu", F.gelu),
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
    Case("sequential", sequential, "relu", relu, "1", layer="0"),
    Case("conv", lambda: Pictures(F.relu), "relu", relu, "relu", PICTURES),
    Case("conv bn in place", with_norm, "relu", relu, "relu", PICTURES, layer="norm"),
    Case("conv channels last", channels_last, "silu", F.silu, "silu", PICTURES),
    Case("tokens", Tokens, "gelu", F.gelu, "gelu", (5, 3, 4), 2),
    Case("raw matmul", Raw, "relu", relu, "relu", layer="w1"),
    Case("raw formula", RawFormula, "silu", F.silu, "silu", layer="w1"),
    Case("raw linear", RawLinear, "relu", relu, "relu", layer="w1"),
)  # fmt: skip


def train(model: nn.Module, batches: list[Tensor]) -> Record:
    watcher = Watcher(WatchOptions(every=1))
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    with Interception([watcher], [model]) as interception:
        for x in batches:
            loss = model(x).square().sum()
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
    assert interception.notes == []
    return watcher.record()


def brute_force(case: Case, model: nn.Module, batches: list[Tensor]) -> tuple[Tensor, ...]:
    """Positive outputs and non-zero input gradients per unit, by plain hooks on the layer."""
    layer = dict(model.named_modules()).get(case.layer)
    active = torch.zeros(UNITS, dtype=torch.int64)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    kept: list[Tensor] = []
    if layer is not None:
        layer.register_forward_hook(lambda m, i, output: kept.append(output.detach().clone()))
    others = [d for d in range(len(case.shape)) if d != case.axis]
    for x in batches:
        if layer is None:
            weight = model.get_parameter("w1").detach()
            kept.append(x @ (weight if weight.shape[0] == x.shape[-1] else weight.T))
            kept[-1] = kept[-1] + getattr(model, "b1", torch.zeros(())).detach()
        output = model(x)
        active += (case.reference(kept[-1]) > 0).sum(others)
        optimizer.zero_grad()
        output.square().sum().backward()
        optimizer.step()
    return (active,)


@pytest.mark.parametrize("case", CASES, ids=[f"{c.function}-{c.name}" for c in CASES])
def test_seen_once_named_and_counted_exactly(case: Case) -> None:
    torch.manual_seed(0)
    batches = [torch.randn(case.shape) for _ in range(STEPS)]
    model = case.make()
    state = {name: value.clone() for name, value in model.state_dict().items()}
    record = train(model, batches)
    watched = {name: value.clone() for name, value in model.state_dict().items()}

    assert [(s.site, s.function, s.layer) for s in record.sites] == [
        (case.site, case.function, case.layer)
    ]
    site = record.sites[0]
    assert site.units == UNITS
    assert site.unit_axis == case.axis
    assert site.source.rpartition(":")[0].endswith("test_zoo.py")

    model.load_state_dict(state)
    (active,) = brute_force(case, model, batches)
    assert site.unit.active.tolist() == active.tolist()
    elements = STEPS * torch.zeros(STEPS).new_zeros(case.shape).numel() // case.shape[-1] // STEPS
    if case.axis == len(case.shape) - 1:
        assert site.unit.seen == STEPS * elements
    for name, value in model.state_dict().items():
        assert torch.equal(value, watched[name]), f"watching changed {name}"


def test_zero_gradient_shares_equal_autograd() -> None:
    torch.manual_seed(0)
    model = nn.Sequential(nn.Linear(4, UNITS), nn.ReLU(), nn.Linear(UNITS, 1))
    x = torch.randn(8, 4)
    pre = model[0](x)
    pre.retain_grad()
    model[2](model[1](pre)).sum().backward()
    assert pre.grad is not None
    expected = float((pre.grad == 0).double().mean())
    counts = (pre.grad != 0).sum(0)
    model.zero_grad()
    watcher = Watcher(WatchOptions(every=1))
    optimizer = torch.optim.SGD(model.parameters(), lr=0.0)
    with Interception([watcher]):
        model(x).sum().backward()
        optimizer.step()
    (site,) = watcher.record().sites
    assert site.series.zero_gradient[0] == pytest.approx(expected)
    assert site.unit.nonzero_gradient_recent.tolist() == counts.tolist()
    assert site.series.silent[0] == float((pre.relu() > 0).sum(0).eq(0).double().mean())
    assert site.series.input_mean[0] == pytest.approx(float(pre.detach().mean()), rel=1e-5)
    spread = float(pre.detach().std(correction=0))
    assert site.series.input_std[0] == pytest.approx(spread, rel=1e-4)
