"""The engine on a real Ray, started here: the same numbers, and a worker that is killed."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

pytest.importorskip("ray", reason="the extra 'ray' is not installed")

PROGRAM = """
import os, signal, sys, tempfile
from pathlib import Path
import numpy as np
from rectifier import data
from rectifier.compare import Store, make_plan, run_comparison, to_json
from rectifier.compare.engines.ray import RayEngine

draw = np.random.default_rng(0)
x = draw.normal(size=(120, 3))
task = data.from_arrays("mine", x, (x[:, 0] > 0).astype(int))
plan = make_plan(task, ["relu", "tanh"], 3, studies=2, points=2, epochs=2, batch=32, hidden=(8,),
                 timing=False, together="on")
with Store() as store:
    expected = run_comparison(plan, store, engine="inline")

start, killed = RayEngine._start, []

def start_and_kill(self):
    worker = start(self)
    if not killed:
        killed.append(self._ray.get(worker.process.remote()))
        os.kill(killed[0], signal.SIGKILL)
    return worker

RayEngine._start = start_and_kill
with Store() as store:
    found = run_comparison(plan, store, engine="ray", workers=1)
assert killed
assert found.environment["engine"] == "ray"
texts = [to_json(each).partition('"environment"')[0] for each in (found, expected)]
assert texts[0] == texts[1], "Ray gives other numbers"
left = [place.name for place in Path(tempfile.gettempdir()).glob("rectifier-data-*")]
assert not left, left
print("same")
"""


def test_same_numbers_though_a_worker_is_killed(tmp_path: Path) -> None:
    # Short, since Ray puts sockets into it, whose paths may have 107 bytes.
    with tempfile.TemporaryDirectory(prefix="r", ignore_cleanup_errors=True) as short:
        settings = {
            "RAY_USAGE_STATS_ENABLED": "0", "OMP_NUM_THREADS": "1", "TMPDIR": short,
            "RAY_ADDRESS": "127.0.0.1:1",  # no cluster that this machine is in is to be taken
        }  # fmt: skip
        done = subprocess.run(
            [sys.executable, "-c", PROGRAM], cwd=tmp_path, capture_output=True, text=True,
            timeout=280, check=False, env={**os.environ, **settings},
        )  # fmt: skip
    assert done.returncode == 0, done.stderr[-3000:]
    assert done.stdout.split()[-1] == "same"  # Ray tells of the death before
