"""Ways to run many jobs, one file each, looked up by name.

Layer: compare. An engine is a context manager made from a task and a number of workers; its ``run``
yields outcomes as they come, in any order. A file here that defines ``ENGINE`` is an engine:
nothing else has to be registered. No engine writes to the store; the caller does.
"""

from __future__ import annotations

import importlib
import os
import pkgutil
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from types import TracebackType
from typing import Protocol

from rectifier.compare.job import Job
from rectifier.compare.placement import ON_CPU, Placement, visible_gpus
from rectifier.compare.trial import Outcome
from rectifier.errors import UnknownNameError

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
        self, jobs: Sequence[Job], stop: Callable[[], bool] = lambda: False
    ) -> Iterator[tuple[Job, list[Outcome]]]:
        """Run all jobs, started in their order, and yield each with its trials' outcomes.

        Args:
            jobs: What to run.
            stop: No further job is begun once it says so.
        """
        ...


def names() -> tuple[str, ...]:
    """Names of all engines, sorted."""
    return tuple(sorted(module.name for module in pkgutil.iter_modules(__path__)))


def get(name: str) -> Callable[..., Engine]:
    """The engine of that name: call it with the task, the number of workers and the `Placement`;
    ``ray`` also takes the ``address`` of a cluster.

    Raises:
        UnknownNameError: There is no such engine.
    """
    if name not in names():
        raise UnknownNameError("engine", name, names())
    engine: Callable[..., Engine] = importlib.import_module(f"{__name__}.{name}").ENGINE
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
