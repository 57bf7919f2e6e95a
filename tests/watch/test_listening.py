"""Who is told when, and what happens to one who fails."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import nn

import rectifier.torch as rt
from rectifier.errors import InvalidInputError
from rectifier.watch.listening import Listeners
from rectifier.watch.processes import is_first_process
from rectifier.watch.record import Record


class Told:
    def __init__(self, interval: float, clock: list[float], takes: float = 0.0) -> None:
        self.interval = interval
        self.takes = takes
        self.times: list[float] = []
        self.clock = clock
        self.closed: list[Any] = []

    def open(self) -> None:
        pass

    def update(self, record: Record) -> None:
        self.times.append(self.clock[0])
        self.clock[0] += self.takes

    def close(self, record: Record, findings: Sequence[Mapping[str, Any]]) -> None:
        self.closed.append(findings)


class Failing(Told):
    def update(self, record: Record) -> None:
        raise OSError("disk full")


def run(listeners: Listeners, clock: list[float], seconds: float, step: float = 0.125) -> int:
    made = [0]

    def record() -> Record:
        made[0] += 1
        return Record()

    while clock[0] < seconds:
        listeners.tick(record)
        clock[0] += step
    return made[0]


def test_each_is_told_in_its_own_time_and_records_are_made_only_for_that() -> None:
    clock = [0.0]
    often, rarely = Told(1.0, clock), Told(5.0, clock)
    made = run(Listeners([often, rarely], lambda: clock[0]), clock, 20.5)
    assert len(often.times) == 21
    assert rarely.times == [0.0, 5.0, 10.0, 15.0, 20.0]
    assert made == 21


def test_telling_takes_one_per_cent_of_the_time() -> None:
    clock = [0.0]
    slow, quick = Told(0.0, clock, takes=0.1), Told(0.0, clock)
    run(Listeners([slow, quick], lambda: clock[0]), clock, 1000.0)
    assert 90 <= len(slow.times) <= 101
    assert len(quick.times) <= 101


def test_one_who_fails_is_told_no_more_and_the_others_are() -> None:
    clock = [0.0]
    bad, good = Failing(0.0, clock), Told(1.0, clock)
    listeners = Listeners([bad, good], lambda: clock[0])
    run(listeners, clock, 3.5)
    assert listeners.notes == ["Failing was told no more: OSError: disk full"]
    assert len(good.times) == 4
    listeners.close(Record(), [])
    assert (good.closed, bad.closed) == ([[]], [])


def test_a_session_hands_its_numbers_to_a_sink(tmp_path: Path) -> None:
    model = nn.Sequential(nn.Linear(4, 8), nn.ReLU(), nn.Linear(8, 1))
    with torch.no_grad():
        model[0].bias.fill_(-100.0)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.01)
    session = rt.watch(model, optimizer, every=1, sinks=[f"jsonl:{tmp_path / 'run.jsonl'}"])
    session.start()
    with pytest.raises(InvalidInputError, match="already"):
        session.start()
    for _ in range(30):
        loss = model(torch.randn(100, 4)).square().mean()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    session.stop()
    session.stop()
    *lines, last = [json.loads(line) for line in (tmp_path / "run.jsonl").read_text().splitlines()]
    assert [line["step"] for line in lines] == list(range(30))
    assert lines[3]["values"]["rectifier.silent/1"] == 1.0
    assert last["findings"][0]["rule"] == "born_dead"
    assert not hasattr(model.forward, "__wrapped__")
    assert session.record.notes == ()


@pytest.mark.parametrize(("rank", "first"), [("0", True), ("1", False), ("", True), ("x", True)])
def test_the_first_process_reports(
    rank: str, first: bool, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("RANK", rank)
    assert is_first_process() is first
    with rt.watch(nn.Linear(1, 1), sinks=[f"jsonl:{tmp_path / 'run.jsonl'}"]):
        pass
    assert (tmp_path / "run.jsonl").exists() is first
