"""Data sets, one file each, found by scanning this package.

Layer: below ``compare`` and ``claims``; knows no framework. A file here that defines ``TASK`` (a
`rectifier.data.task.Task`) is a task: nothing else has to be registered. Splitting, checks and
checksums are in `dataset`, what lies on disk or is fetched in `files`; training is left to
``compare``.
"""

from __future__ import annotations

import importlib
import pkgutil
from functools import cache

from rectifier.data.arrays import from_arrays
from rectifier.data.dataset import METRICS, Dataset
from rectifier.data.task import Episodes, Task, limited
from rectifier.errors import UnknownNameError

__all__ = ["METRICS", "Dataset", "Episodes", "Task", "from_arrays", "get", "limited", "names"]


@cache
def _tasks() -> dict[str, Task]:
    tasks: dict[str, Task] = {}
    for module in pkgutil.iter_modules(__path__):
        task = getattr(importlib.import_module(f"{__name__}.{module.name}"), "TASK", None)
        if isinstance(task, Task):
            tasks[task.name] = task
    return tasks


def names() -> tuple[str, ...]:
    """Names of all built-in tasks, sorted."""
    return tuple(sorted(_tasks()))


def get(task: str | Task) -> Task:
    """The task of that name; a `Task` is passed through.

    Args:
        task: A name of `names`, in any case, or a task of your own (see `from_arrays`).

    Raises:
        UnknownNameError: There is no such task.

    Example:
        >>> get("digits").name
        'digits'
    """
    if isinstance(task, Task):
        return task
    tasks = _tasks()
    found = tasks.get(task.strip().lower().replace("-", "_"))
    if found is None:
        raise UnknownNameError("task", task, tasks)
    return found
