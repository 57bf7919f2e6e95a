"""Which trials train as one: a pure function of the trials and of what was measured.

Layer: compare, no framework. Groups are made of all planned trials of a round before those that are
in the store are left out, so a resumed comparison has the same groups as an undisturbed one.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping, Sequence
from itertools import groupby

from rectifier.compare.job import Job
from rectifier.compare.trial import Outcome, Trial

MOST = 64
"""Members of a group at most."""
MOST_VALUES = 64_000_000
"""Values of data that a group holds at once, about: 256 MB."""
FASTER = 1.1
"""So much faster must training together be before it is done."""


def worth_it(costs: Mapping[str, Outcome]) -> frozenset[str]:
    """Names of the arms whose trials train faster together, from their cost outcomes."""
    return frozenset(
        name
        for name, cost in costs.items()
        if math.isfinite(cost.together_time) and cost.step_time > FASTER * cost.together_time
    )


def jobs(
    trials: Sequence[Trial],
    kept: Collection[str],
    together: Collection[str],
    seconds: float,
) -> tuple[Job, ...]:
    """Jobs for all trials that are not kept.

    Args:
        trials: Of one round, in the order in which they should be started.
        kept: Hashes of trials whose outcome is there.
        together: Names of the arms whose trials train together.
        seconds: Given to each trial.
    """
    alone = [trial for trial in trials if trial.arm.name not in together]
    made = [Job("alone", (trial,), seconds) for trial in alone if trial.hash not in kept]
    rest = [trial for trial in trials if trial.arm.name in together]
    names = list(dict.fromkeys(trial.arm.name for trial in rest))
    rest.sort(key=lambda trial: names.index(trial.arm.name))
    for _, members in groupby(rest, key=lambda trial: trial.arm.name):
        for group in _parts(list(members)):
            missing = tuple(trial for trial in group if trial.hash not in kept)
            if missing:
                made.append(Job("together", missing, seconds))
    return tuple(made)


def _parts(trials: Sequence[Trial]) -> list[Sequence[Trial]]:
    """Groups of nearly equal size, none too large for memory."""
    largest = max(trial.data.values for trial in trials)
    most = max(1, min(MOST, MOST_VALUES // max(1, largest)))
    count = math.ceil(len(trials) / most)
    size = math.ceil(len(trials) / count)
    return [trials[start : start + size] for start in range(0, len(trials), size)]
