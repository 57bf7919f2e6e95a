"""How far updates by hand move the weights: as far as an optimiser's do."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import Tensor

from rectifier.torch.sites import Interception
from rectifier.watch.options import WatchOptions
from rectifier.watch.record import Record
from rectifier.watch.watcher import Watcher

X = torch.randn(64, 5, generator=torch.Generator().manual_seed(1))
Y = torch.tanh(X[:, :1] * X[:, 1:2])
RATE, STEPS = 0.05, 8


def tensors() -> list[Tensor]:
    g = torch.Generator().manual_seed(2)
    return [torch.randn(s, generator=g).requires_grad_() for s in ((5, 8), (8, 1))]


def loss_of(p: list[Tensor]) -> Tensor:
    return (torch.relu(X @ p[0]) @ p[1] - Y).square().mean()


def by_optimizer() -> None:
    p = tensors()
    optimizer = torch.optim.SGD(p, lr=RATE)
    for _ in range(STEPS):
        optimizer.zero_grad()
        loss_of(p).backward()
        optimizer.step()


def in_place() -> None:
    p = tensors()
    for _ in range(STEPS):
        gradients = torch.autograd.grad(loss_of(p), p)
        with torch.no_grad():
            for t, g in zip(p, gradients, strict=True):
                t -= RATE * g


def through_data() -> None:
    p = tensors()
    for _ in range(STEPS):
        for t in p:
            t.grad = None
        loss_of(p).backward()
        for t in p:
            assert t.grad is not None
            t.data = t.data - RATE * t.grad


def functional() -> None:
    p = [t.detach() for t in tensors()]
    for _ in range(STEPS):
        p = [t - RATE * g for t, g in zip(p, torch.func.grad(loss_of)(p), strict=True)]


def watched(program) -> Record:
    watcher = Watcher(WatchOptions(every=1))
    with Interception([watcher]) as interception:
        program()
    assert interception.notes == []
    return watcher.record()


@pytest.mark.parametrize("program", [in_place, through_data, functional])
def test_update_ratios_are_those_of_the_same_steps_by_an_optimiser(program) -> None:
    want, got = (watched(each).training for each in (by_optimizer, program))
    np.testing.assert_array_equal(got.step, want.step)
    np.testing.assert_allclose(got.loss, want.loss, rtol=1e-5)
    assert (want.update_ratio > 0).all()
    # nobody can tell whether another update follows the last gradients
    np.testing.assert_allclose(got.update_ratio[:-1], want.update_ratio[:-1], rtol=1e-4)
