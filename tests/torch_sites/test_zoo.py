"""Every spelling of an activation is seen once, named right and counted exactly."""

from __future__ import annotations

import pytest
import torch
from sites_zoo import CASES, UNITS, Case
from torch import Tensor, nn

from rectifier.torch.sites import Interception
from rectifier.watch.options import WatchOptions
from rectifier.watch.record import Record
from rectifier.watch.watcher import Watcher

STEPS = 3


def train(model: nn.Module, batches: list[Tensor]) -> Record:
    watcher = Watcher(WatchOptions(every=1))
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    with Interception([watcher], [model]) as interception:
        for x in batches:
            loss = model(x).square().sum()
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
    assert interception.notes == []
    return watcher.record()


def brute_force(case: Case, model: nn.Module, batches: list[Tensor]) -> tuple[Tensor, ...]:
    """Positive outputs and non-zero input gradients per unit, by plain hooks on the layer."""
    layer = dict(model.named_modules()).get(case.layer)
    active = torch.zeros(UNITS, dtype=torch.int64)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    kept: list[Tensor] = []
    if layer is not None:
        layer.register_forward_hook(lambda m, i, output: kept.append(output.detach().clone()))
    others = [d for d in range(len(case.shape)) if d != case.axis]
    for x in batches:
        if layer is None:
            weight = model.get_parameter("w1").detach()
            kept.append(x @ (weight if weight.shape[0] == x.shape[-1] else weight.T))
            kept[-1] = kept[-1] + getattr(model, "b1", torch.zeros(())).detach()
        output = model(x)
        active += (case.reference(kept[-1]) > 0).sum(others)
        optimizer.zero_grad()
        output.square().sum().backward()
        optimizer.step()
    return (active,)


@pytest.mark.parametrize("case", CASES, ids=[f"{c.function}-{c.name}" for c in CASES])
def test_seen_once_named_and_counted_exactly(case: Case) -> None:
    torch.manual_seed(0)
    batches = [torch.randn(case.shape) for _ in range(STEPS)]
    model = case.make()
    state = {name: value.clone() for name, value in model.state_dict().items()}
    record = train(model, batches)
    watched = {name: value.clone() for name, value in model.state_dict().items()}

    assert [(s.site, s.function, s.layer) for s in record.sites] == [
        (case.site, case.function, case.layer)
    ]
    site = record.sites[0]
    assert site.units == UNITS
    assert site.unit_axis == case.axis
    assert site.source.rpartition(":")[0].endswith(("sites_zoo.py", "test_zoo.py"))

    model.load_state_dict(state)
    (active,) = brute_force(case, model, batches)
    assert site.unit.active.tolist() == active.tolist()
    elements = STEPS * torch.zeros(STEPS).new_zeros(case.shape).numel() // case.shape[-1] // STEPS
    if case.axis == len(case.shape) - 1:
        assert site.unit.seen == STEPS * elements
    for name, value in model.state_dict().items():
        assert torch.equal(value, watched[name]), f"watching changed {name}"


def test_zero_gradient_shares_equal_autograd() -> None:
    torch.manual_seed(0)
    model = nn.Sequential(nn.Linear(4, UNITS), nn.ReLU(), nn.Linear(UNITS, 1))
    x = torch.randn(8, 4)
    pre = model[0](x)
    pre.retain_grad()
    model[2](model[1](pre)).sum().backward()
    assert pre.grad is not None
    expected = float((pre.grad == 0).double().mean())
    counts = (pre.grad != 0).sum(0)
    model.zero_grad()
    watcher = Watcher(WatchOptions(every=1))
    optimizer = torch.optim.SGD(model.parameters(), lr=0.0)
    with Interception([watcher]):
        model(x).sum().backward()
        optimizer.step()
    (site,) = watcher.record().sites
    assert site.series.zero_gradient[0] == pytest.approx(expected)
    assert site.unit.nonzero_gradient_recent.tolist() == counts.tolist()
    assert site.series.silent[0] == float((pre.relu() > 0).sum(0).eq(0).double().mean())
    assert site.series.input_mean[0] == pytest.approx(float(pre.detach().mean()), rel=1e-5)
    assert site.series.input_std[0] == pytest.approx(
        float(pre.detach().std(correction=0)), rel=1e-4
    )
