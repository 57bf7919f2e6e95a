"""What a comparison will run: a frozen plan, checked when built, and the trials it comes to.

Layer: compare, no framework. The activation is what is studied; the learning rate is a nuisance
parameter, tuned for every activation on the same grid and the same tuning seeds, judged on
validation data only. The final runs then use fresh seeds. All activations of one seed share split,
order of data and the random draws behind the initial weights, so differences are paired.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from rectifier import catalog, data
from rectifier.activation import Activation
from rectifier.compare.trial import DataFacts, Stage, Trial, describe, hash_of
from rectifier.data import Task
from rectifier.errors import InvalidInputError, UnknownNameError

DEFAULT_ACTIVATIONS = (
    "relu",
    "leaky_relu",
    "prelu",
    "elu",
    "selu",
    "gelu",
    "silu",
    "mish",
    "tanh",
    "sigmoid",
)
DEFAULT_LEARNING_RATES = (1e-3, 3e-3, 1e-2, 3e-2, 1e-1)
DEFAULT_TUNING_SEEDS = (1_000_001, 1_000_002, 1_000_003)
"""Far from the small numbers that people choose for final seeds."""
OPTIMIZERS = ("adam", "adamw", "sgd")
"""``sgd`` has momentum 0.9; the others have torch's default moments."""
SCHEDULES = ("linear", "constant")
"""``linear`` lowers the learning rate to zero over the whole run. On digits it makes the best epoch
less of an accident: at rate 0.03 the spread of test accuracy over seeds is a quarter to two fifths
smaller, so fewer seeds are wanted and the exact rate matters less."""


@dataclass(frozen=True)
class Plan:
    """Everything that determines a comparison. Build it with `make_plan`.

    Attributes:
        task: What to learn.
        activations: What to compare, no two of one name.
        seeds: Seeds of the final runs. ``tuning_seeds``: of the tuning runs; none in common.
        learning_rates: The grid, ascending. One value: no tuning is done.
        epochs, batch: Passes over the training data; samples a step.
        optimizer: One of `OPTIMIZERS`. ``schedule``: one of `SCHEDULES`.
        weight_decay: Not applied to activations' parameters that opt out of it.
        hidden: Width of each hidden layer. ``model``: module of ``rectifier.models``.
        target: Validation score that "epochs to target" counts to.
    """

    task: Task
    activations: tuple[Activation, ...]
    seeds: tuple[int, ...]
    learning_rates: tuple[float, ...]
    tuning_seeds: tuple[int, ...]
    epochs: int
    batch: int
    optimizer: str
    schedule: str
    weight_decay: float
    hidden: tuple[int, ...]
    target: float
    model: str = "mlp"

    def __post_init__(self) -> None:
        if not self.activations:
            raise InvalidInputError("a comparison needs at least one activation; none was given")
        names = [activation.name for activation in self.activations]
        if twice := {name for name in names if names.count(name) > 1}:
            raise InvalidInputError(
                f"two different activations are called {min(twice)!r}; give one another name"
            )
        _check_seeds("seeds", self.seeds)
        _check_seeds("tuning seeds", self.tuning_seeds)
        if shared := set(self.seeds) & set(self.tuning_seeds):
            raise InvalidInputError(
                f"seed {min(shared)} is used for tuning and for the final runs; they must have "
                "none in common, or the tuned activation is judged on data it was tuned on"
            )
        if list(self.learning_rates) != sorted(set(self.learning_rates)) or not all(
            math.isfinite(rate) and rate > 0 for rate in self.learning_rates
        ):
            raise InvalidInputError(
                "learning rates must be positive, finite and ascending; "
                f"these came: {list(self.learning_rates)}"
            )
        if not self.learning_rates:
            raise InvalidInputError("a comparison needs at least one learning rate")
        for name, value in (("epochs", self.epochs), ("batch", self.batch)):
            if value < 1:
                raise InvalidInputError(f"{name} must be at least 1; it is {value}")
        if not self.hidden or min(self.hidden) < 1:
            raise InvalidInputError(
                "hidden must name the width of at least one layer, each at least 1; "
                f"it is {list(self.hidden)}"
            )
        if not (math.isfinite(self.weight_decay) and self.weight_decay >= 0):
            raise InvalidInputError(f"weight decay must be 0 or more; it is {self.weight_decay}")
        if not 0 < self.target <= 1:
            raise InvalidInputError(f"the target must lie in 0 … 1; it is {self.target}")
        if self.optimizer not in OPTIMIZERS:
            raise UnknownNameError("optimizer", self.optimizer, OPTIMIZERS)
        if self.schedule not in SCHEDULES:
            raise UnknownNameError("schedule", self.schedule, SCHEDULES)

    @property
    def total(self) -> int:
        """Number of trials, tuning included."""
        tuning = len(self.learning_rates) * len(self.tuning_seeds) if self.tuned else 0
        return len(self.activations) * (tuning + len(self.seeds))

    @property
    def tuned(self) -> bool:
        """Whether there is more than one learning rate to choose from."""
        return len(self.learning_rates) > 1

    @cached_property
    def facts(self) -> Mapping[int, DataFacts]:
        """Of the data of every seed; loads them once."""
        facts = {}
        for seed in (*self.tuning_seeds, *self.seeds):
            dataset = self.task.load(seed)
            facts[seed] = DataFacts(dataset.checksum, dataset.classes, len(dataset.test_y))
        return facts

    @property
    def settings(self) -> dict[str, Any]:
        """Plain values for reports and for the store: all that is in the plan."""
        return {
            "task": self.task.name,
            "model": self.model,
            "hidden": list(self.hidden),
            "activations": [describe(activation) for activation in self.activations],
            "seeds": list(self.seeds),
            "tuning_seeds": list(self.tuning_seeds),
            "learning_rates": list(self.learning_rates),
            "epochs": self.epochs,
            "batch": self.batch,
            "optimizer": self.optimizer,
            "schedule": self.schedule,
            "weight_decay": self.weight_decay,
            "target": self.target,
        }

    @cached_property
    def hash(self) -> str:
        """SHA-256 of the settings and the data, in hexadecimal."""
        data_sums = [self.facts[seed].checksum for seed in sorted(self.facts)]
        return hash_of({**self.settings, "data": data_sums})

    def tuning_trials(self) -> tuple[Trial, ...]:
        """All runs that choose learning rates; none where there is only one."""
        if not self.tuned:
            return ()
        return tuple(
            self._trial(activation, rate, seed, "tuning")
            for seed in self.tuning_seeds
            for activation in self.activations
            for rate in self.learning_rates
        )

    def final_trials(self, rates: Mapping[str, float]) -> tuple[Trial, ...]:
        """The runs that are reported, seed by seed, so that an early end is still balanced.

        Args:
            rates: The tuned learning rate of each activation, by name.
        """
        return tuple(
            self._trial(activation, rates[activation.name], seed, "final")
            for seed in self.seeds
            for activation in self.activations
        )

    def _trial(self, activation: Activation, rate: float, seed: int, stage: Stage) -> Trial:
        return Trial(
            task=self.task.name,
            model=self.model,
            data=self.facts[seed],
            activation=activation,
            hidden=self.hidden,
            learning_rate=rate,
            epochs=self.epochs,
            batch=self.batch,
            optimizer=self.optimizer,
            schedule=self.schedule,
            weight_decay=self.weight_decay,
            seed=seed,
            stage=stage,
        )


