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
element. The inputs are normal with variance 4. Each speed-up stands beside its *bound*: the other
side's time over that of moving the same bytes, a copy or ``a + b -> c``, with as many threads. No
kernel can be faster than memory, so no speed-up can be larger than that.
"""

from __future__ import annotations

import argparse
import functools
import os
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from machine import add_to
from torch import Tensor

from rectifier import catalog
from rectifier.kernels import native
from rectifier.numpy import function as numpy_function
from rectifier.torch import timing

SMALL = (1, 16, 256, 1024, 4096, 16384)


Rows = list[dict[str, Any]]
"""What is measured, as it goes into JSON; a table's last rows are its means."""


def memory(options: argparse.Namespace) -> Rows:
    """Print each activation's time as a multiple of moving the same bytes."""
    kept: Rows = []
    for dtype in (torch.float32, torch.bfloat16):
        names = options.names or (catalog.names() if dtype == torch.float32 else MEMORY_HALF)
        print(f"\n{options.large:,} elements of {dtype}: times a copy, times a + b -> c")
        found = {name: timing.rows(name, options.large, dtype, options.rounds) for name in names}
        order = sorted(found, key=lambda name: -max(row.of_memory for row in found[name]))
        for name in order:
            forward, backward = found[name]
            ns = f"({forward.ns['rectifier']:.3f}, {backward.ns['rectifier']:.3f} ns)"
            print(f"{name:22} {forward.of_memory:6.2f} {backward.of_memory:6.2f}  {ns}")
            kept.append(
                {"name": name, "dtype": str(dtype).removeprefix("torch."),
                 "forward": forward.of_memory, "backward": backward.of_memory}
            )  # fmt: skip
        for number, label in enumerate(("forward, copy", "backward, a + b")):
            values = [pair[number].of_memory for pair in found.values()]
            print(
                f"{label:16} geometric mean {timing.geometric_mean(values):.2f}, worst "
                f"{max(values):.2f}, above 1.5: {sum(v > 1.5 for v in values)} of {len(values)}"
            )
    return kept


MEMORY_HALF = ("relu", "leaky_relu", "gelu", "silu", "mish", "tanh", "sigmoid", "softplus", "elu")


def torch_own(options: argparse.Namespace) -> Rows:
    """Print the speed-up over PyTorch's own operations."""
    kept: Rows = []
    for allocate in (False, True):
        kind = "with new results" if allocate else "into given buffers"
        print(f"\n{options.middle:,} elements of fp32, {kind}: times as fast as torch eager")
        print(f"{'':14}{'forward':>8}{'bound':>7}{'backward':>10}{'bound':>7}   ns torch/ours")
        names = [n for n in timing.OPPONENTS if not options.names or n in options.names]
        found = {
            name: timing.rows(name, options.middle, rounds=8 * options.rounds, allocate=allocate)
            for name in names
        }
        for name, pair in found.items():
            cells = "".join(f"{row.speed_up:8.2f}{row.bound:7.2f}  " for row in pair)
            ns = " ".join(f"{row.ns['torch']:.3f}/{row.ns['rectifier']:.3f}" for row in pair)
            note = "" if timing.OPPONENTS[name].accurate else "  torch misses our accuracy bar"
            print(f"{name:14}{cells} {ns}{note}")
            kept.append({"name": name, "allocate": allocate} | _pair(pair, name))
        hard = [name for name in names if timing.OPPONENTS[name].transcendental]
        for number, label in enumerate(("forward", "backward")):
            for group, members in (("transcendental", hard), ("all", names)):
                if not members:
                    continue
                rows = [found[name][number] for name in members]
                ups = [row.speed_up or 0.0 for row in rows]
                bounds = [row.bound or 0.0 for row in rows]
                print(
                    f"{label:9} {group:15} geometric mean {timing.geometric_mean(ups):.2f}, bound "
                    f"{timing.geometric_mean(bounds):.2f}; least {min(ups):.2f}"
                )
    return kept


