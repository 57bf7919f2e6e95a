"""Whatever backward keeps, forward is exact, the gradient is as near as promised, and it is small.

The reference is ``keep="input"``, in fp64 where nothing may be lost; bytes are counted by what
autograd really holds.
"""

from __future__ import annotations

import copy
import io
from collections.abc import Callable

import numpy as np
import pytest
import torch
from torch import Tensor, nn
from torch.autograd.graph import saved_tensors_hooks

import rectifier.torch as rt
from rectifier import catalog
from rectifier.errors import InvalidInputError, UnknownNameError
from rectifier.kernels import residual
from rectifier.torch import lean
from rectifier.torch.functional import function

SMOOTH = ("gelu", "silu", "mish", "tanh", "elu", "softplus", "hard_swish", "selu", "sigmoid")
TWO_SLOPES = ("relu", "leaky_relu", "hard_tanh", "relu6", "threshold")
WORST = {"output": 1e-5, "code8": 4e-3, "code4": 6e-2, "code2": 0.21}
"""Relative error of the gradient for x ~ N(0, 1), in the 2-norm; the levels' number sets it: a
quantiser's error halves with each bit, and `hard_swish` has the widest range of slopes."""


def normal(count: int = 20_001) -> Tensor:
    return torch.randn(count, generator=torch.Generator().manual_seed(0))


def gradient(name: str, x: Tensor, keep: str, grad: Tensor | None = None) -> Tensor:
    x = x.clone().requires_grad_()
    y = function(name)(x, keep=keep)
    y.backward(torch.ones_like(y) if grad is None else grad)
    assert x.grad is not None
    return x.grad


def held(call: Callable[[], object]) -> int:
    """Bytes of the distinct storages that autograd saves during a call."""
    seen: dict[int, int] = {}

    def pack(tensor: Tensor) -> Tensor:
        storage = tensor.untyped_storage()
        seen[storage.data_ptr()] = storage.nbytes()
        return tensor

    with saved_tensors_hooks(pack, lambda tensor: tensor):
        kept = call()
    del kept
    return sum(seen.values())


@pytest.mark.parametrize("name", SMOOTH)
def test_the_gradient_is_as_near_as_promised(name: str) -> None:
    x, grad = normal(), torch.randn(20_001, generator=torch.Generator().manual_seed(1))
    exact = gradient(name, x, "input", grad)
    errors = []
    for keep, worst in WORST.items():
        assert torch.equal(function(name)(x, keep=keep), function(name)(x))
        error = float((gradient(name, x, keep, grad) - exact).norm() / exact.norm())
        assert error < worst, (keep, error)
        errors.append(error)
    assert errors == sorted(errors)


@pytest.mark.parametrize("name", TWO_SLOPES)
def test_a_mask_loses_nothing(name: str) -> None:
    special = [0.0, -0.0, 1.0, -1.0, 6.0, torch.inf, -torch.inf, 1e-45, -1e-45, 1e38]
    x = torch.cat([normal() * 3, torch.tensor(special)])
    grad = torch.randn(x.shape, generator=torch.Generator().manual_seed(1))
    exact = gradient(name, x.double(), "input", grad.double())
    assert torch.equal(gradient(name, x, "mask", grad), exact.float())


@pytest.mark.parametrize("keep", ["mask", "output", "code8", "code4", "code2"])
def test_nan_stays_visible_and_shapes_are_kept(keep: str) -> None:
    name = "leaky_relu"
    x = normal(60).view(3, 4, 5).transpose(0, 2)
    assert torch.allclose(gradient(name, x, keep), gradient(name, x, "input"))
    x = x.clone()
    x[0, 0, 0] = torch.nan
    found = gradient(name, x, keep)
    assert found[0, 0, 0].isnan()
    assert found.isnan().sum() == 1
    for shape in ((0,), (), (1,), (9,)):
        empty = torch.ones(shape)
        assert torch.equal(gradient(name, empty, keep), torch.ones(shape))
    half = normal(64).bfloat16()
    assert gradient(name, half, keep).dtype == torch.bfloat16


