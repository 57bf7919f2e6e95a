"""What a watched training leaves in its record."""

from __future__ import annotations

import gc
import math
import sys
from collections.abc import Callable

import numpy as np
import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from rectifier.torch.sites import Interception
from rectifier.watch.options import WatchOptions
from rectifier.watch.record import NEVER, Record
from rectifier.watch.watcher import Watcher


class Small(nn.Module):
    def __init__(self, units: int = 6) -> None:
        super().__init__()
        self.fc1 = nn.Linear(4, units)
        self.fc2 = nn.Linear(units, 3)

    def forward(self, x: Tensor) -> Tensor:
        return self.fc2(F.relu(self.fc1(x)))


def watch(
    train: Callable[[], None], *models: nn.Module, options: WatchOptions | None = None
) -> Record:
    watcher = Watcher(options or WatchOptions(every=1))
    with Interception([watcher], models) as interception:
        train()
    assert interception.notes == []
    record = watcher.record(interception.notes)
    back = Record.from_json(record.to_json())
    assert [s.site for s in back.sites] == [s.site for s in record.sites]
    return record


def steps(model: nn.Module, optimizer: torch.optim.Optimizer, count: int, batch: int = 32) -> None:
    for _ in range(count):
        loss = F.cross_entropy(model(torch.randn(batch, 4)), torch.randint(0, 3, (batch,)))
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()


def test_the_step_at_which_units_die_and_their_weights_then() -> None:
    torch.manual_seed(1)
    model = Small()
    optimizer = torch.optim.SGD(model.parameters(), lr=0.01)
    norms: list[float] = []

    def train() -> None:
        for step in range(60):
            if step == 30:
                with torch.no_grad():
                    model.fc1.bias[2] = -100.0
                    model.fc1.bias[4] = -50.0
            norms.append(float(model.fc1.weight[2].detach().norm()))
            steps(model, optimizer, 1)

            with torch.no_grad():
                model.fc1.bias[model.fc1.bias < -40] -= 0.125  # moves on after death

    with torch.no_grad():
        model.fc1.bias[0] = -80.0
    record = watch(train, model)
    (site,) = record.sites
    unit = site.unit
    assert unit.dead.tolist() == [True, False, True, False, True, False]
    assert unit.born_dead.tolist() == [True] + [False] * 5
    assert site.dead == 0.5
    assert unit.last_active_step.tolist()[:3:2] == [NEVER, 29]
    assert unit.last_active_step[4] == 29
    assert unit.bias_at_death[[0, 2, 4]].tolist() == [-80.0, -100.0, -50.0]
    assert np.isnan(unit.bias_at_death[[1, 3, 5]]).all()
    assert unit.weight_norm_at_death[2] == pytest.approx(norms[30], rel=1e-5)
    assert unit.weight_norm_start[2] == pytest.approx(norms[0], rel=1e-5)
    end = model.fc1.weight.detach().norm(dim=1).tolist()
    assert unit.weight_norm_end.tolist() == pytest.approx(end, rel=1e-5)
    assert unit.bias_end.tolist() == pytest.approx(model.fc1.bias.tolist())
    assert (record.steps, record.observed_steps) == (60, 60)
    assert record.window_steps == 30, "2,000 inputs would need 63 steps of 32: half the run then"
    assert unit.seen == 60 * 32
    assert unit.seen_recent == record.window_steps * 32
    silent = site.series.silent
    assert silent[29] == pytest.approx(1 / 6)
    assert silent[30] >= 0.5
    assert unit.map_active.shape == (60, 6)
    assert unit.map_active[-1, 2] == 0
    assert int(unit.input_counts.sum()) == 32 * 6


def test_a_silent_leaky_unit_is_not_dead() -> None:
    model = nn.Sequential(nn.Linear(4, 5), nn.LeakyReLU(), nn.Linear(5, 3))
    with torch.no_grad():
        model[0].bias.fill_(-50.0)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.001)
    (site,) = watch(lambda: steps(model, optimizer, 12), model).sites
    assert (site.unit.active_recent == 0).all()
    assert (site.unit.nonzero_gradient_recent > 0).all()
    assert site.dead == 0


