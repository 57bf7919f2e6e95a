"""The callback itself: which steps to observe, and the record.

For `rectifier.callbacks.keras`. It wraps the model's compiled training function for the time of a
fit: there the batch passes, and the weights are as they are before the step.
"""

from __future__ import annotations

import importlib
import itertools
import math
import platform
import time
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

import keras
import numpy as np

from rectifier.callbacks.keras import measure
from rectifier.callbacks.keras.probe import Batch, Probe
from rectifier.callbacks.keras.taps import Place, weight_of
from rectifier.callbacks.outcome import Outcome
from rectifier.watch.budget import Budget
from rectifier.watch.closing import closing_window
from rectifier.watch.ledger import Clock, Observation, SiteLedger, median
from rectifier.watch.listening import Listener, Listeners
from rectifier.watch.record import LayerRecord, NonFinite, Record, SiteRecord
from rectifier.watch.training import LayerLedger, TrainingLedger, TrainingStep

if TYPE_CHECKING:
    from os import PathLike

    from rectifier.doctor.finding import Finding, Severity
    from rectifier.watch.ledger import Feeding

_END_OF_EPOCH = ("StopIteration", "OutOfRangeError")
"""How a data set of unknown length ends, on JAX and on TensorFlow."""

_Callback: Any = keras.callbacks.Callback

LOSSES = {
    "mse": "mse_loss",
    "mean_squared_error": "mse_loss",
    "mae": "l1_loss",
    "mean_absolute_error": "l1_loss",
    "categorical_crossentropy": "cross_entropy",
    "sparse_categorical_crossentropy": "cross_entropy",
    "binary_crossentropy": "binary_cross_entropy",
    "kl_divergence": "kl_div",
    "huber": "huber_loss",
    "huber_loss": "huber_loss",
}
"""Keras's losses by the names that the record knows them by."""

KINDS = {"Dense": "Linear", "BatchNormalization": "BatchNorm", "LayerNormalization": "LayerNorm"}
"""Keras's layers by the names that the record knows them by; convolutions are called alike."""


class Watch(_Callback):  # type: ignore[misc]  # Keras has no types
    """Watches a fit.

    Args:
        every: Observe every n-th step; None: as many as the budget allows.
        budget: Share of the time that observing may cost; None: 0.02.
        sinks: Where the numbers go meanwhile, such as ``"tensorboard:runs/first"``.
        html: A page to write at the end.
        fail_on: Raise `SickTrainingError` at the end where a finding is this severe or worse.

    Raises:
        InvalidInputError: An option is out of bounds.
        RectifierError: A sink is unknown, or its package or place is not there.
    """

    def __init__(
        self,
        *,
        every: int | None = None,
        budget: float | None = None,
        sinks: Sequence[str | Listener] = (),
        html: str | PathLike[str] | None = None,
        fail_on: Severity | None = None,
    ) -> None:
        super().__init__()
        self._outcome = Outcome(every=every, budget=budget, sinks=sinks, html=html, fail_on=fail_on)
        self._run: _Run | None = None

    @property
    def record(self) -> Record:
        """What was measured so far."""
        return self._outcome.record if self._run is None else self._run.record()

    @property
    def findings(self) -> tuple[Finding, ...]:
        """What is wrong, root cause first; known once the fit is over."""
        return self._outcome.findings

    def on_train_begin(self, logs: Any = None) -> None:
        """Begin to watch."""
        self._end()
        self._run = _Run(self.model, self._outcome)

    def on_train_end(self, logs: Any = None) -> None:
        """Stop; raise where that was asked for."""
        self._end()
        self._outcome.judge()

    def _end(self) -> None:
        run, self._run = self._run, None
        if run is None:
            return
        run.stop()
        self._outcome.take(run.record())
        run.listeners.close(
            self._outcome.record, [finding.to_dict() for finding in self._outcome.findings]
        )


