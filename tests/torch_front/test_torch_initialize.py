"""Weights for the activation that follows, over plain and unusual models."""

from __future__ import annotations

import math
import os
from collections.abc import Callable

import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional as F

import rectifier
import rectifier.torch as rt
from rectifier.analysis import propagation
from rectifier.analysis.schemes import SCHEMES
from rectifier.errors import InvalidInputError, UnknownNameError

ROOT2 = math.sqrt(2)
SPECIAL = {"lsuv", "identity", "randomized_asymmetric", "alexnet"}
"""Their own tests: test_torch_schemes.py."""


class Net(nn.Module):
    """Functional activations through normalisation, pooling, dropout, flattening and a residual."""

    def __init__(self) -> None:
        super().__init__()
        self.first = nn.Conv2d(3, 8, 3)
        self.norm1 = nn.BatchNorm2d(8)
        self.second = nn.Conv2d(8, 8, 3, padding=1, groups=2)
        self.norm2 = nn.BatchNorm2d(8)
        self.drop = nn.Dropout()
        self.hidden = nn.Linear(8 * 3 * 3, 16)
        self.slope = nn.Linear(16, 16)
        self.out = nn.Linear(16, 4)
        self.unused = nn.Linear(2, 2)

    def forward(self, x: Tensor, scale: float = 1.0) -> Tensor:
        x = F.max_pool2d(F.relu(self.norm1(self.first(x * scale))), 2)
        x = torch.tanh(self.norm2(self.second(x)) + x)
        x = rt.functional.mish(self.drop(self.hidden(x.flatten(1))))
        x = F.leaky_relu(self.slope(x), 0.5)
        return F.log_softmax(self.out(x), 1)


def test_gains_follow_the_activation_that_really_runs() -> None:
    model, x = Net(), torch.randn(2, 3, 8, 8)
    rows = {row.layer: row for row in rt.init_(model, x, gain="follows", seed=1)}
    assert {name: row.activation for name, row in rows.items()} == {
        "first": "relu",
        "second": "tanh",
        "hidden": "mish",
        "slope": "leaky_relu",
        "out": "",
        "unused": "",
    }
    expected = {
        "first": ROOT2,
        "second": rectifier.gain("tanh"),
        "hidden": rectifier.gain("mish"),
        "slope": math.sqrt(2 / 1.25),
        "out": 1.0,
        "unused": 1.0,
    }
    for name, gain in expected.items():
        assert rows[name].gain == pytest.approx(gain, rel=1e-6)
    slope = math.sqrt(2 / 1.25)
    rows = {row.layer: row for row in rt.init_(model, x, seed=1)}
    moved = [ROOT2, 1, expected["second"], expected["hidden"] * slope, 1, 1]
    assert [row.gain for row in rows.values()] == pytest.approx(moved, rel=1e-6)
    assert [row.reads for row in rows.values()] == ["", "relu", "tanh", "mish", "leaky_relu", ""]
    rows = {row.layer: row for row in rt.init_(model, x, gain="feeds", seed=1)}
    moved = [1, ROOT2, expected["second"], expected["hidden"], slope, 1]
    assert [row.gain for row in rows.values()] == pytest.approx(moved, rel=1e-6)
    assert rows["second"].fan == 8 / 2 * 9
    assert model.hidden.weight.std().item() == pytest.approx(rows["hidden"].std, rel=0.1)
    assert all(not m.bias.any() for m in model.modules() if hasattr(m, "bias") and m is not model)
    assert model.training
    assert model.norm1.num_batches_tracked == 0
    assert all(p.grad is None for p in model.parameters())


