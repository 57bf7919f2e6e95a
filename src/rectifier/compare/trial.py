"""One training run: what determines it, and what came of it. Plain facts, no framework.

Layer: compare. A `Trial` is identified by the hash of everything that determines its numbers, so
that an outcome found in a store under that hash can stand for running it again. How it is run is
left to `rectifier.compare.training`.
"""

from __future__ import annotations

import hashlib
import importlib.util
import json
import math
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache, cached_property
from importlib import metadata
from pathlib import Path
from typing import Any, Literal

from rectifier.activation import Activation
from rectifier.expression import to_text

Stage = Literal["tuning", "final"]
Status = Literal["finished", "diverged", "error"]
"""``diverged``: a loss or an output was not finite. ``error``: it raised, or its process died."""


@dataclass(frozen=True)
class DataFacts:
    """What a plan knows of one seed's data: enough to identify it and to judge scores on it."""

    checksum: str
    classes: int
    test_samples: int


@dataclass(frozen=True)
class Trial:
    """Everything that determines one training run.

    Attributes:
        task, model: Names. ``data``: facts of this seed's data.
        activation: The activation at every hidden layer. ``hidden``: width of each hidden layer.
        learning_rate, epochs, batch, optimizer, schedule, weight_decay: As in
            `rectifier.compare.plan.Plan`.
        seed: Decides split, initial weights and order of the data.
        stage: ``tuning`` runs never open the test split.
    """

    task: str
    model: str
    data: DataFacts
    activation: Activation
    hidden: tuple[int, ...]
    learning_rate: float
    epochs: int
    batch: int
    optimizer: str
    schedule: str
    weight_decay: float
    seed: int
    stage: Stage

    @cached_property
    def identity(self) -> dict[str, Any]:
        """Plain values that determine the outcome, versions of the code included."""
        return {
            "task": self.task,
            "data": self.data.checksum,
            "model": self.model,
            "hidden": list(self.hidden),
            "activation": describe(self.activation),
            "learning_rate": self.learning_rate,
            "epochs": self.epochs,
            "batch": self.batch,
            "optimizer": self.optimizer,
            "schedule": self.schedule,
            "weight_decay": self.weight_decay,
            "seed": self.seed,
            "stage": self.stage,
            "code": code_version(self.model),
            "rectifier": package_version("rectifier"),
            "torch": package_version("torch"),
        }

    @cached_property
    def hash(self) -> str:
        """SHA-256 of `identity`, in hexadecimal."""
        return hash_of(self.identity)


@dataclass(frozen=True)
class Outcome:
    """What came of a trial.

    Attributes:
        status: ``finished``, ``diverged`` or ``error``.
        reason: Why it diverged or failed; of a finished run, what could not be measured.
        train_loss: Mean training loss of each epoch.
        validation_score: Validation accuracy after each epoch.
        best_epoch: Epoch (from 1) of the best validation score, lower loss breaking ties; 0: none.
        validation: That best score; None where no epoch was finished.
        test: Test accuracy with the weights of ``best_epoch``; None for tuning and failed runs.
        step_time: Median seconds of a training step; NaN: no step was made.
        dead, sparsity: Shares at the end of training over the training split; NaN: not measured.
        seconds: Wall time of the whole trial.
    """

    status: Status
    reason: str = ""
    train_loss: tuple[float, ...] = ()
    validation_score: tuple[float, ...] = ()
    best_epoch: int = 0
    validation: float | None = None
    test: float | None = None
    step_time: float = math.nan
    dead: float = math.nan
    sparsity: float = math.nan
    seconds: float = 0.0

    def epochs_to(self, target: float) -> float:
        """First epoch (from 1) whose validation score reaches ``target``; infinite if none does."""
        for epoch, score in enumerate(self.validation_score, start=1):
            if score >= target:
                return epoch
        return math.inf

    def to_dict(self) -> dict[str, Any]:
        """Plain values for JSON; numbers that are not finite become None."""
        values = dict(vars(self))
        for name in ("train_loss", "validation_score"):
            values[name] = [_plain(value) for value in values[name]]
        for name in ("step_time", "dead", "sparsity"):
            values[name] = _plain(values[name])
        return values

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> Outcome:
        """The outcome that `to_dict` wrote."""
        given = dict(values)
        for name in ("train_loss", "validation_score"):
            given[name] = tuple(_number(value) for value in given[name])
        for name in ("step_time", "dead", "sparsity"):
            given[name] = _number(given[name])
        return cls(**given)


def _plain(value: float) -> float | None:
    return value if math.isfinite(value) else None


def _number(value: float | None) -> float:
    return math.nan if value is None else float(value)


def hash_of(values: Mapping[str, Any]) -> str:
    """SHA-256 of plain values, whatever the order of their keys, in hexadecimal."""
    text = json.dumps(values, sort_keys=True, separators=(",", ":"), allow_nan=False)
    return hashlib.sha256(text.encode()).hexdigest()


def describe(activation: Activation) -> dict[str, Any]:
    """What of an activation determines a training: its formula and its parameters.

    The name belongs to it, because it decides which kernel computes the formula.
    """
    stable, slope = activation.stable, activation.stable_derivative
    return {
        "name": activation.name,
        "formula": activation.formula,
        "stable": None if stable is None else to_text(stable),
        "stable_derivative": None if slope is None else to_text(slope),
        "parameters": {
            name: [param.default, param.learnable, param.sharing, param.weight_decay]
            for name, param in activation.params.items()
        },
    }


@cache
def code_version(model: str) -> str:
    """Hash of the source files that decide a trial's numbers, short.

    A change in any of them changes every hash, so outcomes of older code are never mixed in. Line
    ends do not count.
    """
    digest = hashlib.sha256()
    own = ("rectifier.compare.training", "rectifier.compare.mechanism")
    for module in (*own, f"rectifier.models.{model}"):
        spec = importlib.util.find_spec(module)
        if spec is None or spec.origin is None:
            raise ModuleNotFoundError(f"the source of {module} cannot be found", name=module)
        digest.update(Path(spec.origin).read_bytes().replace(b"\r\n", b"\n"))
    return digest.hexdigest()[:16]


@cache
def package_version(package: str) -> str:
    """Version of an installed package without importing it; empty where it is not installed."""
    try:
        return metadata.version(package)
    except metadata.PackageNotFoundError:
        return ""
