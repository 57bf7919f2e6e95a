"""A learning rate for each activation, looked for beyond the grid where the best lies at its end.

Layer: claims, pure. An activation whose best rate is the smallest or the largest that was tried has
been held back by the grid, so that it, and it alone, gets another rate beyond that end, as
``rectifier compare`` does it.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

BEYOND = 3
"""How many rates may be added for one activation."""


@dataclass(frozen=True)
class Choice:
    """The best rate of an activation.

    Attributes:
        rate: The rate. ``score``: what it scored; greater is better.
        at_edge: Whether nothing beyond it was tried, on one side.
    """

    rate: float
    score: float
    at_edge: bool


def choose(
    names: Sequence[str],
    rates: Sequence[float],
    measure: Callable[[Sequence[tuple[str, float]]], Sequence[float]],
    *,
    beyond: int = BEYOND,
) -> dict[str, Choice]:
    """Choose a rate for each activation.

    Args:
        names: Of activations.
        rates: To begin with, at least three, rising, each 1 or 3 times a power of ten.
        measure: Scores of pairs of a name and a rate, greater is better; each is asked for once.
        beyond: How many rates may be added for one activation.

    Returns:
        By name.

    Raises:
        ValueError: There are fewer than three rates, or they do not rise.
    """
    if len(rates) < 3 or any(a >= b for a, b in itertools.pairwise(rates)):
        raise ValueError(f"expected at least three rising rates; {tuple(rates)} came")
    tried: dict[str, dict[float, float]] = {name: {} for name in names}
    asked = [(name, rate) for name in names for rate in rates]
    for extension in range(beyond + 1):
        for (name, rate), score in zip(asked, measure(asked), strict=True):
            tried[name][rate] = score
        further = {name: _further(scores) for name, scores in tried.items()}
        asked = [(name, rate) for name, rate in further.items() if rate is not None]
        if not asked or extension == beyond:
            break
    return {
        name: Choice(_best(scores), max(scores.values()), _further(scores) is not None)
        for name, scores in tried.items()
    }


def told(chosen: Mapping[str, Choice]) -> str:
    """The choice in words, for a note."""
    parts = [
        f"{name} {choice.rate:.3g}" + (" (at the end of those tried)" if choice.at_edge else "")
        for name, choice in chosen.items()
    ]
    return "learning rates: " + ", ".join(parts)


def _best(scores: Mapping[float, float]) -> float:
    return max(sorted(scores), key=scores.__getitem__)


def _further(scores: Mapping[float, float]) -> float | None:
    """The rate beyond the end at which the best lies; None where it lies at none."""
    rates = sorted(scores)
    best = _best(scores)
    if best == rates[0]:
        return _rounded(best * best / rates[1])
    if best == rates[-1]:
        return _rounded(best * best / rates[-2])
    return None


def _rounded(rate: float) -> float:
    """To 1 or 3 times a power of ten, as people write rates."""
    halves = round(2 * math.log10(rate))
    return float(f"{3 if halves % 2 else 1}e{halves // 2}")
