"""Mish in float32 on the CPU: the compiled kernel beside torch eager, NumPy and a plain copy.

In every round each contestant of a row runs once, one after the other, so that the machine's mood
drops out of the ratios; figures are medians over the rounds, in ns per element. "Into a given
buffer" is the arithmetic alone; "with a new result" adds what the system takes to hand out memory,
which for large arrays can be more. torch has no backward of mish that writes into a given buffer,
so its backward is in the second kind only.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import statistics
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import torch

import rectifier.torch as rt
from rectifier.kernels import explain, native
from rectifier.numpy import mish as numpy_mish

Contestants = dict[str, Callable[[], object]]


def usual_numpy(x: np.ndarray) -> np.ndarray:
    """Return mish as one writes it in NumPy."""
    return x * np.tanh(np.log1p(np.exp(x)))


def rows(size: int, threads: int) -> dict[str, Contestants]:
    """Return what runs against what, the copy first and the compiled kernel last."""
    generator = torch.Generator().manual_seed(0)
    x = torch.randn(size, generator=generator) * 2
    grad = torch.randn(size, generator=generator)
    out = torch.empty(size)
    array, array_out = x.numpy(), out.numpy()
    leaf = x.clone().requires_grad_()

    def train(function: Callable[[torch.Tensor], torch.Tensor]) -> Callable[[], object]:
        def step() -> None:
            leaf.grad = None
            function(leaf).backward(grad)

        return step

    def kernel(kind: native.Kind) -> Callable[[], object]:
        given = grad if kind == "backward" else None
        return lambda: native.unary("mish", kind, x, out, grad=given, threads=threads)

    return {
        "forward, into a given buffer": {
            "copy": lambda: out.copy_(x),
            "torch": lambda: torch.ops.aten.mish.out(x, out=out),
            "rectifier": kernel("forward"),
        },
        "backward, into a given buffer": {
            "copy": lambda: out.copy_(x),
            "rectifier": kernel("backward"),
        },
        "forward, with a new result": {
            "copy": x.clone,
            "torch": lambda: torch.nn.functional.mish(x),
            "rectifier": lambda: rt.functional.mish(x),
        },
        "backward, with a new result": {
            "copy": x.clone,
            "torch": lambda: torch.ops.aten.mish_backward(grad, x),
            "rectifier": lambda: native.unary(
                "mish", "backward", x, torch.empty_like(x), grad=grad, threads=threads
            ),
        },
        "forward and backward by autograd": {
            "copy": x.clone,
            "torch": train(torch.nn.functional.mish),
            "rectifier": train(rt.functional.mish),
        },
        "NumPy, with a new result": {
            "copy": array.copy,
            "usual formula": lambda: usual_numpy(array),
            "rectifier": lambda: numpy_mish(array),
        },
        "NumPy, into a given buffer": {
            "copy": lambda: np.copyto(array_out, array),
            "rectifier": lambda: numpy_mish(array, out=array_out),
        },
    }


def measure(contestants: Contestants, rounds: int) -> dict[str, float]:
    """Return the median seconds of each, the contestants taken in turn."""
    times: dict[str, list[float]] = {name: [] for name in contestants}
    for round_ in range(rounds + 1):
        for name, run in contestants.items():
            start = time.perf_counter()
            run()
            if round_:  # the first one warms the caches and touches the memory
                times[name].append(time.perf_counter() - start)
    return {name: statistics.median(values) for name, values in times.items()}


def machine(threads: int) -> str:
    """Return one line on what this runs on."""
    cpuinfo = Path("/proc/cpuinfo")
    text = cpuinfo.read_text(encoding="utf-8") if cpuinfo.exists() else ""
    models = [line.partition(":")[2].strip() for line in text.splitlines() if "model name" in line]
    name = models[0] if models else platform.processor() or platform.machine()
    wide = "AVX-512" if "avx512dq" in text else "AVX2" if "avx2" in text else "no AVX2"
    return (
        f"{name} ({wide}), {threads} of {os.cpu_count()} cores, Python "
        f"{platform.python_version()}, torch {torch.__version__}, NumPy {np.__version__}"
    )


def main() -> None:
    """Print the table, or JSON."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--sizes", type=int, nargs="+", default=[1 << 20, 1 << 24])
    parser.add_argument("--threads", type=int, default=min(2, native.default_threads()))
    parser.add_argument("--rounds", type=int, default=15, help="counted rounds of each row")
    parser.add_argument("--json", action="store_true", help="print JSON instead of a table")
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    native.default_threads.cache_clear()
    os.environ["OMP_NUM_THREADS"] = str(options.threads)
    head = {"machine": machine(options.threads), "path": str(explain("mish", "torch"))}
    found = []
    if not options.json:
        print(f"{head['machine']}\n{head['path']}\n")
        print(
            f"{'ns per element':33} {'elements':>10} {'copy':>8} {'usual':>8} {'ours':>8}", end=""
        )
        print(f" {'speed-up':>9} {'of a copy':>10}")
    for size in options.sizes:
        for row, contestants in rows(size, options.threads).items():
            seconds = measure(contestants, options.rounds)
            copy, *usual, ours = (value / size * 1e9 for value in seconds.values())
            faster = usual[0] / ours if usual else None
            found.append(
                {
                    "row": row,
                    "elements": size,
                    "ns": dict(zip(seconds, (copy, *usual, ours), strict=True)),
                    "speed_up": faster,
                    "of_a_copy": ours / copy,
                }
            )
            if not options.json:
                other = f"{usual[0]:8.3f}" if usual else f"{'–':>8}"
                ratio = f"{faster:8.2f}x" if faster else f"{'–':>9}"
                print(f"{row:33} {size:10,} {copy:8.3f} {other} {ours:8.3f} {ratio}", end="")
                print(f" {ours / copy:9.2f}x")
    if options.json:
        print(json.dumps({**head, "rows": found}, indent=1))


if __name__ == "__main__":
    main()
