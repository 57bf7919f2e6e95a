"""Workers on a Ray cluster: one that is there, or one started on this machine.

Layer: compare; needs ray. Every worker is an actor with one core of its own, on GPUs also with a
GPU or its share of one, which Ray finds a place for. It does jobs by the same entry as the local
engine's processes, on one thread, so CPU trials give the same numbers. Workers for which there is
no place yet get no job, and join when the cluster has grown. What comes back goes through this
process, which alone writes the store. A worker that is lost, with its node or alone, is replaced
and its job tried once more; if that fails, too, the trials have failed. Nodes of a cluster need
rectifier, and the user's own code, installed or on a shared disk.
"""

from __future__ import annotations

import os
import pickle
import shutil
import sys
import tempfile
import time
import uuid
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Any

from rectifier import optional
from rectifier.compare.engines import MOMENT, Supply
from rectifier.compare.job import Job
from rectifier.compare.placement import ON_CPU, WORKSPACE, Placement
from rectifier.compare.shared import SharedData
from rectifier.compare.trial import Outcome, spoilt
from rectifier.data import Task
from rectifier.errors import InvalidInputError

_ATTEMPTS = 2
_LOST = 3
"""Workers that may be lost before they did a job, for each that there is to be."""
_GRACE = 5.0
"""Seconds that workers get to clear up at the end."""
_THREADS = dict.fromkeys(("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS"), "1")


class _Worker:
    """Does jobs where Ray put it."""

    def __init__(self, task: bytes, path: list[str], run: str) -> None:
        sys.path += [place for place in path if place not in sys.path]
        # The same for all workers of a node, which is how they share the data.
        self._folder = Path(tempfile.gettempdir()) / f"rectifier-data-{run}"
        self._folder.mkdir(exist_ok=True)
        self._load = SharedData(self._folder, pickle.loads(task).load)

    def do(self, job: bytes) -> bytes:
        """The outcomes of a job."""
        from rectifier.compare.work import do  # seconds: torch

        return pickle.dumps(do(pickle.loads(job), self._load))

    def clear(self) -> None:
        """Remove the shared data from its node; the last thing that is asked of it."""
        shutil.rmtree(self._folder, ignore_errors=True)

    def process(self) -> int:
        """Its process's number on its node."""
        return os.getpid()


