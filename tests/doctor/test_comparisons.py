"""Thresholds that a comparison hides from the gradient, learnt under ``attach``."""

from __future__ import annotations

import pytest
import torch
from at_work import under
from torch import nn

LIMITS = torch.tensor([-0.8, 0.7, 0.0])
HARM = torch.tensor([1.0, -1.5, 2.0])


class Limits(nn.Module):
    def __init__(self, way: str) -> None:
        super().__init__()
        self.threshold, self.way = nn.Parameter(torch.zeros(3)), way

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        if self.way == "less":
            return 1.0 - torch.le(x, self.threshold).to(x.dtype)
        return (x > self.threshold).float()


def learnt(way: str) -> nn.Sequential:
    torch.manual_seed(0)
    model = nn.Sequential(Limits(way), nn.Linear(3, 1))
    with torch.no_grad():  # of a wrong sign it drives a limit out of the data first
        model[1].weight.copy_(HARM.sign())
    optimizer = torch.optim.Adam(model.parameters(), lr=0.02)
    for _ in range(300):
        x = torch.randn(128, 3)
        y = (HARM * (x > LIMITS)).sum(1)
        loss = (model(x).squeeze(1) - y).square().mean()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        assert (x > 0).float().requires_grad is False  # no parameter is among it
    return model


@pytest.mark.parametrize("way", ["more", "less"])
def test_thresholds_find_their_place(way: str) -> None:
    scope = {"parameters": ["0.threshold"]}
    model, log = under("add_to_optimizer", lambda: learnt(way), scope, how="attach")
    torch.testing.assert_close(model[0].threshold.detach(), LIMITS, atol=0.15, rtol=0)
    assert log == ["a comparison with a parameter passes the gradient of a sigmoid"]
    gate = model[0](torch.randn(50, 3))
    assert set(gate.unique().tolist()) <= {0.0, 1.0}  # forward it is the comparison itself
    assert torch.equal(learnt(way)[0].threshold.detach(), torch.zeros(3))


def test_other_comparisons_pass_nothing() -> None:
    scope = {"parameters": ["some.other"]}
    model, log = under("add_to_optimizer", lambda: learnt("more"), scope, how="attach")
    assert torch.equal(model[0].threshold.detach(), torch.zeros(3))
    assert log == []
