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
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache, cached_property
from importlib import metadata
from pathlib import Path
from typing import Any, Literal

from rectifier.activation import Activation
from rectifier.compare.arm import Arm
from rectifier.expression import to_text

Stage = Literal["tuning", "final", "cost"]
Status = Literal["finished", "diverged", "error", "timeout"]
"""``diverged``: a loss or an output was not finite. ``error``: it raised, its memory ran out, or
its process died. ``timeout``: it took longer than a trial was given."""


@dataclass(frozen=True)
class DataFacts:
    """What a plan knows of one seed's data: enough to identify it and to judge scores on it.

    Attributes:
        checksum: Of all splits. ``kind``: what is learned (`rectifier.data.METRICS`).
        guess: Score of one who has learned nothing; what a run that failed counts as.
        resolution: Smallest step of the test score, 0 for none.
        train_samples: Samples to train on; 0 for episodes. ``values``: numbers in all samples.
    """

    checksum: str
    kind: str
    guess: float
    resolution: float
    train_samples: int
    values: int = 0


@dataclass(frozen=True)
class Subject:
    """The network to train, without its activation.

    Attributes:
        name: Of a module of ``rectifier.models``, or a reference to the user's own
            (``package.module:build``, ``file.py:build``).
        options: Sizes that the network is built with.
        code: Hash of the user's source; empty for a network of ours, whose source is in the
            version of the code.
        functions: Activations of the user's network that an arm takes the place of.
    """

    name: str
    options: tuple[tuple[str, Any], ...] = ()
    code: str = ""
    functions: tuple[str, ...] = ()

    @property
    def own(self) -> bool:
        """Whether it is the user's."""
        return bool(self.code)


@dataclass(frozen=True, order=True)
class Setting:
    """The nuisance parameters of a training: tuned for each arm, not what is studied.

    Attributes:
        learning_rate: The highest one. ``warmup``: share of all steps in which it is reached.
        weight_decay: Not applied to activations' parameters that opt out of it.
    """

    learning_rate: float
    warmup: float = 0.0
    weight_decay: float = 0.0


@dataclass(frozen=True)
class Trial:
    """Everything that determines one training run.

    Attributes:
        task: Name. ``subject``: the network. ``data``: facts of this seed's data.
        arm: The activation at every hidden place.
        setting: Nuisance parameters.
        epochs, batch, optimizer, schedule, augment: As in `rectifier.compare.plan.Plan`.
        seed: Decides split, initial weights, order of the data and augmentation.
        stage: ``tuning`` runs never open the test split.
        device: ``cpu`` or ``cuda``; which GPU it is does not count, as it does not of CPUs.
    """

    task: str
    subject: Subject
    data: DataFacts
    arm: Arm
    setting: Setting
    epochs: int
    batch: int
    optimizer: str
    schedule: str
    seed: int
    stage: Stage
    augment: str = ""
    device: str = "cpu"

    @property
    def steps(self) -> int:
        """Steps of the optimiser in an epoch."""
        return max(1, math.ceil(self.data.train_samples / self.batch))

    @cached_property
    def identity(self) -> dict[str, Any]:
        """Plain values that determine the outcome, versions of the code included."""
        return {
            "task": self.task,
            "data": self.data.checksum,
            "model": self.subject.name,
            "options": dict(self.subject.options),
            "source": self.subject.code,
            "functions": list(self.subject.functions),
            "activation": [describe(activation) for activation in self.arm.layers],
            "learning_rate": self.setting.learning_rate,
            "warmup": self.setting.warmup,
            "weight_decay": self.setting.weight_decay,
            "epochs": self.epochs,
            "batch": self.batch,
            "optimizer": self.optimizer,
            "schedule": self.schedule,
            "augment": self.augment,
            "seed": self.seed,
            "stage": self.stage,
            "device": self.device,
            "code": code_version("" if self.subject.own else self.subject.name),
            "rectifier": package_version("rectifier"),
            "torch": package_version("torch"),
        }

    @cached_property
    def hash(self) -> str:
        """SHA-256 of `identity`, in hexadecimal."""
        return hash_of(self.identity)


