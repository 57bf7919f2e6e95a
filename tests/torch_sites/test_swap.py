"""Swapping activations, functional ones too."""

from __future__ import annotations

import copy
import inspect
import pickle

import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional as F

import rectifier.torch as rt
from rectifier.errors import InvalidInputError, UnknownNameError
from rectifier.torch.sites import trace
from rectifier.torch.swap import swap


class Net(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.fc0 = nn.Linear(8, 8)
        self.act = nn.ReLU(inplace=True)
        self.fc1 = nn.Linear(8, 16)
        self.fc2 = nn.Linear(16, 4)

    def forward(self, x: Tensor, scale: float = 1.0) -> Tensor:
        hidden = F.relu(self.fc1(self.act(self.fc0(x))), inplace=True)
        return self.fc2(hidden) * scale

    def by_hand(self, x: Tensor, act: object) -> Tensor:
        return self.fc2(act(self.fc1(act(self.fc0(x)))))  # type: ignore[operator]


@pytest.fixture
def x() -> Tensor:
    return torch.randn(5, 8)


def test_modules_and_functions_in_training_and_evaluation(x: Tensor) -> None:
    modes = torch._C._len_torch_function_stack()
    model = Net()
    expected = model.by_hand(x, F.gelu)
    assert swap(model, "relu", "gelu", (x,)) == 2
    assert torch.allclose(model(x), expected, atol=1e-6)
    with torch.no_grad():
        assert torch.allclose(model.eval()(x, scale=2.0), 2 * expected, atol=1e-6)
    model(x).sum().backward()
    assert model.fc0.weight.grad is not None
    assert (
        str(inspect.signature(model.forward)) == "(x: 'Tensor', scale: 'float' = 1.0) -> 'Tensor'"
    )
    assert [site.function for site in trace(model, x)] == ["gelu", "gelu"]
    assert torch._C._len_torch_function_stack() == modes


def test_copies_and_pickles_stand_on_their_own(x: Tensor) -> None:
    model = Net()
    assert swap(model, "relu", "gelu") == 1
    before = model(x)
    twin = copy.deepcopy(model)
    with torch.no_grad():
        twin.fc2.bias += 1
    assert torch.allclose(twin(x), before + 1, atol=1e-6)
    assert torch.equal(model(x), before)
    assert torch.equal(pickle.loads(pickle.dumps(model))(x), before)
    assert set(model.state_dict()) == set(Net().state_dict())


def test_twice(x: Tensor) -> None:
    model = Net()
    swap(model, "relu", "gelu")
    swap(model, "gelu", nn.Tanh)
    assert torch.allclose(model(x), model.by_hand(x, torch.tanh), atol=1e-6)


def test_learnable_ones_get_parameters_of_their_own(x: Tensor) -> None:
    model = Net()
    assert swap(model, "relu", "prelu", (x,)) == 2
    names = [
        name for name, _ in model.named_parameters() if name not in dict(Net().named_parameters())
    ]
    assert names == ["act.weight", "swapped.relu.weight"]
    model(x).sum().backward()
    assert all(p.grad is not None for p in model.parameters())
    unsampled = Net()
    swap(unsampled, "relu", "prelu")
    with pytest.raises(InvalidInputError, match="sample"):
        unsampled(x)
    only_modules = nn.Sequential(nn.Linear(8, 3), nn.ReLU())
    assert swap(only_modules, "relu", "prelu") == 1
    assert only_modules(x).shape == (5, 3)


def test_factories_activations_and_modules_in_two_places(x: Tensor) -> None:
    shared = nn.ReLU()
    model = nn.Sequential(nn.Linear(8, 3), shared, nn.Linear(3, 3), shared)
    assert swap(model, rt.ReLU().activation, lambda: nn.LeakyReLU(0.3)) == 1
    assert model[1] is model[3]
    assert isinstance(model[1], nn.LeakyReLU)


@pytest.mark.parametrize(
    ("model", "old", "new", "error"),
    [
        (nn.Sequential(nn.ReLU()), "rleu", "gelu", UnknownNameError),
        (nn.Sequential(nn.ReLU()), "relu", "gleu", UnknownNameError),
        (nn.ReLU(), "relu", "gelu", InvalidInputError),
        ("model", "relu", "gelu", InvalidInputError),
        (nn.Sequential(nn.ReLU()), "relu", nn.GELU(), InvalidInputError),
        (nn.Sequential(nn.ReLU()), "relu", lambda: 3, InvalidInputError),
    ],
)
def test_what_makes_no_sense(model: object, old: str, new: object, error: type) -> None:
    with pytest.raises(error):
        swap(model, old, new)  # type: ignore[arg-type]


def test_a_part_of_a_formula_can_be_swapped_again_and_again() -> None:
    class Net(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.first, self.second = nn.Linear(4, 6), nn.Linear(6, 2)

        def forward(self, x: Tensor) -> Tensor:
            h = self.first(x)
            return self.second(h * torch.sigmoid(h))

    model, x = Net(), torch.randn(8, 4)
    h = model.first(x)
    expected = model.second(h * torch.tanh(h))
    rt.swap(model, "sigmoid", "tanh")
    for _ in range(3):
        assert torch.equal(model(x), expected)


class WrittenOut(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.into, self.out = nn.Linear(8, 16), nn.Linear(16, 4)

    def forward(self, x: Tensor) -> Tensor:
        hidden = self.into(x)
        return self.out(hidden * torch.tanh(F.softplus(hidden)))


def test_a_formula_between_layers_is_refused_and_not_counted(x: Tensor) -> None:
    net = WrittenOut()
    assert "mish" in [site.function for site in trace(net, x)]
    with pytest.raises(
        InvalidInputError, match=r"mish at .*test_swap.py:\d+ is written out as a formula"
    ):
        swap(net, "mish", "relu", (x,))
    assert "forward" not in vars(net), "left as it was"


def test_a_gated_unit_is_named_as_what_it_is() -> None:
    net = nn.Sequential(nn.Linear(8, 8), rt.SwiGLU(8, 8))
    with pytest.raises(InvalidInputError, match="swiglu is a gated unit"):
        swap(net, "swiglu", "relu")
    with pytest.raises(InvalidInputError, match="entmax15 is a function of a whole row"):
        swap(net, "entmax15", "relu")
