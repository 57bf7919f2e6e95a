"""Units planted by hand in real trainings: dead, born dead, dormant, sparse. Precision and recall.

A unit is planted by its bias: far below its inputs it is silent, in between it fires rarely. What
the rules say of each unit is compared with what was planted.
"""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import nn

import rectifier.torch as rt
from rectifier.doctor import diagnose, evidence
from rectifier.doctor.rules import dormant_units

UNITS, STEPS = 60, 60


def scores(found: np.ndarray, planted: np.ndarray) -> tuple[float, float]:
    hits = float((found & planted).sum())
    return hits / max(found.sum(), 1), hits / max(planted.sum(), 1)


def train(plan, seed: int, function: str = "relu", steps: int = STEPS):
    """Train a layer whose units are planted by ``plan(layer)`` before, and by a second in midst."""
    torch.manual_seed(seed)
    net = nn.Sequential(nn.Linear(10, UNITS), rt.activation(function), nn.Linear(UNITS, 1))
    optimizer = torch.optim.SGD(net.parameters(), lr=1e-3)
    with rt.watch(net, optimizer, every=1) as session:
        for step in range(steps):
            if step in plan:
                with torch.no_grad():
                    plan[step](net[0])
            x = torch.randn(256, 10)
            loss = (net(x) - x[:, :1]).square().mean()
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
    return session.record, session.record.sites[0]


def shut(units: slice):
    def act(layer: nn.Linear) -> None:
        layer.bias[units] = -50.0

    return act


def rare(units: slice):
    def act(layer: nn.Linear) -> None:  # some 2.3 % of inputs lie beyond two spreads
        layer.bias[units] = -2.0 * layer.weight[units].norm(dim=1)

    return act


def faint(units: slice):
    def act(layer: nn.Linear) -> None:
        layer.weight[units] *= 1e-3
        layer.bias[units] *= 1e-3

    return act


def both(*acts):
    def act(layer: nn.Linear) -> None:
        for one in acts:
            one(layer)

    return act


@pytest.mark.parametrize("seed", [0, 1, 2])
def test_dead_born_dead_and_rare_units_are_told_apart(seed: int) -> None:
    born, died, seldom = slice(0, 15), slice(15, 30), slice(30, 45)
    record, site = train({0: both(shut(born), rare(seldom)), 20: shut(died)}, seed)
    truth = np.zeros(UNITS, dtype=bool)
    truth[:30] = True
    dead = evidence.dead_units(site)
    assert min(scores(dead, truth)) >= 0.95
    never = dead & (site.unit.active == 0)
    assert min(scores(never, np.arange(UNITS) < 15)) >= 0.95
    assert min(scores(dead & ~never, (np.arange(UNITS) >= 15) & truth)) >= 0.95
    assert record.steps == STEPS


@pytest.mark.parametrize("seed", [0, 1, 2])
def test_dormant_units_are_those_of_little_output(seed: int) -> None:
    record, site = train({0: faint(slice(0, 20))}, seed, "gelu")
    found = dormant_units.dormant(site)
    assert min(scores(found, np.arange(UNITS) < 20)) >= 0.95
    assert [f.rule for f in diagnose(record) if f.severity != "info"] == []


@pytest.mark.parametrize("seed", [0, 1])
def test_a_sparse_living_layer_raises_no_alarm(seed: int) -> None:
    record, site = train({0: rare(slice(0, UNITS))}, seed, steps=150)
    assert site.sparsity > 0.95
    assert not evidence.dead_units(site).any()
    told = {f.rule for f in diagnose(record) if f.severity != "info"}
    assert not told & {"dying_relu", "born_dead", "dormant_units"}
