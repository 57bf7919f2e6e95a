"""Of how many terms a loss is the sum, read off its graph."""

from __future__ import annotations

import math

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor, nn

import rectifier.torch as rt
from rectifier.watch.terms import terms_of

W = torch.ones(7, requires_grad=True)


@pytest.mark.parametrize(
    ("loss", "terms"),
    [
        ((W * 2).mean(), 1),
        (F.mse_loss(W, torch.zeros(7)), 1),
        ((W * 2).sum(), 7),
        (W.square().sum() / 7 - W[:3].sum() * 0.1, 10),
        (torch.stack([w * 2 for w in W]).sum(), 7),
        (sum((w.exp() for w in W), torch.zeros(())), 7),
        (F.mse_loss(W, torch.zeros(7)) + 0.1 * W.norm(), 2),
    ],
)
def test_terms_are_counted(loss: Tensor, terms: int) -> None:
    assert terms_of(loss) == terms


def test_without_a_graph_nothing_is_known() -> None:
    assert math.isnan(terms_of(torch.zeros(())))


def test_a_record_tells_them_where_a_step_was_looked_at() -> None:
    torch.manual_seed(0)
    model = nn.Sequential(nn.Linear(3, 4), nn.ReLU(), nn.Linear(4, 1))
    optimizer = torch.optim.SGD(model.parameters(), lr=1e-3)
    with rt.watch(model, optimizer) as session:
        for length in (3, 5, 9, 17):
            loss = torch.stack([model(torch.randn(3)).square() for _ in range(length)]).sum()
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
    assert session.record.training.loss_terms.tolist() == [3, 5, 9, 17]
