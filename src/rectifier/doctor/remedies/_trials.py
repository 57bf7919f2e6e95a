"""Which of several rates suits best, tried in the opening of the rerun itself.

Layer: doctor's remedies; for those of the rate. What a sick run tells of the right rate is good to
a decade, so each candidate gets a few steps from the same weights, and the training goes on from
where the best one came to: no further training is paid for. It begins with the rate that the
evidence speaks for, and climbs while the loss falls clearly faster; where that one overshoots too,
it goes down. A loss that does not clearly fall under the first rate tells nothing, and that rate
stays, unless its steps are next to none. A rate that was climbed to is watched for a while: where
the loss loses again what it learnt then, the training goes back to the next lower one's end.

Source:
    Short trials prefer rates that are too low rather than too high (Wu, Ren, Liao and Grosse 2018,
    "Understanding short-horizon bias in stochastic meta-optimization"), so a larger one that wins
    wins rightly.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor
from torch.optim import Optimizer

from rectifier.doctor import evidence

UP, DOWN = 10**0.5, 0.2
"""From one candidate to the next: half a decade up; down by more, as what overshoots is far off."""

MOST, CLIMBING = 5, 8
"""Candidates at most, and of those that each beat the one before: how far below the right rate the
first one was is not known."""

RISEN = 1.25
"""Loss late in a trial over where it began, from which the rate overshoots (as the rule has it)."""

BURST = 4.0
"""A single loss, likewise: no need to wait for the end."""

VIOLENT = 0.1
"""Change of a step over the weights' norm, without which no rise is an overshoot, likewise."""


CRAWLING, FURTHEST = 1e-4, 100.0
"""Change of a step over the weights' norm, its median in a trial, under which the rate cannot be
the best one, however little the loss tells: a tenth of the usual. The next candidate goes straight
there, by two decades at most."""

WATCHED = 10
"""Trials' lengths for which the chosen rate is watched."""

LEARNT, LOST, DOUBLED = 0.8, 0.85, 2.0
"""Lowest loss of a trial's length over where the loss began, up to which something was learnt; loss
over that at the trials' end, and over the lowest one, from which it is lost again."""

USUAL = 1e-3
"""Change of a step over the weights' norm, its median in a trial, up to which the larger of two
rates is taken unless it is clearly worse: losses of a few steps are as noisy as their batches.
Where a rate is raised, the next one is tried up to there, whatever those losses tell."""

RESTLESS = 0.03
"""Change of a step over the weights' norm, its median in a trial, from which a candidate that is
calm so far will not stay so: thirty times the usual 1e-3, as the rule has it."""


@dataclass
class _State:
    """Weights, buffers and what optimisers remember, at one moment."""

    tensors: list[tuple[Tensor, Tensor]]
    memories: list[tuple[Optimizer, dict[Tensor, dict[str, Any]]]]

    def put_back(self) -> None:
        """Bring them to where they were; that is no update of the program's."""
        with torch._C.DisableTorchFunction(), torch.no_grad():
            for tensor, kept in self.tensors:
                tensor.data.copy_(kept)
        for optimizer, memory in self.memories:
            optimizer.state.clear()
            for parameter, values in memory.items():
                optimizer.state[parameter] = _copied(values)


def _copied(values: dict[str, Any]) -> dict[str, Any]:
    return {k: v.detach().clone() if isinstance(v, Tensor) else v for k, v in values.items()}


