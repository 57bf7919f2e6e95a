"""A task from arrays of one's own: checked, and split anew by every seed.

Layer: data, no framework.
"""

from __future__ import annotations

from functools import partial
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from rectifier.data.dataset import check_finite, split, split_training
from rectifier.data.task import Task
from rectifier.errors import InvalidInputError


def from_arrays(
    name: str,
    x: ArrayLike,
    y: ArrayLike,
    *,
    target: float = 0.9,
    test: tuple[ArrayLike, ArrayLike] | None = None,
) -> Task:
    """A task from your own arrays; each seed splits them differently.

    Args:
        name: What the task is called in reports.
        x: Features, shape (samples, …), any real dtype.
        y: Integer labels 0 … classes - 1, shape (samples,), or real values to be predicted, shape
            (samples,) or (samples, outputs).
        target: Validation score that "time to target" counts to.
        test: Samples and labels of a test split of your own; default: a fifth of the samples.

    Returns:
        A task to hand to `rectifier.compare`.

    Raises:
        InvalidInputError: The arrays hold NaN or infinities, or do not fit together.

    Example:
        >>> task = from_arrays("mine", np.eye(10), np.arange(10) % 2)
        >>> task.load(0).train_x.shape
        (6, 10)
    """
    features, labels = _checked(name, x, y)
    summary = f"{len(features)} samples of your own"
    if test is None:
        return Task(name, partial(split, features, labels), target, summary=summary)
    tested = _checked(name, *test)
    if tested[0].shape[1:] != features.shape[1:] or tested[1].dtype != labels.dtype:
        raise InvalidInputError(
            f"the test split of task {name!r} has samples of shape {tested[0].shape[1:]} and "
            f"{tested[1].dtype} labels; the training split has {features.shape[1:]} and "
            f"{labels.dtype}"
        )
    load = partial(split_training, (features, labels), tested)
    return Task(name, load, target, summary=summary)


def _checked(name: str, x: ArrayLike, y: ArrayLike) -> tuple[NDArray[Any], NDArray[Any]]:
    features, labels = np.asarray(x), np.asarray(y)
    if features.dtype.kind not in "fiub" or labels.dtype.kind not in "fiu":
        raise InvalidInputError(
            "a task needs real features and integer labels or real values; "
            f"the features are {features.dtype} and the labels {labels.dtype}"
        )
    whole = labels.dtype.kind in "iu"
    if (
        features.ndim < 2
        or labels.shape[:1] != features.shape[:1]
        or labels.ndim > (1 if whole else 2)
    ):
        raise InvalidInputError(
            "a task needs features of shape (samples, …) and one label a sample; "
            f"the features have shape {features.shape} and the labels {labels.shape}"
        )
    if len(features) < 5:
        raise InvalidInputError(
            f"{len(features)} samples are too few to split; at least 5 are needed"
        )
    if whole and labels.min() < 0:
        raise InvalidInputError(f"labels count from 0; the smallest is {labels.min()}")
    features = features.astype(np.float64)
    check_finite(features, f"the data of task {name!r}")
    with np.errstate(over="ignore"):
        check_finite(features.astype(np.float32), f"the data of task {name!r} in float32")
    if not whole:
        labels = labels.astype(np.float64)
        check_finite(labels, f"the values of task {name!r}")
        return features, labels
    return features, labels.astype(np.int64)
