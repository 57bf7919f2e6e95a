"""One piece of work: some inputs of one activation in one format, the errors of all there.

Beside a zero of the derivative no relative error can be small, since terms cancel there and the
rounding of the input alone changes every digit. So the unit for a derivative is at least that of
its *scale*.
The scale is 0, but for inputs nearer to a zero r of f', r not 0, than h, which is the smaller of
|r| / 4 and half the distance to the next zero: there it is the smaller of |f'(r - h)| and
|f'(r + h)|. Where f' is a wave, with zeros without end, the scale is the largest |f'| within half a
period, on the side where that is smaller.
"""

from __future__ import annotations

import functools
import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from precision import contestants
from precision.contestants import Run, contestant
from precision.formats import FORMATS, Format, errors, neighbours, numbers
from precision.references import Reference, fast_reference, reference
from rectifier.analysis import card

Array = np.ndarray

PERIODS = dict.fromkeys(("sine", "cosine", "gcu", "sinlu", "coslu"), 2 * math.pi)
PERIODS["snake"] = math.pi
"""Of activations with waves in their derivative, at the default parameters."""

_CALL = 1 << 16
"""How many numbers a contestant gets at once."""
_BLOCK = 1 << 13
"""How many are compared at once, so that what lies between stays in the cache."""
_EDGES = 1 << 14


@dataclass(frozen=True)
class Task:
    """What to measure.

    Attributes:
        name: The activation.
        dtype: The format.
        start: First bit pattern; below 0 for the points of `edges` instead.
        stop: The bit pattern after the last.
        step: Distance between bit patterns.
        who: The contestants.
        skip: Whether to take results that are the true ones, rounded to nearest, for right without
            measuring by how much they were rounded.
    """

    name: str
    dtype: str
    start: int
    stop: int
    step: int
    who: tuple[str, ...]
    skip: bool = False

    @property
    def key(self) -> str:
        """A name that is different for different work."""
        return f"{self.name}/{self.dtype}/{self.start}:{self.stop}:{self.step}/{'+'.join(self.who)}"


def measure(task: Task) -> dict[str, Any]:
    """Return the largest errors of every contestant, with where they are.

    Returns:
        A record that can be written as JSON: per contestant and order ("value", "slope") the
        largest error in ulp, the input, what came, what is true, and how many results missed the
        bar; NaN inputs that gave a number.
    """
    runs = {
        who: run
        for who in task.who
        if not (who == "rectifier.numpy" and task.dtype == "bfloat16")
        and (run := contestant(who, task.name)) is not None
    }
    found: dict[str, Any] = {who: {"value": _nothing(), "slope": _nothing()} for who in runs}
    inputs = 0
    for part in _parts(task):
        _measure_part(task, part, runs, found)
        inputs += part.size
    whole = task.step == 1 and task.start >= 0 and (task.skip or task.dtype != "float32")
    kept = {"name": task.name, "dtype": task.dtype, "whole": whole and task.who == contestants.OURS}
    return {**kept, "inputs": inputs, "of": found}


def _parts(task: Task) -> Iterator[Array]:
    if task.start < 0:
        yield from np.split(edges(task.name), range(_CALL, _EDGES, _CALL))
        return
    reach = _CALL * task.step
    for start in range(task.start, task.stop, reach):
        yield numbers(task.dtype, start, min(start + reach, task.stop), task.step)


def _nothing() -> dict[str, Any]:
    zero = {"x": 0.0, "got": 0.0, "true": 0.0, "scale": 0.0}
    return {"ulp": 0.0, **zero, "missed": 0, "normal": 0.0, "not_nan": 0}