@dataclass
class _Candidate:
    """A factor, how its trial went, and where it came to."""

    factor: float
    losses: list[float]
    moved: list[float]
    overshot: bool = False
    end: _State | None = None

    @property
    def level(self) -> tuple[float, float]:
        """Of the loss in the later half of the trial: mean, and its standard error."""
        return _mean(self.losses[len(self.losses) // 2 :])

    @property
    def fell(self) -> bool:
        """Whether the loss was clearly lower in the later half."""
        (first, noise), (last, error) = _mean(self.losses[: len(self.losses) // 2]), self.level
        return last < first - math.hypot(noise, error)


def _mean(losses: list[float]) -> tuple[float, float]:
    """Mean and its standard error, by how the losses scatter about a line."""
    values = np.array(losses)
    if not values.size or not np.isfinite(values).all():
        return math.inf, 0.0
    if values.size < 4:
        return float(values.mean()), 0.0
    steps = np.arange(values.size)
    rest = values - np.polyval(np.polyfit(steps, values, 1), steps)
    return float(values.mean()), float(np.sqrt((rest**2).sum() / (values.size - 2) / values.size))


class Trials:
    """Chooses the factor of a rate.

    Args:
        factor: The one that the evidence speaks for.
        most: The largest to try.
        steps: Of each trial.
        unit: What a factor is a share of: candidates come in one digit of it, as a person types.
        tell: Is given the factors tried and the chosen one, where there was a choice.

    Attributes:
        factor: The one to use now. ``done``: whether it is the chosen one.
        elsewhere: Whether the weights were put back since the latest gradients were computed.
        watching: Whether the chosen rate may still turn out to be one too many.
    """

    def __init__(
        self,
        factor: float,
        most: float,
        steps: int,
        unit: float,
        tell: Callable[[list[float], float], None],
    ) -> None:
        self.factor = factor
        self.done = self.elsewhere = self.watching = False
        self._most = most
        self._steps = steps
        self._unit = unit
        self._tell = tell
        self._tried: list[_Candidate] = [_Candidate(factor, [], [])]
        self._origin: _State | None = None
        self._tensors: list[Tensor] = []
        self._optimizers: list[Optimizer] = []
        self._passes: list[float] = []
        self._first: Optimizer | None = None
        self._before: list[Tensor] = []
        self._lower: _Candidate | None = None
        self._start = self._end = 0.0
        self._lowest = math.inf

    def note(self, loss: float) -> None:
        """A backward pass begins from this loss; of several before one step the mean counts."""
        self._passes.append(loss)
        self.elsewhere = False

    @property
    def begun(self) -> bool:
        """Whether it is known what is trained."""
        return self._origin is not None

    @property
    def under_way(self) -> bool:
        """Whether what happens at a step matters: rates are tried, or the chosen one is watched."""
        return self.watching or (self.begun and not self.done)

    def begin(self, tensors: Iterable[Tensor], optimizers: Iterable[Optimizer]) -> None:
        """These are trained, and as they should be to start with; a step comes next."""
        self._optimizers = list(optimizers)
        held = [p for o in self._optimizers for g in o.param_groups for p in g["params"]]
        known = {id(t): t for t in [*tensors, *held] if t.numel()}
        self._tensors = list(known.values())
        self._origin = self._state()
        del self._passes[:-1]

    def _state(self) -> _State:
        return _State(
            [(t, t.detach().clone()) for t in self._tensors],
            [(o, {p: _copied(v) for p, v in o.state.items()}) for o in self._optimizers],
        )

    def before(self, optimizer: Optimizer | None) -> None:
        """A step comes."""
        if self.done and optimizer is not self._first:
            self._leave()
        if self.done:
            return
        if self._first is None:
            self._first = optimizer
        if optimizer is not self._first and self._passes:
            self._give_up()  # players with losses of their own: none tells how the other does
            return
        if self._passes:
            self.note_weights()

    def note_weights(self) -> None:
        """An update comes."""
        if not self.done:
            self._before = [t.detach().clone() for t in self._tensors]

    def after(self) -> None:
        """A step was made."""
        if not self._passes:
            return  # another optimiser's step for the same loss
        if self.done:
            self._watch()
            return
        trial, start = self._tried[-1], self._tried[0].losses
        trial.losses.append(sum(self._passes) / len(self._passes))
        trial.moved.append(self._change())
        self._passes = []
        latest = trial.losses[-1]
        violent = not max(trial.moved) < VIOLENT
        above = latest / start[0] if start[0] > 0 else 0.0
        burst = not math.isfinite(latest) or (violent and above > BURST)
        if len(trial.losses) < self._steps and not burst:
            return
        mean, error = trial.level
        risen = violent and start[0] > 0 and mean - error > RISEN * start[0]
        restless = float(np.median(trial.moved)) >= RESTLESS
        climbing = len(self._tried) > 1 and not self._tried[0].overshot
        trial.overshot = burst or risen or (climbing and restless)
        trial.end = self._state()
        self._next(trial)

    def _change(self) -> float:
        """Of the last step, over the norm before it; NaN where all weights were zero."""
        change = size = 0.0
        for old, new in zip(self._before, self._tensors, strict=False):
            norm = float(old.norm()) if new.requires_grad and new.dim() > 1 else 0.0
            if norm > 0:
                change = math.hypot(change, float((new.detach() - old).norm()))
                size = math.hypot(size, norm)
        return change / size if size > 0 else math.nan

    def _next(self, trial: _Candidate) -> None:
        """On to the next candidate, or to the end."""
        first, rest = self._tried[0], self._tried[1:]
        if first.overshot:
            go_on, by = trial.overshot, DOWN
        else:
            clear = _beats(trial, _best(self._tried[:-1])) if rest else trial.fell
            clear = clear or (trial is _best(self._tried) and bool(rest))
            moved = float(np.median(trial.moved))
            crawls = 0 < moved < CRAWLING
            mute = first.factor > 1 and 0 < moved <= USUAL / UP and trial is _best(self._tried)
            go_on = clear or ((crawls or mute) and not trial.overshot)
            by = max(UP, min(CRAWLING / moved, FURTHEST)) if crawls else UP
        factor = evidence.one_digit(self._unit * trial.factor * by) / self._unit
        most = MOST if first.overshot else CLIMBING
        if go_on and len(self._tried) < most and factor <= self._most and self._origin is not None:
            self._tried.append(_Candidate(factor, [], []))
            self.factor = factor
            self._origin.put_back()
            self.elsewhere = True
            return
        self._settle()

    def _settle(self) -> None:
        best = _best(self._tried)
        if best is not self._tried[-1]:
            self.elsewhere = True
            state = self._origin if best.overshot else best.end
            if state is not None:
                state.put_back()
        self.factor = best.factor
        tried = [candidate.factor for candidate in self._tried]
        place, start = self._tried.index(best), self._tried[0].losses[0]
        lower = self._tried[place - 1] if place and not self._tried[0].overshot else None
        if lower is not None and start > 0:
            self._lower, self._start, self._end = lower, start, best.level[0]
            self.watching = True
        self._close()
        if len(tried) > 1:
            self._tell(tried, self.factor)

    def _watch(self) -> None:
        """Go back to the next lower rate, and what it came to, where this one loses it again."""
        seen = self._tried[0]
        seen.losses.append(sum(self._passes) / len(self._passes))
        self._passes = []
        lower = self._lower
        if lower is None or lower.end is None:
            return
        if len(seen.losses) % self._steps:
            return
        mean, error = _mean(seen.losses[-2 * self._steps :])
        learnt = self._lowest < LEARNT * self._start
        if learnt and not mean - error <= max(LOST * self._end, DOUBLED * self._lowest):
            lower.end.put_back()
            self.elsewhere, self.factor = True, lower.factor
            self._leave()
            self._tell([lower.factor, seen.factor], lower.factor)
            return
        self._lowest = min(self._lowest, _mean(seen.losses[-self._steps :])[0])
        if len(seen.losses) >= WATCHED * self._steps:
            self._leave()

    def _leave(self) -> None:
        """The rate is watched no more."""
        self.watching, self._lower = False, None

    def _give_up(self) -> None:
        self.factor = self._tried[0].factor
        self._close()

    def _close(self) -> None:
        self.done = True
        self._origin, self._before, self._tensors, self._optimizers = None, [], [], []
        self._tried = [_Candidate(self.factor, [], [])]


def _beats(one: _Candidate, other: _Candidate) -> bool:
    if one.overshot != other.overshot:
        return other.overshot
    (mean, error), (known, noise) = one.level, other.level
    margin = math.hypot(error, noise)
    calm = one.factor > other.factor and float(np.median(one.moved)) <= USUAL
    return mean < known + margin if calm else mean < known - margin


def _best(among: list[_Candidate]) -> _Candidate:
    best = among[0]
    for candidate in among[1:]:
        if _beats(candidate, best):
            best = candidate
    return best
