"""Runs one trial: one training, from a seed, on one thread. The only file of compare with torch.

Layer: compare. The source of this file is part of every trial's hash (`rectifier.compare.trial`):
what is changed here makes new trials. Nothing is read from global random state, so a trial gives
the same numbers in any process, after any other trial.
"""

from __future__ import annotations

import math
import statistics
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace

import numpy as np
import torch
from torch import nn

import rectifier.torch as rt
from rectifier import models
from rectifier.compare.mechanism import measure
from rectifier.compare.trial import Outcome, Trial
from rectifier.data import Dataset
from rectifier.errors import InvalidInputError

_INIT, _ORDER = 11, 12
"""Streams of a seed, so that initial weights and order of data do not depend on each other."""


def attempt(trial: Trial, load: Callable[[int], Dataset]) -> Outcome:
    """Run a trial; an exception becomes an outcome with its reason.

    Args:
        trial: What to run.
        load: Gives the data of a seed.
    """
    begun = time.perf_counter()
    try:
        with _one_thread(), torch.random.fork_rng(devices=()):
            torch.manual_seed(trial.seed)  # for activations that draw random numbers themselves
            outcome = run_trial(trial, load(trial.seed))
    except Exception as error:  # noqa: BLE001 - one failed training must not end a comparison
        outcome = Outcome("error", reason=f"{type(error).__name__}: {error}")
    return replace(outcome, seconds=time.perf_counter() - begun)


def run_trial(trial: Trial, dataset: Dataset) -> Outcome:
    """Train, validate after every epoch, and test once with the best epoch's weights.

    Args:
        trial: What to run.
        dataset: The data of the trial's seed.

    Returns:
        The outcome; ``seconds`` is left at 0.

    Raises:
        InvalidInputError: The data are not those that the trial was planned with.
    """
    if dataset.checksum != trial.data.checksum:
        raise InvalidInputError(
            f"the data of task {trial.task!r}, seed {trial.seed}, are not those of the plan "
            f"(checksum {dataset.checksum[:12]}, planned {trial.data.checksum[:12]})"
        )
    train_x, train_y = torch.from_numpy(dataset.train_x), torch.from_numpy(dataset.train_y)
    validation = torch.from_numpy(dataset.validation_x), torch.from_numpy(dataset.validation_y)
    model = models.get(trial.model)(
        math.prod(train_x.shape[1:]),
        dataset.classes,
        activation=trial.activation,
        hidden=trial.hidden,
        generator=_generator(trial.seed, _INIT),
    )
    optimizer = _optimizer(trial, model)
    order = _generator(trial.seed, _ORDER)

    steps = trial.epochs * math.ceil(len(train_x) / trial.batch)
    losses: list[float] = []
    scores: list[float] = []
    times: list[float] = []
    best = Outcome("finished", validation=-math.inf)
    best_loss, best_weights = math.inf, _weights(model)

    def ended(outcome: Outcome) -> Outcome:
        return replace(
            outcome,
            train_loss=tuple(losses),
            validation_score=tuple(scores),
            validation=outcome.validation if scores else None,
            step_time=statistics.median(times) if times else math.nan,
        )

    def diverged(what: str, value: float, step: int) -> Outcome:
        return ended(
            replace(
                best,
                status="diverged",
                reason=f"{what} became {value} in epoch {len(losses) + 1}, step {step}",
            )
        )

    for epoch in range(1, trial.epochs + 1):
        model.train()
        rows = torch.randperm(len(train_x), generator=order)
        shuffled_x, shuffled_y = train_x[rows], train_y[rows]
        total = 0.0
        for start in range(0, len(rows), trial.batch):
            x, y = shuffled_x[start : start + trial.batch], shuffled_y[start : start + trial.batch]
            if trial.schedule == "linear":
                for group in optimizer.param_groups:
                    group["lr"] = trial.learning_rate * (1 - len(times) / steps)
            begun = time.perf_counter()
            optimizer.zero_grad()
            loss = nn.functional.cross_entropy(model(x), y)
            loss.backward()  # type: ignore[no-untyped-call]
            optimizer.step()
            value = loss.item()
            times.append(time.perf_counter() - begun)
            if not math.isfinite(value):
                return diverged("the loss", value, len(times))
            total += value * len(x)
        score, loss_now = _evaluate(model, *validation)
        if not math.isfinite(loss_now):
            return diverged("the validation loss", loss_now, len(times))
        losses.append(total / len(rows))
        scores.append(score)
        if best.validation is None or (score, -loss_now) > (best.validation, -best_loss):
            best, best_loss = replace(best, best_epoch=epoch, validation=score), loss_now
            best_weights = _weights(model)

    if trial.stage == "tuning":
        return ended(best)
    dead, sparsity, unseen = measure(model, train_x)
    with torch.no_grad():
        for parameter, kept in zip(model.parameters(), best_weights, strict=True):
            parameter.copy_(kept)
    test, _ = _evaluate(model, torch.from_numpy(dataset.test_x), torch.from_numpy(dataset.test_y))
    return ended(replace(best, reason=unseen, test=test, dead=dead, sparsity=sparsity))


def _generator(seed: int, stream: int) -> torch.Generator:
    state = np.random.SeedSequence([seed, stream]).generate_state(1, np.uint64)[0]
    return torch.Generator().manual_seed(int(state) & (2**63 - 1))


def _weights(model: nn.Module) -> list[torch.Tensor]:
    return [parameter.detach().clone() for parameter in model.parameters()]


def _optimizer(trial: Trial, model: nn.Module) -> torch.optim.Optimizer:
    """``fused`` does in one call what otherwise takes a third of a small network's step."""
    groups = rt.parameter_groups(model, weight_decay=trial.weight_decay)
    if trial.optimizer == "adam":
        return torch.optim.Adam(groups, lr=trial.learning_rate, fused=True)
    if trial.optimizer == "adamw":
        return torch.optim.AdamW(groups, lr=trial.learning_rate, fused=True)
    return torch.optim.SGD(groups, lr=trial.learning_rate, momentum=0.9, fused=True)


def _evaluate(model: nn.Module, x: torch.Tensor, y: torch.Tensor) -> tuple[float, float]:
    """Accuracy and mean loss over a split."""
    model.eval()
    with torch.no_grad():
        logits = model(x)
        loss = nn.functional.cross_entropy(logits, y)
        right = (logits.argmax(dim=1) == y).sum()
    return right.item() / len(y), loss.item()


@contextmanager
def _one_thread() -> Iterator[None]:
    """One thread: the order of additions, and so the last digit, depends on their number."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(threads)
