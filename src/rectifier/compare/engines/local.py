"""The usual engine: worker processes on this machine, one thread each, on GPUs one GPU each.

Layer: compare. Workers are started once and fed over pipes (`rectifier.compare.worker` says why not
by ``multiprocessing``). Each has a thread here that hands it the next job and waits for what
comes back. A worker that dies is replaced and its job tried once more; if that kills the second
one, too, the job's trials have failed and the comparison goes on. A worker whose GPU cannot be used
after an error is replaced, too, on the same GPU. A trial looks at the clock between its steps; one
that never comes back from a step is ended from here.
"""

from __future__ import annotations

import math
import os
import pickle
import queue
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from types import TracebackType
from typing import IO

from rectifier.compare.engines import MOMENT, Supply
from rectifier.compare.job import Job
from rectifier.compare.placement import ON_CPU, Placement
from rectifier.compare.trial import Outcome, spoilt
from rectifier.data import Task
from rectifier.errors import InvalidInputError

_START = (
    "import signal, sys; signal.signal(signal.SIGINT, signal.SIG_IGN); sys.path[:] = sys.argv[1:];"
    "from rectifier.compare.worker import main; main()"
)
_GRACE = 3.0
"""Seconds that a worker gets to end by itself when its input is closed."""
_PATIENCE = 30.0
"""Seconds that a job gets beyond those of its trials: to load torch and the data, and to judge."""


class _Worker:
    """One process. What it writes to its error stream is kept to explain its death."""

    def __init__(self, task: bytes, seat: Mapping[str, str]) -> None:
        self.seat = seat
        self.out_of_time = False
        self._errors: IO[bytes] = tempfile.TemporaryFile()  # noqa: SIM115 - closed in `end`
        single = dict.fromkeys(("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS"), "1")
        self.process = subprocess.Popen(
            [sys.executable, "-P", "-c", _START, *(os.path.abspath(path) for path in sys.path)],  # noqa: PTH100
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._errors,
            env={**os.environ, **single, **seat},
        )
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self._input, self._output = self.process.stdin, self.process.stdout
        with suppress(OSError):  # dead already: `ask` will find out and say why
            self._input.write(task)
            self._input.flush()

    def ask(self, job: bytes, seconds: float) -> list[Outcome] | None:
        """The outcomes of a job; None if the process died over it, or was ended for its time."""
        watch = threading.Timer(min(seconds, threading.TIMEOUT_MAX), self._give_up)
        watch.daemon = True
        if math.isfinite(seconds):
            watch.start()
        try:
            self._input.write(job)
            self._input.flush()
            outcomes: list[Outcome] = pickle.load(self._output)
        except (OSError, EOFError, ValueError, pickle.UnpicklingError):
            return None
        finally:
            watch.cancel()
        return outcomes

    def _give_up(self) -> None:
        self.out_of_time = True
        self.process.kill()

    def dismiss(self) -> None:
        """Close its input, which makes it end, whatever it is doing."""
        with suppress(OSError):
            self._input.close()

    def end(self) -> None:
        """See it end; kill it if it does not."""
        self.dismiss()
        try:
            self.process.wait(_GRACE)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()

    def bury(self) -> str:
        """End it, close all that belongs to it, and say how it ended and its last words."""
        self.end()
        code = self.process.returncode
        how = signal.Signals(-code).name if code < 0 else f"exit status {code}"
        self._errors.seek(0)
        lines = self._errors.read().decode(errors="replace").strip().splitlines()
        self._output.close()
        self._errors.close()
        return f"{how}: {lines[-1]}" if lines else how


