"""Train every network of rectifier.models on its built-in task, and say what it learned.

    python benchmarks/networks.py [--only cnn4,alphazero] [--steps N] [--cifar FOLDER]

Each network starts from the small size of ``rectifier train`` and is judged by its task's own
score beside what guessing gives. With ``--cifar`` a reduced AlexNet learns CIFAR-10 by the recipe
of 2012 (crops, flips, colour shifts, SGD whose rate is divided three times, ten-crop test); FOLDER
holds the python version's batches or parquet files, for which pyarrow is needed.
"""

from __future__ import annotations

import argparse
import io
import time
from pathlib import Path

import numpy as np
import torch
from machine import machine

from rectifier import models
from rectifier.training import loop, starts
from rectifier.training.imagenet import from_arrays
from rectifier.training.job import Job

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
    """CIFAR-10 from parquet files with the columns img.bytes and label."""
    import pyarrow.parquet as parquet
    from PIL import Image

    def read(name: str, count: int) -> tuple[np.ndarray, np.ndarray]:
        table = parquet.read_table(folder / f"{name}.parquet").slice(0, count)
        pictures = [
            np.asarray(Image.open(io.BytesIO(row["bytes"])).convert("RGB"), np.float32)
            for row in table.column("img").to_pylist()
        ]
        labels = np.array(table.column("label").to_pylist())
        return np.stack(pictures).transpose(0, 3, 1, 2), labels

    return from_arrays(
        "alexnet",
        *read("train", samples),
        *read("test", 1000),
        crop=28,
        classes=10,
        init="he_normal",
        epochs=6,
        sizes={"channels": (16, 32, 32, 32, 32), "hidden": 128, "stem": (5, 1)},
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
    if options.cifar:
        report("alexnet on CIFAR-10", cifar(options.cifar, options.samples), options.steps)


if __name__ == "__main__":
    main()
