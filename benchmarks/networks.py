"""Train every network of rectifier.models on a task, and say what it learned beside guessing.

    python benchmarks/networks.py [--only cnn4,alphazero] [--steps N] [--cifar FOLDER]
        [--device cuda] [--jobs N] [--limit S] [--json F]

On the CPU the networks have the small sizes of ``rectifier train``; on another device those that
have one get their published width and depth (on small images, so the first layer is that for
small images). Each is scored on data it was not trained on, beside what guessing gives and what
its fresh weights give; AlphaZero's plays two boards. On the CPU a grouped AlexNet is trained in two
processes too, a group in each.

With ``--cifar`` a reduced AlexNet learns CIFAR-10 by the recipe of 2012 (crops, flips, colour
shifts, SGD whose rate is divided three times, ten-crop test), and networks of 20 and 56 layers do
with shortcuts and without. FOLDER holds ``train.parquet`` and ``test.parquet`` (pip install
'rectifier[export,report]' to read them). Seconds are those of a run beside ``--jobs`` others.
"""

from __future__ import annotations

import argparse
import dataclasses
import json
import math
import multiprocessing
import os
import tempfile
import time
from collections.abc import Callable, Mapping
from concurrent.futures import ProcessPoolExecutor, as_completed
from pathlib import Path
from typing import Any

import torch
from machine import machine

from rectifier import data, models
from rectifier.models.alexnet import CHANNELS
from rectifier.training import loop, starts
from rectifier.training.classify import accuracy, shaped
from rectifier.training.imagenet import from_tables
from rectifier.training.job import Job
from rectifier.training.recipes import ALEXNET

GUESSING = {
    "validation accuracy": 0.1,
    "points against chance": 0.5,
    "ten-crop accuracy": 0.1,
    "variance explained": 0.0,
    "variance kept": 0.0,
}
"""What a score is without having learned anything; a job that measures it says ``guessing``."""
LESS_IS_BETTER = ("bits a character",)

DEEP = {"rate": 1e-4, "steps": 1000}
PUBLISHED: Mapping[str, tuple[Mapping[str, Any], Mapping[str, Any]]] = {
    "alexnet": ({"channels": CHANNELS, "hidden": 4096}, {"steps": 1000}),
    "alphago_policy": ({"width": 192}, {"rate": 3e-4}),
    "cnn4": ({"width": 32}, {}),
    "efficientnet_b0": ({"width": 1.0, "drop_path": 0.2}, {"steps": 600}),
    "glorot_mlp": ({"width": 1000}, {}),
    "irnn": ({"width": 100}, {}),
    "mish_mlp": ({"width": 500}, {}),
    "plain22": ({"width": 96, "hidden": 4096}, DEEP),
    "plain30": ({"width": 64, "hidden": 4096}, DEEP),
    "resnet20": ({"width": 16}, {}),
    "resnet50": ({"width": 64, "stages": (3, 4, 6, 3)}, {"rate": 3e-4}),
    "vgg16": ({"width": 64, "hidden": 4096}, DEEP),
}
"""Sizes as published, and what else is changed for them."""

HE = dataclasses.replace(
    ALEXNET, rate=0.1, weight_decay=1e-4, times=2, source="He et al. (2016), section 4.2"
)


@dataclasses.dataclass(frozen=True)
class Case:
    """One training: which network on what, where, how long.

    Attributes:
        name: How it is called in the table. ``model``: the network.
        task: On what; empty: its own. ``cifar``: folder of the tables, for those that need it.
        sizes, settings: Its arguments; what to change in the job.
    """

    name: str
    model: str
    task: str = ""
    cifar: str = ""
    sizes: Mapping[str, Any] = dataclasses.field(default_factory=dict)
    settings: Mapping[str, Any] = dataclasses.field(default_factory=dict)


