"""The user's own data as a task: whatever shape a ``load`` function gives them.

Layer: compare. ``load()`` or ``load(seed)`` may return a `rectifier.data.Dataset`, a
`rectifier.data.Task`, (x, y), (train_x, train_y, test_x, test_y), ((train_x, train_y), (test_x,
test_y)), or one or two of torch's data sets. With a fixed test split, every seed holds out another
part of the training data for validation; without one, every seed splits anew.
"""

from __future__ import annotations

import inspect
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rectifier.compare.reference import resolve
from rectifier.data import Dataset, Task, from_arrays
from rectifier.errors import InvalidInputError, RectifierError


@dataclass(frozen=True)
class UserData:
    """Loads the data that a reference names; can be sent to other processes.

    Attributes:
        reference: As in ``--data``.
    """

    reference: str

    def __call__(self, seed: int) -> Dataset:
        """The data of a seed."""
        found = resolve(self.reference, "data")
        if isinstance(found, Task):
            return _dataset(found.load(seed), self.reference)
        if not callable(found):
            return _dataset(_whole(self.reference).load(seed), self.reference)
        if "seed" in inspect.signature(found).parameters:
            try:
                given = found(seed=seed)
            except RectifierError:
                raise
            except Exception as error:
                raise _failed(self.reference, error) from error
            if isinstance(given, Dataset):
                return given
            return _dataset(_task(self.reference, given).load(seed), self.reference)
        return _dataset(_whole(self.reference).load(seed), self.reference)


def user_task(reference: str, target: float = 0.9) -> Task:
    """The task of a reference."""
    return Task(
        name=reference,
        load=UserData(reference),
        target=target,
        summary=f"your own data, from {reference}",
    )


@cache
def _whole(reference: str) -> Task:
    found = resolve(reference, "data")
    try:
        given = found() if callable(found) else found
    except RectifierError:
        raise
    except Exception as error:
        raise _failed(reference, error) from error
    if isinstance(given, Dataset):
        return Task(reference, lambda seed: given, 0.9)
    return _task(reference, given)


def _failed(reference: str, error: Exception) -> InvalidInputError:
    return InvalidInputError(f"{reference} failed: {type(error).__name__}: {error}")


def _dataset(found: Any, reference: str) -> Dataset:
    if not isinstance(found, Dataset):
        raise InvalidInputError(
            f"{reference} gave a {type(found).__name__} for a seed, not a rectifier.data.Dataset"
        )
    return found


def _task(reference: str, given: Any) -> Task:
    parts = _arrays(reference, given)
    if len(parts) == 2:
        return from_arrays(reference, *parts)
    return from_arrays(reference, parts[0], parts[1], test=(parts[2], parts[3]))


def _arrays(reference: str, given: Any) -> list[NDArray[Any]]:
    """Two arrays, or four."""
    if isinstance(given, dict):
        for names in (("x", "y"), ("train_x", "train_y", "test_x", "test_y")):
            if set(names) == set(given):
                return [_array(given[name]) for name in names]
    if _is_map(given):
        return _stacked(given)
    if isinstance(given, Sequence) and not isinstance(given, str):
        if len(given) in (2, 4) and all(_is_array(part) for part in given):
            return [_array(part) for part in given]
        if len(given) == 2 and all(_is_map(part) for part in given):
            return [array for part in given for array in _stacked(part)]
        if len(given) == 2 and all(isinstance(p, Sequence) and len(p) == 2 for p in given):
            return [_array(array) for part in given for array in part]
    raise InvalidInputError(
        f"{reference} gave a {type(given).__name__}; expected (x, y), (train_x, train_y, test_x, "
        "test_y), one or two of torch's data sets, or a rectifier.data.Dataset"
    )


def _is_array(value: Any) -> bool:
    return hasattr(value, "shape") and hasattr(value, "dtype")


def _is_map(value: Any) -> bool:
    """Whether it is a data set of torch's: indexed samples of a pair."""
    return (
        hasattr(value, "__getitem__")
        and hasattr(value, "__len__")
        and not _is_array(value)
        and not isinstance(value, Sequence | dict)
    )


def _array(value: Any) -> NDArray[Any]:
    if hasattr(value, "detach"):
        value = value.detach().cpu().numpy()
    return np.asarray(value)


def _stacked(samples: Any) -> list[NDArray[Any]]:
    pairs = [samples[place] for place in range(len(samples))]
    return [np.stack([_array(pair[side]) for pair in pairs]) for side in (0, 1)]