def _pair(pair: Sequence[timing.Row], name: str) -> dict[str, Any]:
    opponent = timing.OPPONENTS[name]
    return {
        "transcendental": opponent.transcendental,
        "accurate": opponent.accurate,
        "forward": pair[0].speed_up,
        "forward bound": pair[0].bound,
        "backward": pair[1].speed_up,
        "backward bound": pair[1].bound,
    }


def compiled(options: argparse.Namespace) -> Rows:
    """Print the speed-up over what torch.compile makes of PyTorch's functions."""
    print(f"\n{options.middle:,} elements of fp32: times as fast as torch.compile, new results")
    x = torch.randn(options.middle) * 2
    kept: Rows = []
    for name in options.names or ("gelu", "silu", "mish", "softplus", "elu", "tanh"):
        theirs = torch.compile(getattr(torch.nn.functional, name))
        theirs(x)
        ours = timing.public(name)
        seconds = timing.measure(
            {"theirs": lambda f=theirs: f(x), "ours": lambda f=ours: f(x)},
            3 * options.rounds,
        )
        kept.append({"name": name, "forward": seconds["theirs"] / seconds["ours"]})
        print(f"{name:14} {kept[-1]['forward']:6.2f}")
    print(f"geometric mean {timing.geometric_mean([row['forward'] for row in kept]):.2f}")
    return kept


EAGER: dict[str, Callable[[Tensor], Tensor]] = {
    name: getattr(torch.nn.functional, name)
    for name in ("relu", "leaky_relu", "elu", "selu", "gelu", "silu", "mish", "softplus", "celu")
} | {
    "tanh": torch.tanh,
    "sigmoid": torch.sigmoid,
    "hard_swish": torch.nn.functional.hardswish,
    "hard_sigmoid": torch.nn.functional.hardsigmoid,
    "hard_tanh": torch.nn.functional.hardtanh,
    "relu6": torch.nn.functional.relu6,
    "hard_shrink": torch.nn.functional.hardshrink,
    "soft_shrink": torch.nn.functional.softshrink,
}


def small(options: argparse.Namespace) -> Rows:
    """Print the speed-up of a forward and backward pass on few elements."""
    print("\nforward and backward through autograd, times as fast as torch eager, by elements")
    print(f"{'':12}" + "".join(f"{size:>9,}" for size in SMALL))
    kept: Rows = []
    for name, theirs in EAGER.items():
        if options.names and name not in options.names:
            continue
        ours = timing.public(name)
        ups = [timing.training_step(ours, theirs, size, 4 * options.rounds) for size in SMALL]
        print(f"{name:12}" + "".join(f"{up:9.2f}" for up in ups), flush=True)
        kept.append({"name": name, **{str(size): up for size, up in zip(SMALL, ups, strict=True)}})
    return kept


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


def composed(options: argparse.Namespace) -> Rows:
    """Print the speed-up over the usual formula in eager mode."""
    print(f"\n{options.middle:,} elements of fp32: times as fast as the usual formula, eager")
    print(f"{'':14}{'forward':>8}{'bound':>7}{'backward':>10}{'bound':>7}")
    x = torch.randn(options.middle) * 2
    leaf, grad = x.clone().requires_grad_(), torch.randn(options.middle)
    kept: Rows = []
    for name, theirs in USUAL.items():
        if options.names and name not in options.names:
            continue
        ours = timing.public(name)
        forward = timing.measure(
            {"theirs": lambda f=theirs: f(x), "ours": lambda f=ours: f(x), "memory": x.clone}, 25
        )
        y, z = theirs(leaf), ours(leaf)

        def back(result: Tensor) -> object:
            return torch.autograd.grad(result, leaf, grad, retain_graph=True)

        backward = timing.measure(
            {
                "theirs": lambda y=y: back(y),
                "ours": lambda z=z: back(z),
                "memory": lambda: torch.add(x, grad),
            },
            25,
        )
        row: dict[str, Any] = {"name": name}
        for label, seconds in (("forward", forward), ("backward", backward)):
            row[label] = seconds["theirs"] / seconds["ours"]
            row[f"{label} bound"] = seconds["theirs"] / seconds["memory"]
        kept.append(row)
        cells = "".join(f"{row[d]:8.2f}{row[f'{d} bound']:7.2f}  " for d in DIRECTIONS)
        print(f"{name:14}{cells}", flush=True)
    for label in DIRECTIONS:
        ups, bounds = ([row[key] for row in kept] for key in (label, f"{label} bound"))
        print(
            f"{label:9} geometric mean {timing.geometric_mean(ups):.2f}, bound "
            f"{timing.geometric_mean(bounds):.2f}; least {min(ups):.2f}"
        )
    return kept


