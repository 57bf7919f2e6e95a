"""Sparse inference gives what the dense layer gives, and knows when not to be used.

Nothing is timed here: what a layer would take is told by a made-up measurement. The reference is
the dense product in fp64.
"""

from __future__ import annotations

import copy
import io
import os
import subprocess
import sys
from collections.abc import Callable

import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional as F

import rectifier.torch as rt
from rectifier.errors import InvalidInputError
from rectifier.kernels import native
from rectifier.torch.crossover import ROWS, Crossover, crossover, in_turn
from rectifier.torch.sparse import SparseLinear

pytestmark = pytest.mark.skipif(not native.available(), reason=native.why_not() or "built")

RELATIVE = 1e-5
"""Of the largest result: a sum of a few hundred products in fp32, in another order."""


def always(layer: nn.Linear, zeros: float) -> tuple[Crossover, ...]:
    return tuple(Crossover(rows, layer.in_features, 1.0, 2.0) for rows in range(1, 9))


def never(layer: nn.Linear, zeros: float) -> tuple[Crossover, ...]:
    return tuple(Crossover(rows, 0, 1.0, 0.5) for rows in range(1, 9))


def sparse_input(rows: int, inputs: int, active: float) -> Tensor:
    generator = torch.Generator().manual_seed(rows * 1000 + inputs)
    x = torch.randn(rows, inputs, generator=generator)
    return x * (torch.rand(rows, inputs, generator=generator) < active)


def made(inputs: int, outputs: int, bias: bool = True) -> SparseLinear:
    torch.manual_seed(inputs + outputs)
    return SparseLinear.of_(nn.Linear(inputs, outputs, bias=bias), [inputs] * 8)


@pytest.mark.parametrize("bias", [True, False])
@pytest.mark.parametrize(("inputs", "outputs"), [(1, 1), (7, 65), (300, 129), (1031, 2050)])
def test_it_is_the_dense_product(inputs: int, outputs: int, bias: bool) -> None:
    layer = made(inputs, outputs, bias)
    exact = copy.deepcopy(layer).double()
    for rows in (1, 2, 3, 8):
        for active in (0.0, 0.1, 1.0):
            x = sparse_input(rows, inputs, active)
            with torch.inference_mode():
                found = layer.skipped(x)
                expected = F.linear(x.double(), exact.weight, exact.bias)
            assert found is not None
            assert found.shape == (rows, outputs)
            assert (found - expected).abs().max() <= RELATIVE * max(1e-3, expected.abs().max())


def test_the_result_does_not_depend_on_the_threads() -> None:
    layer = made(2048, 1000)
    x = sparse_input(2, 2048, 0.5)
    results = []
    before = torch.get_num_threads()
    try:
        for threads in (1, 2, 3):
            torch.set_num_threads(threads)
            with torch.inference_mode():
                results.append(layer(x))
    finally:
        torch.set_num_threads(before)
    assert torch.equal(results[0], results[1])
    assert torch.equal(results[0], results[2])


def test_the_weights_of_zeros_are_not_read() -> None:
    """The one visible difference from the dense layer, and the proof that something is skipped."""
    layer = made(64, 8)
    with torch.no_grad():
        layer.weight[:, 3] = torch.inf
    x = torch.ones(1, 64)
    x[0, 3] = -0.0
    with torch.inference_mode():
        assert layer(x).isfinite().all()
        x[0, 3] = 1.0
        assert layer(x).isinf().all()


def test_nan_is_not_a_zero() -> None:
    layer = made(64, 8)
    x = torch.zeros(2, 64)
    x[1, 5] = torch.nan
    with torch.inference_mode():
        found = layer.skipped(x)
    assert found is not None
    assert found[0].isfinite().all()
    assert found[1].isnan().all()


def test_more_than_the_limit_is_dense() -> None:
    layer = made(100, 8)
    layer.limits = (10, 0)
    x = torch.zeros(1, 100)
    x[0, :10] = 1.0
    with torch.inference_mode():
        assert layer.skipped(x) is not None
        x[0, 10] = 1.0
        assert layer.skipped(x) is None
        assert torch.equal(layer(x), F.linear(x, layer.weight, layer.bias))
        two = torch.zeros(2, 100)
        assert layer.skipped(two) is None  # limit 0
        assert layer.skipped(torch.zeros(3, 100)) is None  # no limit known
        assert layer.skipped(torch.zeros(0, 100)) is None
        assert layer(torch.zeros(0, 100)).shape == (0, 8)


def test_a_changed_weight_is_seen() -> None:
    layer = made(64, 8)
    x = sparse_input(1, 64, 0.3)
    with torch.no_grad():
        before = layer(x).clone()
        layer.weight.mul_(2)
        layer.bias.mul_(2)
        assert torch.allclose(layer(x), 2 * before, rtol=RELATIVE)
        layer.load_state_dict({"weight": torch.ones(8, 64), "bias": torch.zeros(8)})
        assert torch.allclose(layer(x), x.sum().expand(1, 8), rtol=RELATIVE, atol=1e-6)
        layer.bias = nn.Parameter(torch.ones(8))
        assert torch.allclose(layer(x), x.sum() + torch.ones(1, 8), rtol=RELATIVE, atol=1e-6)


