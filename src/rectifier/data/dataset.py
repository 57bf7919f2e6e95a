"""What a data set is: three splits that were checked, and a task that makes them from a seed.

Layer: data, no framework. Every seed gives another split (or other samples), because the luck of
the split is part of what a comparison has to average over (Bouthillier et al. 2021, "Accounting for
variance in machine learning benchmarks"). ``validation`` is what tuning and early choices may see;
``test`` is for one look at the end.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass, fields
from functools import cached_property, partial

import numpy as np
from numpy.typing import ArrayLike, NDArray

from rectifier.errors import InvalidInputError

Features = NDArray[np.float32]
Labels = NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class Dataset:
    """One split of a classification data set. Checked when built.

    Attributes:
        train_x, validation_x, test_x: Features, float32, shape (samples, …).
        train_y, validation_y, test_y: Labels 0 … classes - 1, int64, shape (samples,).
        classes: Number of classes.

    Raises:
        InvalidInputError: A value is not finite, a label is out of range, a split is empty or the
            shapes do not fit together.
    """

    train_x: Features
    train_y: Labels
    validation_x: Features
    validation_y: Labels
    test_x: Features
    test_y: Labels
    classes: int

    def __post_init__(self) -> None:
        for split in ("train", "validation", "test"):
            x, y = getattr(self, f"{split}_x"), getattr(self, f"{split}_y")
            if len(x) == 0 or len(x) != len(y):
                raise InvalidInputError(
                    f"the {split} split needs as many labels as samples and at least one; "
                    f"it has {len(x)} samples and {len(y)} labels"
                )
            if x.dtype != np.float32 or y.dtype != np.int64:
                raise InvalidInputError(
                    f"the {split} split needs float32 features and int64 labels; "
                    f"it has {x.dtype} and {y.dtype}"
                )
            if x.shape[1:] != self.train_x.shape[1:]:
                raise InvalidInputError(
                    f"all splits need samples of one shape; {split} has {x.shape[1:]} "
                    f"and train has {self.train_x.shape[1:]}"
                )
            check_finite(x, f"{split}_x")
            if y.min() < 0 or y.max() >= self.classes:
                raise InvalidInputError(
                    f"the labels of the {split} split must lie in 0 … {self.classes - 1}; "
                    f"they reach from {y.min()} to {y.max()}"
                )

    @cached_property
    def checksum(self) -> str:
        """SHA-256 over shapes and values of all splits, in hexadecimal."""
        digest = hashlib.sha256(str(self.classes).encode())
        for name in (field.name for field in fields(self) if field.name != "classes"):
            array = np.ascontiguousarray(getattr(self, name))
            # Little-endian on every machine, so that a store may travel between them.
            array = array.astype(array.dtype.newbyteorder("<"), copy=False)
            digest.update(f"{name}{array.shape}{array.dtype.str}".encode())
            digest.update(array.tobytes())
        return digest.hexdigest()


@dataclass(frozen=True)
class Task:
    """A classification task: a name and how to make its data from a seed.

    Attributes:
        name: As in ``--task``.
        load: Makes the data set of a seed; the same seed gives the same data anywhere.
        target: Validation accuracy that "epochs to target" counts to by default.
        summary: One line for a list.
        source: Where the data come from.
    """

    name: str
    load: Callable[[int], Dataset]
    target: float
    summary: str = ""
    source: str = ""


def check_finite(values: NDArray[np.floating], place: str) -> None:
    """Raise unless every value is finite, saying how many are not and where the first one is.

    Args:
        values: Array of any shape.
        place: What the array is called in the message.

    Raises:
        InvalidInputError: At least one value is NaN or infinite.
    """
    finite = np.isfinite(values)
    if finite.all():
        return
    bad = int(finite.size - np.count_nonzero(finite))
    not_a_number = int(np.count_nonzero(np.isnan(values)))
    first = np.unravel_index(int(np.argmin(finite)), values.shape)
    where = f"row {first[0]}"
    if len(first) > 1:
        where += ", feature " + ", ".join(str(int(index)) for index in first[1:])
    raise InvalidInputError(
        f"{place} holds {bad} of {finite.size} values that are not finite ({not_a_number} NaN, "
        f"{bad - not_a_number} infinite), the first at {where}; "
        "remove or fill them before training"
    )


def split(
    x: NDArray[np.floating], y: NDArray[np.integer], seed: int, *, held_out: float = 0.2
) -> Dataset:
    """Shuffle by seed, split into train, validation and test, and scale by the training part.

    One mean and one standard deviation for all features: scaling each pixel by its own spread would
    turn a pixel that is almost always zero into an outlier of thirty standard deviations.

    Args:
        x: Features, shape (samples, …), finite.
        y: Labels 0 … classes - 1, shape (samples,).
        seed: Decides the split.
        held_out: Share of samples in validation, and again in test.

    Returns:
        The data set of that seed.
    """
    count = max(1, round(len(x) * held_out))
    order = np.random.default_rng(np.random.SeedSequence([seed, 1])).permutation(len(x))
    test, validation, train = np.split(order, [count, 2 * count])
    if len(train) == 0:
        raise InvalidInputError(f"{len(x)} samples are too few to split; at least 5 are needed")
    mean = float(np.mean(x[train], dtype=np.float64))
    deviation = float(np.std(x[train], dtype=np.float64)) or 1.0

    def part(rows: NDArray[np.intp]) -> tuple[Features, Labels]:
        scaled = (x[rows].astype(np.float64) - mean) / deviation
        return scaled.astype(np.float32), y[rows].astype(np.int64)

    return Dataset(*part(train), *part(validation), *part(test), classes=int(y.max()) + 1)


def from_arrays(name: str, x: ArrayLike, y: ArrayLike, *, target: float = 0.9) -> Task:
    """A task from your own arrays; each seed splits them differently.

    Args:
        name: What the task is called in reports.
        x: Features, shape (samples, …), any real dtype.
        y: Integer labels 0 … classes - 1, shape (samples,).
        target: Validation accuracy that "epochs to target" counts to.

    Returns:
        A task to hand to `rectifier.compare`.

    Raises:
        InvalidInputError: The arrays hold NaN or infinities, or do not fit together.

    Example:
        >>> task = from_arrays("mine", np.eye(10), np.arange(10) % 2)
        >>> task.load(0).train_x.shape
        (6, 10)
    """
    features, labels = np.asarray(x), np.asarray(y)
    if features.dtype.kind not in "fiub" or labels.dtype.kind not in "iu":
        raise InvalidInputError(
            "a task needs real features and integer labels; "
            f"the features are {features.dtype} and the labels {labels.dtype}"
        )
    if features.ndim < 2 or labels.shape != features.shape[:1]:
        raise InvalidInputError(
            "a task needs features of shape (samples, …) and one label a sample; "
            f"the features have shape {features.shape} and the labels {labels.shape}"
        )
    if len(features) < 5:
        raise InvalidInputError(
            f"{len(features)} samples are too few to split; at least 5 are needed"
        )
    if labels.min() < 0:
        raise InvalidInputError(f"labels count from 0; the smallest is {labels.min()}")
    features = features.astype(np.float64)
    check_finite(features, f"the data of task {name!r}")
    with np.errstate(over="ignore"):
        check_finite(features.astype(np.float32), f"the data of task {name!r} in float32")
    return Task(
        name,
        partial(split, features, labels.astype(np.int64)),
        target,
        summary=f"{len(features)} samples of your own",
    )
