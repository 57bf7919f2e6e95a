"""Intervals against made-up data whose truth is known."""

from __future__ import annotations

import math

import numpy as np
import pytest

from rectifier.claims import statistics
from rectifier.claims.record import Quantity, Range
from rectifier.claims.verdict import reason


def test_the_mean_s_interval_covers_as_often_as_it_says() -> None:
    draws = np.random.default_rng(0).normal(3.0, 2.0, (400, 6))
    hits = 0
    for row in draws:
        found = statistics.mean(row.tolist())
        hits += found.low <= 3.0 <= found.high
    assert 0.92 <= hits / 400 <= 0.98


def test_a_failed_run_is_not_averaged_away() -> None:
    found = statistics.mean([1.0, 1.0, math.inf])
    assert found.value == math.inf
    assert found.low == -math.inf
    with pytest.raises(ValueError, match="two values"):
        statistics.mean([1.0])


def test_ratio_is_scale_free() -> None:
    top, bottom = [2.0, 4.0, 8.0], [1.0, 2.0, 4.0]
    found = statistics.ratio(top, bottom)
    assert found.value == pytest.approx(2.0)
    assert found.low == pytest.approx(2.0)
    wide = statistics.ratio([2.0, 8.0], [1.0, 1.0])
    assert wide.value == pytest.approx(4.0)
    assert wide.low * wide.high == pytest.approx(16.0)


def test_runs_that_never_arrive_count() -> None:
    never = math.inf
    found = statistics.censored_ratio([60.0] * 10, [10.0] * 10, horizon=100)
    assert (found.low, found.value, found.high) == (6.0, 6.0, 6.0)
    mixed = statistics.censored_ratio([60.0] * 6 + [never] * 4, [10.0] * 10, horizon=100)
    assert mixed.value == 6.0
    assert mixed.high == never


def test_a_race_that_was_ended_tells_no_more_than_that() -> None:
    never = math.inf
    slow = statistics.censored_ratio([never] * 10, [10.0] * 10, horizon=25)
    assert (slow.low, slow.value, slow.high) == (2.5, never, never), "at least 25 against 10"
    fast = statistics.censored_ratio([10.0] * 10, [never] * 10, horizon=25)
    assert (fast.low, fast.value, fast.high) == (0.0, 0.0, 0.4)
    both = statistics.censored_ratio([never] * 10, [never] * 10, horizon=25)
    assert (both.low, both.value, both.high) == (0.0, 1.0, never)
    claim = Quantity("times as fast", Range(5, 7))
    assert reason(claim, slow).startswith("open"), "it may still be six"
    longer = statistics.censored_ratio([never] * 10, [10.0] * 10, horizon=80)
    assert reason(claim, longer).startswith("outside")


def test_shares() -> None:
    none = statistics.share(0, 12)
    assert none.value == none.low == 0.0
    assert 0.2 < none.high < 0.3
    half = statistics.share(50, 100)
    assert half.low == pytest.approx(0.404, abs=0.002)
    everything = statistics.share(12, 12)
    assert everything.value == everything.high == 1.0


def test_spread_and_difference() -> None:
    found = statistics.spread([5.0, 1.0, 9.0])
    assert (found.value, found.low, found.high) == (5.0, 1.0, 9.0)
    assert statistics.difference([2.0, 3.0], [1.0, 2.0]).value == 1.0
