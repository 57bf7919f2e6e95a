"""What the record says of data, losses, optimisers, parameters, and the order of layers."""

from __future__ import annotations

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
    watcher = Watcher(WatchOptions(every=1))
    with Interception([watcher], models) as interception:
        train()
    assert interception.notes == []
    return Record.from_json(watcher.record().to_json())


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


def test_the_data_of_the_first_layer() -> None:
    torch.manual_seed(0)
    scale = torch.tensor([1.0, 100.0, 0.01])
    seen: list[Tensor] = []

    def data() -> tuple[Tensor, Tensor]:
        seen.append((torch.randn(50, 3) + 2) * scale)
        return seen[-1], torch.zeros(50, 1)

    record = train(nn.Sequential(nn.Linear(3, 4), nn.ReLU(), nn.Linear(4, 1)), data, F.mse_loss)
    (first,) = record.data
    x = torch.cat(seen).double()
    assert (first.layer, first.kind, first.shape, first.rows) == ("0", "Linear", (50, 3), 200)
    assert first.mean == pytest.approx(float(x.mean()))
    assert first.std == pytest.approx(float(x.std(correction=0)))
    assert (first.min, first.max) == pytest.approx((float(x.min()), float(x.max())))
    np.testing.assert_allclose(first.feature_mean, x.mean(0), rtol=1e-6)
    np.testing.assert_allclose(first.feature_std, x.std(0, correction=0), rtol=1e-6)
    assert first.whole < 0.05
    assert first.non_finite == 0


def test_pixels_channels_and_numbers_that_are_none() -> None:
    def data() -> tuple[Tensor, Tensor]:
        x = torch.randint(0, 256, (4, 2, 6, 6)).float()
        x[:, 1] *= 3
        x[0, 0, 0, 0] = math.nan
        return x, torch.zeros(4, 3, 4, 4)

    def loss(output: Tensor, target: Tensor) -> Tensor:
        return F.mse_loss(output.nan_to_num(), target)

    (first,) = train(nn.Sequential(nn.Conv2d(2, 3, 3)), data, loss, steps=2).data
    assert first.whole == 1
    assert first.non_finite == 2
    assert first.feature_mean.shape == (2,)
    assert first.feature_mean[1] > 2 * first.feature_mean[0]
    assert first.max <= 3 * 255


def test_evaluation_data_and_what_comes_from_frozen_layers_are_no_training_data() -> None:
    body, head = nn.Linear(3, 4), nn.Linear(4, 1)
    body.requires_grad_(False)
    model = nn.Sequential(body, nn.ReLU(), head)

    def data() -> tuple[Tensor, Tensor]:
        model(torch.full((2, 3), 1e6))  # gradients recorded, never used
        return torch.randn(5, 3), torch.zeros(5, 1)

    record = train(model, data, F.mse_loss)
    assert [(d.layer, d.rows) for d in record.data] == [("0", 20)]
    assert record.data[0].max < 100


class Chain(nn.Module):
    """Every way in which one layer follows another."""

    def __init__(self) -> None:
        super().__init__()
        self.a, self.b, self.c = nn.Linear(4, 4), nn.Linear(4, 4), nn.Linear(4, 4)
        self.norm, self.d, self.e = nn.BatchNorm1d(4), nn.Linear(4, 4), nn.Linear(4, 4)
        self.f = nn.Linear(4, 4)

    def forward(self, x: Tensor) -> Tensor:
        x = self.b(F.dropout(self.a(x) * 0.5, 0.1))
        x = self.c(torch.relu(x))
        x = self.e(self.d(self.norm(x)) + x)
        return self.f(x * torch.sigmoid(x))


def test_how_layers_follow_each_other() -> None:
    record = train(Chain(), lambda: (torch.randn(6, 4), torch.zeros(6, 4)), F.mse_loss)
    found = {layer.layer: (layer.fed_by, layer.between) for layer in record.layers}
    assert found == {
        "a": ((), ()),
        "b": (("a",), ()),
        "c": (("b",), ("relu",)),
        "norm": (("c",), ()),
        "d": (("norm",), ()),
        "e": (("d", "c"), ()),
        "f": (("e",), ("mul", "sigmoid")),
    }


def test_how_weights_start() -> None:
    torch.manual_seed(0)
    model = nn.Sequential(nn.Linear(6, 5), nn.ReLU(), nn.Linear(5, 4), nn.ReLU(), nn.Linear(4, 2))
    with torch.no_grad():
        model[0].weight[3] = model[0].weight[1]
        model[2].weight.fill_(0.25)
        model[4].weight.zero_()
    std = float(model[0].weight.detach().std(correction=0))
    first, second, third = train(
        model, lambda: (torch.randn(6, 6), torch.zeros(6, 2)), F.mse_loss
    ).layers
    assert (first.units, first.fan_in, first.distinct_units_start) == (5, 6, 0.8)
    assert first.weight_std_start == pytest.approx(std)
    assert math.isfinite(first.bias_std_start)
    assert (second.distinct_units_start, second.weight_mean_start) == (0.25, 0.25)
    assert (third.weight_zero_start, third.weight_std_start) == (1.0, 0.0)


def two(x: Tensor) -> Tensor:
    return F.softmax(x, dim=1)


