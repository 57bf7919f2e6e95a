"""How fast the kernels are on this machine, side by side with what they are up against.

Layer: torch front end. Used by ``rectifier bench`` and by ``benchmarks/kernels.py``, so that both
print the same figures. In every round each contestant of a row runs once, one after the other, so
that the machine's mood drops out of the ratios; a figure is the least over the rounds, since what
else the machine does can only add to it. Against memory stand a copy (forward) and ``a + b -> c``
(backward), which move the same bytes; against PyTorch its own operation for the same activation,
called so that it too writes into a given buffer where it can. Printing is left to the callers.
"""

from __future__ import annotations

import math
import os
import platform
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor

from rectifier import catalog
from rectifier.kernels import native
from rectifier.torch.functional import function

Contestants = Mapping[str, Callable[[], object]]

_aten = torch.ops.aten
_SELU = (1.6732632423543772, 1.0507009873554805)


@dataclass(frozen=True)
class Opponent:
    """PyTorch's own operation for an activation of the catalog, at the catalog's defaults.

    Attributes:
        forward: Writes f(x) to a buffer: of x and the buffer.
        backward: Writes g f'(x) to a buffer: of g, x, what PyTorch keeps, and the buffer.
        kept: What PyTorch keeps for the backward pass besides x, from x.
        transcendental: Whether it needs more than arithmetic and comparisons.
        accurate: Whether its value keeps our accuracy bar in the tails.
    """

    forward: Callable[[Tensor, Tensor], object]
    backward: Callable[[Tensor, Tensor, Tensor, Tensor], object]
    kept: Callable[[Tensor], Tensor] = torch.empty_like
    transcendental: bool = True
    accurate: bool = True


def _elu(alpha: float = 1.0, scale: float = 1.0) -> Opponent:
    return Opponent(
        lambda x, o: _aten.elu.out(x, alpha, scale, 1.0, out=o),
        lambda g, x, _, o: _aten.elu_backward.grad_input(
            g, alpha, scale, 1.0, False, x, grad_input=o
        ),
    )


def _gelu(approximate: str) -> Opponent:
    return Opponent(
        lambda x, o: _aten.gelu.out(x, approximate=approximate, out=o),
        lambda g, x, _, o: _aten.gelu_backward.grad_input(
            g, x, approximate=approximate, grad_input=o
        ),
        accurate=False,
    )


