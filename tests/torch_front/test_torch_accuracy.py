"""Where torch is right and where it is not, and long tensors.

What is asked of every front end is in tests/conformance.
"""

from __future__ import annotations

import math

import pytest
import torch
from torch import Tensor

import rectifier.torch as rt
from rectifier import catalog

NAMES = catalog.names()


def slope(f, x: Tensor) -> Tensor:
    x = x.clone().requires_grad_()
    y = f(x)
    (grad,) = torch.autograd.grad(y, x, torch.ones_like(y))
    return grad


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
