"""Checks of the Keras callback on whatever backend is set; `test_keras_watch` runs it on each.

A network of Keras and its twin of PyTorch, with the same weights and batches, must leave the same
record and get the same verdicts.
"""

from __future__ import annotations

import itertools
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest
import torch
from torch import nn

import rectifier.torch as rt
from rectifier.errors import SickTrainingError
from rectifier.keras import Mish, Watch
from rectifier.watch.record import Record

pytestmark = pytest.mark.filterwarnings("ignore")

BATCH, STEPS = 50, 60
RNG = np.random.default_rng(0)
X = RNG.normal(size=(BATCH * STEPS, 8)).astype(np.float32)
Y = (X[:, :1] * X[:, 1:2] + X[:, 2:3]).astype(np.float32)


class Functional(keras.Model):
    """Activations as functions in the model's own code, and as a layer of rectifier."""

    def __init__(self) -> None:
        super().__init__()
        self.first = keras.layers.Dense(32)
        self.second = keras.layers.Dense(16)
        self.mish = Mish()
        self.head = keras.layers.Dense(1)

    def call(self, x: Any) -> Any:
        x = keras.ops.relu(self.first(x))  # the line that must be named
        return self.head(self.mish(self.second(x)))


class FunctionalTwin(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.first, self.second, self.head = nn.Linear(8, 32), nn.Linear(32, 16), nn.Linear(16, 1)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        x = torch.relu(self.first(x))
        return self.head(nn.functional.mish(self.second(x)))


def sequential() -> keras.Model:
    layers = keras.layers
    return keras.Sequential(
        [layers.Input((8,)), layers.Dense(32, activation="relu"), layers.Dense(16),
         layers.LeakyReLU(0.01), layers.Dense(1)]
    )  # fmt: skip


def sequential_twin() -> nn.Module:
    return nn.Sequential(
        nn.Linear(8, 32), nn.ReLU(), nn.Linear(32, 16), nn.LeakyReLU(0.01), nn.Linear(16, 1)
    )


def deep() -> keras.Model:
    layers = keras.layers
    hidden = [layers.Dense(16, activation="sigmoid") for _ in range(6)]
    return keras.Sequential([layers.Input((8,)), *hidden, layers.Dense(1)])


def deep_twin() -> nn.Module:
    widths = [8] + [16] * 6
    pairs = itertools.pairwise(widths)
    hidden = [part for i, o in pairs for part in (nn.Linear(i, o), nn.Sigmoid())]
    return nn.Sequential(*hidden, nn.Linear(16, 1))


def fit_keras(make: Callable[[], keras.Model], bias: float, rate: float, watch: Watch) -> Any:
    keras.utils.set_random_seed(1)
    model = make()
    model(X[:1])
    dense = [layer for layer in model.layers if isinstance(layer, keras.layers.Dense)]
    dense[0].bias.assign(np.full(dense[0].units, bias, dtype=np.float32))
    # Where no unit lives the next layer gets its biases alone, and at 0 a leaky ReLU's slope is a
    # matter of convention: 0.01 in PyTorch, 1 in JAX.
    dense[1].bias.assign(np.full(dense[1].units, 0.05, dtype=np.float32))
    before = [[np.array(w) for w in layer.get_weights()] for layer in dense]
    model.compile(optimizer=keras.optimizers.SGD(rate), loss="mse")
    model.fit(X, Y, batch_size=BATCH, shuffle=False, verbose=0, callbacks=[watch])
    after = [np.array(w) for layer in dense for w in layer.get_weights()]
    return before, after


def fit_torch(make: Callable[[], nn.Module], weights: Any, rate: float) -> tuple[Record, Any]:
    model = make()
    dense = [layer for layer in model.modules() if isinstance(layer, nn.Linear)]
    with torch.no_grad():
        for layer, (kernel, bias) in zip(dense, weights, strict=True):
            layer.weight.copy_(torch.from_numpy(kernel.T.copy()))
            layer.bias.copy_(torch.from_numpy(bias))
    optimizer = torch.optim.SGD(model.parameters(), lr=rate)
    with rt.watch(model, optimizer, every=1) as session:
        for step in range(STEPS):
            batch = slice(step * BATCH, (step + 1) * BATCH)
            loss = nn.functional.mse_loss(
                model(torch.from_numpy(X[batch])), torch.from_numpy(Y[batch])
            )
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
    after = [w.detach().numpy() for layer in dense for w in (layer.weight.T, layer.bias)]
    return session.record, (session.diagnose(), after)


CASES = {
    "healthy": (sequential, sequential_twin, 0.0, 0.02),
    "born dead": (sequential, sequential_twin, -30.0, 0.02),
    "too hot": (sequential, sequential_twin, 0.0, 0.3),
    "functional": (Functional, FunctionalTwin, 0.0, 0.02),
    "deep sigmoid": (deep, deep_twin, 0.0, 0.05),
}


@pytest.mark.parametrize("name", CASES)
def test_twins_leave_the_same_record_and_get_the_same_verdicts(name: str) -> None:
    make, make_twin, bias, rate = CASES[name]
    watch = Watch(every=1)
    before, after = fit_keras(make, bias, rate, watch)
    twin, (findings, twin_after) = fit_torch(make_twin, before, rate)
    record = watch.record
    for one, two in zip(after, twin_after, strict=True):
        np.testing.assert_allclose(one, two, rtol=2e-3, atol=2e-4, err_msg="watching moved the fit")
    assert (record.steps, record.observed_steps) == (twin.steps, twin.observed_steps) == (60, 60)
    assert record.window_steps == twin.window_steps
    assert [s.function for s in record.sites] == [s.function for s in twin.sites]
    assert record.loss_function == twin.loss_function
    sick = name == "too hot"  # there the smallest difference grows
    for one, two in zip(record.sites, twin.sites, strict=True):
        assert (one.units, one.fan_in, one.layer_kind) == (two.units, two.fan_in, two.layer_kind)
        assert one.dead == pytest.approx(two.dead, abs=0.15 if sick else 0)
        if sick:
            continue
        for field in ("silent", "sparsity", "zero_gradient", "saturated"):
            got, expected = getattr(one.series, field), getattr(two.series, field)
            np.testing.assert_allclose(got, expected, atol=0.002, err_msg=field)
        for field in ("input_mean", "input_std", "output_mean", "output_std", "gradient_rms",
                      "bias_median", "weight_norm_median"):  # fmt: skip
            got, expected = getattr(one.series, field), getattr(two.series, field)
            np.testing.assert_allclose(got, expected, rtol=1e-2, atol=1e-4, err_msg=field)
        assert np.abs(one.unit.active - two.unit.active).max() <= 3
    for own, other in zip(record.layers, twin.layers, strict=True):
        assert (own.kind, own.parameters, own.in_optimizer) == (other.kind, other.parameters, True)
        if not sick:
            np.testing.assert_allclose(own.gradient_rms, other.gradient_rms, rtol=1e-2, atol=1e-7)
            np.testing.assert_allclose(own.update_ratio, other.update_ratio, rtol=2e-2, atol=1e-7)
    known = ~np.isnan(record.training.loss)
    if not sick:
        np.testing.assert_allclose(
            record.training.loss[known], twin.training.loss[known], rtol=1e-3
        )
    assert verdicts(watch.findings) == verdicts(findings), name
    if name in ("born dead", "too hot"):
        assert verdicts(findings), "the twin is not even sick"
    assert Record.from_json(record.to_json()).steps == 60


def verdicts(findings: Any) -> list[tuple[str, str]]:
    return [(finding.rule, finding.severity) for finding in findings]


def test_the_line_is_named_and_budget_sinks_and_page_work(tmp_path: Path) -> None:
    place = tmp_path / "r.jsonl"
    watch = Watch(html=tmp_path / "r.html", sinks=[f"jsonl:{place}"])
    fit_keras(Functional, -30.0, 0.01, watch)
    line = next(n for n, text in enumerate(Path(__file__).read_text().splitlines(), 1)
                if "the line that must be named" in text)  # fmt: skip
    assert watch.record.sites[0].source == f"keras_twins.py:{line}"
    assert watch.record.sites[0].site == "relu"
    assert watch.findings[0].rule == "born_dead"
    assert watch.record.steps == STEPS
    assert 10 <= watch.record.observed_steps <= STEPS
    assert (tmp_path / "r.html").stat().st_size > 10_000
    last = json.loads(place.read_text().splitlines()[-1])
    assert last["findings"][0]["rule"] == "born_dead"
    with pytest.raises(SickTrainingError, match="born_dead"):
        fit_keras(Functional, -30.0, 0.01, Watch(fail_on="error"))


def test_convolutions_dropout_and_recurrent_layers(tmp_path: Path) -> None:
    layers = keras.layers
    keras.utils.set_random_seed(0)
    inner = keras.Sequential(
        [layers.Dense(12, activation="gelu"), layers.Dropout(0.5)], name="inner"
    )
    model = keras.Sequential(
        [layers.Input((10, 10, 3)), layers.Conv2D(4, 3), layers.BatchNormalization(),
         layers.Activation("relu"), layers.Reshape((8, 32)), layers.LSTM(6), inner,
         layers.Dense(2, activation="softmax")]
    )  # fmt: skip
    model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
    call = keras.layers.Layer.__call__
    watch = Watch(every=2)
    x = RNG.normal(size=(64, 10, 10, 3)).astype(np.float32)
    moving = np.array(model.layers[1].moving_mean)
    model.fit(x, np.arange(64) % 2, batch_size=20, epochs=2, verbose=0, callbacks=[watch])
    record = watch.record
    assert keras.layers.Layer.__call__ is call
    assert (record.steps, record.observed_steps) == (8, 4)
    assert [(s.function, s.units, s.unit_axis) for s in record.sites] == [
        ("relu", 4, 3),
        ("gelu", 12, 1),
    ]
    assert record.sites[0].layer_kind == "BatchNorm"
    assert record.sites[1].site.startswith("inner.")
    assert record.loss_function == "cross_entropy"
    assert any("recurrent" in note for note in record.notes)
    assert not np.array_equal(moving, np.array(model.layers[1].moving_mean)), "no moving average"
    plain = model.train_function
    model.fit(x, np.arange(64) % 2, batch_size=20, verbose=0)
    assert model.train_function == plain


def test_an_exception_in_a_step_leaves_nothing_behind() -> None:
    class Failing(keras.callbacks.Callback):
        def on_train_batch_begin(self, batch: int, logs: Any = None) -> None:
            if batch == 3:
                wanted = self.model.train_function
                self.model.train_function = lambda *args: wanted(*args[:-1], None)

    model = sequential()
    model.compile("sgd", "mse")
    watch = Watch(every=1)
    with pytest.raises(Exception, match="None"):
        model.fit(X[:500], Y[:500], batch_size=50, verbose=0, callbacks=[watch, Failing()])
    assert watch.record.observed_steps == 3
