"""The census of parameters waits for no device at a step that is not observed."""

from __future__ import annotations

import pytest
import torch

from rectifier.torch import observer
from rectifier.watch.census import Census


@pytest.mark.parametrize("far", [False, True])
def test_only_what_is_at_hand_is_looked_at_when_nobody_observes(
    far: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(observer, "is_at_hand", lambda _: not far)
    census = Census()
    optimizer = torch.optim.SGD([torch.nn.Parameter(torch.zeros(2))], lr=0.1)
    loss = torch.zeros(())
    assert census.wants_step(optimizer, False) is not far
    assert census.wants_loss(loss, False) is not far
    if far:
        assert census.sleeps() > 1000  # what is late wakes nobody
        assert census.wants_step(optimizer, True)  # but is made up for
        assert census.wants_loss(loss, True)
        assert census.sleeps() == 0  # the second is due
