"""What watching costs: a training step watched, over the same step unwatched.

Prints one ratio per network and way of watching, beside its bar.

    python benchmarks/watch.py [--rounds 25] [--only NAME] [--others] [--device cuda]
    python benchmarks/watch.py --short [--rounds 5]

How it is measured. The ways take turns in one process, a few steps at a time, and between any two
of them the network trains unwatched: each watched block is compared to the mean of the unwatched
blocks right before and right after it, so that what else the machine does, and what it did a
second ago, falls on both. The first step after each change of way is not timed. On the CPU each
step is timed by itself, by the process's CPU time on one thread, and sorted by what the watcher did
in it: nothing, looked briefly, looked closely, or looked closely and took the weights in too. What
a way costs is the cost of each sort (the median over blocks) times how many of the steps were of
that sort. A plain mean over steps would hang on whether one more of the dear steps fell into a
block. The interval holds 95 % of what drawing the rounds anew gives (bootstrap, fixed seed). The
wall time of all watched blocks over that of their neighbours is printed too: it says the same with
more noise.

The allocator is told to keep what it has: whether it gives pages back after a step, and then faults
them in again, depends on single bytes and weighs more than all that is measured here. Both of
rectifier's ways are measured as in a long run: their watchers have seen some hundred steps before,
since the first steps of a run are observed more closely. ``--short`` runs whole programs of some
seconds with and without ``rectifier run``, imports, first steps and report included.

The ways: ``every step`` and ``default budget`` are rectifier's. ``naive hooks`` is what people
write by hand: a forward hook on each activation module with a per-unit count, mean and standard
deviation, read at once. ``histograms`` logs one histogram per activation and weight at every
step; both with ``--others``.

On ``cuda`` steps run behind the program, so that a block is timed as a whole, by the wall clock,
from one synchronisation to the next; and any step that the watcher does not observe runs under
``torch.cuda.set_sync_debug_mode("error")``, where whatever waits for the device raises.

One file, though long: it is one table, and each way and network in it is a few lines.
"""

from __future__ import annotations

import argparse
import contextlib
import os
import platform
import random
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
        self.model, self.x, self.y = model.to(x.device), x, y
        self.steps, self.warm = steps, warm
        self.optimizer: torch.optim.Optimizer = torch.optim.Adam(model.parameters(), lr=1e-4)
        if steps > 50:
            self.optimizer = torch.optim.SGD(model.parameters(), lr=1e-3)

    def step(self) -> None:
        loss = F.cross_entropy(self.model(self.x), self.y)
        self.optimizer.zero_grad()
        loss.backward()
        self.optimizer.step()


def labels(count: int, device: str) -> Tensor:
    return torch.randint(0, 10, (count,), device=device)


def small_mlp(device: str) -> Task:
    model = nn.Sequential(
        nn.Linear(64, 128), nn.ReLU(), nn.Linear(128, 128), nn.ReLU(), nn.Linear(128, 10)
    )
    return Task(model, torch.randn(64, 64, device=device), labels(64, device), 120, 4000)


def large_mlp(device: str) -> Task:
    wide, batch = (1024, 512) if device == "cpu" else (6144, 8192)
    model = nn.Sequential(
        nn.Linear(784, wide), nn.ReLU(), nn.Linear(wide, wide), nn.ReLU(), nn.Linear(wide, 10)
    )
    return Task(model, torch.randn(batch, 784, device=device), labels(batch, device), 4, 160)


def cnn(device: str) -> Task:
    size, batch = (32, 32) if device == "cpu" else (64, 512)
    model = nn.Sequential(
        *(nn.Conv2d(3, 32, 3, padding=1), nn.BatchNorm2d(32), nn.ReLU()),
        *(nn.Conv2d(32, 64, 3, stride=2, padding=1), nn.BatchNorm2d(64), nn.ReLU()),
        *(nn.Conv2d(64, 64, 3, padding=1), nn.ReLU(), nn.AdaptiveAvgPool2d(1), nn.Flatten()),
        nn.Linear(64, 10),
    )
    x = torch.randn(batch, 3, size, size, device=device)
    return Task(model, x, labels(batch, device), 4, 160)


