"""Steps that are looked at briefly: what they leave out, and that nothing that counts is lost."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from rectifier.kernels import native
from rectifier.torch import forms, unit_statistics
from rectifier.torch.sites import Interception
from rectifier.watch import brief, statistics
from rectifier.watch.options import WatchOptions
from rectifier.watch.record import Record
from rectifier.watch.watcher import Watcher

EXACT = (
    *("seen", "seen_recent", "active", "active_recent", "nonzero_recent", "nonzero_seen"),
    *("last_active_step", "bias_at_death", "weight_norm_at_death", "mean_abs_recent"),
)


def network() -> nn.Sequential:
    return nn.Sequential(
        *(nn.Linear(16, 64), nn.ReLU(inplace=True), nn.Linear(64, 64), nn.GELU()),
        nn.Linear(64, 4),
    )


def train(large: int, monkeypatch: pytest.MonkeyPatch, trouble: str = "") -> Record:
    monkeypatch.setattr(brief, "LARGE", large)
    torch.manual_seed(0)
    model = network()
    optimizer = torch.optim.SGD(model.parameters(), lr=0.3)
    watcher = Watcher(WatchOptions(every=1))
    with Interception([watcher], [model]) as interception:
        for step in range(60):
            x, y = torch.randn(32, 16), torch.randint(0, 4, (32,))
            if step == 29:  # a brief one
                with torch.no_grad():
                    model[0].bias[3] = -100.0
                if trouble == "input":
                    x[0, 0] = math.nan
                if trouble == "site":
                    model[2].weight.data.mul_(1e30)
                    x *= 1e20
            loss = F.cross_entropy(model(x), y)
            if step == 29 and trouble == "loss":
                loss = loss + torch.log(torch.zeros(())) * 0.5
            if step == 29 and trouble == "gradient":
                loss = loss + torch.sqrt(model[0].weight.sum() * 0)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
    return watcher.record(interception.notes)


def test_counts_and_deaths_are_those_of_a_run_that_is_looked_at_closely(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    short, full = train(1, monkeypatch), train(2**62, monkeypatch)
    assert (short.observed_steps, full.observed_steps) == (60, 60)
    assert (len(short.sites[0].series.step), len(full.sites[0].series.step)) == (24, 60)
    assert np.array_equal(short.training.loss, full.training.loss)
    for one, two in zip(short.sites, full.sites, strict=True):
        for name in EXACT:
            found, expected = getattr(one.unit, name), getattr(two.unit, name)
            assert np.allclose(found, expected, rtol=1e-6, atol=0, equal_nan=True), name
        assert np.array_equal(one.unit.dead, two.unit.dead)
    assert short.sites[0].unit.last_active_step[3] == 28


@pytest.mark.parametrize("where", ["input", "site", "loss", "gradient"])
def test_the_first_bad_value_of_a_brief_step_is_named(
    where: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = train(1, monkeypatch, where).non_finite[0]
    expected = train(2**62, monkeypatch, where).non_finite[0]
    assert (first.step, first.where, first.name) == (29, expected.where, expected.name)
    assert first.where == where


class Twice(nn.Module):
    """One ReLU module in two lines, and calls of functions."""

    def __init__(self) -> None:
        super().__init__()
        self.layers = nn.ModuleList([nn.Conv1d(3, 8, 3), nn.Conv1d(8, 8, 3)])
        self.head = nn.Linear(32, 32)
        self.relu = nn.ReLU()

    def forward(self, x: Tensor) -> Tensor:
        x = self.relu(self.layers[0](x))
        x = F.gelu(self.layers[1](x)).flatten(1)
        return torch.tanh(self.relu(self.head(x)))


class Loop(nn.Module):
    """One line for two layers: only the layer before it tells which site it is."""

    def __init__(self) -> None:
        super().__init__()
        self.layers = nn.ModuleList([nn.Linear(24, 24), nn.Linear(24, 24)])

    def forward(self, x: Tensor) -> Tensor:
        x = x.flatten(1)
        for layer in self.layers:
            x = F.relu(layer(x))
        return x


class Own(nn.Module):
    """An activation of its own, and one inside another."""

    class Square(nn.Module):
        def forward(self, x: Tensor) -> Tensor:
            return F.relu(x) ** 2

    def __init__(self) -> None:
        super().__init__()
        self.body = nn.Sequential(nn.Flatten(), nn.Linear(24, 24), self.Square(), nn.Linear(24, 8))
        self.gate = nn.Sequential(nn.SiLU(), nn.Linear(8, 8), nn.Sigmoid())

    def forward(self, x: Tensor) -> Tensor:
        return self.gate(self.body(x))


class Late(nn.Module):
    """A part that joins in a step that is looked at briefly."""

    def __init__(self) -> None:
        super().__init__()
        self.first, self.second = nn.Linear(24, 24), nn.Linear(24, 24)
        self.passes = 0

    def forward(self, x: Tensor) -> Tensor:
        x = F.relu(self.first(x.flatten(1)))
        self.passes += 1
        return torch.sigmoid(self.second(x)) if self.passes > 30 else x


class Aside(nn.Module):
    """Its first site is part of no loss: that a pass is trained is told by the second."""

    def __init__(self) -> None:
        super().__init__()
        self.first, self.second = nn.Linear(24, 24), nn.Linear(24, 24)
        self.relu = nn.ReLU()
        self.shown: Tensor | None = None

    def forward(self, x: Tensor) -> Tensor:
        x = x.flatten(1)
        self.shown = self.relu(self.first(x))
        return torch.tanh(self.second(x))


def seen(make: type[nn.Module], large: int, monkeypatch: pytest.MonkeyPatch) -> Record:
    monkeypatch.setattr(brief, "LARGE", large)
    torch.manual_seed(0)
    model = make()
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    watcher = Watcher(WatchOptions(every=1))
    with Interception([watcher], [model]) as interception:
        for _ in range(60):
            optimizer.zero_grad()
            model(torch.randn(4, 3, 8)).square().mean().backward()
            optimizer.step()
    assert interception.notes == []
    return watcher.record()


@pytest.mark.parametrize("compiled", [True, False], ids=["compiled", "python"])
@pytest.mark.parametrize("make", [Twice, Loop, Own, Late, Aside])
def test_the_same_sites_are_told_whether_briefly_or_not(
    make: type[nn.Module], compiled: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    if not compiled:
        monkeypatch.setattr(native, "module", lambda: None)
    short, full = seen(make, 1, monkeypatch), seen(make, 2**62, monkeypatch)
    assert [(s.site, s.layer) for s in short.sites] == [(s.site, s.layer) for s in full.sites]
    assert len(short.sites) > 1
    for one, two in zip(short.sites, full.sites, strict=True):
        if make is Late and one.site == "sigmoid":  # its first pass taught where it is
            assert 0 < two.unit.seen - one.unit.seen <= 4
            continue
        assert one.unit.seen == two.unit.seen
        assert np.array_equal(one.unit.active, two.unit.active)


@pytest.mark.skipif(not native.available(), reason="nothing is compiled")
def test_what_is_known_of_a_function_is_not_asked_again(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []
    recognise = forms.recognise

    def counted(func: Any, *args: Any) -> Any:
        asked.append(func.__name__)
        return recognise(func, *args)

    monkeypatch.setattr(forms, "recognise", counted)
    seen(Twice, 1, monkeypatch)
    # 24 close steps, and the first brief one after each two of them
    assert 24 < asked.count("gelu") < 36


def test_optimizers_that_take_turns_are_all_looked_at_closely() -> None:
    schedule = brief.Schedule(WatchOptions(every=1))
    schedule.work = brief.LARGE
    close = [index for index in range(4000) if schedule.close(index)]
    assert close[: brief.FIRST] == list(range(brief.FIRST))
    for period in (2, 3, 4, 5, 6):
        late = [index for index in close if index >= 1000]
        shares = np.bincount([index % period for index in late], minlength=period)
        assert shares.min() > len(late) / period / 2, period
    assert len(close) < 4000 / 6


def test_small_networks_and_wide_strides_are_always_looked_at_closely() -> None:
    small = brief.Schedule(WatchOptions(every=1))
    small.work = brief.LARGE - 1
    apart, budget = brief.Schedule(WatchOptions(every=brief.WIDE)), brief.Schedule(WatchOptions())
    apart.work = budget.work = brief.LARGE
    for schedule in (small, apart, budget):
        assert all(schedule.close(index) for index in range(200))


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
@pytest.mark.parametrize(
    ("shape", "axis"),
    [((7, 33), 1), ((300, 1030), 1), ((3, 5, 6, 7), 1), ((2, 4, 40), 2), ((2, 3, 80, 80), 1)],
)
def test_the_kernel_counts_as_torch_does(
    shape: tuple[int, ...], axis: int, dtype: torch.dtype, monkeypatch: pytest.MonkeyPatch
) -> None:
    torch.manual_seed(0)
    y = (torch.randn(shape) * torch.randint(0, 2, shape)).to(dtype)
    samples = [y, y.mT, y.to(memory_format=torch.channels_last) if y.dim() == 4 else y]
    bad = y.clone()
    bad.reshape(-1)[:3] = torch.tensor([math.nan, math.inf, -math.inf], dtype=dtype)
    for sample in [*samples, bad, y[:0]]:
        if sample.numel() == 0 or axis >= sample.dim():
            continue
        found = statistics.outputs(sample, axis)
        with monkeypatch.context() as patch:
            patch.setattr(unit_statistics, "outputs", lambda *_: None)
            expected = statistics.outputs(sample, axis)
        assert (found.elements, found.rows) == (expected.elements, expected.rows)
        counts, sums = np.asarray(found.units), np.asarray(expected.units)
        assert np.array_equal(counts[:2], sums[:2])
        assert np.allclose(counts[2], sums[2], rtol=1e-5, equal_nan=True)
        assert float(found.bad or 0) == float(expected.bad or 0)


def test_a_glance_at_gradients_finds_what_is_not_finite() -> None:
    glance = brief.Glance()
    whole, half = nn.Parameter(torch.randn(300, 300)), nn.Parameter(torch.randn(4).double())
    parameters: list[Tensor] = [whole, half]
    assert not glance.bad(parameters)
    whole.grad, half.grad = torch.randn(300, 300), torch.randn(4).double()
    assert not glance.bad(parameters)
    half.grad[2] = math.inf
    assert glance.bad(parameters)
    half.grad[2] = 0
    whole.grad[17] = math.nan
    assert glance.bad(parameters)
    whole.grad = torch.full((300, 300), math.nan).mT
    assert glance.bad(parameters)