def test_a_sequence_needs_no_sample() -> None:
    model = nn.Sequential(
        nn.Linear(4, 8),
        nn.Sequential(nn.BatchNorm1d(8), nn.LeakyReLU(0.2)),
        nn.Dropout(),
        nn.Linear(8, 8),
        rt.PReLU(8, init=0.5),
        nn.Linear(8, 8),
        nn.Linear(8, 8),
        nn.Hardswish(),
        nn.Linear(8, 3),
        nn.Softmax(dim=1),
    )
    rows = rt.init_(model)
    z = torch.linspace(-12, 12, 100_001, dtype=torch.float64)
    weight = torch.exp(-z * z / 2)
    power = (F.hardswish(z) ** 2 * weight).sum() / weight.sum()
    gains = [math.sqrt(2 / 1.04), math.sqrt(2 / 1.25), 1.0, 1.0, float(power**-0.5)]
    assert [row.gain for row in rows] == pytest.approx(gains, rel=1e-6)
    assert [row.layer for row in rows] == ["0", "3", "5", "6", "8"]
    assert "leaky_relu, gain 1.387" in str(rows[0])
    traced = rt.init_(model, torch.randn(2, 4))
    assert [row.gain for row in traced] == pytest.approx(gains, rel=1e-6)


def test_without_a_sample_an_unknown_forward_is_an_error() -> None:
    with pytest.raises(
        InvalidInputError, match=r"Net, whose forward may do anything; pass sample="
    ):
        rt.init_(Net())
    with pytest.raises(InvalidInputError, match="1 is a Net"):
        rt.init_(nn.Sequential(nn.Linear(1, 1), Net()))
    rows = rt.init_(Net(), activation="gelu")
    assert [row.activation for row in rows] == ["gelu"] * 5 + [""]
    assert [row.gain for row in rows] == pytest.approx([1.0] + [rectifier.gain("gelu")] * 5)
    rows = rt.init_(Net(), activation="gelu", gain="follows")
    assert [row.gain for row in rows] == pytest.approx([rectifier.gain("gelu")] * 5 + [1.0])


def test_a_sample_may_be_several_arguments() -> None:
    assert rt.init_(Net(), (torch.randn(2, 3, 8, 8), 2.0))[0].activation == "relu"


def drawn_variances(name: str, depth: int, **options: str) -> tuple[float, float]:
    """Geometric means, over nets that begin with a layer, of its and the last one's variance."""
    width, nets = 256, 6
    layers = [m for _ in range(depth) for m in (nn.Linear(width, width), rt.activation(name))]
    model = nn.Sequential(*layers)
    found = torch.zeros(nets, 2)
    for seed in range(nets):
        rt.init_(model, seed=seed, **options)
        h = torch.randn(128, width, generator=torch.Generator().manual_seed(1000 + seed))
        with torch.no_grad():
            found[seed] = torch.stack([model[0](h).var(), model[:-1](h).square().mean()]).log()
    first, last = found.mean(0).exp().tolist()
    return first, last


@pytest.mark.parametrize("scheme", ["he_normal", "orthogonal"])
@pytest.mark.parametrize("name", ["relu", "leaky_relu", "tanh", "elu", "selu"])
def test_thirty_plain_layers_keep_their_variance(name: str, scheme: str) -> None:
    first, last = drawn_variances(name, 30, scheme=scheme)
    expected = rectifier.gain(name) ** 2 if "relu" in name else 1.0
    # Of a homogeneous function nothing pulls the variance back: the fluctuations of 30 layers, each
    # of about 5 / width, multiply. A gain that is 5 % off is a factor of 19 here.
    factor = 1.12
    if "relu" in name:
        factor = 1.4 if scheme == "orthogonal" else 3.0
    assert first == pytest.approx(expected, rel=0.1)
    assert expected / factor < last < expected * factor


@pytest.mark.parametrize("name", ["silu", "gelu", "mish", "hard_swish"])
def test_repelling_functions_start_at_their_fixed_point(name: str) -> None:
    """With the gain of what follows ten layers of SiLU multiply the variance by a hundred."""
    first, last = drawn_variances(name, 10)
    assert first == pytest.approx(1, abs=0.1)
    spread = float(propagation(name, 9, width=256, correlation=1.0).spread[-1])
    assert abs(math.log(last)) < 4 * spread / math.sqrt(6)  # of the mean of six nets
    assert drawn_variances(name, 10, gain="follows")[1] > 2 * last


