"""What the record says of a training's circumstances, and of the pre-activations of units."""

from __future__ import annotations

import json
import math
from collections.abc import Callable

import numpy as np
import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from rectifier.torch.sites import Interception
from rectifier.watch.options import WatchOptions
from rectifier.watch.record import Record
from rectifier.watch.watcher import Watcher


def watched(train: Callable[[], None], *models: nn.Module) -> Record:
    """A record as it is read back; what is read back says the same as what was written."""
    watcher = Watcher(WatchOptions(every=1))
    with Interception([watcher], models) as interception:
        train()
    assert interception.notes == []
    text = watcher.record().to_json()
    back = Record.from_json(text)
    assert back.to_json() == text
    return back


def train(
    model: nn.Module,
    data: Callable[[], tuple[Tensor, Tensor]],
    loss: Callable[[Tensor, Tensor], Tensor],
    steps: int = 4,
) -> Record:
    optimizer = torch.optim.SGD([p for p in model.parameters() if p.requires_grad], lr=1e-3)

    def run() -> None:
        for _ in range(steps):
            x, y = data()
            value = loss(model(x), y)
            optimizer.zero_grad()
            value.backward()
            optimizer.step()

    return watched(run, model)


def test_what_enters_the_first_layer_feature_by_feature() -> None:
    torch.manual_seed(0)
    scale = torch.tensor([1.0, 100.0, 0.01])
    seen: list[Tensor] = []

    def data() -> tuple[Tensor, Tensor]:
        seen.append((torch.randn(50, 3) + 2) * scale)
        return seen[-1], torch.zeros(50, 1)

    record = train(nn.Sequential(nn.Linear(3, 4), nn.ReLU(), nn.Linear(4, 1)), data, F.mse_loss)
    (feed,) = record.circumstances.feeds
    x = torch.cat(seen).double()
    assert (feed.layer, feed.kind, feed.seen) == ("0", "linear", 200)
    np.testing.assert_allclose(feed.mean, x.mean(0), rtol=1e-6)
    np.testing.assert_allclose(feed.std, x.std(0, correction=0), rtol=1e-6)
    np.testing.assert_array_equal(feed.low, x.amin(0))
    np.testing.assert_array_equal(feed.high, x.amax(0))


def test_what_enters_a_vector_of_weights() -> None:
    torch.manual_seed(0)
    x = 5 + torch.randn(50, 3)
    w = torch.zeros(3, requires_grad=True)
    optimizer = torch.optim.SGD([w], lr=1e-3)

    def run() -> None:
        for _ in range(3):
            optimizer.zero_grad()
            F.mse_loss(x @ w + 1, torch.zeros(50)).backward()
            optimizer.step()

    (feed,) = watched(run).circumstances.feeds
    assert (feed.layer, feed.kind, feed.seen) == ("w", "linear", 150)
    np.testing.assert_allclose(feed.mean, x.double().mean(0), rtol=1e-6)


