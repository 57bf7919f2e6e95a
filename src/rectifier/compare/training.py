"""Runs trials: each one training, from a seed, on one thread.

Layer: compare. The source of this file is part of every trial's hash (`rectifier.compare.trial`):
what is changed here makes new trials. Nothing is read from global random state, so a trial gives
the same numbers in any process, after any other trial. Several that train as one are in
`rectifier.compare.together`, episodes in `rectifier.compare.policy`.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any

import torch
from torch import Tensor, nn

from rectifier.compare import device, network
from rectifier.compare.course import (
    AUGMENT,
    INIT,
    ORDER,
    OutOfTimeError,
    Record,
    augmented,
    factor,
    optimizer_of,
    seed_of,
    stream,
)
from rectifier.compare.mechanism import flow_and_sharpness, measure
from rectifier.compare.objective import evaluate, loss_of
from rectifier.compare.policy import run_episodes
from rectifier.compare.trial import Outcome, Trial
from rectifier.data import Dataset
from rectifier.errors import InvalidInputError

_PROBED = 1024
"""Training samples that the flow of gradients is measured on."""


def attempt(trial: Trial, load: Callable[[int], Any], seconds: float = math.inf) -> Outcome:
    """Run a trial; an exception becomes an outcome with its reason.

    Args:
        trial: What to run.
        load: Gives the data of a seed.
        seconds: After so long it is given up.
    """
    begun = time.perf_counter()
    try:
        with (
            one_thread(),
            device.repeatable(trial.device) as notes,
            network.seeded(trial.seed),  # for what draws random numbers itself
        ):
            outcome = run_trial(trial, load(trial.seed), begun + seconds)
        outcome = noted(outcome, notes)
    except Exception as error:  # noqa: BLE001 - one failed training must not end a comparison
        outcome = failed(error)
    return replace(outcome, seconds=time.perf_counter() - begun)


def noted(outcome: Outcome, notes: Sequence[str]) -> Outcome:
    """The outcome with what is to be known of how it came about."""
    return replace(outcome, reason=" ".join(filter(None, (outcome.reason, *notes))))


def failed(error: Exception) -> Outcome:
    """The outcome of a trial that raised."""
    if isinstance(error, OutOfTimeError):
        return Outcome("timeout", reason=str(error))
    text = str(error)
    memory = "not enough memory" in text or "allocate memory" in text  # a RuntimeError of torch
    if memory or isinstance(error, MemoryError | torch.OutOfMemoryError):
        return Outcome("error", reason="out of memory")
    return Outcome("error", reason=f"{type(error).__name__}: {error}")


def run_trial(trial: Trial, dataset: Any, deadline: float = math.inf) -> Outcome:
    """Train, validate after every epoch, and test once with the best epoch's weights.

    Args:
        trial: What to run.
        dataset: The data of the trial's seed.
        deadline: On the performance counter; None of the time after it may be used.

    Returns:
        The outcome; ``seconds`` is left at 0.

    Raises:
        InvalidInputError: The data are not those that the trial was planned with.
        OutOfTimeError: The deadline has passed.
    """
    check_data(trial, dataset)
    if not isinstance(dataset, Dataset):
        return run_episodes(trial, dataset, deadline)
    data = Tensors.of(dataset, trial.device)
    model = fresh(trial, dataset)
    optimizer = optimizer_of(trial, model)
    order, noise = stream(trial.seed, ORDER), stream(trial.seed, AUGMENT)
    loss_function = loss_of(dataset.kind)
    record = Record(trial, model)
    steps, done = trial.epochs * math.ceil(len(data.train_x) / trial.batch), 0
    for epoch in range(1, trial.epochs + 1):
        model.train()
        rows = torch.randperm(len(data.train_x), generator=order).to(trial.device)
        total = 0.0
        for start in range(0, len(rows), trial.batch):
            taken = rows[start : start + trial.batch]
            x, y = augmented(data.train_x[taken], trial.augment, noise), data.train_y[taken]
            rate = trial.setting.learning_rate * factor(trial, done, steps)
            for group in optimizer.param_groups:
                group["lr"] = rate
            optimizer.zero_grad()
            loss = loss_function(model(x), y)
            loss.backward()  # type: ignore[no-untyped-call]
            optimizer.step()
            done += 1
            value = loss.item()
            if not math.isfinite(value):
                return record.diverged("the loss", value, done)
            if time.perf_counter() > deadline:
                raise OutOfTimeError(f"stopped in epoch {epoch}, step {done}: out of time")
            total += value * len(taken)
        model.eval()
        score, loss_now = evaluate(dataset.kind, model, data.validation_x, data.validation_y)
        if not math.isfinite(loss_now):
            return record.diverged("the validation loss", loss_now, done)
        record.epoch(total / len(rows), score, loss_now)
    if trial.stage == "tuning":
        return record.ended()
    return examined(record, dataset, data)


def examined(record: Record, dataset: Dataset, data: Tensors) -> Outcome:
    """The outcome of a final run: what the units do at the end, then the one look at the test."""
    model = record.model
    dead, sparsity, unseen = measure(model, data.train_x)
    x, y = data.train_x[:_PROBED], data.train_y[:_PROBED]
    loss = loss_of(dataset.kind)
    flow, sharpness = flow_and_sharpness(model, lambda: loss(model(x), y))
    record.restore()
    model.eval()
    test, _ = evaluate(dataset.kind, model, data.test_x, data.test_y)
    return replace(
        record.ended(),
        reason=unseen,
        test=test,
        dead=dead,
        sparsity=sparsity,
        gradient_flow=flow,
        sharpness=sharpness,
    )


@dataclass(frozen=True)
class Tensors:
    """A data set's arrays as tensors."""

    train_x: Tensor
    train_y: Tensor
    validation_x: Tensor
    validation_y: Tensor
    test_x: Tensor
    test_y: Tensor

    @classmethod
    def of(cls, dataset: Dataset, device: str) -> Tensors:
        """On the CPU without a copy. The test split is looked at by no one before the end."""
        return cls(*(_Lazy(dataset, name, device) for name in cls.__dataclass_fields__))  # type: ignore[arg-type]

    def __getattribute__(self, name: str) -> Any:
        value = super().__getattribute__(name)
        return value.tensor() if isinstance(value, _Lazy) else value


