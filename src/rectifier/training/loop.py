"""The training loop: steps, evaluations, checkpoints, under the watcher. Layer: training."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import torch

import rectifier.torch as rt
from rectifier.errors import InvalidInputError
from rectifier.session import Session, watch
from rectifier.training import checkpoint
from rectifier.training.checkpoint import Progress
from rectifier.training.job import Job

if TYPE_CHECKING:
    from rectifier.doctor.finding import Finding

OPTIMIZERS = ("adam", "adamw", "sgd")


@dataclass(frozen=True)
class Trained:
    """What a training gave.

    Attributes:
        progress: Losses and scores over the steps.
        findings: What the doctor says of the part that ran in this process.
        session: With the record.
        failed: Step at which the loss stopped being a number; None: it did not.
        resumed: Step from which it went on; 0: from the start.
    """

    progress: Progress
    findings: tuple[Finding, ...]
    session: Session
    failed: int | None
    resumed: int


def make_optimizer(job: Job) -> torch.optim.Optimizer:
    """The optimiser of a job; no weight decay on biases, norms and slopes."""
    groups = rt.parameter_groups(job.model, weight_decay=job.weight_decay)
    if job.optimizer == "sgd":
        return torch.optim.SGD(groups, lr=job.rate, momentum=job.momentum)
    if job.optimizer == "adam":
        return torch.optim.Adam(groups, lr=job.rate)
    if job.optimizer == "adamw":
        return torch.optim.AdamW(groups, lr=job.rate)
    raise InvalidInputError(
        f"expected an optimizer of {', '.join(OPTIMIZERS)}; {job.optimizer!r} came"
    )


def run(
    job: Job,
    *,
    steps: int,
    seed: int,
    every: int | None = None,
    place: Path | None = None,
    save_every: float = 5.0,
    resume: bool = False,
    settings: Mapping[str, Any] | None = None,
    tell: Callable[[Progress], None] | None = None,
) -> Trained:
    """Train.

    Args:
        job: What to train.
        steps: How many steps in all, those before a resumption included.
        seed: Of the batches and of torch's global generator.
        every: Steps between evaluations; None: a twentieth of all.
        place: File of the checkpoint; None: none is kept.
        save_every: Seconds between checkpoints; one is also written at the end.
        resume: Go on from the checkpoint if it is there.
        settings: What determines the run, to be checked when it is gone on with.
        tell: Told after every evaluation.

    Returns:
        What came of it.

    Raises:
        InvalidInputError: The checkpoint is there and ``resume`` is not given, or it is of another
            run.
    """
    determined = {**(settings or {}), "steps": steps, "seed": seed}
    optimizer = make_optimizer(job)
    generator = torch.Generator().manual_seed(seed)
    torch.manual_seed(seed)
    progress = Progress()
    if place is not None and place.exists():
        if not resume:
            raise InvalidInputError(
                f"the checkpoint {place} is there; go on with it by resume=True (--resume) or name "
                "another file"
            )
        progress = checkpoint.load(place, job, optimizer, generator, determined)
    elif place is not None:
        # At once, so that another run that would take the same file finds it there.
        checkpoint.save(place, job, optimizer, generator, progress, determined)
    resumed = progress.step
    interval = max(1, steps // 20) if every is None else every
    saved = time.monotonic()
    failed: int | None = None
    total, count = 0.0, 0
    with watch(job.model, optimizer) as session:
        while progress.step < steps:
            for group in optimizer.param_groups:
                group["lr"] = job.rate * job.schedule(progress.step / steps)
            optimizer.zero_grad()
            loss = job.gradients(generator)
            optimizer.step()
            progress.step += 1
            total, count = total + loss, count + 1
            if not math.isfinite(loss):
                failed = progress.step
                break
            if progress.step % interval == 0 or progress.step == steps:
                # Evaluating may draw numbers; a resumed run must draw the same ones in training.
                with torch.random.fork_rng(devices=()):
                    scores = {name: float(v) for name, v in job.evaluate().items()}
                progress.losses.append((progress.step, total / count))
                progress.scores.append((progress.step, scores))
                total, count = 0.0, 0
                if tell is not None:
                    tell(progress)
                # Only here, where no running mean is under way that a checkpoint would lose.
                if place is not None and (
                    time.monotonic() - saved >= save_every or progress.step == steps
                ):
                    checkpoint.save(place, job, optimizer, generator, progress, determined)
                    saved = time.monotonic()
    return Trained(progress, session.diagnose(), session, failed, resumed)
