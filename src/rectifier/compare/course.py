"""What every kind of training has in common: streams of a seed, rates, the record of a course.

Layer: compare. The source of this file is part of every trial's hash.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field, replace

import numpy as np
import torch
from torch import Tensor, nn

import rectifier.torch as rt
from rectifier.compare.trial import Outcome, Trial

INIT, ORDER, AUGMENT, ACT = 11, 12, 13, 14
"""Streams of a seed, so that initial weights, order of data, augmentation and actions are apart."""


class OutOfTimeError(Exception):
    """A trial took longer than it was given."""


@dataclass
class Record:
    """What a training has come to so far, and its best weights."""

    trial: Trial
    model: nn.Module
    losses: list[float] = field(default_factory=list)
    scores: list[float] = field(default_factory=list)
    best_epoch: int = 0
    _best: tuple[float, float] = (-math.inf, -math.inf)
    _weights: dict[str, Tensor] = field(default_factory=dict)

    def improves(self, score: float, validation_loss: float) -> bool:
        """Whether an epoch that ended so is the best one so far."""
        return not self.best_epoch or (score, -validation_loss) > self._best

    def epoch(self, loss: float, score: float, validation_loss: float) -> None:
        """Note an epoch that has ended."""
        self.losses.append(loss)
        self.scores.append(score)
        if self.improves(score, validation_loss):
            self._best, self.best_epoch = (score, -validation_loss), len(self.scores)
            if self.trial.stage == "final":
                state = self.model.state_dict()
                self._weights = {name: value.detach().clone() for name, value in state.items()}

    def restore(self) -> None:
        """Give the model its best weights."""
        with torch.no_grad():
            for name, value in self.model.state_dict().items():
                value.copy_(self._weights[name])

    def ended(self) -> Outcome:
        """The outcome as it stands."""
        return Outcome(
            "finished",
            train_loss=tuple(self.losses),
            validation_score=tuple(self.scores),
            best_epoch=self.best_epoch,
            validation=self._best[0] if self.best_epoch else None,
        )

    def diverged(self, what: str, value: float, step: int) -> Outcome:
        """The outcome of a training that ends here, because a number was not finite."""
        place = f"in epoch {len(self.losses) + 1}, step {step}"
        return replace(self.ended(), status="diverged", reason=f"{what} became {value} {place}")


def seed_of(seed: int, number: int) -> int:
    """A seed of its own for one stream of a trial's seed."""
    state = np.random.SeedSequence([seed, number]).generate_state(1, np.uint64)[0]
    return int(state) & (2**63 - 1)


def stream(seed: int, number: int) -> torch.Generator:
    """A generator for one stream of a trial's seed."""
    return torch.Generator().manual_seed(seed_of(seed, number))


def factor(trial: Trial, step: int, steps: int) -> float:
    """What the learning rate is multiplied with at a step, counted from 0."""
    warm = trial.setting.warmup * steps
    rise = min(1.0, (step + 1) / warm) if warm >= 1 else 1.0
    return rise * (1 - step / steps if trial.schedule == "linear" else 1.0)


def augmented(x: Tensor, augment: str, generator: torch.Generator) -> Tensor:
    """Images moved by up to a tenth, what is left free zero, and perhaps half of them mirrored."""
    if not augment:
        return x
    count, _, height, width = x.shape
    most = max(1, height // 10)
    padded = nn.functional.pad(x, (most, most, most, most))
    shift = torch.randint(0, 2 * most + 1, (2, count), generator=generator)
    rows = (shift[0][:, None] + torch.arange(height))[:, :, None].to(x.device)
    columns = (shift[1][:, None] + torch.arange(width))[:, None, :].to(x.device)
    places = torch.arange(count, device=x.device)[:, None, None]
    moved = padded[places, :, rows, columns].permute(0, 3, 1, 2)
    if augment == "flip":
        mirror = (torch.rand(count, generator=generator) < 0.5).to(x.device)
        moved = torch.where(mirror[:, None, None, None], moved.flip(3), moved)
    return moved


def optimizer_of(trial: Trial, model: nn.Module) -> torch.optim.Optimizer:
    """``fused`` does in one call what otherwise takes a third of a small network's step."""
    groups = rt.parameter_groups(model, weight_decay=trial.setting.weight_decay)
    rate = trial.setting.learning_rate
    if trial.optimizer == "adam":
        return torch.optim.Adam(groups, lr=rate, fused=True)
    if trial.optimizer == "adamw":
        return torch.optim.AdamW(groups, lr=rate, fused=True)
    return torch.optim.SGD(groups, lr=rate, momentum=0.9, fused=True)
