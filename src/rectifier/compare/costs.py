"""What a training step costs: time, energy, memory; and whether several train faster as one.

Layer: compare. The source of this file is part of every trial's hash. All arms are measured in one
process in turn, round by round, and the figure is that of the fastest round: what else the machine
does can only add to it. On a CPU the clock is the process's own, which stands still while others
have the core: on a machine with more to do than cores, no round of a long step goes by undisturbed,
and steps of 2 ms were once told to take 19 where one of 0.8 ms was not disturbed at all.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from rectifier.compare import device, energy, network
from rectifier.compare.course import optimizer_of
from rectifier.compare.objective import loss_of
from rectifier.compare.together import Members, refusal
from rectifier.compare.training import Tensors, check_data, fresh, noted, one_thread
from rectifier.compare.trial import Outcome, Trial
from rectifier.data import Dataset

ROUNDS, STEPS = 24, 2
"""Rounds at least, and the steps of each arm in a round."""
_MOST_ROUNDS, _ENOUGH = 240, 1.5
"""Short steps get more rounds, up to so many or so many seconds in all: a shared machine's slow
spells last for tenths of a second, and 24 rounds of them fell into one."""
_TOGETHER_ROUNDS, MEMBERS = 3, 16
"""Members that are tried together; more gain a little more."""


@dataclass
class _Bench:
    """One arm, ready to make steps."""

    step: Callable[[], Any]
    memory: float
    together: Callable[[], Any] | None
    why_not: str


def measure_costs(trials: Sequence[Trial], load: Callable[[int], Any]) -> list[Outcome]:
    """A cost outcome for each trial, each of another arm.

    Args:
        trials: Of stage ``cost``.
        load: Gives the data of a seed.
    """
    on = trials[0].device
    with one_thread(), device.repeatable(on) as notes, network.seeded(trials[0].seed):
        dataset = load(trials[0].seed)
        if not isinstance(dataset, Dataset):
            return [Outcome("finished", reason="episodes have steps of no fixed cost")] * len(
                trials
            )
        benches: list[_Bench | Exception] = []
        for trial in trials:
            check_data(trial, dataset)
            try:
                benches.append(_bench(trial, dataset))
            except Exception as error:  # noqa: BLE001 - the others can still be measured
                benches.append(error)
        clock = _clock(on)
        times: list[list[float]] = [[] for _ in trials]
        joules: list[list[float]] = [[] for _ in trials]
        begun_all = clock()
        for number in range(_MOST_ROUNDS):
            if number >= ROUNDS and clock() - begun_all > _ENOUGH:
                break
            for place, bench in enumerate(benches):
                if isinstance(bench, _Bench):
                    device.wait(on)
                    meter = energy.Meter()
                    begun = clock()
                    for _ in range(STEPS):
                        bench.step()
                    device.wait(on)
                    times[place].append((clock() - begun) / STEPS)
                    joules[place].append(meter.joules() / STEPS)
        outcomes = []
        for place, bench in enumerate(benches):
            if isinstance(bench, Exception):
                outcomes.append(Outcome("error", reason=f"{type(bench).__name__}: {bench}"))
                continue
            together, why_not = _together(bench, on)
            outcomes.append(
                Outcome(
                    "finished",
                    reason=why_not,
                    step_time=min(times[place]),
                    together_time=together,
                    memory=bench.memory,
                    **(_energy(times[place], joules[place]) if on == "cpu" else {}),
                )
            )
    return [noted(outcome, notes) for outcome in outcomes]


def _clock(on: str) -> Callable[[], float]:
    """Seconds: of the one thread that works, or of the wall where a GPU does."""
    return time.process_time if on == "cpu" else time.perf_counter


def _energy(times: Sequence[float], joules: Sequence[float]) -> dict[str, Any]:
    """Of the processor only: a GPU's own count moves ten times a second, too coarse for a step.

    The processor's count moves about every millisecond, so the rounds of a short step count nothing
    or two steps' worth; their mean is right. It is of all that the machine did.
    """
    if energy.readable():
        return {"joules": sum(joules) / len(joules), "energy": "measured"}
    return {"joules": energy.WATTS * min(times), "energy": "estimated"}


def _bench(trial: Trial, dataset: Dataset) -> _Bench:
    data = Tensors.of(dataset, trial.device)
    model = fresh(trial, dataset)
    # Copies: a view would count as keeping the whole training split for the backward pass.
    x, y = data.train_x[: trial.batch].clone(), data.train_y[: trial.batch].clone()
    loss = loss_of(dataset.kind)
    optimizer = optimizer_of(trial, model)

    def step() -> None:
        optimizer.zero_grad()
        loss(model(x), y).backward()  # type: ignore[no-untyped-call]
        optimizer.step()

    for _ in range(3):
        step()
    memory = _kept(model, lambda: loss(model(x), y))
    why_not = refusal(trial, model)
    if why_not:
        return _Bench(step, memory, None, why_not)
    try:
        members = Members([trial] * MEMBERS, [fresh(trial, dataset) for _ in range(MEMBERS)])
        many_x, many_y = x.expand(MEMBERS, *x.shape), y.expand(MEMBERS, *y.shape)

        def together() -> None:
            members.step(many_x, many_y, 0, 1000)

        together()
    except Exception as error:  # noqa: BLE001 - then they train one by one
        return _Bench(step, memory, None, f"cannot train together: {type(error).__name__}")
    return _Bench(step, memory, together, "")


def _together(bench: _Bench, on: str) -> tuple[float, str]:
    """Seconds of a step for each of several that train together."""
    if bench.together is None:
        return math.nan, bench.why_not
    times, clock = [], _clock(on)
    for _ in range(_TOGETHER_ROUNDS):
        device.wait(on)
        begun = clock()
        bench.together()
        device.wait(on)
        times.append((clock() - begun) / MEMBERS)
    return min(times), ""


def _kept(model: torch.nn.Module, loss: Callable[[], Tensor]) -> float:
    """Bytes that a forward pass keeps for the backward pass, the model's own weights left out."""
    own = {parameter.untyped_storage().data_ptr() for parameter in model.parameters()}
    storages: dict[int, int] = {}

    def pack(tensor: Tensor) -> Tensor:
        storage = tensor.untyped_storage()
        if storage.data_ptr() not in own:
            storages[storage.data_ptr()] = storage.nbytes()
        return tensor

    with torch.autograd.graph.saved_tensors_hooks(pack, lambda tensor: tensor):
        value = loss()
    del value
    return float(sum(storages.values()))
