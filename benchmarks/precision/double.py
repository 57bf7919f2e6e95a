"""Errors in fp64, at a sample of inputs: fp64 has too many numbers to try all of them.

The truth is the plain formula in hundreds of digits (`exact`). Inputs of size 12 and below are kept
apart from those beyond, to which the exponentials of most formulas are no longer of the size of 1.
Beside a zero of the derivative the unit is at least that of the smaller of its values a quarter to
either side, as in `sweep`.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Any

import mpmath
import numpy as np
import torch

import rectifier.numpy
import rectifier.torch as rt
from precision import contestants, exact, sweep
from precision.formats import Format
from precision.references import Reference

Array = np.ndarray


class _Double(Format):
    @property
    def largest(self) -> float:
        """The largest finite number, one step below a power of two that fp64 does not have."""
        return sys.float_info.max


DOUBLE = _Double("float64", 52, -1022, 1024, 2.0, 4.0)
WHO = ("rectifier.numpy", "rectifier.torch", "torch")
MIDDLE = 12.0
"""Up to which size an input is no tail."""
PLACES = ("middle", "tails")
POINTS = 300
_DIGITS = 420
"""A slope of 1e-308 beside a value of 1, by a difference over 1e-60, keeps 50 of them."""


def points(name: str, count: int) -> Array:
    """Return fixed random inputs in order: usual ones, small ones, and up to 12, 40 and 700.

    Args:
        name: The activation.
        count: How many; a multiple of 5.
    """
    random = np.random.default_rng([*name.encode(), 64])
    each = count // 5
    small = 10.0 ** random.uniform(-12, 0, each) * random.choice([-1.0, 1.0], each)
    wide = [random.uniform(-edge, edge, each) for edge in (MIDDLE, 40.0, 700.0)]
    return np.sort(np.concatenate([random.normal(0, 2, each), small, *wide]))


def measure(name: str, count: int = POINTS) -> dict[str, Any]:
    """Return the largest errors of one activation in ulp of fp64, and where they are.

    Args:
        name: The activation, with its default parameters.
        count: How many inputs.

    Returns:
        By contestant, by order (``value``, ``slope``), by place: ``ulp`` and ``x``.
    """
    x = points(name, count)
    scale = _scales(name, x)
    with mpmath.workdps(_DIGITS):
        true = [
            [compute(name, float(each)) for each in x] for compute in (exact.value, exact.slope)
        ]
    found: dict[str, Any] = {}
    for who in WHO:
        run = _runner(who, name)
        if run is None:
            continue
        with np.errstate(all="ignore"):
            got = run(x)
        found[who] = {}
        for which, order in enumerate(("value", "slope")):
            least = scale if which else np.zeros_like(x)
            errors = np.array(
                [
                    exact.error(float(g), t, DOUBLE, float(s))
                    for g, t, s in zip(got[which], true[which], least, strict=True)
                ]
            )
            found[who][order] = {
                place: _largest(x, errors, inside)
                for place, inside in zip(
                    PLACES, (np.abs(x) <= MIDDLE, np.abs(x) > MIDDLE), strict=True
                )
            }
    return {"name": name, "of": found}


def table(rows: list[dict[str, Any]]) -> str:
    """Return the results as text: value / derivative up to size 12, then beyond."""
    head = "".join(f"{f'{who}, {place}':>26}" for who in WHO for place in PLACES)
    out = [f"largest error in ulp of fp64, value / derivative\n{'':19}{head}"]
    for row in rows:
        line = f"{row['name']:19}"
        for who in WHO:
            for place in PLACES:
                pair = row["of"].get(who)
                cells = [_figure(pair[order][place]["ulp"]) for order in pair] if pair else ["–"]
                line += f"{' / '.join(cells):>26}"
        out.append(line)
    return "\n".join(out)


def _figure(ulp: float | str) -> str:
    return ulp if isinstance(ulp, str) else f"{ulp:.2f}" if ulp < 1000 else f"{ulp:.0e}"


def _largest(x: Array, errors: Array, inside: Array) -> dict[str, Any]:
    at = int(np.argmax(np.where(inside, errors, -1.0)))
    ulp = float(errors[at])
    return {"ulp": ulp if np.isfinite(ulp) else "inf", "x": float(x[at])}


def _scales(name: str, x: Array) -> Array:
    if name in sweep.PERIODS:
        found = sweep.scales(name, x)
        return np.zeros_like(x) if found is None else found
    slope = rectifier.numpy.function(name).derivative
    with np.errstate(all="ignore"):
        left, right = slope(0.75 * x), slope(1.25 * x)
    crossing = np.sign(left) * np.sign(right) < 0
    return np.where(crossing, np.fmin(np.abs(left), np.abs(right)), 0.0)


def _runner(who: str, name: str) -> Reference | None:
    if who == "rectifier.numpy":
        f = rectifier.numpy.function(name)
        return lambda x: (f(x), f.derivative(x))
    own = contestants._TORCH.get(name) if who == "torch" else rt.functional.function(name)
    return None if own is None else _by_autograd(own)


def _by_autograd(f: Callable[..., Any]) -> Reference:
    def run(x: Array) -> tuple[Array, Array]:
        leaf = torch.from_numpy(x).requires_grad_()
        y = f(leaf)
        y.sum().backward()
        assert leaf.grad is not None
        return y.detach().numpy(), leaf.grad.numpy()

    return run
