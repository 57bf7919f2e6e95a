"""Fused gated units against the composed ones in fp64: values, both gradients, bytes kept."""

from __future__ import annotations

import os

import pytest
import torch
from torch import Tensor
from torch.autograd.graph import saved_tensors_hooks

import rectifier.torch as rt
from rectifier import catalog
from rectifier.errors import InvalidInputError
from rectifier.kernels import gated, native

pytestmark = pytest.mark.skipif(not native.available(), reason=native.why_not() or "built")

ULP = torch.finfo(torch.float32).eps
"""Two roundings of the result are allowed: of the arithmetic in fp64, and to fp32."""
VALUE = 3 * ULP
"""The bar of a value, 2 ulp, and the rounding of the product with x. Most blocks are computed in
float; the ranges where that keeps the bars are measured on every float near them."""
SLOPE = 6 * ULP
"""The bar of a derivative, 4 ulp, and the roundings of the products with x and the gradient."""
CROSSING = {VALUE: 0.0, SLOPE: 5e-8}
"""Of the largest result: beside a zero of a gate's derivative, 4 ulp are those of the derivative a
quarter to either side."""
SMALLEST = 3e-45
"""Two units of what is below the normal numbers."""


def numbers(*shape: int) -> Tensor:
    generator = torch.Generator().manual_seed(len(shape))
    return torch.randn(*shape, generator=generator) * 4


@pytest.mark.parametrize("name", catalog.gated_names())
def test_it_is_the_composed_unit(name: str) -> None:
    unit = rt.gated(name)
    for shape, dim, gate in (
        ((3, 5, 14), -1, "last"),
        ((3, 5, 14), 2, "first"),
        ((4, 6, 3, 2), 1, "last"),
        ((2050,), 0, "first"),
        ((3, 40_000), -1, "last"),
    ):
        x = numbers(*shape).requires_grad_()
        exact = x.detach().double().requires_grad_()
        y, expected = unit(x, dim=dim, gate=gate), unit(exact, dim=dim, gate=gate)
        assert y.grad_fn is not None
        assert y.grad_fn.name() == "FusedBackward"
        assert y.shape == expected.shape
        grad = torch.randn(y.shape, generator=torch.Generator().manual_seed(0))
        y.backward(grad)
        expected.backward(grad.double())
        pairs = ((VALUE, y.detach(), expected.detach()), (SLOPE, x.grad, exact.grad))
        for ulp, found, wanted in pairs:
            assert found is not None
            assert wanted is not None
            bound = ulp * wanted.abs() + CROSSING[ulp] * wanted.abs().max() + SMALLEST
            assert ((found - wanted).abs() <= bound).all()


@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float16])
@pytest.mark.parametrize("name", catalog.gated_names())
def test_half_precision_is_rounded_once(name: str, dtype: torch.dtype) -> None:
    unit = rt.gated(name)
    x = numbers(3, 2, 5000).to(dtype).requires_grad_()
    exact = x.detach().double().requires_grad_()
    y, expected = unit(x), unit(exact)
    assert y.dtype == dtype
    assert y.grad_fn is not None
    assert y.grad_fn.name() == "FusedBackward"
    grad = torch.randn(y.shape, generator=torch.Generator().manual_seed(0)).to(dtype)
    y.backward(grad)
    expected.backward(grad.double())
    kind = torch.finfo(dtype)
    for ulp, found, wanted in ((0.0, y.detach(), expected.detach()), (SLOPE, x.grad, exact.grad)):
        assert found is not None
        assert wanted is not None
        crossing = CROSSING[SLOPE] * wanted.abs().max() if ulp else 0.0
        # Half a unit, and of that the hundredth for the arithmetic in float.
        bound = 0.505 * kind.eps * wanted.abs() + 0.505 * kind.smallest_normal * kind.eps + crossing
        assert ((found - wanted).abs() <= bound).all()


