"""LSUV, randomised asymmetric, identity and AlexNet's weights, and depth a hundred layers long."""

from __future__ import annotations

import functools
import itertools
import math

import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional as F

import rectifier
import rectifier.torch as rt
from rectifier import catalog
from rectifier.analysis import propagation
from rectifier.errors import InvalidInputError


def plain(name: str, depth: int, width: int) -> nn.Sequential:
    """Activation and layer in turn, one activation more at the end so that each layer has one."""
    layers = [m for _ in range(depth) for m in (rt.activation(name), nn.Linear(width, width))]
    return nn.Sequential(*layers, rt.activation(name))


def variances(model: nn.Sequential, x: Tensor) -> list[float]:
    """Mean square of the output of each linear layer."""
    found = []
    with torch.no_grad():
        for module in model:
            x = module(x)
            if isinstance(module, nn.Linear):
                found.append(float(x.double().square().mean()))
    return found


WIDTH, DEPTH, NETS = 96, 100, 64


def kept(name: str, networks: int) -> bool:
    """Whether theory says that the average over the networks keeps its variance."""
    theory = propagation(name, DEPTH, width=WIDTH, correlation=1.0)
    return theory.stability == "attracting" and theory.keeps_variance(networks=networks)


def test_a_hundred_layers_keep_the_variance_where_theory_says_so() -> None:
    """The numbers that init_ draws, once for all activations: each has them times its gain."""
    names = [name for name in catalog.names() if kept(name, NETS)]
    assert len(names) >= 35
    assert {"tanh", "sigmoid", "arctan", "erf", "softplus", "sine", "softsign"} <= set(names)
    assert not {"relu", "gelu", "silu", "mish", "square"} & set(names)
    models = [plain("identity", DEPTH, WIDTH) for _ in range(NETS)]
    for number, model in enumerate(models):
        rt.init_(model, seed=number)
    weights = [
        torch.stack([model[2 * level + 1].weight.detach() for model in models])
        for level in range(DEPTH)
    ]
    x = torch.randn(NETS, WIDTH, 1, generator=torch.Generator().manual_seed(1000))
    for name in names:
        h, f, factor, found = x, getattr(rt.functional, name), rectifier.gain(name), []
        for weight in weights:
            h = weight @ f(h) * factor
            found.append(float(h.square().mean()))
        assert max(abs(v - 1) for v in found) <= 0.1, (name, min(found), max(found))


def test_init_itself_keeps_the_variance_over_a_hundred_layers() -> None:
    assert kept("sigmoid", 32)
    found = []
    for seed in range(32):
        model = plain("sigmoid", DEPTH, WIDTH)
        rows = rt.init_(model, seed=seed)
        assert {row.gain for row in rows} == {rectifier.gain("sigmoid")}
        x = torch.randn(1, WIDTH, generator=torch.Generator().manual_seed(1000 + seed))
        found.append(variances(model, x))
    assert (torch.tensor(found).mean(0) - 1).abs().max() <= 0.1


def test_what_theory_calls_repelling_goes_off() -> None:
    assert propagation("gelu", 1).stability == "repelling"
    model = plain("gelu", DEPTH, 256)
    rt.init_(model, seed=0)
    x = torch.randn(8, 256, generator=torch.Generator().manual_seed(1))
    found = variances(model, x)
    assert max(abs(v - 1) for v in found) > 0.5


@pytest.mark.parametrize(
    "name",
    [
        *("relu", "leaky_relu", "gelu", "silu", "mish", "elu", "selu", "tanh", "sigmoid"),
        *("relu_squared", "cube", "gcu", "modulus", "sign", "hard_swish", "xielu", "pau"),
    ],
)
def test_lsuv_keeps_a_hundred_layers_at_unit_variance_whatever_theory_says(name: str) -> None:
    model = plain(name, DEPTH, 64)
    x = torch.randn(64, 64)
    rt.init_(model, x, scheme="lsuv", seed=0)
    with torch.no_grad():
        for module in model:
            x = module(x)
            if isinstance(module, nn.Linear):
                assert abs(float(x.var(correction=0)) - 1) < 0.1


def test_lsuv_also_fits_layers_that_are_nearly_right() -> None:
    """The first layer's orthonormal weights leave the sample's 0.94."""
    model, x = plain("identity", 2, 64), torch.randn(256, 64, generator=seeded(0)) * 0.97
    rt.init_(model, x, scheme="lsuv", seed=0)
    assert variances(model, x) == pytest.approx([1.0, 1.0], abs=0.01)


def test_lsuv_on_fresh_data_is_off_by_the_error_of_sampling() -> None:
    """tanh: within 2 % after ten layers; silu with a sample of 4096, ten times as much at most."""
    for name, allowed in (("tanh", 0.02), ("silu", 0.2)):
        model = plain(name, 10, 64)
        rt.init_(model, torch.randn(4096, 64, generator=seeded(0)), scheme="lsuv", seed=0)
        found = variances(model, torch.randn(4096, 64, generator=seeded(1)))
        assert max(abs(v - 1) for v in found) < allowed


