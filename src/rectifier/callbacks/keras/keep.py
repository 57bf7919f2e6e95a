"""What was measured of a fit, step by step, and the record of it.

For `rectifier.callbacks.keras`: fed by `run` with what the `probe` found, filled into the ledgers
that PyTorch's watcher fills too.
"""

from __future__ import annotations

import math
import platform
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

import keras
import numpy as np

from rectifier.callbacks.keras import measure
from rectifier.callbacks.keras.probe import Batch
from rectifier.callbacks.keras.taps import Place, weight_of
from rectifier.watch.closing import closing_window
from rectifier.watch.ledger import Clock, Observation, SiteLedger, median
from rectifier.watch.record import LayerRecord, NonFinite, Record, SiteRecord
from rectifier.watch.training import LayerLedger, TrainingLedger, TrainingStep

if TYPE_CHECKING:
    from rectifier.watch.ledger import Feeding

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


class Keeper:
    """What was measured of one fit.

    Args:
        model: The model that is fitted.
    """

    def __init__(self, model: Any) -> None:
        self._model = model
        self._clock = Clock()
        self._places: dict[tuple[str, str, str], Place] = {}
        self._names: dict[tuple[str, str, str], str] = {}
        self._sites: dict[str, SiteLedger] = {}
        self._fans: dict[str, int] = {}
        self._layers: dict[str, LayerLedger] = {}
        self._kinds: dict[str, str] = {}
        self._training = TrainingLedger()
        self._trouble: dict[str, NonFinite] = {}
        self._index = 0
        self._notes: list[str] = []

    def take(self, step: int, batch: Batch, after: Sequence[Any], rate: float, data: Any) -> None:
        """Take in an observed step.

        Args:
            step: The step.
            batch: What the probe found of it.
            after: The trainable weights after the step.
            rate: The learning rate.
            data: The batch itself.
        """
        change = [
            np.asarray(keras.ops.convert_to_numpy(new), dtype=old.dtype) - old
            for new, old in zip(after, batch.weights, strict=True)
        ]
        entry = TrainingStep(step, loss=batch.loss, learning_rate=rate)
        entry.gradient_norm = measure.norm(*batch.weight_gradients)
        entry.update_ratio = _ratio(measure.norm(*change), measure.norm(*batch.weights))
        entry.set_input(_input(data))
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

    def record(self, steps: int, overhead: float, notes: Sequence[str]) -> Record:
        """All that was observed so far.

        Args:
            steps: How many steps there were.
            overhead: Share of the time that observing took.
            notes: Sentences that a person should know.
        """
        rows = [ledger.rows_per_step for ledger in self._sites.values()]
        start = closing_window(self._clock.window.starts(), self._index, steps, rows)
        nothing = ["No activation was seen in the training passes."] if not self._sites else []
        return Record(
            optimizer=type(self._model.optimizer).__name__,
            loss_function=self._loss_name(),
            steps=steps,
            observed_steps=self._index,
            window_steps=self._index - start,
            overhead=overhead,
            sites=tuple(self._site_records(start)),
            layers=tuple(self._layer_records()),
            training=self._training.series(),
            non_finite=tuple(self._trouble.values()),
            notes=(*self._notes, *nothing, *notes),
            environment={
                "python": platform.python_version(),
                "keras": str(keras.__version__),
                "backend": keras.backend.backend(),
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
