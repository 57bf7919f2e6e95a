"""Learning to act: the policy gradient with a baseline, in an environment of `rectifier.data`.

Layer: compare. The source of this file is part of every trial's hash. An epoch is a few updates,
each from episodes that the policy as it is has played; the score is the mean length of fresh
episodes in which the likelier action is taken, over the longest there can be.

Source: R. Williams (1992), "Simple statistical gradient-following algorithms for connectionist
reinforcement learning"; the baseline is the mean return of all carts at that step.
"""

from __future__ import annotations

import importlib
import math
import time
from dataclasses import replace
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from rectifier.compare import course, network
from rectifier.compare.mechanism import measure
from rectifier.compare.trial import Outcome, Trial
from rectifier.data import Episodes

UPDATES = 4
"""Updates of the policy in an epoch."""
_DISCOUNT = 0.99
_CHECKED, _TESTED = 32, 128
"""Episodes that a score is the mean of, after an epoch and at the end."""


def run_episodes(trial: Trial, episodes: Episodes, deadline: float) -> Outcome:
    """Learn for the epochs of a trial; see `rectifier.compare.training.run_trial`."""
    shapes = network.Shapes(episodes.shape, episodes.outputs, episodes.kind)
    example = torch.zeros(2, *episodes.shape)
    seed = course.seed_of(trial.seed, course.INIT)
    model = network.build(trial.subject, trial.arm, shapes, seed, example).to(trial.device)
    optimizer = course.optimizer_of(trial, model)
    record = course.Record(trial, model)
    streams = np.random.SeedSequence([trial.seed, course.ACT]).spawn(4)
    starts, acts, checks, tests = (np.random.default_rng(each) for each in streams)
    steps, done = trial.epochs * UPDATES, 0
    seen = torch.zeros(0, *episodes.shape, device=trial.device)
    for epoch in range(1, trial.epochs + 1):
        share = 0.0
        for _ in range(UPDATES):
            model.train()
            states, actions, alive = _play(model, episodes, trial.batch, starts, acts)
            share += float(alive.sum()) / alive.shape[1] / UPDATES
            rate = trial.setting.learning_rate * course.factor(trial, done, steps)
            for group in optimizer.param_groups:
                group["lr"] = rate
            optimizer.zero_grad()
            loss = _loss(model, states, actions, alive)
            loss.backward()  # type: ignore[no-untyped-call]
            optimizer.step()
            done += 1
            value = loss.item()
            if not math.isfinite(value) or not all(
                bool(torch.isfinite(p).all()) for p in model.parameters()
            ):
                return record.diverged("the loss or a weight", value, done)
            if time.perf_counter() > deadline:
                raise course.OutOfTimeError(f"stopped in epoch {epoch}: out of time")
            seen = states.flatten(0, 1)[:: max(1, states.shape[0] * states.shape[1] // 2048)]
        score = _score(model, episodes, _CHECKED, checks)
        record.epoch(1 - share / episodes.longest, score, 1 - score)
    if trial.stage == "tuning":
        return record.ended()
    dead, sparsity, unseen = measure(model, seen)
    record.restore()
    test = _score(model, episodes, _TESTED, tests)
    return replace(record.ended(), reason=unseen, test=test, dead=dead, sparsity=sparsity)


def _play(
    model: nn.Module,
    episodes: Episodes,
    count: int,
    starts: np.random.Generator,
    acts: np.random.Generator,
) -> tuple[Tensor, Tensor, Any]:
    """States and actions of episodes side by side, and who was still standing after each step."""
    environment = _environment(episodes, count, starts)
    states, actions, alive = [], [], []
    while not environment.over:
        state = _state(environment, model)
        standing = environment.alive.copy()
        with torch.no_grad():
            likely = torch.softmax(model(state), dim=1)[:, 1].double().numpy(force=True)
        right = acts.random(count) < likely
        environment.step(right)
        states.append(state)
        actions.append(torch.from_numpy(right.astype(np.int64)).to(state.device))
        alive.append(standing)
    return torch.stack(states), torch.stack(actions), np.stack(alive).astype(np.float64)


def _loss(model: nn.Module, states: Tensor, actions: Tensor, alive: Any) -> Tensor:
    returns = np.zeros_like(alive)
    ahead = np.zeros(alive.shape[1])
    for step in reversed(range(len(alive))):
        ahead = alive[step] * (1 + _DISCOUNT * ahead)
        returns[step] = ahead
    standing = np.maximum(alive.sum(axis=1, keepdims=True), 1)
    advantage = (returns - returns.sum(axis=1, keepdims=True) / standing) * alive
    count = max(alive.sum(), 1.0)
    spread = math.sqrt(float((advantage**2).sum()) / count) or 1.0
    weight = torch.from_numpy((advantage / spread).astype(np.float32)).flatten().to(states.device)
    logs = torch.log_softmax(model(states.flatten(0, 1)), dim=1)
    chosen = logs.gather(1, actions.flatten()[:, None])[:, 0]
    loss: Tensor = -(weight * chosen).sum() / count
    return loss


def _score(model: nn.Module, episodes: Episodes, count: int, starts: np.random.Generator) -> float:
    environment = _environment(episodes, count, starts)
    model.eval()
    length = np.zeros(count)
    with torch.no_grad():
        while not environment.over:
            length += environment.alive
            likelier = model(_state(environment, model)).argmax(dim=1)
            environment.step(likelier.numpy(force=True) == 1)
    return float(length.mean()) / episodes.longest


def _state(environment: Any, model: nn.Module) -> Tensor:
    """Where all carts are, on the model's device."""
    state = torch.from_numpy(environment.state.astype(np.float32))
    return state.to(next(model.parameters()).device)


def _environment(episodes: Episodes, count: int, generator: np.random.Generator) -> Any:
    module = importlib.import_module(f"rectifier.data.{episodes.environment}")
    return module.Environment(count, generator)
