"""Measures many claims at once on one engine of ``rectifier.compare``, so that no core waits.

Layer: claims, no framework. A claim asks for trainings in rounds: what it asks next depends on what
came. One claim at a time would leave cores idle at the end of every round; so several are measured
side by side, each in a thread that does little but wait, and their pieces go to one engine, those
of the longest claim first. The thread that called `Conductor.measure` feeds the engine, writes the
store and takes interrupts; no other thread touches the store. What is timed is measured last, with
nothing beside it. Claims that arithmetic settles in a moment (kind ``exact``, but for C15) have no
pieces: their thread computes them, and the store keeps what they came to.
"""

from __future__ import annotations

import heapq
import itertools
import queue
import threading
from collections.abc import Callable, Generator, Iterator, Sequence
from dataclasses import dataclass, field
from types import TracebackType
from typing import Any

from rectifier import data
from rectifier.claims.claim import Claim
from rectifier.claims.lab import Comparisons, Lab
from rectifier.claims.notebook import Notebook
from rectifier.compare import engines
from rectifier.compare.job import Job
from rectifier.compare.piece import Piece
from rectifier.compare.placement import ON_CPU, Placement
from rectifier.compare.trial import Outcome
from rectifier.data import Task
from rectifier.errors import InvalidInputError, RectifierError

TASK = "digits"
"""Of all comparisons that claims make; pieces make their data by themselves."""
_PATIENCE = 5.0
"""Seconds that threads get to see that all is over."""


class _OverError(Exception):
    """Tells a waiting thread that nothing more will come."""


@dataclass
class _Order:
    """Jobs that one thread waits for, and where their outcomes go."""

    place: int
    arrived: queue.SimpleQueue[tuple[Job, list[Outcome]] | None] = field(
        default_factory=queue.SimpleQueue
    )
    dropped: bool = False


@dataclass(frozen=True)
class Progress:
    """How far measuring is: pieces and trials done and asked for so far, and claims."""

    done: int
    asked: int
    claims: int
    of: int


