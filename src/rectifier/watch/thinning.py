"""Long runs in bounded memory: which steps a series keeps, and sums over the closing window.

Layer: watch, framework-free. Both work without knowing how long the run will be. A `Thinning` keeps
every n-th observed step and doubles n when there are too many: what is kept stays evenly spaced. A
`Window` keeps sums over blocks of steps and doubles the block likewise: the closing window is the
blocks that lie in it.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable
from typing import Generic, TypeVar

T = TypeVar("T")

_BLOCKS = 64
"""Most blocks that a window holds, so that a tenth of the run is at least three of them."""


class Thinning:
    """Every n-th of a growing number of steps, n doubling so that at most ``limit`` are kept.

    Args:
        limit: Most steps kept.
    """

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self.stride = 1

    def keeps(self, index: int) -> bool:
        """Whether the observed step number ``index`` (from 0) is kept; call it in rising order."""
        while index // self.stride >= self._limit:
            self.stride *= 2
        return index % self.stride == 0


class Series(Generic[T]):
    """Rows by observed step, thinned as a `Thinning` says.

    Args:
        thinning: Shared by all series that are to stay aligned.
    """

    def __init__(self, thinning: Thinning) -> None:
        self._thinning = thinning
        self._stride = thinning.stride
        self._rows: dict[int, T] = {}

    def put(self, index: int, row: T) -> None:
        """Keep a row of the observed step ``index``."""
        if self._stride != self._thinning.stride:
            self._stride = self._thinning.stride
            self._rows = {i: r for i, r in self._rows.items() if i % self._stride == 0}
        self._rows[index] = row

    def change(self, how: Callable[[T], T]) -> None:
        """Replace each row by what becomes of it."""
        self._rows = {index: how(row) for index, row in self._rows.items()}

    def join(self, other: Series[T], merge: Callable[[T, T], T]) -> None:
        """Take in the rows of another process; those that only one of both has are dropped."""
        both = self._rows.keys() & other._rows.keys()
        self._rows = {i: merge(self._rows[i], other._rows[i]) for i in sorted(both)}

    def rows(self) -> list[T]:
        """The rows in the order of steps."""
        stride = self._thinning.stride
        return [row for index, row in sorted(self._rows.items()) if index % stride == 0]


class Window(Generic[T]):
    """Sums over blocks of observed steps, for things known by a key.

    Args:
        merge: Joins two sums into a new one.
    """

    def __init__(self, merge: Callable[[T, T], T]) -> None:
        self._merge = merge
        self._size = 1
        self._sums: dict[Hashable, dict[int, T]] = {}
        self._first: dict[int, int] = {}

    def add(self, key: Hashable, index: int, step: int, value: T) -> None:
        """Add what was seen of ``key`` in the observed step ``index``, which is ``step`` of all."""
        while index // self._size >= _BLOCKS:
            self._double()
        blocks = self._sums.setdefault(key, {})
        block = index // self._size
        self._first.setdefault(block, step)
        blocks[block] = self._merge(blocks[block], value) if block in blocks else value

    def _double(self) -> None:
        self._size *= 2
        self._first = {b // 2: step for b, step in sorted(self._first.items(), reverse=True)}
        for key, blocks in self._sums.items():
            merged: dict[int, T] = {}
            for block, value in sorted(blocks.items()):
                half = block // 2
                merged[half] = self._merge(merged[half], value) if half in merged else value
            self._sums[key] = merged

    def join(
        self, key: Hashable, other: Window[T], other_key: Hashable, merge: Callable[[T, T], T]
    ) -> None:
        """Take in the sums of another process over the same blocks."""
        own, given = self._sums.get(key, {}), other._sums.get(other_key, {})
        for block in own.keys() & given.keys():
            own[block] = merge(own[block], given[block])

    def starts(self) -> list[tuple[int, int]]:
        """Where a window may begin, latest first: observed step, and step of all."""
        return [(b * self._size, step) for b, step in sorted(self._first.items(), reverse=True)]

    def since(self, key: Hashable, start: int) -> T | None:
        """The sum over the blocks from the observed step ``start`` on; None if there are none."""
        found: T | None = None
        blocks = self._sums.get(key, {})
        for block in sorted(blocks):
            if block * self._size >= start:
                value = blocks[block]
                found = value if found is None else self._merge(found, value)
        return found
