"""What a comparison will run: a frozen plan, checked when built, and the trials it comes to.

Layer: compare, no framework. The activation is what is studied; learning rate, warm-up and weight
decay are nuisance parameters, tuned for every arm by the same quasi-random points, judged on
validation data only, in several independent studies (`rectifier.compare.tuning`). The final runs
then use fresh seeds, each with the choice of one of the studies in turn, so that the luck of tuning
is in their spread. All arms of one seed share split, order of data and the random draws behind the
initial weights, so differences are paired.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

from rectifier.compare.arm import Arm
from rectifier.compare.placement import DEVICES
from rectifier.compare.trial import DataFacts, Setting, Stage, Subject, Trial, describe, hash_of
from rectifier.compare.tuning import Search, Tried, best
from rectifier.data import METRICS, Task
from rectifier.errors import InvalidInputError, UnknownNameError

OPTIMIZERS = ("adam", "adamw", "sgd")
"""``sgd`` has momentum 0.9; the others have torch's default moments."""
SCHEDULES = ("linear", "constant")
"""``linear`` lowers the learning rate to zero over the whole run. On digits it makes the best epoch
less of an accident: at rate 0.03 the spread of test accuracy over seeds is a quarter to two fifths
smaller, so fewer seeds are wanted and the exact rate matters less."""
TOGETHER = ("auto", "on", "off")
"""Whether trials of one arm train as one: where that was measured to be faster, wherever it can be
done, or never."""


