"""Trials per minute of `rectifier compare` beside a plain loop; the cost of start-up and store.

The plain loop is what one would write: a model, Adam and batches for each trial in turn. It is run
with all of torch's threads and with one, and the faster of the two counts. Beside it, in turn in
the same run: this package's own trials one by one in a worker for each core, and groups of trials
that train as one in the same workers. All train the digits MLP (64 and 64 units) for the same
epochs and validate after each.

Then: the seconds that an engine adds to a trial, and the share of the time that the store takes.

With --device cuda all three run on the GPU; run it once for each device to set them side by side.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

import torch
from machine import machine
from torch import nn

from rectifier.compare import Store
from rectifier.compare.engines.local import LocalEngine
from rectifier.compare.job import Job
from rectifier.compare.placement import Placement
from rectifier.compare.planning import make_plan
from rectifier.compare.trial import Setting, Trial


def plain(trial: Trial, data: object) -> float:
    """One training as anyone would write it; returns the validation accuracy."""
    dataset = data
    torch.manual_seed(trial.seed)
    x, y, check_x, check_y = (
        torch.from_numpy(getattr(dataset, name)).to(trial.device)
        for name in ("train_x", "train_y", "validation_x", "validation_y")
    )
    model = nn.Sequential(
        nn.Linear(64, 64), nn.ReLU(), nn.Linear(64, 64), nn.ReLU(), nn.Linear(64, 10)
    ).to(trial.device)
    optimizer = torch.optim.AdamW(model.parameters(), lr=trial.setting.learning_rate)
    steps = trial.epochs * trial.steps
    schedule = torch.optim.lr_scheduler.LambdaLR(optimizer, lambda step: 1 - step / steps)
    for _ in range(trial.epochs):
        model.train()
        order = torch.randperm(len(x), device=trial.device)
        for start in range(0, len(x), trial.batch):
            rows = order[start : start + trial.batch]
            optimizer.zero_grad()
            loss = nn.functional.cross_entropy(model(x[rows]), y[rows])
            loss.backward()
            optimizer.step()
            schedule.step()
            loss.item()
        model.eval()
        with torch.no_grad():
            score = (model(check_x).argmax(1) == check_y).float().mean().item()
    return score


def measure(rounds: int, members: int, epochs: int, workers: int, device: str) -> dict[str, float]:
    """Trials per minute, and overheads."""
    plan = make_plan("digits", ["relu"], 2 * members, epochs=epochs, timing=False, device=device)
    rates = [0.002 * 1.05**number for number in range(len(plan.seeds))]
    arm = plan.arms[0]
    trials = [
        plan.trial(arm, Setting(rate, 0.05, 0.01), plan.tuning_seeds[0], "tuning") for rate in rates
    ]
    dataset = plan.task.load(plan.tuning_seeds[0])
    groups = [
        Job("together", tuple(trials[start : start + members]))
        for start in range(0, len(trials), members)
    ]
    alone = [Job("alone", (trial,)) for trial in trials[: 8 * workers]]
    threads = torch.get_num_threads()
    times: dict[str, list[float]] = {"threads": [], "thread": [], "alone": [], "together": []}
    with LocalEngine(plan.task, workers, Placement(plan.device, per_gpu=workers)) as engine:
        list(engine.run([Job("alone", (trials[0],))] * workers))  # torch is loaded, data are there
        for _ in range(rounds):
            for name, count in (("threads", threads), ("thread", 1)):
                torch.set_num_threads(count)
                times[name].append(_each(lambda: [plain(t, dataset) for t in trials[:8]], 8))
            torch.set_num_threads(threads)
            times["alone"].append(_each(lambda: list(engine.run(alone)), len(alone)))
            times["together"].append(_each(lambda: list(engine.run(groups)), len(trials)))
        begun = time.perf_counter()
        done = list(engine.run(alone))
        wall = (time.perf_counter() - begun) * workers
    busy = sum(outcome.seconds for _, outcomes in done for outcome in outcomes)
    per_minute = {name: 60 / statistics.median(found) for name, found in times.items()}
    per_minute["plain"] = max(per_minute["threads"], per_minute["thread"])
    return {
        **{f"{name}_per_minute": rate for name, rate in per_minute.items()},
        "alone_ratio": per_minute["alone"] / per_minute["plain"],
        "together_ratio": per_minute["together"] / per_minute["plain"],
        "engine_ms_per_trial": 1000 * max(0.0, wall - busy) / len(alone),
        "store_share": _store(done) / busy,
    }


def _each(work: object, count: int) -> float:
    begun = time.perf_counter()
    work()
    return (time.perf_counter() - begun) / count


def _store(done: Sequence[tuple[Job, list[object]]]) -> float:
    """Seconds to keep these outcomes in a file, one commit each."""
    with tempfile.TemporaryDirectory() as folder, Store(Path(folder) / "s.sqlite") as store:
        begun = time.perf_counter()
        for job, outcomes in done:
            store.append_all(zip(job.trials, outcomes, strict=True))
        return time.perf_counter() - begun


def main() -> None:
    """Print the table, or JSON."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--members", type=int, default=64, help="trials that train as one")
    parser.add_argument("--epochs", type=int, default=15)
    parser.add_argument("--workers", type=int, default=os.cpu_count() or 1)
    parser.add_argument("--device", default="cpu", help="cpu or cuda")
    parser.add_argument("--json", action="store_true", help="print JSON instead of a table")
    options = parser.parse_args()
    found = measure(
        options.rounds, options.members, options.epochs, options.workers, options.device
    )
    if options.json:
        print(json.dumps(found))
        return
    print(machine(options.workers))
    print(f"trials on {options.device}")
    for name, told in (("threads", "all of torch's threads"), ("thread", "one thread")):
        rate = found[f"{name}_per_minute"]
        print(f"plain loop, {told:22}{rate:7.0f} trials a minute")
    print(
        f"one by one, {options.workers} workers             {found['alone_per_minute']:7.0f}"
        f"   {found['alone_ratio']:.2f} ×"
    )
    print(
        f"{options.members} as one, {options.workers} workers              "
        f"{found['together_per_minute']:7.0f}   {found['together_ratio']:.2f} ×"
    )
    print(f"an engine adds {found['engine_ms_per_trial']:.1f} ms to a trial")
    print(f"the store takes {100 * found['store_share']:.2f} % of the time")


if __name__ == "__main__":
    main()
