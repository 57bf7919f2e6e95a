from __future__ import annotations

import re

import numpy as np
import pytest

from rectifier import data
from rectifier.data.dataset import Dataset, check_finite, split
from rectifier.data.task import Task, limited
from rectifier.errors import InvalidInputError, UnknownNameError


def small(**changes: object) -> Dataset:
    x, y = np.zeros((3, 2), np.float32), np.array([0, 1, 0])
    parts: dict[str, object] = {
        f"{part}_{kind}": value
        for part in ("train", "validation", "test")
        for kind, value in (("x", x), ("y", y))
    }
    return Dataset(**{**parts, "classes": 2, **changes})  # type: ignore[arg-type]


def test_unknown_task_names_the_nearest() -> None:
    with pytest.raises(UnknownNameError, match=r"unknown task 'digit'; did you mean 'digits'\?"):
        data.get("digit")


def test_names_are_taken_in_any_spelling_and_tasks_are_passed_through() -> None:
    task = data.get("MNIST1D")
    assert task.name == "mnist1d"
    assert data.get(task) is task
    assert {"digits", "mnist1d"} <= set(data.names())


BUILT_IN = [name for name in data.names() if data.get(name).files is None]
ARRAYS = [name for name in BUILT_IN if data.get(name).load(0).kind != "episodes"]


@pytest.mark.parametrize("name", ARRAYS)
def test_splits_vary_with_the_seed_and_only_with_it(name: str) -> None:
    task = data.get(name)
    first, again, other = task.load(3), task.load(3), task.load(4)
    assert first.checksum == again.checksum
    assert first.checksum != other.checksum
    np.testing.assert_array_equal(first.train_x, again.train_x)


@pytest.mark.parametrize("name", [name for name in ARRAYS if name != "char_lm"])
def test_no_sample_is_in_two_splits(name: str) -> None:
    dataset = data.get(name).load(0)
    rows = [{row.tobytes() for row in dataset.train_x}]
    rows += [{row.tobytes() for row in part} for part in (dataset.validation_x, dataset.test_x)]
    assert not rows[0] & rows[1]
    assert not rows[0] & rows[2]
    assert not rows[1] & rows[2]


@pytest.mark.parametrize("name", [name for name in ARRAYS if name != "char_lm"])
def test_training_features_have_mean_zero_and_unit_variance(name: str) -> None:
    x = data.get(name).load(1).train_x
    assert abs(x.mean()) < 1e-5
    assert abs(x.std() - 1) < 1e-5


def test_scaling_uses_the_training_part_only() -> None:
    x, y = np.arange(20.0)[:, None], np.arange(20) % 2
    dataset = split(x, y, 0)
    changed = x.copy()
    held_out = ~np.isin(x[:, 0], x[np.isin(x[:, 0], _original(dataset.train_x, x))])
    changed[held_out] += 1000
    np.testing.assert_array_equal(split(changed, y, 0).train_x, dataset.train_x)
    assert split(changed, y, 0).test_x.min() > dataset.test_x.max()


def _original(scaled: np.ndarray, x: np.ndarray) -> np.ndarray:
    """Values of x at the rows that ended up in a split, found by their order."""
    order = np.random.default_rng(np.random.SeedSequence([0, 1])).permutation(len(x))
    return x[order[-len(scaled) :], 0]


def test_not_finite_values_are_counted_and_placed() -> None:
    values = np.zeros((4, 3), np.float32)
    values[2, 1], values[3, 0] = np.nan, np.inf
    with pytest.raises(
        InvalidInputError,
        match=re.escape("train_x holds 2 of 12 values that are not finite (1 NaN, 1 infinite), "
                        "the first at row 2, feature 1"),
    ):  # fmt: skip
        small(train_x=values, train_y=np.zeros(4, np.int64))


def test_finite_values_of_any_shape_pass() -> None:
    check_finite(np.zeros((0, 3)), "nothing")
    check_finite(np.zeros((2, 3, 4)), "a cube")
    with pytest.raises(InvalidInputError, match="row 1, feature 2, 3"):
        check_finite(np.pad(np.full((1, 1, 1), np.nan), ((1, 0), (2, 0), (3, 0))), "a cube")


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"test_x": np.zeros((0, 2), np.float32), "test_y": np.zeros(0, np.int64)}, "at least one"),
        ({"test_y": np.array([0, 1])}, "3 samples and 2 labels"),
        ({"test_x": np.zeros((3, 2))}, "float64"),
        ({"test_y": np.array([0.0, 1.0, 0.0])}, "float64"),
        ({"test_x": np.zeros((3, 5), np.float32)}, r"test has \(5,\) and train has \(2,\)"),
        ({"validation_y": np.array([0, 2, 0])}, "0 … 1; they reach from 0 to 2"),
        ({"validation_y": np.array([0, -1, 0])}, "from -1 to 0"),
    ],
)
def test_parts_that_do_not_fit_are_refused(changes: dict[str, object], message: str) -> None:
    with pytest.raises(InvalidInputError, match=message):
        small(**changes)