@pytest.mark.parametrize("scheme", sorted(set(SCHEMES) - SPECIAL))
def test_every_scheme_draws_what_its_row_says(scheme: str) -> None:
    model = nn.Sequential(nn.Linear(400, 300), nn.ReLU(), nn.Linear(300, 200))
    row, last = rt.init_(model, scheme=scheme, seed=0)
    weight = model[0].weight.detach()
    assert weight.std().item() == pytest.approx(row.std, rel=0.01)
    gain = 1.0 if scheme.startswith("lecun") else ROOT2
    fan = {"out": 300, "xavier": 350}.get(
        "xavier" if "xavier" in scheme else scheme.rpartition("_")[2], 400
    )
    assert row.fan == fan
    assert row.std == pytest.approx(gain / math.sqrt(fan))
    assert last.gain == 1.0
    if "uniform" in scheme:
        assert weight.abs().max().item() == pytest.approx(math.sqrt(3) * row.std, rel=0.01)
    if scheme == "orthogonal":
        product = weight @ weight.T
        assert torch.allclose(product, 2 * torch.eye(300), atol=1e-4)


def test_short_names_of_schemes() -> None:
    model = nn.Sequential(nn.Linear(4, 4))
    for short, full in (("kaiming_normal", "he_normal"), ("lecun", "lecun_normal")):
        assert rt.init_(model, scheme=short, seed=0) == rt.init_(model, scheme=full, seed=0)
    with pytest.raises(UnknownNameError, match="did you mean 'he_normal'"):
        rt.init_(model, scheme="he_norml")


@pytest.mark.parametrize(
    ("layer", "fan"),
    [
        (nn.Conv1d(4, 6, 5), 20),
        (nn.Conv2d(4, 6, (3, 2), groups=2), 12),
        (nn.Conv3d(2, 2, 2, stride=2), 16),
        (nn.ConvTranspose2d(4, 6, 4, stride=2), 16),
        (nn.ConvTranspose2d(4, 6, 2, stride=2, groups=2), 2),
    ],
)
def test_fans_keep_the_variance_of_the_output(layer: nn.Module, fan: float) -> None:
    (row,) = rt.init_(nn.Sequential(layer), seed=0)
    assert row.fan == fan
    dims = layer.weight.dim() - 2
    seeded = torch.Generator().manual_seed(0)
    inputs = torch.randn(32, layer.in_channels, *[9] * dims, generator=seeded)
    powers = []
    for seed in range(40):
        rt.init_(nn.Sequential(layer), seed=seed)
        inner = (slice(None), slice(None), *[slice(2, -2)] * dims)
        with torch.no_grad():
            y = layer(inputs)
        powers.append(float((y[inner] if min(y.shape[2:]) > 5 else y).square().mean()))
    assert sum(powers) / len(powers) == pytest.approx(1, abs=0.25)


def test_seed_and_generator_make_it_repeatable() -> None:
    models = [nn.Sequential(nn.Linear(4, 4), nn.ReLU(), nn.Linear(4, 2)) for _ in range(3)]
    rt.init_(models[0], seed=5)
    rt.init_(models[1], generator=torch.Generator().manual_seed(5))
    rt.init_(models[2], seed=6)
    assert torch.equal(models[0][0].weight, models[1][0].weight)
    assert not torch.equal(models[0][0].weight, models[2][0].weight)
    with pytest.raises(InvalidInputError, match="not both"):
        rt.init_(models[0], seed=1, generator=torch.Generator())


def test_what_must_not_be_touched_is_not() -> None:
    embedding = nn.Embedding(4, 4)
    tied, frozen = nn.Linear(4, 4), nn.Linear(4, 4).requires_grad_(False)
    tied.weight = embedding.weight
    model = nn.Sequential(embedding, nn.LayerNorm(4), frozen, nn.ReLU(), nn.Linear(4, 4), tied)
    before = {k: v.clone() for k, v in model.state_dict().items()}
    assert [row.layer for row in rt.init_(model, torch.tensor([[1, 2]]))] == ["4"]
    changed = {k for k, v in model.state_dict().items() if not torch.equal(v, before[k])}
    assert changed == {"4.weight", "4.bias"}


