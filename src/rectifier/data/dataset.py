"""What a data set is: three splits that were checked; and how a seed splits samples.

Layer: data, no framework. Every seed gives another split (or other samples), because the luck of
the split is part of what a comparison has to average over (Bouthillier et al. 2021, "Accounting for
variance in machine learning benchmarks"). ``validation`` is what tuning and early choices may see;
``test`` is for one look at the end.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, fields
from functools import cached_property
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from rectifier.errors import InvalidInputError

Features = NDArray[np.float32] | NDArray[np.int64]
"""What goes in: numbers, or tokens as whole numbers."""
Labels = NDArray[np.int64] | NDArray[np.float32]
"""What is to come out: classes as whole numbers, or values."""

Kind = Literal["labels", "values", "tokens"]
"""``labels``: one class a sample. ``values``: regression. ``tokens``: a class at every place."""
METRICS: dict[str, str] = {
    "labels": "accuracy",
    "values": "R²",
    "tokens": "next-token accuracy",
    "episodes": "share of the longest episode",
}
"""What is scored for each kind of task; more is better, 1 is perfect."""


@dataclass(frozen=True, eq=False)
class Dataset:
    """One split of a data set. Checked when built.

    Attributes:
        train_x, validation_x, test_x: float32 features or int64 tokens, shape (samples, …).
        train_y, validation_y, test_y: int64 classes, shape (samples,) or, for tokens, (samples,
            length); or float32 values, shape (samples,) or (samples, outputs).
        classes: Number of classes; 0 where values are to be predicted.

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
            wanted = np.int64 if self.classes else np.float32
            if x.dtype not in (np.float32, np.int64) or y.dtype != wanted:
                raise InvalidInputError(
                    f"the {split} split needs float32 features (or int64 tokens) and int64 labels "
                    f"(or, with 0 classes, float32 values); it has {x.dtype} and {y.dtype}"
                )
            for array, first in ((x, self.train_x), (y, self.train_y)):
                if array.shape[1:] != first.shape[1:]:
                    raise InvalidInputError(
                        f"all splits need samples of one shape; {split} has {array.shape[1:]} "
                        f"and train has {first.shape[1:]}"
                    )
            if x.dtype == np.float32:
                check_finite(x, f"{split}_x")
            if not self.classes:
                check_finite(y, f"{split}_y")
            elif y.min() < 0 or y.max() >= self.classes:
                raise InvalidInputError(
                    f"the labels of the {split} split must lie in 0 … {self.classes - 1}; "
                    f"they reach from {y.min()} to {y.max()}"
                )

    @property
    def kind(self) -> Kind:
        """What is to be learned."""
        if not self.classes:
            return "values"
        return "labels" if self.train_y.ndim == 1 else "tokens"

    @property
    def shape(self) -> tuple[int, ...]:
        """Of one sample."""
        return tuple(self.train_x.shape[1:])

    @property
    def outputs(self) -> int:
        """Numbers that a network has to give: classes, or values, for one sample or place."""
        return self.classes or int(np.prod(self.train_y.shape[1:], dtype=np.int64))

    @property
    def guess(self) -> float:
        """Score of one who has learned nothing."""
        return 1 / self.classes if self.classes else 0.0

    @property
    def resolution(self) -> float:
        """Smallest step of the test score; 0 where there is none."""
        return 1 / self.test_y.size if self.classes else 0.0

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


def split(x: NDArray[np.floating], y: NDArray[Any], seed: int, *, held_out: float = 0.2) -> Dataset:
    """Shuffle by seed, split into train, validation and test, and scale by the training part.

    Values to be predicted are scaled in the same way, each output by its own spread.

    One mean and one standard deviation for all features: scaling each pixel by its own spread would
    turn a pixel that is almost always zero into an outlier of thirty standard deviations.

    Args:
        x: Features, shape (samples, …), finite.
        y: Labels 0 … classes - 1, shape (samples,), or real values to be predicted.
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
    return _scaled(x, y, (train, x, y, validation), (test, x, y))


def split_training(
    train: tuple[NDArray[Any], NDArray[Any]],
    test: tuple[NDArray[Any], NDArray[Any]],
    seed: int,
    *,
    held_out: float = 1 / 6,
    most: int | None = None,
) -> Dataset:
    """Hold a part of the training data out for validation; the published test split stays.

    Args:
        train: Samples and labels to train and to validate on.
        test: Samples and labels of the test split.
        seed: Decides which training samples are held out, and the order of the others.
        held_out: Share of the training samples in validation.
        most: So many samples to train on, and a like share of those to validate on; None: all.
    """
    x, y = train
    count = max(1, round(len(x) * held_out))
    order = np.random.default_rng(np.random.SeedSequence([seed, 1])).permutation(len(x))
    if most is not None and most < len(x) - count:
        less = max(1, round(count * most / (len(x) - count)))
        order = np.concatenate([order[:less], order[count : count + most]])
        count = less
    rows = np.arange(len(test[0]))
    return _scaled(x, y, (order[count:], x, y, order[:count]), (rows, *test))


def _scaled(x: Any, y: Any, training: Any, testing: Any) -> Dataset:
    train, _, _, validation = training
    test, test_x, test_y = testing
    if len(train) == 0:
        raise InvalidInputError(f"{len(x)} samples are too few to split; at least 5 are needed")
    mean = float(np.mean(x[train], dtype=np.float64))
    deviation = float(np.std(x[train], dtype=np.float64)) or 1.0
    labels = y.dtype.kind in "iub"
    classes = int(max(y.max(), test_y.max())) + 1 if labels else 0
    center = 0.0 if labels else np.mean(y[train], axis=0, dtype=np.float64)
    spread = 1.0 if labels else np.std(y[train], axis=0, dtype=np.float64)
    spread = np.where(np.asarray(spread) > 0, spread, 1.0)

    def part(rows: NDArray[np.intp], x: Any, y: Any) -> tuple[Features, Labels]:
        scaled = x[rows].astype(np.float32 if x.dtype.itemsize == 1 else np.float64)
        scaled -= mean
        scaled /= deviation
        goal = y[rows].astype(np.int64) if labels else (y[rows] - center) / spread
        return scaled.astype(np.float32), goal if labels else goal.astype(np.float32)

    return Dataset(
        *part(train, x, y), *part(validation, x, y), *part(test, test_x, test_y), classes=classes
    )
