"""The plain engine: one trial after the other, in this process.

Layer: compare. The reference that other engines are tested against, and the one to debug with.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import lru_cache
from types import TracebackType

from rectifier.compare.trial import Outcome, Trial
from rectifier.data import Task


class InlineEngine:
    """Runs trials here and now; ``workers`` is always 1.

    Args:
        task: Where the data come from.
        workers: Taken for the sake of the common form.
    """

    def __init__(self, task: Task, workers: int = 1) -> None:
        self.workers = 1
        self._load = lru_cache(maxsize=2)(task.load)

    def __enter__(self) -> InlineEngine:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._load.cache_clear()

    def run(self, trials: Sequence[Trial]) -> Iterator[tuple[Trial, Outcome]]:
        """Run all trials in their order."""
        from rectifier.compare.training import attempt  # needs torch

        for trial in trials:
            yield trial, attempt(trial, self._load)


ENGINE = InlineEngine