def _measure_part(task: Task, x: Array, runs: dict[str, Run], found: dict[str, Any]) -> None:
    kind = FORMATS[task.dtype]
    bars = {"value": kind.value_bar, "slope": kind.slope_bar}
    finite = np.isfinite(x)
    every = bool(finite.all())
    with np.errstate(all="ignore"):
        results = {who: run(x, task.dtype) for who, run in runs.items()}
    if not every:
        nans = np.isnan(x)
        for who, pair in results.items():
            for order, got in zip(bars, pair, strict=True):
                found[who][order]["not_nan"] += int(np.count_nonzero(~np.isnan(got[nans])))
        x = x[finite]
        results = {who: (y[finite], g[finite]) for who, (y, g) in results.items()}
    alike = _alike(results)
    if not x.size:
        return
    truth = fast_reference(task.name, x) if task.skip else reference(task.name)
    for first in range(0, x.size, _BLOCK):
        block = slice(first, first + _BLOCK)
        at = x[block].astype(np.float64)
        with np.errstate(all="ignore"):
            pair = truth(at)
            scale = scales(task.name, at)
        kinked = [kink for kink in kinks(task.name) if (at == kink).any()]
        for which, order in enumerate(bars):
            bar = bars[order]
            for who in results:
                if (who, which) in alike:
                    continue
                given, true, place = results[who][which][block], pair[which], at
                floor = scale if which else None
                if task.skip:
                    with np.errstate(over="ignore"):
                        off = np.flatnonzero(given != true.astype(np.float32))
                    if not off.size:
                        continue
                    given, true, place = given[off], true[off], at[off]
                    floor = None if floor is None else floor[off]
                given = given.astype(np.float64)
                with np.errstate(all="ignore"):
                    if which and kinked:
                        true = _at_kinks(reference(task.name), place, true, given, kinked)
                    error = errors(given, true, kind, floor)
                _note(found[who][order], error, place, given, true, floor, bar, kind)
    for (who, which), twin in alike.items():
        order = ("value", "slope")[which]
        not_nan = found[who][order]["not_nan"]
        found[who][order] = {**found[twin][order], "not_nan": not_nan}


def _alike(results: dict[str, tuple[Array, Array]]) -> dict[tuple[str, int], str]:
    """Return whose results are bit for bit those of rectifier.numpy, so that one check serves."""
    if not {"rectifier.numpy", "rectifier.torch"} <= set(results):
        return {}
    one, two = results["rectifier.numpy"], results["rectifier.torch"]
    return {
        ("rectifier.torch", which): "rectifier.numpy"
        for which in (0, 1)
        if np.array_equal(one[which].view(np.uint32), two[which].view(np.uint32))
    }


def _note(
    best: dict[str, Any],
    error: Array,
    x: Array,
    got: Array,
    true: Array,
    scale: Array | None,
    bar: float,
    kind: Format,
) -> None:
    largest = float(error.max(initial=0.0))
    if math.isnan(largest):
        # Where the reference itself has no number there is nothing to compare with.
        error = np.where(np.isnan(error), np.where(np.isnan(true), 0.0, np.inf), error)
        largest = float(error.max(initial=0.0))
    if largest > bar:
        best["missed"] += int(np.count_nonzero(error > bar))
        small = 2.0**kind.smallest
        normal = np.where((np.abs(x) < small) | (np.abs(true) < small), 0.0, error)
        best["normal"] = max(best["normal"], float(normal.max()))
    else:
        best["normal"] = max(best["normal"], largest)
    if largest > best["ulp"]:
        at = int(np.argmax(error))
        best.update(ulp=largest, x=float(x[at]), got=float(got[at]), true=float(true[at]))
        best["scale"] = 0.0 if scale is None else float(scale[at])


def _at_kinks(truth: Reference, x: Array, true: Array, got: Array, places: list[float]) -> Array:
    """Take any slope between the two of a kink for right."""
    true = true.copy()
    for at in np.flatnonzero(np.isin(x, places)):
        step = 1e-12 * max(abs(x[at]), 1e-12)
        sides = truth(np.array([x[at] - step, x[at] + step]))[1]
        true[at] = np.clip(got[at], sides.min(), sides.max()) if got[at] == got[at] else true[at]
    return true


@functools.cache
def kinks(name: str) -> tuple[float, ...]:
    """Where the derivative jumps."""
    return card(name).kinks


