"""What watching costs: a training step watched, over the same step unwatched.

Prints one ratio per network and way of watching. The ways take turns, block of steps by block, so
that what else the machine does falls on all alike; each figure is the median over rounds of the
ratio to the unwatched block of the same round.

    python benchmarks/watch.py [--rounds 15] [--only NAME] [--others]
    python benchmarks/watch.py --short [--rounds 5]

Times are the process's CPU time on one thread, so that other programs disturb little. The allocator
is told to keep what it has: whether it gives pages back after a step, and then faults them in
again, depends on single bytes and weighs more than all that is measured here. Both of rectifier's
ways are measured as in a long run: their watchers have seen some hundred steps before, since the
first steps of a run are observed more closely. ``--short`` runs whole programs of some seconds with
and without ``rectifier run``, imports, first steps and report included. Beside each figure stands
its bar.

The ways: ``every step`` and ``default budget`` are rectifier's. ``naive hooks`` is what people
write by hand: a forward hook on each activation module with a per-unit count, mean and standard
deviation, read at once. ``histograms`` logs one histogram per activation and weight at every
step; both with ``--others``.
"""

from __future__ import annotations

import argparse
import contextlib
import os
import platform
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from rectifier.torch.sites import Interception
from rectifier.watch.options import WatchOptions
from rectifier.watch.watcher import Watcher


class Task:
    """A network, its optimiser, a batch, how many steps make a block, and how many warm up."""

    def __init__(self, model: nn.Module, x: Tensor, y: Tensor, steps: int, warm: int) -> None:
        self.model, self.x, self.y, self.steps, self.warm = model, x, y, steps, warm
        self.optimizer: torch.optim.Optimizer = torch.optim.Adam(model.parameters(), lr=1e-4)
        if steps > 100:
            self.optimizer = torch.optim.SGD(model.parameters(), lr=1e-3)

    def step(self) -> None:
        loss = F.cross_entropy(self.model(self.x), self.y)
        self.optimizer.zero_grad()
        loss.backward()
        self.optimizer.step()


def small_mlp() -> Task:
    model = nn.Sequential(
        nn.Linear(64, 128), nn.ReLU(), nn.Linear(128, 128), nn.ReLU(), nn.Linear(128, 10)
    )
    return Task(model, torch.randn(64, 64), torch.randint(0, 10, (64,)), 400, 4000)


def large_mlp() -> Task:
    model = nn.Sequential(
        nn.Linear(784, 1024), nn.ReLU(), nn.Linear(1024, 1024), nn.ReLU(), nn.Linear(1024, 10)
    )
    return Task(model, torch.randn(512, 784), torch.randint(0, 10, (512,)), 8, 300)


def cnn() -> Task:
    model = nn.Sequential(
        *(nn.Conv2d(3, 32, 3, padding=1), nn.BatchNorm2d(32), nn.ReLU()),
        *(nn.Conv2d(32, 64, 3, stride=2, padding=1), nn.BatchNorm2d(64), nn.ReLU()),
        *(nn.Conv2d(64, 64, 3, padding=1), nn.ReLU(), nn.AdaptiveAvgPool2d(1), nn.Flatten()),
        nn.Linear(64, 10),
    )
    return Task(model, torch.randn(32, 3, 32, 32), torch.randint(0, 10, (32,)), 8, 300)


class Transformer(nn.Module):
    """Two encoder layers and a mean."""

    def __init__(self) -> None:
        super().__init__()
        layer = nn.TransformerEncoderLayer(128, 4, 512, activation="gelu", batch_first=True)
        self.encoder = nn.TransformerEncoder(layer, 2, enable_nested_tensor=False)
        self.head = nn.Linear(128, 10)

    def forward(self, x: Tensor) -> Tensor:
        return self.head(self.encoder(x).mean(1))


def transformer() -> Task:
    return Task(Transformer(), torch.randn(16, 64, 128), torch.randint(0, 10, (16,)), 8, 300)


