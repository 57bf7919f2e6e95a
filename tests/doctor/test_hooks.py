"""Models that are kept, saved and loaded while a remedy hangs in them."""

from __future__ import annotations

import copy
import io

import pytest
import torch
from at_work import under
from torch import Tensor, nn

from rectifier.doctor import remedies
from rectifier.doctor.falling_back import FallingBack
from rectifier.doctor.finding import Remedy
from rectifier.torch.sites import Interception

X = 5.0 * torch.randn(64, 6, generator=torch.Generator().manual_seed(0)) + 100.0
Y = (X[:, 0] > 100).long()
FIRST = {"layers": ["blocks.0"]}

REMEDIES = {
    "normalize_input": (FIRST, {"features": 6, "mean": [100.0] * 6, "std": [5.0] * 6}),
    "add_residual": ({}, {}),
    "insert_normalization": ({}, {}),
    "swap_activation": ({}, {"from": "relu", "to": "tanh"}),
    "add_activation": ({"layers": ["last"]}, {"function": "relu"}),
    "stabilize_loss": ({"layers": ["last"]}, {"target_mean": 1.0, "target_std": 3.0, "degree": 2}),
    "recycle_units": ({}, {}),
    "add_to_optimizer": ({"parameters": ["last.weight"]}, {"how": "attach"}),
}


class Net(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.blocks = nn.ModuleList(nn.Linear(6, 6) for _ in range(4))
        self.last = nn.Linear(6, 2)

    def forward(self, x: Tensor) -> Tensor:
        for block in self.blocks:
            x = torch.relu(block(x))
        return self.last(x)


def kept() -> list[Tensor]:
    """What the model gives, a copy of it, one that was saved, and a fresh one with its state."""
    torch.manual_seed(0)
    model = Net()
    optimizer = torch.optim.Adam(model.parameters(), lr=1e-2)
    for _ in range(6):
        optimizer.zero_grad()
        nn.functional.cross_entropy(model(X), Y).backward()
        optimizer.step()
        best, file = copy.deepcopy(model), io.BytesIO()
        torch.save(model, file)
    file.seek(0)
    saved = torch.load(file, weights_only=False)
    fresh = Net()
    fresh.load_state_dict(model.state_dict())
    with torch.no_grad():
        return [each(X) for each in (model, best, saved, fresh)]


@pytest.mark.parametrize("action", REMEDIES)
def test_what_is_kept_of_a_model_computes_as_it_does(action: str) -> None:
    scope, settings = REMEDIES[action]
    (own, *others), _ = under(action, kept, scope, **settings)
    for each in others:
        torch.testing.assert_close(each, own)


def test_a_remedy_that_is_taken_back_leaves_copies_too() -> None:
    scope, settings = REMEDIES["normalize_input"]
    action = remedies.build(Remedy("normalize_input", "", settings, scope))
    torch.manual_seed(0)
    model = Net()
    want = model(X)
    with Interception([action]):
        loss = model(X).sum()
        loss.backward()
        torch.optim.SGD(model.parameters(), lr=0.0).step()
        best = copy.deepcopy(model)
        assert (best(X) - want).abs().max() > 0.1
        action.undo()
        torch.testing.assert_close(best(X), want)
        torch.testing.assert_close(model(X), want)


def test_another_network_of_the_class_is_left_alone() -> None:
    _, settings = REMEDIES["normalize_input"]
    action = remedies.build(Remedy("normalize_input", "", settings, {"layers": ["0"]}))
    model, other = nn.Sequential(nn.Linear(6, 2)), nn.Sequential(nn.Linear(6, 3))
    with Interception([action]):
        model(X).sum().backward()
        torch.optim.SGD(model.parameters(), lr=0.0).step()
        other.load_state_dict(copy.deepcopy(other.state_dict()))
        assert not other[0]._forward_pre_hooks
        assert model[0]._forward_pre_hooks


def test_a_model_with_a_lazy_layer_is_met_before_its_shape_is_known() -> None:
    x = 100 + 10 * torch.randn(64, 3)

    def program() -> Tensor:
        torch.manual_seed(0)
        model = nn.Sequential(nn.Linear(3, 8), nn.ReLU(), nn.LazyLinear(1))
        model(x)
        optimizer = torch.optim.SGD(model.parameters(), lr=1e-3)
        for _ in range(3):
            loss = model(x).square().mean()
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
        return loss.detach()

    scope, mean, std = {"layers": ["0"]}, [100.0] * 3, [10.0] * 3
    scaled = Remedy("normalize_input", "", {"mean": mean, "std": std}, scope)
    back = FallingBack([[scaled], [scaled]], [1.0] * 300)
    with Interception([back, *back.actions]) as interception:
        loss = program()
    assert interception.notes == []
    assert back.actions[0].log == ["3 features normalised before 0"]
    assert loss < 10
