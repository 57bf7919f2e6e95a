"""Reading published sets of images: IDX files, CIFAR's binary batches, Parquet tables of images.

Layer: data, no framework. Pixels stay bytes until a seed's split scales them.
"""

from __future__ import annotations

import gzip
import io
import math
import tarfile
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from rectifier import optional
from rectifier.errors import InvalidInputError

Pixels = NDArray[np.uint8]


def idx(path: Path) -> Pixels:
    """The array of an IDX file of bytes, packed by gzip or not.

    Raises:
        InvalidInputError: It is no such file, or shorter than it says.
    """
    raw = path.read_bytes()
    if raw[:2] == b"\x1f\x8b":
        try:
            raw = gzip.decompress(raw)
        except (OSError, EOFError) as error:
            raise InvalidInputError(f"{path} is damaged ({error}); fetch it again") from error
    if len(raw) < 4 or raw[:3] != b"\x00\x00\x08":
        raise InvalidInputError(f"{path} is no IDX file of bytes; fetch it again")
    rank = raw[3]
    start = 4 + 4 * rank
    shape = np.frombuffer(raw[4:start], ">u4").astype(np.int64)
    if len(raw) - start != math.prod(int(side) for side in shape):
        raise InvalidInputError(f"{path} is cut off; fetch it again")
    return np.frombuffer(raw, np.uint8, offset=start).reshape(shape)


def cifar(path: Path, names: tuple[str, ...]) -> tuple[Pixels, NDArray[np.int64]]:
    """Images of shape (samples, 3, 32, 32) and labels of CIFAR-10's binary batches in an archive.

    Raises:
        InvalidInputError: A batch is missing or does not hold whole records.
    """
    parts = []
    with tarfile.open(path) as archive:
        for name in names:
            member = archive.extractfile(f"cifar-10-batches-bin/{name}")
            raw = member.read() if member is not None else b""
            if not raw or len(raw) % 3073:
                raise InvalidInputError(f"{path} holds no whole batch {name}; fetch it again")
            parts.append(np.frombuffer(raw, np.uint8).reshape(-1, 3073))
    records = np.concatenate(parts)
    return records[:, 1:].reshape(-1, 3, 32, 32), records[:, 0].astype(np.int64)


def parquet(path: Path, *, most: int | None = None) -> tuple[Pixels, NDArray[np.int64]]:
    """Images (samples, channels, height, width) and labels of a table with encoded pictures.

    The first column holds the pictures, as bytes or as a record with a field ``bytes``; the column
    ``label`` the labels.

    Args:
        path: The file.
        most: Read so many rows only, the first; None: all.
    """
    table = optional.require(
        "pyarrow.parquet", extra="export", purpose=f"reading {path.name}"
    ).read_table(path)
    image = optional.require("PIL.Image", extra="report", purpose=f"reading {path.name}")
    table = table if most is None else table.slice(0, most)
    pictures = []
    for cell in table.column(0).to_pylist():
        raw = cell["bytes"] if isinstance(cell, dict) else cell
        with image.open(io.BytesIO(raw)) as picture:
            pictures.append(np.asarray(picture.convert("RGB"), np.uint8).transpose(2, 0, 1))
    return np.stack(pictures), np.asarray(table.column("label").to_pylist(), np.int64)
