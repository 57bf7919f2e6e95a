"""Trainings by ``torch.func``: gradients as torch gives them, and steps that are seen."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from torch import Tensor, nn

from rectifier.torch.sites import Interception, Observer

X = torch.randn(32, 4, generator=torch.Generator().manual_seed(1))
W = torch.randn(4, 3, generator=torch.Generator().manual_seed(2))
B = torch.randn(3, generator=torch.Generator().manual_seed(3))


class Seen(Observer):
    """Counts steps and keeps the losses."""

    def __init__(self) -> None:
        self.steps = 0
        self.losses: list[float] = []
        self.layers: set[Any] = set()

    def on_backward(self, loss: Tensor) -> None:
        self.losses.append(float(loss.detach()))

    def on_layer(self, layer: Any, output: Any) -> None:
        self.layers.add(layer)

    def after_step(self, optimizer: Any, step: int) -> None:
        self.steps += 1


def loss_of(w: Tensor, b: Tensor) -> Tensor:
    return torch.relu(X @ w + b).square().mean()


def with_more(p: dict[str, Tensor], scale: float) -> tuple[Tensor, dict[str, Tensor]]:
    hidden = torch.relu(X @ p["w"] + p["b"])
    return scale * hidden.square().mean(), {"hidden": hidden}


def inner(w: Tensor) -> Tensor:
    slope = torch.func.grad(lambda x: (x @ w).tanh().sum())(X)
    return slope.square().mean()


CASES = {
    "one": lambda f: f.grad(loss_of)(W, B),
    "another": lambda f: f.grad(loss_of, argnums=1)(W, B),
    "last": lambda f: f.grad(loss_of, argnums=-1)(W, B),
    "both": lambda f: f.grad_and_value(loss_of, argnums=(0, 1))(W, B),
    "tree": lambda f: f.grad(with_more, has_aux=True)({"w": W, "b": B}, 2.0),
    "all": lambda f: f.grad_and_value(with_more, has_aux=True)({"w": W, "b": B}, scale=2.0),
    "unused": lambda f: f.grad(lambda w, b: w.sum(), argnums=(0, 1))(W, B),
    "nested": lambda f: f.grad(inner)(W),
    "mapped": lambda f: torch.vmap(f.grad(lambda w, x: (x @ w).tanh().sum()), (None, 0))(W, X),
    "no gradients": lambda f: torch.no_grad()(f.grad(loss_of))(W, B),
}


@pytest.mark.parametrize("case", CASES)
def test_what_is_returned_is_torchs(case: str) -> None:
    want = CASES[case](torch.func)
    with Interception([seen := Seen()]) as interception:
        got = CASES[case](torch.func)
    assert (interception.notes == []) == (case not in ("nested", "mapped"))  # transforms within
    torch.testing.assert_close(got, want, rtol=0, atol=0)
    leaves = torch.utils._pytree.tree_leaves(got)
    assert all(not t.requires_grad and t.grad_fn is None for t in leaves)
    assert seen.steps == (0 if case == "mapped" else 1)


def test_a_derivative_by_data_goes_on_to_the_weights() -> None:
    """As in a network of physics: the loss holds a gradient by the input."""

    def gradient() -> Tensor:
        w = W.clone().requires_grad_()
        slope, value = torch.func.grad_and_value(lambda x: (x @ w).tanh().sum())(X)
        (slope.square().mean() + value).backward()
        assert w.grad is not None
        return w.grad

    want = gradient()
    with Interception([Seen()]):
        got = gradient()
    torch.testing.assert_close(got, want)


def test_steps_are_seen_and_a_layer_stays_the_same() -> None:
    net = nn.Sequential(nn.Linear(4, 8), nn.ReLU(), nn.Linear(8, 1))

    def train() -> list[float]:
        params = {k: v.detach().clone() for k, v in net.named_parameters()}
        losses = []
        for _ in range(5):

            def error(p: dict[str, Tensor]) -> Tensor:
                return torch.func.functional_call(net, p, (X,)).square().mean()

            gradients, loss = torch.func.grad_and_value(error)(params)
            params = {k: p - 0.1 * gradients[k] for k, p in params.items()}
            losses.append(loss.item())
        return losses

    want = train()
    with Interception([seen := Seen()]) as interception:
        assert train() == want
    assert interception.notes == []
    assert seen.steps == 5
    assert seen.losses == want
    assert {layer.name for layer in seen.layers} == {"0", "2"}


def test_bare_parameters_are_one_layer_however_often_they_are_made_anew() -> None:
    with Interception([seen := Seen()]):
        w, b = W, B
        for _ in range(4):
            to_w, to_b = torch.func.grad(loss_of, argnums=(0, 1))(w, b)
            w, b = w - 0.1 * to_w, b - 0.1 * to_b
    assert seen.steps == 4
    assert len(seen.layers) == 1


def test_nothing_is_left_behind() -> None:
    before = torch.func.grad, torch.func.grad_and_value
    with Interception([Seen()]):
        assert torch.func.grad is not before[0]
        kept = torch.func.grad(loss_of)
    assert (torch.func.grad, torch.func.grad_and_value) == before
    torch.testing.assert_close(kept(W, B), torch.func.grad(loss_of)(W, B))
