"""One fit: which steps are observed, and the batch that is run beside the training at these.

For `rectifier.callbacks.keras`. It wraps the model's compiled training function for the time of a
fit: there the batch passes, and the weights are as they are before the step.
"""

from __future__ import annotations

import importlib
import itertools
import math
import time
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import keras

from rectifier.callbacks.keras.keep import Keeper
from rectifier.callbacks.keras.probe import Batch, Probe
from rectifier.watch.budget import Budget
from rectifier.watch.listening import Listeners

if TYPE_CHECKING:
    from rectifier.callbacks.outcome import Outcome
    from rectifier.watch.record import Record

_END_OF_EPOCH = ("StopIteration", "OutOfRangeError")
"""How a data set of unknown length ends, on JAX and on TensorFlow."""


class Run:
    """One fit: stands in for the model's training function, and decides which steps to observe.

    Args:
        model: The model that is fitted.
        outcome: Options, and who is told meanwhile.
    """

    def __init__(self, model: Any, outcome: Outcome) -> None:
        self._model = model
        self._probe = Probe(model)
        self._budget = Budget(outcome.options)
        self.listeners = Listeners(outcome.listeners)
        self.listeners.open()
        self._keeper = Keeper(model)
        self._steps = 0
        self._seconds = 0.0
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

    def _take(self, step: int, batch: Batch, result: Any) -> None:
        after = result[1][0] if self._jax else [v.value for v in self._model.trainable_variables]
        self._keeper.take(step, batch, after, self._rate, self._data)

    def record(self) -> Record:
        """All that was observed so far."""
        notes = (*self._problems, *self.listeners.notes)
        return self._keeper.record(self._steps, self._budget.overhead(), notes)


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