def test_parametrised_half_precision_and_biasless_layers() -> None:
    normed = nn.utils.parametrizations.weight_norm(nn.Linear(50, 50))
    model = nn.Sequential(normed, nn.ReLU(), nn.Linear(50, 50, bias=False).bfloat16())
    first, second = rt.init_(model, seed=0)
    assert normed.weight.std().item() == pytest.approx(first.std, rel=0.05)
    assert model[2].weight.dtype == torch.bfloat16
    assert model[2].weight.float().std().item() == pytest.approx(second.std, rel=0.05)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: rt.init_("model"), "expected a torch.nn.Module, got str"),
        (lambda: rt.init_(nn.ReLU()), "no linear or convolutional layer"),
        (lambda: rt.init_(nn.Sequential(nn.LazyLinear(3))), "lazy and has no shape yet"),
        (lambda: rt.init_(nn.Sequential(nn.Linear(3, 3, device="meta"))), "to_empty"),
        (lambda: rt.init_(nn.Linear(1, 1), scheme=3), "scheme must be a name"),
    ],
)
def test_wrong_input(make, message: str) -> None:
    with pytest.raises(InvalidInputError, match=message):
        make()


def test_an_unknown_activation() -> None:
    with pytest.raises(UnknownNameError, match="did you mean 'gelu'"):
        rt.init_(nn.Linear(1, 1), activation="gelo")


def test_no_global_state_is_left_behind() -> None:
    threads, environment = torch.get_num_threads(), dict(os.environ)
    state = torch.random.get_rng_state()
    rt.init_(Net(), torch.randn(2, 3, 8, 8, generator=torch.Generator()), seed=0)
    model = Net()
    state = torch.random.get_rng_state()
    rt.init_(model, torch.zeros(2, 3, 8, 8), seed=0)
    assert torch.equal(state, torch.random.get_rng_state())
    assert (threads, environment) == (torch.get_num_threads(), dict(os.environ))


def test_modules_of_gated_units_have_the_gain_of_both_halves() -> None:
    halves = nn.Sequential(nn.Linear(8, 16), rt.GLU(), nn.Linear(8, 2))
    found = {row.layer: (row.activation, row.gain) for row in rt.init_(halves, torch.randn(4, 8))}
    assert found == {"0": ("glu", 1.0), "2": ("", pytest.approx(rectifier.gain("glu")))}
    projected, x = nn.Sequential(nn.Linear(8, 8), rt.SwiGLU(8, 16)), torch.randn(4, 8)
    found = {row.layer: (row.activation, row.gain) for row in rt.init_(projected, x)}
    assert found["1.down_proj"] == ("", pytest.approx(rectifier.gain("swiglu")))


class Gated(nn.Module):
    """A gated unit as a function call or written by hand."""

    def __init__(self, unit) -> None:
        super().__init__()
        self.wide, self.gate = nn.Linear(8, 16), nn.Linear(8, 8)
        self.up, self.down = nn.Linear(8, 8), nn.Linear(8, 8)
        self.unit = unit

    def forward(self, x: Tensor) -> Tensor:
        return self.down(self.unit(self, x))


def by_chunks(model: Gated, x: Tensor) -> Tensor:
    a, b = model.wide(x).chunk(2, -1)
    return a * torch.sigmoid(b)


