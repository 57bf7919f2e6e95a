"""The Triton kernels and the torch front end on them, on a GPU, or interpreted on the CPU.

tests/triton_front/test_triton.py runs this file in a process of its own, interpreted
(``TRITON_INTERPRET=1 RECTIFIER_TRITON=interpret``), since that is settled when Triton is imported.
With a GPU: ``python -m pytest --noconftest -c /dev/null tests/triton_front/triton_checks.py``.
"""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from torch import Tensor, nn

import rectifier.torch as rt
from rectifier import catalog
from rectifier.activation import Activation
from rectifier.analysis.operations import FLOAT64
from rectifier.errors import InvalidInputError, KernelUnavailableError
from rectifier.expression import evaluate
from rectifier.kernels import cuda, explain
from rectifier.kernels.gpu import launch
from rectifier.kernels.gpu.basics import INTERPRETED
from rectifier.torch import unit_sums
from rectifier.torch.biased import biased
from rectifier.torch.functional import function
from rectifier.torch.gated import gated
from rectifier.watch import statistics

DEVICE = torch.device("cpu" if INTERPRETED else "cuda")
# NumPy, which interprets, warns of what IEEE 754 defines.
pytestmark = pytest.mark.filterwarnings("ignore::RuntimeWarning")

BARS = {torch.float32: (2.0, 4.0), torch.float16: (0.51, 0.51), torch.bfloat16: (0.51, 0.51)}
"""In ulp: for values and for derivatives, as the accuracy table has it."""
CORE = ("relu", "leaky_relu", "gelu", "silu", "mish", "tanh", "softplus", "elu")


@pytest.fixture(autouse=True)
def _same_numbers() -> None:
    torch.manual_seed(0)


def exactly(spec: Activation, slope: bool, x: np.ndarray) -> np.ndarray:
    """The stable form in fp64, which tests/catalog/test_stable_forms.py holds to mpmath."""
    expression = spec.derivative_expression if slope else spec.value_expression
    defaults = {name: param.default for name, param in spec.params.items()}
    with np.errstate(all="ignore"):
        found = evaluate(expression, FLOAT64, {"x": x, **defaults})
        return np.where(np.isnan(x), np.nan, np.broadcast_to(found, x.shape))


def worst(spec: Activation, slope: bool, x: Tensor, got: Tensor) -> tuple[float, float]:
    """The largest error in ulp and where it is; beside a zero of the derivative as in the table."""
    dtype = torch.finfo(x.dtype)
    wide = x.double().cpu().numpy()
    exact = exactly(spec, slope, wide)
    size = np.abs(exact)
    with np.errstate(all="ignore"):
        if slope:
            left, right = (exactly(spec, True, wide * s) for s in (0.75, 1.25))
            beside = np.minimum(np.abs(left), np.abs(right))
            size = np.where(left * right < 0, np.maximum(size, beside), size)
        rounded = torch.from_numpy(exact).to(x.dtype).double().numpy()
        computed = got.double().cpu().numpy()
        finite = np.isfinite(rounded)
        assert np.array_equal(computed[~finite], rounded[~finite], equal_nan=True), spec.name
        size = np.clip(np.where(finite, size, 1.0), dtype.tiny, dtype.max)
        unit = 2.0 ** np.floor(np.log2(size)) * dtype.eps
        error = np.where(finite, np.abs(computed - exact) / unit, 0.0)
    at = int(np.argmax(np.where(np.isnan(error), np.inf, error)))
    return float(error[at]), float(wide[at])


def points(dtype: torch.dtype) -> list[Tensor]:
    """Blocks that stay where float arithmetic is right, and blocks that do not."""
    rng = np.random.default_rng(3)
    sizes = np.exp(rng.uniform(np.log(1e-45), np.log(3e38), 1200)) * rng.choice([-1, 1], 1200)
    special = [0.0, -0.0, np.inf, -np.inf, np.nan, 1e-45, 3.4028234e38, -3.4028234e38]
    tame = rng.normal(0, 2, 2048)
    wild = np.concatenate([sizes, rng.uniform(-110, 110, 840), special])
    return [torch.from_numpy(block).to(dtype).to(DEVICE) for block in (tame, wild)]


