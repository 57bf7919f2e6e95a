"""AlexNet's recipe on a folder of images, or on arrays: a job for the loop. Layer: training."""

from __future__ import annotations

import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch.nn.functional import cross_entropy

from rectifier import models
from rectifier.activation import Activation
from rectifier.data.images import parquet
from rectifier.errors import InvalidInputError
from rectifier.training import image_folder
from rectifier.training.image_folder import Images, Pixels
from rectifier.training.job import Job, device_of
from rectifier.training.recipes import ALEXNET, Recipe
from rectifier.training.starts import start

SCALE = 58.0
"""What colours less their mean are divided by; the paper leaves them as they are, at weights of
0.01 and a rate of 0.01 for images of 224 pixels. About the deviation of natural images."""


def from_folder(
    model: str,
    folder: str | Path,
    *,
    size: int = 256,
    crop: int = 224,
    **options: Any,
) -> Job:
    """The recipe on a folder laid out as ImageNet's, of any size; see `from_arrays`.

    Args:
        model: Name of a network for images.
        folder: With ``train/CLASS`` and ``val/CLASS``.
        size: Side that images are scaled to.
        crop: Side of the crops.
        **options: As for `from_arrays`.

    Raises:
        InvalidInputError: The network is not for images, the folder is laid out otherwise, or an
            image is damaged.
    """
    fitting = suitable()
    if model in models.names() and model not in fitting:
        raise InvalidInputError(
            f"{model} does not classify pictures; those that do: {', '.join(fitting)}"
        )
    found = image_folder.scan(folder)
    (train_x, train_y), (test_x, test_y) = (
        (
            image_folder.Pictures([file for file, _ in files], size),
            np.array([label for _, label in files]),
        )
        for files in (found.train, found.test)
    )
    return from_arrays(
        model, train_x, train_y, test_x, test_y, crop=crop, classes=len(found.classes), **options
    )


def suitable() -> tuple[str, ...]:
    """Names of the networks that classify pictures."""
    return tuple(
        name
        for name in models.names()
        if start(name).kind == "classify" and start(name).form in ("image", "vector")
    )


def from_tables(
    model: str,
    folder: str | Path,
    *,
    samples: int | None = None,
    tested: int | None = None,
    **options: Any,
) -> Job:
    """The recipe on ``train.parquet`` and ``test.parquet`` with encoded pictures and labels.

    Args:
        model: Name of a network for images.
        folder: Where the two files are; the column ``label`` and, first, one of pictures.
        samples: So many pictures of the first to train on; None: all.
        tested: So many of the second to test on; None: all.
        **options: As for `from_arrays`, without the number of classes.

    Raises:
        MissingPackageError: pyarrow or Pillow is not installed.
        InvalidInputError: A file is not there.
    """

    def read(name: str, most: int | None) -> tuple[Pixels, NDArray[np.integer[Any]]]:
        place = Path(folder) / f"{name}.parquet"
        if not place.is_file():
            raise InvalidInputError(f"{place} is not there; it holds the pictures to {name} on")
        x, y = parquet(place, most=most)
        return x.astype(np.float32), y

    (train_x, train_y), (test_x, test_y) = read("train", samples), read("test", tested)
    classes = int(max(train_y.max(), test_y.max())) + 1
    return from_arrays(model, train_x, train_y, test_x, test_y, classes=classes, **options)


def from_arrays(
    model: str,
    train_x: Images,
    train_y: NDArray[np.integer[Any]],
    test_x: Images,
    test_y: NDArray[np.integer[Any]],
    *,
    crop: int,
    classes: int,
    activation: str | Activation | None = None,
    init: str | None = None,
    seed: int = 0,
    batch: int | None = None,
    epochs: float | None = None,
    sizes: Mapping[str, Any] | None = None,
    recipe: Recipe = ALEXNET,
    device: str = "cpu",
) -> Job:
    """Crops, flips, colour shifts, SGD with a rate that is divided three times, ten-crop test.

    Args:
        model: Name of a network for images.
        train_x: (samples, 3, side, side), 0 to 255; an array, or what gives parts of one.
        train_y: Labels.
        test_x: Likewise.
        test_y: Likewise.
        crop: Side of the crops that the network sees.
        classes: Number of classes.
        activation: Name or definition; None: the network's published one.
        init: Name of a scheme; None: the network's own.
        seed: Of the weights.
        batch: Samples a step; None: the recipe's.
        epochs: Passes over the data; None: the recipe's.
        sizes: The network's own arguments.
        recipe: Optimiser, rate and schedule.
        device: Where the network is; pictures are cropped and shifted on the CPU.
    """
    place = device_of(device)
    colours = image_folder.statistics(train_x)
    chosen: dict[str, Any] = {} if activation is None else {"activation": activation}
    if model == "mlp":  # it has no published activation
        chosen = {"activation": "relu", **chosen}
    shape = (3, crop, crop)
    network = models.get(model)(
        math.prod(shape) if start(model).form == "vector" else shape,
        classes,
        init=init,
        generator=torch.Generator().manual_seed(seed),
        **chosen,
        **(sizes or {}),
    ).to(place)
    size = min(batch or recipe.batch, len(train_x))

    def gradients(generator: torch.Generator) -> float:
        rows = torch.randint(len(train_x), (size,), generator=generator).numpy()
        draws = np.random.default_rng(int(torch.randint(2**62, (), generator=generator)))
        made = image_folder.augment(train_x[rows], colours, crop, draws) / SCALE
        network.train()
        wanted = torch.from_numpy(train_y[rows]).to(place)
        loss = cross_entropy(network(torch.from_numpy(made).to(place)), wanted)
        loss.backward()  # type: ignore[no-untyped-call]
        return loss.item()

    def predict(images: Pixels) -> Pixels:
        with torch.no_grad():
            parts = torch.split(torch.from_numpy(images / SCALE), 250)
            told = torch.cat([network(part.to(place)).softmax(dim=1).cpu() for part in parts])
        chances: Pixels = told.numpy()
        return chances

    def evaluate() -> dict[str, float]:
        network.eval()
        # Not all at once: the ten crops of ten thousand small pictures take a gigabyte.
        parts = [test_x[at : at + 500] for at in range(0, len(test_x), 500)]
        told = np.concatenate(
            [
                image_folder.averaged(predict, image_folder.ten_crops(part, colours, crop))
                for part in parts
            ]
        )
        ranked = np.argsort(-told, axis=1)
        wanted = test_y[:, None]
        return {
            "ten-crop accuracy": float((ranked[:, :1] == wanted).any(axis=1).mean()),
            "top-5 accuracy": float((ranked[:, :5] == wanted).any(axis=1).mean()),
        }

    passes = recipe.epochs if epochs is None else epochs
    return Job(
        network,
        gradients,
        evaluate,
        optimizer=recipe.optimizer,
        rate=recipe.rate,
        momentum=recipe.momentum,
        weight_decay=recipe.weight_decay,
        steps=max(1, round(passes * len(train_x) / size)),
        schedule=lambda share: recipe.rate_at(share) / recipe.rate,
    )