class Transformer(nn.Module):
    """Encoder layers and a mean."""

    def __init__(self, width: int, layers: int) -> None:
        super().__init__()
        layer = nn.TransformerEncoderLayer(width, 4, 4 * width, activation="gelu", batch_first=True)
        self.encoder = nn.TransformerEncoder(layer, layers, enable_nested_tensor=False)
        self.head = nn.Linear(width, 10)

    def forward(self, x: Tensor) -> Tensor:
        return self.head(self.encoder(x).mean(1))


def transformer(device: str) -> Task:
    width, layers, batch = (128, 2, 16) if device == "cpu" else (512, 6, 128)
    x = torch.randn(batch, 64, width, device=device)
    return Task(Transformer(width, layers), x, labels(batch, device), 4, 160)


TASKS = {
    "MLP 64-128-128-10, batch 64": small_mlp,
    "MLP 784-1024-1024-10, batch 512": large_mlp,
    "CNN 32-64-64 with BN, batch 32": cnn,
    "transformer 2 x 128, batch 16 x 64": transformer,
}
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


class Rectified:
    """One watcher for all of a task's turns, as in one long run; its clock rests in the others'.

    Args:
        options: How it watches.
        clock: Seconds: the process's CPU time, or the wall's on a device that runs behind it.
    """

    def __init__(self, options: WatchOptions, clock: Callable[[], float]) -> None:
        self._options, self._now = options, clock
        self._spent = self._started = 0.0
        self.watcher: Watcher | None = None
        self.interception: Interception | None = None

    def _clock(self) -> float:
        return self._spent + self._now() - self._started

    @contextlib.contextmanager
    def __call__(self, task: Task) -> Iterator[None]:
        self._started = self._now()
        if self.interception is None:
            self.watcher = Watcher(self._options, clock=self._clock)
            self.interception = Interception(
                [self.watcher], [task.model], optimizers=[task.optimizer]
            )
        with self.interception:
            yield
        self._spent += self._now() - self._started
        if self.interception.notes:
            raise RuntimeError(f"the watcher did not go on: {self.interception.notes}")

    def sort(self) -> str:
        """What the watcher is about to do in the step that begins."""
        if self.interception is None or self.watcher is None or not self.interception.observing:
            return "not observed"
        if self.watcher.brief:
            return "brief"
        return "close, weights too" if self.watcher.detailed else "close"


class Block:
    """Some steps of one way: seconds of each, by sort, and wall seconds of all."""

    def __init__(self) -> None:
        self.steps: dict[str, list[float]] = {}
        self.wall = 0.0
        self.count = 0

    def mean(self, sort: str | None = None) -> float:
        """Seconds of a step, of one sort or of any."""
        found = self.steps[sort] if sort else [t for each in self.steps.values() for t in each]
        return sum(found) / len(found)


def timed(task: Task, way: Any, device: str) -> Block:
    """A block of steps of one way."""
    block = Block()
    sort = way.sort if isinstance(way, Rectified) else lambda: "any"
    with way(task):
        task.step()
        if device != "cpu":
            return timed_together(task, sort, block)
        begin = time.perf_counter()
        for _ in range(task.steps):
            kind = sort()
            start = time.process_time()
            task.step()
            block.steps.setdefault(kind, []).append(time.process_time() - start)
        block.wall = time.perf_counter() - begin
    return block


def timed_together(task: Task, sort: Callable[[], str], block: Block) -> Block:
    """As `timed`, on a device that runs behind the program."""
    steps = max(task.steps, 24)
    torch.cuda.synchronize()
    begin = time.perf_counter()
    for _ in range(steps):
        # only what is not observed must not wait
        torch.cuda.set_sync_debug_mode("error" if sort() in ("not observed", "any") else "default")
        task.step()
        block.count += 1
    torch.cuda.set_sync_debug_mode("default")
    torch.cuda.synchronize()
    block.wall = time.perf_counter() - begin
    block.steps["any"] = [block.wall / steps]
    return block


