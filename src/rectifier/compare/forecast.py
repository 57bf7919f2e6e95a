"""How many trials a plan comes to, and how long they will take, before any is run.

Layer: compare. Steps are timed here first, a few seconds of work, as the plan itself would do.
"""

from __future__ import annotations

import math
from dataclasses import replace

from rectifier.compare import grouping, mixing
from rectifier.compare.engines import inline
from rectifier.compare.job import Job
from rectifier.compare.placement import Placement
from rectifier.compare.plan import Plan
from rectifier.compare.trial import Outcome

WORKERS = (1, 8, 100)
_JUDGING = 1.25
"""Time of a trial over that of its training steps: validation after every epoch, and the end."""


def forecast(plan: Plan) -> tuple[str, ...]:
    """Lines for a person: trials, and the time predicted for several numbers of workers."""
    timed = replace(plan, timing=True)
    trials = timed.cost_trials()
    with inline.InlineEngine(plan.task, placement=Placement(plan.device)) as engine:
        ((_, outcomes),) = engine.run([Job("cost", trials)])
    costs = {trial.arm.name: each for trial, each in zip(trials, outcomes, strict=True)}
    each = len(plan.search.first(plan.tuning_seeds[0])) if plan.search.tuned else 0
    tuning = each * len(plan.tuning_seeds)
    lines = [
        f"{plan.total} trials: {len(plan.arms)} activations, each tuned by "
        f"{len(plan.tuning_seeds)} studies of {each} points and run on {len(plan.seeds)} seeds; "
        "more where a best learning rate lies at an edge"
    ]
    if plan.mix:
        searched, own = _mix(plan, tuning)
        lines.append(
            f"and up to {searched} trials in search of a mix, and {own} to tune and run it"
        )
    together = grouping.worth_it(costs) if plan.together == "auto" and plan.timing else frozenset()
    for workers in WORKERS:
        seconds = _seconds(plan, costs, together, tuning, workers)
        if not math.isfinite(seconds):
            return (*lines, "how long they take cannot be told beforehand for this task")
        noun = "worker" if workers == 1 else "workers"
        lines.append(f"{workers:>4} {noun}: about {_duration(seconds)}")
    return tuple(lines)


def _seconds(
    plan: Plan,
    costs: dict[str, Outcome],
    together: frozenset[str],
    tuning: int,
    workers: int,
) -> float:
    """Both stages, each as long as its share of the work, and no shorter than its longest job."""
    total = 0.0
    steps = (
        plan.epochs
        * plan.trial(plan.arms[0], plan.search.first(0)[0], plan.seeds[0], "final").steps
    )
    for count in (tuning, len(plan.seeds)):
        work, longest = 0.0, 0.0
        for arm in plan.arms:
            cost = costs[arm.name]
            grouped = arm.name in together
            step = cost.together_time if grouped else cost.step_time
            size = min(grouping.MOST, count) if grouped else 1
            work += count * steps * step * _JUDGING
            longest = max(longest, (size if count else 0) * steps * step * _JUDGING)
        total += max(work / workers, longest)
    if plan.mix:
        one = steps * max(cost.step_time for cost in costs.values()) * _JUDGING
        total += sum(one * max(count / workers, 1.0) for count in _mix(plan, tuning))
    return total


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