class _Run:
    """One fit."""

    def __init__(self, model: Any, outcome: Outcome) -> None:
        self._model = model
        self._probe = Probe(model)
        self._budget = Budget(outcome.options)
        self.listeners = Listeners(outcome.listeners)
        self.listeners.open()
        self._clock = Clock()
        self._places: dict[tuple[str, str, str], Place] = {}
        self._names: dict[tuple[str, str, str], str] = {}
        self._sites: dict[str, SiteLedger] = {}
        self._fans: dict[str, int] = {}
        self._layers: dict[str, LayerLedger] = {}
        self._kinds: dict[str, str] = {}
        self._training = TrainingLedger()
        self._trouble: dict[str, NonFinite] = {}
        self._steps = self._index = 0
        self._seconds = 0.0
        self._notes: list[str] = []
        self._problems: list[str] = []
        self._failed = False
        self._data: Any = None
        self._rate = math.nan
        self._jax = keras.backend.backend() == "jax"
        self._original = model.train_function
        model.train_function = self._train

    def stop(self) -> None:
        """Put the model's own training function back."""
        if self._model.train_function == self._train:
            self._model.train_function = self._original

    def _train(self, *args: Any) -> Any:
        """Stands in for the model's training function: ``(state, iterator)`` or ``(iterator)``."""
        step = self._steps
        batch: Batch | None = None
        if not self._failed and self._budget.wants(step):
            start = time.perf_counter()
            *state, source = args
            self._data, source = _peek(source)
            args = (*state, source)
            batch = self._guarded(self._look, args)
            self._seconds += time.perf_counter() - start
        try:
            result = self._original(*args)
        except BaseException as error:
            if type(error).__name__ not in _END_OF_EPOCH:
                self.stop()  # Keras tells its callbacks of no exception
            raise
        start = time.perf_counter()
        if batch is not None:
            self._guarded(self._take, step, batch, result)
        self._data = None
        self._steps += int(getattr(self._model, "steps_per_execution", 1) or 1)
        self.listeners.tick(self.record)
        self._seconds += time.perf_counter() - start
        self._budget.ended(step, batch is not None, self._seconds)
        return result

    def _guarded(self, method: Any, *args: Any) -> Any:
        """Run a part of the observation; its failure ends that, and never reaches the training."""
        try:
            return method(*args)
        except Exception as error:  # noqa: BLE001 - the boundary to the user's program; noted
            self._failed = True
            self._problems.append(
                f"Observation ended at step {self._steps}: {type(error).__name__}: {error}"
            )
            return None

    def _look(self, args: tuple[Any, ...]) -> Batch:
        """Run the batch that comes next beside the training."""
        if self._jax:
            trainable, other, optimizer, metrics = args[0]
        else:
            trainable = [v.value for v in self._model.trainable_variables]
            other = [v.value for v in self._model.non_trainable_variables]
            metrics = [v.value for v in self._model.metrics_variables]
            optimizer = None
        batch = self._probe.run(trainable, other, metrics, self._data)
        self._rate = self._learning_rate(optimizer)
        return batch

    def _learning_rate(self, values: Any) -> float:
        optimizer = self._model.optimizer
        mapping = [] if values is None else list(zip(optimizer.variables, values, strict=True))
        with keras.StatelessScope(state_mapping=mapping):
            return float(keras.ops.convert_to_numpy(optimizer.learning_rate))

    # Taking a step in

    def _take(self, step: int, batch: Batch, result: Any) -> None:
        after = result[1][0] if self._jax else [v.value for v in self._model.trainable_variables]
        change = [
            np.asarray(keras.ops.convert_to_numpy(new), dtype=old.dtype) - old
            for new, old in zip(after, batch.weights, strict=True)
        ]
        entry = TrainingStep(step, loss=batch.loss, learning_rate=self._rate)
        entry.gradient_norm = measure.norm(*batch.weight_gradients)
        entry.update_ratio = _ratio(measure.norm(*change), measure.norm(*batch.weights))
        entry.set_input(_input(self._data))
        self._training.put(entry)
        self._note_trouble(step, batch, entry)
        detailed = self._clock.series.keeps(self._index)
        self._take_sites(step, batch, detailed)
        if detailed:
            self._take_layers(step, batch, change)
        self._notes = [
            f"What recurrent layers apply inside their loop is not seen on Keras: {path}."
            for path in batch.blind
        ]
        self._index += 1

    def _take_sites(self, step: int, batch: Batch, detailed: bool) -> None:
        seen: dict[str, Observation] = {}
        by_name: dict[str, Place] = {}
        parts = zip(
            *(batch.places, batch.inputs, batch.outputs),
            *(batch.input_gradients, batch.output_gradients),
            strict=True,
        )
        for place, x, y, into, out in parts:
            name = self._name(place)
            by_name[name] = place
            found = seen.setdefault(name, Observation())
            measure.observe(found, x, y, into, out, place.axis, place.function)
        for name, found in seen.items():
            if found.active is None:
                continue
            units = found.active.size
            ledger = self._sites.get(name)
            if ledger is None:
                ledger = self._sites[name] = SiteLedger(units, self._clock)
            if units != ledger.units:
                continue
            fell = ledger.newly_silent(found.active) is not None
            needed = ledger.wants_feeding(self._index) or detailed or fell
            feeding = self._feeding(by_name[name], batch, units) if needed else None
            medians = None if feeding is None else (median(feeding.bias), median(feeding.norm))
            ledger.add(self._index, step, found, feeding, medians)

    def _name(self, place: Place) -> str:
        """A lasting name: ``:2`` where one place is fed by a second layer."""
        key = (place.name, place.function, place.layer)
        if key not in self._names:
            again = sum(known[0] == place.name for known in self._names)
            self._names[key] = place.name if not again else f"{place.name}:{again + 1}"
            self._places[key] = place
        return self._names[key]

    def _feeding(self, place: Place, batch: Batch, units: int) -> Feeding | None:
        layer = batch.layers.get(place.layer)
        if layer is None:
            return None
        weight, bias = self._weight(layer, batch), self._bias(layer, batch)
        if weight is not None and weight.ndim > 1:
            self._fans[place.layer] = weight.size // weight.shape[-1]
        return measure.feeding(weight, bias, units)

    def _value(self, variable: Any, batch: Batch, of: str = "weights") -> Any:
        for known, value in zip(self._model.trainable_variables, getattr(batch, of), strict=True):
            if known is variable:
                return value
        return None

    def _weight(self, layer: Any, batch: Batch) -> Any:
        return self._value(weight_of(layer), batch)

    def _bias(self, layer: Any, batch: Batch) -> Any:
        bias = getattr(layer, "bias", None)
        return self._value(getattr(layer, "beta", None) if bias is None else bias, batch)

    def _take_layers(self, step: int, batch: Batch, change: list[Any]) -> None:
        variables = self._model.trainable_variables
        moved = {id(v): c for v, c in zip(variables, change, strict=True)}
        for path, layer in batch.layers.items():
            variable = weight_of(layer)
            weight, gradient = (
                self._value(variable, batch),
                self._value(variable, batch, "weight_gradients"),
            )
            ledger = self._layers.setdefault(path, LayerLedger(self._clock.series))
            kind = type(layer).__name__
            self._kinds[path] = KINDS.get(kind, kind)
            trained = weight is not None
            ledger.describe(parameters=layer.count_params(), trainable=trained, held=trained)
            if weight is None or gradient is None:
                continue
            if path not in self._fans:
                self._fans[path] = weight.size // weight.shape[-1] if weight.ndim > 1 else 0
            size = measure.norm(weight)
            ledger.put(
                self._index,
                step,
                weight_norm=size,
                gradient_norm=measure.norm(gradient),
                gradient_rms=measure.norm(gradient) / math.sqrt(max(gradient.size, 1)),
                non_finite_gradient=measure.bad(gradient),
                non_finite_weight=measure.bad(weight),
            )
            ledger.put_update(step, _ratio(measure.norm(moved[id(variable)]), size))

    def _note_trouble(self, step: int, batch: Batch, entry: TrainingStep) -> None:
        """The first of each kind, in the order in which a pass spreads them."""
        if entry.input_non_finite > 0:
            self._first(step, "input", "input")
        for path, layer in batch.layers.items():
            weight = self._weight(layer, batch)
            if weight is not None and measure.bad(weight):
                self._first(step, "parameter", path)
        for place, y in zip(batch.places, batch.outputs, strict=True):
            if measure.bad(y):
                self._first(step, "site", self._name(place), place.source)
        if not math.isfinite(batch.loss):
            self._first(step, "loss", self._loss_name() or "loss")
        if not math.isfinite(entry.gradient_norm):
            self._first(step, "gradient", next(reversed(batch.layers), "gradient"))

    def _first(self, step: int, where: str, name: str, source: str = "") -> None:
        self._trouble.setdefault(where, NonFinite(step, where, name, source))

    # What comes out

    def _loss_name(self) -> str:
        loss = self._model.loss
        name = str(loss if isinstance(loss, str) else getattr(loss, "name", ""))
        known = LOSSES.get(name, name)
        logits = bool(getattr(loss, "from_logits", False))
        return f"{known}_with_logits" if known == "binary_cross_entropy" and logits else known

    def record(self) -> Record:
        """All that was observed so far."""
        rows = [ledger.rows_per_step for ledger in self._sites.values()]
        start = closing_window(self._clock.window.starts(), self._index, self._steps, rows)
        backend = keras.backend.backend()
        nothing = ["No activation was seen in the training passes."] if not self._sites else []
        return Record(
            optimizer=type(self._model.optimizer).__name__,
            loss_function=self._loss_name(),
            steps=self._steps,
            observed_steps=self._index,
            window_steps=self._index - start,
            overhead=self._budget.overhead(),
            sites=tuple(self._site_records(start)),
            layers=tuple(self._layer_records()),
            training=self._training.series(),
            non_finite=tuple(self._trouble.values()),
            notes=(*self._problems, *self._notes, *nothing, *self.listeners.notes),
            environment={
                "python": platform.python_version(),
                "keras": str(keras.__version__),
                "backend": backend,
                "system": platform.platform(),
            },
        )

    def _site_records(self, start: int) -> Iterator[SiteRecord]:
        for order, (key, name) in enumerate(self._names.items()):
            ledger, place = self._sites.get(name), self._places[key]
            if ledger is None:
                continue
            yield SiteRecord(
                site=name,
                function=place.function,
                source=place.source,
                layer=place.layer,
                layer_kind=self._kinds.get(place.layer, ""),
                model=type(self._model).__name__,
                units=ledger.units,
                unit_axis=place.axis,
                order=order,
                fan_in=self._fans.get(place.layer, 0),
                series=ledger.series(),
                unit=ledger.statistics(start, None),
            )

    def _layer_records(self) -> Iterator[LayerRecord]:
        model = type(self._model).__name__
        for order, (path, ledger) in enumerate(self._layers.items()):
            yield ledger.record(path, self._kinds[path], model, order)


