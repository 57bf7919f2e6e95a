"""What backward keeps of a forward pass: levels for a derivative, or the way back from an output.

Layer: kernels, on NumPy alone and without any activation: it is given the derivative, or value and
derivative, at many points, and finds by itself how best to keep them. Nothing in here is typed from
a table. Packing the codes into bytes and applying them to tensors is left to
`rectifier.torch.lean`.

The published schemes that this is of a kind with: fewbit (Novikov et al. 2022, arXiv 2202.00441:
the derivative as a step function of the input, placed by dynamic programming) and LowMemoryBP
(Yang et al. 2024, arXiv 2406.16282: two bits, fitted steps for GELU and SiLU). Here the steps are
taken in the derivative's own values instead of in the input, so that one level serves all inputs
with that derivative: the levels are those of an optimal quantiser of f'(z), z ~ N(0, 1).
"""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from rectifier.errors import InvalidInputError, UnknownNameError

Keep = Literal["input", "mask", "output", "code8", "code4", "code2"]

POLICIES = ("input", "mask", "output", "code8", "code4", "code2")
"""What may be kept, the exact ones first."""

BITS = {"mask": 1, "code2": 2, "code4": 4, "code8": 8}
"""Bits for each element of the policies that keep codes."""

Array = npt.NDArray[Any]

_BINS = 1024
_MOST_BITS = 4  # up to which dynamic programming takes less than a second
_ROUNDS = 50


@dataclass(frozen=True, eq=False)
class Levels:
    """A derivative as one of a few levels.

    Attributes:
        values: The levels, rising; fp64, at most 2 to the power of the bits.
        thresholds: Between them: the derivative d has the level number ``sum(d > thresholds)``.
    """

    values: Array
    thresholds: Array


@dataclass(frozen=True, eq=False)
class Branch:
    """One piece of a function that rises or falls throughout.

    Attributes:
        values: What the function takes on it, rising; fp64.
        slopes: The derivative at each of them.
    """

    values: Array
    slopes: Array


def check(keep: str) -> None:
    """Raise UnknownNameError if there is no such policy."""
    if keep not in POLICIES:
        raise UnknownNameError("policy of what backward keeps", keep, POLICIES)


def two_slopes(slopes: Array) -> Levels | None:
    """Return the slopes of a function that has at most two, which one bit tells apart; else None.

    Args:
        slopes: The derivative at many points, the break points among them.
    """
    different = np.unique(slopes[np.isfinite(slopes)])
    if different.size > 2:
        return None
    return Levels(different, (different[1:] + different[:-1]) / 2)


def best_levels(slopes: Array, weights: Array, bits: int) -> Levels:
    """Return the levels with the least mean square error.

    Up to 4 bits exactly the best over a histogram of 1024 bins, by dynamic programming; for more
    bits as dense as the cube root of the density, which is best for many levels (Panter and Dite
    1951). From there by Lloyd's iteration over the points themselves.

    Args:
        slopes: The derivative at many points.
        weights: How much each point counts.
        bits: The number of levels is 2 to this power.

    Returns:
        The levels and what lies between them.
    """
    order = np.argsort(slopes, kind="stable")
    slopes, weights = slopes[order], weights[order]
    different, place = np.unique(slopes, return_inverse=True)
    mass = np.bincount(place, weights)
    if different.size <= 2**bits:
        return Levels(different, (different[1:] + different[:-1]) / 2)
    start = _by_dynamic_programming if bits <= _MOST_BITS else _by_density
    values = start(different, mass, 2**bits)
    for _ in range(_ROUNDS):
        thresholds = (values[1:] + values[:-1]) / 2
        code = np.searchsorted(thresholds, different)
        total = np.bincount(code, mass, minlength=values.size)
        moment = np.bincount(code, mass * different, minlength=values.size)
        moved = np.where(total > 0, moment / np.where(total > 0, total, 1.0), values)
        if np.array_equal(moved, values):
            break
        values = moved
    return Levels(values, (values[1:] + values[:-1]) / 2)


