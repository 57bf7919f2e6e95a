"""A time series that swings about zero, to be continued: half of what matters is negative.

Layer: data. Made by a procedure: a sum of two slow waves and a damped, noise-driven oscillation. An
activation that drops what is negative has to carry it by two units instead of one.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from rectifier.data.dataset import Dataset
from rectifier.data.task import Task

LENGTH = 32
"""Values seen before the one to be told."""
_AHEAD = 4
"""So many steps ahead."""


def _series(draw: np.random.Generator, count: int, length: int) -> NDArray[np.float64]:
    moment = np.arange(length)
    period = draw.uniform((12, 30), (30, 80), (count, 2))
    phase = draw.uniform(0, 2 * np.pi, (count, 2))
    height = draw.normal(0, 1, (count, 2))
    waves = (
        height[:, :, None] * np.sin(2 * np.pi * moment / period[:, :, None] + phase[:, :, None])
    ).sum(axis=1)
    kicks = draw.normal(0, 0.25, (count, length))
    swing = np.zeros((count, length))
    for step in range(2, length):
        swing[:, step] = 1.6 * swing[:, step - 1] - 0.8 * swing[:, step - 2] + kicks[:, step]
    result: NDArray[np.float64] = waves + swing
    return result


def load(seed: int, *, train: int = 2000, held_out: int = 1000) -> Dataset:
    """Fresh series for a seed: `LENGTH` values, and the one four steps after them.

    Args:
        seed: Decides every series.
        train: Series to train on.
        held_out: Series in validation, and again in test.
    """
    streams = np.random.SeedSequence([seed, 5]).spawn(3)
    lead = 32  # for the swing to have forgotten that it began at zero
    parts = []
    for stream, count in zip(streams, (train, held_out, held_out), strict=True):
        series = _series(np.random.default_rng(stream), count, lead + LENGTH + _AHEAD)[:, lead:]
        parts.append((series[:, :LENGTH], series[:, -1]))
    mean, scale = float(parts[0][0].mean()), float(parts[0][0].std())
    (a, b), (c, d), (e, f) = [
        tuple(((array - mean) / scale).astype(np.float32) for array in part) for part in parts
    ]
    return Dataset(a, b, c, d, e, f, classes=0)


TASK = Task(
    "signed_series",
    load,
    target=0.7,
    summary="a noisy oscillation about zero, to be told four steps ahead; regression",
    source="own procedure",
    licence="made here",
    domain="series",
)