class Conductor:
    """Measures claims side by side.

    Args:
        notebook: Where outcomes go and come from; used by the calling thread alone.
        full: Whether at length.
        engine: Name of an engine of ``rectifier.compare``.
        workers: How many; default one a core.
        address: Of a Ray cluster.
        progress: Told after every piece or trial.
    """

    def __init__(
        self,
        notebook: Notebook,
        *,
        full: bool = False,
        engine: str = "local",
        workers: int | None = None,
        address: str | None = None,
        progress: Callable[[Progress], None] | None = None,
    ) -> None:
        self.notebook, self._full, self._progress = notebook, full, progress
        self._make = engines.get(engine)
        self._name = engine
        self.workers = engines.default_workers() if workers is None else workers
        self._options = {} if address is None else {"address": address}
        self._task = data.get(TASK)
        self._comparisons = Comparisons()
        self._changing = threading.Lock()
        self._heap: list[tuple[int, int, Job]] = []
        self._numbers = itertools.count()
        self._waiting: dict[str, list[_Order]] = {}
        self._over = False
        self._done, self._claims, self._of = 0, 0, 0

    def measure(
        self,
        claims: Sequence[Claim],
        measure: Callable[[Claim, Lab], Any],
    ) -> Generator[tuple[Claim, Any | RectifierError]]:
        """Measure claims.

        Args:
            claims: The longest first.
            measure: What is done with each, in a thread of its own.

        Yields:
            Each claim as it ends, in this thread, with what ``measure`` returned, or with the
            error of ours that it raised.
        """
        ended: queue.SimpleQueue[tuple[Claim, Any | BaseException]] = queue.SimpleQueue()
        todo = [c for c in claims if not c.timed] + [c for c in claims if c.timed]
        threads: dict[str, threading.Thread] = {}
        ready: list[tuple[Claim, Any | RectifierError]] = []
        self._of = len(todo)

        def work(claim: Claim, place: int) -> None:
            lab = Lab(_Desk(self, place), full=self._full, comparisons=self._comparisons)
            try:
                ended.put((claim, measure(claim, lab)))
            except BaseException as error:  # noqa: BLE001 - judged by the calling thread
                ended.put((claim, error))

        def begin() -> None:
            alone = any(claim.timed for claim in claims if claim.id in threads)
            while todo and len(threads) < self.workers + 2 and not alone:
                if todo[0].timed and threads:
                    return
                claim = todo.pop(0)
                alone = claim.timed
                thread = threading.Thread(
                    target=work, args=(claim, claims.index(claim)), name=claim.id, daemon=True
                )
                threads[claim.id] = thread
                thread.start()

        def collect() -> None:
            while not ended.empty():
                claim, found = ended.get()
                threads.pop(claim.id).join()
                if isinstance(found, BaseException) and not isinstance(found, RectifierError):
                    raise found
                self._claims += 1
                ready.append((claim, found))

        def jobs() -> Iterator[Job | None]:
            while True:
                collect()
                begin()
                job = self._pop()
                if job is None and not threads and not todo:
                    return
                yield job

        try:
            with self._make(self._task, self.workers, ON_CPU, **self._options) as engine:
                feed = jobs()
                for job, outcomes in engine.run(feed):
                    self._deliver(job, outcomes)
                    yield from _emptied(ready)
            yield from _emptied(ready)
        finally:
            self._end(threads.values())

    def ask(self, order: _Order, jobs: Sequence[Job]) -> Iterator[tuple[Job, list[Outcome]]]:
        """Have jobs run; for the threads of claims. Jobs that others asked for are shared."""
        with self._changing:
            if self._over:
                raise _OverError
            for job in jobs:
                key = _key(job)
                waiting = self._waiting.setdefault(key, [])
                waiting.append(order)
                if len(waiting) == 1:
                    heapq.heappush(self._heap, (order.place, next(self._numbers), job))
        try:
            for _ in jobs:
                came = order.arrived.get()
                if came is None:
                    raise _OverError
                yield came
        finally:
            order.dropped = True

    def shared(self, order: int) -> engines.EngineMaker:
        """A maker of engines that are this conductor's, for comparisons."""

        def make(
            task: Task, workers: int, placement: Placement = ON_CPU, **options: Any
        ) -> engines.Engine:
            if task.name != self._task.name or placement.on_gpu or options:
                raise InvalidInputError(f"claims compare on {TASK}, on CPUs; {task.name} came")
            return _Shared(self, order)

        return make

    def _pop(self) -> Job | None:
        """The next job that is not in the store and that somebody still waits for."""
        while True:
            with self._changing:
                if not self._heap:
                    return None
                job = heapq.heappop(self._heap)[2]
                if all(order.dropped for order in self._waiting[_key(job)]):
                    del self._waiting[_key(job)]
                    continue
            kept = [self.notebook.outcome(piece) for piece in job.pieces]
            if not job.pieces or kept == [None]:
                return job
            self._hand_out(job, [outcome for outcome in kept if outcome is not None])

    def _deliver(self, job: Job, outcomes: list[Outcome]) -> None:
        for piece, outcome in zip(job.pieces, outcomes, strict=bool(job.pieces)):
            self.notebook.keep(piece, outcome)
        self._hand_out(job, outcomes)

    def _hand_out(self, job: Job, outcomes: list[Outcome]) -> None:
        with self._changing:
            orders = self._waiting.pop(_key(job))
            asked = self._done + len(self._waiting) + 1
        self._done += 1
        for order in orders:
            order.arrived.put((job, outcomes))
        if self._progress is not None:
            self._progress(Progress(self._done, asked, self._claims, self._of))

    def _end(self, threads: Any) -> None:
        """Wake all who wait; they see that nothing more will come."""
        with self._changing:
            self._over = True
            orders = {id(o): o for waiting in self._waiting.values() for o in waiting}
        for order in orders.values():
            order.arrived.put(None)
        for thread in threads:
            thread.join(_PATIENCE)


@dataclass(frozen=True)
class _Desk:
    """The hands of one claim's lab."""

    conductor: Conductor
    place: int

    @property
    def notebook(self) -> Notebook:
        return self.conductor.notebook

    @property
    def engine(self) -> engines.EngineMaker:
        return self.conductor.shared(self.place)

    def pieces(self, wanted: Sequence[Piece]) -> Iterator[tuple[Piece, Outcome]]:
        jobs = [Job("piece", pieces=(piece,)) for piece in wanted]
        for job, (outcome,) in self.conductor.ask(_Order(self.place), jobs):
            yield job.pieces[0], outcome


class _Shared:
    """The conductor's engine, as a comparison sees it."""

    def __init__(self, conductor: Conductor, place: int) -> None:
        self._conductor, self._place = conductor, place
        self.workers = conductor.workers

    def __enter__(self) -> _Shared:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Leave the engine to the others."""

    def run(
        self, jobs: Any, stop: Callable[[], bool] = lambda: False
    ) -> Iterator[tuple[Job, list[Outcome]]]:
        """Run jobs; none of ours is ever told to stop."""
        del stop
        yield from self._conductor.ask(_Order(self._place), [job for job in jobs if job])


def _key(job: Job) -> str:
    parts = [each.hash for each in job.trials] + [each.hash for each in job.pieces]
    return "|".join((job.way, *parts))


def _emptied(found: list[Any]) -> Iterator[Any]:
    while found:
        yield found.pop(0)