class _Lazy:
    """An array that becomes a tensor when it is asked for."""

    def __init__(self, dataset: Dataset, name: str, device: str) -> None:
        self._dataset, self._name, self._device = dataset, name, device
        self._made: Tensor | None = None

    def tensor(self) -> Tensor:
        if self._made is None:
            self._made = torch.from_numpy(getattr(self._dataset, self._name)).to(self._device)
        return self._made


def check_data(trial: Trial, dataset: Any) -> None:
    """Raise unless the data are those of the plan."""
    if dataset.checksum != trial.data.checksum:
        raise InvalidInputError(
            f"the data of task {trial.task!r}, seed {trial.seed}, are not those of the plan "
            f"(checksum {dataset.checksum[:12]}, planned {trial.data.checksum[:12]}); what "
            "loads them must give the same each time"
        )


def fresh(trial: Trial, dataset: Dataset) -> nn.Module:
    """The network of a trial before its training, on its device."""
    shapes = network.Shapes(dataset.shape, dataset.outputs, dataset.kind)
    example = torch.from_numpy(dataset.train_x[:2])
    made = network.build(
        trial.subject,
        trial.arm,
        shapes,
        seed_of(trial.seed, INIT),
        example,
        on_equal_terms=trial.stage == "cost",
    )
    return made.to(trial.device)


@contextmanager
def one_thread() -> Iterator[None]:
    """One thread: the order of additions, and so the last digit, depends on their number."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(threads)
