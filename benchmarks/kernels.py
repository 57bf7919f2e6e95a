"""The compiled kernels against memory, PyTorch, torch.compile and NumPy: every bar, with its means.

Parts, each chosen by name or all of them:

- ``memory``: every activation at 16 M elements, against a copy and against ``a + b -> c``.
- ``torch``: those that PyTorch has, at 1 M elements, both writing into given buffers; then again
  with new results.
- ``compile``: those, through ``torch.compile`` (minutes; only when asked for).
- ``small``: forward and backward through the public functions and autograd, from 1 to 16,384.
- ``composed``: some that PyTorch lacks, against the usual formula in eager mode, at 1 M.
- ``numpy``: gelu, mish, softplus and silu against the usual NumPy and SciPy formulas, at 1 M.

Contestants of a row take turns within one run; figures are the least over the rounds, in ns per
element. The inputs are normal with variance 4.
"""

from __future__ import annotations

import argparse
import os
from collections.abc import Callable, Sequence

import numpy as np
import torch
from torch import Tensor

from rectifier import catalog
from rectifier.kernels import native
from rectifier.numpy import function as numpy_function
from rectifier.torch import timing

SMALL = (1, 16, 256, 1024, 4096, 16384)


def memory(options: argparse.Namespace) -> None:
    """Print each activation's time as a multiple of moving the same bytes."""
    for dtype in (torch.float32, torch.bfloat16):
        names = options.names or (catalog.names() if dtype == torch.float32 else MEMORY_HALF)
        print(f"\n{options.large:,} elements of {dtype}: times a copy, times a + b -> c")
        found = {name: timing.rows(name, options.large, dtype, options.rounds) for name in names}
        order = sorted(found, key=lambda name: -max(row.of_memory for row in found[name]))
        for name in order:
            forward, backward = found[name]
            ns = f"({forward.ns['rectifier']:.3f}, {backward.ns['rectifier']:.3f} ns)"
            print(f"{name:22} {forward.of_memory:6.2f} {backward.of_memory:6.2f}  {ns}")
        for number, label in enumerate(("forward, copy", "backward, a + b")):
            values = [pair[number].of_memory for pair in found.values()]
            print(
                f"{label:16} geometric mean {timing.geometric_mean(values):.2f}, worst "
                f"{max(values):.2f}, above 1.5: {sum(v > 1.5 for v in values)} of {len(values)}"
            )


MEMORY_HALF = ("relu", "leaky_relu", "gelu", "silu", "mish", "tanh", "sigmoid", "softplus", "elu")


def torch_own(options: argparse.Namespace) -> None:
    """Print the speed-up over PyTorch's own operations."""
    for allocate in (False, True):
        kind = "with new results" if allocate else "into given buffers"
        print(f"\n{options.middle:,} elements of fp32, {kind}: times as fast as torch eager")
        names = [n for n in timing.OPPONENTS if not options.names or n in options.names]
        found = {
            name: timing.rows(name, options.middle, rounds=8 * options.rounds, allocate=allocate)
            for name in names
        }
        for name, (forward, backward) in found.items():
            ns = " ".join(f"{row.ns['torch']:.3f}/{row.ns['rectifier']:.3f}" for row in found[name])
            note = "" if timing.OPPONENTS[name].accurate else "  torch misses our accuracy bar"
            print(f"{name:14} {forward.speed_up:6.2f} {backward.speed_up:6.2f}  ({ns} ns){note}")
        hard = [name for name in names if timing.OPPONENTS[name].transcendental]
        for number, label in enumerate(("forward", "backward")):
            for group, members in (("transcendental", hard), ("all", names)):
                ups = [found[name][number].speed_up or 0.0 for name in members]
                mean = timing.geometric_mean(ups)
                print(f"{label:9} {group:15} geometric mean {mean:.2f}, least {min(ups):.2f}")


def compiled(options: argparse.Namespace) -> None:
    """Print the speed-up over what torch.compile makes of PyTorch's functions."""
    print(f"\n{options.middle:,} elements of fp32: times as fast as torch.compile, new results")
    x = torch.randn(options.middle) * 2
    ups = []
    for name in options.names or ("gelu", "silu", "mish", "softplus", "elu", "tanh"):
        theirs = torch.compile(getattr(torch.nn.functional, name))
        theirs(x)
        ours = timing.public(name)
        seconds = timing.measure(
            {"theirs": lambda f=theirs: f(x), "ours": lambda f=ours: f(x)},
            3 * options.rounds,
        )
        ups.append(seconds["theirs"] / seconds["ours"])
        print(f"{name:14} {ups[-1]:6.2f}")
    print(f"geometric mean {timing.geometric_mean(ups):.2f}")


EAGER: dict[str, Callable[[Tensor], Tensor]] = {
    name: getattr(torch.nn.functional, name)
    for name in ("relu", "leaky_relu", "elu", "selu", "gelu", "silu", "mish", "softplus", "celu")
} | {"tanh": torch.tanh, "sigmoid": torch.sigmoid, "hard_swish": torch.nn.functional.hardswish}