def seeded(seed: int) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


class Mixed(nn.Module):
    """Functional calls, a residual, a layer that runs twice, one that never runs, dropout."""

    def __init__(self) -> None:
        super().__init__()
        self.stem = nn.Conv2d(3, 8, 3, padding=1)
        self.norm = nn.BatchNorm2d(8)
        self.block = nn.Conv2d(8, 8, 3, padding=1)
        self.twice = nn.Linear(8, 8)
        self.normed = nn.utils.parametrizations.weight_norm(nn.Linear(8, 8))
        self.head = nn.Linear(8, 4)
        self.unused = nn.Linear(2, 2)

    def forward(self, x: Tensor) -> Tensor:
        x = F.relu(self.norm(self.stem(x)))
        x = F.silu(self.block(x) + x).mean((2, 3))
        x = F.dropout(torch.tanh(self.twice(torch.tanh(self.twice(x)))), 0.5, self.training)
        return self.head(F.gelu(self.normed(x)))


def test_lsuv_on_a_model_with_everything() -> None:
    model, x = Mixed().train(), torch.randn(32, 3, 6, 6) * 50
    rows = {row.layer: row for row in rt.init_(model, x, scheme="lsuv", seed=0)}
    assert model.training
    seen: dict[str, float] = {}

    def note(name: str, _module: nn.Module, _inputs: object, output: Tensor) -> None:
        seen.setdefault(name, float(output.var(correction=0)))

    for name, module in model.named_modules():
        if isinstance(module, nn.Linear | nn.Conv2d):
            module.register_forward_hook(functools.partial(note, name))
    with torch.no_grad():
        model.eval()(x)
    assert set(seen) == set(rows) - {"unused"}
    assert all(abs(v - 1) < 0.1 for v in seen.values())
    assert rows["head"].activation == ""
    assert rows["stem"].activation == "relu"
    assert model.stem.weight.std().item() == pytest.approx(rows["stem"].std, rel=0.1)
    flat = model.stem.weight.detach().flatten(1) / rows["stem"].gain
    assert torch.allclose(flat @ flat.T, torch.eye(8), atol=1e-4)
    assert torch.allclose(model.unused.weight @ model.unused.weight.T, torch.eye(2), atol=1e-5)
    assert not model.head.bias.any()


def test_lsuv_needs_data_that_differ() -> None:
    model = nn.Sequential(nn.Linear(4, 4), nn.ReLU(), nn.Linear(4, 1))
    with pytest.raises(InvalidInputError, match="fits the weights to data; pass sample="):
        rt.init_(model, scheme="lsuv")
    with pytest.raises(InvalidInputError, match="layer '0' has the variance 0"):
        rt.init_(model, torch.zeros(5, 4), scheme="lsuv")


def test_randomized_asymmetric_has_one_positive_number_for_each_unit() -> None:
    model = nn.Sequential(nn.Linear(400, 300), nn.ReLU(), nn.Linear(300, 2, bias=False))
    row, _ = rt.init_(model, scheme="rai", seed=0)
    assert row.std == pytest.approx(0.6007 / 20)
    whole = torch.cat([model[0].weight, model[0].bias[:, None]], dim=1).detach()
    large = whole > 6 * row.std
    # Beta(2, 1) lies above 0.18 with probability 0.968; elsewhere nothing is so far out.
    assert large.sum(dim=1).max() == 1
    assert large.any(dim=1).double().mean() == pytest.approx(0.968, abs=0.03)
    assert whole[large].mean() == pytest.approx(0.667 / 0.968, abs=0.05)
    assert whole[~large].std() == pytest.approx(row.std, rel=0.02)
    assert model[0].bias.std().item() == pytest.approx(row.std, rel=0.9)
    places = large.double().argmax(dim=1)
    assert len(set(places.tolist())) > 100


def born_dead(scheme: str, width: int, depth: int, nets: int) -> float:
    dead = 0
    x = torch.linspace(-math.sqrt(3), math.sqrt(3), 50)[:, None]
    for seed in range(nets):
        sizes = [1, *[width] * depth]
        layers = [m for a, b in itertools.pairwise(sizes) for m in (nn.Linear(a, b), nn.ReLU())]
        model = nn.Sequential(*layers, nn.Linear(width, 1))
        rt.init_(model, scheme=scheme, seed=seed)
        with torch.no_grad():
            dead += float(model(x).std()) < 1e-12
    return dead / nets


def test_randomized_asymmetric_networks_are_rarely_born_dead() -> None:
    """Lu et al. (2020), table 1 in kind: width 2, depth 10, one input in [-√3, √3]."""
    symmetric, asymmetric = (born_dead(s, 2, 10, 150) for s in ("he_normal", "rai"))
    assert symmetric > 0.7
    assert asymmetric < 0.5 * symmetric
    bound = propagation("relu", 10, width=2, inputs=1).born_dead[-1]
    assert symmetric <= bound + 4 * math.sqrt(bound * (1 - bound) / 150)


