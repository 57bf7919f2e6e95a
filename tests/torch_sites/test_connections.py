"""What lies between two layers, as autograd's graph tells it."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from rectifier.torch import wiring


def stepped(inner: nn.Linear, outer: nn.Linear, bend: Callable[[Tensor], Tensor]) -> Tensor:
    """The loss of thirty Euler steps along a field of two layers."""
    state = torch.randn(8, 2)
    for _ in range(30):
        state = state + 0.1 * outer(bend(inner(state)))
    return state.square().mean()


@pytest.mark.parametrize(
    ("bend", "linear"),
    [
        (lambda x: x, True),
        (lambda x: F.leaky_relu(x, 1.0), True),
        (lambda x: nn.LeakyReLU(True)(x), True),
        (lambda x: F.leaky_relu(x, 0.9), False),
        (torch.tanh, False),
        (lambda x: x * x, False),
    ],
)
def test_a_field_that_is_applied_to_its_own_results(bend, linear) -> None:
    found = wiring.read(stepped(nn.Linear(2, 16), nn.Linear(16, 2), bend))
    assert found is not None
    assert found.linear is linear
    assert found.wired == 59


def test_one_bend_anywhere_is_enough() -> None:
    one, two, three = (nn.Linear(4, 4) for _ in range(3))
    found = wiring.read(three(torch.relu(two(one(torch.randn(3, 4))))).sum())
    assert found is not None
    assert not found.linear
    assert len(found.joints) == 1


def test_layers_that_only_data_feed_are_no_linear_network() -> None:
    found = wiring.read(nn.Linear(4, 1)(torch.randn(3, 4)).sum())
    assert found is not None
    assert not found.linear


@pytest.mark.parametrize(
    ("cell", "rounds"),
    [
        (lambda x, s: torch.sigmoid(x + s), 11),
        (lambda x, s: torch.tanh(x + s), 0),
        (lambda x, s: torch.sigmoid(x) * s, 0),  # a gate beside the state
        (lambda x, s: s + torch.sigmoid(x), 0),
    ],
)
def test_how_often_a_state_goes_through_a_sigmoid(cell, rounds) -> None:
    enter, again = nn.Linear(3, 5), nn.Linear(5, 5)
    state = torch.zeros(2, 5)
    for _ in range(12):
        state = cell(enter(torch.randn(2, 3)), again(state))
    found = wiring.read(state.sum())
    assert found is not None
    assert found.rounds.get(id(again.weight), 0) == rounds


def test_rounds_of_a_state_are_told_from_calls_one_after_the_other() -> None:
    """An actor is asked at every move of an episode; what it is asked does not come of it."""
    enter, again, out = nn.Linear(3, 5), nn.Linear(5, 5), nn.Linear(5, 1)
    asked = [out(torch.tanh(again(torch.tanh(enter(torch.randn(2, 3)))))) for _ in range(12)]
    found = wiring.read(torch.stack(asked).sum())
    assert found is not None
    assert found.applied == {}
    state = torch.zeros(2, 5)
    for _ in range(12):
        state = torch.tanh(enter(torch.randn(2, 3)) + again(state))
    found = wiring.read(out(state).sum())
    assert found is not None
    assert found.applied == {id(again.weight): 11}


@pytest.mark.parametrize(
    ("scaled", "scale"),
    [
        (lambda p: p, 1.0),
        (lambda p: p / 4, 0.25),
        (lambda p: 3.0 * p.unsqueeze(0).squeeze(0) / 2, 1.5),
        (lambda p: p / torch.tensor(0.1), 10.0),
        (lambda p: p * nn.Parameter(torch.tensor(2.0)), None),
        (lambda p: p * torch.ones(3), None),
    ],
)
def test_by_what_a_squashed_output_is_multiplied(scaled, scale) -> None:
    squashed = nn.Linear(4, 3)(torch.randn(5, 4)).softmax(1)
    found = wiring.read(F.cross_entropy(scaled(squashed), torch.zeros(5, dtype=torch.long)))
    assert found is not None
    (head,) = found.heads
    seen = head.facts["scale"]
    assert seen != seen if scale is None else seen == pytest.approx(scale)


def test_tables_are_told_from_matrices() -> None:
    table, list_of_rows = nn.Embedding(6, 4), nn.Parameter(torch.randn(6, 4))
    picked = table(torch.tensor([1, 2])) + list_of_rows[torch.tensor([0, 5])]
    layer = nn.Linear(4, 1)
    found = wiring.read(layer(picked).sum())
    assert found is not None
    assert found.tables == {id(table.weight), id(list_of_rows)}


@pytest.mark.parametrize(
    ("mask", "linear"),
    [
        (lambda x: torch.zeros_like(x).scatter(1, x.topk(3, 1).indices, 1.0), False),
        (lambda x: x > 0, False),  # a ReLU by hand
        (lambda x: (torch.arange(8) < 4).float().expand(6, 8), True),  # pruned: for all alike
        (lambda x: (torch.arange(6) < 4).float()[:, None].expand(6, 8), True),  # padded
        (lambda x: 2.0 * (torch.arange(48).reshape(6, 8) % 3 > 0), True),  # dropout
        (lambda x: torch.rand(6, 8), True),
    ],
)
def test_a_mask_made_of_the_values_is_an_activation(mask, linear) -> None:
    one, two = nn.Linear(4, 8), nn.Linear(8, 2)
    hidden = one(torch.randn(6, 4))
    found = wiring.read(two(hidden * mask(hidden.detach())).sum())
    assert found is not None
    assert found.linear is linear
    assert len(found.joints) == int(linear)


@pytest.mark.parametrize(
    ("between", "normed"),
    [
        (nn.LayerNorm(8), True),
        (nn.GroupNorm(2, 8), True),
        (nn.Identity(), False),
        (nn.Sequential(nn.LayerNorm(8), nn.ReLU()), None),
    ],
)
def test_a_normalisation_of_each_example_between_layers(between, normed) -> None:
    one, two = nn.Linear(4, 8), nn.Linear(8, 2)
    found = wiring.read(two(between(one(torch.randn(6, 4)))).sum())
    assert found is not None
    assert [seen.facts["normed"] for seen in found.joints] == ([] if normed is None else [normed])


def test_a_normalised_sum_of_layers_is_no_joint() -> None:
    one, two, last = nn.Linear(4, 8), nn.Linear(4, 8), nn.Linear(8, 2)
    x = torch.randn(6, 4)
    found = wiring.read(last(F.layer_norm(one(x) + two(x), (8,))).sum())
    assert found is not None
    assert found.joints == []


def test_how_often_a_weight_is_applied_to_what_the_network_gave() -> None:
    enter, again = nn.Linear(3, 5), nn.Linear(5, 5)
    state = torch.zeros(2, 5)
    for _ in range(12):
        state = torch.relu(enter(torch.randn(2, 3)) + again(state))
    found = wiring.read(state.sum())
    assert found is not None
    assert found.applied == {id(again.weight): 11}