def small(options: argparse.Namespace) -> None:
    """Print the speed-up of a forward and backward pass on few elements."""
    print("\nforward and backward through autograd, times as fast as torch eager, by elements")
    print(f"{'':12}" + "".join(f"{size:>9,}" for size in SMALL))
    for name, theirs in EAGER.items():
        if options.names and name not in options.names:
            continue
        ours = timing.public(name)
        ups = [timing.training_step(ours, theirs, size, 4 * options.rounds) for size in SMALL]
        print(f"{name:12}" + "".join(f"{up:9.2f}" for up in ups), flush=True)


USUAL: dict[str, Callable[[Tensor], Tensor]] = {
    "smu": lambda x: (1.25 * x + 0.75 * x * torch.erf(1e6 * 0.75 * x)) / 2,
    "serf": lambda x: x * torch.erf(torch.nn.functional.softplus(x)),
    "tanh_exp": lambda x: x * torch.tanh(torch.exp(x)),
    "relu_squared": lambda x: torch.relu(x).square(),
    "logish": lambda x: x * torch.log1p(torch.sigmoid(x)),
    "smish": lambda x: x * torch.tanh(torch.log1p(torch.sigmoid(x))),
    "lisht": lambda x: x * torch.tanh(x),
    "squareplus": lambda x: (x + torch.sqrt(x * x + 4)) / 2,
    "snake": lambda x: x + torch.sin(x).square(),
    "pau": lambda x: _pau(x),
}


def _pau(x: Tensor) -> Tensor:
    at = {name: param.default for name, param in catalog.get("pau").params.items()}
    top = sum(at[f"a{k}"] * x**k for k in range(2, 6)) + at["a0"] + at["a1"] * x
    return top / (1 + (sum(at[f"b{k}"] * x**k for k in range(2, 5)) + at["b1"] * x).abs())


def composed(options: argparse.Namespace) -> None:
    """Print the speed-up over the usual formula in eager mode."""
    print(f"\n{options.middle:,} elements of fp32: times as fast as the usual formula, eager")
    x = torch.randn(options.middle) * 2
    leaf, grad = x.clone().requires_grad_(), torch.randn(options.middle)
    found: list[tuple[float, float]] = []
    for name, theirs in USUAL.items():
        if options.names and name not in options.names:
            continue
        ours = timing.public(name)
        forward = timing.measure({"t": lambda f=theirs: f(x), "o": lambda f=ours: f(x)}, 25)
        y, z = theirs(leaf), ours(leaf)

        def back(result: Tensor) -> object:
            return torch.autograd.grad(result, leaf, grad, retain_graph=True)

        backward = timing.measure({"t": lambda y=y: back(y), "o": lambda z=z: back(z)}, 25)
        found.append((forward["t"] / forward["o"], backward["t"] / backward["o"]))
        print(f"{name:14} {found[-1][0]:6.2f} {found[-1][1]:6.2f}", flush=True)
    for label, ups in zip(("forward", "backward"), zip(*found, strict=True), strict=True):
        print(f"{label:9} geometric mean {timing.geometric_mean(ups):.2f}, least {min(ups):.2f}")


def against_numpy(options: argparse.Namespace) -> None:
    """Print the speed-up over the usual NumPy and SciPy formulas."""
    from scipy.special import erf

    usual: dict[str, Callable[[np.ndarray], np.ndarray]] = {
        "gelu": lambda x: 0.5 * x * (1 + erf(x / np.float32(np.sqrt(2)))),
        "mish": lambda x: x * np.tanh(np.log1p(np.exp(x))),
        "softplus": lambda x: np.log1p(np.exp(x)),
        "silu": lambda x: x / (1 + np.exp(-x)),
    }
    print(f"\n{options.middle:,} elements of fp32: times as fast as NumPy, new results; into given")
    x = np.random.default_rng(0).normal(0, 2, options.middle).astype(np.float32)
    out = np.empty_like(x)
    found = []
    for name, theirs in usual.items():
        ours = numpy_function(name)
        seconds = timing.measure(
            {
                "theirs": lambda f=theirs: f(x),
                "ours": lambda f=ours: f(x),
                "given": lambda f=ours: f(x, out=out),
            },
            4 * options.rounds,
        )
        found.append([seconds["theirs"] / seconds[key] for key in ("ours", "given")])
        print(f"{name:14} {found[-1][0]:6.2f} {found[-1][1]:6.2f}")
    means = [timing.geometric_mean(column) for column in zip(*found, strict=True)]
    print(f"geometric mean {means[0]:.2f} {means[1]:.2f}")


PARTS = {
    "memory": memory,
    "torch": torch_own,
    "small": small,
    "composed": composed,
    "numpy": against_numpy,
    "compile": compiled,
}


def main(arguments: Sequence[str] | None = None) -> None:
    """Print the parts that are asked for."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("parts", nargs="*", help=f"of {', '.join(PARTS)}; default: all but compile")
    parser.add_argument("--names", nargs="*", default=[], help="only these activations")
    parser.add_argument("--large", type=int, default=1 << 24)
    parser.add_argument("--middle", type=int, default=1 << 20)
    parser.add_argument("--threads", type=int, default=min(2, native.default_threads()))
    parser.add_argument("--rounds", type=int, default=5, help="counted rounds of each row")
    options = parser.parse_args(arguments)
    torch.set_num_threads(options.threads)
    os.environ["OMP_NUM_THREADS"] = str(options.threads)
    native.default_threads.cache_clear()
    print(timing.machine())
    for part in options.parts or [name for name in PARTS if name != "compile"]:
        PARTS[part](options)


if __name__ == "__main__":
    main()
