"""Files on disk: where they are looked for, what is said when they are not there, fetching."""

from __future__ import annotations

import gzip
import hashlib
import io
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from rectifier import data
from rectifier.data import fashion_mnist
from rectifier.data.cifar10 import FILES as CIFAR
from rectifier.data.files import Collection, Remote
from rectifier.data.images import cifar, idx
from rectifier.errors import InvalidInputError, OutputError


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("RECTIFIER_DATA", str(tmp_path))
    return tmp_path


def packed(array: np.ndarray) -> bytes:
    head = b"\0\0\x08" + bytes([array.ndim]) + np.array(array.shape, ">u4").tobytes()
    return gzip.compress(head + array.astype(np.uint8).tobytes())


def test_a_missing_set_says_how_to_get_it(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    files = replace(fashion_mnist.FILES, folder=str(folder / "nowhere"))
    with pytest.raises(InvalidInputError) as caught:
        files.require()
    said = str(caught.value)
    assert "'rectifier data fashion_mnist'" in said
    assert "Debian package dataset-fashion-mnist" in said
    assert str(folder / "fashion_mnist") in said
    assert "train-images-idx3-ubyte.gz" in said
    assert "\n" not in said


def test_images_in_the_published_form_become_a_task(folder: Path) -> None:
    draw = np.random.default_rng(0)
    place = folder / "mnist"
    place.mkdir()
    for part, count in (("train", 60), ("t10k", 20)):
        pixels = draw.integers(0, 256, (count, 28, 28))
        (place / f"{part}-images-idx3-ubyte.gz").write_bytes(packed(pixels))
        (place / f"{part}-labels-idx1-ubyte.gz").write_bytes(packed(np.arange(count) % 10))
    dataset = data.get("mnist").load(0)
    assert dataset.shape == (1, 28, 28)
    assert (len(dataset.train_x), len(dataset.validation_x), len(dataset.test_x)) == (50, 10, 20)
    assert dataset.classes == 10
    assert abs(float(dataset.train_x.mean())) < 1e-4
    assert data.get("mnist").load(1).checksum != dataset.checksum
    less = data.limited(data.get("mnist"), 25).load(0)
    assert (len(less.train_x), len(less.validation_x), len(less.test_x)) == (25, 5, 20)


def test_cifar_archives_are_read(folder: Path) -> None:
    import tarfile

    path = folder / "cifar.tar.gz"
    records = np.random.default_rng(0).integers(0, 256, (3, 3073)).astype(np.uint8)
    records[:, 0] = [3, 1, 2]
    with tarfile.open(path, "w:gz") as archive:
        member = tarfile.TarInfo("cifar-10-batches-bin/data_batch_1.bin")
        member.size = records.size
        archive.addfile(member, io.BytesIO(records.tobytes()))
    images, labels = cifar(path, ("data_batch_1.bin",))
    assert labels.tolist() == [3, 1, 2]
    np.testing.assert_array_equal(images[1, 2, 31], records[1, 1 + 3071 - 31 :])
    assert CIFAR.files[0].digest.startswith("md5:")


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"plain", "no IDX file"),
        (gzip.compress(b"\0\0\x08\x01\0\0\0\x09ab"), "cut off"),
        (gzip.compress(b"x" * 5000)[:-9], "damaged"),
    ],
    ids=["plain", "cut", "damaged"],
)
def test_damaged_files_are_told(folder: Path, content: bytes, message: str) -> None:
    path = folder / "file"
    path.write_bytes(content)
    with pytest.raises(InvalidInputError, match=message):
        idx(path)


def collection(content: bytes) -> Collection:
    digest = f"sha256:{hashlib.sha256(content).hexdigest()}"
    return Collection("mine", (Remote("a.bin", "https://example.org/a.bin", digest, 3),), "MIT")


def test_what_is_fetched_is_checked_and_kept(folder: Path) -> None:
    files, told = collection(b"abc"), list[str]()
    place = files.fetch(told.append, lambda url, timeout: io.BytesIO(b"abc"))
    assert (place / "a.bin").read_bytes() == b"abc"
    assert files.find() == place == folder / "mine"
    assert told == ["fetching https://example.org/a.bin (0.0 MB)"]
    assert files.fetch(told.append, None) == place
    assert len(told) == 1, "what is there is not fetched again"


def test_what_is_not_as_published_is_not_kept(folder: Path) -> None:
    with pytest.raises(InvalidInputError, match=r"not the published .*; it was not kept"):
        collection(b"abc").fetch(print, lambda url, timeout: io.BytesIO(b"abd"))
    assert list((folder / "mine").iterdir()) == []


def test_no_network_is_told_with_where_to_put_the_file(folder: Path) -> None:
    def refuse(url: str, timeout: float) -> io.BytesIO:
        raise OSError("no route to host")

    with pytest.raises(OutputError, match=r"no route to host\); fetch it by other means and put"):
        collection(b"abc").fetch(print, refuse)
    assert list((folder / "mine").iterdir()) == []
