"""What is kept of the training as a whole and of its layers. Framework-free.

Layer: watch. Companion of `rectifier.watch.ledger`; fed by `rectifier.watch.watcher`.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rectifier.watch.record import LayerRecord, TrainingSeries
from rectifier.watch.thinning import Series, Thinning

SERIES = 512
_LAYER_FIELDS = (
    *("step", "weight_norm", "gradient_norm", "gradient_rms", "update_ratio"),
    *("non_finite_gradient", "non_finite_weight"),
)
_TRAINING_FIELDS = (
    *("step", "loss", "loss_terms", "learning_rate", "gradient_norm", "update_ratio"),
    *("input_mean", "input_std", "input_abs_max", "input_non_finite"),
)


@dataclass
class TrainingStep:
    """One step of the training; NaN: not known."""

    step: int
    loss: float = math.nan
    loss_terms: float = math.nan
    learning_rate: float = math.nan
    gradient_norm: float = math.nan
    update_ratio: float = math.nan
    input_mean: float = math.nan
    input_std: float = math.nan
    input_abs_max: float = math.nan
    input_non_finite: float = math.nan

    def join(self, all_of_them: Sequence[TrainingStep]) -> None:
        """Become the step of several processes, each with as many inputs."""
        means = [one.input_mean for one in all_of_them]
        sizes = [math.hypot(one.input_std, one.input_mean) for one in all_of_them]
        squares = _mean([size * size for size in sizes])
        self.loss = _mean([one.loss for one in all_of_them])
        self.input_mean = _mean(means)
        self.input_std = math.sqrt(max(squares - self.input_mean * self.input_mean, 0.0))
        self.input_abs_max = max(one.input_abs_max for one in all_of_them)
        self.input_non_finite = sum(one.input_non_finite for one in all_of_them)

    def set_input(self, parts: list[tuple[NDArray[Any], int]]) -> None:
        """Join sum, norm, largest magnitude and bad count of the inputs of this step's passes."""
        count = sum(elements for _, elements in parts)
        if not count:
            return
        total = sum(float(values[0]) for values, _ in parts)
        size = math.hypot(*(float(values[1]) for values, _ in parts)) / math.sqrt(count)
        self.input_mean = total / count
        mean = abs(self.input_mean)
        self.input_std = math.sqrt(max((size - mean) * (size + mean), 0.0))
        self.input_abs_max = max(float(values[2]) for values, _ in parts)
        self.input_non_finite = sum(float(values[3]) for values, _ in parts)


def _mean(values: Iterable[float]) -> float:
    known = [value for value in values if not math.isnan(value)]
    return sum(known) / len(known) if known else math.nan


class TrainingLedger:
    """The training through time; losses are known for every step, the rest for observed ones."""

    def __init__(self) -> None:
        self._steps: dict[int, TrainingStep] = {}

    def put(self, entry: TrainingStep) -> None:
        """Keep an observed step."""
        known = self._steps.get(entry.step)
        if known is not None:
            entry.loss = known.loss
        self._steps[entry.step] = entry
        self._shrink()

    def put_loss(self, step: int, loss: float) -> None:
        """Keep the loss of a step, observed or not."""
        self._steps.setdefault(step, TrainingStep(step)).loss = loss
        self._shrink()

    def put_update(self, step: int, ratio: float) -> None:
        """Keep how far a step moved the weights."""
        if step in self._steps:
            self._steps[step].update_ratio = ratio

    def join(self, others: Sequence[TrainingLedger]) -> None:
        """Take in the steps of the other processes that train the same model."""
        for step, own in self._steps.items():
            same = [own, *(o._steps[step] for o in others if step in o._steps)]
            own.join(same)

    def _shrink(self) -> None:
        """Past the limit drop every other step, first those of which only the loss is known."""
        if len(self._steps) < 2 * SERIES:
            return
        last = max(self._steps)
        plain = [s for s, e in sorted(self._steps.items()) if math.isnan(e.gradient_norm)]
        drop = plain[1::2] if len(plain) > SERIES else sorted(self._steps)[1::2]
        for step in drop:
            if step != last:
                del self._steps[step]

    def series(self) -> TrainingSeries:
        """The training through time."""
        steps = [entry for _, entry in sorted(self._steps.items())]
        values = {
            name: np.array([getattr(entry, name) for entry in steps], dtype=np.float64)
            for name in _TRAINING_FIELDS[1:]
        }
        return TrainingSeries(step=np.array([e.step for e in steps], dtype=np.int64), **values)


class LayerLedger:
    """One layer through time.

    Args:
        thinning: Shared by all series of the run.
    """

    def __init__(self, thinning: Thinning) -> None:
        self._series: Series[dict[str, float]] = Series(thinning)
        self._latest: dict[str, float] = {}
        self._parameters = 0
        self._trainable = self.held = False

    def describe(self, *, parameters: int, trainable: bool, held: bool) -> None:
        """Note what the layer is; once trained or held it stays so."""
        self._parameters = parameters
        self._trainable = self._trainable or trainable
        self.held = self.held or held

    def put(self, index: int, step: int, **values: float) -> None:
        """Keep an observed step."""
        self._latest = {"step": step, "update_ratio": math.nan, **values}
        self._series.put(index, self._latest)

    def put_update(self, step: int, ratio: float) -> None:
        """Keep how far a step moved the weights."""
        if self._latest.get("step") == step:
            self._latest["update_ratio"] = ratio

    def record(self, layer: str, kind: str, model: str, order: int) -> LayerRecord:
        """The layer's part of the record."""
        rows = self._series.rows()
        values: dict[str, Any] = {
            name: np.array([row[name] for row in rows], dtype=np.float64) for name in _LAYER_FIELDS
        }
        steps = values.pop("step").astype(np.int64)
        return LayerRecord(
            layer=layer,
            kind=kind,
            model=model,
            order=order,
            parameters=self._parameters,
            trainable=self._trainable,
            in_optimizer=self.held,
            step=steps,
            **values,
        )