class RayEngine:
    """Workers on a Ray cluster.

    Args:
        task: Where the data come from; workers of a node share them.
        workers: How many actors, each with one core.
        placement: On what. With GPUs an actor asks for one, or for its share of one.
        address: Of the cluster, such as ``ray://head:10001`` or ``auto``; None: started here, for
            as long as the engine lasts.

    Raises:
        MissingPackageError: ray is not installed.
        InvalidInputError: There are to be no workers, or the task cannot be sent to them.
    """

    def __init__(
        self,
        task: Task,
        workers: int,
        placement: Placement = ON_CPU,
        address: str | None = None,
    ) -> None:
        self._ray: Any = optional.require("ray", extra="ray", purpose="the engine 'ray'")
        if workers < 1:
            raise InvalidInputError(f"at least one worker is needed; {workers} came")
        try:
            self._task = pickle.dumps(task)
        except (pickle.PicklingError, AttributeError, TypeError) as error:
            raise InvalidInputError(
                f"task {task.name!r} cannot be sent to workers ({error}); make its loader a "
                "function of a module, or use the engine 'inline'"
            ) from error
        self.workers = workers
        self._placement, self._address = placement, address
        self._started = False
        self._idle: list[Any] = []
        self._coming: dict[Any, Any] = {}
        self._lost_on_the_way = 0
        self._run = uuid.uuid4().hex

    def __enter__(self) -> RayEngine:
        ray = self._ray
        if not ray.is_initialized():
            try:
                if self._address is None:
                    ray.init(
                        address="local",  # not whatever cluster this machine happens to be in
                        num_cpus=self.workers,
                        include_dashboard=False,
                        log_to_driver=False,
                        logging_level="ERROR",
                    )
                else:
                    ray.init(address=self._address, log_to_driver=False, logging_level="ERROR")
            except (ConnectionError, ValueError, RuntimeError) as error:
                first = str(error).strip().splitlines()[0]
                if self._address is None:
                    raise InvalidInputError(f"Ray cannot be started here ({first})") from error
                raise InvalidInputError(
                    f"no Ray cluster can be reached at {self._address} ({first}); start one by "
                    "'ray start --head', set RAY_AUTH_MODE=token if it is there and asks for its "
                    "token, or leave --address out"
                ) from error
            self._started = True
        wanted: dict[str, Any] = {"num_cpus": 1, "max_restarts": 0}
        if self._placement.on_gpu:
            wanted["num_gpus"] = 1 / self._placement.per_gpu
            if not ray.cluster_resources().get("GPU"):
                self.__exit__(None, None, None)
                raise InvalidInputError(
                    f"trials are to run on {self._placement.device}, but no node of the Ray "
                    "cluster has a GPU; leave the device at cpu"
                )
        self._actor = ray.remote(**wanted)(_Worker)
        for _ in range(self.workers):
            self._hire()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        with suppress(self._ray.exceptions.RayError):
            self._ray.get([worker.clear.remote() for worker in self._idle], timeout=_GRACE)
        for worker in (*self._idle, *self._coming.values()):
            with suppress(self._ray.exceptions.RayError):
                self._ray.kill(worker)
        self._idle, self._coming = [], {}
        if self._started:
            self._ray.shutdown()

    def run(
        self, jobs: Iterable[Job | None], stop: Callable[[], bool] = lambda: False
    ) -> Iterator[tuple[Job, list[Outcome]]]:
        """Run all jobs, started in their order until told to stop, and yield each as it ends."""
        supply = Supply(jobs)
        again: list[Job] = []
        under_way: dict[Any, tuple[Any, Job, int]] = {}
        while True:
            supply.more = supply.more and not stop()
            while self._idle:
                attempt = _ATTEMPTS if again else 1
                next_one = again.pop() if again else supply.take()
                if next_one is None:
                    break
                worker = self._idle.pop()
                told = worker.do.remote(pickle.dumps(next_one))
                under_way[told] = worker, next_one, attempt
            if not (under_way or again or supply.more):
                return
            expected = [*under_way, *self._coming]
            if not expected:
                time.sleep(MOMENT)
                continue
            limit = MOMENT if supply.more and self._idle else None
            ready, _ = self._ray.wait(expected, num_returns=1, timeout=limit)
            if not ready:
                continue
            (done,) = ready
            if done in self._coming:
                self._arrived(done)
                continue
            worker, job, attempt = under_way.pop(done)
            try:
                outcomes: list[Outcome] = pickle.loads(self._ray.get(done))
            except self._ray.exceptions.RayError as error:
                self._hire()
                if attempt < _ATTEMPTS:
                    again.append(job)
                    continue
                reason = f"its worker was lost twice ({type(error).__name__})"
                outcomes = [Outcome("error", reason=reason)] * job.size
            else:
                if spoilt(outcomes):
                    self._ray.kill(worker)
                    self._hire()
                else:
                    self._idle.append(worker)
            yield job, outcomes

    def _hire(self) -> None:
        """Ask for a worker; it gets jobs once it is there."""
        worker = self._start()
        self._coming[worker.process.remote()] = worker

    def _arrived(self, told: Any) -> None:
        """A worker is there, or has been lost on its way; then another is asked for."""
        worker = self._coming.pop(told)
        try:
            self._ray.get(told)
        except self._ray.exceptions.RayError as error:
            self._lost_on_the_way += 1
            if self._lost_on_the_way > _LOST * self.workers:
                raise InvalidInputError(
                    f"Ray cannot start workers ({type(error).__name__}: {error})"
                ) from error
            self._hire()
        else:
            self._idle.append(worker)

    def _start(self) -> Any:
        settings = {**_THREADS, **(WORKSPACE if self._placement.on_gpu else {})}
        options = {"runtime_env": {"env_vars": settings}}
        path = [os.path.abspath(place) for place in sys.path]  # noqa: PTH100
        return self._actor.options(**options).remote(self._task, path, self._run)


ENGINE = RayEngine
