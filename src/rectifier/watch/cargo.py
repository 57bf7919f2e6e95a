"""The measurements of a step on their way from the device, and their sums.

Layer: watch, on torch. What a pass measured waits in a `Pass` until a gradient shows that it is
part of the training; then all numbers of a step are fetched together.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray
from torch import Tensor

from rectifier.torch.sites import Site
from rectifier.torch.unit_statistics import WHOLE, Output, unpacked
from rectifier.watch import statistics
from rectifier.watch.brief import Held
from rectifier.watch.ledger import Observation


@dataclass
class Pass:
    """What one forward pass gave, until it is known whether it was part of the training.

    Attributes:
        step: The step under way. ``trained``: whether it is known to be part of the training.
        outputs: What was measured of sites in a step that is looked at briefly, as
            `rectifier.torch.unit_statistics.briefly` gives it.
        held: What entered the model, where it was not measured.
        input_made: Whether what entered was computed from weights, so that it is no data.
        listens: Whether gradients will come back through one of its sites.
        whole: Whether a gradient that reaches one of its sites is taken to reach all.
        through, reached: In a step that is looked at closely, the sites that a gradient can come
            back through, and those that one has come back through.
    """

    step: int
    trained: bool = False
    inputs: Tensor | statistics.Floats | None = None
    held: Held | None = None
    input_elements: int = 0
    input_made: bool = False
    forwards: list[tuple[Site, statistics.Forward]] = field(default_factory=list)
    outputs: list[tuple[Site, Output]] = field(default_factory=list)
    nonzero: list[tuple[Site, Tensor | statistics.Floats, int]] = field(default_factory=list)
    squares: list[tuple[Site, Tensor | float]] = field(default_factory=list)
    listens: bool = False
    whole: bool = False
    through: set[Site] = field(default_factory=set)
    reached: set[Site] = field(default_factory=set)


class Cargo:
    """Tensors to be fetched together; each gets its values back under its number."""

    def __init__(self) -> None:
        self._tensors: list[tuple[int, Tensor]] = []
        self._values: list[Any] = []

    def put(self, item: Tensor | NDArray[Any] | float) -> int:
        """Take a tensor, or what is here already, along; its number."""
        number = len(self._values)
        self._values.append(item)
        if isinstance(item, Tensor):
            self._tensors.append((number, item))
        return number

    def fetch(self) -> None:
        """Bring all values over."""
        found = statistics.fetch([tensor for _, tensor in self._tensors])
        for (number, _), values in zip(self._tensors, found, strict=True):
            self._values[number] = values

    def get(self, number: int) -> Any:
        """The values of the tensor with this number."""
        return self._values[number]


def load(
    cargo: Cargo, passes: Iterable[Pass]
) -> dict[Site, list[tuple[str, int, tuple[int, int]]]]:
    """Put all measurements of the sites on the cargo: what, its number, elements and rows."""
    sites: dict[Site, list[tuple[str, int, tuple[int, int]]]] = {}
    for one in passes:
        for site, seen in one.forwards:
            parts = sites.setdefault(site, [])
            size = (seen.elements, seen.rows)
            parts.append(("units", cargo.put(seen.units), size))
            for name in ("whole", "sample", "bad"):
                tensor = getattr(seen, name)
                if tensor is not None:
                    parts.append((name, cargo.put(tensor), size))
        for site, count, elements in one.nonzero:
            sites.setdefault(site, []).append(("nonzero", cargo.put(count), (elements, 0)))
        for site, value in one.squares:
            sites.setdefault(site, []).append(("squares", cargo.put(value), (0, 0)))
    return sites


def outputs(passes: Iterable[Pass]) -> dict[Site, Observation]:
    """The measurements of a step that was looked at briefly, summed over each site's applications.

    As `load` and `unload` give them; on the host, where they are already, in few operations.
    """
    found = _fetched(passes) if any(one.forwards for one in passes) else {}
    for one in passes:
        for site, (elements, rows, packed, bad) in one.outputs:
            numbers = unpacked(packed)
            known = found.get(site)
            active = numbers[0].astype(np.int64)
            if known is None or known.active is None or known.sums is None:
                found[site] = Observation(elements, rows, active, sums=numbers[1:], bad=bad)
                continue
            known.elements += elements
            known.rows += rows
            known.active = known.active + active
            known.sums = known.sums + numbers[1:]
            known.bad += bad
    return found


def _fetched(passes: Iterable[Pass]) -> dict[Site, Observation]:
    cargo = Cargo()
    sites = load(cargo, passes)
    cargo.fetch()
    return {site: unload(cargo, parts) for site, parts in sites.items()}


def unload(cargo: Cargo, parts: list[tuple[str, int, tuple[int, int]]]) -> Observation:
    """Sum the measurements of one site over its applications in a step."""
    seen = Observation()
    for name, number, (elements, rows) in parts:
        values = cargo.get(number)
        if name == "units":
            counts = values[0].astype(np.int64)
            seen.active = counts if seen.active is None else seen.active + counts
            seen.elements += elements
            seen.rows += rows
            if len(values) > 1:
                sums = values[1:].astype(np.float64)
                seen.sums = sums if seen.sums is None else seen.sums + sums
        elif name == "whole":
            seen.whole = values if seen.whole is None else _joined(seen.whole, values)
        elif name == "nonzero":
            counts = values.astype(np.int64)
            seen.nonzero = counts if seen.nonzero is None else seen.nonzero + counts
            seen.gradient_elements += elements
        elif name == "squares":
            known = 0.0 if math.isnan(seen.gradient_squares) else seen.gradient_squares
            seen.gradient_squares = known + float(values)
        elif name == "bad":
            seen.bad += float(values)
        else:
            seen.sample = values
    return seen


def _joined(one: NDArray[Any], two: NDArray[Any]) -> NDArray[Any]:
    """Numbers of all elements of two applications."""
    low, high = WHOLE["input_min"], WHOLE["input_max"]
    both: NDArray[Any] = one + two
    both[low], both[high] = min(one[low], two[low]), max(one[high], two[high])
    return both
