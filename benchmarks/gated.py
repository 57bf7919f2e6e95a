"""Gated units on the CPU: one compiled pass beside torch eager's usual formula.

Input of shape (rows, 2 * width), halves side by side; "forward" without autograd, "training step"
forward and backward. Run in turn, the least of the rounds, ns per element of the result; bytes are
those that autograd saves, by distinct storage, for each element of the result.
"""

from __future__ import annotations

import argparse
import functools
import json
from collections.abc import Callable

import torch
from machine import machine
from torch import Tensor
from torch.autograd.graph import saved_tensors_hooks
from torch.nn import functional as F

import rectifier.torch as rt
from rectifier.torch import timing

Unit = Callable[[Tensor], Tensor]
GATES: dict[str, Unit] = {
    "reglu": F.relu,
    "geglu": F.gelu,
    "geglu_tanh": functools.partial(F.gelu, approximate="tanh"),
    "swiglu": F.silu,
}


def usual(name: str) -> Unit:
    """Return the unit as one writes it in torch."""

    def unit(x: Tensor) -> Tensor:
        linear, gate = x.chunk(2, dim=-1)
        return linear * GATES[name](gate)

    return unit


def held(unit: Unit, x: Tensor) -> float:
    """Return the bytes that autograd saves for each element of the result."""
    seen: dict[int, int] = {}

    def pack(tensor: Tensor) -> Tensor:
        seen[tensor.untyped_storage().data_ptr()] = tensor.untyped_storage().nbytes()
        return tensor

    with saved_tensors_hooks(pack, lambda tensor: tensor):
        result = unit(x)
    return sum(seen.values()) / result.numel()


def step(unit: Unit, x: Tensor, grad: Tensor) -> None:
    x.grad = None
    unit(x).backward(grad)


def main() -> None:
    """Print the table, or JSON."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rows", type=int, default=256)
    parser.add_argument("--width", type=int, default=4096)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--rounds", type=int, default=30, help="rounds of each comparison")
    parser.add_argument("--json", action="store_true", help="print JSON instead of a table")
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    torch.manual_seed(0)
    x = torch.randn(options.rows, 2 * options.width)
    leaf = x.clone().requires_grad_()
    grad = torch.randn(options.rows, options.width)
    found = []
    if not options.json:
        print(machine(options.threads))
        print(f"{options.rows} rows of 2 * {options.width}\n")
        print(f"{'unit':11} {'forward: eager':>15} {'ours':>7} {'ratio':>7}", end="")
        print(f" {'step: eager':>13} {'ours':>7} {'ratio':>7} {'bytes: eager':>13} {'ours':>6}")
    for name in GATES:
        pair = {"eager": usual(name), "ours": rt.gated(name)}
        with torch.no_grad():
            forward = timing.measure(
                {key: functools.partial(unit, x) for key, unit in pair.items()},
                rounds=options.rounds,
            )
        training = timing.measure(
            {key: functools.partial(step, unit, leaf, grad) for key, unit in pair.items()},
            rounds=options.rounds,
        )
        size = {key: held(unit, leaf) for key, unit in pair.items()}
        found.append({"unit": name, "forward": forward, "step": training, "bytes": size})
        if not options.json:
            one, two = (forward[key] / grad.numel() * 1e9 for key in pair)
            three, four = (training[key] / grad.numel() * 1e9 for key in pair)
            print(f"{name:11} {one:15.2f} {two:7.2f} {one / two:6.2f}x", end="")
            print(f" {three:13.2f} {four:7.2f} {three / four:6.2f}x", end="")
            print(f" {size['eager']:13.0f} {size['ours']:6.0f}")
    if options.json:
        print(json.dumps({"machine": machine(options.threads), "rows": found}))


if __name__ == "__main__":
    main()
