"""A language to predict letter by letter: the text of Python's own standard library.

Layer: data. The text is there wherever Python is. It differs between versions of Python, so the
data's checksum, which is part of every trial's identity, does too. Files, not places in them, are
split by the seed, so that no line of a test file was trained on.
"""

from __future__ import annotations

import sysconfig
from functools import cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from rectifier.data.dataset import Dataset
from rectifier.data.task import Task
from rectifier.errors import InvalidInputError

LENGTH = 64
"""Letters of one sample."""
LETTERS = "\n" + "".join(map(chr, range(32, 127)))
"""All that is told apart; anything else counts as a space."""
_FILES = 48
"""So many of the larger modules are read: about a megabyte and a half."""


@cache
def _texts() -> tuple[NDArray[np.int64], ...]:
    folder = Path(sysconfig.get_path("stdlib"))
    files = sorted(folder.glob("*.py"), key=lambda path: (-path.stat().st_size, path.name))
    if len(files) < _FILES:
        raise InvalidInputError(
            f"Python's standard library in {folder} has no sources to read; install them, or "
            "choose another task"
        )
    table = np.full(256, LETTERS.index(" "), np.int64)
    table[[ord(letter) for letter in LETTERS]] = np.arange(len(LETTERS))
    return tuple(table[np.frombuffer(path.read_bytes(), np.uint8)] for path in files[:_FILES])


def load(seed: int, *, train: int = 4000, held_out: int = 1000) -> Dataset:
    """Pieces of `LENGTH` letters, each to be continued by one more letter at every place.

    Args:
        seed: Decides which files are for training and where the pieces begin.
        train: Pieces to train on.
        held_out: Pieces in validation, and again in test.
    """
    texts = _texts()
    generator = np.random.default_rng(np.random.SeedSequence([seed, 3]))
    order = generator.permutation(len(texts))
    parts = [order[: len(texts) * 2 // 3], order[len(texts) * 2 // 3 :: 2]]
    parts.append(order[len(texts) * 2 // 3 + 1 :: 2])
    arrays = []
    for files, count in zip(parts, (train, held_out, held_out), strict=True):
        whole = np.concatenate([texts[file] for file in files])
        starts = generator.choice(len(whole) // LENGTH - 1, count, replace=False) * LENGTH
        pieces = whole[starts[:, None] + np.arange(LENGTH + 1)]
        arrays += [pieces[:, :-1], pieces[:, 1:]]
    a, b, c, d, e, f = arrays
    return Dataset(a, b, c, d, e, f, classes=len(LETTERS))


TASK = Task(
    "char_lm",
    load,
    target=0.4,
    summary="the next letter of the sources of Python's standard library, 96 letters",
    source="the modules of the running Python's standard library",
    licence="PSF-2.0",
    domain="language",
    model="gpt_tiny",
)
