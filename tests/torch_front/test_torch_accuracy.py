"""Values and derivatives against mpmath, in every element type, on every path that runs here."""

from __future__ import annotations

import math

import pytest
import torch
from catalog_limits import LOGARITHMS, STEEP, WAVES
from exact import worst_error
from torch import Tensor

import rectifier.torch as rt
from rectifier import catalog
from rectifier.errors import KernelUnavailableError

NAMES = catalog.names()

# In ulp. float32 runs in float64 and is rounded once, but for functions of one rounding, whose
# constants are rounded to float32 too. So does half precision on the CPU.
BARS = {torch.float32: 1.0, torch.float16: 0.51, torch.bfloat16: 0.51}
# The compiled kernels and torch's own operations compute in float32.
BARS_OTHER = {torch.float32: 4.0, torch.float16: 0.51, torch.bfloat16: 0.51}


CORE = {
    *("relu", "leaky_relu", "prelu", "elu", "selu", "gelu", "gelu_tanh", "silu", "swish", "mish"),
    *("softplus", "sigmoid", "tanh", "smu", "smu_1", "pau", "identity"),
}
"""Checked at four times as many points as the rest; the same points for every run."""


def points(dtype: torch.dtype, name: str = "relu") -> Tensor:
    generator = torch.Generator().manual_seed(1)
    kind = {"generator": generator, "dtype": torch.float64}
    size = 10 ** (torch.rand(20, **kind) * 44 - 40)
    special = torch.tensor([0.0, -0.0, 1e-45, -1e-45, 1.0, -1.0, 20.5, 88.0, -103.0, 3e38, -3e38])
    x = torch.cat(
        [
            torch.randn(50, **kind) * 3,
            torch.rand(40, **kind) * 220 - 110,
            size * torch.tensor([1.0, -1.0]).repeat(10),
            special.double(),
        ]
    ).to(dtype)
    return x[x.isfinite()][:: 1 if name in CORE else 4]


def slope(f, x: Tensor) -> Tensor:
    x = x.clone().requires_grad_()
    y = f(x)
    (grad,) = torch.autograd.grad(y, x, torch.ones_like(y))
    return grad


@pytest.mark.parametrize("dtype", BARS, ids=lambda dtype: str(dtype).removeprefix("torch."))
@pytest.mark.parametrize("name", NAMES)
def test_composed_is_right_to_the_last_place(name: str, dtype: torch.dtype) -> None:
    spec, x = catalog.get(name), points(dtype, name)
    f = lambda t: getattr(rt.functional, name)(t, path="composed")  # noqa: E731
    assert worst_error(spec, 0, x, f(x))[0] <= BARS[dtype]
    assert worst_error(spec, 1, x, slope(f, x))[0] <= BARS[dtype]


def runs(name: str, path: str, dtype: torch.dtype = torch.float32) -> bool:
    try:
        return bool(rt.explain(name, dtype, path=path))
    except KernelUnavailableError:
        return False


FAST = [(n, p, d) for n in NAMES for p in ("native", "framework") for d in BARS if runs(n, p, d)]


@pytest.mark.parametrize(("name", "path", "dtype"), FAST, ids=str)
def test_other_paths_are_right_in_normal_numbers(name: str, path: str, dtype: torch.dtype) -> None:
    spec, x = catalog.get(name), points(dtype, name)
    f = lambda t: getattr(rt.functional, name)(t, path=path)  # noqa: E731
    least = torch.finfo(dtype).tiny
    assert worst_error(spec, 0, x, f(x), least)[0] <= BARS_OTHER[dtype]
    assert worst_error(spec, 1, x, slope(f, x), least)[0] <= BARS_OTHER[dtype]


AT_ROOT_OR_KINK = {
    "snake": 5.5,  # near a root of its slope, 7 pi / 4
    "srs": -3.0,  # a root of its slope, which 200 digits do not hit
    "clipped_gelu": 10.0,  # gelu(10) rounds to the bound itself
}