CASES = [
    (name, dtype)
    for name in catalog.names()
    for dtype in BARS
    # Interpreting takes long; benchmarks/gpu.py measures all, with a GPU.
    if dtype == torch.float32 or name in CORE
]


@pytest.mark.parametrize(("name", "dtype"), CASES, ids=str)
def test_kernels_keep_the_bars(
    name: str, dtype: torch.dtype, monkeypatch: pytest.MonkeyPatch
) -> None:
    if INTERPRETED:
        monkeypatch.setattr(
            launch, "SHAPES", {2: (2048, 4), 4: (2048, 4)}
        )  # a block costs the same whatever its size
    spec = catalog.get(name)
    for x in points(dtype):
        x.requires_grad_()
        y = function(name)(x, path="triton")
        (slope,) = torch.autograd.grad(y, x, torch.ones_like(y))
        for order, got in enumerate((y.detach(), slope)):
            error, at = worst(spec, bool(order), x.detach(), got)
            assert error <= BARS[dtype][order], f"{name}: {error:.3f} ulp at x = {at!r}"


@pytest.mark.parametrize("size", [0, 1, 3, 16, 17, 1023, 1024, 1025, 4099])
def test_sizes(size: int) -> None:
    x = torch.randn(size, device=DEVICE, requires_grad=True)
    y = rt.functional.mish(x)
    (slope,) = torch.autograd.grad(y, x, torch.ones_like(y))
    torch.testing.assert_close(y, F.mish(x), rtol=1e-6, atol=1e-6)
    assert slope.shape == x.shape
    assert not slope.isnan().any()


def test_the_path_is_triton_and_says_so() -> None:
    found = explain("mish", "torch", "float32", DEVICE)
    assert found.path == "triton"
    assert "one pass" in found.reason
    x = torch.randn(5, device=DEVICE)
    assert torch.equal(rt.functional.mish(x), rt.functional.mish(x, path="triton"))
    assert explain("mish", "torch", "float64", DEVICE).path != "triton"
    with pytest.raises(KernelUnavailableError, match="float64"):
        rt.functional.mish(x.double(), path="triton")