@pytest.mark.parametrize("bits", [1, 2, 4, 8])
def test_packing_is_undone_by_unpacking(bits: int) -> None:
    for count in (0, 1, 7, 8, 9, 1000):
        codes = torch.randint(0, 2**bits, (count,), dtype=torch.uint8)
        packed = lean.pack(codes, bits)
        assert packed.numel() == -(-count * bits // 8)
        assert torch.equal(lean.unpack(packed, bits, count), codes)


@pytest.mark.parametrize(
    ("keep", "name", "bits"),
    [("mask", "leaky_relu", 1), ("code2", "gelu", 2), ("code4", "gelu", 4), ("code8", "gelu", 8)],
)
def test_as_few_bytes_are_held_as_the_name_says(keep: str, name: str, bits: int) -> None:
    x = torch.randn(4096, requires_grad=True)
    assert held(lambda: function(name)(x, keep=keep)) == 4096 * bits // 8
    assert held(lambda: function(name)(x)) == 4096 * 4


def test_an_output_that_the_next_layer_keeps_costs_a_bit() -> None:
    layers = nn.Linear(64, 64, bias=False), nn.Linear(64, 64, bias=False)
    x = torch.randn(32, 64)

    def run(keep: str) -> int:
        return held(lambda: layers[1](function("gelu")(layers[0](x), keep=keep)))

    weights = 64 * 64 * 4  # of the second layer, for the gradient by its input
    assert run("output") - (32 * 64 * 4 * 2 + weights) == 32 * 64 // 8  # x, the output, the bits
    assert run("input") - run("output") == 32 * 64 * 4 - 32 * 64 // 8


def test_the_graph_may_be_used_again_but_not_derived() -> None:
    x = normal(100).requires_grad_()
    y = function("gelu")(x, keep="code8").sum()
    (first,) = torch.autograd.grad(y, x, retain_graph=True)
    (second,) = torch.autograd.grad(y, x, retain_graph=True)
    assert torch.equal(first, second)
    with pytest.raises(InvalidInputError, match="gradient of a gradient"):
        torch.autograd.grad(y, x, create_graph=True)
    (exact,) = torch.autograd.grad(function("gelu")(x, keep="input").sum(), x, create_graph=True)
    exact.sum().backward()
    assert x.grad is not None


def test_nobody_elses_tensor_is_written_to() -> None:
    x = normal(100)
    before = x.clone()
    wanted = x.requires_grad_()
    function("silu")(wanted, keep="code2").sum().backward()
    assert torch.equal(x.detach(), before)
    y = function("tanh")(wanted, keep="output")
    with torch.no_grad():
        y.add_(1.0)
    with pytest.raises(RuntimeError, match="modified by an inplace operation"):
        y.sum().backward()


def test_what_cannot_be_kept_is_said() -> None:
    x = normal(4)
    for name, keep, why in (
        ("gelu", "mask", "two slopes"),
        ("relu_squared", "code4", "grows"),
        ("sine", "output", "turns"),
        ("heaviside", "output", "steps"),
    ):
        if name in catalog.names():
            with pytest.raises(InvalidInputError, match=why):
                function(name)(x, keep=keep)
    with pytest.raises(UnknownNameError, match="code4"):
        function("gelu")(x, keep="code5")
    with pytest.raises(InvalidInputError, match="negative_slope"):
        function("leaky_relu")(x, negative_slope=torch.tensor(0.1), keep="mask")
    with pytest.raises(InvalidInputError, match="inplace"):
        function("relu")(x, inplace=True, keep="mask")


def test_levels_are_the_best_by_brute_force() -> None:
    """Two bits over a dozen points: every way of cutting them in four is tried."""
    slopes = np.sort(np.random.default_rng(0).normal(size=12))
    weights = np.random.default_rng(1).uniform(0.1, 1.0, size=12)
    found = residual.best_levels(slopes, weights, 2)
    best = np.inf
    for a in range(1, 12):
        for b in range(a + 1, 12):
            for c in range(b + 1, 12):
                parts = [slice(0, a), slice(a, b), slice(b, c), slice(c, 12)]
                centres = [np.average(slopes[p], weights=weights[p]) for p in parts]
                error = sum(
                    float(np.sum(weights[p] * (slopes[p] - m) ** 2))
                    for p, m in zip(parts, centres, strict=True)
                )
                best = min(best, error / weights.sum())
    assert residual.mean_square_error(found, slopes, weights) == pytest.approx(best, rel=1e-9)


class Net(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.one = nn.Linear(8, 16)
        self.act = nn.LeakyReLU(0.2)
        self.learned = nn.PReLU()
        self.two = nn.Linear(16, 4)

    def forward(self, x: Tensor) -> Tensor:
        return self.two(torch.nn.functional.gelu(self.learned(self.act(self.one(x)))))


def test_a_model_becomes_lean() -> None:
    torch.manual_seed(0)
    model = Net()
    reference = copy.deepcopy(model)
    x = torch.randn(5, 8)
    done = {site.function: site for site in rt.lean_(model, "code8", sample=(x,))}
    assert done["leaky_relu"].keep == "code8"
    assert done["gelu"].keep == "code8"
    assert "learned" in done["prelu"].reason
    assert model.act.values == {"negative_slope": 0.2}
    buffer = io.BytesIO()
    torch.save(model.act, buffer)
    buffer.seek(0)
    assert torch.load(buffer, weights_only=False).keep == "code8"
    for each in (model, copy.deepcopy(model)):
        assert torch.allclose(each(x), reference(x), atol=1e-6)
        each(x).square().sum().backward()
    reference(x).square().sum().backward()
    gap = model.one.weight.grad - reference.one.weight.grad
    assert 0 < gap.norm() < 1e-2 * reference.one.weight.grad.norm()
    assert rt.lean_(nn.Sequential(nn.Linear(2, 2), nn.GELU()), "mask")[0].keep == "input"


class Attention(nn.Module):
    """One block of a transformer and a classifier on the mean."""

    def __init__(self) -> None:
        super().__init__()
        self.embed = nn.Linear(8, 32)
        self.attend = nn.MultiheadAttention(32, 2, batch_first=True)
        self.norms = nn.ModuleList([nn.LayerNorm(32), nn.LayerNorm(32)])
        self.mlp = nn.Sequential(nn.Linear(32, 64), nn.GELU(), nn.Linear(64, 32))
        self.head = nn.Linear(32, 10)

    def forward(self, x: Tensor) -> Tensor:
        x = self.embed(x.view(-1, 8, 8))
        y = self.norms[0](x)
        x = x + self.attend(y, y, y, need_weights=False)[0]
        return self.head((x + self.mlp(self.norms[1](x))).mean(1))


def convolutional(kind: type[nn.Module]) -> nn.Module:
    return nn.Sequential(
        nn.Unflatten(1, (1, 8, 8)),
        *(nn.Conv2d(1, 8, 3, padding=1), kind(), nn.Conv2d(8, 16, 3, stride=2), kind()),
        *(nn.Flatten(), nn.Linear(144, 10)),
    )


def train(make: Callable[[], nn.Module], keep: str, seed: int) -> float:
    """The mean training loss of the last 20 of 80 steps on the digits."""
    from sklearn.datasets import load_digits

    digits = load_digits()
    x = torch.tensor(digits.data, dtype=torch.float32) / 8 - 1
    labels = torch.tensor(digits.target)
    torch.manual_seed(seed)
    model = make()
    rt.lean_(model, keep)
    optimizer = torch.optim.Adam(model.parameters(), 3e-3)
    losses = []
    for _ in range(80):
        batch = torch.randint(0, len(x), (64,))
        loss = nn.functional.cross_entropy(model(x[batch]), labels[batch])
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(loss.detach().item())
    return float(np.mean(losses[-20:]))


@pytest.mark.parametrize(
    ("make", "policies"),
    [
        (Attention, ("output", "code8", "code4", "code2")),
        (lambda: convolutional(nn.SiLU), ("code4", "code2")),
        (lambda: convolutional(nn.LeakyReLU), ("mask",)),
    ],
    ids=["transformer", "cnn", "cnn, mask"],
)
def test_training_ends_where_it_does_with_the_input_kept(
    make: Callable[[], nn.Module], policies: tuple[str, ...]
) -> None:
    """Within three standard deviations of what other seeds end at."""
    exact = [train(make, "input", seed) for seed in range(4)]
    for keep in policies:
        found = train(make, keep, 0)
        assert abs(found - np.mean(exact)) < 3 * np.std(exact, ddof=1), (keep, found, exact)


def test_models_with_gated_units_and_row_wise_functions() -> None:
    """nn.GLU stopped it: "no function of one number"."""
    model = nn.Sequential(nn.Linear(8, 8), nn.GLU(), rt.GLU(), rt.CReLU(), nn.GELU())
    told = [str(row) for row in rt.lean_(model, keep="code4")]
    assert told[:3] == [
        f"{n + 1} ({name}): keeps input, it is no function of one number"
        for n, name in enumerate(("glu", "glu", "crelu"))
    ]
    assert told[3] == "4 (gelu): keeps code4"
    assert model(torch.ones(2, 8)).shape == (2, 4)
