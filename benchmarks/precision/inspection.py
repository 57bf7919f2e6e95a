"""What is not a largest error: limits, NaN, and how far the references can be trusted."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np

from precision import exact, sweep
from precision.contestants import contestant
from precision.formats import FORMATS, neighbours, numbers
from precision.references import reference

Array = np.ndarray


def at_the_ends(name: str, who: str, dtype: str) -> list[str]:
    """Return what is wrong at NaN and at the infinities, in words; empty if nothing is.

    Args:
        name: The activation.
        who: The contestant.
        dtype: The format.
    """
    run = contestant(who, name)
    if run is None:
        return []
    x = np.resize(np.array([np.nan, np.inf, -np.inf, 0.5], np.float32), 64)
    with np.errstate(all="ignore"):
        value, slope = run(x, dtype)
    faults = []
    if not np.isnan(value[0]):
        faults.append(f"value {value[0]:g} at NaN")
    if not np.isnan(slope[0]):
        faults.append(f"gradient {slope[0]:g} at NaN")
    near = 2.0 ** (1 - FORMATS[dtype].bits)
    for at, sign in ((1, 1), (2, -1)):
        for order, got in enumerate((value, slope)):
            limit = exact.limit(name, order, sign)
            if math.isnan(limit):
                continue
            if not (got[at] == limit or math.isclose(got[at], limit, rel_tol=near, abs_tol=1e-30)):
                what = ("value", "gradient")[order]
                faults.append(f"{what} {got[at]:g} at {'-' if sign < 0 else ''}inf, not {limit:g}")
    return faults


def steep(name: str) -> list[float]:
    """Return where the true derivative leaves fp32 at finite inputs: the least such |x| per side.

    These are the only places at which a gradient may be infinite. An error in ulp tells where it is
    infinite or NaN besides.

    Args:
        name: The activation.

    Returns:
        No, one or two inputs, the negative one first.
    """
    x = numbers("float32", 0, 1 << 32, 4096)
    x = x[np.isfinite(x)].astype(np.float64)
    with np.errstate(all="ignore"):
        size = np.abs(reference(name)(x)[1])
    out = x[~(size <= FORMATS["float32"].largest)]
    sides = (out[out < 0], out[out >= 0])
    return [float(side[np.argmin(np.abs(side))]) for side in sides if side.size]


@dataclass(frozen=True)
class Check:
    """A reference to be held to mpmath.

    Attributes:
        name: The activation.
        points: A third of how many inputs to draw: tails, small ones, usual ones.
    """

    name: str
    points: int

    @property
    def key(self) -> str:
        """A name that is different for different work."""
        return f"{self.name}/reference/{self.points}"


def check_reference(check: Check) -> dict[str, Any]:
    """Hold an fp64 reference to mpmath: at drawn inputs, beside kinks and zeros of f'.

    Args:
        check: Which.

    Returns:
        Per order the largest error of the reference, in ulp of fp32, and where it is.
    """
    name = check.name
    chosen = _sample(name, check.points)
    kinks = set(sweep.kinks(name))
    kind = FORMATS["float32"]
    truth = reference(name)
    with np.errstate(all="ignore"):
        pair = truth(chosen)
        scale = sweep.scales(name, chosen)
    found: dict[str, Any] = {"name": name}
    for which, order in enumerate(("value", "slope")):
        best = {"ulp": 0.0, "x": 0.0}
        for i, x in enumerate(chosen.tolist()):
            if which and x in kinks:
                continue
            true = exact.number(name, which, x)
            if not np.isfinite(pair[which][i]) and abs(true) >= kind.largest:
                continue
            least = float(scale[i]) if which and scale is not None else 0.0
            error = exact.error(float(pair[which][i]), true, kind, least)
            if error > best["ulp"]:
                best = {"ulp": error if math.isfinite(error) else "inf", "x": x}
                if not math.isfinite(error):
                    break
        found[order] = best
    found["points"] = int(chosen.size)
    return found


def _sample(name: str, points: int) -> Array:
    random = np.random.default_rng([*name.encode()])
    size = 10.0 ** random.uniform(-44, 38, points)
    drawn = [
        size * random.choice([-1.0, 1.0], points),
        random.uniform(-120, 120, points),
        random.normal(0, 3, points),
    ]
    beside = [neighbours(r, "float32", 2) for r in sweep._points(name)[:24]]
    return np.unique(np.concatenate([*drawn, *beside]).astype(np.float32)).astype(np.float64)
