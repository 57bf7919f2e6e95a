"""Losses that wait to be read."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from torch import nn

from rectifier.torch import observer
from rectifier.torch.sites import Interception
from rectifier.watch import waiting
from rectifier.watch.options import WatchOptions
from rectifier.watch.waiting import Waiting
from rectifier.watch.watcher import Watcher


def test_losses_come_back_by_step_and_are_copies() -> None:
    losses = Waiting()
    assert not losses
    value = torch.tensor(1.5)
    losses.put(3, value)
    value.zero_()
    losses.put(3, torch.tensor([1.0, 3.0]))
    losses.put(5, torch.tensor(2.0, dtype=torch.float64))
    assert losses.of(5)
    assert not losses.of(4)
    assert losses.take() == {3: [1.5, 2.0], 5: [2.0]}
    assert not losses


def test_no_more_than_so_many_wait(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(waiting, "MOST", 3)
    losses = Waiting()
    for step in range(5):
        losses.put(step, torch.tensor(float(step)))
    assert list(losses.take()) == [0, 1, 2]


def test_steps_that_nobody_observes_read_nothing_from_a_device(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A device is played by the CPU: reading from it is counted."""
    read: list[int] = []
    original = Waiting.take

    def take(self: Waiting) -> Any:
        read.append(watcher.interception.step if watcher.interception else -1)
        return original(self)

    monkeypatch.setattr(observer, "is_at_hand", lambda tensor: False)
    monkeypatch.setattr(Waiting, "take", take)
    model = nn.Linear(2, 1)
    optimizer = torch.optim.SGD(model.parameters(), lr=1e-3)
    watcher = Watcher(WatchOptions(every=700))
    losses = []
    with Interception([watcher], [model]):
        for _ in range(720):
            loss = model(torch.randn(3, 2)).square().mean()
            losses.append(float(loss.detach()))
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
    assert read == [0, 700]
    assert watcher.record().training.loss.tolist() == pytest.approx(losses, rel=1e-6)
