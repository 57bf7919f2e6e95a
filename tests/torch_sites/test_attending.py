"""The scores that attention's softmax is given, as autograd's graph tells them."""

from __future__ import annotations

import math

import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from rectifier.torch import wiring

LAYER = nn.Linear(32, 96)


def attend(scale: float, places: int = 16, *, causal: bool = False, heads: int = 4) -> Tensor:
    x = torch.randn(2, places, 32, generator=torch.Generator().manual_seed(0))
    q, k, v = (
        part.view(2, places, heads, -1).transpose(1, 2) for part in LAYER(x).split(32, dim=2)
    )
    scores = scale * (q @ k.transpose(-2, -1))
    if causal:
        scores = scores.masked_fill(torch.ones(places, places).tril() == 0, -math.inf)
    return F.dropout(scores.softmax(-1), 0.1) @ v


def spreads(result: Tensor) -> list[tuple[float, int]]:
    found = wiring.read(result.square().mean())
    assert found is not None
    assert all(seen.weights == (LAYER.weight,) for seen in found.attentions)
    return [(seen.facts["spread"], seen.facts["width"]) for seen in found.attentions]


@pytest.mark.parametrize("causal", [False, True])
def test_the_spread_is_that_of_the_scores_that_are_not_masked(causal: bool) -> None:
    ((small, width),) = spreads(attend(1.0, causal=causal))
    ((large, _),) = spreads(attend(5.0, causal=causal))
    assert width == 16
    assert large == pytest.approx(5 * small, rel=1e-3)
    assert 0.3 < small < 3.0


def test_what_is_no_attention() -> None:
    x = torch.randn(8, 32)
    assert spreads(attend(1.0, places=6)) == []  # a choice among few
    assert spreads(F.softmax(LAYER(x), -1)) == []  # nothing is weighed
    assert spreads(F.softmax(LAYER(x), -1) @ nn.Parameter(torch.randn(96, 3))) == []  # a layer's
    given = torch.randn(2, 16, 3)
    assert spreads(F.softmax(LAYER(torch.randn(2, 16, 32)), 1).transpose(1, 2) @ given) == []


def test_values_may_be_data() -> None:
    weights = F.softmax(LAYER(torch.randn(2, 16, 32)), -1)
    assert len(spreads(weights @ torch.randn(2, 96, 3))) == 1


def test_what_is_known_is_not_looked_at_again() -> None:
    found = wiring.read(attend(1.0).square().mean(), {id(LAYER.weight)})
    assert found is not None
    assert found.attentions == []