@pytest.mark.parametrize(
    ("unit", "gain"),
    [
        (lambda m, x: F.glu(m.wide(x)), rectifier.gain("glu")),
        (lambda m, x: F.glu(m.wide(x), dim=-1), rectifier.gain("glu")),
        (lambda m, x: nn.GLU()(m.wide(x)), rectifier.gain("glu")),
        (lambda m, x: rt.gated("glu")(m.wide(x)), rectifier.gain("glu")),
        (lambda m, x: rt.gated("swiglu")(m.wide(x), gate="even"), rectifier.gain("swiglu")),
        (by_chunks, rectifier.gain("glu")),
        (lambda m, x: F.silu(m.gate(x)) * m.up(x), rectifier.gain("swiglu")),
        (lambda m, x: m.up(x) * F.gelu(m.gate(x)), rectifier.gain("geglu")),
        (
            lambda m, x: torch.tanh(m.up(x)) * torch.sigmoid(m.gate(x)),
            rectifier.gain("tanh") * rectifier.gain("sigmoid"),
        ),
    ],
)
def test_gates_as_calls_or_by_hand(unit, gain: float) -> None:
    rows = {row.layer: row for row in rt.init_(Gated(unit), torch.randn(4, 8))}
    assert rows["down"].gain == pytest.approx(gain, rel=1e-6)
    assert {row.gain for row in rows.values()} == {1.0, rows["down"].gain}
    rows = {row.layer: row for row in rt.init_(Gated(unit), torch.randn(4, 8), gain="follows")}
    assert rows["down"].gain == 1.0
    assert math.prod(row.gain for row in rows.values()) == pytest.approx(gain, rel=1e-6)


class Forked(nn.Module):
    """One layer with two followers, each read by a layer of its own; a sum; a normalised branch."""

    def __init__(self) -> None:
        super().__init__()
        self.fork, self.left, self.right = (nn.Linear(8, 8) for _ in range(3))
        self.after_norm, self.out = nn.Linear(8, 8), nn.Linear(8, 8)
        self.norm = nn.LayerNorm(8, elementwise_affine=False)

    def forward(self, x: Tensor) -> Tensor:
        h = self.fork(x)
        h = self.left(F.relu(h)) + self.right(torch.tanh(h))
        h = h + F.silu(self.after_norm(self.norm(F.gelu(h))))
        return self.out(h)


def test_two_activations_after_one_layer_and_normalised_inputs() -> None:
    gains = {row.layer: row.gain for row in rt.init_(Forked(), torch.randn(4, 8))}
    assert gains == pytest.approx(
        {
            "fork": 1.0,
            "left": ROOT2,
            "right": rectifier.gain("tanh"),
            "after_norm": 1.0,
            "out": rectifier.gain("silu"),
        }
    )
    with pytest.raises(InvalidInputError, match=r"relu \(gain 1.414\), tanh \(gain 1.593\)"):
        rt.init_(Forked(), torch.randn(4, 8), gain="follows")
    with pytest.raises(InvalidInputError, match="gain= must be one of auto, follows, feeds"):
        rt.init_(Forked(), torch.randn(4, 8), gain=2.0)


def test_projections_into_attention_are_drawn_too() -> None:
    for options in ({}, {"kdim": 6, "vdim": 5}, {"bias": False}):
        attention = nn.MultiheadAttention(32, 4, **options)
        before = {k: v.clone() for k, v in attention.state_dict().items()}
        rows = {row.layer: row for row in rt.init_(attention, activation="relu", seed=0)}
        assert list(rows) == ["out_proj", "in_proj.q", "in_proj.k", "in_proj.v"]
        assert rows["in_proj.k"].std == pytest.approx(1 / math.sqrt(options.get("kdim", 32)))
        now = attention.state_dict()
        assert not any(torch.equal(now[k], v) for k, v in before.items() if "weight" in k)
        drawn = now.get("k_proj_weight", now.get("in_proj_weight", torch.empty(96, 0))[32:64])
        assert float(drawn.std()) == pytest.approx(rows["in_proj.k"].std, rel=0.1)
    frozen = nn.MultiheadAttention(32, 4)
    frozen.in_proj_weight.requires_grad_(False)
    assert [row.layer for row in rt.init_(frozen, activation="relu")] == ["out_proj"]