def test_the_closing_window_is_a_tenth_of_a_long_run() -> None:
    model = Small()
    optimizer = torch.optim.SGD(model.parameters(), lr=0.01)
    record = watch(lambda: steps(model, optimizer, 600, batch=128), model)
    assert 60 <= record.window_steps <= 60 + 600 // 32
    assert record.sites[0].unit.seen_recent == record.window_steps * 128
    assert record.sites[0].series.step.size <= 512
    assert record.sites[0].unit.map_steps.size <= 64
    assert record.training.step.size <= 1024


def test_passes_inside_a_closure_are_counted() -> None:
    model = Small()
    optimizer = torch.optim.LBFGS(model.parameters(), max_iter=2)
    x = torch.randn(9, 4)
    calls = 0

    def closure() -> Tensor:
        nonlocal calls
        calls += 1
        optimizer.zero_grad()
        loss = model(x).square().mean()
        loss.backward()
        return loss

    def train() -> None:
        for _ in range(3):
            optimizer.step(closure)

    record = watch(train, model)
    assert (record.steps, record.observed_steps) == (3, 3)
    assert record.sites[0].unit.seen == 9 * calls
    assert np.isfinite(record.training.loss).all()


def test_passes_without_training_are_not_counted() -> None:
    model = Small()
    optimizer = torch.optim.SGD(model.parameters(), lr=0.01)

    def train() -> None:
        for _ in range(5):
            model.train()
            steps(model, optimizer, 1)
            model.eval()
            with torch.no_grad():
                model(torch.randn(7, 4))
            with torch.inference_mode():
                model(torch.randn(7, 4))
            model(torch.randn(7, 4))  # gradients recorded, never used

    (site,) = watch(train, model).sites
    assert site.unit.seen == 5 * 32


def test_training_in_evaluation_mode_is_training() -> None:
    model = Small().eval()
    optimizer = torch.optim.SGD(model.parameters(), lr=0.01)
    (site,) = watch(lambda: steps(model, optimizer, 3), model).sites
    assert site.unit.seen == 3 * 32


def test_the_training_as_a_whole() -> None:
    torch.manual_seed(0)
    model = Small()
    groups = [{"params": model.fc1.parameters()}, {"params": model.fc2.parameters(), "lr": 0.5}]
    optimizer = torch.optim.SGD(groups, lr=0.1)
    model.fc2.bias.requires_grad = False
    losses, norms, ratios, inputs = [], [], [], []

    def train() -> None:
        for _ in range(4):
            x = torch.randn(16, 4) * 3 + 1
            inputs.append((float(x.mean()), float(x.std(correction=0)), float(x.abs().max())))
            loss = F.cross_entropy(model(x), torch.randint(0, 3, (16,)))
            optimizer.zero_grad()
            loss.backward()
            losses.append(loss.item())
            grads = [p.grad for p in model.parameters() if p.grad is not None]
            norms.append(math.sqrt(sum(float(g.norm()) ** 2 for g in grads)))
            before = [p.detach().clone() for p in model.parameters()]
            optimizer.step()
            moved = sum(
                float((p.detach() - b).norm()) ** 2
                for p, b in zip(model.parameters(), before, strict=True)
            )
            ratios.append(math.sqrt(moved / sum(float(b.norm()) ** 2 for b in before)))

    record = watch(train, model)
    series = record.training
    assert series.step.tolist() == [0, 1, 2, 3]
    assert series.loss.tolist() == pytest.approx(losses, rel=1e-6)
    assert series.learning_rate.tolist() == [0.5] * 4
    assert series.gradient_norm.tolist() == pytest.approx(norms, rel=1e-5)
    assert series.update_ratio.tolist() == pytest.approx(ratios, rel=1e-4)
    found = np.stack([series.input_mean, series.input_std, series.input_abs_max], axis=1)
    assert found == pytest.approx(np.array(inputs), rel=1e-4)
    assert series.input_non_finite.tolist() == [0] * 4
    assert (record.optimizer, record.loss_function) == ("SGD", "cross_entropy")
    first, second = record.layers
    assert (first.layer, first.kind, first.parameters) == ("fc1", "Linear", 30)
    assert first.trainable
    assert first.in_optimizer
    weight = model.fc1.weight
    assert first.gradient_rms == pytest.approx(first.gradient_norm / math.sqrt(weight.numel()))
    assert second.update_ratio.size == 4
    assert record.sites[0].fan_in == 4