OPPONENTS: Mapping[str, Opponent] = {
    "elu": _elu(),
    "celu": _elu(),
    "selu": _elu(*_SELU),
    "gelu": _gelu("none"),
    "gelu_tanh": _gelu("tanh"),
    "silu": Opponent(
        lambda x, o: _aten.silu.out(x, out=o),
        lambda g, x, _, o: _aten.silu_backward.grad_input(g, x, grad_input=o),
        accurate=False,
    ),
    "mish": Opponent(
        lambda x, o: _aten.mish.out(x, out=o), lambda g, x, _, o: _aten.mish_backward(g, x)
    ),
    "softplus": Opponent(
        lambda x, o: _aten.softplus.out(x, out=o),
        lambda g, x, _, o: _aten.softplus_backward.grad_input(g, x, 1.0, 20.0, grad_input=o),
    ),
    "log_sigmoid": Opponent(
        lambda x, o: _aten.log_sigmoid.out(x, out=o),
        lambda g, x, kept, o: _aten.log_sigmoid_backward.grad_input(g, x, kept, grad_input=o),
        lambda x: _aten.log_sigmoid_forward(x)[1],
    ),
    "sigmoid": Opponent(
        lambda x, o: _aten.sigmoid.out(x, out=o),
        lambda g, _, kept, o: _aten.sigmoid_backward.grad_input(g, kept, grad_input=o),
        torch.sigmoid,
        accurate=False,
    ),
    "tanh": Opponent(
        lambda x, o: _aten.tanh.out(x, out=o),
        lambda g, _, kept, o: _aten.tanh_backward.grad_input(g, kept, grad_input=o),
        torch.tanh,
    ),
    "tanh_shrink": Opponent(
        lambda x, o: torch.nn.functional.tanhshrink(x),
        lambda g, _, kept, o: torch.sub(g, _aten.tanh_backward(g, kept), out=o),
        torch.tanh,
        accurate=False,
    ),
    "relu": Opponent(
        lambda x, o: _aten.relu.out(x, out=o),
        lambda g, x, _, o: _aten.threshold_backward.grad_input(g, x, 0.0, grad_input=o),
        transcendental=False,
    ),
    "leaky_relu": Opponent(
        lambda x, o: _aten.leaky_relu.out(x, 0.01, out=o),
        lambda g, x, _, o: _aten.leaky_relu_backward.grad_input(g, x, 0.01, False, grad_input=o),
        transcendental=False,
    ),
    "relu6": Opponent(
        lambda x, o: _aten.hardtanh.out(x, 0.0, 6.0, out=o),
        lambda g, x, _, o: _aten.hardtanh_backward.grad_input(g, x, 0.0, 6.0, grad_input=o),
        transcendental=False,
    ),
    "hard_tanh": Opponent(
        lambda x, o: _aten.hardtanh.out(x, -1.0, 1.0, out=o),
        lambda g, x, _, o: _aten.hardtanh_backward.grad_input(g, x, -1.0, 1.0, grad_input=o),
        transcendental=False,
    ),
    "hard_swish": Opponent(
        lambda x, o: _aten.hardswish.out(x, out=o),
        lambda g, x, _, o: _aten.hardswish_backward.out(g, x, out=o),
        transcendental=False,
    ),
    "hard_sigmoid": Opponent(
        lambda x, o: _aten.hardsigmoid.out(x, out=o),
        lambda g, x, _, o: _aten.hardsigmoid_backward.grad_input(g, x, grad_input=o),
        transcendental=False,
    ),
    "soft_shrink": Opponent(
        lambda x, o: _aten.softshrink.out(x, 0.5, out=o),
        lambda g, x, _, o: _aten.softshrink_backward.grad_input(g, x, 0.5, grad_input=o),
        transcendental=False,
    ),
    "hard_shrink": Opponent(
        lambda x, o: _aten.hardshrink.out(x, 0.5, out=o),
        lambda g, x, _, o: _aten.hardshrink_backward.grad_input(g, x, 0.5, grad_input=o),
        transcendental=False,
    ),
    "softsign": Opponent(
        lambda x, o: torch.nn.functional.softsign(x),
        lambda g, x, kept, o: torch.div(g, kept, out=o),
        lambda x: (x.abs() + 1).square(),
        transcendental=False,
    ),
}
"""By name of the catalog, what PyTorch has in one operation, or in its own few."""


@dataclass(frozen=True)
class Row:
    """One activation in one direction.

    Attributes:
        name: The activation.
        backward: Whether this is the backward pass.
        elements: How many.
        ns: Nanoseconds per element of ``"memory"``, ``"rectifier"`` and, if it can, ``"torch"``.
    """

    name: str
    backward: bool
    elements: int
    ns: Mapping[str, float]

    @property
    def of_memory(self) -> float:
        """How many times as long as moving the same bytes."""
        return self.ns["rectifier"] / self.ns["memory"]

    @property
    def speed_up(self) -> float | None:
        """How many times as fast as PyTorch, where it has this."""
        return self.ns["torch"] / self.ns["rectifier"] if "torch" in self.ns else None

    @property
    def bound(self) -> float | None:
        """The largest speed-up that memory allows: PyTorch's time over moving the same bytes."""
        return self.ns["torch"] / self.ns["memory"] if "torch" in self.ns else None


def measure(contestants: Contestants, rounds: int) -> dict[str, float]:
    """Return the least seconds of each contestant, taken in turn."""
    times: dict[str, list[float]] = {name: [] for name in contestants}
    for round_ in range(rounds + 1):
        for name, run in contestants.items():
            start = time.perf_counter()
            run()
            if round_:  # the first one warms the caches and touches the memory
                times[name].append(time.perf_counter() - start)
    return {name: min(values) for name, values in times.items()}


