"""The data of a seed, in memory once for all workers of a machine.

Layer: compare, no framework. Who needs a seed's data first makes them and writes them to files of a
folder that the engine has made; everyone, the maker too, then maps these files, so that the pages
are the same physical ones in all processes. A mapping is copied on writing: whoever changes an
array changes their own copy of that page only. The folder holds a bounded number of bytes; a seed
that had to go is made again when it is asked for.
"""

from __future__ import annotations

import os
import shutil
import tempfile
from collections import OrderedDict
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy as np

from rectifier.data.dataset import Dataset

MOST_BYTES = 2 << 30
"""Of a folder. Two seeds at least are kept, however large."""
_ARRAYS = ("train_x", "train_y", "validation_x", "validation_y", "test_x", "test_y")
_OPEN = 16
"""Seeds that a process keeps mapped; a mapping takes no memory of its own."""


class SharedData:
    """Gives the data of a seed, from the folder if they are there.

    What is no `Dataset`, such as the name of an environment, is small and is made in each process.

    Args:
        folder: Of this run alone, on this machine.
        load: Makes the data of a seed, the same each time.
        most: Bytes that the folder may hold.
    """

    def __init__(self, folder: Path, load: Callable[[int], Any], *, most: int = MOST_BYTES) -> None:
        self._folder, self._load, self._most = folder, load, most
        self._known: OrderedDict[int, Any] = OrderedDict()

    def __call__(self, seed: int) -> Any:
        """The data of a seed."""
        if seed not in self._known:
            found = self._map(seed)
            self._known[seed] = self._make(seed) if found is None else found
            while len(self._known) > _OPEN:
                self._known.popitem(last=False)
        self._known.move_to_end(seed)
        return self._known[seed]

    def _map(self, seed: int) -> Dataset | None:
        place = self._folder / str(seed)
        try:
            classes = int((place / "classes").read_text(encoding="ascii"))
            arrays = {name: _mapped(place / f"{name}.npy") for name in _ARRAYS}
        except FileNotFoundError:
            return None  # not made yet, or gone to make room
        return Dataset(**arrays, classes=classes)

    def _make(self, seed: int) -> Any:
        made = self._load(seed)
        if not isinstance(made, Dataset):
            return made
        try:
            self._write(seed, made)
        except OSError:
            return made  # no room on the disk: then this process has a copy of its own
        found = self._map(seed)
        return made if found is None else found

    def _write(self, seed: int, made: Dataset) -> None:
        """Write all files aside, then put them in place at once: nobody sees half of them."""
        aside = Path(tempfile.mkdtemp(prefix=".new-", dir=self._folder))
        try:
            (aside / "classes").write_text(str(made.classes), encoding="ascii")
            for name in _ARRAYS:
                np.save(aside / f"{name}.npy", getattr(made, name))
            self._make_room(sum(file.stat().st_size for file in aside.iterdir()))
            with suppress(OSError):  # another process was faster with the same
                aside.rename(self._folder / str(seed))
        finally:
            shutil.rmtree(aside, ignore_errors=True)

    def _make_room(self, coming: int) -> None:
        """Remove the oldest seeds until what is coming fits; mappings of them stay valid."""
        with suppress(FileNotFoundError):  # another process makes room, too
            kept = sorted(
                (place for place in self._folder.iterdir() if not place.name.startswith(".")),
                key=lambda place: place.stat().st_mtime_ns,
            )
            sizes = [sum(file.stat().st_size for file in place.iterdir()) for place in kept]
            total = sum(sizes) + coming
            for place, size in zip(kept[:-1], sizes[:-1], strict=True):
                if total <= self._most:
                    return
                shutil.rmtree(place, ignore_errors=True)
                total -= size


def _mapped(file: Path) -> Any:
    if os.name == "nt":  # an open mapping could not be removed there
        return np.load(file)
    array = np.load(file, mmap_mode="c")
    # The class of a mapping is not asked for anywhere, and torch takes plain arrays.
    return np.asarray(array).view(np.ndarray)