@pytest.mark.parametrize("name", NAMES)
def test_float64_is_near(name: str) -> None:
    # exp turns the rounding of its argument into an error of |argument| / 2 ulp: up to 130 for
    # gelu_tanh at -15, more after some products. Padé units cancel near their zeros.
    x = torch.linspace(-15, 15, 61, dtype=torch.float64)
    f = getattr(rt.functional, name)
    x = x[(x - AT_ROOT_OR_KINK.get(name, 99.0)).abs() > 0.1]
    for order, found in ((0, f(x)), (1, slope(f, x))):
        error, _ = worst_error(catalog.get(name), order, x, found)
        assert error < 2000, (order, error)


@pytest.mark.parametrize("name", ["relu", "leaky_relu", "elu", "selu"])
def test_agrees_with_torch_where_torch_is_right(name: str) -> None:
    x = torch.randn(200)
    theirs = getattr(torch.nn.functional, name)
    assert torch.allclose(getattr(rt.functional, name)(x), theirs(x), rtol=3e-7, atol=0)
    assert torch.allclose(slope(getattr(rt.functional, name), x), slope(theirs, x), rtol=1e-6)


@pytest.mark.parametrize(
    ("name", "x", "true"),
    [("gelu", -10.0, -7.619853e-23), ("silu", -100.0, -3.72007598e-42), ("gelu", 3e38, 3e38)],
)
def test_is_right_where_torch_is_not(name: str, x: float, true: float) -> None:
    at = torch.full((16,), x)  # torch 2.13 gives -0, 0 and inf
    assert math.isclose(getattr(rt.functional, name)(at)[0].item(), true, rel_tol=1e-3)


@pytest.mark.parametrize("name", NAMES)
def test_limits_and_nan(name: str) -> None:
    spec = catalog.get(name)
    f = getattr(rt.functional, name)
    x = torch.tensor([math.nan, math.inf, -math.inf])
    assert f(x)[0].isnan()
    if name in WAVES:
        assert f(x).isnan().all()
        return
    far = f(torch.tensor([3e38, -3e38], dtype=torch.float64))
    for at_infinity, at_far in zip(f(x)[1:], far, strict=True):
        large = 88 if name in LOGARITHMS else 1e30
        expected = math.copysign(math.inf, at_far) if abs(at_far) > large else float(at_far)
        assert at_infinity.item() == pytest.approx(expected, rel=1e-6, abs=1e-30), spec.formula


@pytest.mark.parametrize(
    ("name", "path"),
    [(n, p) for n in NAMES for p in ("composed", "framework", "native") if runs(n, p)],
)
def test_the_gradient_at_nan_is_nan_on_every_path(name: str, path: str) -> None:
    f = getattr(rt.functional, name)
    found = slope(lambda t: f(t, path=path), torch.tensor([math.nan, 1.0, -1.0]))
    assert found[0].isnan()
    assert found[1:].isfinite().all()


@pytest.mark.parametrize("name", [name for name in NAMES if name not in STEEP])
def test_no_gradient_is_infinite_at_a_finite_input(name: str) -> None:
    x = torch.cat([points(torch.float32, name), torch.tensor([3.4028234e38, -3.4028234e38])])
    assert slope(getattr(rt.functional, name), x).isfinite().all()


@pytest.mark.parametrize("name", NAMES)
def test_long_tensors_are_cut_into_chunks_with_the_same_result(name: str) -> None:
    f, size = getattr(rt.functional, name), 70_001
    x, seed = torch.randn(size).requires_grad_(), torch.randn(size)
    y = f(x, path="composed")
    (found,) = torch.autograd.grad(y, x, seed)
    part = slice(65_000, 66_000)
    short = x[part].detach().requires_grad_()
    z = f(short, path="composed")
    assert torch.equal(y[part], z)
    assert torch.equal(found[part], torch.autograd.grad(z, short, seed[part])[0])


def test_the_gradient_by_a_parameter_is_summed_over_the_chunks() -> None:
    x, seed = torch.randn(70_001), torch.randn(70_001)
    beta = torch.tensor([1.5], requires_grad=True)
    (found,) = torch.autograd.grad(rt.functional.swish(x, beta), beta, seed)
    gate = torch.sigmoid(1.5 * x.double())
    expected = (seed * x.double().square() * gate * (1 - gate)).sum().float()
    torch.testing.assert_close(found, expected.reshape(1), rtol=1e-6, atol=0)