def test_checksum_sees_every_part() -> None:
    plain = small().checksum
    assert small().checksum == plain
    for part in ("train", "validation", "test"):
        assert small(**{f"{part}_x": np.full((3, 2), 1e-30, np.float32)}).checksum != plain
        assert small(**{f"{part}_y": np.array([0, 1, 1])}).checksum != plain
    assert small(classes=3).checksum != plain


def test_own_arrays_become_a_task() -> None:
    task = data.from_arrays("mine", np.arange(40).reshape(20, 2), np.arange(20) % 4, target=0.5)
    dataset = task.load(0)
    assert isinstance(task, Task)
    assert (len(dataset.train_x), len(dataset.validation_x), len(dataset.test_x)) == (12, 4, 4)
    assert dataset.classes == 4
    assert task.target == 0.5


@pytest.mark.parametrize(
    ("x", "y", "message"),
    [
        (np.full((9, 2), np.nan), np.zeros(9, int), "18 of 18 values that are not finite"),
        (np.full((9, 2), 1e39), np.zeros(9, int), "in float32 holds 18"),
        (np.zeros((9, 2)), np.array(list("abcabcabc")), "integer labels or real values"),
        (np.zeros((9, 2)), np.full(9, np.nan), "9 of 9 values that are not finite"),
        (np.zeros((9, 2), complex), np.zeros(9, int), "complex128"),
        (np.zeros(9), np.zeros(9, int), r"shape \(9,\)"),
        (np.zeros((9, 2)), np.zeros(8, int), r"labels \(8,\)"),
        (np.zeros((4, 2)), np.zeros(4, int), "too few"),
        (np.zeros((9, 2)), np.full(9, -1), "count from 0"),
    ],
)
def test_unusable_arrays_are_refused(x: np.ndarray, y: np.ndarray, message: str) -> None:
    with pytest.raises(InvalidInputError, match=message):
        data.from_arrays("mine", x, y)


def test_values_are_scaled_by_the_training_part() -> None:
    x = np.random.default_rng(0).normal(size=(50, 3))
    dataset = data.from_arrays("mine", x, 100 + 5 * x[:, :2]).load(1)
    assert dataset.kind == "values"
    assert (dataset.classes, dataset.outputs, dataset.guess, dataset.resolution) == (0, 2, 0.0, 0.0)
    np.testing.assert_allclose(dataset.train_y.mean(axis=0), 0, atol=1e-5)
    np.testing.assert_allclose(dataset.train_y.std(axis=0), 1, atol=1e-5)


def test_a_test_split_of_ones_own_stays_whole() -> None:
    x, y = np.arange(40.0).reshape(20, 2), np.arange(20) % 2
    task = data.from_arrays("mine", x[:15], y[:15], test=(x[15:], y[15:]))
    first, second = task.load(0), task.load(1)
    assert len(first.test_x) == 5
    assert (len(first.train_x), len(first.validation_x)) == (13, 2)
    np.testing.assert_array_equal(first.test_y, y[15:])
    assert first.checksum != second.checksum
    with pytest.raises(InvalidInputError, match=r"test split of task 'mine' has samples of shape"):
        data.from_arrays("mine", x, y, test=(x[:, :1], y))


def test_fewer_samples_are_the_first_of_the_same_split() -> None:
    whole, less = data.get("digits").load(3), limited(data.get("digits"), 100).load(3)
    np.testing.assert_array_equal(less.train_x, whole.train_x[:100])
    np.testing.assert_array_equal(less.test_x, whole.test_x)
    assert len(less.validation_x) == round(359 * 100 / 1079)


def test_tokens_have_a_goal_at_every_place() -> None:
    dataset = data.get("char_lm").load(0)
    assert dataset.kind == "tokens"
    assert dataset.train_x.dtype == np.int64
    np.testing.assert_array_equal(dataset.train_x[:, 1:], dataset.train_y[:, :-1])
    assert dataset.guess == 1 / 96


@pytest.mark.parametrize("name", data.names())
def test_every_task_says_where_it_comes_from(name: str) -> None:
    task = data.get(name)
    assert task.summary
    assert task.source
    assert task.licence
    assert task.domain in {"vision", "language", "series", "control", "tables"}