_MEASURED = (
    "step_time", "together_time", "memory", "joules", "dead", "sparsity", "gradient_flow",
    "sharpness",
)  # fmt: skip
"""Numbers of an outcome that may be unknown (NaN)."""

NUMBERS = frozenset(
    {*_MEASURED, "validation", "test", "seconds", "learning_rate", "warmup", "weight_decay"}
)
"""What of a trial and its outcome is a real number, known or not."""


@dataclass(frozen=True)
class Outcome:
    """What came of a trial.

    Attributes:
        status: ``finished``, ``diverged``, ``error`` or ``timeout``.
        reason: Why it failed; of a finished run, what could not be measured.
        train_loss: Mean training loss of each epoch.
        validation_score: Validation score after each epoch.
        best_epoch: Epoch (from 1) of the best validation score, lower loss breaking ties; 0: none.
        validation: That best score; None where no epoch was finished.
        test: Test score with the weights of ``best_epoch``; None for tuning and failed runs.
        dead, sparsity: Shares at the end of training over the training split.
        gradient_flow: Root mean square gradient of the first layer's weights over the last's, at
            the end of training.
        sharpness: Rise of the training loss, relative to it, when the weights move along the
            gradient by a thousandth of their norm.
        step_time: Seconds of a training step alone, of a cost trial. ``together_time``: the same
            for each of several that train together.
        memory: Bytes that a forward pass keeps for the backward pass, of a cost trial.
        joules: Energy of a step, of a cost trial. ``energy``: ``measured`` or ``estimated``.
        seconds: Wall time of the whole trial; a share of it where several trained together.
        together: How many trained together; 1: alone.
        processor: Processor seconds of a piece. ``result``: what it returned; None of a trial.
    """

    status: Status
    reason: str = ""
    train_loss: tuple[float, ...] = ()
    validation_score: tuple[float, ...] = ()
    best_epoch: int = 0
    validation: float | None = None
    test: float | None = None
    dead: float = math.nan
    sparsity: float = math.nan
    gradient_flow: float = math.nan
    sharpness: float = math.nan
    step_time: float = math.nan
    together_time: float = math.nan
    memory: float = math.nan
    joules: float = math.nan
    energy: str = ""
    seconds: float = 0.0
    together: int = 1
    processor: float = math.nan
    result: Any = None

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
        for name in _MEASURED:
            values[name] = _plain(values[name])
        if values["result"] is None:
            del values["result"], values["processor"]  # of a piece alone
        else:
            values["processor"] = _plain(values["processor"])
        return values

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> Outcome:
        """The outcome that `to_dict` wrote."""
        given = dict(values)
        for name in ("train_loss", "validation_score"):
            given[name] = tuple(_number(value) for value in given[name])
        for name in _MEASURED:
            given[name] = _number(given[name])
        given["processor"] = _number(given.get("processor"))
        return cls(**given)


def spoilt(outcomes: Iterable[Outcome]) -> bool:
    """Whether an error has left its process unable to use its GPU any more."""
    return any(each.status == "error" and "CUDA error" in each.reason for each in outcomes)


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


_CODE = (
    "compare.costs", "compare.course", "compare.device", "compare.mechanism", "compare.network",
    "compare.objective", "compare.policy", "compare.together", "compare.training",
    "compare.updates",
)  # fmt: skip
"""Files whose source decides a trial's numbers."""


@cache
def code_version(model: str) -> str:
    """Hash of the source files that decide a trial's numbers, short.

    A change in any of them changes every hash, so outcomes of older code are never mixed in. Line
    ends do not count.

    Args:
        model: Name of a network of ours; empty for the user's own.
    """
    digest = hashlib.sha256()
    for module in (*_CODE, *([f"models.{model}"] if model else [])):
        spec = importlib.util.find_spec(f"rectifier.{module}")
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
