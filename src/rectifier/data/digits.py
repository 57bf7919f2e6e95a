"""The 1,797 real handwritten digits of 8×8 pixels that scikit-learn carries.

Layer: data. The file is read straight from scikit-learn's folder where it has its usual place:
importing ``sklearn.datasets`` costs each worker of a comparison about two seconds, reading the file
thirty milliseconds. Both ways give the same arrays (a test compares them).
"""

from __future__ import annotations

import gzip
import importlib.util
from functools import cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from rectifier import optional
from rectifier.data.dataset import Dataset, split
from rectifier.data.task import Task

_FILE = Path("datasets", "data", "digits.csv.gz")


def _file() -> Path | None:
    """The embedded file, or None where scikit-learn is absent or keeps it elsewhere."""
    spec = importlib.util.find_spec("sklearn")
    for folder in (spec.submodule_search_locations or ()) if spec else ():
        if (path := Path(folder) / _FILE).is_file():
            return path
    return None


def _from_file(path: Path) -> NDArray[np.float64]:
    with gzip.open(path, "rt", encoding="ascii") as lines:
        return np.loadtxt(lines, delimiter=",", ndmin=2)


def _from_package() -> NDArray[np.float64]:
    datasets = optional.require("sklearn.datasets", extra="compare", purpose="the task 'digits'")
    bunch = datasets.load_digits()
    return np.column_stack([bunch.data, bunch.target]).astype(np.float64)


@cache
def _table() -> NDArray[np.float64]:
    path = _file()
    return _from_package() if path is None else _from_file(path)


def load(seed: int) -> Dataset:
    """The digits, split 60 : 20 : 20 by the seed, scaled to mean 0 and variance 1.

    Args:
        seed: Decides the split.

    Returns:
        1,079 / 359 / 359 samples of shape (64,).

    Raises:
        MissingPackageError: scikit-learn is not installed.
    """
    table = _table()
    return split(table[:, :-1], table[:, -1].astype(np.int64), seed)


TASK = Task(
    "digits",
    load,
    target=0.97,
    summary="1,797 handwritten digits of 8×8 pixels, 10 classes",
    source="E. Alpaydin, C. Kaynak (1998), UCI repository, as carried by scikit-learn",
    licence="CC BY 4.0",
    domain="vision",
)
