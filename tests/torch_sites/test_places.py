"""One place is one site, however often what is around it is made anew, however long its input."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from rectifier.torch.sites import Interception
from rectifier.watch.options import WatchOptions
from rectifier.watch.record import Record
from rectifier.watch.watcher import Watcher


def watched(loss: Callable[[int], Tensor], weights: list[Tensor], steps: int = 8) -> Record:
    """The record of a training by SGD of which every step is observed."""
    watcher = Watcher(WatchOptions(every=1))
    optimizer = torch.optim.SGD(weights, lr=1e-3)
    with Interception([watcher]):
        for step in range(steps):
            optimizer.zero_grad()
            loss(step).backward()
            optimizer.step()
    return watcher.record()


class Wrapper(nn.Module):
    """As an integrator makes one at each call."""

    def __init__(self, inner: nn.Module) -> None:
        super().__init__()
        self.inner = inner

    def forward(self, x: Tensor) -> Tensor:
        return x + self.inner(x)


@pytest.mark.parametrize("kept", [False, True], ids=["dropped", "kept"])
def test_a_wrapper_made_at_each_step_is_one_model(kept: bool) -> None:
    net = nn.Sequential(nn.Linear(3, 5), nn.Tanh(), nn.Linear(5, 3))
    held: list[nn.Module] = []

    def loss(step: int) -> Tensor:
        wrapper = Wrapper(net)
        held.extend([wrapper] if kept else [])
        return wrapper(torch.randn(7, 3)).mean()

    record = watched(loss, list(net.parameters()))
    assert [(site.site, site.model, site.unit.seen) for site in record.sites] == [
        ("inner.1", "Wrapper", 7 * 8)
    ]


def test_wrappers_of_different_networks_are_different_models() -> None:
    nets = [nn.Sequential(nn.Linear(3, 5), nn.Tanh(), nn.Linear(5, 3)) for _ in range(2)]
    weights = [p for net in nets for p in net.parameters()]
    record = watched(lambda step: Wrapper(nets[step % 2])(torch.randn(7, 3)).mean(), weights)
    assert sorted(site.model for site in record.sites) == ["Wrapper", "Wrapper:2"]


def test_a_batch_of_ever_other_length_makes_no_new_sites() -> None:
    net = nn.Sequential(nn.Linear(3, 5), nn.ReLU(), nn.Linear(5, 2))

    def hinge(step: int) -> Tensor:
        out = net(torch.randn(10 + step, 3))
        hinges = F.relu(1.0 - (out[:, 0] - out[:, 1]))
        return hinges[hinges > 0].sum() / 10

    record = watched(hinge, list(net.parameters()), steps=20)
    assert record.sites[0].unit.seen == sum(range(10, 30))
    assert len(record.sites) == 5


def test_one_line_for_layers_of_many_widths_is_as_many_sites() -> None:
    widths = [4, 8, 6, 5, 9, 7, 3, 10]
    layers = nn.ModuleList(nn.Linear(a, b) for a, b in zip([2, *widths], widths, strict=False))
    head = nn.Linear(widths[-1], 1)

    def loss(step: int) -> Tensor:
        x = torch.randn(2)
        for layer in layers:
            x = F.relu(layer(x))
        return head(x).sum()

    record = watched(loss, list(layers.parameters()))
    assert [site.units for site in record.sites] == widths


class Turned(nn.Module):
    """A linear layer whose output is multiplied by sines of positions, with or without gradient."""

    def __init__(self, learnt: bool) -> None:
        super().__init__()
        self.rates = nn.Linear(1, 4, bias=False)
        self.rates.weight.requires_grad_(learnt)
        self.first = nn.Linear(3, 4)

    def forward(self, x: Tensor) -> Tensor:
        y = self.first(x)
        angles = self.rates(torch.arange(6.0).unsqueeze(-1))
        return y * torch.sin(angles)


@pytest.mark.parametrize("learnt", [False, True])
def test_sines_of_positions_are_no_activation_unless_learnt(learnt: bool) -> None:
    net = Turned(learnt)
    record = watched(lambda step: net(torch.randn(6, 3)).sum(), list(net.parameters()))
    assert [site.function for site in record.sites] == (["sin"] if learnt else [])


def test_squares_on_their_way_into_a_norm_are_no_activation() -> None:
    class Net(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.first, self.second = nn.Linear(3, 16), nn.Linear(16, 2)
            self.scale = nn.Parameter(torch.ones(16))

        def forward(self, x: Tensor) -> Tensor:
            h = self.first(x)
            h = self.scale * h * torch.rsqrt(h.pow(2).mean(-1, keepdim=True) + 1e-6)
            return self.second(h)

    net = Net()
    record = watched(lambda step: net(torch.randn(9, 3)).mean(), list(net.parameters()))
    assert not record.sites


def test_squares_between_two_layers_are_one() -> None:
    class Net(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.first, self.second = nn.Linear(3, 16), nn.Linear(16, 2)

        def forward(self, x: Tensor) -> Tensor:
            return self.second(self.first(x) ** 2)

    net = Net()
    record = watched(lambda step: net(torch.randn(9, 3)).mean(), list(net.parameters()))
    assert [(site.function, site.layer) for site in record.sites] == [("formula", "first")]


@pytest.mark.parametrize("paired", [False, True])
def test_weights_in_a_list_are_called_by_their_places(paired: bool) -> None:
    shapes = [(3, 5), (5, 6), (6, 2)]
    weights = [torch.randn(shape).requires_grad_() for shape in shapes]
    biases = [torch.zeros(shape[1]).requires_grad_() for shape in shapes]
    layers = list(zip(weights, biases, strict=True))

    def apart(x: Tensor) -> Tensor:
        for w in weights[:-1]:
            x = torch.relu(x @ w)
        return x @ weights[-1]

    def together(x: Tensor) -> Tensor:
        for w, b in layers[:-1]:
            x = torch.relu(x @ w + b)
        return x @ layers[-1][0] + layers[-1][1]

    net = together if paired else apart
    record = watched(lambda step: net(torch.randn(7, 3)).square().mean(), [*weights, *biases])
    assert [layer.layer for layer in record.layers] == (
        ["layers.0.0", "layers.1.0", "layers.2.0"]
        if paired
        else ["weights.0", "weights.1", "weights.2"]
    )
