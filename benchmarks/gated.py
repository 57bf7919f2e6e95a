"""Gated units on the CPU: one compiled pass beside torch eager's usual formula.

Input of shape (rows, 2 * width), halves side by side; "given" is forward into memory that is there
already, eager's temporary too; "forward" is the public function without autograd, "step" with it,
and backward. Run in turn, the least of the rounds, ns per element of the result; bytes are
those that autograd saves, by distinct storage, for each element of the result. The *bound* of a
forward pass is eager's time over that of ``a + b -> c``, which moves the same bytes; that of a
training step, over ``a + b -> c`` and two copies, which move the 8 numbers that it must: no fused
pass can be further ahead.
"""

from __future__ import annotations

import argparse
import functools
from collections.abc import Callable
from pathlib import Path

import torch
from machine import add_to, machine
from torch import Tensor
from torch.autograd.graph import saved_tensors_hooks
from torch.nn import functional as F

import rectifier.torch as rt
from rectifier import catalog
from rectifier.kernels import gated as kernels
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


WRITING: dict[str, Callable[[Tensor, Tensor], object]] = {
    "reglu": lambda gate, out: torch.ops.aten.relu.out(gate, out=out),
    "geglu": lambda gate, out: torch.ops.aten.gelu.out(gate, out=out),
    "geglu_tanh": lambda gate, out: torch.ops.aten.gelu.out(gate, approximate="tanh", out=out),
    "swiglu": lambda gate, out: torch.ops.aten.silu.out(gate, out=out),
}
"""What computes the same into given memory."""


def given(name: str, x: Tensor, out: Tensor) -> dict[str, Callable[[], object]]:
    """Return both ways of computing a unit into given memory."""
    linear, gate = x.chunk(2, dim=-1)
    between, unit = torch.empty_like(out), catalog.gated(name)
    parameters = tuple(unit.parameters().values())[1:]

    def eager() -> None:
        WRITING[name](gate, between)
        torch.mul(linear, between, out=out)

    def ours() -> None:
        kernels.run(
            unit, x, out, half=out.shape[-1], parameters=parameters,
            threads=torch.get_num_threads(),
        )  # fmt: skip

    return {"eager": eager, "ours": ours}


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
    parser.add_argument("--dtype", choices=("float32", "bfloat16", "float16"), default="float32")
    parser.add_argument("--rounds", type=int, default=30, help="rounds of each comparison")
    parser.add_argument("--json", type=Path, metavar="F", help="add what is measured to this file")
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    torch.manual_seed(0)
    # glibc gives freed blocks back to the system until a larger one has been freed: without this
    # the first rows would measure page faults, on both sides.
    torch.empty(1 << 22).fill_(0.0)
    dtype = getattr(torch, options.dtype)
    x = torch.randn(options.rows, 2 * options.width).to(dtype)
    leaf = x.clone().requires_grad_()
    grad = torch.randn(options.rows, options.width).to(dtype)
    found = []
    one, two = torch.randn(2, options.rows, options.width).to(dtype)
    out = torch.empty_like(one)
    print(machine(options.threads))
    print(f"{options.rows} rows of 2 * {options.width} {options.dtype}\n")
    head = f"{'eager':>9}{'ours':>7}{'ratio':>7}{'bound':>7}"
    print(f"{'':11}{'given':>30}{'forward':>30}{'step':>30}")
    print(f"{'unit':11}{head}{head}{head}   bytes: eager, ours")
    for name in GATES:
        pair = {"eager": usual(name), "ours": rt.gated(name)}
        with torch.no_grad():
            there = timing.measure(
                {**given(name, x, out), "memory": lambda: torch.add(one, two, out=out)},
                rounds=options.rounds,
            )
            forward = timing.measure(
                {
                    **{key: functools.partial(unit, x) for key, unit in pair.items()},
                    "memory": lambda: torch.add(one, two, out=out),
                },
                rounds=options.rounds,
            )
        training = timing.measure(
            {
                **{key: functools.partial(step, unit, leaf, grad) for key, unit in pair.items()},
                "memory": lambda: (torch.add(one, two, out=out), one.copy_(out), two.copy_(out)),
            },
            rounds=options.rounds,
        )
        size = {key: held(unit, leaf) for key, unit in pair.items()}
        found.append({"name": name, "bytes": size})
        line = f"{name:11}"
        for label, seconds in (("given", there), ("forward", forward), ("step", training)):
            eager, ours = (seconds[key] / grad.numel() * 1e9 for key in pair)
            up, bound = (seconds["eager"] / seconds[key] for key in ("ours", "memory"))
            found[-1] |= {label: up, f"{label} bound": bound}
            line += f"{eager:9.2f}{ours:7.2f}{up:6.2f}x{bound:7.2f}"
        print(f"{line}{size['eager']:10.0f}{size['ours']:6.0f}")
    if options.json is not None:
        add_to(options.json, "gated", machine(options.threads), found)


if __name__ == "__main__":
    main()
