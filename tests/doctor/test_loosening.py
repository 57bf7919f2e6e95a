"""A bound of the gradients' norm that cuts every one of them, raised to their size."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from at_work import under
from doctor_records import record, site, training
from torch import Tensor, nn
from torch.nn.utils import clip_grad, clip_grad_norm_

from rectifier.doctor import in_turn
from rectifier.doctor.finding import Finding, Remedy
from rectifier.doctor.remedies import names

X = torch.randn(64, 6, generator=torch.Generator().manual_seed(0))
Y = X[:, :1] * X[:, 1:2]


def train(bound: float, scale: float = 1.0) -> Tensor:
    torch.manual_seed(0)
    model = nn.Sequential(nn.Linear(6, 16), nn.Tanh(), nn.Linear(16, 1))
    optimizer = torch.optim.SGD(model.parameters(), lr=0.05)
    for _ in range(50):
        loss = (model(X) - Y).square().mean()
        optimizer.zero_grad()
        (loss * scale).backward()
        clip_grad_norm_(model.parameters(), bound)
        for p in model.parameters():
            p.grad /= scale
        optimizer.step()
    return loss.detach()


@pytest.mark.parametrize(("bound", "scale"), [(1e-4, 1.0), (1.0, 65536.0)])
def test_steps_are_those_without_the_bound(bound: float, scale: float) -> None:
    plain = clip_grad._clip_grads_with_norm_
    got, log = under("clip_gradients", lambda: train(bound, scale), loosen=True)
    free = train(1e9)
    torch.testing.assert_close(got, free, rtol=0.05, atol=0.0)
    assert train(bound, scale) > 1.2 * free
    assert len(log) == 1
    assert log[0].startswith(f"bound of the gradients' norm: {bound:g} →")
    assert clip_grad._clip_grads_with_norm_ is plain


def test_a_bound_for_the_rare_gradient_stays() -> None:
    want = train(0.2)
    got, log = under("clip_gradients", lambda: train(0.2), loosen=True)
    assert got == want
    assert log == []


def test_it_comes_first_where_small_steps_have_gradients_of_one_length() -> None:
    def first(norms: np.ndarray, rule: str = "learning_rate_too_low") -> dict[str, object]:
        raised = Remedy("raise_learning_rate", "", {"from": 1.0, "to": 10.0})
        found = [Finding(rule, "error", "It is so.", remedies=(raised,))]
        known = record(site("fc1"), trained=training(loss=2.3, gradient_norm=norms))
        return dict(in_turn.treatments(found, names(), known)[0][0].settings)

    noise = np.random.default_rng(0).uniform(0.9, 1.1, 300)
    assert first(np.full(300, 1e-4)) == {"loosen": True}
    assert "loosen" not in first(1e-4 * noise)
    assert "loosen" not in first(np.full(300, 1e-4), "dying_relu")


def test_a_bound_of_about_one_is_one() -> None:
    def bound(value: float) -> object:
        clip = Remedy("clip_gradients", "", {"max_norm": value})
        found = [Finding("exploding_gradient", "error", "It is so.", remedies=(clip,))]
        known = record(site("fc1"), trained=training(loss=2.3))
        return in_turn.treatments(found, names(), known)[0][0].settings["max_norm"]

    assert (bound(0.8), bound(0.1), bound(40.0)) == (1.0, 0.1, 40.0)
