"""Gated units and row-wise functions on tensors: as NumPy, as torch, and with true gradients."""

from __future__ import annotations

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from torch.autograd import forward_ad

import rectifier.numpy as rn
import rectifier.torch as rt
from rectifier import catalog
from rectifier.errors import InvalidActivationError, InvalidInputError, UnknownNameError

# torch's own forward mode does what torch itself deprecates.
pytestmark = pytest.mark.filterwarnings("ignore:`torch.jit.script` is deprecated")


def halves(*shape: int) -> torch.Tensor:
    generator = torch.Generator().manual_seed(2)
    return torch.randn(*shape, generator=generator, dtype=torch.float64)


@pytest.mark.parametrize("gate", ["last", "first", "odd", "even"])
@pytest.mark.parametrize("name", catalog.gated_names())
def test_gated_as_in_numpy(name: str, gate: str) -> None:
    x = halves(3, 6, 4)
    for dim in (1, -1, -2):
        want = rn.gated(name)(x.numpy(), axis=dim, gate=gate)
        np.testing.assert_allclose(rt.gated(name)(x, dim, gate).numpy(), want, rtol=1e-13)
    flat = halves(8)
    want = rn.gated(name)(flat.numpy(), gate=gate)
    np.testing.assert_allclose(rt.gated(name)(flat, gate=gate).numpy(), want, rtol=1e-13)


@pytest.mark.parametrize("name", catalog.gated_names())
def test_gated_gradients(name: str) -> None:
    f, x = rt.gated(name), halves(3, 4).requires_grad_()
    assert torch.autograd.gradcheck(f, (x,), check_forward_ad=True)
    assert torch.autograd.gradgradcheck(f, (x,))
    (grad,) = torch.autograd.grad(f(x).sum(), x)
    want = rn.gated(name).derivative(x.detach().numpy())
    np.testing.assert_allclose(grad.numpy(), want, rtol=1e-12)
    for dtype in (torch.float16, torch.bfloat16):
        low = x.detach().to(dtype)
        assert torch.equal(f(low), f(low.double()).to(dtype))
    single = x.detach().float()  # computed in float: the bar of the activation and of the product
    torch.testing.assert_close(f(single), f(single.double()).float(), rtol=3 * 2**-23, atol=0)


def test_glu_is_torchs() -> None:
    x = halves(5, 8)
    torch.testing.assert_close(rt.gated("glu")(x), F.glu(x))
    torch.testing.assert_close(rt.gated("swiglu")(x, gate="first"), F.silu(x[:, :4]) * x[:, 4:])
    torch.testing.assert_close(rt.gated("geglu")(x, dim=1), x[:, :4] * F.gelu(x[:, 4:]))


def test_only_views_of_the_input_are_kept_for_backward() -> None:
    x = torch.randn(4, 8, requires_grad=True)
    kept: set[int] = set()
    with torch.autograd.graph.saved_tensors_hooks(
        lambda t: kept.add(t.untyped_storage().data_ptr()) or t, lambda t: t
    ):
        rt.gated("swiglu")(x)
    assert kept == {x.untyped_storage().data_ptr()}


OPTIONS = {"topk": {"k": 2}, "batch_topk": {"k": 2}}


@pytest.mark.parametrize("name", catalog.rowwise_names())
def test_row_wise_as_in_numpy(name: str) -> None:
    x, given = 2 * halves(5, 4, 6), OPTIONS.get(name, {})
    for dim in (-1, 1):
        want = rn.rowwise(name)(x.numpy(), axis=dim, **given)
        got = rt.rowwise(name)(x, dim, **given)
        np.testing.assert_allclose(got.numpy(), want, rtol=1e-13, atol=1e-15)
    for dtype in (torch.float16, torch.bfloat16):
        low = x.to(dtype)
        got = rt.rowwise(name)(low, **given)
        assert got.dtype == dtype
        torch.testing.assert_close(got, rt.rowwise(name)(low.float(), **given).to(dtype))


@pytest.mark.parametrize("name", catalog.rowwise_names())
def test_row_wise_gradients(name: str) -> None:
    f = rt.rowwise(name)
    x, given = halves(4, 6).requires_grad_(), OPTIONS.get(name, {})
    assert torch.autograd.gradcheck(lambda t: f(t, **given), (x,))
    assert torch.autograd.gradgradcheck(lambda t: f(t, **given), (x,))


