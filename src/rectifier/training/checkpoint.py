"""A run that can be killed at any moment and gone on with as if it had not been.

Layer: training. A checkpoint holds weights, the optimiser's state, both random states, the job's
own memory and what was seen so far. It is written beside its place and then put there, so that the
last whole one is always there. It is read without running code from it (``weights_only``).
"""

from __future__ import annotations

import os
import pickle
import tempfile
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import torch

from rectifier.errors import InvalidInputError, OutputError
from rectifier.training.job import Job

FORMAT = 1


@dataclass
class Progress:
    """How far a run is.

    Attributes:
        step: Steps made. ``losses``: mean loss between two evaluations, with the step.
        scores: Every evaluation: step and scores by name.
    """

    step: int = 0
    losses: list[tuple[int, float]] = field(default_factory=list)
    scores: list[tuple[int, dict[str, float]]] = field(default_factory=list)


def save(
    path: Path,
    job: Job,
    optimizer: torch.optim.Optimizer,
    generator: torch.Generator,
    progress: Progress,
    settings: Mapping[str, Any],
) -> None:
    """Write a checkpoint, whole or not at all.

    Args:
        path: The file.
        job: What is trained.
        optimizer: With its state.
        generator: That draws the batches.
        progress: How far it is.
        settings: What determines the run, plain values.

    Raises:
        OutputError: It cannot be written.
    """
    content = {
        "format": FORMAT,
        "settings": dict(settings),
        "model": job.model.state_dict(),
        "optimizer": optimizer.state_dict(),
        "generator": generator.get_state(),
        "global": torch.random.get_rng_state(),
        "device": _device_state(job),
        "memory": job.memory(),
        "step": progress.step,
        "losses": list(progress.losses),
        "scores": list(progress.scores),
    }
    try:
        handle, name = tempfile.mkstemp(prefix=".rectifier-", dir=path.parent)
        try:
            with os.fdopen(handle, "wb") as file:
                torch.save(content, file)
                file.flush()
                os.fsync(file.fileno())
            Path(name).replace(path)
        except BaseException:
            with suppress(OSError):
                Path(name).unlink()
            raise
    except OSError as error:
        raise OutputError(f"the checkpoint {path} cannot be written ({error})") from error


def load(
    path: Path,
    job: Job,
    optimizer: torch.optim.Optimizer,
    generator: torch.Generator,
    settings: Mapping[str, Any],
) -> Progress:
    """Read a checkpoint into a run.

    Args:
        path: The file.
        job: Gets the weights and its memory.
        optimizer: Gets its state.
        generator: Gets its state, as does torch's global one.
        settings: Of the run that wants to go on; they must be those of the checkpoint.

    Returns:
        How far it was.

    Raises:
        InvalidInputError: It is no checkpoint, or one of another run.
    """
    try:
        content = torch.load(path, weights_only=True, map_location="cpu")
    except (pickle.UnpicklingError, RuntimeError, EOFError, ValueError) as error:
        raise InvalidInputError(
            f"{path} is no checkpoint of rectifier train that can be read; name another file"
        ) from error
    except OSError as error:
        raise InvalidInputError(f"the checkpoint {path} cannot be read ({error})") from error
    if not isinstance(content, dict) or content.get("format") != FORMAT:
        raise InvalidInputError(f"{path} is no checkpoint of this version of rectifier")
    kept = content["settings"]
    other = sorted(k for k in {*kept, *settings} if kept.get(k) != settings.get(k))
    if other:
        told = ", ".join(f"{k} {kept.get(k)!r} there, {settings.get(k)!r} here" for k in other)
        raise InvalidInputError(
            f"{path} is the checkpoint of another run ({told}); name another file"
        )
    job.model.load_state_dict(content["model"])
    optimizer.load_state_dict(content["optimizer"])
    generator.set_state(content["generator"])
    torch.random.set_rng_state(content["global"])
    if content.get("device") is not None:
        torch.cuda.set_rng_state(content["device"])
    if content["memory"]:
        job.remember(content["memory"])
    return Progress(
        content["step"],
        [(int(step), float(loss)) for step, loss in content["losses"]],
        [(int(step), dict(scores)) for step, scores in content["scores"]],
    )


def _device_state(job: Job) -> torch.Tensor | None:
    """The random state of the GPU that a job is trained on; None on the CPU."""
    if next(job.model.parameters()).is_cuda:
        return torch.cuda.get_rng_state()
    return None
