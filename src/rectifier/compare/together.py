"""Several networks of one architecture that train as one, by torch.func.

Layer: compare. The source of this file is part of every trial's hash. The weights of all members
are stacked; one forward and one backward pass serve all of them; each member has its own data,
order, learning rate, warm-up and weight decay, and the same numbers come out as alone but for
rounding (a test: within 1e-6 after 100 steps in double precision). What cannot be stacked without
changing what is computed is refused by `refusal`, in words.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import torch
from torch import Tensor, nn
from torch.func import functional_call, stack_module_state, vmap

from rectifier.compare import device, network
from rectifier.compare.course import ORDER, OutOfTimeError, Record, factor, stream
from rectifier.compare.objective import loss_of, score_and_loss, sums
from rectifier.compare.training import Tensors, check_data, examined, fresh, noted, one_thread
from rectifier.compare.trial import Outcome, Trial
from rectifier.compare.updates import updates_of
from rectifier.data import Dataset
from rectifier.errors import InvalidInputError

_CHUNK = 4096
"""Samples that are evaluated at once, those of all members together."""


def refusal(trial: Trial, model: nn.Module) -> str:
    """Why trials like this one cannot train together; empty where they can."""
    if trial.data.kind == "episodes":
        return "episodes differ in length"
    if trial.augment:
        return "samples are augmented one by one"
    if "forward" in model.__dict__:
        return "function calls in its forward are replaced while it runs"
    for module in model.modules():
        name = type(module).__name__
        if isinstance(module, nn.RNNBase):
            return f"{name} has no batched form"
        if getattr(module, "track_running_stats", False):
            return f"{name} keeps running statistics"
        if isinstance(module, nn.modules.dropout._DropoutNd) and module.p > 0:
            return f"{name} draws from one generator for all"
    return ""


class Members:
    """Networks that train together.

    Args:
        trials: One for each, alike but for seeds, stages and settings.
        models: Their networks, fresh; the first is used as the pattern of all.
    """

    def __init__(self, trials: Sequence[Trial], models: Sequence[nn.Module]) -> None:
        self.trials, self.pattern = tuple(trials), models[0]
        stacked, buffers = stack_module_state(list(models))
        self.weights = {
            name: value.detach().clone().requires_grad_() for name, value in stacked.items()
        }
        self._buffers = buffers
        kind = trials[0].data.kind
        loss = loss_of(kind)

        def one(
            weights: dict[str, Tensor], buffers: dict[str, Tensor], x: Tensor, y: Tensor
        ) -> Tensor:
            return loss(functional_call(self.pattern, (weights, buffers), (x,)), y)

        def totals(
            weights: dict[str, Tensor], buffers: dict[str, Tensor], x: Tensor, y: Tensor
        ) -> Tensor:
            return sums(kind, functional_call(self.pattern, (weights, buffers), (x,)), y)

        self._losses, self._totals = vmap(one), vmap(totals)
        self._updates = updates_of(self.trials, self.pattern, self.weights)

    def step(self, x: Tensor, y: Tensor, step: int, steps: int) -> Tensor:
        """One step of all members: their samples first, (members, batch, …). The losses before."""
        for value in self.weights.values():
            value.grad = None
        losses: Tensor = self._losses(self.weights, self._buffers, x, y)
        losses.sum().backward()  # type: ignore[no-untyped-call]
        self._updates.apply([t.setting.learning_rate * factor(t, step, steps) for t in self.trials])
        return losses.detach()

    def evaluate(self, x: Tensor, y: Tensor) -> list[tuple[float, float]]:
        """Score and mean loss of each member on its own split."""
        kind, count = self.trials[0].data.kind, len(self.trials)
        chunk = max(1, _CHUNK // count)
        self.pattern.eval()
        with torch.no_grad():
            total = torch.zeros(count, 4, dtype=torch.float64, device=x.device)
            for start in range(0, x.shape[1], chunk):
                part = slice(start, start + chunk)
                total += self._totals(self.weights, self._buffers, x[:, part], y[:, part])
        self.pattern.train()
        means = y.flatten(1).double().mean(dim=1) if kind == "values" else torch.zeros(count)
        rows, centres = total.cpu(), means.tolist()
        return [score_and_loss(kind, rows[n], centres[n]) for n in range(count)]

    def state(self, member: int) -> dict[str, Tensor]:
        """Weights of one member, as views."""
        return {name: value.detach()[member] for name, value in self.weights.items()}


def train_together(
    trials: Sequence[Trial], load: Callable[[int], Any], seconds: float = math.inf
) -> list[Outcome]:
    """Train and judge as `rectifier.compare.training.run_trial` does, all at once.

    Args:
        trials: Alike but for seeds, stages and settings.
        load: Gives the data of a seed.
        seconds: After so long all are given up.

    Returns:
        Their outcomes in order.

    Raises:
        InvalidInputError: They cannot train together, or the data are not those of the plan.
    """
    begun = time.perf_counter()
    on = trials[0].device
    with one_thread(), device.repeatable(on) as notes, network.seeded(trials[0].seed):
        sets: dict[int, Dataset] = {trial.seed: load(trial.seed) for trial in trials}
        for trial in trials:
            check_data(trial, sets[trial.seed])
        models = [fresh(trial, sets[trial.seed]) for trial in trials]
        why_not = refusal(trials[0], models[0])
        if why_not:
            raise InvalidInputError(f"these trials cannot train together: {why_not}")
        records, failures = _train(trials, models, sets, begun + seconds)
        outcomes = [
            _outcome(record, sets[trial.seed], failure)
            for trial, record, failure in zip(trials, records, failures, strict=True)
        ]
    share = (time.perf_counter() - begun) / len(trials)
    return [
        replace(noted(outcome, notes), seconds=share, together=len(trials)) for outcome in outcomes
    ]


def _outcome(record: Record, dataset: Dataset, failure: Outcome | None) -> Outcome:
    if failure is not None:
        return failure
    if record.trial.stage == "tuning":
        return record.ended()
    return examined(record, dataset, Tensors.of(dataset, record.trial.device))


def _train(
    trials: Sequence[Trial],
    models: Sequence[nn.Module],
    sets: dict[int, Dataset],
    deadline: float,
) -> tuple[list[Record], list[Outcome | None]]:
    members = Members(trials, models)
    seeds = list(sets)
    on = trials[0].device
    which = torch.tensor([seeds.index(trial.seed) for trial in trials], device=on)
    data = {seed: Tensors.of(sets[seed], on) for seed in seeds}
    train_x = torch.stack([data[seed].train_x for seed in seeds])
    train_y = torch.stack([data[seed].train_y for seed in seeds])
    validation_x = torch.stack([data[t.seed].validation_x for t in trials])
    validation_y = torch.stack([data[t.seed].validation_y for t in trials])
    orders = [stream(trial.seed, ORDER) for trial in trials]
    records = [Record(trial, model) for trial, model in zip(trials, models, strict=True)]
    failures: list[Outcome | None] = [None] * len(trials)
    count, batch = train_x.shape[1], trials[0].batch
    steps, done = trials[0].epochs * math.ceil(count / batch), 0
    for epoch in range(1, trials[0].epochs + 1):
        rows = torch.stack([torch.randperm(count, generator=order) for order in orders]).to(on)
        totals = torch.zeros(len(trials), dtype=torch.float64, device=on)
        for start in range(0, count, batch):
            taken = rows[:, start : start + batch]
            losses = members.step(
                train_x[which[:, None], taken], train_y[which[:, None], taken], done, steps
            )
            done += 1
            totals += losses.double() * taken.shape[1]
            if not bool(torch.isfinite(losses).all()):
                _note(records, failures, "the loss", losses.tolist(), done)
            if time.perf_counter() > deadline:
                raise OutOfTimeError(f"stopped in epoch {epoch}, step {done}: out of time")
        judged, trained = members.evaluate(validation_x, validation_y), totals.tolist()
        _note(records, failures, "the validation loss", [loss for _, loss in judged], done)
        for number, record in enumerate(records):
            if failures[number] is None:
                score, loss = judged[number]
                if record.improves(score, loss):
                    _copy(members, number, record.model)
                record.epoch(trained[number] / count, score, loss)
        if all(failure is not None for failure in failures):
            break
    for number, record in enumerate(records):
        _copy(members, number, record.model)
    return records, failures


def _note(
    records: Sequence[Record],
    failures: list[Outcome | None],
    what: str,
    values: Sequence[float],
    step: int,
) -> None:
    for number, value in enumerate(values):
        if failures[number] is None and not math.isfinite(value):
            failures[number] = records[number].diverged(what, value, step)


def _copy(members: Members, number: int, model: nn.Module) -> None:
    """Put a member's weights into a network of its own."""
    with torch.no_grad():
        own = dict(model.named_parameters())
        for name, value in members.state(number).items():
            own[name].copy_(value)
