"""The conductor: runs what a plan asks for and is not in the store yet, then sums it up.

Layer: compare. Start-up is arranged so that missing packages, an unusable store or impossible data
are said before anything is trained, and so that this process needs no framework itself.
"""

from __future__ import annotations

import importlib.util
import itertools
import math
import os
import platform
import time
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any

from rectifier import optional
from rectifier.activation import Activation
from rectifier.compare import engines, statistics
from rectifier.compare.arm import Arm
from rectifier.compare.placement import Placement, gpu_names
from rectifier.compare.plan import Plan
from rectifier.compare.planning import make_plan
from rectifier.compare.recorder import Progress, Recorder
from rectifier.compare.result import Comparison
from rectifier.compare.sinks import Sink
from rectifier.compare.store import Store
from rectifier.compare.summary import summarize
from rectifier.compare.trial import Outcome, package_version
from rectifier.data import Task
from rectifier.errors import InvalidInputError

LOOKS = 5
"""Looks at the verdicts that "until settled" may take; each tests at a fifth of the level."""


def run_comparison(
    plan: Plan,
    store: Store,
    *,
    progress: Callable[[Progress], None] | None = None,
    workers: int | None = None,
    engine: str | engines.EngineMaker = "local",
    address: str | None = None,
    per_gpu: int = 1,
    resume: bool = False,
    until_settled: bool = False,
    budget: float = math.inf,
    clock: Callable[[], float] = time.monotonic,
    sinks: Sequence[Sink] = (),
) -> Comparison:
    """Run a plan's trials, keep their outcomes, and judge them.

    An interrupt (Ctrl-C) or an exception in ``progress`` ends the workers and goes on to the
    caller; what had finished is in the store.

    Args:
        plan: What to run. With ``until_settled`` its ``looks`` say how often to add as many seeds.
        store: Where outcomes go, and come from with ``resume``.
        progress: Called in this thread at the start and after every job.
        workers: Number of processes; default one for each core, 16 at most; on GPUs, as many as
            they serve.
        engine: Name of an engine: ``local``, ``inline`` or ``ray``; or what makes one.
        address: Of a Ray cluster; default: one on this machine.
        per_gpu: Workers that share a GPU, where the plan is for GPUs.
        resume: Go on with what is in the store. Trials that ended in an error, or ran out of a
            shorter time than the plan gives now, are tried again.
        until_settled: Add seeds until every verdict is settled, or all looks are taken.
        budget: Seconds after which no further trial is begun.
        clock: Seconds, for the time left.
        sinks: Where final runs go beside the store (`rectifier.compare.sinks`).

    Returns:
        The comparison, best first.

    Raises:
        StoreError: The store holds trials and ``resume`` is not given, or it is damaged.
        MissingPackageError: torch, SciPy or what the task needs is not installed.
        UnknownNameError: There is no such engine.
        InvalidInputError: The budget was spent before one seed of every arm had finished.
    """
    recorder, running, environment = _begin(
        plan, store, progress, workers, engine, address, per_gpu, resume, budget, clock, sinks
    )
    with running:
        statistics.require()  # while the workers load torch
        recorder.engine = running
        together = recorder.costs()
        chosen = recorder.tune(together)
        if plan.mix:
            plan, chosen, together = recorder.mix(chosen, together)
        current = plan
        for look in itertools.count(2):
            recorder.finals(current, chosen, together)
            found = summarize(current, recorder.outcomes, environment=environment)
            if not until_settled or recorder.spent or found.settled or look > plan.looks:
                for sink in sinks:
                    sink.finish(found)
                return found
            current = plan.with_seeds(_more(plan.seeds, plan.tuning_seeds, look))
            recorder.total += len(plan.arms) * len(plan.seeds)
    raise AssertionError  # the loop has no other end


def run_shard(
    plan: Plan,
    store: Store,
    shard: tuple[int, int],
    *,
    progress: Callable[[Progress], None] | None = None,
    workers: int | None = None,
    engine: str = "local",
    address: str | None = None,
    per_gpu: int = 1,
    resume: bool = False,
    clock: Callable[[], float] = time.monotonic,
) -> int:
    """Run one part of a plan into a store of its own, to be merged with the others' later.

    A part is what belongs to some pairs of an arm and a study: its tuning and its final runs depend
    on nothing else, so parts can be run anywhere, at any time.

    Args:
        plan: What to run, the same for all parts.
        store: A store of this part only.
        shard: Number of the part, from 1, and how many there are.
        progress: As for `run_comparison`, and so are the others.
        workers: Number of processes.
        engine: Name of an engine.
        address: Of a Ray cluster.
        per_gpu: Workers that share a GPU.
        resume: Go on with what is in the store.
        clock: Seconds, for the time left.

    Returns:
        How many trials the store has of this plan now.
    """
    part, parts = check_shard(shard)
    recorder, running, _ = _begin(
        plan, store, progress, workers, engine, address, per_gpu, resume, math.inf, clock
    )
    pairs = list(itertools.product([arm.name for arm in plan.arms], plan.tuning_seeds))
    recorder.pairs = frozenset(pairs[part - 1 :: parts])
    recorder.total = math.ceil(plan.total / parts)
    with running:
        recorder.engine = running
        together = recorder.costs()
        chosen = recorder.tune(together)
        recorder.finals(plan, chosen, together)
    return len(recorder.outcomes)


