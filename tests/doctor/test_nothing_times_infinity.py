"""Masks that multiply by infinity, under ``stabilize_loss``: nothing stays nothing."""

from __future__ import annotations

import math

import pytest
import torch

from rectifier.doctor.finding import Remedy
from rectifier.doctor.remedies import build
from rectifier.torch.sites import Interception


def guarded(call):
    action = build(Remedy("stabilize_loss", ""))
    with Interception([action]):
        return call()


@pytest.mark.parametrize(
    "call",
    [
        lambda m: m * -math.inf,
        lambda m: -math.inf * m,
        lambda m: torch.mul(m, -math.inf),
        lambda m: m * torch.tensor(-math.inf),
        lambda m: m.clone().mul_(-math.inf),
    ],
)
def test_a_mask_that_is_multiplied_by_infinity(call) -> None:
    mask = torch.eye(3)
    wanted = torch.where(mask == 1, -math.inf, 0.0)
    assert bool(call(mask).isnan().any())
    assert torch.equal(guarded(lambda: call(mask)), wanted)


def test_the_gradient_of_what_is_masked_is_that_of_the_rest() -> None:
    logits = torch.randn(3, 3, requires_grad=True)
    loss = guarded(lambda: (logits - torch.eye(3) * math.inf).logsumexp(1).sum())
    loss.backward()
    assert loss.isfinite()
    assert torch.equal(logits.grad.diagonal(), torch.zeros(3))
    assert bool(logits.grad.isfinite().all())


@pytest.mark.parametrize("factor", [2.0, math.nan, 0.0])
def test_other_products_are_as_before(factor) -> None:
    x = torch.tensor([0.0, -0.0, 1.0, math.inf])
    torch.testing.assert_close(
        guarded(lambda: x * factor), x * factor, rtol=0, atol=0, equal_nan=True
    )


def test_an_infinite_number_times_what_is_nowhere_nothing() -> None:
    x = torch.tensor([1.0, -2.0])
    assert torch.equal(guarded(lambda: x * math.inf), x * math.inf)