def test_frozen_and_forgotten_layers() -> None:
    model = nn.Sequential(nn.Linear(4, 5), nn.ReLU(), nn.Linear(5, 5), nn.ReLU(), nn.Linear(5, 3))
    model[0].requires_grad_(False)
    optimizer = torch.optim.SGD(model[4].parameters(), lr=0.1)
    record = watch(lambda: steps(model, optimizer, 3), model)
    found = {layer.layer: (layer.trainable, layer.in_optimizer) for layer in record.layers}
    assert found == {"0": (False, False), "2": (True, False), "4": (True, True)}
    assert [site.layer for site in record.sites] == ["0", "2"]


def test_two_optimizers_take_turns() -> None:
    torch.manual_seed(0)
    generator = nn.Sequential(nn.Linear(2, 8), nn.ReLU(), nn.Linear(8, 4))
    critic = nn.Sequential(nn.Linear(4, 8), nn.LeakyReLU(0.2), nn.Linear(8, 1))

    def train() -> None:
        for_generator = torch.optim.Adam(generator.parameters(), lr=1e-3)
        for_critic = torch.optim.Adam(critic.parameters(), lr=2e-3)
        for _ in range(6):
            fake = generator(torch.randn(16, 2))
            loss = F.softplus(critic(fake.detach())).mean()
            loss = loss + F.softplus(-critic(torch.randn(16, 4))).mean()
            for_critic.zero_grad()
            loss.backward()
            for_critic.step()
            loss = F.softplus(-critic(fake)).mean()
            for_generator.zero_grad()
            loss.backward()
            for_generator.step()

    record = watch(train)
    assert record.steps == 12
    assert [(s.site, s.model, s.function) for s in record.sites] == [
        ("1", "Sequential", "relu"),
        ("1:2", "Sequential:2", "leaky_relu"),
    ], "softplus in the loss is no hidden site"
    assert [site.unit.seen for site in record.sites] == [6 * 16, 6 * 48]
    rates = record.training.learning_rate.tolist()
    assert rates == [2e-3, 1e-3] * 6
    assert [layer.step.tolist()[:2] for layer in record.layers] == [[1, 3]] * 2 + [[0, 2]] * 2


@pytest.mark.parametrize("where", ["input", "parameter", "site", "loss", "gradient"])
def test_the_first_non_finite_value_is_named(where: str) -> None:
    torch.manual_seed(0)
    model = Small()
    optimizer = torch.optim.SGD(model.parameters(), lr=0.01)

    def train() -> None:
        for step in range(6):
            x = torch.randn(8, 4)
            if step == 3 and where == "input":
                x[0, 0] = math.nan
            if step == 3 and where == "parameter":
                model.fc2.weight.data[0, 0] = math.inf
            if step == 3 and where == "site":
                x *= 1e38
                model.fc1.weight.data *= 1e3
            loss = model(x).square().mean()
            if step == 3 and where == "loss":
                loss = loss + torch.log(torch.zeros(())) * 0.5
            if step == 3 and where == "gradient":
                loss = loss + torch.sqrt(model.fc1.weight.sum() * 0)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()

    record = watch(train, model)
    first = record.non_finite[0]
    name = {"input": "input", "parameter": "fc2", "site": "relu", "loss": "loss"}
    assert (first.step, first.where) == (3, where)
    assert first.name == name.get(where, "fc1")
    if where == "site":
        assert first.source.startswith("tests/watch/test_watcher.py:")