@pytest.mark.parametrize(
    "change",
    [lambda layer: layer.double(), lambda layer: layer.bfloat16()],
)
def test_other_types_and_devices_are_dense(change: Callable[[nn.Module], nn.Module]) -> None:
    layer = change(made(64, 8))
    x = torch.zeros(1, 64, dtype=layer.weight.dtype, device=layer.weight.device)
    with torch.inference_mode():
        assert layer.skipped(x) is None
        assert layer(x).dtype == layer.weight.dtype


def test_gradients_are_those_of_the_dense_layer() -> None:
    layer = made(64, 8)
    x = sparse_input(2, 64, 0.1).requires_grad_()
    layer(x).sum().backward()
    assert torch.equal(x.grad, layer.weight.sum(0).expand(2, 64))
    assert layer.weight.grad is not None
    with torch.autocast("cpu", torch.bfloat16), torch.no_grad():
        assert layer(x).dtype == torch.bfloat16


@pytest.mark.filterwarnings("ignore::FutureWarning", "ignore::DeprecationWarning")
def test_it_survives_copies_pickles_and_strided_input() -> None:
    layer = made(64, 8)
    x = sparse_input(64, 2, 0.4).t()
    buffer = io.BytesIO()
    torch.save(layer, buffer)
    buffer.seek(0)
    with torch.inference_mode():
        expected = layer(x)
        for other in (copy.deepcopy(layer), torch.load(buffer, weights_only=False)):
            assert isinstance(other, SparseLinear)
            assert torch.equal(other.skipped(x), expected)
        assert torch.equal(layer(x.view(1, 2, 1, 64))[0, :, 0], expected)
    assert layer.state_dict().keys() == {"weight", "bias"}


def block() -> nn.Sequential:
    torch.manual_seed(0)
    return nn.Sequential(nn.Linear(16, 32), nn.ReLU(), nn.Dropout(), nn.Linear(32, 4))


def test_sparsify_converts_what_gets_zeros() -> None:
    model = block()
    reference = copy.deepcopy(model).eval()
    x = torch.randn(5, 16)
    model.train()
    first, last = rt.sparsify(model, x, measure=always)
    assert model.training
    assert (first.name, first.converted, first.zeros) == ("0", False, 0.0)
    assert (last.name, last.converted, last.bytes_added) == ("3", True, 32 * 4 * 4)
    assert 0.3 < last.zeros < 0.7
    assert "times as fast" in str(last)
    model.eval()
    with torch.inference_mode():
        assert torch.allclose(model(x), reference(x), rtol=RELATIVE, atol=1e-6)
    again = rt.sparsify(model, x, measure=always)
    assert [layer.converted for layer in again] == [False, True]


def test_sparsify_leaves_what_does_not_gain() -> None:
    model = block()
    x = torch.randn(5, 16)
    assert not any(layer.converted for layer in rt.sparsify(model, x, measure=never))
    model[3].weight.data[0, 0] = torch.inf
    assert "not finite" in rt.sparsify(model, x, measure=always)[-1].reason
    double = block().double()
    assert "float64" in rt.sparsify(double, x.double(), measure=always)[-1].reason
    with pytest.raises(InvalidInputError, match=r"no torch\.nn\.Linear"):
        rt.sparsify(nn.ReLU(), x)
    with pytest.raises(InvalidInputError, match=r"expected a torch\.nn\.Linear"):
        SparseLinear.of_(nn.Bilinear(2, 2, 2), [1])  # type: ignore[arg-type]


def test_the_crossover_is_where_the_clock_says() -> None:
    """With a clock that stands still but for what was read, the limits can be foretold."""
    layer = nn.Linear(64, 8)
    now = [0.0]

    def clock() -> float:
        now[0] += 1e-3  # every call takes as long, so the sparse product is never clearly faster
        return now[0]

    found = crossover(layer, 0.9, clock)
    assert [each.rows for each in found] == list(range(1, ROWS[-1] + 1))
    assert all(each.limit == 0 for each in found)
    assert type(layer) is nn.Linear


def test_contestants_run_in_turn() -> None:
    order: list[str] = []
    ticks = iter(range(10_000))
    taken = in_turn(
        {"a": lambda: order.append("a"), "b": lambda: order.append("b")},
        lambda: float(next(ticks)),
        seconds=0.0,
    )
    assert order == ["a", "b", "b", "a"] * 3
    assert taken == {"a": 1.0, "b": 1.0}


def test_threads_survive_a_fork() -> None:
    """The OpenMP runtime's threads do not; a child that waited for them would hang."""
    if not hasattr(os, "fork"):
        pytest.skip("this system has no fork")
    code = """
import os, torch
from torch import nn
from rectifier.torch.sparse import SparseLinear
torch.set_num_threads(2)
layer = SparseLinear.of_(nn.Linear(2048, 1024), [2048])
x = torch.ones(1, 2048)
with torch.inference_mode():
    before = layer.skipped(x)
    child = os.fork()
    if child == 0:
        os._exit(0 if torch.equal(layer.skipped(x), before) else 3)
print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
"""
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=True
    )
    assert done.stdout.strip() == "0"
