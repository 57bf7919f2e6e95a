"""Train every network of rectifier.models on its built-in task, and say what it learned.

    python benchmarks/networks.py [--only cnn4,alphazero] [--steps N] [--cifar FOLDER]

Each network starts from the small size of ``rectifier train`` and is judged by its task's own
score beside what guessing gives; AlphaZero's also plays the second board, connect3. With
``--cifar`` a reduced AlexNet learns CIFAR-10 by the recipe of 2012 (crops, flips, colour shifts,
SGD whose rate is divided three times, ten-crop test); FOLDER holds ``train.parquet`` and
``test.parquet`` (pip install 'rectifier[export,report]' to read them).
"""

from __future__ import annotations

import argparse
import dataclasses
import time
from pathlib import Path

import torch
from machine import machine

from rectifier import models
from rectifier.training import loop, starts
from rectifier.training.imagenet import from_tables
from rectifier.training.job import Job
from rectifier.training.recipes import ALEXNET

OTHER_TASKS = {"alphazero": ("connect3",)}
GUESSING = {"validation accuracy": 0.1, "points against chance": 0.5, "ten-crop accuracy": 0.1}


def report(name: str, job: Job, steps: int | None) -> None:
    begun = time.perf_counter()
    total = steps or job.steps
    before = job.evaluate()
    trained = loop.run(job, steps=total, seed=0, every=total)
    score, value = next(iter(trained.progress.scores[-1][1].items()))
    guess = GUESSING.get(score)
    harmful = [f.rule for f in trained.findings if f.severity != "info"]
    print(
        f"{name:20} {score} {value:.3f}, fresh {before[score]:.3f}"
        + (f", guessing {guess:g}" if guess is not None else "")
        + f"; {total} steps, {time.perf_counter() - begun:.0f} s"
        + (f"; findings: {', '.join(harmful)}" if harmful else ""),
        flush=True,
    )


def cifar(folder: Path, samples: int) -> Job:
    """AlexNet of a tenth of the width on CIFAR-10: eight passes instead of ninety.

    So few steps need a larger rate, and smaller batches, than those of 2012; the rest is theirs.
    """
    return from_tables(
        "alexnet",
        folder,
        samples=samples,
        tested=1000,
        crop=28,
        init="he_normal",
        batch=64,
        epochs=8,
        sizes={"channels": (16, 32, 32, 32, 32), "hidden": 128, "stem": (5, 1)},
        recipe=dataclasses.replace(ALEXNET, rate=0.03),
    )


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--only", default="", help="networks alone, with commas between them")
    parser.add_argument("--steps", type=int, help="of each network; default: its own number")
    parser.add_argument("--cifar", type=Path, help="folder with train.parquet and test.parquet")
    parser.add_argument("--samples", type=int, default=10_000, help="of CIFAR-10 to train on")
    options = parser.parse_args()
    print(machine(torch.get_num_threads()))
    chosen = [name for name in options.only.split(",") if name]
    for name in chosen or models.names():
        if name in starts.STARTS and not (options.cifar and not chosen):
            if name == "alphago_policy":
                continue  # it learns the moves of a teacher; alphazero's are the ones played here
            report(name, starts.make(name), options.steps)
            for task in OTHER_TASKS.get(name, ()):
                report(f"{name} on {task}", starts.make(name, task=task), options.steps)
    if options.cifar:
        report("alexnet on CIFAR-10", cifar(options.cifar, options.samples), options.steps)


if __name__ == "__main__":
    main()
