"""Ways to run many jobs, one file each, looked up by name.

Layer: compare. An engine is a context manager made from a task and a number of workers; its ``run``
yields outcomes as they come, in any order. A file here that defines ``ENGINE`` is an engine:
nothing else has to be registered. No engine writes to the store; the caller does.
"""

from __future__ import annotations

import importlib
import os
import pkgutil
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from types import TracebackType
from typing import Protocol

from rectifier.compare.job import Job
from rectifier.compare.placement import ON_CPU, Placement, visible_gpus
from rectifier.compare.trial import Outcome
from rectifier.errors import UnknownNameError

MOMENT = 0.02
"""Seconds after which one who has no job now is asked again."""
_MOST_WORKERS = 16
"""By default. A worker takes about 250 MB, so one for each of 128 cores is not for us to assume."""


class Engine(Protocol):
    """What `rectifier.compare.run` needs of an engine."""

    workers: int

    def __enter__(self) -> Engine: ...

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None: ...

    def run(
        self, jobs: Iterable[Job | None], stop: Callable[[], bool] = lambda: False
    ) -> Iterator[tuple[Job, list[Outcome]]]:
        """Run all jobs, started in their order, and yield each with its trials' outcomes.

        Args:
            jobs: What to run. None among them: there is no job now, but there may be in a moment,
                so that one who learns from outcomes what to do next can have one engine throughout.
            stop: No further job is begun once it says so.
        """
        ...


EngineMaker = Callable[..., Engine]
"""Makes an engine of a task, the number of workers and the `Placement`."""


class Supply:
    """Jobs one by one, for an engine.

    Args:
        jobs: As `Engine.run` takes them.
    """

    def __init__(self, jobs: Iterable[Job | None]) -> None:
        self._jobs = iter(jobs)
        self.more = True
        """Whether there may be another job, now or later."""

    def take(self) -> Job | None:
        """The next job; None where there is none now, or (see `more`) none at all."""
        try:
            return next(self._jobs) if self.more else None
        except StopIteration:
            self.more = False
            return None


def names() -> tuple[str, ...]:
    """Names of all engines, sorted."""
    return tuple(sorted(module.name for module in pkgutil.iter_modules(__path__)))


def get(name: str) -> EngineMaker:
    """The engine of that name: call it with the task, the number of workers and the `Placement`;
    ``ray`` also takes the ``address`` of a cluster.

    Raises:
        UnknownNameError: There is no such engine.
    """
    if name not in names():
        raise UnknownNameError("engine", name, names())
    engine: EngineMaker = importlib.import_module(f"{__name__}.{name}").ENGINE
    return engine


def default_workers(placement: Placement = ON_CPU) -> int:
    """One for each core that this process may use, 16 at most; on GPUs, as many as they serve."""
    if placement.on_gpu:
        return placement.per_gpu * max(1, len(visible_gpus()))
    allowed = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    return max(1, min(allowed or 1, _container_limit(), _MOST_WORKERS))


def _container_limit(quota: Path = Path("/sys/fs/cgroup/cpu.max")) -> int:
    """Cores that a container's quota amounts to; many where there is none."""
    try:
        share, period = quota.read_text(encoding="ascii").split()
        return max(1, round(int(share) / int(period)))
    except (OSError, ValueError, ZeroDivisionError):  # no such file, or "max": no limit
        return 1_000_000