@pytest.mark.parametrize(
    ("last", "loss", "origin", "extent"),
    [
        (two, F.cross_entropy, "softmax", "row_sum"),
        (nn.Identity(), F.cross_entropy, "layer", ""),
        (nn.LogSoftmax(1), F.nll_loss, "log_softmax", "exp_row_sum"),
        (torch.relu, F.cross_entropy, "relu", ""),
    ],
)
def test_what_enters_the_loss(
    last: Callable[[Tensor], Tensor],
    loss: Callable[[Tensor, Tensor], Tensor],
    origin: str,
    extent: str,
) -> None:
    class Net(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.body = nn.Linear(4, 3)

        def forward(self, x: Tensor) -> Tensor:
            return last(self.body(x))

    torch.manual_seed(0)
    record = train(Net(), lambda: (torch.randn(30, 4), torch.randint(0, 3, (30,))), loss)
    (named,) = [entry for entry in record.losses if entry.function]
    assert named.function == loss.__name__
    assert named.source.startswith("tests/watch/test_surroundings.py:")
    assert (named.steps, named.shape, named.target_shape) == (4, (30, 3), (30,))
    assert (named.input_from, named.input_layer) == (origin, "body")
    sums = {
        "row_sum": (named.row_sum_min, named.row_sum_max),
        "exp_row_sum": (named.exp_row_sum_min, named.exp_row_sum_max),
    }
    for name, values in sums.items():
        assert (values == pytest.approx((1.0, 1.0), rel=1e-5)) == (name == extent)
    assert (named.input_negative == 0) == (origin in ("softmax", "relu"))
    assert (named.target_kind, named.target_min, named.target_max) == ("index", 0, 2)


def test_targets_and_losses_written_by_hand() -> None:
    def loss(output: Tensor, target: Tensor) -> Tensor:
        return -(target * torch.log(torch.sigmoid(output))).mean()

    model = nn.Sequential(nn.Linear(4, 1))
    record = train(model, lambda: (torch.randn(8, 4), torch.ones(8, 1)), loss)
    (by_hand,) = record.losses
    assert (by_hand.function, by_hand.input_layer) == ("", "0")
    assert by_hand.path == ("neg", "mean", "mul", "log", "sigmoid")

    record = train(model, lambda: (torch.randn(8, 4), torch.full((8, 1), 1e4)), F.mse_loss)
    named = next(entry for entry in record.losses if entry.function)
    assert (named.target_kind, named.target_mean, named.target_std) == ("float", 1e4, 0.0)


def test_optimizers_groups_and_parameters_nobody_holds() -> None:
    model = nn.Sequential(nn.Linear(4, 5), nn.ReLU(), nn.Linear(5, 5), nn.ReLU(), nn.Linear(5, 2))
    model.unused = nn.Parameter(torch.ones(3))
    model[2].requires_grad_(False)
    groups = [
        {"params": [*model[0].parameters(), model.unused], "lr": 0.1},
        {"params": model[4].weight, "weight_decay": 0.5},
    ]

    def run() -> None:
        optimizer = torch.optim.AdamW(groups, lr=0.01)
        schedule = torch.optim.lr_scheduler.ExponentialLR(optimizer, 0.5)
        for _ in range(3):
            loss = F.cross_entropy(model(torch.randn(6, 4)), torch.randint(0, 2, (6,)))
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            schedule.step()

    record = watched(run, model)
    (own,) = record.optimizers
    assert (own.kind, own.steps, own.elements.tolist()) == ("AdamW", 3, [28, 10])
    assert own.learning_rate.tolist() == pytest.approx(
        np.array([[0.1, 0.01], [0.05, 0.005], [0.025, 0.0025]])
    )
    assert [options["weight_decay"] for options in own.options] == [0.01, 0.5]
    found = {
        p.name: (p.requires_grad, p.in_optimizer, p.observed, p.with_gradient)
        for p in record.parameters
    }
    assert found == {
        "unused": (True, True, 3, 0),
        "0.weight": (True, True, 3, 3),
        "0.bias": (True, True, 3, 3),
        "2.weight": (False, False, 3, 0),
        "2.bias": (False, False, 3, 0),
        "4.weight": (True, True, 3, 3),
        "4.bias": (True, False, 3, 3),
    }


@pytest.mark.parametrize("cleared", [True, False])
def test_gradients_that_were_not_cleared(cleared: bool) -> None:
    model = nn.Linear(4, 2)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    left: list[float] = []

    def run() -> None:
        for _ in range(4):
            loss = model(torch.randn(6, 4)).square().mean()
            if cleared:
                optimizer.zero_grad()
            grads = [p.grad for p in model.parameters() if p.grad is not None]
            left.append(math.sqrt(sum(float(g.norm()) ** 2 for g in grads)))
            loss.backward()
            optimizer.step()

    series = watched(run, model).training.carried_gradient
    assert series.tolist() == pytest.approx(left, rel=1e-5)
    assert (series[1:] > 0).all() == (not cleared)


def test_the_pre_activations_of_each_unit() -> None:
    torch.manual_seed(0)
    model = nn.Sequential(nn.Linear(4, 3), nn.ReLU(), nn.Linear(3, 1))
    with torch.no_grad():
        model[0].bias.copy_(torch.tensor([-9.0, 0.0, 5.0]))
    kept: list[Tensor] = []
    model[0].register_forward_hook(lambda m, i, output: kept.append(output.detach().clone()))
    record = train(model, lambda: (torch.randn(20, 4), torch.zeros(20, 1)), F.mse_loss)
    site = record.sites[0]
    x = torch.cat(kept).double()
    np.testing.assert_allclose(site.unit.input_mean_recent, x.mean(0), rtol=1e-5)
    np.testing.assert_allclose(site.unit.input_std_recent, x.std(0, correction=0), rtol=1e-4)
    assert site.unit.nonzero_seen == 80
    assert site.unit.nonzero_recent.tolist() == (x > 0).sum(0).tolist()
    assert site.series.input_min.tolist() == [float(k.min()) for k in kept]
    assert site.series.input_max.tolist() == [float(k.max()) for k in kept]
