"""An endless supply of one-dimensional "digits": noisy, shifted, stretched pen strokes.

Layer: data. Made by a procedure, so that there is always more to test on, and small, so that a
comparison takes seconds while linear models, perceptrons and convolutions still differ clearly. The
idea is that of S. Greydanus (2020), "Scaling down deep learning", arXiv 2011.14439; strokes and
procedure here are our own, so scores are not comparable with the ones published there.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from rectifier.data.dataset import Dataset, Features, Labels
from rectifier.data.task import Task

LENGTH = 40
"""Points of one sample."""

# Height of the pen along ten strokes, at nine evenly spaced moments. Chosen so that no two are
# equal up to scale and shift, and each begins and ends on the base line.
_STROKES = np.array(
    [
        [0, 2, 4, 5, 5, 5, 4, 2, 0],
        [0, 0, 1, 2, 6, 0, 0, 0, 0],
        [0, 3, 5, 3, 0, -3, -4, -4, 0],
        [0, 4, 1, -1, 0, 1, 4, 4, 0],
        [0, -4, -2, 1, 4, 4, -4, -4, 0],
        [0, 4, 4, 1, 3, 3, -1, -4, 0],
        [0, 5, 3, 1, -1, -3, -1, 1, 0],
        [0, 5, 5, 4, 2, 0, -2, -4, 0],
        [0, 4, -4, 4, 0, -4, 4, -4, 0],
        [0, 2, 4, 2, 4, 0, -2, -5, 0],
    ],
    dtype=np.float64,
)
_STROKES -= _STROKES.mean(axis=1, keepdims=True) * np.array([0, 1, 1, 1, 1, 1, 1, 1, 0])
_STROKES /= np.sqrt((_STROKES**2).mean(axis=1, keepdims=True))


def _draw(
    generator: np.random.Generator, count: int, noise: float
) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    """Samples of shape (count, LENGTH) and their labels, equally many of each class."""
    labels = generator.permutation(np.arange(count) % len(_STROKES))
    width = generator.uniform(14.0, 26.0, (count, 1))
    start = generator.uniform(0.0, 1.0, (count, 1)) * (LENGTH - width)
    knots = _STROKES.shape[1] - 1
    moment = np.clip((np.arange(LENGTH) - start) / width, 0.0, 1.0) * knots
    left = np.minimum(moment.astype(np.int64), knots - 1)
    rows = labels[:, None]
    share = moment - left
    stroke = _STROKES[rows, left] * (1 - share) + _STROKES[rows, left + 1] * share

    scale = generator.uniform(0.7, 1.3, (count, 1))
    slope = generator.normal(0.0, 0.6, (count, 1)) * np.linspace(-0.5, 0.5, LENGTH)
    # Two kinds of noise: fine, and slow drift that a moving average alone cannot remove.
    steps = generator.normal(0.0, 1.0, (count, LENGTH + 8))
    total = np.concatenate([np.zeros((count, 1)), np.cumsum(steps, axis=1)], axis=1)
    drift = (total[:, 9:] - total[:, :-9]) / 3.0
    fine = generator.normal(0.0, 1.0, (count, LENGTH))
    return scale * stroke + slope + noise * (0.7 * drift + 0.5 * fine), labels


def load(
    seed: int,
    *,
    train: int = 2000,
    validation: int = 1000,
    test: int = 2000,
    noise: float = 0.4,
) -> Dataset:
    """Fresh samples for a seed, scaled by the training part's mean and deviation.

    Args:
        seed: Decides every sample; two seeds share none.
        train: Number of training samples.
        validation: Number of validation samples.
        test: Number of test samples.
        noise: Standard deviation of the noise in units of a stroke's own.

    Returns:
        Samples of shape (40,), ten classes in equal numbers.
    """
    streams = np.random.SeedSequence([seed, 2]).spawn(3)
    parts = [
        _draw(np.random.default_rng(stream), count, noise)
        for stream, count in zip(streams, (train, validation, test), strict=True)
    ]
    mean, deviation = float(parts[0][0].mean()), float(parts[0][0].std())

    def scaled(part: tuple[NDArray[np.float64], NDArray[np.int64]]) -> tuple[Features, Labels]:
        return ((part[0] - mean) / deviation).astype(np.float32), part[1]

    return Dataset(*scaled(parts[0]), *scaled(parts[1]), *scaled(parts[2]), classes=len(_STROKES))


TASK = Task(
    "mnist1d",
    load,
    target=0.6,
    summary="endless 1-D strokes of 40 points, 10 classes, drawn by a procedure",
    source="own procedure after S. Greydanus (2020), arXiv 2011.14439",
    licence="made here",
    domain="series",
)