def _ratio(change: float, size: float) -> float:
    return change / size if size > 0 else math.nan


def _peek(source: Any) -> tuple[Any, Any]:
    """The next batch of what a training function is given, and the same still with that batch."""
    if isinstance(source, list):  # PyTorch: the batch itself, alone in a list
        return source[0], source
    data = next(source)
    if keras.backend.backend() != "tensorflow" or not hasattr(source, "element_spec"):
        return data, itertools.chain([data], source)
    tf: Any = importlib.import_module("tensorflow")

    def once() -> Iterator[Any]:
        yield data

    # From a generator it has the same signature, so that the compiled step is not traced again.
    return data, iter(tf.data.Dataset.from_generator(once, output_signature=source.element_spec))


def _input(data: Any) -> list[tuple[Any, int]]:
    """Sum, norm, largest magnitude and bad count of the first float tensor of a batch."""
    x = keras.utils.unpack_x_y_sample_weight(data)[0]
    for part in keras.tree.flatten(x):
        array = np.asarray(keras.ops.convert_to_numpy(part))
        if array.dtype.kind == "f" and array.size:
            with np.errstate(invalid="ignore"):
                values = [array.sum(), measure.norm(array), np.abs(array).max()]
            return [(np.array([*values, measure.bad(array)], dtype=np.float64), array.size)]
    return []
