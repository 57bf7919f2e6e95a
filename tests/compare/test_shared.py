"""Data that all workers share: made once, the same numbers, bounded, no one else's writes."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from rectifier import data
from rectifier.compare import Store, make_plan, run_comparison
from rectifier.compare.shared import SharedData
from rectifier.data.dataset import Dataset, split


def make(seed: int) -> Dataset:
    draw = np.random.default_rng(seed)
    return split(draw.normal(size=(50, 4)), np.arange(50) % 3, seed)


class Counting:
    def __init__(self) -> None:
        self.seeds: list[int] = []

    def __call__(self, seed: int) -> Dataset:
        self.seeds.append(seed)
        return make(seed)


def test_made_once_for_all_and_the_same(tmp_path: Path) -> None:
    first, second = Counting(), Counting()
    one, other = SharedData(tmp_path, first), SharedData(tmp_path, second)
    found, again = one(3), other(3)
    assert one(3) is found
    assert (first.seeds, second.seeds) == ([3], [])
    assert found.checksum == again.checksum == make(3).checksum
    assert other(4).checksum == make(4).checksum
    assert second.seeds == [4]


def test_a_write_is_one_s_own(tmp_path: Path) -> None:
    one, other = SharedData(tmp_path, make), SharedData(tmp_path, make)
    mine, theirs = one(1), other(1)
    mine.train_x[:] = 7.0
    assert theirs.checksum == make(1).checksum
    assert SharedData(tmp_path, make)(1).checksum == make(1).checksum


def test_the_folder_is_bounded_and_what_went_is_made_again(tmp_path: Path) -> None:
    counting = Counting()
    size = sum(getattr(make(0), f"{s}_{a}").nbytes for s in ("train", "test") for a in "xy")
    found = [SharedData(tmp_path, counting, most=3 * size)(seed) for seed in range(8)]
    assert len([p for p in tmp_path.iterdir() if not p.name.startswith(".")]) <= 3
    assert not [p for p in tmp_path.iterdir() if p.name.startswith(".")], "nothing is left aside"
    assert [each.checksum for each in found] == [make(seed).checksum for seed in range(8)]
    SharedData(tmp_path, counting, most=3 * size)(0)
    assert counting.seeds == [*range(8), 0]


def test_without_room_each_has_a_copy(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*args: object, **kwargs: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(np, "save", full)
    assert SharedData(tmp_path, make)(2).checksum == make(2).checksum
    assert [path.name for path in tmp_path.glob("rectifier*")] == []


def test_environments_are_made_in_each_process(tmp_path: Path) -> None:
    found = SharedData(tmp_path, data.get("cart_pole").load)(0)
    assert found.kind == "episodes"
    assert [path.name for path in tmp_path.glob("rectifier*")] == []


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="reads /proc")
def test_the_pages_are_the_same_in_two_processes(tmp_path: Path) -> None:
    """Proportional set size: pages that two processes share count half for each."""
    program = """
import sys, numpy as np
from pathlib import Path
from rectifier.compare.shared import SharedData
from rectifier.data.dataset import Dataset
def load(seed):
    x = np.zeros((200, 20_000), np.float32) + np.float32(seed)
    y = np.zeros(200, np.int64)
    return Dataset(x, y, x[:2], y[:2], x[:2], y[:2], classes=1)
found = SharedData(Path(sys.argv[1]), load)(1)
print(float(found.train_x.sum(dtype=np.float64)), flush=True)
input()
def size(field):
    for part in Path("/proc/self/smaps").read_text().split("train_x.npy")[1:]:
        return int(part.partition(field + ":")[2].split()[0])
print(size("Rss"), size("Pss"), flush=True)
input()
"""
    first, second = (
        subprocess.Popen(
            [sys.executable, "-c", program, str(tmp_path)],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env={**os.environ},
        )
        for _ in range(2)
    )  # fmt: skip
    try:
        for each in (first, second):
            assert each.stdout is not None
            assert float(each.stdout.readline()) == 200 * 20_000
        for each in (first, second):
            assert each.stdin is not None
            each.stdin.write("\n")
            each.stdin.flush()
            resident, proportional = map(int, each.stdout.readline().split())  # type: ignore[union-attr]
            assert resident > 15_000, "the 16 MB are mapped and were read"
            assert proportional < 0.7 * resident
    finally:
        for each in (first, second):
            each.communicate("\n", timeout=60)


def test_an_engine_leaves_nothing_behind(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    monkeypatch.setattr("tempfile.tempdir", None)
    x = np.random.default_rng(0).normal(size=(120, 3))
    task = data.from_arrays("mine", x, (x[:, 0] > 0).astype(int))
    plan = make_plan(
        task, ["relu", "tanh"], 2, learning_rates=[0.01], tuning_seeds=(100,), epochs=1, batch=32,
        hidden=(4,), timing=False,
    )  # fmt: skip
    with Store() as store:
        shared = run_comparison(plan, store, workers=2)
    with Store() as store:
        plain = run_comparison(plan, store, engine="inline")
    assert [row.scores for row in shared.rows] == [row.scores for row in plain.rows]
    assert [path.name for path in tmp_path.glob("rectifier*")] == []
