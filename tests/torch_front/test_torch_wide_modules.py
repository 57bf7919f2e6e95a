"""Gated units and row-wise functions as modules."""

from __future__ import annotations

import copy
import pickle

import pytest
import torch
import torch.nn.functional as F
from torch import nn

import rectifier.torch as rt
from rectifier import catalog
from rectifier.errors import InvalidActivationError, InvalidInputError, UnknownNameError

# torch's tracer does what torch itself deprecates.
pytestmark = pytest.mark.filterwarnings("ignore:.*should not be instantiated:DeprecationWarning")

K = {"topk": (2,), "batch_topk": (2,)}


@pytest.mark.parametrize("name", [*catalog.gated_names(), *catalog.rowwise_names()])
def test_every_class_by_its_name(name: str) -> None:
    is_gated = name in catalog.gated_names()
    record = catalog.gated(name) if is_gated else catalog.rowwise(name)
    module = getattr(rt, record.class_name)(*K.get(name, ()))
    assert type(rt.activation(name, *K.get(name, ()))) is type(module)
    assert record.class_name in dir(rt)
    assert repr(module).startswith(f"{record.class_name}(")
    x = torch.randn(3, 8)
    for other in (module, pickle.loads(pickle.dumps(module)), copy.deepcopy(module)):
        got = other(x)
        f = rt.gated(name) if is_gated else rt.rowwise(name)
        assert torch.equal(got, f(x, **({"k": 2} if name in K else {})))
    compiled = torch.compile(module.eval(), fullgraph=True, backend="eager")
    torch.testing.assert_close(compiled(x), module(x))


@pytest.mark.parametrize("name", catalog.gated_names())
def test_with_sizes_it_is_the_feed_forward_layer_of_the_paper(name: str) -> None:
    unit = catalog.gated(name)
    module = getattr(rt, unit.class_name)(6, 10, dtype=torch.float64)
    assert [tuple(p.shape) for p in module.parameters()] == [(10, 6), (10, 6), (6, 10)]
    x = torch.randn(2, 3, 6, dtype=torch.float64, requires_grad=True)
    halves = torch.cat([module.up_proj(x), module.gate_proj(x)], -1)
    torch.testing.assert_close(module(x), module.down_proj(rt.gated(name)(halves)))
    torch.testing.assert_close(module(x[0, 0]), module(x)[0, 0])
    assert torch.autograd.gradcheck(module, (x,))
    again = getattr(rt, unit.class_name)(6, 10, dtype=torch.float64)
    again.load_state_dict(module.state_dict())
    assert torch.equal(again(x), module(x))


def test_swiglu_is_llamas() -> None:
    module = rt.SwiGLU(512, 1376)
    assert set(module.state_dict()) == {f"{n}_proj.weight" for n in ("gate", "up", "down")}
    x = torch.randn(4, 512)
    w = module.state_dict()
    hidden = F.silu(x @ w["gate_proj.weight"].T) * (x @ w["up_proj.weight"].T)
    torch.testing.assert_close(module(x), hidden @ w["down_proj.weight"].T)
    assert rt.SwiGLU(8, 20, 5, bias=True)(torch.randn(2, 8)).shape == (2, 5)
    assert rt.SwiGLU(8, 20, bias=True).down_proj.bias.shape == (8,)
    assert rt.SwiGLU(8, 20, device="meta")(torch.empty(2, 8, device="meta")).shape == (2, 8)
    assert repr(rt.SwiGLU(gate="first", dim=1)) == "SwiGLU(dim=1, gate='first', beta=1)"
    low = rt.SwiGLU(8, 20, dtype=torch.bfloat16)
    assert low(torch.randn(2, 8, dtype=torch.bfloat16)).dtype == torch.bfloat16
    with torch.autocast("cpu", dtype=torch.bfloat16):
        assert module(x).dtype == torch.bfloat16


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: rt.SwiGLU(512), "takes no sizes, or those of its input and of its halves"),
        (lambda: rt.SwiGLU(hidden_features=8), "hidden_features=8"),
        (lambda: rt.SwiGLU(8, 8, gate="first"), "leave out dim and gate"),
        (lambda: rt.SwiGLU(bias=True), "without sizes has no bias"),
        (lambda: rt.SwiGLU(alpha=2.0), "no parameter 'alpha'"),
        (lambda: rt.ClampedSwiGLU(limit=-1.0), "'limit' must be between"),
        (lambda: rt.TopK(), "topk takes k"),
        (lambda: rt.TopK(2, k=2), "each once"),
        (lambda: rt.Softmax(1, 2), "takes dim, each once"),
        (lambda: rt.BatchTopK(2, momentum=0.0), "momentum must be a number above 0"),
        (lambda: rt.BatchTopK(2, momentum="a"), "momentum must be a number .*got 'a'"),
        (lambda: rt.Softmax(dim="a"), "dim must be a whole number.*got 'a'"),
        (lambda: rt.GLU(dim="a"), "dim must be a whole number.*got 'a'"),
        (lambda: rt.SwiGLU("a", 3), "sizes must be whole numbers.*got 'a'"),
        (lambda: rt.SwiGLU(-8, 20), "sizes must be whole numbers.*got -8"),
    ],
)
def test_wrong_arguments(make, message: str) -> None:
    with pytest.raises(InvalidActivationError, match=message):
        make()


