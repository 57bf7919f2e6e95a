"""Bounded memory: what is kept of long runs, against keeping everything."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rectifier.watch.thinning import Series, Thinning, Window


@pytest.mark.parametrize("total", [0, 1, 7, 8, 9, 16, 17, 100, 1000])
def test_a_series_keeps_evenly_spaced_rows_and_never_too_many(total: int) -> None:
    thinning = Thinning(8)
    series: Series[int] = Series(thinning)
    for index in range(total):
        if thinning.keeps(index):
            series.put(index, index)
    rows = series.rows()
    assert len(rows) <= 8
    assert rows == list(range(0, total, thinning.stride))
    assert total <= 8 or len(rows) > 4


def test_series_that_begin_late_stay_aligned() -> None:
    thinning = Thinning(8)
    early: Series[int] = Series(thinning)
    late: Series[int] = Series(thinning)
    for index in range(100):
        if thinning.keeps(index):
            early.put(index, index)
            if index > 50:
                late.put(index, index)
    assert late.rows() == [index for index in early.rows() if index > 50]


@settings(deadline=None, max_examples=60)
@given(total=st.integers(1, 500), every=st.integers(1, 9))
def test_the_window_sums_exactly_the_steps_from_its_start(total: int, every: int) -> None:
    window: Window[int] = Window(lambda a, b: a + b)
    for index in range(total):
        window.add("key", index, index * every, index * index)
    starts = window.starts()
    assert len(starts) <= 64
    assert starts[-1] == (0, 0)
    assert total < 64 or len(starts) > 31
    for start, step in starts:
        assert step == start * every
        assert window.since("key", start) == sum(i * i for i in range(start, total))
    assert window.since("key", 0) == window.since("key", 0), "asking changes nothing"
    assert window.since("other", 0) is None