TASKS = {
    "MLP 64-128-128-10, batch 64": small_mlp,
    "MLP 784-1024-1024-10, batch 512": large_mlp,
    "CNN 32-64-64 with BN, batch 32": cnn,
    "transformer 2 x 128, batch 16 x 64": transformer,
}
WITHOUT = "no watching"
EVERY, BUDGET = "every step", "default budget"
LONG, SHORT = {EVERY: 0.05, BUDGET: 0.03}, {BUDGET: 0.08}
"""Bars where a step takes 20 ms or more, and where it takes half a millisecond."""
PROGRAM = (0.10, 0.5)
"""Bar of a whole program of five seconds: share of its time, and seconds besides."""
ALLOCATOR = {"MALLOC_TRIM_THRESHOLD_": str(2**34), "MALLOC_MMAP_THRESHOLD_": str(2**34)}


@contextlib.contextmanager
def unwatched(task: Task) -> Iterator[None]:
    yield


@contextlib.contextmanager
def naive(task: Task) -> Iterator[None]:
    kept: list[Any] = []

    def hook(module: nn.Module, inputs: Any, output: Tensor) -> None:
        y = output.detach()
        axis = 1 if y.dim() == 4 else -1
        others = [d for d in range(y.dim()) if d != axis % y.dim()]
        kept.append(((y > 0).sum(others).tolist(), y.mean().item(), y.std().item()))
        kept[:-8] = []

    handles = [m.register_forward_hook(hook) for m in _watched(task.model)]
    yield
    for handle in handles:
        handle.remove()


@contextlib.contextmanager
def histograms(task: Task) -> Iterator[None]:
    kept: list[Any] = []

    def log(tensor: Tensor) -> None:
        kept.append(torch.histc(tensor.detach(), 64).tolist())
        kept[:-8] = []

    def weights(*args: Any) -> None:
        for parameter in task.model.parameters():
            log(parameter)

    handles = [
        m.register_forward_hook(lambda m, i, output: log(output)) for m in _watched(task.model)
    ]
    handles.append(task.optimizer.register_step_post_hook(weights))
    yield
    for handle in handles:
        handle.remove()


def _watched(model: nn.Module) -> list[nn.Module]:
    found = [m for m in model.modules() if isinstance(m, nn.ReLU)]
    return found or [m for name, m in model.named_modules() if name.endswith("linear1")]


def rectified(options: WatchOptions) -> Callable[[Task], Any]:
    """One watcher for all of a task's turns, as in one long run; its clock rests in the others'."""
    found: dict[int, Interception] = {}
    spent, started = 0.0, 0.0

    def clock() -> float:
        return spent + time.process_time() - started

    @contextlib.contextmanager
    def watched(task: Task) -> Iterator[None]:
        nonlocal spent, started
        started = time.process_time()
        if id(task) not in found:
            watcher = Watcher(options, clock=clock)
            optimizers = [task.optimizer]
            found[id(task)] = Interception([watcher], [task.model], optimizers=optimizers)
        with found[id(task)]:
            yield
        spent += time.process_time() - started

    return watched


def measure(
    task: Task, ways: dict[str, Callable[[Task], Any]], rounds: int
) -> tuple[dict[str, list[float]], float]:
    """Ratios of each way to the unwatched block of its round; seconds of an unwatched step."""
    for _ in range(3):
        task.step()
    for name in (EVERY, BUDGET):
        with ways[name](task):
            for _ in range(task.warm):
                task.step()
    ratios: dict[str, list[float]] = {name: [] for name in ways}
    plain: list[float] = []
    for turn in range(rounds):
        took = {}
        order = list(ways)[turn % len(ways) :] + list(ways)[: turn % len(ways)]
        for name in order:
            with ways[name](task):
                task.step()
                start = time.process_time()
                for _ in range(task.steps):
                    task.step()
                took[name] = time.process_time() - start
        plain.append(took[WITHOUT] / task.steps)
        for name in ways:
            ratios[name].append(took[name] / took[WITHOUT])
    return ratios, statistics.median(plain)


def verdict(cost: float, bar: float | None) -> str:
    """How a cost stands to its bar."""
    if bar is None:
        return ""
    return f"bar {bar:.0%}: {'pass' if cost <= bar else 'miss'}"


