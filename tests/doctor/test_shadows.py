"""Copies that a program keeps of a model: they follow what a remedy does to it."""

from __future__ import annotations

import copy

import pytest
import torch
from at_work import under
from torch import Tensor, nn

from rectifier.doctor.remedies import _shadows

X = torch.randn(64, 3, generator=torch.Generator().manual_seed(0))


def network(seed: int = 0) -> nn.Sequential:
    torch.manual_seed(seed)
    return nn.Sequential(nn.Linear(3, 8), nn.ReLU(), nn.Linear(8, 1))


def test_what_equals_the_model_is_a_copy_and_nothing_else_is() -> None:
    model = network()
    twin, other = copy.deepcopy(model), network(1)
    assert [id(each) for each in _shadows.copies_of(model)] == [id(twin)]
    with torch.no_grad():
        twin[0].bias[0] += 1
    assert _shadows.copies_of(model) == []
    assert _shadows.copies_of(other) == []


@pytest.mark.parametrize("kind", ["module", "dictionary", "list", "state"])
def test_an_average_follows_weights_that_are_drawn_anew(kind: str) -> None:
    model = network()
    kept: object
    kept = copy.deepcopy(model) if kind == "module" else {k: p.clone() for k, p in named(model)}
    kept = list(kept.values()) if kind == "list" else kept  # type: ignore[attr-defined]
    kept = copy.deepcopy(model.state_dict()) if kind == "state" else kept

    def program() -> None:
        optimizer = torch.optim.SGD(model.parameters(), lr=0.0)
        for _ in range(2):
            optimizer.zero_grad()
            model(X).square().mean().backward()
            optimizer.step()

    before = model[0].weight.detach().clone()
    under("reinitialize", program, scheme="he_normal")
    if isinstance(kept, nn.Module):
        kept = dict(named(kept))
    weights = list(kept.values()) if isinstance(kept, dict) else kept
    assert not torch.equal(model[0].weight, before)
    for own, average in zip(model.parameters(), weights, strict=True):  # type: ignore[call-overload]
        assert torch.equal(own, average)


def named(model: nn.Module) -> list[tuple[str, Tensor]]:
    return [(name, p.detach()) for name, p in model.named_parameters()]


def test_a_target_network_sees_normalised_inputs_too_and_its_targets_keep_their_unit() -> None:
    model = network()
    target = copy.deepcopy(model)
    plain = target(500 + 100 * X).detach()

    def program() -> Tensor:
        optimizer = torch.optim.SGD(model.parameters(), lr=0.0)
        for _ in range(2):
            with torch.no_grad():
                goal = target(500 + 100 * X)
            optimizer.zero_grad()
            (model(500 + 100 * X) - goal).square().mean().backward()
            optimizer.step()
        return goal

    settings = {"features": 3, "mean": [500.0] * 3, "std": [100.0] * 3, "axis": -1}
    goal, _ = under("normalize_input", program, {"layers": ["0"]}, **settings)
    assert not torch.equal(goal, plain)
    model = network()
    target = copy.deepcopy(model)
    _, log = under(
        "stabilize_loss", program, {"layers": ["2"]}, target_mean=40.0, target_std=20.0, degree=2
    )
    assert log == ["targets may come from a copy of the network, so their unit is left as it is"]


def test_a_layer_that_is_a_model_of_its_own_is_known_by_the_programs_name() -> None:
    torch.manual_seed(0)
    encoder, decoder = nn.Linear(3, 8), nn.Linear(8, 3)
    data = 500 + 100 * X

    def program() -> Tensor:
        optimizer = torch.optim.SGD([*encoder.parameters(), *decoder.parameters()], lr=0.0)
        for _ in range(2):  # a call that is under way takes no hook any more
            given = decoder(torch.relu(encoder(data)))
            (given - data).square().mean().backward()
            optimizer.step()
        return given.detach()

    settings = {"features": 3, "mean": [500.0] * 3, "std": [100.0] * 3, "axis": -1}
    given, log = under("normalize_input", program, {"layers": ["encoder"]}, **settings)
    assert log == ["3 features normalised before encoder"]
    with torch.no_grad():
        hidden = torch.relu((data - 500) / 100 @ encoder.weight.T + encoder.bias)
        assert torch.allclose(given, decoder(hidden), atol=1e-5)
