"""Copies of a model that was drawn anew."""

from __future__ import annotations

import copy

import torch
import torch.nn.functional as F
from torch import nn

from rectifier.doctor import remedies
from rectifier.doctor.finding import Remedy
from rectifier.torch.sites import Interception
from rectifier.watch.options import WatchOptions
from rectifier.watch.watcher import Watcher

X = torch.randn(64, 8, generator=torch.Generator().manual_seed(1))
Y = X[:, :4].argmax(1)


def under(program):
    """As in a rerun: a watcher of every step is beside the remedy."""
    action = remedies.build(Remedy("reinitialize", ""))
    with Interception([action, Watcher(WatchOptions(every=1))]) as interception:
        result = program()
    assert interception.notes == []
    return result, action.log


def sick() -> nn.Module:
    model = nn.Sequential(nn.Linear(8, 16), nn.ReLU(), nn.Linear(16, 4))
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.mul_(0.01)
    return model


def step(model: nn.Module) -> None:
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    for _ in range(3):
        loss = F.cross_entropy(model(X), Y)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()


def test_clients_that_copy_one_server_get_one_draw() -> None:
    def program() -> list[nn.Module]:
        torch.manual_seed(0)
        server = sick()
        clients = [copy.deepcopy(server) for _ in range(3)]
        for client in clients:
            step(client)
        return clients

    clients, log = under(program)
    first, *others = (client[0].weight for client in clients)
    assert first.std() > 0.1
    for other in others:
        assert torch.equal(first, other)
    assert len(log) == 1


def test_what_was_trained_since_is_not_drawn_again() -> None:
    def program() -> tuple[nn.Module, nn.Module]:
        torch.manual_seed(0)
        server = sick()
        step(server)
        client = copy.deepcopy(server)
        start = copy.deepcopy(client)
        step(client)
        return start, client

    (start, client), _ = under(program)
    assert (start[0].weight - client[0].weight).norm() < 0.3 * start[0].weight.norm()


def test_a_model_made_like_the_first_is_as_sick_and_drawn_for_itself() -> None:
    def program() -> list[nn.Module]:
        torch.manual_seed(0)
        folds = []
        for _ in range(2):
            folds.append(sick())
            step(folds[-1])
        return folds

    (one, other), log = under(program)
    assert one[0].weight.std() > 0.1
    assert other[0].weight.std() > 0.1
    assert not torch.allclose(one[0].weight, other[0].weight, atol=0.05)
    assert len(log) == 2
