"""Sparse inference on the CPU: linear layers that skip what zeros are multiplied by.

For each number of rows: the second product of a block Linear → ReLU → Linear, and the whole block,
dense beside sparse, run in turn; figures are medians, ratios are dense over sparse. "Zeros" is set
by the bias of the first layer. The last table is the price where nothing can be skipped: the sparse
layer falls back to the dense product, after having looked. Both sides read the same weights: of two
copies in memory one can be a tenth slower, whatever reads it.
"""

from __future__ import annotations

import argparse
import copy
import functools
from pathlib import Path
from typing import TypeVar

import torch
from machine import add_to, machine
from torch import Tensor, nn

import rectifier.torch as rt
from rectifier.torch.crossover import in_turn

Module = TypeVar("Module", bound=nn.Module)


def block(width: int, inner: int, zeros: float) -> nn.Sequential:
    """Return a block whose activation has about this share of zeros."""
    torch.manual_seed(0)
    made = nn.Sequential(nn.Linear(width, inner), nn.ReLU(), nn.Linear(inner, width)).eval()
    first = made[0]
    assert isinstance(first, nn.Linear)
    with torch.inference_mode():
        before = first(torch.randn(64, width)) - first.bias
        first.bias.copy_(-torch.quantile(before, zeros, dim=0))
    return made


def sharing(model: Module) -> Module:
    """Return a copy of a model that has the same parameters."""
    return copy.deepcopy(model, {id(each): each for each in model.parameters()})


def error(found: Tensor, expected: Tensor) -> float:
    """Return the largest difference, relative to the largest expected number."""
    return float((found - expected).abs().max() / expected.abs().max())


def main() -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--width", type=int, default=4096)
    parser.add_argument("--inner", type=int, default=16384)
    parser.add_argument("--zeros", type=float, nargs="+", default=[0.9, 0.7, 0.5])
    parser.add_argument("--rows", type=int, nargs="+", default=[1, 2, 4, 8])
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--seconds", type=float, default=2.0, help="time for each row of a table")
    parser.add_argument("--json", type=Path, metavar="F", help="add what is measured to this file")
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    found: list[dict[str, object]] = []
    print(machine(options.threads))
    for zeros in options.zeros:
        dense = block(options.width, options.inner, zeros)
        sparse = sharing(dense)
        torch.manual_seed(1)
        layers = rt.sparsify(sparse, torch.randn(16, options.width))
        print(f"\n{options.width} → {options.inner} → {options.width}: {layers[-1]}")
        print("rows   zeros   2nd dense    2nd sparse  ratio  block dense  sparse  ratio  error")
        for rows in options.rows:
            x = torch.randn(rows, options.width)
            with torch.inference_mode():
                hidden = dense[1](dense[0](x))
                contest = {
                    "second dense": functools.partial(dense[2], hidden),
                    "second sparse": functools.partial(sparse[2], hidden),
                    "block dense": functools.partial(dense, x),
                    "block sparse": functools.partial(sparse, x),
                }
                wrong = error(sparse(x), dense(x))
                seconds = in_turn(contest, seconds=options.seconds)
            share = float((hidden == 0).float().mean())
            one, two, three, four = (1e3 * value for value in seconds.values())
            found.append({"rows": rows, "zeros": share, "error": wrong, "seconds": seconds})
            with torch.inference_mode():
                if sparse[2].skipped(hidden) is None:  # too many are active: dense, after a look
                    look = in_turn({"look": functools.partial(sparse[2].skipped, hidden)})["look"]
                    found[-1]["look"] = look / seconds["second dense"]
            print(
                f"{rows:4}  {share:6.1%}  {one:8.3f} ms  {two:8.3f} ms {one / two:5.2f}x "
                f"{three:8.3f} {four:8.3f} {three / four:5.2f}x  {wrong:.1e}"
            )
    worst = price(options.inner, options.width, options.rows, options.seconds)
    if options.json is not None:
        found += [{"rows": rows, "price": ratio} for rows, ratio in worst.items()]
        add_to(options.json, "sparse", machine(options.threads), found)


def price(inputs: int, outputs: int, rows: list[int], seconds: float) -> dict[int, float]:
    """Time a sparse layer that gets no zeros."""
    dense = nn.Linear(inputs, outputs)
    sparse = rt.SparseLinear.of_(sharing(dense), [inputs // 2] * max(rows))
    ratios = {}
    print("\nno zeros at all: time of the sparse layer over that of the dense one")
    for each in rows:
        x = torch.randn(each, inputs)
        with torch.inference_mode():
            looking = in_turn({"look": lambda x=x: sparse.skipped(x)})["look"]
            taken = in_turn(
                {"dense": lambda x=x: dense(x), "sparse": lambda x=x: sparse(x)}, seconds=seconds
            )
        ratios[each] = taken["sparse"] / taken["dense"]
        share = looking / taken["dense"]
        print(f"{each:4} rows  {ratios[each]:6.3f}  (looking alone takes {share:.2%})")
    return ratios


if __name__ == "__main__":
    main()
