"""How contestants are timed: none after another one, and none always at the same place."""

from __future__ import annotations

from functools import partial

import pytest

from rectifier.claims import speed


def test_each_timed_run_follows_one_of_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    calls: list[str] = []
    clock = iter(range(10_000))

    def now() -> float:
        calls.append("clock")
        return float(next(clock))

    monkeypatch.setattr(speed.time, "perf_counter", now)
    names = ["one", "two", "three", "four"]
    contestants = {name: partial(calls.append, name) for name in names}
    times = speed.rounds_of(contestants, 20, seed=0)
    assert {name: len(found) for name, found in times.items()} == dict.fromkeys(names, 20)
    assert {time for found in times.values() for time in found} == {1.0}
    orders = []
    for place in range(0, len(calls), 16):
        turns = [calls[k : k + 4] for k in range(place, place + 16, 4)]
        for warm, before, timed, after in turns:
            assert (warm, before, after) == (timed, "clock", "clock")
        orders.append(tuple(turn[0] for turn in turns))
        assert sorted(orders[-1]) == sorted(names)
    assert len(set(orders)) > 10, "the order is drawn anew"
    assert {order[0] for order in orders} == set(names)