PROGRAMS = {
    "MLP, 0.4 ms steps": ("mlp", 7500),
    "CNN, 12 ms steps": ("cnn", 260),
}
SOURCE = """
import torch
from torch import nn
from torch.nn import functional as F
torch.set_num_threads(1)
torch.manual_seed(0)
if {kind!r} == "mlp":
    model = nn.Sequential(
        nn.Linear(64, 128), nn.ReLU(), nn.Linear(128, 128), nn.ReLU(), nn.Linear(128, 10))
    x = torch.randn(64, 64)
else:
    model = nn.Sequential(
        nn.Conv2d(3, 32, 3, padding=1), nn.BatchNorm2d(32), nn.ReLU(),
        nn.Conv2d(32, 64, 3, stride=2, padding=1), nn.BatchNorm2d(64), nn.ReLU(),
        nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(64, 10))
    x = torch.randn(16, 3, 32, 32)
y = torch.randint(0, 10, (x.shape[0],))
optimizer = torch.optim.SGD(model.parameters(), lr=0.01)
for _ in range({steps}):
    loss = F.cross_entropy(model(x), y)
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
"""


def programs(rounds: int) -> None:
    """Print what whole programs cost."""
    for title, (kind, steps) in PROGRAMS.items():
        with tempfile.TemporaryDirectory() as folder:
            script = Path(folder, "train.py")
            script.write_text(SOURCE.format(kind=kind, steps=steps))
            plain, extra = [], []
            for _ in range(rounds):
                plain.append(seconds_of([str(script)]))
                extra.append(seconds_of(["-m", "rectifier", "run", str(script)]) - plain[-1])
        base, cost = statistics.median(plain), statistics.median(extra)
        allowed = PROGRAM[0] * base + PROGRAM[1]
        word = "pass" if cost <= allowed else "miss"
        print(f"{title}: program {base:.2f} s, watched +{cost:.2f} s; bar {allowed:.2f} s: {word}")


def seconds_of(arguments: list[str]) -> float:
    """CPU seconds of one run of Python."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    environment = {**os.environ, "OMP_NUM_THREADS": "1"}
    command = [sys.executable, *arguments]
    subprocess.run(command, check=True, capture_output=True, env=environment)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=15)
    parser.add_argument("--others", action="store_true", help="measure what others do as well")
    parser.add_argument("--short", action="store_true", help="measure whole programs")
    parser.add_argument("--only", default="", help="networks whose title contains this")
    given = parser.parse_args()
    if not given.short and os.environ.keys().isdisjoint(ALLOCATOR):
        os.environ.update(ALLOCATOR)  # read when a process begins
        os.execv(sys.executable, [sys.executable, *sys.argv])
    torch.set_num_threads(1)
    print(f"torch {torch.__version__}, {platform.machine()}, {os.cpu_count()} cores, 1 thread")
    if given.short:
        programs(given.rounds)
        return
    for title, make in TASKS.items():
        if given.only not in title:
            continue
        torch.manual_seed(0)
        task = make()
        ways = {
            WITHOUT: unwatched,
            EVERY: rectified(WatchOptions(every=1)),
            BUDGET: rectified(WatchOptions()),
        }
        if given.others:
            ways |= {"naive hooks": naive, "histograms": histograms}
        ratios, step = measure(task, ways, given.rounds)
        bars = LONG if step >= 0.02 else SHORT
        print(f"{title}: step {step * 1e3:.2f} ms")
        for name, found in ratios.items():
            if name == WITHOUT:
                continue
            ratio = statistics.median(found)
            low, _, high = statistics.quantiles(found, n=4)
            print(
                f"  {name:<16} x {ratio:.3f}  ({(ratio - 1) * 100:+.1f} %, quartiles "
                f"{(low - 1) * 100:+.1f} and {(high - 1) * 100:+.1f} %)  "
                f"{verdict(ratio - 1, bars.get(name))}"
            )


if __name__ == "__main__":
    main()
