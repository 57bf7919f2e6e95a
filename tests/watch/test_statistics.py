"""Per-unit numbers against NumPy, for every type, layout and the values that spoil sums."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from rectifier.watch import statistics

SHAPES = [((7,), 0), ((5, 3), 1), ((4, 3, 5, 2), 1), ((2, 6, 3), 2), ((0, 3), 1), ((1, 1), 1)]
DTYPES = [torch.float32, torch.float64, torch.float16, torch.bfloat16]


def special(shape: tuple[int, ...], dtype: torch.dtype) -> Tensor:
    """Random numbers with ±0, tiny, huge, NaN and infinite ones among them."""
    x = torch.randn(shape, generator=torch.Generator().manual_seed(len(shape))).to(dtype)
    values = [0.0, -0.0, math.nan, math.inf, -math.inf, torch.finfo(dtype).tiny, -1e4]
    flat = x.reshape(-1)
    for place, value in zip(range(0, flat.numel(), 2), values, strict=False):
        flat[place] = value
    return x


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize(("shape", "axis"), SHAPES)
@pytest.mark.parametrize("clean", [True, False])
def test_counts_are_exact(
    shape: tuple[int, ...], axis: int, dtype: torch.dtype, clean: bool
) -> None:
    x = torch.randn(shape).to(dtype) if clean else special(shape, dtype)
    array = x.double().numpy()
    others = tuple(d for d in range(len(shape)) if d != axis)
    active = statistics.positive(x, axis)
    assert active.to(torch.int64).tolist() == (array > 0).sum(axis=others).tolist()
    assert statistics.positive(x.relu(), axis, never_negative=True).tolist() == active.tolist()
    nonzero = statistics.nonzero(x, axis)
    assert nonzero.to(torch.int64).tolist() == (array != 0).sum(axis=others).tolist()
    assert int(statistics.non_finite(x)) == int((~np.isfinite(array)).sum())
    strided = torch.stack([x, x], dim=-1)[..., 0]
    assert statistics.positive(strided, axis).tolist() == active.tolist()


@pytest.mark.parametrize("dtype", DTYPES)
def test_moments(dtype: torch.dtype) -> None:
    x = torch.randn(40, 6).to(dtype)
    y = F.gelu(x)
    seen = statistics.forward(
        x, y, 1, "gelu", detailed=True, saturation=statistics.saturation_of(F.gelu)
    )
    assert seen.moments is not None
    assert seen.absolute is not None
    a, b = x.double(), y.double()
    expected = [
        *(a.sum(), a.norm(), b.sum(), b.norm(), (b != 0).sum()),
    ]
    assert seen.moments[:5].tolist() == pytest.approx([float(v) for v in expected], rel=1e-5)
    assert seen.absolute.tolist() == pytest.approx(b.abs().sum(0).tolist(), rel=1e-5)
    assert (seen.elements, seen.rows) == (40, 40)


def test_only_counts_where_no_detail_is_wanted() -> None:
    x = torch.randn(4, 3)
    seen = statistics.forward(x, x.relu(), 1, "relu", detailed=False, saturation=None)
    assert seen.moments is None
    assert seen.absolute is None
    assert seen.active.tolist() == (x > 0).sum(0).tolist()


def test_what_is_measured_does_not_change_with_the_tensor_later() -> None:
    x = torch.randn(6)
    y = x.clone()
    seen = statistics.forward(x, y, 0, "tanh", detailed=True, saturation=None)
    before = [t.clone() for t in (seen.active, seen.absolute, seen.sample) if t is not None]
    x.zero_()
    y.zero_()
    after = [t for t in (seen.active, seen.absolute, seen.sample) if t is not None]
    assert all(torch.equal(one, two) for one, two in zip(before, after, strict=True))


@pytest.mark.parametrize(
    ("function", "low", "high"),
    [
        # tanh' = 1 - tanh² < 0.01 beyond artanh(sqrt(0.99)); sigmoid' = s(1-s) < 0.0025.
        (torch.tanh, -math.atanh(math.sqrt(0.99)), math.atanh(math.sqrt(0.99))),
        (torch.sigmoid, -5.98645, 5.98645),
        (torch.relu, 0.0, math.inf),
        (F.softplus, math.log(0.01 / 0.99), math.inf),
    ],
)
def test_saturation_is_found_from_the_function(function: object, low: float, high: float) -> None:
    found = statistics.saturation_of(function)
    assert found is not None
    assert found.low == pytest.approx(low, abs=0.011)
    assert found.high == pytest.approx(high, abs=0.011)


def test_functions_that_do_not_saturate_or_are_not_of_one_number_have_none() -> None:
    assert statistics.saturation_of(F.leaky_relu) is None
    assert statistics.saturation_of(nn.PReLU(3).forward, torch.float32) is None
    assert statistics.saturation_of(None) is None


@pytest.mark.parametrize("transposed", [False, True])
def test_unit_norms(transposed: bool) -> None:
    weight = torch.randn(4, 3, 2, 2)
    units = weight.transpose(0, 1) if transposed else weight
    expected = units.reshape(units.shape[0], -1).norm(dim=1)
    found = statistics.unit_norms(weight, transposed=transposed)
    assert found.tolist() == pytest.approx(expected.tolist())


def test_fetch_keeps_order_shape_and_values() -> None:
    tensors = [torch.arange(3), torch.tensor(2.5), torch.ones(2, 2, dtype=torch.bfloat16)]
    found = statistics.fetch(tensors)
    assert [f.shape for f in found] == [(3,), (), (2, 2)]
    assert float(found[1]) == 2.5
