"""A way around each block of a deep stack."""

from __future__ import annotations

import pytest
import torch
import torch.nn.functional as F
from at_work import under
from torch import Tensor, nn

X = torch.randn(128, 16, generator=torch.Generator().manual_seed(1))
Y = X[:, :4].argmax(1)


class Block(nn.Module):
    def __init__(self, skips: bool = False) -> None:
        super().__init__()
        self.net = nn.Sequential(nn.Linear(16, 16), nn.ReLU(), nn.Linear(16, 16))
        self.skips = skips

    def forward(self, x: Tensor) -> Tensor:
        return x + self.net(x) if self.skips else self.net(x)


def train(model: nn.Module, steps: int = 60) -> tuple[float, Tensor]:
    loss = torch.zeros(())
    optimizer = torch.optim.Adam(model.parameters(), lr=0.003)
    with torch.no_grad():
        first = model(X)
    for _ in range(steps):
        loss = F.cross_entropy(model(X), Y)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    return loss.item(), first


def stack(skips: bool = False, depth: int = 12) -> nn.Module:
    torch.manual_seed(0)
    return nn.Sequential(*(Block(skips) for _ in range(depth)), nn.Linear(16, 4))


def test_a_deep_stack_learns_with_a_way_around_its_blocks() -> None:
    plain, _ = train(stack())
    (cured, _), log = under("add_residual", lambda: train(stack()))
    assert plain > 1.2
    assert cured < 0.5 * plain
    (line,) = log
    assert line.startswith("what enters is added to what is given by 0, 1, 2 and 9 more")


def test_blocks_that_pass_on_what_enters_stay_as_they_are() -> None:
    (cured, _), log = under("add_residual", lambda: train(stack(skips=True), 5))
    assert log == []
    assert cured == train(stack(skips=True), 5)[0]


@pytest.mark.parametrize("depth", [2, 0])
def test_two_blocks_are_no_stack(depth: int) -> None:
    _, log = under("add_residual", lambda: train(stack(depth=depth), 2))
    assert log == []


def test_it_is_taken_out_again() -> None:
    model = stack()
    before = model(X)
    under("add_residual", lambda: train(model, 0))
    from rectifier.doctor import remedies
    from rectifier.doctor.finding import Remedy

    action = remedies.build(Remedy("add_residual", ""))
    action.apply(model, None)
    assert not torch.allclose(model(X), before)
    action.undo()
    assert torch.equal(model(X), before)