DIRECTIONS = ("forward", "backward")


def formulas() -> Mapping[str, Mapping[str, Callable[[np.ndarray], np.ndarray]]]:
    """Return the usual NumPy and SciPy formulas: by activation, and by how they are written."""
    from scipy.special import erf, expit, softplus

    root = np.float32(np.sqrt(2))
    return {
        "gelu": {"0.5 * x * (1 + erf(x / sqrt(2)))": lambda x: 0.5 * x * (1 + erf(x / root))},
        "mish": {
            "x * tanh(logaddexp(0, x))": lambda x: x * np.tanh(np.logaddexp(np.float32(0), x)),
            "x * tanh(log1p(exp(x)))": lambda x: x * np.tanh(np.log1p(np.exp(x))),
        },
        "softplus": {
            "logaddexp(0, x)": lambda x: np.logaddexp(np.float32(0), x),
            "scipy.special.softplus(x)": softplus,
            "log1p(exp(x))": lambda x: np.log1p(np.exp(x)),
        },
        "silu": {
            "x * expit(x)": lambda x: x * expit(x),
            "x / (1 + exp(-x))": lambda x: x / (1 + np.exp(-x)),
        },
    }


def against_numpy(options: argparse.Namespace) -> Rows:
    """Print the speed-up over the usual NumPy and SciPy formulas; the last of some overflows."""
    print(f"\n{options.middle:,} elements of fp32: times as fast as NumPy's one thread")
    print(f"{'':10}{'':34}{'new':>8}{'given':>8}{'bound':>8}{'1 thread':>10}")
    x = np.random.default_rng(0).normal(0, 2, options.middle).astype(np.float32)
    out = np.empty_like(x)
    kept: Rows = []
    for name, ways in formulas().items():
        ours = numpy_function(name)
        defaults = tuple(param.default for param in catalog.get(name).params.values())
        for formula, theirs in ways.items():
            seconds = timing.measure(
                {
                    "theirs": lambda f=theirs: f(x),
                    "new": lambda f=ours: f(x),
                    "given": lambda f=ours: f(x, out=out),
                    "memory": lambda: np.copyto(out, x),
                    "alone": functools.partial(
                        native.unary, name, "forward", x, out, parameters=defaults, threads=1
                    ),
                },
                3 * options.rounds,
            )
            ups = {key: seconds["theirs"] / seconds[key] for key in seconds if key != "theirs"}
            kept.append({"name": name, "formula": formula} | ups)
            cells = "".join(f"{ups[key]:8.2f}" for key in ("new", "given", "memory"))
            print(f"{name:10}{formula:34}{cells}{ups['alone']:10.2f}")
    return kept


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
    parser.add_argument("--json", type=Path, metavar="F", help="add what is measured to this file")
    options = parser.parse_args(arguments)
    torch.set_num_threads(options.threads)
    os.environ["OMP_NUM_THREADS"] = str(options.threads)
    native.default_threads.cache_clear()
    print(timing.machine())
    for part in options.parts or [name for name in PARTS if name != "compile"]:
        rows = PARTS[part](options)
        if options.json is not None:
            add_to(options.json, part, timing.machine(), rows)


if __name__ == "__main__":
    main()