@pytest.mark.parametrize("name", [*catalog.gated_names(), *catalog.rowwise_names()])
def test_transforms_and_forward_mode(name: str) -> None:
    """What torch.func and dual numbers make of a unit is what plain backward makes of it."""
    x, way = halves(3, 4), halves(4, 3).T
    given = OPTIONS.get(name, {})
    kind = rt.gated if name in catalog.gated_names() else rt.rowwise

    def f(t: torch.Tensor) -> torch.Tensor:
        return kind(name)(t, **given)

    def total(t: torch.Tensor) -> torch.Tensor:
        return f(t).square().sum()

    rows = torch.stack([f(row) for row in x])
    torch.testing.assert_close(torch.func.vmap(f)(x), rows)
    torch.testing.assert_close(torch.func.vmap(f, 1, 1)(x.T.contiguous()), rows.T)
    leaf = x.clone().requires_grad_()
    (grad,) = torch.autograd.grad(total(leaf), leaf)
    torch.testing.assert_close(torch.func.grad(total)(x), grad)
    each = torch.stack([torch.func.grad(total)(row) for row in x])
    torch.testing.assert_close(torch.func.vmap(torch.func.grad(total))(x), each)
    jacobian = torch.autograd.functional.jacobian(f, x)
    moved = torch.einsum("...ij,ij->...", jacobian, way)
    torch.testing.assert_close(torch.func.jvp(f, (x,), (way,)), (f(x), moved))
    with forward_ad.dual_level():
        dual = forward_ad.unpack_dual(f(forward_ad.make_dual(x, way)))
        torch.testing.assert_close(dual.tangent, moved)
    curved = torch.autograd.functional.hessian(total, x)
    torch.testing.assert_close(torch.func.hessian(total)(x), curved)


def test_sparse_ones_at_their_edges() -> None:
    for name in ("sparsemax", "entmax15"):
        f = rt.rowwise(name)
        x = torch.tensor([[5.0, 0.0, 0.0], [1.0, 1.0, 1.0]], requires_grad=True)
        y = f(x)
        assert torch.equal(y[0], torch.tensor([1.0, 0.0, 0.0]))
        torch.testing.assert_close(y[1], torch.full((3,), 1 / 3))
        (grad,) = torch.autograd.grad(y.square().sum(), x)
        assert grad.isfinite().all()
        assert f(torch.tensor([1.0, float("nan")])).isnan().all()


def test_wrong_use() -> None:
    for make in (rt.gated("glu"), rt.rowwise("softmax")):
        torch.testing.assert_close(make(torch.arange(4)), make(torch.arange(4.0)))
        with pytest.raises(InvalidInputError, match=r"real numbers, got torch\.complex64"):
            make(torch.ones(4, dtype=torch.complex64))
        with pytest.raises(InvalidInputError, match=r"torch\.Tensor, got list"):
            make([1.0, 2.0])
        with pytest.raises(InvalidInputError, match="no dim 3"):
            make(torch.ones(4), dim=3)
    assert rt.rowwise("maxout")(torch.zeros(0, 8)).shape == (0, 4)
    assert rn.rowwise("maxout")(np.zeros((0, 8))).shape == (0, 4)
    with pytest.raises(InvalidInputError, match="even number"):
        rt.gated("glu")(torch.ones(3))
    with pytest.raises(UnknownNameError, match="did you mean 'last'"):
        rt.gated("glu")(torch.ones(4), gate="lats")
    with pytest.raises(UnknownNameError, match="sparsemax"):
        rt.rowwise("sparsmax")


@pytest.mark.parametrize("dim", ["a", None, 1.0, True])
def test_a_dim_that_is_no_whole_number(dim: object) -> None:
    for call in (rt.rowwise("softmax"), rt.rowwise("crelu"), rt.gated("glu")):
        with pytest.raises(InvalidActivationError, match="dim must be a whole number"):
            call(halves(3, 4), dim=dim)


def test_a_dim_of_numpys_integers() -> None:
    f = rt.rowwise("softmax")
    assert torch.equal(f(halves(3, 4), np.int64(0)), f(halves(3, 4), 0))
