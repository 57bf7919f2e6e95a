"""``.data`` and ``detach()`` in a forward pass: what its loss needs, and what is carried on."""

from __future__ import annotations

import pytest
import torch
from at_work import under
from torch import Tensor, nn

X = torch.randn(5, 16, 7, 3, generator=torch.Generator().manual_seed(1))
Y = X.sum((2, 3))[..., None]


class Carrying(nn.Module):
    """Hands its state on from batch to batch, cut as is due; its features as ``how`` says."""

    def __init__(self, how: str) -> None:
        super().__init__()
        torch.manual_seed(0)
        self.how = how
        self.rnn, self.out = nn.RNN(3, 8, batch_first=True), nn.Linear(8, 1)

    def forward(self, x: Tensor, state: Tensor | None) -> tuple[Tensor, Tensor]:
        h, state = self.rnn(x, state)
        kept = state.data if self.how in ("", "data") else state.detach()
        last = h[:, -1]
        if self.how == "each":
            return self.out(sum(h[:, t].detach() for t in range(h.shape[1]))), kept
        if self.how == "data":
            last = last.data
        elif self.how == "detach":
            last = last.detach()
        return self.out(last), kept


def train(how: str) -> Tensor:
    model, state = Carrying(how), None
    optimizer = torch.optim.SGD(model.parameters(), lr=0.01)
    for _ in range(20):
        for x, y in zip(X, Y, strict=True):
            predicted, state = model(x, state)
            loss = (predicted - y).square().mean()
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
    return model.rnn.weight_hh_l0.detach().clone()


@pytest.mark.parametrize("how", ["data", "detach"])
def test_the_state_that_the_next_batch_takes_stays_cut(how: str) -> None:
    start = Carrying(how).rnn.weight_hh_l0.detach()
    scope = {"parameters": ["rnn.weight_hh_l0", "rnn.weight_ih_l0"]}
    torch.testing.assert_close(train(how), start)  # nothing came to it
    got, log = under("add_to_optimizer", lambda: train(how), scope, how="attach")
    moved = (got - start).norm()
    assert moved > 0.5 * (train("") - start).norm()
    called = ".data" if how == "data" else "detach()"
    assert log == [f"a {called} in forward is left out, so that the gradient passes"]


def test_each_step_of_a_sequence_may_be_cut_off() -> None:
    """All of them come out of one graph, which each sends its gradient through."""
    start = Carrying("each").rnn.weight_hh_l0.detach()
    scope = {"parameters": ["rnn.weight_hh_l0", "rnn.weight_ih_l0"]}
    got, log = under("add_to_optimizer", lambda: train("each"), scope, how="attach")
    assert (got - start).norm() > 0.1 * start.norm()
    assert log == ["a detach() in forward is left out, so that the gradient passes"]