class Cost:
    """What one way costs over none, from blocks and the unwatched steps around each."""

    def __init__(self) -> None:
        self.rounds: list[tuple[Block, float]] = []
        self.wall: list[float] = []

    def add(self, block: Block, before: Block, after: Block) -> None:
        """A block, and its neighbours."""
        self.rounds.append((block, (before.mean() + after.mean()) / 2))
        self.wall.append(2 * block.wall / (before.wall + after.wall))

    def _of(self, rounds: list[tuple[Block, float]]) -> dict[str, tuple[float, float]]:
        """By sort: its share of the steps, and its cost over an unwatched step."""
        ratios: dict[str, list[float]] = {}
        counts: dict[str, int] = {}
        for block, base in rounds:
            for kind, found in block.steps.items():
                ratios.setdefault(kind, []).append(block.mean(kind) / base - 1)
                counts[kind] = counts.get(kind, 0) + len(found)
        steps = sum(counts.values())
        return {k: (counts[k] / steps, statistics.median(r)) for k, r in sorted(ratios.items())}

    def parts(self) -> dict[str, tuple[float, float]]:
        """By sort: its share of the steps, and its cost."""
        return self._of(self.rounds)

    def share(self) -> tuple[float, float, float]:
        """The cost as a share of an unwatched step, and the interval."""
        drawn = random.Random(0)
        found = sorted(
            sum(a * b for a, b in self._of(drawn.choices(self.rounds, k=len(self.rounds))).values())
            for _ in range(400)
        )
        cost = sum(share * extra for share, extra in self.parts().values())
        return cost, found[9], found[-10]


def measure(
    task: Task, ways: dict[str, Any], rounds: int, device: str
) -> tuple[dict[str, Cost], float]:
    """What each way costs; seconds of an unwatched step."""
    for _ in range(3):
        task.step()
    for way in ways.values():
        if isinstance(way, Rectified):
            with way(task):
                for _ in range(task.warm):
                    task.step()
    costs = {name: Cost() for name in ways}
    plain = [timed(task, unwatched, device)]
    for _ in range(rounds):
        for name, way in ways.items():
            block = timed(task, way, device)
            plain.append(timed(task, unwatched, device))
            costs[name].add(block, plain[-2], plain[-1])
    return costs, statistics.median(block.mean() for block in plain)


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
    parser.add_argument("--rounds", type=int, default=25)
    parser.add_argument("--others", action="store_true", help="measure what others do as well")
    parser.add_argument("--short", action="store_true", help="measure whole programs")
    parser.add_argument("--device", default="cpu", choices=("cpu", "cuda"))
    parser.add_argument("--only", default="", help="networks whose title contains this")
    given = parser.parse_args()
    if not given.short and os.environ.keys().isdisjoint(ALLOCATOR):
        os.environ.update(ALLOCATOR)  # read when a process begins
        os.execv(sys.executable, [sys.executable, *sys.argv])
    torch.set_num_threads(1)
    where = "1 thread" if given.device == "cpu" else torch.cuda.get_device_name()
    print(f"torch {torch.__version__}, {platform.machine()}, {os.cpu_count()} cores, {where}")
    if given.short:
        programs(given.rounds)
        return
    clock = time.process_time if given.device == "cpu" else time.perf_counter
    for title, make in TASKS.items():
        if given.only not in title:
            continue
        torch.manual_seed(0)
        ways: dict[str, Any] = {
            EVERY: Rectified(WatchOptions(every=1), clock),
            BUDGET: Rectified(WatchOptions(), clock),
        }
        if given.others:
            ways |= {"naive hooks": naive, "histograms": histograms}
        costs, step = measure(make(given.device), ways, given.rounds, given.device)
        bars = LONG if step >= 0.02 else SHORT
        size = "" if given.device == "cpu" or step < 0.02 else ", enlarged"
        print(f"{title}{size}: step {step * 1e3:.2f} ms")
        for name, found in costs.items():
            cost, low, high = found.share()
            print(
                f"  {name:<16} {cost * 100:+.1f} %  (95 % interval {low * 100:+.1f} to "
                f"{high * 100:+.1f} %; wall {(statistics.median(found.wall) - 1) * 100:+.1f} %)  "
                f"{verdict(cost, bars.get(name))}"
            )
            for kind, (share, extra) in found.parts().items():
                if kind != "any":
                    print(f"      {kind:<20} {share * 100:5.1f} % of steps, {extra * 100:+.1f} %")


if __name__ == "__main__":
    main()