@functools.cache
def zeros(name: str) -> tuple[tuple[float, float, float], ...]:
    """Return the zeros of the derivative but 0, each with its h and its scale, in order."""
    if name in PERIODS:
        return ()
    spread = numbers("float32", 0, 1 << 32, 1 << 14)
    spread = spread[np.isfinite(spread) & (spread != 0)].astype(np.float64)
    line = np.unique(np.concatenate([spread, np.linspace(-64, 64, (1 << 17) + 1)]))
    with np.errstate(all="ignore"):
        slope = lambda x: reference(name)(x)[1]  # noqa: E731
        d = slope(line)
        keep = np.isfinite(d) & (d != 0)
        line, d = line[keep], d[keep]
        change = np.flatnonzero(np.sign(d[1:]) != np.sign(d[:-1]))
        found = list(_bisected(slope, line[change], line[change + 1]))
        size = np.abs(d)
        low = 1 + np.flatnonzero((size[1:-1] < size[:-2]) & (size[1:-1] < size[2:]))
        touching = _lowest(slope, line[low - 1], line[low + 1])
        least, beside = np.abs(slope(touching)), np.minimum(size[low - 1], size[low + 1])
        found += [float(x) for x in touching[least < 1e-6 * beside]]
    places: list[float] = []
    for r in sorted(found):
        if abs(r) > 1e-37 and (not places or r - places[-1] > 1e-9 * abs(r)):
            places.append(r)
    result = []
    for i, r in enumerate(places):
        apart = [abs(r - other) / 2 for other in places[max(i - 1, 0) : i + 2] if other != r]
        h = min([abs(r) / 4, *apart])
        with np.errstate(all="ignore"):
            result.append((r, h, float(np.abs(slope(np.array([r - h, r + h]))).min())))
    return tuple(result)


def _bisected(f: Any, left: Array, right: Array) -> Array:
    if not left.size:
        return left
    sign = np.sign(f(left))
    for _ in range(70):
        middle = (left + right) / 2
        same = np.sign(f(middle)) == sign
        left, right = np.where(same, middle, left), np.where(same, right, middle)
    return (left + right) / 2


def _lowest(f: Any, left: Array, right: Array) -> Array:
    if not left.size:
        return left
    for _ in range(90):
        one, two = left + (right - left) / 3, right - (right - left) / 3
        nearer = np.abs(f(one)) < np.abs(f(two))
        left, right = np.where(nearer, left, one), np.where(nearer, two, right)
    return (left + right) / 2


def scales(name: str, x: Array) -> Array | None:
    """Return the scale of the derivative at each of the numbers; None where it is 0 for all."""
    if name in PERIODS:
        step = PERIODS[name] / 8
        slope = reference(name)
        sides = [
            functools.reduce(np.fmax, (np.abs(slope(x + side * k * step)[1]) for k in range(5)))
            for side in (-1, 1)
        ]
        return np.where(np.isfinite(sides[0]), np.fmin(*sides), 0.0)
    low, high = x.min(initial=np.inf), x.max(initial=-np.inf)
    result = None
    for r, h, scale in zeros(name):
        if r + h >= low and r - h <= high:
            if result is None:
                result = np.zeros_like(x)
            result[np.abs(x - r) < h] = scale
    return result


@functools.cache
def _points(name: str) -> tuple[float, ...]:
    roots = [r for r, _, _ in zeros(name)]
    if name in PERIODS:
        roots = [k * PERIODS[name] / 4 for k in range(-24, 25)]
    roots = sorted(roots, key=abs)[:48]
    return (0.0, 1.0, -1.0, *kinks(name)[:48], *roots)


@functools.cache
def edges(name: str) -> Array:
    """Return fp32 numbers around what is special of an activation, always equally many."""
    top = FORMATS["float32"].largest
    ends = [neighbours(sign * top, "float32", 8) for sign in (-1, 1)]
    special = [neighbours(point, "float32", 40) for point in _points(name)]
    signs = np.array([-1.0, 1.0])[:, None]
    powers = (signs * 2.0 ** np.arange(-149, 128)).astype(np.float32).ravel()
    middle = np.linspace(-120, 120, 1201, dtype=np.float32)
    found = np.unique(np.concatenate([*ends, *special, powers, middle]))
    infinite = np.array([np.inf, -np.inf, np.nan], np.float32)
    return np.resize(np.concatenate([infinite, found[: _EDGES - 3]]), _EDGES)
