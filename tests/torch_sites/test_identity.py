"""Modules whose hash reads their state, as torchmetrics' do, are watched like any other."""

from __future__ import annotations

import torch
from torch import nn

import rectifier.torch as rt
from rectifier.torch.identity import ByIdentity


class Counting(nn.Module):
    """Its hash needs an attribute that it has only after it was made, and changes."""

    def __init__(self) -> None:
        super().__init__()
        self.body = nn.Linear(4, 1)
        self.count = 0

    def __hash__(self) -> int:
        return hash(("counting", self.count))

    def __eq__(self, other: object) -> bool:
        raise TypeError("modules of this kind cannot be compared")

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        self.count += 1
        return self.body(torch.relu(x))


def test_they_are_made_and_trained_under_watch() -> None:
    model = nn.Linear(4, 4)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    with rt.watch(model, optimizer) as session:
        for _ in range(3):
            Counting()
            model(torch.ones(2, 4)).sum().backward()
            optimizer.step()
    assert session.record.steps == 3
    whole = Counting()
    optimizer = torch.optim.SGD(whole.parameters(), lr=0.1)
    with rt.watch(whole, optimizer) as session:
        for _ in range(3):
            whole(torch.ones(2, 4)).sum().backward()
            optimizer.step()
    assert session.record.steps == 3
    assert session.record.notes == ()
    assert [site.function for site in session.record.sites] == ["relu"]


def test_a_value_is_exchanged_and_an_object_forgotten() -> None:
    known: ByIdentity[int] = ByIdentity()
    one = Counting()
    known[one] = 1
    known[one] = 2
    one.count += 1
    assert known.get(one) == 2
    assert len(known) == 1
    assert Counting() not in known
    del one
    assert len(known) == 0
