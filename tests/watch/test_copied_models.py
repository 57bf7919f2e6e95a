"""A training that goes on in copies of a model, as of a federation's clients, is one training."""

from __future__ import annotations

import copy
from collections.abc import Callable

import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from rectifier.torch.sites import Interception
from rectifier.watch.options import WatchOptions
from rectifier.watch.record import Record
from rectifier.watch.watcher import Watcher

ROUNDS, CLIENTS, STEPS = 15, 2, 3


class Net(nn.Module):
    """One layer of modules, one of the model's own."""

    def __init__(self) -> None:
        super().__init__()
        self.first, self.act = nn.Linear(4, 6), nn.ReLU()
        self.second = nn.Parameter(0.3 * torch.randn(6, 5))
        self.last = nn.Linear(5, 3)

    def forward(self, x: Tensor) -> Tensor:
        return self.last(torch.tanh(self.act(self.first(x)) @ self.second))


def copied(server: nn.Module) -> nn.Module:
    return copy.deepcopy(server)


def loaded(server: nn.Module) -> nn.Module:
    client = Net()
    client.load_state_dict(server.state_dict())
    return client


def anew(server: nn.Module) -> nn.Module:
    return Net()


def federation(client_of: Callable[[nn.Module], nn.Module], rounds: int = ROUNDS) -> Record:
    """The record of rounds in each of which two clients train, and their mean is taken."""
    torch.manual_seed(0)
    watcher = Watcher(WatchOptions(every=1))
    with Interception([watcher]):
        server = Net()
        for _ in range(rounds):
            states = []
            for _ in range(CLIENTS):
                client = client_of(server)
                optimizer = torch.optim.SGD(client.parameters(), lr=0.1)
                for _ in range(STEPS):
                    x = torch.randn(8, 4)
                    optimizer.zero_grad()
                    F.cross_entropy(client(x), x.argmax(1) % 3).backward()
                    optimizer.step()
                states.append(client.state_dict())
                del client
            mean = {name: sum(s[name] for s in states) / CLIENTS for name in states[0]}
            server.load_state_dict(mean)
        return watcher.record()


@pytest.mark.parametrize("client_of", [copied, loaded])
def test_copies_that_come_and_go_are_one_model(client_of) -> None:
    record = federation(client_of)
    told = [(site.function, site.layer, site.model) for site in record.sites]
    assert told == [("relu", "first", "Net"), ("tanh", "second", "Net")]
    steps = ROUNDS * CLIENTS * STEPS
    assert [site.unit.seen for site in record.sites] == [8 * steps] * 2
    layers = {layer.layer: layer for layer in record.layers}
    assert layers["first"].step.size == layers["second"].step.size == steps
    assert all((layer.weight_norm > 0).all() for layer in layers.values())


@pytest.mark.parametrize("client_of", [copied, loaded])
def test_what_is_kept_does_not_grow_with_the_copies(client_of) -> None:
    short, long = (federation(client_of, rounds).circumstances for rounds in (10, 25))
    copies = (25 - 10) * CLIENTS  # of five parameters each, and an optimiser
    assert len(long.parameters) - len(short.parameters) < 0.2 * copies
    assert len(long.optimizers) - len(short.optimizers) < 0.2 * copies
    assert sum(item.steps for item in long.optimizers) == 25 * CLIENTS * STEPS
    assert not any(item.orphans for item in long.optimizers)


def test_models_drawn_anew_are_told_apart() -> None:
    record = federation(anew, rounds=3)
    assert len({site.model for site in record.sites}) == 3 * CLIENTS


def test_a_copy_beside_its_model_is_another_model() -> None:
    watcher = Watcher(WatchOptions(every=1))
    with Interception([watcher]):
        first = nn.Sequential(nn.Linear(4, 6), nn.ReLU(), nn.Linear(6, 3))
        second = copy.deepcopy(first)
        optimizer = torch.optim.SGD([*first.parameters(), *second.parameters()], lr=0.1)
        for _ in range(4):
            optimizer.zero_grad()
            x = torch.randn(8, 4)
            (first(x) - second(x + 1)).square().mean().backward()
            optimizer.step()
        record = watcher.record()
    assert len({site.model for site in record.sites}) == 2


def test_weights_that_are_not_made_yet_have_no_shape_to_compare() -> None:
    watcher = Watcher(WatchOptions(every=1))
    with Interception([watcher]):
        net = nn.Sequential(nn.LazyLinear(6), nn.ReLU(), nn.Linear(6, 3))
        net(torch.randn(2, 4))
        optimizer = torch.optim.SGD(net.parameters(), lr=0.1)
        for _ in range(3):
            net(torch.randn(8, 4)).square().mean().backward()
            optimizer.step()
        record = watcher.record()
    assert [site.unit.seen for site in record.sites] == [24]


def test_a_copy_of_what_was_trained_was_not_drawn() -> None:
    watcher = Watcher(WatchOptions(every=1))
    with Interception([watcher]):
        first = nn.Sequential(nn.Linear(4, 6), nn.ReLU(), nn.Linear(6, 3))
        for model in (first, None):
            net = copy.deepcopy(first) if model is None else model
            optimizer = torch.optim.SGD(net.parameters(), lr=0.1)
            for _ in range(3):
                optimizer.zero_grad()
                net(torch.randn(8, 4)).square().mean().backward()
                optimizer.step()
        record = watcher.record()
    loaded = {p.model: p.loaded for p in record.circumstances.parameters}
    assert loaded == {"Sequential": False, "Sequential:2": True}