@pytest.mark.parametrize(
    "layer",
    [
        nn.Conv2d(6, 9, 3, groups=3),
        nn.ConvTranspose2d(6, 9, 3, groups=3),
        nn.Conv1d(4, 4, 5, bias=False),
        nn.ConvTranspose1d(4, 6, 3),
    ],
)
def test_randomized_asymmetric_convolutions(layer: nn.Module) -> None:
    rt.init_(nn.Sequential(layer), scheme="rai", seed=3)
    outputs = layer.out_channels
    weight = layer.weight.detach()
    if isinstance(layer, nn.ConvTranspose2d | nn.ConvTranspose1d):
        weight = weight.unflatten(0, (layer.groups, -1)).transpose(1, 2).flatten(0, 1)
    rows = weight.reshape(outputs, -1)
    assert rows.shape[1] == layer.in_channels // layer.groups * math.prod(layer.kernel_size)
    assert torch.isfinite(rows).all()
    if layer.bias is None:  # then the positive number is always among the weights
        assert (rows.max(dim=1).values > 0).all()


def test_identity_passes_its_input_through() -> None:
    model = nn.Sequential(nn.Conv2d(3, 3, 3, padding=1), nn.ReLU(), nn.Conv2d(3, 5, 1))
    rows = rt.init_(model, scheme="identity")
    x = torch.rand(2, 3, 6, 6)
    assert torch.equal(model(x)[:, :3], x)
    assert not model(x)[:, 3:].any()
    assert [row.std for row in rows] == [0, 0]
    linear = nn.Linear(4, 4)
    rt.init_(linear, scheme="identity")
    assert torch.equal(linear.weight, torch.eye(4))


class Recurrent(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.rnn = nn.RNN(3, 16, num_layers=2, nonlinearity="relu", batch_first=True)
        self.lstm = nn.LSTM(3, 4)
        self.head = nn.Linear(16, 2)

    def forward(self, x: Tensor) -> Tensor:
        return self.head(self.rnn(x)[0][:, -1])


def test_identity_for_recurrent_layers_is_irnn() -> None:
    model = Recurrent()
    lstm = model.lstm.weight_hh_l0.clone()
    rows = {row.layer: row for row in rt.init_(model, scheme="identity", seed=0)}
    assert set(rows) == {"rnn", "head"}
    for layer in ("l0", "l1"):
        assert torch.equal(getattr(model.rnn, f"weight_hh_{layer}"), torch.eye(16))
        assert getattr(model.rnn, f"weight_ih_{layer}").std().item() == pytest.approx(
            0.001, rel=0.4
        )
        assert not getattr(model.rnn, f"bias_hh_{layer}").any()
    assert rows["head"].std == 0.001
    assert model.head.weight.std().item() == pytest.approx(0.001, rel=0.5)
    assert torch.equal(lstm, model.lstm.weight_hh_l0)
    assert model(torch.randn(2, 300, 3)).isfinite().all()


def test_alexnet_has_its_biases() -> None:
    model = nn.Sequential(
        *(nn.Conv2d(inputs, 8, 1) for inputs in (3, 8, 8, 8, 8)),
        nn.Flatten(),
        *(nn.Linear(8, 8), nn.ReLU(), nn.Linear(8, 8), nn.ReLU(), nn.Linear(8, 1000)),
    )
    rows = rt.init_(model, scheme="alexnet", seed=0)
    biases = [m.bias.detach() for m in model if hasattr(m, "bias")]
    assert [float(b[0]) for b in biases] == [0, 1, 0, 1, 1, 1, 1, 0]
    assert all(bool((b == b[0]).all()) for b in biases)
    assert {row.std for row in rows} == {0.01}
    assert model[-1].weight.std().item() == pytest.approx(0.01, rel=0.05)


def test_parameters_of_the_activation() -> None:
    model = nn.Sequential(nn.Linear(4, 4), nn.Linear(4, 4))
    rows = rt.init_(model, activation="leaky_relu", negative_slope=0.2)
    assert rows[0].gain == pytest.approx(math.sqrt(2 / 1.04))
    assert rt.init_(model, activation="swiglu")[1].gain == rectifier.gain("swiglu")
    assert rt.init_(model, activation="maxout", pieces=3)[0].gain == rectifier.gain(
        "maxout", pieces=3
    )
    with pytest.raises(InvalidInputError, match="negative_slope given without an activation"):
        rt.init_(model, negative_slope=0.2)


def test_a_gated_unit_in_a_sequence() -> None:
    model = nn.Sequential(nn.Linear(4, 8), nn.GLU(), nn.Linear(4, 2))
    assert [row.activation for row in rt.init_(model)] == ["glu", ""]
    assert rt.init_(model)[1].gain == rectifier.gain("glu")


def test_a_scheme_without_a_gain_needs_no_sample() -> None:
    for scheme in ("lecun", "alexnet", "rai", "identity"):
        assert rt.init_(Mixed(), scheme=scheme, seed=0)[0].gain == 1.0
