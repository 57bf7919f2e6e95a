"""60,000 colour pictures of 32×32 pixels in ten classes.

Layer: data. Read from the binary batches as published, or from ``train.parquet`` and
``test.parquet`` with encoded pictures, as hubs of data carry it.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path

from rectifier.data.dataset import Dataset, split_training
from rectifier.data.files import Collection, Remote, home
from rectifier.data.images import cifar, parquet
from rectifier.data.task import Task

FILES = Collection(
    "cifar10",
    (
        Remote(
            "cifar-10-binary.tar.gz",
            "https://www.cs.toronto.edu/~kriz/cifar-10-binary.tar.gz",
            "md5:c32a1d4ab5d03f1284b67883e8d87530",
            170_052_171,
        ),
    ),
    licence="none stated; for research, with citation",
)
_TABLES = ("train.parquet", "test.parquet")


@cache
def _arrays(folder: str, tables: bool) -> tuple[object, object]:
    place = Path(folder)
    if tables:
        train, test = (parquet(place / name) for name in _TABLES)
        return train, test
    archive = place / FILES.files[0].name
    batches = tuple(f"data_batch_{number}.bin" for number in range(1, 6))
    return cifar(archive, batches), cifar(archive, ("test_batch.bin",))


def load(seed: int, *, samples: int | None = None) -> Dataset:
    """40,000 / 10,000 / 10,000 pictures of shape (3, 32, 32), scaled by the training part.

    Raises:
        InvalidInputError: The files are not there; says how to get them.
    """
    own = home() / FILES.name
    tables = FILES.find() is None and all((own / name).is_file() for name in _TABLES)
    train, test = _arrays(str(own if tables else FILES.require()), tables)
    return split_training(train, test, seed, held_out=0.2, most=samples)  # type: ignore[arg-type]


TASK = Task(
    "cifar10",
    load,
    target=0.6,
    summary="60,000 colour pictures of 32×32 pixels, 10 classes",
    source="A. Krizhevsky (2009), Learning multiple layers of features from tiny images",
    licence=FILES.licence,
    domain="vision",
    model="cnn4",
    augment="flip",
    files=FILES,
)