@pytest.mark.parametrize("scheme", ["he_normal", "lsuv"])
@pytest.mark.parametrize(
    ("sample", "said"),
    [
        (torch.randn(2, 5), r"a float32 tensor of shape \(2, 5\)"),
        ((torch.randn(2, 4), 3), r"shape \(2, 4\), int, and the model stopped with TypeError"),
        ([[1.0, 2.0]], "got list"),
        (torch.ones(2, 4, dtype=torch.int64), "a int64 tensor"),
    ],
)
def test_a_sample_that_does_not_fit(sample, said: str, scheme: str) -> None:
    model = nn.Sequential(nn.Linear(4, 4), nn.ReLU())
    with pytest.raises(InvalidInputError, match=rf"sample= must be an input .*{said}"):
        rt.init_(model, sample, scheme=scheme)
    assert model.training


def by_hand(model: Gated, x: Tensor) -> Tensor:
    h = model.up(x)
    return h * torch.tanh(F.softplus(h))


def one_on_another(model: Gated, x: Tensor) -> Tensor:
    return F.elu(F.silu(model.up(x)))


@pytest.mark.parametrize(
    ("unit", "name", "gain"),
    [
        (lambda m, x: (h := m.up(x)) * h.sigmoid(), "silu", rectifier.gain("silu")),
        (by_hand, "mish", rectifier.gain("mish")),
        (
            one_on_another,
            "elu(silu(x))",
            rectifier.gain(
                rectifier.define(
                    "both",
                    "where(x * sigmoid(x) > 0, x * sigmoid(x), expm1(x * sigmoid(x)))",
                )
            ),
        ),
    ],
)
def test_functions_written_by_hand_count_as_a_whole(unit, name: str, gain: float) -> None:
    rows = {row.layer: row for row in rt.init_(Gated(unit), torch.randn(4, 8))}
    assert rows["down"].reads == name
    assert rows["down"].gain == pytest.approx(gain, rel=1e-4)
    assert rows["up"].gain == 1.0


def test_modules_that_change_the_width() -> None:
    for module, outputs in ((rt.Maxout(3), 2), (rt.CReLU(), 12), (rt.GLU(), 3), (rt.TopK(2), 6)):
        model = nn.Sequential(nn.Linear(6, 6), module, nn.Linear(outputs, 2))
        by_sample = [row.gain for row in rt.init_(model, torch.randn(4, 6))]
        assert [row.gain for row in rt.init_(model)] == pytest.approx(by_sample)
        name = type(module).__name__.lower()
        gain = 1.0 if name == "topk" else rectifier.gain(name, **getattr(module, "options", {}))
        assert by_sample == pytest.approx([1.0, gain] if name == "glu" else [gain, 1.0])


class Dense(nn.Module):
    """Each layer reads the input and the activations of all layers before it."""

    def __init__(self, act: Callable[[Tensor], Tensor], depth: int = 8) -> None:
        super().__init__()
        self.act = act
        self.layers = nn.ModuleList(nn.Linear(64 * (i + 1), 64) for i in range(depth))

    def forward(self, x: Tensor) -> Tensor:
        for layer in self.layers:
            x = torch.cat([x, self.act(layer(x))], 1)
        return x


class Skip(nn.Module):
    """A U-Net of one step: the way up reads what was before the way down, and the input."""

    def __init__(self) -> None:
        super().__init__()
        self.first = nn.Conv2d(3, 48, 3, padding=1)
        self.down = nn.Conv2d(48, 32, 3, 2, 1)
        self.up = nn.ConvTranspose2d(32, 16, 2, 2)
        self.last = nn.Conv2d(48 + 16 + 3, 8, 1)

    def forward(self, x: Tensor) -> Tensor:
        h = F.silu(self.first(x))
        return self.last(torch.cat([h, self.up(F.silu(self.down(h))), x], 1))


