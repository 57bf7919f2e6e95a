"""How many trials a plan comes to, and how long they will take, before any is run.

Layer: compare. Steps are timed here first, a few seconds of work, as the plan itself would do; and
where an epoch is short, a few trials are run, which tells what they take besides their steps. On a
CPU the time is that of the processor, so it is what workers take that have a core each.
"""

from __future__ import annotations

import heapq
import math
import time
from collections.abc import Callable
from dataclasses import replace

from rectifier.compare import grouping, mixing
from rectifier.compare.engines import Engine, default_workers, inline, local
from rectifier.compare.job import Job
from rectifier.compare.placement import Placement
from rectifier.compare.plan import Plan
from rectifier.compare.trial import Outcome
from rectifier.errors import InvalidInputError

WORKERS = (1, 8, 100)
_JUDGING = 1.25
"""Time of a trial over that of its training steps, where none was tried: validation, the end."""
_TRIED, _ENOUGH, _MEMBERS = 2.0, 1.0, 16
"""Seconds of steps in an epoch up to which trials are tried; as many epochs as take about so many
seconds; so many together."""


def forecast(plan: Plan, here: int | None = None, spent: float = 0.0) -> tuple[str, ...]:
    """Lines for a person: trials, and the time predicted for several numbers of workers.

    Args:
        plan: What is to be run.
        here: So many workers there are to be, told beside `WORKERS`; default: one a core.
        spent: Seconds that it took to get here, which a run takes, too.
    """
    begin = spent + starting(plan)
    timed = replace(plan, timing=True)
    trials = timed.cost_trials()
    begun = time.perf_counter()
    with inline.InlineEngine(plan.task, placement=Placement(plan.device)) as engine:
        ((_, outcomes),) = engine.run([Job("cost", trials)])
        costs = {trial.arm.name: each for trial, each in zip(trials, outcomes, strict=True)}
        together = (
            grouping.worth_it(costs) if plan.together == "auto" and plan.timing else frozenset()
        )
        begin += time.perf_counter() - begun
        costly = _tried(plan, costs, together, engine)
    each = len(plan.search.first(plan.tuning_seeds[0])) if plan.search.tuned else 0
    tuning = each * len(plan.tuning_seeds)
    lines = [
        f"{_count(plan.total, 'trial')}: {_count(len(plan.arms), 'activation')}, "
        f"{'' if len(plan.arms) == 1 else 'each '}{_tuned(plan, each)}run on "
        f"{_count(len(plan.seeds), 'seed')}"
        + ("; more where a best learning rate lies at an edge" if plan.search.tuned else "")
    ]
    if plan.mix:
        searched, own = _mix(plan, tuning)
        lines.append(
            f"and up to {searched} trials in search of a mix, and {own} to tune and run it"
        )
    for workers in sorted({*WORKERS, here or default_workers()}):
        seconds = begin + _seconds(plan, costly, together, tuning, workers)
        if not math.isfinite(seconds):
            return (*lines, "how long they take cannot be told beforehand for this task")
        noun = "worker" if workers == 1 else "workers"
        lines.append(f"{workers:>4} {noun}: about {_duration(seconds)}")
    return tuple(lines)


def _count(amount: int, noun: str) -> str:
    return f"{amount} {noun if amount == 1 else noun + 's'}"


def _tuned(plan: Plan, points: int) -> str:
    if not plan.search.tuned:
        return ""
    studies = len(plan.tuning_seeds)
    told = "1 study" if studies == 1 else f"{studies} studies"
    return f"tuned by {told} of {_count(points, 'point')} and "


def starting(plan: Plan) -> float:
    """Seconds until a worker of the local engine is ready to train."""
    begun = time.perf_counter()
    try:
        with local.LocalEngine(plan.task, 1, Placement(plan.device)) as engine:
            for _ in engine.run([Job("cost", ())]):
                pass
    except InvalidInputError:  # a task that only this process can load: no worker will be started
        return 0.0
    return time.perf_counter() - begun


def _tried(
    plan: Plan, costs: dict[str, Outcome], together: frozenset[str], engine: Engine
) -> dict[str, float]:
    """Seconds of a trial of each arm; some are tried, the others take as much for a step."""
    clock: Callable[[], float] = time.process_time if plan.device == "cpu" else time.perf_counter
    found: dict[bool, list[float]] = {False: [], True: []}
    tuning = plan.first_trials()
    steps = {
        name: cost.together_time if name in together else cost.step_time
        for name, cost in costs.items()
    }
    each = plan.trial(plan.arms[0], plan.search.first(0)[0], plan.seeds[0], "final").steps
    for grouped, ratios in found.items():
        names = [name for name in steps if (name in together) == grouped]
        for name in (*names[:1], *names[-1:], *names[:1]):
            members = [t for t in tuning if t.arm.name == name][: _MEMBERS if grouped else 1]
            epoch = each * steps[name] * len(members)
            if not members or not epoch <= _TRIED:  # not a number where steps have no fixed time
                continue
            epochs = max(1, min(plan.epochs, int(_ENOUGH / epoch)))
            job = Job("together" if grouped else "alone", tuple(
                replace(trial, epochs=epochs) for trial in members
            ))  # fmt: skip
            begun = clock()
            ((_, outcomes),) = engine.run([job])
            if all(outcome.status == "finished" for outcome in outcomes):
                ratios.append((clock() - begun) / (epochs * epoch))
    return {
        name: plan.epochs * each * step * _ratio(found[name in together])
        for name, step in steps.items()
    }


def _ratio(tried: list[float]) -> float:
    return max(1.0, sum(tried) / len(tried)) if tried else _JUDGING


def _seconds(
    plan: Plan, costly: dict[str, float], together: frozenset[str], tuning: int, workers: int
) -> float:
    """Both stages, each as long as its busiest worker has to do."""
    total = 0.0
    for count in (tuning, len(plan.seeds)):
        jobs = []
        for name, seconds in costly.items():
            groups = math.ceil(count / grouping.MOST) if name in together else count
            jobs += [seconds * count / groups] * groups if count else []
        total += _busiest(jobs, workers)
    if plan.mix:
        one = max(costly.values())
        total += sum(one * max(count / workers, 1.0) for count in _mix(plan, tuning))
    return total


def _busiest(jobs: list[float], workers: int) -> float:
    """When the last of some jobs ends, each begun by the first worker that is free."""
    free = [0.0] * workers
    for seconds in jobs:
        heapq.heapreplace(free, free[0] + seconds)
    return max(free)


def _mix(plan: Plan, tuning: int) -> tuple[int, int]:
    """Trials that look for a mix, at most, and those of the mix that is found."""
    single = sum(len(arm.layers) == 1 for arm in plan.arms)
    # The layers as they are and each change of one place, tried in every study.
    searched = mixing.places(plan) * (single - 1) + 1
    return searched * len(plan.tuning_seeds), tuning + len(plan.seeds)


def _duration(seconds: float) -> str:
    if seconds < 90:
        return f"{seconds:.0f} s"
    if seconds < 5400:
        return f"{seconds / 60:.0f} min"
    return f"{seconds / 3600:.1f} h"
