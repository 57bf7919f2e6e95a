from __future__ import annotations

import importlib.util
from pathlib import Path

import numpy as np
import pytest

from rectifier.data import digits
from rectifier.errors import MissingPackageError


@pytest.fixture(autouse=True)
def _fresh() -> None:
    digits._table.cache_clear()


def test_file_and_package_give_the_same_arrays() -> None:
    path = digits._file()
    assert path is not None
    np.testing.assert_array_equal(digits._from_file(path), digits._from_package())


def test_sizes_and_classes() -> None:
    dataset = digits.load(0)
    assert dataset.train_x.shape == (1079, 64)
    assert dataset.validation_x.shape == dataset.test_x.shape == (359, 64)
    assert dataset.classes == 10
    assert np.bincount(dataset.train_y).min() > 80


def test_file_elsewhere_falls_back_to_the_package(monkeypatch: pytest.MonkeyPatch) -> None:
    expected = digits.load(5).checksum
    digits._table.cache_clear()
    monkeypatch.setattr(digits, "_FILE", Path("no", "such", "file"))
    assert digits._file() is None
    assert digits.load(5).checksum == expected


def test_without_scikit_learn_the_install_command_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)

    def absent(name: str) -> None:
        raise ModuleNotFoundError(f"No module named {name!r}", name=name)

    monkeypatch.setattr("rectifier.optional.importlib.import_module", absent)
    with pytest.raises(MissingPackageError, match=r"'digits'.*pip install 'rectifier\[compare\]'"):
        digits.load(0)
