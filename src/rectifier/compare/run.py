"""The conductor: runs what a plan asks for and is not in the store yet, then sums it up.

Layer: compare. Start-up is arranged so that missing packages, an unusable store or impossible data
are said before anything is trained, and so that this process needs no framework itself.
"""

from __future__ import annotations

import importlib.util
import os
import platform
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rectifier import optional
from rectifier.activation import Activation
from rectifier.compare import engines, statistics
from rectifier.compare.plan import Plan, make_plan
from rectifier.compare.result import Comparison
from rectifier.compare.store import Store
from rectifier.compare.summary import summarize
from rectifier.compare.trial import Outcome, Stage, Trial, package_version
from rectifier.compare.tuning import best_rates, tuning_points
from rectifier.data import Task


@dataclass(frozen=True)
class Progress:
    """How far a comparison is; given to the callback at the start and after every trial.

    Attributes:
        done: Trials whose outcome is there, those of the store included. ``total``: of all.
        resumed: How many of ``done`` came from the store.
        failed: How many of ``done`` diverged or ended in an error.
        elapsed: Seconds since the start.
        remaining: Seconds that the rest will take, roughly; None before the first trial has ended.
        stage: What is being run. ``tuning`` comes first.
        trial, outcome: The latest; None at the start.
    """

    done: int
    total: int
    resumed: int
    failed: int
    elapsed: float
    remaining: float | None
    stage: Stage
    trial: Trial | None = None
    outcome: Outcome | None = None


def run_comparison(
    plan: Plan,
    store: Store,
    *,
    progress: Callable[[Progress], None] | None = None,
    workers: int | None = None,
    engine: str = "local",
    resume: bool = False,
    clock: Callable[[], float] = time.monotonic,
) -> Comparison:
    """Run a plan's trials, keep their outcomes, and judge them.

    An interrupt (Ctrl-C) or an exception in ``progress`` ends the workers and goes on to the
    caller; what had finished is in the store.

    Args:
        plan: What to run.
        store: Where outcomes go, and come from with ``resume``.
        progress: Called in this thread at the start and after every trial.
        workers: Number of processes; default one for each core, 16 at most.
        engine: Name of an engine, ``local`` or ``inline``.
        resume: Go on with what is in the store. Trials that ended in an error are tried again.
        clock: Seconds, for the time left.

    Returns:
        The comparison, best first.

    Raises:
        StoreError: The store holds trials and ``resume`` is not given, or it is damaged.
        MissingPackageError: torch, SciPy or what the task needs is not installed.
        UnknownNameError: There is no such engine.
    """
    make_engine = engines.get(engine)
    if importlib.util.find_spec("torch") is None:
        optional.require("torch", extra="torch", purpose="comparing activations")
    store.begin(plan.hash, plan.settings, resume=resume)
    kept = {key: outcome for key, outcome in store.outcomes().items() if outcome.status != "error"}
    count = engines.default_workers() if workers is None else workers
    with make_engine(plan.task, min(count, plan.total) if count > 0 else count) as running:
        statistics.require()  # while the workers load torch
        recorder = _Recorder(plan, store, kept, progress, clock)
        recorder.run(running, plan.tuning_trials(), "tuning")
        rates = best_rates(plan, tuning_points(plan, recorder.outcomes))
        recorder.run(running, plan.final_trials(rates), "final")
        environment = _environment(engine, running.workers)
    return summarize(plan, recorder.outcomes, environment=environment)


class _Recorder:
    """Runs trials that have no outcome yet, writes what comes, and tells about it."""

    def __init__(
        self,
        plan: Plan,
        store: Store,
        kept: dict[str, Outcome],
        progress: Callable[[Progress], None] | None,
        clock: Callable[[], float],
    ) -> None:
        self.outcomes: dict[str, Outcome] = {}
        self._plan, self._store, self._kept = plan, store, kept
        self._progress, self._clock, self._begun = progress, clock, clock()
        self._resumed = 0

    def run(self, engine: engines.Engine, trials: Sequence[Trial], stage: Stage) -> None:
        """Run those of the trials that are not kept."""
        found = {trial.hash: self._kept[trial.hash] for trial in trials if trial.hash in self._kept}
        self.outcomes |= found
        self._resumed += len(found)
        missing = [trial for trial in trials if trial.hash not in found]
        if trials:
            self._tell(stage)
        for trial, outcome in engine.run(missing):
            self._store.append(trial, outcome)
            self.outcomes[trial.hash] = outcome
            self._tell(stage, trial, outcome)

    def _tell(
        self, stage: Stage, trial: Trial | None = None, outcome: Outcome | None = None
    ) -> None:
        if self._progress is None:
            return
        done, total = len(self.outcomes), self._plan.total
        elapsed, fresh = self._clock() - self._begun, done - self._resumed
        self._progress(
            Progress(
                done=done,
                total=total,
                resumed=self._resumed,
                failed=sum(found.status != "finished" for found in self.outcomes.values()),
                elapsed=elapsed,
                remaining=elapsed / fresh * (total - done) if fresh else None,
                stage=stage,
                trial=trial,
                outcome=outcome,
            )
        )


def _environment(engine: str, workers: int) -> dict[str, str]:
    return {
        "engine": engine,
        "workers": str(workers),
        "machine": f"{platform.system()} {platform.machine()}, {os.cpu_count()} cores",
        "python": platform.python_version(),
        **{package: package_version(package) for package in ("torch", "numpy", "scipy")},
    }


def compare(
    task: str | Task = "digits",
    activations: Iterable[str | Activation] | None = None,
    seeds: int | Sequence[int] = 10,
    *,
    store: str | Path | None = None,
    resume: bool = False,
    workers: int | None = None,
    engine: str = "local",
    progress: Callable[[Progress], None] | None = None,
    **options: Any,
) -> Comparison:
    """Which activation is best on a task, and is the difference real?

    Args:
        task: Name of a task, or one of your own (`rectifier.data.from_arrays`).
        activations: Names, aliases or `Activation` objects; default ten common ones.
        seeds: How many final seeds, or the seeds themselves.
        store: File to keep outcomes in; default: in memory, gone at the end.
        resume: Go on with what the store holds.
        workers: Number of processes; default one for each core, 16 at most.
        engine: ``local`` (processes) or ``inline`` (this process).
        progress: Called at the start and after every trial.
        **options: As for `rectifier.compare.plan.make_plan`: ``learning_rates``, ``epochs``, ….

    Returns:
        The comparison; ``print(comparison.recommendation)`` says what it comes to.

    Raises:
        RectifierError: Something given cannot be used; the message says what and why.

    Example:
        >>> found = rectifier.compare(activations=["relu", "gelu"], seeds=5)  # doctest: +SKIP
        >>> print(found.recommendation)  # doctest: +SKIP
        No difference: 5 seeds cannot tell all of them apart on digits …
    """
    plan = make_plan(task, activations, seeds, **options)
    with Store(store) as opened:
        return run_comparison(
            plan, opened, progress=progress, workers=workers, engine=engine, resume=resume
        )
