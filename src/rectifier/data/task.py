"""What a task is: a name, and how to make its data, or its environment, from a seed.

Layer: data, no framework. A file of this package that defines ``TASK`` is found by its name; your
own arrays become a task by `rectifier.data.from_arrays`.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

from rectifier.data.dataset import Dataset
from rectifier.data.files import Collection


@dataclass(frozen=True)
class Task:
    """A task: a name and how to make its data from a seed.

    Attributes:
        name: As in ``--task``.
        load: Makes the data set of a seed; the same seed gives the same data anywhere. A task of
            episodes gives an `Episodes` instead.
        target: Validation score that "time to target" counts to by default.
        summary: One line for a list.
        source: Where the data come from. ``licence``: under which terms.
        domain: ``vision``, ``language``, ``series``, ``control`` or ``tables``; for the advice
            that the literature gives. Empty: not known.
        model: Name of the network of ``rectifier.models`` that suits it.
        augment: What is done to training samples, drawn anew in every epoch: ``shift`` moves an
            image by up to a tenth, ``flip`` also mirrors half of them.
        files: What must be on disk; None: nothing.
    """

    name: str
    load: Callable[[int], Any]
    target: float
    summary: str = ""
    source: str = ""
    licence: str = ""
    domain: str = ""
    model: str = "mlp"
    augment: str = ""
    files: Collection | None = None


@dataclass(frozen=True)
class Episodes:
    """An environment to act in, in place of arrays: made by name, the same for every seed.

    Attributes:
        environment: Name of a module of ``rectifier.data`` with a class ``Environment``.
        shape: Of one observation. ``actions``: how many there are to choose from.
        longest: Steps after which an episode ends well.
        checksum: Changes with the rules of the environment.
    """

    environment: str
    shape: tuple[int, ...]
    actions: int
    longest: int
    checksum: str

    kind = "episodes"
    guess = 0.0
    resolution = 0.0

    @property
    def outputs(self) -> int:
        """Numbers that a policy has to give."""
        return self.actions


def limited(task: Task, samples: int) -> Task:
    """The task with fewer training samples, and as large a share of the validation samples less.

    Args:
        task: Any task with arrays.
        samples: Training samples of each seed; the test split stays whole.
    """
    if "samples" in inspect.signature(task.load).parameters:
        load: Any = task.load
        return replace(task, load=partial(load, samples=samples))
    return replace(task, load=partial(_limited, task.load, samples))


def _limited(load: Callable[[int], Dataset], samples: int, seed: int) -> Dataset:
    whole = load(seed)
    if not isinstance(whole, Dataset) or samples >= len(whole.train_x):
        return whole
    checked = max(1, round(len(whole.validation_x) * samples / len(whole.train_x)))
    return replace(
        whole,
        train_x=whole.train_x[:samples],
        train_y=whole.train_y[:samples],
        validation_x=whole.validation_x[:checked],
        validation_y=whole.validation_y[:checked],
    )
