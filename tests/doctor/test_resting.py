"""Batch normalisations in evaluation mode throughout: records, what the census sees, the cure."""

from __future__ import annotations

import pytest
import torch
from at_work import under
from doctor_records import falling, told, training
from torch import nn

from rectifier.doctor.rules import poor_initialization
from rectifier.torch import watch


@pytest.mark.parametrize(("end", "severity"), [(2.3, "error"), (1.5, "warning"), (1.1, "info")])
def test_severity_goes_by_the_loss(end, severity) -> None:
    curve = training(loss=falling(2.3, end))
    (finding,) = told(poor_initialization, trained=curve, resting=("bn1", "bn2"))
    assert finding.severity == severity
    assert (finding.layer, finding.also) == ("bn1", ("bn2",))
    assert bool(finding.remedies) == (severity != "info")


def test_nothing_rests() -> None:
    assert told(poor_initialization, trained=training(loss=2.3)) == ()


def net() -> nn.Sequential:
    torch.manual_seed(0)
    return nn.Sequential(nn.Linear(4, 8), nn.BatchNorm1d(8), nn.ReLU(), nn.Linear(8, 1))


def fit(model: nn.Module, steps: int = 8) -> nn.Module:
    optimizer = torch.optim.SGD([p for p in model.parameters() if p.requires_grad], lr=0.01)
    for _ in range(steps):
        x = torch.randn(16, 4)
        loss = (model(x) - x[:, :1]).square().mean()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    return model


def seen(model: nn.Module) -> tuple[str, ...]:
    with watch(model) as session:
        fit(model)
    return session.record.circumstances.resting


def test_the_census_tells_those_that_never_took_statistics() -> None:
    assert seen(net().eval()) == ("1",)
    assert seen(net().train()) == ()
    tuned = fit(net().train())  # fine-tuning with the statistics of before
    assert seen(tuned.eval()) == ()
    frozen = net().eval()
    frozen[1].requires_grad_(False)
    assert seen(frozen) == ()


def test_they_normalise_where_gradients_are_recorded_and_only_there() -> None:
    model = net().eval()
    scope = {"layers": ["1"]}
    _, log = under("insert_normalization", lambda: fit(model), scope, how="train")
    assert log
    assert int(model[1].num_batches_tracked) >= 6
    assert not model[1].training
    with torch.no_grad():
        model(torch.randn(16, 4))
    assert int(model[1].num_batches_tracked) <= 8
