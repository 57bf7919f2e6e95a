"""What MNIST and those in its form share: four IDX files, a published test split of 10,000.

Layer: data, no framework.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache

from rectifier.data.dataset import Dataset, split_training
from rectifier.data.files import Collection, Remote
from rectifier.data.images import Pixels, idx

NAMES = {
    "train-images-idx3-ubyte.gz": 9_912_422,
    "train-labels-idx1-ubyte.gz": 28_881,
    "t10k-images-idx3-ubyte.gz": 1_648_877,
    "t10k-labels-idx1-ubyte.gz": 4_542,
}


def remotes(base: str, digests: Mapping[str, str], factor: float = 1.0) -> tuple[Remote, ...]:
    """The four files below an address, with their MD5 digests, in the order of `NAMES`."""
    return tuple(
        Remote(name, f"{base}/{name}", f"md5:{digests[name]}", round(size * factor))
        for name, size in NAMES.items()
    )


@cache
def _arrays(folder: str) -> tuple[Pixels, ...]:
    from pathlib import Path

    return tuple(idx(Path(folder) / name) for name in NAMES)


def load(files: Collection, seed: int, *, samples: int | None = None) -> Dataset:
    """50,000 / 10,000 / 10,000 images of shape (1, 28, 28), scaled by the training part."""
    train_x, train_y, test_x, test_y = _arrays(str(files.require()))
    return split_training(
        (train_x[:, None], train_y), (test_x[:, None], test_y), seed, most=samples
    )
