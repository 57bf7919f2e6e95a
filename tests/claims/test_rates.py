"""The choice of a learning rate: beyond the grid where it has to be."""

from __future__ import annotations

import math
from collections.abc import Sequence

import pytest

from rectifier.claims.rates import choose, told


def hill(best: dict[str, float], log: list[tuple[str, float]]):  # type: ignore[no-untyped-def]
    """Scores that fall with the distance from a best rate, in powers of ten."""

    def measure(asked: Sequence[tuple[str, float]]) -> list[float]:
        log.extend(asked)
        return [-abs(math.log10(rate / best[name])) for name, rate in asked]

    return measure


def test_a_best_rate_inside_needs_no_more() -> None:
    log: list[tuple[str, float]] = []
    chosen = choose(["a"], (1e-3, 3e-3, 1e-2), hill({"a": 3e-3}, log))
    assert chosen["a"].rate == 3e-3
    assert not chosen["a"].at_edge
    assert len(log) == 3


def test_only_who_is_best_at_an_end_is_tried_beyond_it() -> None:
    log: list[tuple[str, float]] = []
    best = {"low": 3e-4, "inside": 3e-3, "high": 0.1}
    chosen = choose(list(best), (1e-3, 3e-3, 1e-2), hill(best, log))
    assert {name: choice.rate for name, choice in chosen.items()} == best
    assert not any(choice.at_edge for choice in chosen.values())
    assert [rate for name, rate in log if name == "low"] == [1e-3, 3e-3, 1e-2, 3e-4, 1e-4]
    assert [rate for name, rate in log if name == "high"] == [1e-3, 3e-3, 1e-2, 3e-2, 0.1, 0.3]
    assert len(log) == len(set(log))


def test_the_search_ends_and_says_where_it_was_held_back() -> None:
    log: list[tuple[str, float]] = []
    chosen = choose(["a"], (1e-3, 3e-3, 1e-2), hill({"a": 1e6}, log), beyond=2)
    assert len(log) == 5
    assert chosen["a"].at_edge
    assert "a 0.1 (at the end of those tried)" in told(chosen)


def test_of_equal_rates_the_smallest_is_taken_and_failures_lose() -> None:
    chosen = choose(
        ["a"], (0.01, 0.03, 0.1), lambda asked: [-math.inf if r > 0.05 else r < 9 for _, r in asked]
    )
    assert chosen["a"].rate < 0.03
    with pytest.raises(ValueError, match="three rising rates"):
        choose(["a"], (0.1, 0.01, 0.001), lambda asked: [0.0] * len(asked))