@dataclass(frozen=True)
class Plan:
    """Everything that determines a comparison; `rectifier.compare.planning.make_plan` builds it.

    Attributes:
        task: What to learn. ``subject``: the network.
        arms: What to compare, no two of one name. ``baseline``: name of the one that is in use
            now; empty: none is.
        seeds: Seeds of the final runs. ``tuning_seeds``: one for each study; none in common.
        search: What is tried in a study.
        epochs, batch: Passes over the training data; samples a step.
        optimizer: One of `OPTIMIZERS`. ``schedule``: one of `SCHEDULES`.
        augment: As `rectifier.data.Task.augment`.
        target: Validation score that "time to target" counts to.
        matters: Smallest difference in score that would matter.
        seconds: Given to each trial.
        together: One of `TOGETHER`. ``timing``: whether steps are timed; without it the same plan
            gives the same report, byte for byte.
        looks: How often the verdicts may be looked at before the last seed (`until settled`).
        mix: Whether to search for a mix by layer, and compare it too.
        device: What trials run on, one of `rectifier.compare.placement.DEVICES`.
        guessed_domain: What the task's domain was guessed from; empty: it is known. Determines no
            trial, so it is not in the settings.
    """

    task: Task
    subject: Subject
    arms: tuple[Arm, ...]
    seeds: tuple[int, ...]
    search: Search
    tuning_seeds: tuple[int, ...]
    epochs: int
    batch: int
    optimizer: str
    schedule: str
    augment: str
    target: float
    matters: float
    baseline: str = ""
    seconds: float = math.inf
    together: str = "auto"
    timing: bool = True
    looks: int = 1
    mix: bool = False
    device: str = "cpu"
    guessed_domain: str = ""

    def __post_init__(self) -> None:
        if not self.arms:
            raise InvalidInputError("a comparison needs at least one activation; none was given")
        names = [arm.name for arm in self.arms]
        if twice := {name for name in names if names.count(name) > 1}:
            raise InvalidInputError(
                f"two different activations are called {min(twice)!r}; give one another name"
            )
        if self.baseline and self.baseline not in names:
            raise UnknownNameError("baseline", self.baseline, names)
        check_seeds("seeds", self.seeds)
        check_seeds("tuning seeds", self.tuning_seeds)
        if shared := set(self.seeds) & set(self.tuning_seeds):
            raise InvalidInputError(
                f"seed {min(shared)} is used for tuning and for the final runs; they must have "
                "none in common, or the tuned activation is judged on data it was tuned on"
            )
        for name, value in (("epochs", self.epochs), ("batch", self.batch), ("looks", self.looks)):
            if value < 1:
                raise InvalidInputError(f"{name} must be at least 1; it is {value}")
        if not (math.isfinite(self.target) and self.target <= 1):
            raise InvalidInputError(f"the target must be at most 1; it is {self.target}")
        if self.mix and (
            not self.search.tuned or sum(len(arm.layers) == 1 for arm in self.arms) < 2
        ):
            raise InvalidInputError(
                "a search for a mix needs tuning, and at least two activations to mix"
            )
        if not 0 <= self.matters < 1:
            raise InvalidInputError(
                f"the difference that matters must lie in 0 … 1; it is {self.matters}"
            )
        if not self.seconds > 0:
            raise InvalidInputError(f"a trial needs some time; {self.seconds} seconds came")
        for kind, chosen, known in (
            ("optimizer", self.optimizer, OPTIMIZERS),
            ("schedule", self.schedule, SCHEDULES),
            ("way to train together", self.together, TOGETHER),
            ("augmentation", self.augment, ("", "shift", "flip")),
            ("device", self.device, DEVICES),
        ):
            if chosen not in known:
                raise UnknownNameError(kind, chosen, known)

    @property
    def total(self) -> int:
        """Number of trials, tuning included, if no search is extended."""
        first = len(self.search.first(self.tuning_seeds[0])) if self.search.tuned else 0
        costs = len(self.arms) * self.timing
        each = first * len(self.tuning_seeds) + len(self.seeds)
        return len(self.arms) * each + costs

    @property
    def metric(self) -> str:
        """What the score is."""
        return METRICS[self.facts[self.seeds[0]].kind]

    @cached_property
    def facts(self) -> Mapping[int, DataFacts]:
        """Of the data of every seed; loads them once."""
        facts = {}
        for seed in (*self.tuning_seeds, *self.seeds):
            found = self.task.load(seed)
            samples = values = 0
            if found.kind != "episodes":
                samples = len(found.train_x)
                values = found.train_x.size + found.validation_x.size
            facts[seed] = DataFacts(
                found.checksum, found.kind, found.guess, found.resolution, samples, values
            )
        return facts

    @property
    def settings(self) -> dict[str, Any]:
        """Plain values for reports and for the store: all that is in the plan."""
        search = self.search
        return {
            "task": self.task.name,
            "model": self.subject.name,
            **{name: _plain(value) for name, value in self.subject.options},
            **({"source": self.subject.code} if self.subject.own else {}),
            **({"replaced": list(self.subject.functions)} if self.subject.functions else {}),
            "activations": [
                {"name": arm.name, "layers": [describe(each) for each in arm.layers]}
                for arm in self.arms
            ],
            "baseline": self.baseline,
            "seeds": list(self.seeds),
            "tuning_seeds": list(self.tuning_seeds),
            "learning_rates": list(search.grid or search.rates),
            "points": len(search.grid) or search.points,
            "warmup": list(search.warmups),
            "weight_decay": list(search.decays),
            "epochs": self.epochs,
            "batch": self.batch,
            "optimizer": self.optimizer,
            "schedule": self.schedule,
            "augment": self.augment,
            "target": self.target,
            "matters": self.matters,
            "seconds": self.seconds if math.isfinite(self.seconds) else None,
            "together": self.together,
            "timing": self.timing,
            "looks": self.looks,
            "mix": self.mix,
            "device": self.device,
        }

    @cached_property
    def hash(self) -> str:
        """SHA-256 of the settings and the data, in hexadecimal."""
        data_sums = [self.facts[seed].checksum for seed in sorted(self.facts)]
        return hash_of({**self.settings, "data": data_sums})

    def study_of(self, seed: int) -> int:
        """The study whose choice a final seed uses: all of them in turn."""
        return self.tuning_seeds[self.seeds.index(seed) % len(self.tuning_seeds)]

    def first_trials(self) -> tuple[Trial, ...]:
        """The tuning runs at the points that every arm is tried at; none where one is all."""
        if not self.search.tuned:
            return ()
        return tuple(
            self.trial(arm, setting, study, "tuning")
            for study in self.tuning_seeds
            for arm in self.arms
            for setting in self.search.first(study)
        )

    def more_trials(self, tried: Tried) -> tuple[Trial, ...]:
        """The tuning runs beyond the edges that some arms' best points lie on."""
        return tuple(
            self.trial(arm, setting, study, "tuning")
            for study in self.tuning_seeds
            for arm in self.arms
            if (arm.name, study) in tried
            for setting in self.search.beyond(study, tried[arm.name, study])
        )

    def chosen(self, tried: Tried) -> dict[tuple[str, int], Setting]:
        """The setting of every arm in every study."""
        if not self.search.tuned:
            setting = self.search.first(0)[0]
            return {(arm.name, study): setting for arm in self.arms for study in self.tuning_seeds}
        return {key: best(points) for key, points in tried.items()}

    def final_trials(
        self, chosen: Mapping[tuple[str, int], Setting], seeds: Sequence[int] | None = None
    ) -> tuple[Trial, ...]:
        """The runs that are reported, seed by seed, so that an early end is still balanced.

        Args:
            chosen: The setting of each arm in each study; arms and studies not in it are left out.
            seeds: Some of the final seeds; default all.
        """
        return tuple(
            self.trial(arm, chosen[arm.name, self.study_of(seed)], seed, "final")
            for seed in (self.seeds if seeds is None else seeds)
            for arm in self.arms
            if (arm.name, self.study_of(seed)) in chosen
        )

    def cost_trials(self) -> tuple[Trial, ...]:
        """One for each arm, to time its steps; what it costs does not depend on the setting."""
        setting = Setting(1e-3)
        return tuple(self.trial(arm, setting, self.tuning_seeds[0], "cost") for arm in self.arms)

    def trial(self, arm: Arm, setting: Setting, seed: int, stage: Stage) -> Trial:
        """One training run of this plan."""
        return Trial(
            task=self.task.name,
            subject=self.subject,
            data=self.facts[seed],
            arm=arm,
            setting=setting,
            epochs=self.epochs,
            batch=self.batch,
            optimizer=self.optimizer,
            schedule=self.schedule,
            augment=self.augment,
            seed=seed,
            stage=stage,
            device=self.device,
        )

    def with_seeds(self, seeds: Sequence[int]) -> Plan:
        """The same plan with other final seeds."""
        return replace(self, seeds=tuple(seeds))


def _plain(value: Any) -> Any:
    return list(value) if isinstance(value, tuple) else value


def check_seeds(kind: str, seeds: tuple[int, ...]) -> None:
    """Raise unless seeds are there, differ and can be used."""
    if not seeds:
        raise InvalidInputError(f"a comparison needs {kind}; none were given")
    if len(set(seeds)) != len(seeds):
        raise InvalidInputError(f"the {kind} must differ from each other; {list(seeds)} came")
    for seed in seeds:
        if isinstance(seed, bool) or not isinstance(seed, int) or not 0 <= seed < 2**63:
            raise InvalidInputError(f"{kind} are whole numbers from 0 to 2**63 - 1; {seed!r} came")
