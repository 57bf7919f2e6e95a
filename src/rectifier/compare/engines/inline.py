"""The plain engine: one job after the other, in this process.

Layer: compare. The reference that other engines are tested against, and the one to debug with.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator
from functools import lru_cache
from types import TracebackType

from rectifier.compare.engines import MOMENT
from rectifier.compare.job import Job
from rectifier.compare.placement import ON_CPU, Placement
from rectifier.compare.trial import Outcome
from rectifier.data import Task

KEPT = 16
"""Seeds whose data are kept at hand."""


class InlineEngine:
    """Runs jobs here and now; ``workers`` is always 1.

    Args:
        task: Where the data come from.
        workers: Taken for the sake of the common form.
        placement: On what; of several GPUs torch's current one is used.

    Raises:
        InvalidInputError: A GPU is to be used, and none is here.
    """

    def __init__(self, task: Task, workers: int = 1, placement: Placement = ON_CPU) -> None:
        self.workers = 1
        placement.gpus()  # or say at once that there is none
        self._load = lru_cache(maxsize=KEPT)(task.load)

    def __enter__(self) -> InlineEngine:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._load.cache_clear()

    def run(
        self, jobs: Iterable[Job | None], stop: Callable[[], bool] = lambda: False
    ) -> Iterator[tuple[Job, list[Outcome]]]:
        """Run all jobs in their order, until told to stop."""
        from rectifier.compare.work import do  # needs torch

        for job in jobs:
            if stop():
                return
            if job is None:
                time.sleep(MOMENT)
                continue
            yield job, do(job, self._load)


ENGINE = InlineEngine