def test_products_that_leave_the_normal_numbers() -> None:
    # In whichever order three factors are multiplied, one of these rows would under- or overflow.
    gate = torch.tensor([1.0, -11.0, 11.0, -40.0, 0.0, 60.0, torch.nan])
    for size, by in ((1e-30, 1e-12), (1e-30, 1e12), (3e38, 100.0), (3e38, 1e-30), (1e-45, 3e38)):
        for name in ("glu", "geglu", "swiglu"):
            line = torch.full_like(gate, size)
            x = torch.cat([line, gate]).requires_grad_()
            exact = x.detach().double().requires_grad_()
            y, expected = rt.gated(name)(x), rt.gated(name)(exact)
            y.backward(torch.full_like(y, by))
            expected.backward(torch.full_like(expected, by))
            pairs = ((VALUE, y.detach(), expected.detach()), (SLOPE, x.grad, exact.grad))
            for ulp, found, wanted in pairs:
                assert found is not None
                assert wanted is not None
                near = torch.isclose(
                    found.double(), wanted.float().double(), ulp, SMALLEST, equal_nan=True
                )
                assert near.all(), (name, size, by, found, wanted)


@pytest.mark.parametrize("name", ["reglu", "geglu", "geglu_tanh", "swiglu"])
def test_eight_bytes_are_kept_for_each_result(name: str) -> None:
    x = numbers(16, 512).requires_grad_()
    seen: dict[int, int] = {}

    def pack(tensor: Tensor) -> Tensor:
        seen[tensor.untyped_storage().data_ptr()] = tensor.untyped_storage().nbytes()
        return tensor

    with saved_tensors_hooks(pack, lambda tensor: tensor):
        y = rt.gated(name)(x)
    assert sum(seen.values()) == 8 * y.numel()


def test_parameters_nan_and_strided_input() -> None:
    swiglu = rt.gated("swiglu")
    x = numbers(4, 10)
    double = swiglu(x.double(), beta=1.5)
    assert torch.allclose(swiglu(x, beta=1.5).double(), double, rtol=ULP, atol=0)
    assert torch.allclose(swiglu(x.t().contiguous().t()), swiglu(x), rtol=VALUE, atol=0)
    assert swiglu(x[:0]).shape == (0, 5)
    assert swiglu(numbers(3, 0)).shape == (3, 0)
    for place in (2, 7):  # in the linear half, in the gate
        bad = x.clone()
        bad[1, place] = torch.nan
        bad.requires_grad_()
        y = swiglu(bad)
        assert y[1, 2].isnan()
        assert y.isnan().sum() == 1
        y.sum().backward()
        assert bad.grad is not None
        assert bad.grad[1, [2, 7]].isnan().any()


@pytest.mark.skipif(
    not os.environ.get("RECTIFIER_TEST_HUGE"), reason="takes 6.5 GB; set RECTIFIER_TEST_HUGE=1"
)
def test_more_elements_than_an_int32_counts() -> None:
    half = 2**30 + 4099
    x = torch.zeros(2 * half, dtype=torch.bfloat16)
    x[[0, half - 1]] = torch.tensor([2.0, 3.0], dtype=torch.bfloat16)
    x[[half, 2 * half - 1]] = torch.tensor([4.0, 5.0], dtype=torch.bfloat16)  # beyond 2**31
    y = rt.gated("reglu")(x)
    assert y[[0, half - 1]].tolist() == [8.0, 15.0]
    assert y.count_nonzero() == 2


def test_gradients_of_gradients_and_transforms() -> None:
    x = numbers(2, 6).requires_grad_()
    exact = x.detach().double().requires_grad_()
    results = []
    for each in (x, exact):
        (first,) = torch.autograd.grad(rt.gated("geglu")(each).sum(), each, create_graph=True)
        (second,) = torch.autograd.grad(first.square().sum(), each)
        results.append(second.double())
    assert torch.allclose(results[0], results[1], rtol=1e-5, atol=1e-6)
    batched = torch.func.vmap(rt.gated("swiglu"))(x.detach())
    assert torch.allclose(batched, rt.gated("swiglu")(x.detach()), rtol=1e-6)


def test_buffers_are_checked() -> None:
    unit, x = catalog.gated("swiglu"), numbers(2, 8)
    out = torch.empty(2, 4)
    for wrong in (
        {"half": 3},
        {"half": 4, "parameters": ()},
        {"half": 4, "out": torch.empty(2, 8)},
        {"half": 4, "source": x.double()},
        {"half": 4, "source": x.bfloat16()},
        {"half": 4, "source": x.t()},
        {"half": 4, "grad": torch.empty(2, 3)},
    ):
        given = {"source": x, "out": out, "parameters": (1.0,), "threads": 1, **wrong}
        source, target = given.pop("source"), given.pop("out")
        with pytest.raises(InvalidInputError):
            gated.run(unit, source, target, **given)