def rows(
    name: str,
    elements: int,
    dtype: torch.dtype = torch.float32,
    rounds: int = 5,
    allocate: bool = False,
) -> list[Row]:
    """Measure an activation in both directions.

    Args:
        name: A name of the catalog.
        elements: How many numbers, drawn from a normal distribution of variance 4.
        dtype: Their type.
        rounds: How many rounds are counted.
        allocate: Whether each call makes its result; otherwise it is written to a given buffer.
    """
    spec = catalog.get(name)
    generator = torch.Generator().manual_seed(0)
    x = (torch.randn(elements, generator=generator) * 2).to(dtype)
    g = torch.randn(elements, generator=generator).to(dtype)
    out = torch.empty_like(x)
    parameters = tuple(param.default for param in spec.params.values())
    opponent = OPPONENTS.get(spec.name)

    def target() -> Tensor:
        return torch.empty_like(x) if allocate else out

    def forward() -> None:
        native.unary(spec.name, "forward", x, target(), parameters=parameters)

    def backward() -> None:
        native.unary(spec.name, "backward", x, target(), grad=g, parameters=parameters)

    forwards: dict[str, Callable[[], object]] = {
        "memory": lambda: target().copy_(x),
        "rectifier": forward,
    }
    backwards: dict[str, Callable[[], object]] = {
        "memory": lambda: torch.add(x, g, out=target()),
        "rectifier": backward,
    }
    if opponent is not None:
        kept = opponent.kept(x)
        forwards["torch"] = lambda: opponent.forward(x, target())
        backwards["torch"] = lambda: opponent.backward(g, x, kept, target())
    found = []
    with torch.no_grad():
        for is_backward, contestants in ((False, forwards), (True, backwards)):
            seconds = measure(contestants, rounds)
            ns = {key: value / elements * 1e9 for key, value in seconds.items()}
            found.append(Row(spec.name, is_backward, elements, ns))
    return found


def training_step(
    ours: Callable[[Tensor], Tensor], theirs: Callable[[Tensor], Tensor], size: int, rounds: int
) -> float:
    """Return how many times as fast ours is, forward and backward through autograd.

    Args:
        ours: A function of a tensor.
        theirs: Another.
        size: How many elements.
        rounds: How many rounds are counted; a round repeats a call until it takes 0.2 ms.
    """
    leaf = (torch.randn(size) * 2).requires_grad_()
    grad = torch.randn(size)

    def step(f: Callable[[Tensor], Tensor]) -> Callable[[], object]:
        def run() -> None:
            for _ in range(repeats):
                torch.autograd.grad(f(leaf), leaf, grad)

        return run

    repeats = 1
    once = measure({"once": step(theirs)}, 5)["once"]
    repeats = max(1, math.ceil(2e-4 / once))
    seconds = measure({"ours": step(ours), "theirs": step(theirs)}, rounds)
    return seconds["theirs"] / seconds["ours"]


def public(name: str) -> Callable[[Tensor], Tensor]:
    """Return the public function of an activation."""
    return function(name)


def geometric_mean(values: Sequence[float]) -> float:
    """Return the geometric mean; NaN of nothing."""
    return math.exp(sum(map(math.log, values)) / len(values)) if values else math.nan


def machine() -> str:
    """Return one line on what this runs on."""
    cpuinfo = Path("/proc/cpuinfo")
    text = cpuinfo.read_text(encoding="utf-8") if cpuinfo.exists() else ""
    models = [line.partition(":")[2].strip() for line in text.splitlines() if "model name" in line]
    name = models[0] if models else platform.processor() or platform.machine()
    wide = "AVX-512" if "avx512dq" in text else "AVX2" if "avx2" in text else "no AVX2"
    threads = torch.get_num_threads()
    return (
        f"{name} ({wide}), {threads} thread{'s' if threads > 1 else ''} on {os.cpu_count()} cores, "
        f"Python {platform.python_version()}, torch {torch.__version__}"
    )
