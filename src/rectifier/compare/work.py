"""Does a job, in whatever process an engine runs it.

Layer: compare; needs torch. The one entry that all engines share, so that the same job gives the
same numbers whichever ran it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from rectifier.compare.costs import measure_costs
from rectifier.compare.job import Job
from rectifier.compare.together import train_together
from rectifier.compare.training import attempt, failed
from rectifier.compare.trial import Outcome


def do(job: Job, load: Callable[[int], Any]) -> list[Outcome]:
    """The outcomes of a job's trials, in their order; exceptions become outcomes.

    Args:
        job: What to do.
        load: Gives the data of a seed.
    """
    if job.way == "alone":
        return [attempt(trial, load, job.seconds) for trial in job.trials]
    try:
        if job.way == "cost":
            return measure_costs(job.trials, load)
        return train_together(job.trials, load, job.seconds * len(job.trials))
    except Exception as error:  # noqa: BLE001 - one failed job must not end a comparison
        outcome = failed(error)
        return [replace(outcome, together=len(job.trials)) for _ in job.trials]
