"""A folder of images as ImageNet's is laid out, with AlexNet's crops, flips and colour shifts.

Layer: training; NumPy and Pillow. ``FOLDER/train/CLASS/*.jpg`` and ``FOLDER/val/CLASS/*.jpg``; the
classes are the names of the folders in order. Images are scaled so that the shorter side has
``size`` pixels and cropped to the middle square, the mean image is subtracted; training sees random
crops and mirror images whose colours are shifted along the principal components of all pixels;
testing averages over the four corners and the middle, each with its mirror image.

Source: Krizhevsky, Sutskever and Hinton (2012), sections 2 and 4.1.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from rectifier import optional
from rectifier.errors import InvalidInputError

Pixels = NDArray[np.float32]
ENDINGS = frozenset((".jpg", ".jpeg", ".png", ".bmp", ".webp", ".ppm"))
KEPT = 2 << 30
"""Bytes of images that are kept in memory; ImageNet has a hundred times as many."""
LOOKED_AT = 20_000
"""Images that mean and colours are taken from, spread evenly where there are more: their mean is
then known to half a grey level of 255 at every pixel."""
_PART = 256
SHIFT = 0.1
"""Standard deviation of the colour shift along each component, in its own deviations."""


@dataclass(frozen=True)
class Folder:
    """Which images there are.

    Attributes:
        classes: Names, in the order of the labels.
        train, test: File and label of each image.
    """

    classes: tuple[str, ...]
    train: tuple[tuple[Path, int], ...]
    test: tuple[tuple[Path, int], ...]

    @property
    def digest(self) -> str:
        """Hash of the names of classes and images, wherever the folder lies."""
        names = [
            f"{split}/{self.classes[label]}/{file.name}"
            for split, files in (("train", self.train), ("val", self.test))
            for file, label in files
        ]
        return hashlib.sha256("\n".join(names).encode()).hexdigest()[:16]


class Images(Protocol):
    """What can be asked for some images, as an array of shape (samples, 3, side, side) can."""

    def __len__(self) -> int:
        """Number of images."""
        ...

    def __getitem__(self, rows: Any, /) -> Pixels:
        """Those of a slice or of an array of numbers."""
        ...


class Pictures:
    """Images of files, in an array's place: read when they are asked for.

    Those that fit are kept in memory, as bytes. Where all do they are read at once, so that a
    damaged one is found before the work begins.

    Args:
        files: The files.
        size: Side that they are scaled to.
        room: Bytes that may be kept.

    Raises:
        InvalidInputError: One is damaged or no image.
    """

    def __init__(self, files: Sequence[Path], size: int, room: int = KEPT) -> None:
        self._files, self._size = tuple(files), size
        self._most = room // (3 * size * size)
        self._kept: dict[int, NDArray[np.uint8]] = {}
        if len(self._files) <= self._most:
            for place in range(len(self._files)):
                self._one(place)

    def __len__(self) -> int:
        """Number of images."""
        return len(self._files)

    def __getitem__(self, rows: slice | NDArray[np.integer[Any]]) -> Pixels:
        """Images of a slice or of an array of numbers, (…, 3, size, size)."""
        places = range(*rows.indices(len(self))) if isinstance(rows, slice) else rows
        found = np.empty((len(places), 3, self._size, self._size), np.float32)
        for at, place in enumerate(places):
            found[at] = self._one(int(place))
        return found

    def _one(self, place: int) -> NDArray[np.uint8]:
        kept = self._kept.get(place)
        if kept is None:
            kept = read(self._files[place], self._size).astype(np.uint8)
            if len(self._kept) < self._most:
                self._kept[place] = kept
        return kept


def scan(folder: str | Path) -> Folder:
    """Look a folder through without opening an image.

    Raises:
        InvalidInputError: It is not laid out so, or a split has no image.
    """
    root = Path(folder)
    if not (root / "train").is_dir() or not (root / "val").is_dir():
        raise InvalidInputError(f"expected the folders train and val in {root}; they are not there")
    classes = tuple(sorted(entry.name for entry in (root / "train").iterdir() if entry.is_dir()))
    found = []
    for split in ("train", "val"):
        unknown = {e.name for e in (root / split).iterdir() if e.is_dir()} - set(classes)
        if unknown:
            raise InvalidInputError(
                f"{root / split} has a class that train has not: {min(unknown)}"
            )
        files = tuple(
            (file, label)
            for label, name in enumerate(classes)
            for file in sorted((root / split / name).glob("*"))
            if file.suffix.lower() in ENDINGS
        )
        if not files:
            raise InvalidInputError(f"{root / split} has no images in folders of classes")
        found.append(files)
    return Folder(classes, found[0], found[1])


def read(file: Path, size: int) -> Pixels:
    """One image as (3, size, size), from 0 to 255: shorter side scaled, middle cropped.

    Raises:
        InvalidInputError: It is damaged or no image.
    """
    image_module = optional.require("PIL.Image", extra="report", purpose="reading images")
    try:
        with image_module.open(file) as opened:
            image = opened.convert("RGB")
    except OSError as error:
        raise InvalidInputError(f"{file} cannot be read as an image ({error})") from error
    width, height = image.size
    factor = size / min(width, height)
    scaled = image.resize(
        (max(size, round(width * factor)), max(size, round(height * factor))),
        image_module.Resampling.BILINEAR,
    )
    left, top = (scaled.width - size) // 2, (scaled.height - size) // 2
    square = scaled.crop((left, top, left + size, top + size))
    return np.asarray(square, np.float32).transpose(2, 0, 1)


@dataclass(frozen=True, eq=False)
class Colours:
    """Statistics of the training images.

    Attributes:
        mean: The mean image, (3, size, size).
        components: Principal components of the pixels' colours, a column each, (3, 3).
        deviations: Standard deviation along each, (3,).
    """

    mean: Pixels
    components: NDArray[np.float64]
    deviations: NDArray[np.float64]


def statistics(images: Images) -> Colours:
    """Of images of shape (samples, 3, size, size), or of `LOOKED_AT` of them, part by part."""
    step = -(-len(images) // LOOKED_AT)
    count = 0
    total: Any = 0.0
    products = np.zeros((3, 3))
    for at in range(0, len(images), _PART * step):
        part = images[at : at + _PART * step : step].astype(np.float64)
        count += len(part)
        total = total + part.sum(axis=0)
        pixels = part.transpose(0, 2, 3, 1).reshape(-1, 3)
        products += pixels.T @ pixels
    mean = total / count
    pixels_in_all = count * mean[0].size
    colour = mean.mean(axis=(1, 2))
    covariance = products / pixels_in_all - np.outer(colour, colour)
    values, vectors = np.linalg.eigh(covariance * pixels_in_all / (pixels_in_all - 1))
    return Colours(mean.astype(np.float32), vectors, np.sqrt(np.maximum(values, 0.0)))


def augment(images: Pixels, colours: Colours, crop: int, draws: np.random.Generator) -> Pixels:
    """Random crops, mirror images and colour shifts, less the mean image.

    The paper adds p · α λ for eigenvalues λ of the covariance of colours from 0 to 1; here a shift
    is SHIFT deviations, √λ, along each component, which does not depend on the unit of the colours.

    Args:
        images: (samples, 3, size, size).
        colours: Of the training images.
        crop: Side of the crops.
        draws: Where random numbers come from.

    Returns:
        (samples, 3, crop, crop).
    """
    room = images.shape[2] - crop
    made = np.empty((len(images), 3, crop, crop), np.float32)
    for place, image in enumerate(images - colours.mean):
        top, left = draws.integers(room + 1, size=2)
        part = image[:, top : top + crop, left : left + crop]
        made[place] = part[:, :, ::-1] if draws.random() < 0.5 else part
    shift = draws.normal(0.0, SHIFT, (len(images), 3)) * colours.deviations
    return made + (shift @ colours.components.T)[:, :, None, None].astype(np.float32)


def ten_crops(images: Pixels, colours: Colours, crop: int) -> Pixels:
    """Corners and middle, each with its mirror image, less the mean image.

    Args:
        images: (samples, 3, size, size).
        colours: Of the training images.
        crop: Side of the crops.

    Returns:
        (samples, 10, 3, crop, crop).
    """
    room = images.shape[2] - crop
    centred = images - colours.mean
    places = ((0, 0), (0, room), (room, 0), (room, room), (room // 2, room // 2))
    parts = [centred[:, :, top : top + crop, left : left + crop] for top, left in places]
    return np.stack([*parts, *(part[..., ::-1] for part in parts)], axis=1).astype(np.float32)


def averaged(predict: Callable[[Pixels], Pixels], crops: Pixels) -> Pixels:
    """Predictions averaged over the ten crops.

    Args:
        predict: Probabilities (rows, classes) of images (rows, 3, crop, crop).
        crops: Of `ten_crops`.

    Returns:
        Probabilities (samples, classes).
    """
    samples, ten = crops.shape[:2]
    told = predict(crops.reshape(samples * ten, *crops.shape[2:]))
    mean: Pixels = told.reshape(samples, ten, -1).mean(axis=1)
    return mean