def make(case: Case, device: str, samples: int | None) -> Job:
    """The job of a case."""
    if not case.cifar:
        job: Job = starts.make(case.model, task=case.task or None, sizes=case.sizes, device=device)
    else:
        recipe = dataclasses.replace(ALEXNET, rate=0.02) if case.model == "alexnet" else HE
        job = from_tables(
            case.model,
            case.cifar,
            samples=samples,
            tested=None if samples is None else max(100, samples // 10),
            crop=28,
            init="he_normal",
            sizes=case.sizes,
            recipe=recipe,
            device=device,
        )
    for name, value in case.settings.items():
        setattr(job, name, value)
    return job


def train(case: Case, device: str, samples: int | None, steps: int | None) -> dict[str, Any]:
    """Train and score a case."""
    if case.task == "two processes":
        return in_two_processes(case, steps or 300)
    job = make(case, device, samples)
    total = steps or job.steps
    before = dict(job.evaluate())
    begun = time.perf_counter()
    trained = loop.run(job, steps=total, seed=0, every=total)
    seconds = time.perf_counter() - begun
    if trained.failed is not None:
        raise ArithmeticError(f"the loss stopped being a number at step {trained.failed}")
    scores = trained.progress.scores[-1][1]
    name, value = next(iter(scores.items()))
    test = scores.get("test accuracy")
    return {
        "score": name if test is None else "test accuracy",
        "value": value if test is None else test,
        "fresh": before[name if test is None else "test accuracy"],
        "guessing": scores.get("guessing", GUESSING.get(name)),
        "loss": trained.progress.losses[-1][1],
        "steps": total,
        "seconds": seconds,
        "parameters": sum(p.numel() for p in job.model.parameters()),
        "findings": [f.rule for f in trained.findings if f.severity != "info"],
    }


def in_two_processes(case: Case, steps: int) -> dict[str, Any]:
    """AlexNet on digits with each of its groups in a process of its own."""
    with tempfile.TemporaryDirectory() as folder:
        torch.multiprocessing.spawn(_group, (case, steps, folder), nprocs=2)
        told: dict[str, Any] = json.loads((Path(folder) / "told.json").read_text())
        return told


def _group(rank: int, case: Case, steps: int, folder: str) -> None:
    from torch import distributed
    from torch.nn.functional import cross_entropy

    from rectifier.models._towers import TwoProcesses

    torch.set_num_threads(1)
    meeting = distributed.FileStore(f"{folder}/store", 2)  # type: ignore[attr-defined]
    distributed.init_process_group("gloo", store=meeting, rank=rank, world_size=2)
    start = starts.start(case.model)
    job: Job = starts.make(case.model, sizes=case.sizes)
    whole = job.model
    network = TwoProcesses(whole)  # type: ignore[arg-type]
    digits = data.get(start.task).load(0)
    x, test_x = (
        shaped(torch.from_numpy(part), start.form, start.least)
        for part in (digits.train_x, digits.test_x)
    )
    y, test_y = torch.from_numpy(digits.train_y), torch.from_numpy(digits.test_y)
    fresh = accuracy(network, test_x, test_y)
    optimizer = torch.optim.SGD(network.parameters(), lr=job.rate, momentum=job.momentum)
    draws = torch.Generator().manual_seed(0)
    torch.manual_seed(rank)  # The masks of dropout differ, as the units do.
    losses = []
    begun = time.perf_counter()
    network.train()
    for step in range(steps):
        for group in optimizer.param_groups:
            group["lr"] = job.rate * job.schedule(step / steps)
        rows = torch.randint(len(x), (64,), generator=draws)
        loss = cross_entropy(network(x[rows]), y[rows])
        optimizer.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        optimizer.step()
        losses.append(loss.item())
    seconds = time.perf_counter() - begun
    value = accuracy(network, test_x, test_y)
    if rank == 0:
        told = {
            "score": "test accuracy",
            "value": value,
            "fresh": fresh,
            "guessing": 0.1,
            "loss": sum(losses[-steps // 10 :]) / len(losses[-steps // 10 :]),
            "steps": steps,
            "seconds": seconds,
            "parameters": sum(p.numel() for p in whole.parameters()),
            "findings": [],
        }
        (Path(folder) / "told.json").write_text(json.dumps(told))
    distributed.destroy_process_group()


def cases(only: list[str], device: str, cifar: Path | None) -> list[Case]:
    """What to train, the longest first."""
    small = torch.device(device).type == "cpu"
    found: list[Case] = []
    if cifar is not None:
        folder = str(cifar)
        channels, hidden = (
            ((16, 32, 32, 32, 32), 128) if small else ((48, 128, 192, 192, 128), 1024)
        )
        sizes = {"channels": channels, "hidden": hidden, "stem": (5, 1)}
        long = {"steps": 1000 if small else 8000}
        found = [Case("alexnet on CIFAR-10 (recipe of 2012)", "alexnet", "", folder, sizes, long)]
        for blocks in (9, 3):
            for shortcuts in (False, True):
                kind = "residual" if shortcuts else "plain"
                width = 4 if small else 16
                found.append(
                    Case(
                        f"{kind} {6 * blocks + 2} on CIFAR-10",
                        "resnet20",
                        "",
                        folder,
                        {"width": width, "blocks": blocks, "shortcuts": shortcuts},
                        {"steps": 300 if small else 2000},
                    )
                )
    for name in models.names():
        sizes, settings = PUBLISHED.get(name, ({}, {})) if not small else ({}, {})
        found.append(Case(name, name, "", "", sizes, settings))
        if name == "alphazero":
            found.append(Case("alphazero on connect3", name, "connect3"))
    found.append(Case("alexnet in two processes", "alexnet", "two processes"))
    return [case for case in found if not only or case.name in only or case.model in only]


def line(case: Case, told: Mapping[str, Any]) -> str:
    """What is printed of a case."""
    if "error" in told:
        return f"{case.name:36} {told['error']}"
    guess = told["guessing"]
    return (
        f"{case.name:36} {told['score']} {told['value']:.3f}, fresh {told['fresh']:.3f}"
        + (f", guessing {guess:.3f}" if guess is not None else "")
        + f"; {told['steps']} steps, {told['seconds']:.0f} s"
        + (f"; findings: {', '.join(told['findings'])}" if told["findings"] else "")
    )


def learned(told: Mapping[str, Any]) -> bool:
    """Whether a case ended clearly above guessing, or above fresh weights where none can guess."""
    if "error" in told:
        return False
    if told["score"] in LESS_IS_BETTER:
        return bool(told["value"] < told["fresh"] - 1.0)
    guess = told["guessing"] if told["guessing"] is not None else told["fresh"]
    return bool(told["value"] > guess + 0.2)


def _prepare(threads: int) -> None:
    torch.set_num_threads(threads)


def run(
    chosen: list[Case],
    device: str,
    samples: int | None,
    steps: int | None,
    jobs: int,
    limit: float,
    keep: Callable[[Case, Mapping[str, Any]], None],
) -> None:
    """Train cases, so many at once; what is not begun in time is told so."""
    if jobs == 1:
        begun = time.monotonic()
        for case in chosen:
            if time.monotonic() - begun > limit:
                keep(case, {"error": "not run: the time was up"})
                continue
            keep(case, _guarded(case, device, samples, steps, math.inf))
        return
    threads = max(1, (os.cpu_count() or 1) // jobs)
    context = multiprocessing.get_context("spawn")
    end = time.time() + limit
    with ProcessPoolExecutor(jobs, context, initializer=_prepare, initargs=(threads,)) as pool:
        waiting = {
            pool.submit(_guarded, case, device, samples, steps, end): case for case in chosen
        }
        for future in as_completed(waiting):
            keep(waiting[future], future.result())


def _guarded(
    case: Case, device: str, samples: int | None, steps: int | None, end: float
) -> dict[str, Any]:
    """A case, or what ended it: one that fails must not take the others with it."""
    if time.time() > end:
        return {"error": "not run: the time was up"}
    try:
        return train(case, device, samples, steps)
    except Exception as error:  # noqa: BLE001  # told in the table, whatever it is
        return {"error": f"failed: {type(error).__name__}: {str(error).splitlines()[0][:300]}"}


def write(file: Path, device: str, run: Mapping[str, Any]) -> None:
    """Write a run into a file; what is there of other networks, or of other devices, stays.

    Where that is of another machine, each new result says where it comes from; the new run takes
    the old one's place when it has all of its networks.
    """
    kept = json.loads(file.read_text(encoding="utf-8"))["runs"] if file.exists() else {}
    kind = torch.device(device).type
    old = kept.get(kind, {"results": {}})
    same = all(old.get(name) == run[name] for name in ("machine", "jobs"))
    fresh = dict(run["results"])
    if not same and set(old["results"]) - set(fresh):
        told = {name: run[name] for name in ("machine", "jobs", "date")}
        fresh = {name: {**result, "elsewhere": told} for name, result in fresh.items()}
        run = old
    results = {**old["results"], **fresh}
    runs = {**kept, kind: {**run, "results": dict(sorted(results.items()))}}
    text = json.dumps({"schema": 1, "runs": dict(sorted(runs.items()))}, indent=1)
    file.write_text(text + "\n", encoding="utf-8")


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--only", default="", help="networks alone, with commas between them")
    parser.add_argument("--steps", type=int, help="of each network; default: its own number")
    parser.add_argument("--device", default="cpu", help="where they are trained")
    parser.add_argument("--jobs", type=int, default=1, help="how many at once, a process each")
    parser.add_argument("--limit", type=float, default=math.inf, help="seconds to begin new ones")
    parser.add_argument("--json", type=Path, help="file for the results")
    parser.add_argument("--cifar", type=Path, help="folder with train.parquet and test.parquet")
    parser.add_argument("--samples", type=int, help="of CIFAR-10 to train on; default: all")
    options = parser.parse_args()
    where = machine(torch.get_num_threads())
    if torch.device(options.device).type == "cuda":
        where = f"{torch.cuda.get_device_name(options.device)}; {where}"
    print(where)
    facts = {
        "machine": where,
        "device": options.device,
        "jobs": options.jobs,
        "date": time.strftime("%Y-%m-%d", time.gmtime()),
    }
    results: dict[str, dict[str, Any]] = {}

    def keep(case: Case, told: Mapping[str, Any]) -> None:
        print(line(case, told), flush=True)
        results[case.name] = {"model": case.model, **told, "learned": learned(told)}
        if options.json is not None:
            write(options.json, options.device, {**facts, "results": results})

    only = [name for name in options.only.split(",") if name]
    chosen = cases(only, options.device, options.cifar)
    run(chosen, options.device, options.samples, options.steps, options.jobs, options.limit, keep)
    short = [name for name, told in results.items() if not told["learned"]]
    print(
        f"{len(results) - len(short)} of {len(results)} clearly above guessing"
        + (f"; not: {', '.join(short)}" if short else "")
    )


if __name__ == "__main__":
    main()