def test_a_concatenation_has_the_mean_square_of_its_parts() -> None:
    power = rectifier.gain("silu") ** -2
    model, x = Dense(F.silu), torch.randn(512, 64, generator=torch.Generator().manual_seed(0))
    rows = rt.init_(model, x, seed=0)
    wanted = [((1 + i * power) / (1 + i)) ** -0.5 for i in range(8)]
    assert [row.gain for row in rows] == pytest.approx(wanted)
    assert rows[3].reads == "cat(silu, x)"
    for name in ("relu", "silu", "tanh"):
        model, squares = Dense(getattr(F, name)), []
        for layer in model.layers:
            layer.register_forward_hook(
                lambda _m, _i, y, to=squares: to.append(y.detach().square().mean())
            )
        found = []
        for seed in range(12):  # 64 units with ReLU stray by a fifth, network by network
            rt.init_(model, x, seed=seed)
            squares.clear()
            model(x)
            found.append(torch.stack(squares))
        kept = 2.0 if name == "relu" else 1.0
        mean = torch.stack(found).mean(0)
        assert mean.tolist() == pytest.approx([kept] * 8, rel=0.15)
    rows = rt.init_(Skip(), torch.randn(2, 3, 8, 8), seed=0)
    mixed = ((48 * power + 16 + 3) / 67) ** -0.5
    assert [row.gain for row in rows] == pytest.approx([1, power**-0.5, power**-0.5, mixed])


class Fork(nn.Module):
    """Two activations of one layer's output."""

    def __init__(self, read: bool) -> None:
        super().__init__()
        self.a, self.b = nn.Linear(8, 8), nn.Linear(8, 8)
        self.c = nn.Linear(8, 8) if read else nn.Identity()

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        h = self.a(x)
        return self.b(torch.relu(h)) + self.c(torch.tanh(h))


def test_a_layer_with_two_followers_is_told() -> None:
    first, *readers = rt.init_(Fork(True), torch.randn(4, 8))
    assert first.gain == 1.0
    assert first.note == (
        "relu and tanh follow it, so that the gain of each is left to the layers that read its "
        "output"
    )
    assert str(first).endswith(first.note)
    assert [row.note for row in readers] == ["", ""]
    assert [row.gain for row in readers] == pytest.approx(
        [rectifier.gain("relu"), rectifier.gain("tanh")]
    )
    assert rt.init_(Fork(False), torch.randn(4, 8))[0].note.endswith("which none does of tanh")
    (row, *_) = rt.init_(nn.Sequential(nn.Linear(8, 8), nn.ReLU(), nn.Linear(8, 8)))
    assert row.note == ""


def test_a_recurrent_layer_behind_takes_no_gain_away() -> None:
    model = nn.Sequential(nn.Linear(8, 8), nn.ReLU(), nn.LSTM(8, 4))
    (row,) = rt.init_(model, torch.randn(3, 8))
    assert (row.activation, row.gain) == ("relu", pytest.approx(2**0.5))


def test_attention_whose_output_layer_is_frozen() -> None:
    model, x = nn.MultiheadAttention(16, 2), torch.randn(5, 2, 16)
    model.out_proj.weight.requires_grad_(False)
    rows = rt.init_(model, (x, x, x))
    assert [row.layer for row in rows] == ["in_proj.q", "in_proj.k", "in_proj.v"]


@pytest.mark.parametrize("frozen", [False, True])
def test_the_output_layer_of_attention_is_what_an_activation_follows(frozen: bool) -> None:
    class Attending(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.into = nn.Linear(8, 8)
            self.attention = nn.MultiheadAttention(8, 2, batch_first=True)
            self.out = nn.Linear(8, 2)

        def forward(self, x: Tensor) -> Tensor:
            x = self.into(x)
            return self.out(torch.relu(self.attention(x, x, x)[0] + x))

    model = Attending()
    model.attention.out_proj.requires_grad_(not frozen)
    rows = {row.layer: row for row in rt.init_(model, torch.randn(4, 5, 8), seed=0)}
    assert rows["into"].gain == 1.0
    assert ("attention.out_proj" in rows) is not frozen
    if not frozen:
        assert rows["attention.out_proj"].gain == pytest.approx(math.sqrt(2))
