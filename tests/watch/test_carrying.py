"""Gradients that are cleared from step to step, in every usual way, and such that are not."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import torch
from torch import nn

from rectifier.torch.sites import Interception
from rectifier.watch.options import WatchOptions
from rectifier.watch.watcher import Watcher

Clear = Callable[[torch.optim.Optimizer], None]


def never(optimizer: torch.optim.Optimizer) -> None:
    """What is forgotten."""


def to_none(optimizer: torch.optim.Optimizer) -> None:
    optimizer.zero_grad()


def to_zero(optimizer: torch.optim.Optimizer) -> None:
    optimizer.zero_grad(set_to_none=False)


@pytest.mark.parametrize("clipped", [False, True], ids=["plain", "clipped"])
@pytest.mark.parametrize("passes", [1, 2, 4])
@pytest.mark.parametrize("clear", [never, to_none, to_zero])
def test_clearing_is_told_from_clipping(clear: Clear, passes: int, clipped: bool) -> None:
    """Clipping after every pass, not before steps alone, is what wrappers of optimisers do."""
    net = nn.Sequential(nn.Linear(3, 4), nn.Tanh(), nn.Linear(4, 1))
    optimizer = torch.optim.SGD(net.parameters(), lr=1e-3)
    watcher = Watcher(WatchOptions(every=1))
    with Interception([watcher]):
        for _ in range(12):
            for _ in range(passes):
                net(torch.randn(5, 3)).square().mean().backward()
                if clipped:
                    nn.utils.clip_grad_norm_(net.parameters(), 1e-3)
            optimizer.step()
            clear(optimizer)
    facts = watcher.record().circumstances
    assert facts.carried + facts.cleared >= 3
    assert (facts.cleared == 0) == (clear is never)
    assert (facts.carried == 0) == (clear is not never)
