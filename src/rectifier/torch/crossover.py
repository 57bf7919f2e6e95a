"""From how many zeros on a sparse product is faster than the dense one, measured on this machine.

Layer: torch front end, on `rectifier.torch.sparse`. It depends on the sizes, the number of rows,
the threads and the memory of the machine, so it is measured with the layer's own weight and not
guessed. The answer errs towards the dense product: a sparse one has to be clearly faster.
"""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import torch
from torch import nn

from rectifier.torch.sparse import SparseLinear

ROWS = (1, 2, 4, 8)
"""Numbers of rows that are measured; one between two of them takes the smaller limit."""
SHARES = (0.02, 0.05, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9)
"""Shares of active inputs that are measured, in order, until the sparse product is no faster."""
MARGIN = 0.9
"""The sparse product must take at most this share of the dense one's time."""
OVERHEAD = 0.025
"""What finding out that there are too many active inputs may add to the dense product's time."""


@dataclass(frozen=True)
class Crossover:
    """Where the sparse product of a layer stops being faster.

    Attributes:
        rows: Number of rows of the input.
        limit: Most active inputs for which the sparse product is clearly faster; 0 for never.
        dense_seconds: Time of the dense product.
        gain: How many times as fast the sparse product is at the share of zeros asked about.
    """

    rows: int
    limit: int
    dense_seconds: float
    gain: float


def crossover(
    layer: nn.Linear, zeros: float, clock: Callable[[], float] = time.perf_counter
) -> tuple[Crossover, ...]:
    """Measure a layer.

    Args:
        layer: A float32 layer on the CPU; it stays as it is.
        zeros: The share of zeros for which the gain shall be told.
        clock: What tells the time, in seconds.

    Returns:
        One record for each number of rows from 1 to the last of `ROWS`.
    """
    with torch.inference_mode():
        pair = _Pair(layer, clock)
        measured = {rows: pair.measure(rows, zeros) for rows in ROWS}
    found = []
    for rows in range(1, ROWS[-1] + 1):
        near = [measured[known] for known in (_below(rows), _above(rows))]
        limit = min(each.limit for each in near)
        found.append(Crossover(rows, limit, near[1].dense_seconds, near[1].gain))
    return tuple(found)


def _below(rows: int) -> int:
    return max(known for known in ROWS if known <= rows)


def _above(rows: int) -> int:
    return min(known for known in ROWS if known >= rows)


class _Pair:
    """A layer and a sparse one with the same parameters, timed in turn."""

    def __init__(self, layer: nn.Linear, clock: Callable[[], float]) -> None:
        self.clock = clock
        self.dense = _alike(layer)
        self.sparse = SparseLinear.of_(_alike(layer), ())

    def measure(self, rows: int, zeros: float) -> Crossover:
        """Find the limit for a number of rows."""
        inputs = self.dense.in_features
        x = torch.ones(rows, inputs)
        self.sparse.limits = (inputs - 1,) * rows
        looking = in_turn({"look": lambda: self.sparse.skipped(x)}, self.clock)["look"]
        dense, asked = self.times(rows, round((1 - zeros) * inputs))
        limit = 0
        for share in SHARES if looking < OVERHEAD * dense else ():
            there = self.times(rows, round(share * inputs))
            if there[1] > MARGIN * there[0]:
                break
            limit = round(share * inputs)
        return Crossover(rows, limit, dense, dense / asked)

    def times(self, rows: int, active: int) -> tuple[float, float]:
        """Return the seconds of the dense and of the sparse layer for so many active inputs."""
        inputs = self.dense.in_features
        x = torch.zeros(rows, inputs)
        x[:, torch.linspace(0, inputs - 1, max(active, 1)).long()] = 1.0
        self.sparse.limits = (inputs,) * rows
        taken = in_turn(
            {"dense": lambda: self.dense(x), "sparse": lambda: self.sparse(x)}, self.clock
        )
        return taken["dense"], taken["sparse"]


def _alike(layer: nn.Linear) -> nn.Linear:
    """Return a plain layer that shares the parameters of another."""
    new = nn.Linear(1, 1, bias=False, device="meta")
    new.in_features, new.out_features = layer.in_features, layer.out_features
    new.weight, new.bias = layer.weight, layer.bias
    return new


def in_turn(
    contestants: Mapping[str, Callable[[], object]],
    clock: Callable[[], float] = time.perf_counter,
    seconds: float = 0.1,
) -> dict[str, float]:
    """Return the median seconds of each, run one after the other in every round.

    Every second round goes in the opposite order, so that none always finds the caches as the same
    other one left them.

    Args:
        contestants: What to run, by name.
        clock: What tells the time, in seconds.
        seconds: About how long all of it may take; there are at least 5 rounds.
    """
    times: dict[str, list[float]] = {name: [] for name in contestants}
    begin = clock()
    for round_ in range(200):
        order = list(contestants.items())
        for name, run in reversed(order) if round_ % 2 else order:
            start = clock()
            run()
            if round_:  # the first one brings code and weights into the caches
                times[name].append(clock() - start)
        if round_ >= 5 and clock() - begin > seconds:
            break
    return {name: statistics.median(values) for name, values in times.items()}