def test_it_can_be_turned_off(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(cuda.SWITCH, "0")
    assert explain("mish", "torch", "float32", DEVICE).path != "triton"


@pytest.mark.parametrize("name", ["mish", "gelu", "relu", "snake"])
def test_gradients_of_gradients(name: str) -> None:
    x = torch.linspace(-3, 3, 31, device=DEVICE, requires_grad=True)
    for path in (None, "composed"):
        y = function(name)(x, path=path)
        (slope,) = torch.autograd.grad(y.sum(), x, create_graph=True)
        (second,) = torch.autograd.grad(slope.sum(), x)
        if path is None:
            found = second
    torch.testing.assert_close(found, second, rtol=1e-5, atol=1e-6)


def test_parameters_that_are_numbers_and_tensors() -> None:
    x = torch.randn(4, 6, 5, device=DEVICE)
    torch.testing.assert_close(rt.functional.elu(x, 0.3), F.elu(x, 0.3), rtol=1e-6, atol=1e-7)
    beta = torch.tensor(1.7, device=DEVICE, requires_grad=True)
    y = rt.functional.swish(x, beta)
    torch.testing.assert_close(y, x * torch.sigmoid(beta * x), rtol=1e-6, atol=1e-6)
    (found,) = torch.autograd.grad(y.sum(), beta)
    exact = x.double() * x.double() * torch.sigmoid(beta * x.double())
    exact = (exact * torch.sigmoid(-beta * x.double())).sum()
    torch.testing.assert_close(found.double(), exact, rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize("layout", ["contiguous", "channels_last", "strided", "matrix"])
def test_parameters_per_channel(layout: str) -> None:
    shape = (7, 6) if layout == "matrix" else (2, 6, 3, 5)
    x = torch.randn(shape, device=DEVICE)
    if layout == "channels_last":
        x = x.to(memory_format=torch.channels_last)
    if layout == "strided":
        x = torch.randn(4, 6, 3, 10, device=DEVICE)[::2, :, :, ::2]
    weight = torch.rand(6, device=DEVICE, requires_grad=True)
    x.requires_grad_()
    y = rt.functional.prelu(x, weight)
    expected = F.prelu(x, weight)
    grad = torch.randn_like(expected)
    torch.testing.assert_close(y, expected, rtol=1e-6, atol=0)
    for one, two in zip(
        torch.autograd.grad(y, (x, weight), grad),
        torch.autograd.grad(expected, (x, weight), grad),
        strict=True,
    ):
        torch.testing.assert_close(one, two, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("name", ["prelu", "swish", "apl"])
@pytest.mark.parametrize("shape", [(70, 6), (3, 6, 40), (6,)], ids=str)
def test_gradients_by_parameters(name: str, shape: tuple[int, ...]) -> None:
    spec = catalog.get(name)
    x = torch.randn(shape, device=DEVICE, requires_grad=True)
    found = []
    grad = torch.randn(shape, device=DEVICE)
    for path in (None, "composed"):
        given = {
            key: (param.default + torch.arange(6 if len(shape) > 1 else 1, device=DEVICE) / 8.0)
            .float()
            .requires_grad_()
            for key, param in spec.params.items()
            if param.learnable
        }
        y = function(name)(x, path=path, **given)
        found.append(torch.autograd.grad(y, (x, *given.values()), grad))
    for one, two in zip(*found, strict=True):
        torch.testing.assert_close(one, two, rtol=2e-5, atol=2e-5)


def test_layouts_are_kept() -> None:
    x = torch.randn(2, 3, 4, 5, device=DEVICE).to(memory_format=torch.channels_last)
    x.requires_grad_()
    y = rt.functional.gelu(x)
    assert y.stride() == x.stride()
    (slope,) = torch.autograd.grad(y, x, torch.randn(2, 3, 4, 5, device=DEVICE))
    assert slope.stride() == x.stride()
    t = torch.randn(6, 9, device=DEVICE)
    assert torch.equal(rt.functional.silu(t.t()), rt.functional.silu(t).t())
    assert torch.equal(rt.functional.silu(t[:, ::2]), rt.functional.silu(t)[:, ::2])
    assert torch.equal(rt.functional.silu(t.reshape(-1)[1:]), rt.functional.silu(t).reshape(-1)[1:])
    expanded = t[:, :1].expand(6, 9)
    assert torch.equal(rt.functional.silu(expanded), rt.functional.silu(expanded.contiguous()))


def test_in_place_and_modules() -> None:
    x = torch.randn(33, device=DEVICE)
    y = rt.functional.mish(x)
    assert rt.functional.mish(x, inplace=True) is x
    assert torch.equal(x, y)
    module = rt.PReLU(3).to(DEVICE)
    module(torch.randn(2, 3, 4, device=DEVICE)).sum().backward()
    assert module.weight.grad is not None


@pytest.mark.parametrize("gate", ["last", "first"])
@pytest.mark.parametrize("name", catalog.gated_names())
def test_gated_units(name: str, gate: str) -> None:
    shapes = [(-1, (7, 20)), (-1, (2, 2400))]
    if name == "swiglu":
        shapes += [(1, (3, 10, 6)), (-1, (3, 1200)), (0, (2,)), (-1, (0, 6))]
    for dim, shape in shapes:
        x = torch.randn(shape, device=DEVICE, requires_grad=True)
        y = gated(name)(x, dim=dim, gate=gate)
        assert type(y.grad_fn).__name__ == "FusedBackward"
        grad = torch.randn_like(y)
        (found,) = torch.autograd.grad(y, x, grad)
        wide = x.detach().double().requires_grad_()
        exact = gated(name)(wide, dim=dim, gate=gate, path="composed")
        (slope,) = torch.autograd.grad(exact, wide, grad.double())
        torch.testing.assert_close(y.double(), exact, rtol=2e-7, atol=1e-30)
        torch.testing.assert_close(found.double(), slope, rtol=2e-6, atol=1e-6)


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16], ids=str)
@pytest.mark.parametrize("name", catalog.gated_names())
def test_gated_units_in_half_precision(name: str, dtype: torch.dtype) -> None:
    x = (torch.randn(3, 800, device=DEVICE) * 3).to(dtype).requires_grad_()
    y = gated(name)(x)
    assert y.dtype == dtype
    (found,) = torch.autograd.grad(y, x, torch.ones_like(y))
    exact, slope = wide_unit(name, x)
    # Beside a zero of a derivative by the gate, the unit is that of what is a quarter away.
    left, right = (wide_unit(name, x, gate)[1] for gate in (0.75, 1.25))
    beside = torch.where(left * right < 0, torch.minimum(left.abs(), right.abs()), 0.0)
    for got, true, size in ((y, exact, exact.abs()), (found, slope, slope.abs().max(beside))):
        unit = torch.exp2(torch.floor(torch.log2(size.clamp(min=torch.finfo(dtype).tiny))))
        error = (got.double() - true).abs() / (unit * torch.finfo(dtype).eps)
        assert error.max() <= 0.51


def wide_unit(name: str, x: Tensor, gate: float = 1.0) -> tuple[Tensor, Tensor]:
    """A gated unit and its derivatives in fp64, composed, the gate stretched."""
    wide = x.detach().double()
    wide[..., wide.shape[-1] // 2 :] *= gate
    wide.requires_grad_()
    y = gated(name)(wide, path="composed")
    (slope,) = torch.autograd.grad(y, wide, torch.ones_like(y))
    return y.detach(), slope


def test_gated_units_derive_again() -> None:
    x = torch.randn(3, 8, device=DEVICE, requires_grad=True)
    (slope,) = torch.autograd.grad(gated("swiglu")(x).sum(), x, create_graph=True)
    (second,) = torch.autograd.grad(slope.square().sum(), x)
    wide = x.detach().double().requires_grad_()
    y = gated("swiglu")(wide, path="composed")
    (slope,) = torch.autograd.grad(y.sum(), wide, create_graph=True)
    (exact,) = torch.autograd.grad(slope.square().sum(), wide)
    torch.testing.assert_close(second.double(), exact, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize(
    ("dim", "shape"),
    [(-1, (7, 20)), (1, (3, 10, 6)), (1, (2, 3, 700)), (-1, (20, 600)), (0, (4, 1)), (-1, (0, 3))],
)
@pytest.mark.parametrize("name", ["relu", "silu"])
def test_bias_and_activation(name: str, dim: int, shape: tuple[int, ...]) -> None:
    x = torch.randn(shape, device=DEVICE, requires_grad=True)
    bias = torch.randn(shape[dim], device=DEVICE, requires_grad=True)
    y = biased(name)(x, bias, dim=dim)
    assert type(y.grad_fn).__name__ == "BiasedBackward"
    grad = torch.randn_like(y)
    found = torch.autograd.grad(y, (x, bias), grad)
    turned = bias.reshape(-1, *([1] * (x.dim() - 1 - dim % x.dim())))
    expected = function(name)(x + turned, path="composed")
    torch.testing.assert_close(y, expected, rtol=1e-6, atol=1e-6)
    for one, two in zip(found, torch.autograd.grad(expected, (x, bias), grad), strict=True):
        torch.testing.assert_close(one, two, rtol=1e-5, atol=1e-5)


def test_bias_and_activation_derive_again_and_take_half_precision() -> None:
    x = torch.randn(4, 5, device=DEVICE, requires_grad=True)
    bias = torch.randn(5, device=DEVICE, requires_grad=True)
    (slope,) = torch.autograd.grad(biased("silu")(x, bias).sum(), x, create_graph=True)
    (second,) = torch.autograd.grad(slope.sum(), bias)
    (first,) = torch.autograd.grad(F.silu(x + bias).sum(), x, create_graph=True)
    (expected,) = torch.autograd.grad(first.sum(), bias)
    torch.testing.assert_close(second, expected, rtol=1e-4, atol=1e-5)
    half = biased("gelu")(x.bfloat16(), bias.bfloat16())
    torch.testing.assert_close(
        half.float(), F.gelu(x.bfloat16().float() + bias.bfloat16().float()), rtol=4e-3, atol=1e-3
    )
    with pytest.raises(InvalidInputError, match="bias"):
        biased("gelu")(x, bias[:2])


CODED = [("relu", "mask"), ("leaky_relu", "mask"), ("gelu", "code2"), ("silu", "code4"),
         ("tanh", "code8")]  # fmt: skip


@pytest.mark.parametrize(("name", "keep"), CODED)
def test_codes_are_those_of_the_composed_way(
    name: str, keep: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for shape in ((0,), (1,), (7,), (3, 700)):
        x = torch.randn(shape, device=DEVICE, requires_grad=True)
        grad = torch.randn(shape, device=DEVICE)
        y = function(name)(x, keep=keep)
        (found,) = torch.autograd.grad(y, x, grad, retain_graph=True)
        assert torch.equal(torch.autograd.grad(y, x, grad)[0], found)
        monkeypatch.setenv(cuda.SWITCH, "0")
        expected = function(name)(x, keep=keep)
        (slope,) = torch.autograd.grad(expected, x, grad)
        monkeypatch.undo()
        torch.testing.assert_close(y, expected, rtol=1e-6, atol=1e-7)
        # A derivative within a rounding of a limit may fall to either side of it.
        differ = (found - slope).abs() > 1e-6 * (1 + slope.abs())
        assert differ.float().sum() <= 0.001 * x.numel() + (x.numel() > 1000)


@pytest.mark.parametrize(("name", "keep", "bits"), [("relu", "mask", 1), ("gelu", "code4", 4)])
def test_codes_are_all_that_is_kept(name: str, keep: str, bits: int) -> None:
    kept: list[Tensor] = []
    x = torch.randn(8192, device=DEVICE, requires_grad=True)
    with torch.autograd.graph.saved_tensors_hooks(lambda t: kept.append(t) or t, lambda t: t):
        y = function(name)(x, keep=keep)
    assert sum(t.numel() * t.element_size() for t in kept) == 8192 * bits // 8 + 8
    with pytest.raises(InvalidInputError, match="create_graph"):
        torch.autograd.grad(y.sum(), x, create_graph=True)


def test_one_nan_makes_its_block_nan() -> None:
    x = torch.randn(3000, device=DEVICE)
    x[5] = torch.nan
    x.requires_grad_()
    (slope,) = torch.autograd.grad(rt.functional.relu(x, keep="mask").nansum(), x)
    assert slope[: launch.CODED].isnan().all()
    assert not slope[launch.CODED :].isnan().any()


def test_nan_comes_through() -> None:
    x = torch.tensor([torch.nan, 1.0, -1.0], device=DEVICE)
    for name in CORE:
        given = x.clone().requires_grad_()
        y = function(name)(given)
        y.sum().backward()
        assert y[0].isnan()
        assert given.grad is not None
        assert given.grad.isnan().tolist() == [True, False, False]


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16, torch.float16])
@pytest.mark.parametrize(
    ("shape", "axis"),
    [
        ((64, 130), 1),
        ((7, 10), 1),
        ((3, 5, 4, 4), 1),
        ((2, 3, 33, 40), 1),
        ((4, 6, 10), 2),
        ((1, 1), 1),
    ],
)
def test_statistics_of_units(shape: tuple[int, ...], axis: int, dtype: torch.dtype) -> None:
    x = torch.randn(shape, device=DEVICE).to(dtype)
    y = x.relu()
    if x.numel() > 8:
        x.view(-1)[3] = math.nan
        y.view(-1)[5] = math.inf
    for low, high, zeros in ((-math.inf, 1.0, True), (math.nan, math.nan, False)):
        found = unit_sums.forward(x, y, axis, low, high, zeros_too=zeros)
        assert found is not None
        wanted = statistics.measured(x, y, axis, low, high, zeros_too=zeros)
        for got, reference in zip(found, wanted, strict=True):
            assert got.dtype == torch.float64
            torch.testing.assert_close(
                got, reference.double(), rtol=1e-5, atol=1e-4, equal_nan=True
            )
        assert torch.equal(found[0][:2].nan_to_num(), wanted[0][:2].double().nan_to_num())
    flowed = unit_sums.gradient(y, x * 1e-18, axis)
    assert flowed is not None
    assert torch.equal(flowed[0].long(), statistics.nonzero(y, axis).long())
    square = (x * 1e-18).double().square().sum()  # below what a float's square can be
    torch.testing.assert_close(flowed[1], square, rtol=1e-6, atol=0.0, equal_nan=True)


def test_statistics_of_what_is_relu_of_its_input_read_it_alone() -> None:
    x = torch.randn(40, 33, device=DEVICE)
    x[0, 0] = math.nan
    found, wanted = (unit_sums.forward(x, y, 1, -math.inf, math.inf) for y in (None, x.relu()))
    assert found is not None
    assert wanted is not None
    for got, reference in zip(found, wanted, strict=True):
        assert torch.equal(got.nan_to_num(7.0), reference.nan_to_num(7.0))


@pytest.mark.skipif(INTERPRETED, reason="needs a GPU")
def test_a_watched_training_on_a_gpu_is_the_one_on_the_cpu() -> None:
    records = []
    for device in ("cpu", DEVICE):
        torch.manual_seed(0)
        model = nn.Sequential(
            *(nn.Conv2d(3, 8, 3), nn.ReLU(), nn.Flatten()),
            *(nn.Linear(8 * 36, 20), nn.GELU(), nn.Linear(20, 5)),
        )
        x, y = torch.randn(64, 3, 8, 8), torch.randint(0, 5, (64,))
        model.to(device)
        optimizer = torch.optim.SGD(model.parameters(), lr=0.01)
        with rt.watch(model, every=1) as session:
            for _ in range(12):
                loss = F.cross_entropy(model(x.to(device)), y.to(device))
                optimizer.zero_grad()
                loss.backward()
                optimizer.step()
        records.append(session.record)
    for ours, theirs in zip(records[0].sites, records[1].sites, strict=True):
        for name, values in vars(ours.series).items():
            there = getattr(theirs.series, name)
            np.testing.assert_allclose(there, values, rtol=2e-3, atol=2e-3, err_msg=name)


@pytest.mark.skipif(INTERPRETED, reason="needs a GPU")
def test_what_only_a_gpu_has() -> None:
    x = torch.randn(1 << 16, device=DEVICE, requires_grad=True)
    compiled = torch.compile(lambda t: rt.functional.mish(t) + 1, fullgraph=True)
    torch.testing.assert_close(compiled(x), F.mish(x) + 1, rtol=1e-5, atol=1e-5)
    with torch.autocast("cuda", dtype=torch.bfloat16):
        assert rt.functional.mish(x.bfloat16()).dtype == torch.bfloat16
        assert rt.functional.mish(x).dtype == torch.float32
    stream = torch.cuda.Stream()
    stream.wait_stream(torch.cuda.current_stream())
    with torch.cuda.stream(stream):
        y = rt.functional.mish(x)
    torch.cuda.current_stream().wait_stream(stream)
    torch.testing.assert_close(y, F.mish(x), rtol=1e-5, atol=1e-6)
    graph = torch.cuda.CUDAGraph()
    fixed = x.detach().clone()
    rt.functional.elu(fixed, 0.5)  # compiles, and brings the parameter over
    with torch.cuda.graph(graph):
        out = rt.functional.elu(fixed, 0.5)
    fixed.normal_()
    graph.replay()
    torch.testing.assert_close(out, F.elu(fixed, 0.5), rtol=1e-5, atol=1e-6)
    batched = torch.func.vmap(rt.functional.mish)(x.reshape(4, -1))
    torch.testing.assert_close(batched.reshape(-1), F.mish(x), rtol=1e-5, atol=1e-6)


@pytest.mark.skipif(INTERPRETED, reason="needs a GPU")
def test_more_than_two_to_the_31_elements() -> None:
    size = (1 << 31) + 4096
    x = torch.full((size,), -1.0, dtype=torch.bfloat16, device=DEVICE)
    x[-1] = 2.0
    y = rt.functional.relu(x, path="triton")
    assert (y[-1].item(), y[0].item(), y[-2].item()) == (2.0, 0.0, 0.0)
    assert y.count_nonzero().item() == 1
    del y
    unit = gated("reglu")(x.view(2, -1))
    assert unit.shape == (2, size // 4)