class LocalEngine:
    """Worker processes on this machine.

    Args:
        task: Where the data come from; workers share them (`rectifier.compare.shared`).
        workers: How many processes.
        placement: On what. GPUs are given out to the workers in turn.

    Raises:
        InvalidInputError: There are to be no workers, the task cannot be sent to them, or a GPU is
            to be used and none is here.
    """

    def __init__(self, task: Task, workers: int, placement: Placement = ON_CPU) -> None:
        if workers < 1:
            raise InvalidInputError(f"at least one worker is needed; {workers} came")
        if not sys.executable:
            raise InvalidInputError(
                "this Python is embedded and cannot start workers; use the engine 'inline'"
            )
        try:
            pickle.dumps(task)
        except (pickle.PicklingError, AttributeError, TypeError) as error:
            raise InvalidInputError(
                f"task {task.name!r} cannot be sent to workers ({error}); make its loader a "
                "function of a module, or use the engine 'inline'"
            ) from error
        self._task = task
        self.workers = workers
        self._seats = [placement.environment(n, placement.gpus()) for n in range(workers)]
        self._jobs: queue.SimpleQueue[Job | None] = queue.SimpleQueue()
        self._results: queue.SimpleQueue[tuple[Job, list[Outcome]] | BaseException]
        self._results = queue.SimpleQueue()
        self._alive: list[_Worker] = []
        self._threads: list[threading.Thread] = []
        self._closing = threading.Event()
        self._changing = threading.Lock()
        self._folder = ""

    def __enter__(self) -> LocalEngine:
        self._folder = tempfile.mkdtemp(prefix="rectifier-data-")
        for seat in self._seats:
            thread = threading.Thread(target=self._serve, args=(self._start(seat),), daemon=True)
            self._threads.append(thread)
            thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        with self._changing:  # from here on the list of workers stays as it is
            self._closing.set()
        for _ in self._threads:
            self._jobs.put(None)
        for worker in self._alive:  # all first, so that they end side by side
            worker.dismiss()
        for worker in self._alive:
            worker.end()
        for thread in self._threads:  # they return at the end of their worker's output
            thread.join()
        for worker in self._alive:
            worker.bury()
        shutil.rmtree(self._folder, ignore_errors=True)

    def run(
        self, jobs: Iterable[Job | None], stop: Callable[[], bool] = lambda: False
    ) -> Iterator[tuple[Job, list[Outcome]]]:
        """Run all jobs, started in their order until told to stop, and yield each as it ends."""
        supply, under_way = Supply(jobs), 0
        result: tuple[Job, list[Outcome]] | BaseException | None = None
        while True:
            # One job lies ready for each worker, so that none waits for what is done with a result.
            while under_way < 2 * self.workers and (job := supply.take()) is not None:
                self._jobs.put(job)
                under_way += 1
            if isinstance(result, BaseException):
                raise result
            if result is not None:
                yield result
            if not (supply.more or under_way):
                return
            # On Windows, a wait without end would not see Ctrl-C.
            full = under_way == 2 * self.workers
            result = self._next(0.5 if full or not supply.more else MOMENT)
            if result is not None:
                under_way -= 1
                supply.more = supply.more and not stop()

    def _next(self, seconds: float) -> tuple[Job, list[Outcome]] | BaseException | None:
        with suppress(queue.Empty):
            return self._results.get(timeout=seconds)
        return None

    def _start(self, seat: Mapping[str, str]) -> _Worker:
        worker = _Worker(pickle.dumps((self._task, self._folder)), seat)
        self._alive.append(worker)
        return worker

    def _replace(self, worker: _Worker, reasons: list[str]) -> _Worker:
        """Bury a worker that died over a trial and start another, unless the engine is closing."""
        with self._changing:
            if self._closing.is_set():
                return worker
            self._alive.remove(worker)
            reasons.append(worker.bury())
            return self._start(worker.seat)

    def _serve(self, worker: _Worker) -> None:
        try:
            while (job := self._jobs.get()) is not None and not self._closing.is_set():
                message = pickle.dumps(job)
                seconds = job.seconds * job.size + _PATIENCE
                reasons: list[str] = []
                for _ in range(2):
                    outcomes = worker.ask(message, seconds)
                    if outcomes is not None or self._closing.is_set():
                        break
                    late = worker.out_of_time
                    worker = self._replace(worker, reasons)
                    if late:
                        outcomes = [_late(seconds, job.size)] * job.size
                        break
                if self._closing.is_set():
                    return
                self._results.put((job, outcomes or [_lost(reasons)] * job.size))
                if spoilt(outcomes or ()):
                    worker = self._replace(worker, [])
        except BaseException as error:  # noqa: BLE001 - raised again where `run` is waiting
            if not self._closing.is_set():
                self._results.put(error)


def _lost(reasons: Sequence[str]) -> Outcome:
    return Outcome("error", reason=f"its worker process died twice ({'; '.join(reasons)})")


def _late(seconds: float, size: int) -> Outcome:
    reason = f"it did not come back from a step within {seconds:.0f} s, so its process was ended"
    return Outcome("timeout", reason=reason, seconds=seconds / size)


ENGINE = LocalEngine