def _by_dynamic_programming(values: Array, mass: Array, count: int) -> Array:
    """Return the best `count` levels for sorted values, over a histogram of them."""
    edges = np.linspace(values[0], values[-1], _BINS + 1)
    bins = np.clip(np.searchsorted(edges, values, side="right") - 1, 0, _BINS - 1)
    none = np.zeros(1)
    sums = [
        np.concatenate([none, np.cumsum(np.bincount(bins, mass * values**k, minlength=_BINS))])
        for k in range(3)
    ]
    w, wx, wxx = (each[None, :] - each[:, None] for each in sums)
    inside = np.triu(np.ones((_BINS + 1, _BINS + 1), bool))
    safe = np.where(w > 0, w, 1.0)
    cost = np.where(inside, np.where(w > 0, np.maximum(wxx - wx**2 / safe, 0.0), 0.0), np.inf)
    best = cost[0]
    cuts = []
    for _ in range(count - 1):
        total = best[:, None] + cost
        cut = np.argmin(total, axis=0)
        best = total[cut, np.arange(_BINS + 1)]
        cuts.append(cut)
    ends = [_BINS]
    for cut in reversed(cuts):
        ends.append(int(cut[ends[-1]]))
    borders = [0, *reversed(ends)]
    pieces = [(a, b) for a, b in itertools.pairwise(borders) if w[a, b] > 0]
    return np.array([wx[a, b] / w[a, b] for a, b in pieces])


def _by_density(values: Array, mass: Array, count: int) -> Array:
    """Return `count` levels for sorted values, as dense as the cube root of their density."""
    edges = np.linspace(values[0], values[-1], 16 * count + 1)
    density = np.histogram(values, edges, weights=mass)[0]
    share = np.concatenate([np.zeros(1), np.cumsum(np.cbrt(density))])
    wanted = (np.arange(count) + 0.5) / count * share[-1]
    return np.unique(np.interp(wanted, share, edges))


def mean_square_error(levels: Levels, slopes: Array, weights: Array) -> float:
    """Return the weighted mean square of what the levels leave of a derivative."""
    kept = levels.values[np.searchsorted(levels.thresholds, slopes)]
    return float(np.sum(weights * (slopes - kept) ** 2) / np.sum(weights))


def branches(values: Array, slopes: Array) -> tuple[tuple[Branch, ...], int | None]:
    """Cut a function into pieces that rise or fall throughout, one or two of them.

    Args:
        values: The function at rising points, fp64.
        slopes: Its derivative there.

    Returns:
        The pieces from left to right, and the place of the point where the function turns.

    Raises:
        InvalidInputError: There are more than two pieces, or the function has steps, so that the
            output does not tell the derivative.
    """
    steps = np.sign(np.diff(values))
    moving = steps != 0
    turns = np.flatnonzero(np.diff(steps[moving]) != 0)
    if turns.size > 1:
        raise InvalidInputError(
            f"the function turns {turns.size} times, so its output and one bit do not tell where "
            "it was computed."
        )
    if np.any((steps == 0) & (np.abs(slopes[1:]) + np.abs(slopes[:-1]) > 1e-6)) or not moving.any():
        raise InvalidInputError("the function has steps, so its output does not tell its slope.")
    turn = int(np.flatnonzero(moving)[turns[0]]) + 1 if turns.size else None
    parts = [slice(None)] if turn is None else [slice(0, turn + 1), slice(turn, values.size)]
    found = []
    for part in parts:
        value, slope = values[part], slopes[part]
        if value[0] > value[-1]:
            value, slope = value[::-1], slope[::-1]
        found.append(_without_repeats(value, slope))
    return tuple(found), turn


def _without_repeats(values: Array, slopes: Array) -> Branch:
    """Return a piece with each value once; where it repeats, the piece is flat."""
    first = np.flatnonzero(np.diff(values, prepend=-np.inf))
    lowest = np.minimum.reduceat(np.abs(slopes), first)
    return Branch(values[first], np.where(np.abs(slopes[first]) > lowest, 0.0, slopes[first]))
