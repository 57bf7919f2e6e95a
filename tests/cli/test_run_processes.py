"""``torchrun -m rectifier run``: two processes train, one reports."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

pytest.importorskip("click")
distributed = pytest.importorskip("torch.distributed")

SCRIPT = """\
import torch
import torch.distributed as dist
from torch import nn
from torch.nn.parallel import DistributedDataParallel

dist.init_process_group("gloo")
rank = dist.get_rank()
torch.manual_seed(0)
model = nn.Sequential(nn.Linear(8, 32), nn.ReLU(), nn.Linear(32, 1))
nn.init.constant_(model[0].bias, -20.0)
twin = DistributedDataParallel(model)
optimizer = torch.optim.SGD(twin.parameters(), lr=0.01)
torch.manual_seed(rank)
for step in range(40):
    loss = (twin(torch.randn(64, 8)) - 1).square().mean()
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
print(f"process {rank} of {dist.get_world_size()} is done")
dist.destroy_process_group()
"""


@pytest.mark.skipif(not distributed.is_available(), reason="torch was built without distributed")
def test_only_the_first_process_reports(tmp_path: Path) -> None:
    (tmp_path / "train.py").write_text(SCRIPT)
    launch = ["-m", "torch.distributed.run", "--standalone", "--nproc-per-node", "2"]
    options = ["--json", "r.json", "--sink", "jsonl:r.jsonl", "train.py"]
    done = subprocess.run(
        [sys.executable, *launch, "-m", "rectifier", "run", *options],
        capture_output=True,
        text=True,
        check=False,
        cwd=tmp_path,
        timeout=120,
        env={**os.environ, "OMP_NUM_THREADS": "1", "GLOO_SOCKET_IFNAME": "lo"},
    )
    assert done.returncode == 0, done.stderr[-3000:]
    # torchrun starts Python unbuffered, which writes a line and its end apart: they may interleave.
    lines = ["process 0 of 2 is done", "process 1 of 2 is done"]
    assert [done.stdout.count(line) for line in lines] == [1, 1]
    assert len(done.stdout) == sum(len(line) + 1 for line in lines), "something else was printed"
    assert done.stderr.count("rectifier run  train.py") == 1
    data = json.loads((tmp_path / "r.json").read_text())
    assert data["steps"] == 40
    assert [finding["rule"] for finding in data["findings"]][:1] == ["born_dead"]
    rows = [json.loads(row) for row in (tmp_path / "r.jsonl").read_text().splitlines()]
    steps = [row["step"] for row in rows[:-1]]
    assert steps == sorted(set(steps)), "two processes wrote to one file"
