"""Per-unit numbers against NumPy, for every type, layout and the values that spoil sums."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from rectifier.torch import unit_statistics
from rectifier.torch.sites import Interception
from rectifier.watch import statistics
from rectifier.watch.movement import Movement
from rectifier.watch.options import WatchOptions
from rectifier.watch.watcher import Watcher

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


def by_numpy(
    x: Tensor, y: Tensor, axis: int, low: float, high: float
) -> tuple[np.ndarray, np.ndarray]:
    """All numbers of the units and of the whole, in double precision."""
    a, b = x.double().numpy(), y.double().numpy()
    others = tuple(d for d in range(a.ndim) if d != axis)
    with np.errstate(invalid="ignore"):
        units = [(b > 0), (b != 0), abs(b), a, a * a]
        whole = [b.sum(), (b * b).sum(), np.fmin.reduce(a, None), np.fmax.reduce(a, None)]
        counts = [(a < low) | (a > high), ~np.isfinite(a), ~np.isfinite(b)]
        return (
            np.stack([np.asarray(u.sum(axis=others), dtype=float) for u in units]),
            np.array([*whole, *(c.sum() for c in counts)], dtype=float),
        )


LAYOUTS = [
    *(((7,), 0), ((5, 3), 1), ((300, 130), 1), ((2, 6, 3), 2), ((1, 1), 1), ((3, 70, 5), 2)),
    *(((4, 3, 5, 2), 1), ((2, 5, 9, 9), 1), ((3, 2, 4100), 1), ((2, 3, 4, 5, 6), 1)),
]


@pytest.mark.parametrize("clean", [True, False])
@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16, torch.float64])
@pytest.mark.parametrize("way", [unit_statistics.forward, statistics.measured])
def test_all_numbers_by_the_kernel_and_by_torch(way: Any, dtype: torch.dtype, clean: bool) -> None:
    for shape, axis in LAYOUTS:
        x = torch.randn(shape).to(dtype) if clean else special(shape, dtype)
        y = torch.where(x > -0.5, x.relu() - 0.01, torch.zeros_like(x))
        found = way(x, y, axis, -0.7, 0.6)
        if way is unit_statistics.forward and dtype is torch.float64:
            assert found is None, "doubles are not the kernel's"
            continue
        units, whole = by_numpy(x, y, axis, -0.7, 0.6)
        rounding = 3e-7 if dtype is not torch.float64 else 1e-12
        scale = {"rtol": 1e-6, "atol": rounding * x.numel() / shape[axis]}
        np.testing.assert_array_equal(np.asarray(found[0])[:2], units[:2])
        np.testing.assert_allclose(np.asarray(found[0]), units, **scale)
        np.testing.assert_allclose(
            np.asarray(found[1]), whole, rtol=1e-6, atol=rounding * x.numel()
        )


@pytest.mark.parametrize("threads", [1, 2])
def test_a_large_tensor_in_several_layouts_and_threads(threads: int) -> None:
    before = torch.get_num_threads()
    torch.set_num_threads(threads)
    try:
        x = torch.randn(9, 48, 33, 17)
        for given in (x, x.to(memory_format=torch.channels_last), x.transpose(0, 2)):
            y = given.relu()
            units, whole = by_numpy(given, y, 1, -1.0, 1.0)
            found = unit_statistics.forward(given, y, 1, -1.0, 1.0)
            assert found is not None
            np.testing.assert_array_equal(np.asarray(found[0])[:2], units[:2])
            np.testing.assert_allclose(np.asarray(found[0]), units, rtol=1e-6, atol=2e-3)
            np.testing.assert_allclose(np.asarray(found[1]), whole, rtol=1e-6, atol=5e-2)
            count, squares = statistics.gradients(y, given, 1, detailed=True)
            assert count is not None
            assert squares is not None
            assert count.tolist() == units[1].tolist()
            assert float(squares) == pytest.approx(float(given.double().square().sum()), rel=0.02)
    finally:
        torch.set_num_threads(before)


def test_only_counts_where_more_would_cost_more() -> None:
    x = torch.randn(4, 3, dtype=torch.float64)
    seen = statistics.forward(x, x.relu(), 1, "relu", detailed=False, saturation=None)
    assert seen.whole is None
    assert seen.sample is None
    assert seen.units.tolist() == [(x > 0).sum(0).tolist()]
    count, squares = statistics.gradients(x, x, 1, detailed=False)
    assert squares is None
    assert count is not None
    assert count.tolist() == [4, 4, 4]


def test_saturated_elements_of_each_kind_of_function() -> None:
    x = torch.tensor([[-7.0, -0.0, 0.5], [7.0, 3.0, -2.0]])
    outside = unit_statistics.WHOLE["outside"]
    for function, apply, expected in (
        ("relu", torch.relu, 3.0),
        ("relu6", F.relu6, 4.0),
        ("sigmoid", torch.sigmoid, 2.0),
    ):
        known = None if function != "sigmoid" else statistics.saturation_of(apply)
        seen = statistics.forward(x, apply(x), 1, function, detailed=True, saturation=known)
        assert seen.whole is not None
        assert float(seen.whole[outside]) == expected
    seen = statistics.forward(x, x, 1, "leaky_relu", detailed=True, saturation=None)
    assert seen.whole is not None
    assert math.isnan(seen.whole[outside])


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_what_is_measured_does_not_change_with_the_tensor_later(dtype: torch.dtype) -> None:
    x = torch.randn(6, dtype=dtype)
    y = x.clone()
    seen = statistics.forward(x, y, 0, "tanh", detailed=True, saturation=None)
    parts = (seen.units, seen.whole, seen.sample)
    before = [np.asarray(t).copy() for t in parts if t is not None]
    x.zero_()
    y.zero_()
    after = [np.asarray(t) for t in parts if t is not None]
    assert len(after) == 3
    for one, two in zip(before, after, strict=True):
        np.testing.assert_array_equal(one, two)


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


@pytest.mark.parametrize("clean", [True, False])
@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
def test_an_output_known_to_be_relu_need_not_be_read(dtype: torch.dtype, clean: bool) -> None:
    for shape, axis in LAYOUTS:
        x = torch.randn(shape).to(dtype) if clean else special(shape, dtype)
        read = unit_statistics.forward(x, x.relu(), axis)
        unread = unit_statistics.forward(x, None, axis)
        assert read is not None
        assert unread is not None
        np.testing.assert_array_equal(read[0][:2], unread[0][:2])
        np.testing.assert_array_equal(read[1][2:], unread[1][2:])
        for one, two in zip(read, unread, strict=True):  # sums may be taken in another order
            atol = 2e-7 * x.numel()
            np.testing.assert_allclose(one, two, rtol=1e-6, atol=atol)


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_movement_of_small_weights_is_exact_and_of_large_ones_close(dtype: torch.dtype) -> None:
    generator = torch.Generator().manual_seed(3)
    tensors = [torch.randn(*shape, generator=generator).to(dtype) for shape in ((7,), (300, 301))]
    movement = Movement()
    norms = movement.keep(tensors).tolist()
    assert norms[0] == pytest.approx(float(tensors[0].norm()), rel=1e-6)
    assert norms[1] == pytest.approx(float(tensors[1].norm()), rel=0.02)
    changes = [0.01 * torch.randn(t.shape, generator=generator).to(dtype) for t in tensors]
    for tensor, change in zip(tensors, changes, strict=True):
        tensor += change
    moved = movement.after()
    assert moved[id(tensors[0])] == pytest.approx(float(changes[0].norm()), rel=1e-4)
    assert moved[id(tensors[1])] == pytest.approx(float(changes[1].norm()), rel=0.02)
    assert movement.after() == {}


def test_blocks_by_the_kernel_are_those_by_torch() -> None:
    tensor = torch.arange(70_000.0).reshape(7, 10_000)
    some = unit_statistics.some(tensor).double()
    blocks = unit_statistics.Blocks([tensor])
    assert blocks.squares[0] == pytest.approx(float(some.square().sum()), rel=1e-6)
    assert blocks.scales[0] == pytest.approx(math.sqrt(tensor.numel() / some.numel()))


def test_a_class_called_like_relu_is_not_taken_at_its_word() -> None:
    class ReLU(nn.Module):
        def forward(self, x: Tensor) -> Tensor:
            return F.leaky_relu(x, 0.5) * 1.0

    model = nn.Sequential(nn.Linear(4, 3), ReLU(), nn.Linear(3, 1))
    with torch.no_grad():
        model[0].bias.fill_(-9.0)
    watcher = Watcher(WatchOptions(every=1))
    optimizer = torch.optim.SGD(model.parameters(), lr=0.0)
    with Interception([watcher], [model]):
        model(torch.randn(20, 4)).sum().backward()
        optimizer.step()
    (site,) = watcher.record().sites
    assert site.series.sparsity.tolist() == [0.0]