def test_a_bad_loss_on_an_unobserved_step_is_dated_right() -> None:
    model = Small()
    optimizer = torch.optim.SGD(model.parameters(), lr=0.01)

    def train() -> None:
        for step in range(21):
            loss = model(torch.randn(8, 4)).mean() * (math.nan if step == 7 else 1.0)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()

    record = watch(train, model, options=WatchOptions(every=5))
    assert record.observed_steps == 5
    assert record.non_finite[0].where == "loss"
    assert record.non_finite[0].step == 7
    assert np.isfinite(record.training.loss[:7]).all()
    assert record.training.step.size == 21, "the loss is known for every step"


@pytest.mark.parametrize("before", [True, False])
def test_a_state_that_comes_back_is_not_learnt_elsewhere(before: bool) -> None:
    model = Small()
    state = {name: value.clone() for name, value in model.state_dict().items()}
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)

    def train() -> None:
        if before:
            model.load_state_dict(state)  # a checkpoint, to go on from
        steps(model, optimizer, 3)
        model.load_state_dict(state)  # the best state of this training

    record = watch(train, model)
    assert [p.loaded for p in record.circumstances.parameters] == 4 * [before]


def test_scaled_losses_and_gradients_are_shown_unscaled() -> None:
    torch.manual_seed(0)
    model = Small()
    state = {name: value.clone() for name, value in model.state_dict().items()}
    x, y = torch.randn(16, 4), torch.randint(0, 3, (16,))
    records = []
    for enabled in (False, True):
        model.load_state_dict(state)
        optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
        scaler = torch.amp.GradScaler("cpu", init_scale=1024.0, enabled=enabled)

        def train(
            optimizer: torch.optim.Optimizer = optimizer, scaler: torch.amp.GradScaler = scaler
        ) -> None:
            for _ in range(2):
                loss = F.cross_entropy(model(x), y)
                optimizer.zero_grad()
                scaler.scale(loss).backward()
                scaler.step(optimizer)
                scaler.update()

        records.append(watch(train, model))
    plain, scaled = records
    assert scaled.training.loss == pytest.approx(plain.training.loss, rel=1e-5)
    assert scaled.training.gradient_norm == pytest.approx(plain.training.gradient_norm, rel=1e-4)
    one, two = plain.sites[0].series.gradient_rms, scaled.sites[0].series.gradient_rms
    assert two == pytest.approx(one, rel=1e-4)


def test_half_precision_under_autocast() -> None:
    model = Small()
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)

    def train() -> None:
        for _ in range(3):
            with torch.autocast("cpu", dtype=torch.bfloat16):
                loss = F.cross_entropy(model(torch.randn(16, 4)), torch.randint(0, 3, (16,)))
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()

    (site,) = watch(train, model).sites
    assert site.layer == "fc1"
    assert np.isfinite(site.series.input_std).all()


def test_nothing_trained_and_nothing_to_see_are_said() -> None:
    assert "No training step" in watch(lambda: None).notes[0]
    model = nn.Linear(4, 3)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    record = watch(lambda: steps(model, optimizer, 2), model)
    assert "No activation" in record.notes[0]
    assert [layer.layer for layer in record.layers] == ["linear"]


