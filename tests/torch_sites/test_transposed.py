"""A product with the transpose of a bare matrix is a layer: ``x @ w.T`` is what linear computes."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import torch
from torch import Tensor, nn

import rectifier.torch as rt


class Bare(nn.Module):
    def __init__(self, product: Callable[[Tensor, Tensor], Tensor]) -> None:
        super().__init__()
        torch.manual_seed(0)
        self.weight = nn.Parameter(torch.randn(8, 4))
        self.out = nn.Linear(8, 2)
        self.product = product

    def forward(self, x: Tensor) -> Tensor:
        return self.out(self.product(x, self.weight).clamp(min=0))


@pytest.mark.parametrize(
    "product", [lambda x, w: x @ w.t(), lambda x, w: torch.mm(x, w.T), lambda x, w: x.matmul(w.mT)]
)
def test_it_is_a_layer_with_units_in_rows(product: Callable[[Tensor, Tensor], Tensor]) -> None:
    model = Bare(product)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    with rt.watch(model, optimizer) as session:
        for _ in range(3):
            optimizer.zero_grad()
            model(torch.randn(5, 4)).square().mean().backward()
            optimizer.step()
    (site,) = session.record.sites
    assert (site.function, site.layer, site.units, site.fan_in) == ("relu", "weight", 8, 4)


def test_a_transpose_of_what_is_not_trained_is_none() -> None:
    model = Bare(lambda x, w: x @ w.detach().t())
    with rt.watch(model) as session:
        model(torch.randn(5, 4)).square().mean().backward()
    assert [layer.layer for layer in session.record.layers] in ([], ["out"])
    assert session.record.sites == ()
