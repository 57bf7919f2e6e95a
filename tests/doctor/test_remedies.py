"""Each remedy at work in a running program, and applied to a live model."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
import torch
import torch.nn.functional as F
from torch import nn

from rectifier.doctor import remedies
from rectifier.doctor.finding import Finding, Remedy
from rectifier.doctor.remedies.recycle_units import recycle
from rectifier.doctor.repair import repair_model
from rectifier.errors import InvalidInputError, UnknownNameError
from rectifier.torch.sites import Interception

X = torch.randn(64, 6, generator=torch.Generator().manual_seed(1))
Y = X[:, :2].abs().sum(1, keepdim=True)


class Net(nn.Module):
    """Two hidden layers; the activation is a function call."""

    def __init__(self, width: int = 16) -> None:
        super().__init__()
        self.a = nn.Linear(6, width)
        self.b = nn.Linear(width, width)
        self.c = nn.Linear(width, 1)

    def forward(self, x):
        return self.c(F.relu(self.b(F.relu(self.a(x)))))


def remedy(action: str, scope=None, **settings) -> Remedy:
    return Remedy(action, "", settings, scope or {})


def train(
    chosen: Sequence[Remedy], steps: int = 6, seed: int = 0, make=Net, kind=torch.optim.SGD, **more
):
    """A program as a user writes it, with remedies at work."""
    actions = [remedies.build(item) for item in chosen]
    interception = Interception(actions)
    with interception:
        torch.manual_seed(seed)
        model = make()
        optimizer = kind(model.parameters(), **({"lr": 0.1} | more))
        losses = []
        for _ in range(steps):
            loss = F.mse_loss(model(X), Y)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            losses.append(loss.item())
        model.eval()
        with torch.no_grad():
            output = model(X)
    assert interception.notes == [], interception.notes
    return model, optimizer, losses, output, [line for action in actions for line in action.log]


def test_every_file_is_a_remedy() -> None:
    assert set(remedies.names()) >= {
        "clip_gradients",
        "insert_normalization",
        "lower_learning_rate",
        "recycle_units",
        "reinitialize",
        "swap_activation",
    }


def test_unknown_remedy_names_the_nearest() -> None:
    with pytest.raises(UnknownNameError, match="recycle_units"):
        remedies.build(remedy("recycle_unit"))


@pytest.mark.parametrize("settings", [{}, {"from": 0.1, "to": 0.0}, {"from": "a", "to": 1}])
def test_senseless_settings_are_refused(settings: dict) -> None:
    with pytest.raises(InvalidInputError, match="positive number"):
        remedies.build(remedy("lower_learning_rate", **settings))


def test_lower_learning_rate_is_the_same_as_a_lower_rate() -> None:
    *_, losses, _, log = train([remedy("lower_learning_rate", **{"from": 1.0, "to": 0.25})])
    *_, expected, _, _ = train([], lr=0.025)
    assert losses == pytest.approx(expected, rel=1e-6)
    assert log == ["learning rate of SGD: 0.1 → 0.025 (× 0.25 at every step)"]


def test_lower_learning_rate_holds_under_a_schedule_and_is_put_back() -> None:
    action = remedies.build(remedy("lower_learning_rate", **{"from": 1.0, "to": 0.5}))
    seen = []
    with Interception([action]):
        weight = nn.Parameter(torch.zeros(1))
        optimizer = torch.optim.SGD([weight], lr=1.0)
        schedule = torch.optim.lr_scheduler.OneCycleLR(
            optimizer, 1.0, total_steps=10, cycle_momentum=False
        )
        for _ in range(5):
            weight.grad = torch.ones(1)
            rate, before = optimizer.param_groups[0]["lr"], weight.item()
            optimizer.step()
            seen.append((before - weight.item()) / rate)
            assert optimizer.param_groups[0]["lr"] == rate
            schedule.step()
    assert seen == pytest.approx([0.5] * 5, rel=1e-4)


def test_clip_gradients_bounds_the_step() -> None:
    weight = nn.Parameter(torch.zeros(4))
    action = remedies.build(remedy("clip_gradients", max_norm=0.1))
    with Interception([action]):
        optimizer = torch.optim.SGD([weight], lr=1.0)
        weight.grad = torch.full((4,), 100.0)
        optimizer.step()
    assert weight.norm().item() == pytest.approx(0.1, rel=1e-4)


def test_what_adds_up_is_cleared_behind_each_step() -> None:
    weight = nn.Parameter(torch.zeros(4))
    with Interception([remedies.build(remedy("clip_gradients", clear=True))]):
        optimizer = torch.optim.SGD([weight], lr=1.0)
        for _ in range(3):
            weight.sum().backward()
            optimizer.step()
    assert weight.tolist() == [-3.0] * 4  # 1 + 2 + 3 otherwise


def test_reinitialize_acts_before_training_and_leaves_the_random_stream() -> None:
    model, *_, log = train([remedy("reinitialize", scheme="he_normal")], steps=1, lr=1e-9)
    state = torch.get_rng_state()
    plain, *_ = train([], steps=1, lr=1e-9)
    assert torch.equal(state, torch.get_rng_state())
    assert not torch.allclose(model.a.weight, plain.a.weight)
    assert model.a.bias.abs().max() < 1e-6
    assert model.b.weight.std().item() == pytest.approx((2 / 16) ** 0.5, rel=0.2)
    assert len(log) == 1


def test_swap_activation_changes_training_and_evaluation() -> None:
    swap = remedy("swap_activation", **{"from": "relu", "to": "leaky_relu"})
    model, _, _, output, log = train([swap])
    hidden = F.leaky_relu(model.b(F.leaky_relu(model.a(X), 0.01)), 0.01)
    torch.testing.assert_close(output, model.c(hidden).detach())
    assert log == ["relu → leaky_relu at relu and relu:2"]


def test_swap_activation_only_where_it_should() -> None:
    swap = remedy("swap_activation", {"sites": ["relu:2"]}, **{"from": "relu", "to": "leaky_relu"})
    model, _, _, output, _ = train([swap])
    hidden = F.leaky_relu(model.b(F.relu(model.a(X))), 0.01)
    torch.testing.assert_close(output, model.c(hidden).detach())


def test_learnable_activations_are_refused() -> None:
    with pytest.raises(InvalidInputError, match="learnable"):
        remedies.build(remedy("swap_activation", **{"from": "relu", "to": "prelu"}))


@pytest.mark.parametrize("kind", [torch.optim.SGD, torch.optim.Adam])
def test_insert_normalization_is_batch_normalisation(kind: type) -> None:
    class Normal(Net):
        def __init__(self) -> None:
            super().__init__()
            self.n, self.m = nn.BatchNorm1d(16), nn.BatchNorm1d(16)

        def forward(self, x):
            return self.c(F.relu(self.m(self.b(F.relu(self.n(self.a(x)))))))

    *_, losses, output, log = train([remedy("insert_normalization")], kind=kind, lr=0.01)
    *_, expected, same, _ = train([], make=Normal, kind=kind, lr=0.01)
    assert losses == pytest.approx(expected, rel=1e-4)
    torch.testing.assert_close(output, same, rtol=1e-3, atol=1e-4)
    assert log == ["batch normalisation inserted before relu and relu:2"]


def test_insert_normalization_on_images_and_single_samples() -> None:
    net = nn.Sequential(nn.Conv2d(1, 4, 3), nn.ReLU(), nn.Flatten(), nn.Linear(16, 1), nn.ReLU())
    action = remedies.build(remedy("insert_normalization"))
    interception = Interception([action])
    with interception:
        optimizer = torch.optim.SGD(net.parameters(), lr=0.1)
        for images in (torch.randn(8, 1, 4, 4), torch.randn(1, 1, 4, 4)):
            net(images).sum().backward()
            optimizer.step()
    assert interception.notes == []
    assert len(optimizer.param_groups[0]["params"]) == 4 + 4


def kill(model: Net, units: Sequence[int]) -> None:
    with torch.no_grad():
        model.a.bias[list(units)] = -1e3


class Killed(Net):
    def __init__(self) -> None:
        super().__init__(32)
        kill(self, range(20))


def dead(model: nn.Module) -> int:
    with torch.no_grad():
        return int((F.relu(model.a(X)).amax(0) == 0).sum())


@pytest.mark.parametrize("kind", [torch.optim.SGD, torch.optim.Adam])
def test_recycle_units_revives(kind: type) -> None:
    chosen = remedy("recycle_units", every=10, window=5)
    *_, log = trained = train([chosen], steps=40, make=Killed, kind=kind, lr=1e-3)
    assert dead(trained[0]) <= 2
    assert log[0].startswith("relu: dead units recycled: ")
    plain, *_ = train([], steps=40, make=Killed, kind=kind, lr=1e-3)
    assert dead(plain) >= 20


@pytest.mark.parametrize("bias", [True, False])
@pytest.mark.parametrize("flat", [False, True])
def test_recycle_keeps_the_function_and_clears_the_memory(bias: bool, flat: bool) -> None:
    torch.manual_seed(0)
    feeding = nn.Conv2d(1, 8, 3, bias=bias) if flat else nn.Linear(6, 8, bias=bias)
    reader = nn.Linear(8 * 4, 3) if flat else nn.Linear(8, 3)
    data = torch.rand(32, 1, 4, 4) if flat else torch.rand(32, 6)
    with torch.no_grad():
        feeding.weight[2:5] = -feeding.weight[2:5].abs() - 1
        if bias:
            feeding.bias.fill_(-0.1)

    def output():
        return reader(F.relu(feeding(data)).flatten(1))

    optimizer = torch.optim.Adam([*feeding.parameters(), *reader.parameters()], lr=1e-9)
    output().sum().backward()
    optimizer.step()
    chosen = torch.zeros(8, dtype=torch.bool)
    chosen[2:5] = True
    before, kept = output().detach(), feeding.weight[~chosen].clone()
    state = torch.get_rng_state()
    assert recycle(feeding, reader, chosen, optimizer)
    assert torch.equal(state, torch.get_rng_state())
    torch.testing.assert_close(output().detach(), before, rtol=0, atol=1e-6)
    assert torch.equal(feeding.weight[~chosen], kept)
    assert feeding.weight[chosen].abs().max() < 1
    columns = chosen.repeat_interleave(4 if flat else 1)
    assert reader.weight[:, columns].abs().max() == 0
    moments = optimizer.state[feeding.weight]["exp_avg_sq"]
    assert moments[chosen].abs().max() == 0
    assert moments[~chosen].abs().max() > 0
    assert optimizer.state[reader.weight]["exp_avg_sq"][:, columns].abs().max() == 0


@pytest.mark.parametrize("kind", [torch.optim.SGD, torch.optim.Adam])
def test_recycled_units_live_a_thousand_steps_later(kind: type) -> None:
    model = Killed()
    before = dead(model)
    optimizer = kind(model.parameters(), lr=1e-3)
    scope = {"units": {"a": (F.relu(model.a(X)).amax(0) == 0).nonzero().squeeze(1).tolist()}}
    remedies.build(remedy("recycle_units", scope)).apply(model, optimizer)
    assert dead(model) <= 0.1 * before
    for _ in range(1000):
        loss = F.mse_loss(model(X), Y)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    assert dead(model) <= 0.1 * model.a.out_features


def test_dormant_units_are_recycled_from_tau_on() -> None:
    class Faint(Net):
        def __init__(self) -> None:
            super().__init__()
            with torch.no_grad():
                self.a.weight[:5] *= 1e-4
                self.a.bias[:5] = 0.0

    chosen = remedy("recycle_units", {"sites": ["relu"]}, every=10, window=5, tau=0.025)
    model, *_, log = train([chosen], steps=12, make=Faint, lr=1e-4)
    assert log == ["relu: dead units recycled: 5"]
    assert model.a.weight[:5].norm(dim=1).min() > 0.05


def test_recycle_behind_a_normalisation_keeps_the_function() -> None:
    torch.manual_seed(0)
    norm, reader = nn.BatchNorm1d(6), nn.Linear(6, 2)
    with torch.no_grad():
        norm.bias[:3] = -9.0
    before = reader(F.relu(norm(X))).detach()
    chosen = torch.tensor([True] * 3 + [False] * 3)
    assert recycle(norm, reader, chosen, None)
    torch.testing.assert_close(reader(F.relu(norm(X))).detach(), before, rtol=0, atol=1e-6)
    assert (F.relu(norm(X)).amax(0) > 0).all()


def test_recycle_leaves_tied_weights_alone() -> None:
    class Tied(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.table = nn.Embedding(5, 16)
            self.a = nn.Linear(6, 16)
            self.out = nn.Linear(16, 5, bias=False)
            self.out.weight = self.table.weight

    model = Tied()
    kept = model.out.weight.detach().clone()
    action = remedies.build(remedy("recycle_units", {"units": {"a": [0, 1]}}))
    action.apply(model, None)
    assert torch.equal(model.out.weight, kept)
    assert "left alone" in action.log[0]


def test_recycle_leaves_alone_what_it_cannot_tell() -> None:
    class Residual(Net):
        def forward(self, x):
            h = F.relu(self.a(x)) + 1.0  # what the next layer reads is not zero for dead units
            return self.c(h + F.relu(self.b(h)))

    def make() -> Residual:
        model = Residual()
        kill(model, range(8))
        return model

    *_, log = train([remedy("recycle_units", every=5)], steps=10, make=make, lr=1e-3)
    assert "left alone" in log[0]


def finding(*items: Remedy) -> Finding:
    return Finding("dying_relu", "error", "it broke", remedies=items)


def test_repair_model_live() -> None:
    torch.manual_seed(0)
    model = Killed()
    optimizer = torch.optim.SGD(model.parameters(), lr=0.5, momentum=0.9)
    before = model(X).detach()
    scope = {"units": {"a": list(range(20))}}
    done = repair_model(model, optimizer, [finding(remedy("recycle_units", scope))])
    assert done == ("a: dead units recycled: 20",)
    assert dead(model) <= 2
    torch.testing.assert_close(model(X).detach(), before, rtol=0, atol=1e-6)
    lower = remedy("lower_learning_rate", **{"from": 0.5, "to": 0.05})
    repair_model(model, optimizer, [finding(lower)])
    assert optimizer.param_groups[0]["lr"] == pytest.approx(0.05)
    repair_model(model, optimizer, [finding(remedy("insert_normalization", {"layers": ["a"]}))])
    assert "a.normalization.weight" in dict(model.named_parameters())
    assert model(X).shape == (64, 1)
    assert repair_model(model, optimizer, []) == ()
