"""Targets far from the unit that networks start in: known from losses, and made the unit."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from at_work import under
from torch import Tensor, nn

from rectifier.doctor.diagnose import diagnose
from rectifier.doctor.rules.unnormalized_input import scaled
from rectifier.doctor.targets import unit_for, unit_of_inputs
from rectifier.torch.sites import Interception
from rectifier.watch.options import WatchOptions
from rectifier.watch.record import Record
from rectifier.watch.record.circumstances import Circumstances, Feed, Head
from rectifier.watch.watcher import Watcher

X = torch.randn(64, 4, generator=torch.Generator().manual_seed(1))
PLAIN = (X[:, :1] * X[:, 1:2] + X[:, 2:3] - 0.1).detach()
MEAN, STD = 5000.0, 300.0
RAW = PLAIN * STD + MEAN

LOSSES = {
    "mse": lambda p, t: F.mse_loss(p, t),
    "by hand": lambda p, t: ((p - t) ** 2).mean(),
    "turned": lambda p, t: (t - p).pow(2).mean(),
    "product": lambda p, t: ((p - t) * (p - t)).mean(),
    "absolute": lambda p, t: (p - t).abs().mean(),
    "l1": lambda p, t: F.smooth_l1_loss(p, t),
}


def train(target: Tensor, loss_of, rate: float, steps: int = 30) -> tuple[Tensor, nn.Module]:
    torch.manual_seed(0)
    model = nn.Sequential(nn.Linear(4, 16), nn.Tanh(), nn.Linear(16, 1))
    optimizer = torch.optim.SGD(model.parameters(), lr=rate, momentum=0.9)
    for _ in range(steps):
        optimizer.zero_grad()
        loss_of(model(X), target).backward()
        optimizer.step()
    with torch.no_grad():
        return model(X), model


def watched(program) -> Record:
    watcher = Watcher(WatchOptions(every=1))
    with Interception([watcher]):
        program()
    return watcher.record()


@pytest.mark.parametrize("name", LOSSES)
def test_mean_and_spread_of_the_targets_are_read_from_the_loss(name: str) -> None:
    record = watched(lambda: train(RAW, LOSSES[name], 0.0, 1))
    remedy = unit_for(record)
    assert remedy is not None
    assert remedy.settings["degree"] == (1 if name in ("absolute", "l1") else 2)
    assert remedy.settings["target_mean"] == pytest.approx(float(RAW.mean()), rel=0.01)
    assert remedy.settings["target_std"] == pytest.approx(float(RAW.std()), rel=0.02)
    assert remedy.scope == {"layers": ["2"]}


@pytest.mark.parametrize("name", ["mse", "by hand", "absolute"])
def test_the_training_is_that_of_targets_in_their_own_unit(name: str) -> None:
    want, _ = train(PLAIN, LOSSES[name], 0.05)
    given = {"target_mean": MEAN, "target_std": STD, "degree": 1 if name == "absolute" else 2}
    (got, _), log = under(
        "stabilize_loss",
        lambda: train(RAW, LOSSES[name], 0.05),
        {"layers": ["2"]},
        **given,
    )
    torch.testing.assert_close((got - MEAN) / STD, want, rtol=1e-2, atol=2e-3)
    assert log == ["what 2 gives is times 300 plus 5000"]


def test_what_overshoots_for_its_targets_gets_their_unit_first() -> None:
    record = watched(lambda: train(RAW, LOSSES["mse"], 0.05))
    bad = [finding for finding in diagnose(record) if finding.severity != "info"]
    assert bad
    assert bad[0].remedies[0].action == "stabilize_loss"
    assert bad[0].remedies[0].settings["target_std"] == pytest.approx(float(RAW.std()), rel=0.01)
    hot = watched(lambda: train(PLAIN, LOSSES["mse"], 50.0))
    harm = [finding for finding in diagnose(hot) if finding.severity != "info"]
    assert harm
    assert all("target_std" not in r.settings for finding in harm for r in finding.remedies)


def heads(*several: Head) -> Record:
    return Record(circumstances=Circumstances(heads=several))


FAR = Head(("mse_loss", "addmm"), "out", target_mean=4000.0, target_std=50.0)


@pytest.mark.parametrize(
    "record",
    [
        heads(Head(("mse_loss", "addmm"), "out", target_mean=0.5, target_std=1.5)),
        heads(Head(("mse_loss", "addmm"), "out", target_mean=400.0, target_std=0.0)),
        heads(Head(("nll_loss", "log_softmax", "addmm"), "out", width=10)),
        heads(Head(("mse_loss", "tanh"), "out", target_mean=90.0, target_std=9.0, low=-1, high=1)),
        heads(FAR, Head(("mse_loss", "addmm"), "other", target_mean=70.0, target_std=9.0)),
    ],
    ids=["near", "constant", "classes", "bounded", "several"],
)
def test_no_unit_where_it_is_not_plain(record: Record) -> None:
    assert unit_for(record) is None


def test_a_record_keeps_the_targets_facts() -> None:
    back = Record.from_json(heads(FAR).to_json())
    assert back.circumstances.heads[0].target_std == 50.0
    assert math.isnan(Head(("mse_loss",), "out").target_mean)


@pytest.mark.parametrize(
    ("known", "size", "found"),
    [
        (False, 1.0, True),  # a loss by hand, of data that are scaled
        (False, 400.0, False),  # what differs so much may be the output
        (True, 400.0, True),  # the loss keeps its target
        (False, 9.0, True),  # borderline
    ],
)
def test_a_difference_tells_of_targets_where_the_data_are_not_loud(known, size, found) -> None:
    low, high = (-60.0, 20.0) if known else (math.nan, math.nan)
    head = Head(
        ("mse_loss", "addmm") if known else ("mean", "pow", "sub", "addmm"),
        "out",
        target_mean=-20.0,
        target_std=22.0,
        target_low=low,
        target_high=high,
    )
    feed = Feed("in", "linear", mean=np.zeros(3), std=np.full(3, size))
    record = Record(script="train.py", circumstances=Circumstances(heads=(head,), feeds=(feed,)))
    assert (unit_for(record) is not None) == found


@pytest.mark.parametrize("far", [False, True])
def test_an_autoencoders_targets_are_its_loud_inputs(far: bool) -> None:
    """Mean and spread of the difference are those of what enters; else it may be the output."""
    raw = X[:, :4] * 300.0 + 5000.0

    def program() -> None:
        torch.manual_seed(0)
        model = nn.Sequential(nn.Linear(4, 2), nn.Tanh(), nn.Linear(2, 4))
        optimizer = torch.optim.SGD(model.parameters(), lr=0.0)
        target = raw * 3.0 if far else raw
        ((model(raw) - target) ** 2).mean().backward()
        optimizer.step()

    remedy = unit_for(watched(program))
    assert (remedy is None) is far
    if remedy is not None:
        assert remedy.settings["target_mean"] == pytest.approx(float(raw.mean()), rel=0.01)


@pytest.mark.parametrize("by_hand", [False, True])
def test_an_autoencoder_gives_its_inputs_back_in_their_own_unit(by_hand: bool) -> None:
    data = X * torch.tensor([1.0, 2.0, 3.0, 4.0]) + torch.tensor([30.0, 0.0, -20.0, 5.0])

    def program() -> Tensor:
        torch.manual_seed(0)
        model = nn.Sequential(nn.Linear(4, 8), nn.ReLU(), nn.Linear(8, 4))
        optimizer = torch.optim.SGD(model.parameters(), lr=0.0)
        optimizer.zero_grad()
        given = model(data)
        loss = (given - data).pow(2).mean() if by_hand else F.mse_loss(given, data)
        loss.backward()
        optimizer.step()
        return given.detach()

    record = watched(program)
    (feed,) = record.circumstances.feeds
    (scale,) = scaled(feed)
    remedy = unit_of_inputs(record, scale)
    assert remedy is not None
    assert remedy.scope == {"layers": ["2"]}
    plain = program()
    given, _ = under("stabilize_loss", program, dict(remedy.scope), **remedy.settings)
    assert torch.allclose(given, plain * data.std(0, correction=0) + data.mean(0), rtol=1e-3)


def test_no_autoencoder_no_unit_of_inputs() -> None:
    record = watched(lambda: train(RAW, LOSSES["mse"], 0.0, 1))
    (feed,) = record.circumstances.feeds
    assert unit_of_inputs(record, scaled(feed)[0]) is None


def test_an_output_that_is_freed_of_its_bounds_has_far_to_go() -> None:
    facts = {"target_mean": 120.0, "target_std": 60.0, "width": 1}
    shut = Head(("mse_loss", "sigmoid", "addmm"), "out", low=0.0, high=1.0, **facts)
    record = Record(circumstances=Circumstances(heads=(shut,)))
    assert unit_for(record) is None
    assert unit_for(record, "elsewhere") is None
    remedy = unit_for(record, "out")
    assert remedy is not None
    assert remedy.settings["target_std"] == 60.0