@pytest.mark.parametrize("batch_first", [True, False])
def test_what_enters_a_recurrent_layer(batch_first: bool) -> None:
    torch.manual_seed(0)

    class Last(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.rnn = nn.LSTM(3, 5, num_layers=2, batch_first=batch_first, bidirectional=True)
            self.out = nn.Linear(10, 1)

        def forward(self, x: Tensor) -> Tensor:
            return self.out(self.rnn(x)[0][:, -1])

    seen: list[Tensor] = []

    def data() -> tuple[Tensor, Tensor]:
        seen.append(torch.randn(6, 7, 3) * torch.tensor([1.0, 100.0, 0.01]))
        return seen[-1], torch.zeros(6, 1)

    feeds = train(Last(), data, F.mse_loss).circumstances.feeds
    x = torch.cat(seen).reshape(-1, 3).double()
    assert {feed.layer for feed in feeds} == {"rnn"}  # both directions of the first layer
    for feed in feeds:
        np.testing.assert_allclose(feed.mean, x.mean(0), rtol=1e-6)
        np.testing.assert_allclose(feed.std, x.std(0, correction=0), rtol=1e-6)


class Factors(nn.Module):
    """A model that is nothing but tables."""

    def __init__(self) -> None:
        super().__init__()
        self.person, self.thing = nn.Embedding(9, 4), nn.Embedding(7, 4)

    def forward(self, pairs: Tensor) -> Tensor:
        return (self.person(pairs[:, 0]) * self.thing(pairs[:, 1])).sum(1)


def test_the_way_to_a_table_where_no_layer_stands_before_the_loss() -> None:
    torch.manual_seed(0)
    rated = torch.rand(20) * 4 + 1
    pairs = torch.stack([torch.randint(9, (20,)), torch.randint(7, (20,))], 1)
    model = Factors()
    (head,) = train(model, lambda: (pairs, rated), F.mse_loss).circumstances.heads
    assert head.layer in ("person", "thing")
    assert (head.chain[0], head.chain[-1]) == ("mse_loss", "embedding")
    assert head.target_mean == pytest.approx(rated.mean().item(), rel=1e-5)
    assert head.output_high > head.output_low
    behind = nn.Sequential(Factors(), nn.Unflatten(0, (20, 1)), nn.Linear(1, 1), nn.Flatten(0))
    (head,) = train(behind, lambda: (pairs, rated), F.mse_loss).circumstances.heads
    assert head.layer == "2"


class Hop(nn.Module):
    """A graph convolution: each row for itself and, by an adjacency, its neighbours."""

    def __init__(self, inputs: int, outputs: int) -> None:
        super().__init__()
        self.own, self.near = nn.Linear(inputs, outputs), nn.Linear(inputs, outputs)
        self.register_buffer("adjacency", torch.eye(30).roll(1, 0))

    def forward(self, rows: Tensor) -> Tensor:
        return self.own(rows) + self.near(self.adjacency @ rows)


@pytest.mark.parametrize(("between", "joints"), [(nn.Identity(), 2), (nn.ReLU(), 0)])
def test_sums_of_layers_are_joined_by_nothing_but_an_adjacency(
    between: nn.Module, joints: int
) -> None:
    model = nn.Sequential(Hop(4, 8), between, Hop(8, 3))
    found = train(
        model, lambda: (torch.randn(30, 4), torch.randint(0, 3, (30,))), F.cross_entropy
    ).circumstances
    assert found.wired == 2
    assert [joint.summed for joint in found.joints] == [True] * joints


def test_layers_without_an_activation_between_and_the_way_to_the_loss() -> None:
    torch.manual_seed(0)
    layers = [nn.Linear(4, 6), nn.Dropout(0.1), nn.Linear(6, 5), nn.ReLU(), nn.Linear(5, 3)]
    model = nn.Sequential(*layers, nn.Softmax(1))
    found = train(
        model, lambda: (torch.randn(30, 4), torch.randint(0, 3, (30,))), F.cross_entropy
    ).circumstances
    (joint,) = found.joints
    assert (joint.first, joint.second, joint.kind) == ("0", "2", "linear")
    assert (joint.inputs, joint.width, joint.outputs) == (4, 6, 5)
    (head,) = found.heads
    assert (head.layer, head.chain) == ("4", ("nll_loss", "log_softmax", "softmax", "addmm"))
    assert head.source.startswith("tests/watch/test_surroundings.py:")


@pytest.mark.parametrize("sparse", [False, True])
def test_sparse_gradients_are_gradients(sparse: bool) -> None:
    table = nn.EmbeddingBag(9, 4, sparse=sparse)

    def run() -> None:
        optimizer = torch.optim.SGD(table.parameters(), lr=0.1)
        for _ in range(3):
            optimizer.zero_grad()
            table(torch.randint(0, 9, (5, 2))).square().mean().backward()
            optimizer.step()

    (weight,) = watched(run, table).circumstances.parameters
    assert (weight.steps, weight.with_gradient, weight.nonzero) == (3, 3, 3)


def test_attention_over_frozen_memory_is_not_one_layer() -> None:
    """The product of scores and values has one input with a graph; that does not make it linear."""
    embed, query, out = nn.Embedding(7, 4), nn.Linear(4, 4), nn.Linear(4, 3)
    model = nn.ModuleList([embed, query, out])
    embed.requires_grad_(False)

    def loss(tokens: Tensor, y: Tensor) -> Tensor:
        values = embed(tokens)
        scores = torch.softmax(query(values) @ values.mT, -1)
        return F.cross_entropy(out(scores @ values).mean(1), y)

    optimizer = torch.optim.SGD([*query.parameters(), *out.parameters()], lr=0.1)

    def run() -> None:
        for _ in range(3):
            loss(torch.randint(0, 7, (6, 5)), torch.randint(0, 3, (6,))).backward()
            optimizer.step()

    assert watched(run, model).circumstances.joints == ()


LEVELS = torch.tensor([0.1, 0.5, 0.9])


def quantile(p: Tensor, y: Tensor) -> Tensor:
    return torch.maximum(LEVELS * (y - p), (LEVELS - 1) * (y - p)).mean()


@pytest.mark.parametrize(
    ("width", "loss"),
    [
        (1, lambda p, y: ((p.squeeze(-1) - y[:, 0]) ** 2).mean()),
        (1, lambda p, y: (y.view(-1) - p.view(-1)).abs().mean()),
        (1, lambda p, y: F.l1_loss(p[:, 0], y[:, 0])),
        (3, quantile),
        (3, lambda p, y: (p[:, 1] - y[:, 0]).pow(2).sum()),
    ],
)
def test_targets_of_losses_by_hand(width: int, loss: Callable[[Tensor, Tensor], Tensor]) -> None:
    torch.manual_seed(0)
    y = torch.linspace(-1, 3, 41)[:, None]
    model = nn.Sequential(nn.Linear(2, width), nn.ReLU())
    (head,) = train(model, lambda: (torch.randn(41, 2), y), loss).circumstances.heads
    assert (head.target_low, head.target_high) == pytest.approx((-1, 3), abs=1e-5)
    assert head.outside == pytest.approx(10 / 41, abs=1e-6)


def test_optimizers_and_parameters_nobody_holds() -> None:
    model = nn.Sequential(nn.Linear(4, 5), nn.ReLU(), nn.Linear(5, 5), nn.ReLU(), nn.Linear(5, 2))
    model.unused = nn.Parameter(torch.ones(3))
    model[2].requires_grad_(False)
    with torch.no_grad():
        model[0].weight[3] = model[0].weight[1]
    groups = [
        {"params": [*model[0].parameters(), model.unused], "lr": 0.1},
        {"params": model[4].weight, "weight_decay": 0.5},
    ]

    def run() -> None:
        optimizer = torch.optim.AdamW(groups, lr=0.01)
        for _ in range(3):
            loss = F.cross_entropy(model(torch.randn(6, 4)), torch.randint(0, 2, (6,)))
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()

    found = watched(run, model).circumstances
    (own,) = found.optimizers
    assert (own.kind, own.steps, own.rate, own.parameters) == ("AdamW", 3, 0.1, 4)
    assert math.isnan(own.momentum)
    assert {p.name: (p.trainable, p.held, p.steps, p.nonzero) for p in found.parameters} == {
        "unused": (True, True, 3, 0),
        "0.weight": (True, True, 3, 3),
        "0.bias": (True, True, 3, 3),
        "2.weight": (False, False, 0, 0),
        "2.bias": (False, False, 0, 0),
        "4.weight": (True, True, 3, 3),
        "4.bias": (True, False, 0, 0),
    }
    first = next(p for p in found.parameters if p.name == "0.weight")
    assert (first.fan_in, first.alike_start) == (4, pytest.approx(0.2))


def test_a_record_of_an_earlier_version_is_read() -> None:
    record = json.loads(Record(script="a.py", steps=3).to_json())
    record["losses"] = [{"function": "mse_loss", "steps": 3}]
    record["training"]["carried_gradient"] = [0.0, "NaN", 1.0]
    back = Record.from_json(json.dumps(record))
    assert (back.script, back.steps, back.training.loss.size) == ("a.py", 3, 0)


def test_the_pre_activations_of_each_unit() -> None:
    torch.manual_seed(0)
    model = nn.Sequential(nn.Linear(4, 3), nn.ReLU(), nn.Linear(3, 1))
    with torch.no_grad():
        model[0].bias.copy_(torch.tensor([-9.0, 0.0, 5.0]))
    kept: list[Tensor] = []
    model[0].register_forward_hook(lambda m, i, output: kept.append(output.detach().clone()))
    record = train(model, lambda: (torch.randn(20, 4), torch.zeros(20, 1)), F.mse_loss)
    site = record.sites[0]
    x = torch.cat(kept)
    assert site.unit.nonzero_seen == 80
    assert site.unit.nonzero_recent.tolist() == (x > 0).sum(0).tolist()
    assert site.series.input_min.tolist() == [float(k.min()) for k in kept]
    assert site.series.input_max.tolist() == [float(k.max()) for k in kept]


def test_watching_leaves_weights_alone_that_are_computed_when_read() -> None:
    torch.manual_seed(0)
    x = torch.randn(16, 6)

    def trained(watch: bool) -> Tensor:
        torch.manual_seed(1)
        normal = torch.nn.utils.parametrizations.spectral_norm
        model = nn.Sequential(normal(nn.Linear(6, 8)), nn.ReLU(), normal(nn.Linear(8, 1)))
        optimizer = torch.optim.SGD(model.parameters(), lr=0.1)

        def run() -> None:
            for _ in range(3):
                optimizer.zero_grad()
                model(x).square().mean().backward()
                optimizer.step()

        if watch:
            watched(run, model)
        else:
            run()
        return model.eval()(x)

    assert torch.equal(trained(True), trained(False))


def test_a_table_is_told_by_its_columns() -> None:
    torch.manual_seed(0)
    table = nn.Embedding(12, 4)
    nn.init.constant_(table.weight, 0.1)

    class Pairs(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.table = table

        def forward(self, rows: Tensor) -> Tensor:
            left, right = self.table(rows).unbind(1)
            return (left * right).sum(1)

    def data() -> tuple[Tensor, Tensor]:
        rows = torch.randint(0, 12, (40, 2))
        return rows, rows.sum(1).float()

    (facts,) = train(Pairs(), data, nn.functional.mse_loss).circumstances.parameters
    assert facts.alike_start == facts.alike_end == 0.75


def test_a_parameter_that_became_nan_is_known() -> None:
    class Stretched(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.stretch = nn.Parameter(torch.ones(3))
            self.layer = nn.Linear(1, 1)

        def forward(self, x: Tensor) -> Tensor:
            square = (x * self.stretch).square().sum(1, keepdim=True)
            return self.layer(torch.where(square > 0, square.sqrt(), torch.zeros_like(square)))

    def data() -> tuple[Tensor, Tensor]:
        return torch.randn(20, 3) * (torch.arange(20) > 0)[:, None], torch.ones(20, 1)

    found = train(Stretched(), data, nn.functional.mse_loss).circumstances.parameters
    assert {facts.name: facts.broken for facts in found}["stretch"]
    assert not any(facts.broken for facts in found if facts.name.startswith("layer"))


@pytest.mark.parametrize("told", [True, False])
def test_a_module_that_is_given_an_attribute_of_that_name(told) -> None:
    model = nn.Sequential(nn.Linear(4, 8), nn.ReLU(), nn.Linear(8, 3))
    model[0].requires_grad_(False)
    if told:
        model[0].requires_grad = True

    def data() -> tuple[Tensor, Tensor]:
        return torch.randn(16, 4), torch.randint(0, 3, (16,))

    facts = train(model, data, F.cross_entropy).circumstances.parameters
    assert {p.name for p in facts if p.asked} == ({"0.weight", "0.bias"} if told else set())
    assert not any(p.trainable for p in facts if p.name.startswith("0."))
