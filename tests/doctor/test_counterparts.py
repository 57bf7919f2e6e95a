"""Copies of a model that is treated: averages and reloaded ones compute as it does."""

from __future__ import annotations

import copy

import pytest
import torch
from at_work import under
from torch import Tensor, nn

X = torch.randn(64, 6, generator=torch.Generator().manual_seed(0))
Y = (X[:, 0] * X[:, 1] > 0).long()

REMEDIES = {
    "insert_normalization": {},
    "swap_activation": {"from": "sigmoid", "to": "relu"},
}


class Net(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.first, self.second, self.last = nn.Linear(6, 16), nn.Linear(16, 16), nn.Linear(16, 2)

    def forward(self, x: Tensor) -> Tensor:
        return self.last(torch.sigmoid(self.second(torch.sigmoid(self.first(x)))))


def train(net: nn.Module, others: list[nn.Module]) -> list[Tensor]:
    """What the model and the others give in evaluation, these with its weights."""
    optimizer = torch.optim.Adam(net.parameters(), lr=0.01)
    for _ in range(30):
        net.train()
        optimizer.zero_grad()
        nn.functional.cross_entropy(net(X), Y).backward()
        optimizer.step()
        given = []
        for each in (net, *others):
            if each is not net:
                each.load_state_dict(net.state_dict())
            each.eval()
            with torch.no_grad():
                given.append(each(X))
    return given


@pytest.mark.parametrize("action", REMEDIES)
@pytest.mark.parametrize("named", [True, False])
def test_a_copy_computes_as_the_model_itself(action: str, named: bool) -> None:
    torch.manual_seed(0)
    net = Net()
    average, fresh = copy.deepcopy(net), Net()
    scope = {"sites": ["sigmoid", "sigmoid:2"]} if named else {}
    (own, *theirs), log = under(
        action, lambda: train(net, [average, fresh]), scope, **REMEDIES[action]
    )
    for each in theirs:
        torch.testing.assert_close(each, own)
    assert (own - train(net, [])[0]).abs().max() > 0.1  # it was under a remedy
    assert len(log) == 1
    assert log[0].endswith("sigmoid and sigmoid:2")


@pytest.mark.parametrize("action", REMEDIES)
def test_another_model_of_the_class_that_is_trained_too_is_no_copy(action: str) -> None:
    torch.manual_seed(0)
    actor, critic = Net(), Net()
    want = train(copy.deepcopy(critic), [])[0]

    def both() -> Tensor:
        train(actor, [])
        return train(critic, [])[0]

    scope = {"sites": ["sigmoid", "sigmoid:2"]}
    got, _ = under(action, both, scope, **REMEDIES[action])
    torch.testing.assert_close(got, want)