def check_shard(shard: tuple[int, int]) -> tuple[int, int]:
    """The number of a part and how many there are.

    Raises:
        InvalidInputError: There is no such part.
    """
    part, parts = shard
    if not 1 <= part <= parts:
        raise InvalidInputError(f"a part is numbered from 1 to their number; {part}/{parts} came")
    return part, parts


def _begin(
    plan: Plan,
    store: Store,
    progress: Callable[[Progress], None] | None,
    workers: int | None,
    engine: str | engines.EngineMaker,
    address: str | None,
    per_gpu: int,
    resume: bool,
    budget: float,
    clock: Callable[[], float],
    sinks: Sequence[Sink] = (),
) -> tuple[Recorder, engines.Engine, dict[str, str]]:
    make_engine = engines.get(engine) if isinstance(engine, str) else engine
    if importlib.util.find_spec("torch") is None:
        optional.require("torch", extra="torch", purpose="comparing activations")
    for sink in sinks:
        sink.begin()
    store.begin(plan.hash, plan.settings, resume=resume)
    kept = {key: found for key, found in store.outcomes().items() if _counts(found, plan.seconds)}
    placement = Placement(plan.device, per_gpu)
    count = engines.default_workers(placement) if workers is None else workers
    count = min(count, plan.total) if count > 0 else count
    options = {} if address is None else {"address": address}
    running = make_engine(plan.task, count, placement, **options)
    recorder = Recorder(plan, store, kept, progress, budget, clock, sinks)
    name = engine if isinstance(engine, str) else "given"
    return recorder, running, _environment(name, running.workers, placement)


def _counts(outcome: Outcome, seconds: float) -> bool:
    """Whether a kept outcome stands: no error, nor out of a time that was shorter than today's."""
    late = outcome.status == "timeout" and outcome.seconds < seconds
    return outcome.status != "error" and not late


def _more(seeds: Sequence[int], taken: Sequence[int], times: int) -> tuple[int, ...]:
    """So many times as many seeds: the same first, then the next that are free."""
    found = list(seeds)
    fresh = itertools.count(max(seeds) + 1)
    while len(found) < times * len(seeds):
        seed = next(fresh)
        if seed not in taken:
            found.append(seed)
    return tuple(found)


def _environment(engine: str, workers: int, placement: Placement) -> dict[str, str]:
    return {
        "engine": engine,
        "workers": str(workers),
        "machine": f"{platform.system()} {platform.machine()}, {os.cpu_count()} cores",
        **({"gpus": gpu_names() or "not of this machine"} if placement.on_gpu else {}),
        "python": platform.python_version(),
        **{package: package_version(package) for package in ("torch", "numpy", "scipy")},
    }


def compare(
    task: str | Task | None = None,
    activations: Iterable[str | Activation | Arm] | str | Activation | Arm | None = None,
    seeds: int | Sequence[int] = 10,
    *,
    store: str | Path | None = None,
    resume: bool = False,
    workers: int | None = None,
    engine: str = "local",
    per_gpu: int = 1,
    until_settled: bool = False,
    budget: float = math.inf,
    progress: Callable[[Progress], None] | None = None,
    sinks: Sequence[Sink] = (),
    **options: Any,
) -> Comparison:
    """Which activation is best on a task, and is the difference real?

    Args:
        task: Name of a task, or one of your own (`rectifier.data.from_arrays`); default digits.
        activations: Names, families, formulas, mixes such as ``"relu|gelu"``; default ten common
            ones.
        seeds: How many final seeds, or the seeds themselves.
        store: File to keep outcomes in; default: in memory, gone at the end.
        resume: Go on with what the store holds.
        workers: Number of processes; default one for each core, 16 at most.
        engine: ``local`` (processes), ``inline`` (this process) or ``ray``.
        per_gpu: Workers that share a GPU, with ``device="cuda"``.
        until_settled: Add seeds until every verdict is settled.
        budget: Seconds after which no further trial is begun.
        progress: Called at the start and after every trial.
        sinks: Where final runs go beside the store, such as
            ``(rectifier.compare.sinks.from_text("mlflow"),)``.
        **options: As for `rectifier.compare.planning.make_plan`: ``model``, ``device``,
            ``epochs``, ….

    Returns:
        The comparison; ``print(comparison.recommendation)`` says what it comes to.

    Raises:
        RectifierError: Something given cannot be used; the message says what and why.

    Example:
        >>> found = rectifier.compare(activations=["relu", "gelu"], seeds=5)  # doctest: +SKIP
        >>> print(found.recommendation)  # doctest: +SKIP
        No difference: 5 seeds cannot tell all of them apart on digits …
    """
    engines.get(engine)
    if until_settled:
        options.setdefault("looks", LOOKS)
    plan = make_plan(task, activations, seeds, **options)
    with Store(store) as opened:
        return run_comparison(
            plan,
            opened,
            progress=progress,
            workers=workers,
            engine=engine,
            per_gpu=per_gpu,
            resume=resume,
            until_settled=until_settled,
            budget=budget,
            sinks=sinks,
        )