def test_input_of_the_wrong_width() -> None:
    with pytest.raises(InvalidInputError, match=r"in_features=8 .*got shape \(2, 7\)"):
        rt.SwiGLU(8, 20)(torch.randn(2, 7))


def test_what_is_not_there_is_refused_when_built() -> None:
    with pytest.raises(UnknownNameError, match="kernel path 'fast'"):
        rt.activation("mish", path="fast")
    with pytest.raises(UnknownNameError, match="'half'"):
        rt.activation("mish", keep="half")
    with pytest.raises(UnknownNameError, match="did you mean 'last'"):
        rt.GLU(gate="lats")


def test_an_unknown_name_is_still_told() -> None:
    with pytest.raises(AttributeError, match=r"did you mean .*'SwiGLU'"):
        rt.SwiGLUU  # noqa: B018
    with pytest.raises(UnknownNameError):
        rt.activation("swish_glu_or_so")


def test_modules_of_rows_are_torchs() -> None:
    x = torch.randn(3, 6, 4)
    for dim in (0, 1, -1):
        torch.testing.assert_close(rt.Softmax(dim)(x), nn.Softmax(dim)(x))
        torch.testing.assert_close(rt.LogSoftmax(dim=dim)(x), nn.LogSoftmax(dim)(x))
    assert rt.Maxout(3, 1)(x).shape == (3, 2, 4)
    assert rt.CReLU(dim=1)(x).shape == (3, 12, 4)
    assert repr(rt.Maxout(3, 1)) == "Maxout(pieces=3, dim=1)"


def test_projections_take_whole_numbers_and_refuse_complex_ones() -> None:
    unit, whole = rt.SwiGLU(8, 4), torch.arange(16).reshape(2, 8)
    assert torch.equal(unit(whole), unit(whole.float()))
    with pytest.raises(InvalidInputError, match="real numbers"):
        unit(whole.to(torch.complex64))


def test_an_empty_batch_moves_no_threshold() -> None:
    module = rt.BatchTopK(2)
    assert module(torch.zeros(0, 8)).shape == (0, 8)
    assert module.batches.item() == 0


def test_batch_topk_keeps_k_per_row_on_average_and_then_a_threshold() -> None:
    module, seen = rt.BatchTopK(2), []
    for _ in range(5):
        x = torch.randn(16, 8)
        y = module(x)
        assert (y != 0).sum() == 32
        assert y[y != 0].min() >= x[y == 0].max()
        seen.append(y[y > 0].min())
    expected = torch.stack(seen).mean()
    torch.testing.assert_close(module.threshold, expected)
    module(-torch.ones(4, 8))  # says nothing of a positive threshold
    torch.testing.assert_close(module.threshold, expected)
    module.eval()
    x = torch.randn(3, 8)
    assert torch.equal(module(x), torch.where(x > expected, x, 0.0))
    assert torch.equal(module(x)[:1], module(x[:1]))
    spoilt = torch.tensor([1.0, torch.nan, -1.0, 4.0], requires_grad=True)
    y = module(spoilt)
    assert torch.equal(y.isnan(), spoilt.isnan())
    (grad,) = torch.autograd.grad(y.sum(), spoilt)
    assert torch.equal(grad.isnan(), spoilt.isnan())
    assert module(torch.tensor([5, 0, 1])).dtype == torch.float32
    with pytest.raises(InvalidInputError, match="real numbers"):
        module(torch.ones(3, dtype=torch.complex64))
    again = rt.BatchTopK(2)
    again.load_state_dict(module.state_dict())
    assert torch.equal(again.eval()(x), module(x))
    with pytest.raises(InvalidInputError, match="at least k=9 elements in a row, got 4"):
        rt.BatchTopK(9).eval()(torch.ones(3, 4))
    with pytest.raises(InvalidInputError, match="no dim 5"):
        rt.BatchTopK(2, dim=5).eval()(torch.ones(3, 4))
    running = rt.BatchTopK(1, momentum=0.25)
    running(torch.tensor([[1.0, 0.5]]))
    running(torch.tensor([[2.0, 0.5]]))
    assert running.threshold.item() == 1.25


def test_a_batch_under_transformations() -> None:
    x, module = torch.randn(2, 3, 4), rt.BatchTopK(2)
    for transformed in (
        lambda: torch.func.vmap(module)(x),
        lambda: torch.func.grad(lambda y: module(y).sum())(x),
    ):
        with pytest.raises(InvalidInputError, match=r"moves its threshold.*call \.eval\(\) first"):
            transformed()

    def total(buffers: dict[str, torch.Tensor], y: torch.Tensor) -> torch.Tensor:
        return torch.func.functional_call(module, buffers, (y,)).sum()

    buffers = {name: each.clone() for name, each in module.named_buffers()}
    kept = torch.func.grad(total, argnums=1)(buffers, x)
    assert kept.sum() == 2 * 6
    module.eval()
    assert torch.equal(torch.func.vmap(module)(x), module(x))
