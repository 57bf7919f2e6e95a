"""Thresholds keep their values and let the gradient pass; what has a gradient stays as it is."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import torch
from torch import Tensor

from rectifier.doctor import remedies
from rectifier.doctor.finding import Remedy
from rectifier.torch.sites import Interception

POINTS = [-2.0, -0.3, 0.4, 1.6]
THRESHOLDS: list[tuple[Callable[[Tensor], Tensor], list[float]]] = [
    (torch.round, [1.0, 1.0, 1.0, 1.0]),
    (torch.floor, [1.0, 1.0, 1.0, 1.0]),
    (lambda x: x.sign(), [0.0, 1.0, 1.0, 0.0]),
    (lambda x: (x > 0).float(), [0.0, 0.5, 0.5, 0.0]),
    (lambda x: (x >= 0).to(torch.float32), [0.0, 0.5, 0.5, 0.0]),
    (lambda x: (x < 0).type(torch.float32), [0.0, -0.5, -0.5, 0.0]),
    (lambda x: torch.where(x > 0, 1.0, -1.0), [0.0, 1.0, 1.0, 0.0]),
]
SMOOTH: list[Callable[[Tensor], Tensor]] = [
    lambda x: torch.where(x > 0, x, torch.zeros_like(x)),
    lambda x: x * (x > 0),
    lambda x: x.masked_fill(x < 0, 0.0),
]


def run(function: Callable[[Tensor], Tensor], *, straight: bool) -> tuple[list[float], list[float]]:
    x = torch.tensor(POINTS, requires_grad=True)
    settings = {"from": "threshold", "to": "straight_through"}
    built = [remedies.build(Remedy("swap_activation", "", settings))] if straight else []
    with Interception(built):
        y = function(x * 1.0)
    if y.requires_grad:
        y.sum().backward()
    return y.detach().tolist(), [0.0] * 4 if x.grad is None else x.grad.tolist()


@pytest.mark.parametrize(("function", "gradient"), THRESHOLDS)
def test_values_stay_and_gradients_pass(
    function: Callable[[Tensor], Tensor], gradient: list[float]
) -> None:
    values, nothing = run(function, straight=False)
    assert nothing == [0.0] * 4
    assert run(function, straight=True) == (values, gradient)


@pytest.mark.parametrize("function", SMOOTH)
def test_what_has_a_gradient_is_left_alone(function: Callable[[Tensor], Tensor]) -> None:
    assert run(function, straight=True) == run(function, straight=False)