@pytest.mark.parametrize(("every", "large"), [(5, None), (1, 1)], ids=["asleep", "brief"])
def test_memory_stays_flat(every: int, large: int | None, monkeypatch: pytest.MonkeyPatch) -> None:
    total = 10_000 if large is None else 4000
    if large is not None:
        monkeypatch.setattr("rectifier.watch.brief.LARGE", large)
        monkeypatch.setattr("rectifier.watch.ledger.DETAILS", 16)
    monkeypatch.setattr("rectifier.watch.ledger.SERIES", 16)
    monkeypatch.setattr("rectifier.watch.ledger.MAP_ROWS", 8)
    monkeypatch.setattr("rectifier.watch.training.SERIES", 16)
    monkeypatch.setattr("rectifier.watch.thinning._BLOCKS", 8)
    model = (
        Small(64) if large is None else nn.Sequential(nn.Linear(4, 8), nn.ReLU(), nn.Linear(8, 3))
    )
    optimizer = torch.optim.SGD(model.parameters(), lr=0.01)
    watcher = Watcher(WatchOptions(every=every))  # and asleep, or brief, in between

    def tensors() -> int:
        gc.collect()
        return sum(1 for thing in gc.get_objects() if issubclass(type(thing), Tensor))

    def blocks() -> int:
        gc.collect()
        return sys.getallocatedblocks()

    with Interception([watcher], [model]):
        steps(model, optimizer, total // 5, batch=4)
        before, held = blocks(), tensors()
        steps(model, optimizer, total - total // 5, batch=4)
        assert tensors() <= held + 2
        assert blocks() - before < total * 0.08, "less than a tenth of an object a step"
    record = watcher.record()
    assert (record.steps, record.observed_steps) == (total, total // every)


def test_watching_changes_no_result_and_no_random_number() -> None:
    results = []
    for options in (None, WatchOptions(every=1)):
        torch.manual_seed(3)
        model = nn.Sequential(nn.Linear(4, 9), nn.ReLU(inplace=True), nn.Dropout(), nn.Linear(9, 3))
        optimizer = torch.optim.Adam(model.parameters())
        if options is None:
            steps(model, optimizer, 5)
        else:
            watch(lambda m=model, o=optimizer: steps(m, o, 5), model, options=options)
        results.append([*model.state_dict().values(), torch.rand(1)])
    assert all(torch.equal(one, two) for one, two in zip(*results, strict=True))


@pytest.mark.parametrize("kind", [nn.RNN, nn.GRU])
@pytest.mark.parametrize("with_head", [False, True])
def test_a_recurrent_layer_is_seen_though_the_loss_is_a_module(kind, with_head: bool) -> None:
    """No gradient is heard of at its gates, and the loss begins a pass of its own."""
    torch.manual_seed(0)
    reader = kind(4, 6, batch_first=True)
    head = nn.Sequential(nn.Linear(6, 5), nn.ReLU(), nn.Linear(5, 3))  # a model of its own
    optimizer = torch.optim.SGD([*reader.parameters(), *head.parameters()], lr=0.1)
    criterion = nn.CrossEntropyLoss()

    def train() -> None:
        for _ in range(12):
            state = reader(torch.randn(8, 7, 4))[0][:, -1]
            out = head(state) if with_head else state[:, :3]
            loss = criterion(out, torch.randint(0, 3, (8,)))
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            with torch.no_grad():
                reader(torch.randn(8, 7, 4))

    record = watch(train)
    functions = {"tanh"} if kind is nn.RNN else {"sigmoid", "tanh"}
    functions |= {"relu"} if with_head else set()
    assert {site.function for site in record.sites} == functions
    recurrent = [site for site in record.sites if site.function != "relu"]
    assert [site.unit.seen for site in recurrent] == [12 * 8 * 7] * len(recurrent)


def test_a_place_may_see_one_state_at_one_time_and_a_batch_or_sequences_at_another() -> None:
    torch.manual_seed(3)
    model = Small()
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    alive = torch.zeros(6, dtype=torch.int64)

    def count(module: nn.Module, given: tuple[Tensor, ...], out: Tensor) -> None:
        alive.add_((out > 0).reshape(-1, 6).sum(0))

    model.fc1.register_forward_hook(count)

    def train() -> None:
        for _ in range(8):
            acted = model(torch.randn(1, 4)[0]).sum()  # a policy asked for one action
            batch = model(torch.randn(5, 4)).sum() + model(torch.randn(2, 3, 4)).sum()
            optimizer.zero_grad()
            (acted + batch).backward()
            optimizer.step()

    (site,) = watch(train).sites
    assert (site.units, site.unit.seen) == (6, 8 * (1 + 5 + 6))
    assert site.unit.active.tolist() == alive.tolist()
