"""Exponentials that overflow, and what is made of them."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import torch
import torch.nn.functional as F
from at_work import under
from torch import Tensor

LARGE = 300.0 * torch.randn(6, 6, generator=torch.Generator().manual_seed(3))
HERE = torch.arange(6)
KEEP = (~torch.eye(6, dtype=torch.bool)).float()


def by_hand(x: Tensor) -> Tensor:
    e = torch.exp(x)
    return -torch.log(e.diagonal() / e.sum(1)).mean()


def indexed(x: Tensor) -> Tensor:
    e = x.exp()
    return -(e[HERE, HERE] / e.sum(dim=1, keepdim=True).squeeze(1)).log().mean()


def in_place(x: Tensor) -> Tensor:
    e = x.exp()
    p = e / e.sum(1, keepdim=True)
    return F.nll_loss(torch.log(p), HERE)


def parts(x: Tensor) -> Tensor:
    e = torch.exp(x)
    positive = torch.diag(e)
    return -torch.log(positive / (positive + (e * KEEP).sum(1))).mean()


def lessened(x: Tensor) -> Tensor:
    e = torch.exp(x)
    rest = e.sum(1) - torch.diag(e)
    return (torch.log(rest) - torch.logsumexp(x.masked_fill(KEEP == 0, -torch.inf), 1)).abs().mean()


@pytest.mark.parametrize("loss_of", [by_hand, indexed, in_place, parts])
def test_a_softmax_by_hand_is_what_logsumexp_gives(loss_of: Callable[[Tensor], Tensor]) -> None:
    x, y = LARGE.clone().requires_grad_(), LARGE.clone().requires_grad_()
    assert not torch.isfinite(loss_of(x))
    loss, log = under("stabilize_loss", lambda: loss_of(x))
    loss.backward()
    F.cross_entropy(y, HERE).backward()
    assert loss.item() == pytest.approx(F.cross_entropy(LARGE, HERE).item(), rel=1e-5)
    torch.testing.assert_close(x.grad, y.grad, rtol=1e-4, atol=1e-6)
    assert any("logsumexp" in line for line in log)


def test_a_difference_of_sums_is_known() -> None:
    """Where the diagonal does not hold nearly all of its row: there nothing is left to tell."""
    x = LARGE / 3
    x = x - torch.diag(torch.diag(x)) + 30.0 * torch.eye(6)
    loss, _ = under("stabilize_loss", lambda: lessened(x))
    assert loss.item() < 1e-3


def test_what_does_not_overflow_is_computed_as_ever() -> None:
    x = LARGE / 300
    loss, log = under("stabilize_loss", lambda: by_hand(x))
    assert torch.equal(loss, by_hand(x))
    assert log == []