def make_plan(
    task: str | Task = "digits",
    activations: Iterable[str | Activation] | None = None,
    seeds: int | Sequence[int] = 10,
    *,
    learning_rates: Iterable[float] | None = None,
    tuning_seeds: Sequence[int] = DEFAULT_TUNING_SEEDS,
    epochs: int = 15,
    batch: int = 64,
    optimizer: str = "adam",
    schedule: str = "linear",
    weight_decay: float = 0.0,
    hidden: Sequence[int] = (64, 64),
    target: float | None = None,
) -> Plan:
    """A plan from what a person says: names, aliases, a number of seeds.

    Args:
        task: Name of a task, or a task of your own (`rectifier.data.from_arrays`).
        activations: Names, aliases or `Activation` objects; default `DEFAULT_ACTIVATIONS`. What is
            named twice, be it by an alias, is compared once.
        seeds: How many final seeds, or the seeds themselves.
        learning_rates: The grid to tune on, in any order; default `DEFAULT_LEARNING_RATES`.
        tuning_seeds: Seeds of the tuning runs; none of the final ones.
        epochs: Passes over the training data.
        batch: Samples a step.
        optimizer: One of `OPTIMIZERS`.
        schedule: One of `SCHEDULES`.
        weight_decay: Not applied to activations' parameters that opt out of it.
        hidden: Width of each hidden layer.
        target: Validation score for "epochs to target"; default the task's own.

    Returns:
        The checked plan.

    Raises:
        UnknownNameError: There is no such task, activation, optimizer or schedule.
        InvalidInputError: A value makes no sense.
    """
    chosen: list[Activation] = []
    given = DEFAULT_ACTIVATIONS if activations is None else activations
    for activation in (given,) if isinstance(given, str | Activation) else given:
        found = catalog.get(activation)
        if found not in chosen:
            chosen.append(found)
    if isinstance(seeds, bool) or (isinstance(seeds, int) and seeds < 1):
        raise InvalidInputError(f"a comparison needs at least one seed; {seeds} came")
    found_task = data.get(task)
    rates = DEFAULT_LEARNING_RATES if learning_rates is None else learning_rates
    return Plan(
        task=found_task,
        activations=tuple(chosen),
        seeds=tuple(range(seeds)) if isinstance(seeds, int) else tuple(seeds),
        learning_rates=tuple(sorted({float(rate) for rate in rates})),
        tuning_seeds=tuple(tuning_seeds),
        epochs=epochs,
        batch=batch,
        optimizer=optimizer,
        schedule=schedule,
        weight_decay=float(weight_decay),
        hidden=tuple(hidden),
        target=found_task.target if target is None else float(target),
    )


def _check_seeds(kind: str, seeds: tuple[int, ...]) -> None:
    if not seeds:
        raise InvalidInputError(f"a comparison needs {kind}; none were given")
    if len(set(seeds)) != len(seeds):
        raise InvalidInputError(f"the {kind} must differ from each other; {list(seeds)} came")
    for seed in seeds:
        if isinstance(seed, bool) or not isinstance(seed, int) or not 0 <= seed < 2**63:
            raise InvalidInputError(f"{kind} are whole numbers from 0 to 2**63 - 1; {seed!r} came")
