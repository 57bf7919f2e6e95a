"""Does a job, in whatever process an engine runs it.

Layer: compare; needs torch. The one entry that all engines share, so that the same job gives the
same numbers whichever ran it.
"""

from __future__ import annotations

import json
import math
import time
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from rectifier.compare import network
from rectifier.compare.costs import measure_costs
from rectifier.compare.job import Job
from rectifier.compare.piece import Piece
from rectifier.compare.together import train_together
from rectifier.compare.training import attempt, failed, noted, one_thread
from rectifier.compare.trial import Outcome


def do(job: Job, load: Callable[[int], Any]) -> list[Outcome]:
    """The outcomes of a job's trials, in their order; exceptions become outcomes.

    Args:
        job: What to do.
        load: Gives the data of a seed.
    """
    if job.way == "alone":
        return [attempt(trial, load, job.seconds) for trial in job.trials]
    if job.way == "piece":
        return [perform(piece) for piece in job.pieces]
    begun = time.perf_counter()
    try:
        if job.way == "cost":
            return measure_costs(job.trials, load)
        return train_together(job.trials, load, job.seconds * len(job.trials))
    except Exception as error:  # noqa: BLE001 - one failed job must not end a comparison
        outcome = failed(error)
    if job.way == "cost" or outcome.status == "timeout":
        share = (time.perf_counter() - begun) / len(job.trials)
        return [replace(outcome, together=len(job.trials), seconds=share)] * len(job.trials)
    # It may be one trial's fault, or its being with others: what can be had alone is not lost.
    why = f"trained alone, since together: {outcome.reason}"
    return [noted(attempt(trial, load, job.seconds), [why]) for trial in job.trials]


def perform(piece: Piece) -> Outcome:
    """What a piece gives, by way of JSON, on one thread and from a random state of its own."""
    begun, busy = time.perf_counter(), time.process_time()
    try:
        with one_thread(), network.seeded(int(json.loads(piece.arguments).get("seed", 0))):
            outcome = Outcome("finished", result=_plain(piece.call()))
    except Exception as error:  # noqa: BLE001 - one failed piece must not end the others
        outcome = failed(error)
    return replace(
        outcome,
        seconds=time.perf_counter() - begun,
        processor=time.process_time() - busy,
    )


def _plain(value: Any) -> Any:
    """What JSON would give back; numbers that are not finite become None."""
    if isinstance(value, dict):
        return {str(key): _plain(each) for key, each in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(each) for each in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value
