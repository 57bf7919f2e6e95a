"""A training by several processes, or the same by one; run by ``test_ranks.py``.

Usage: joint_training.py WAY FILE, with WAY ``alone``, ``ddp`` or ``fsdp``; the first process writes
the record to FILE.
"""

from __future__ import annotations

import sys
from pathlib import Path

import torch
from torch import Tensor, distributed, nn
from torch.nn import functional as F

import rectifier.torch as rt

BATCH, STEPS = 16, 14


class Net(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.conv = nn.Conv2d(2, 6, 3)
        self.act = nn.ReLU()
        self.fc = nn.Linear(6 * 16, 12)
        self.out = nn.Linear(12, 3)

    def forward(self, x: Tensor) -> Tensor:
        return self.out(F.gelu(self.fc(self.act(self.conv(x)).flatten(1))))


def train(way: str, rank: int, world: int, every: int | None) -> str:
    torch.manual_seed(0)
    model: nn.Module = Net()
    with torch.no_grad():
        model.conv.bias[1] = -50.0
        model.conv.bias[4] = -1.5
    if way == "ddp":
        model = nn.parallel.DistributedDataParallel(model)
    elif way == "fsdp":
        from torch.distributed.fsdp import fully_shard

        fully_shard(model.fc)
        fully_shard(model)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.05)
    generator = torch.Generator().manual_seed(1)
    with rt.watch(model, optimizer, every=every) as session:
        for _ in range(STEPS):
            x = torch.randn(BATCH, 2, 6, 6, generator=generator)
            y = torch.randint(0, 3, (BATCH,), generator=generator)
            own = slice(rank * BATCH // world, (rank + 1) * BATCH // world)
            loss = F.cross_entropy(model(x[own]), y[own])
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
    return session.record.to_json()


def main() -> None:
    torch.set_num_threads(1)
    rank, world = 0, 1
    if sys.argv[1] == "together":
        distributed.init_process_group("gloo")
        rank, world = distributed.get_rank(), distributed.get_world_size()
    ways = ("alone",) if world == 1 else ("ddp", "fsdp")
    for way in ways:
        for every in (1, None):
            text = train(way, rank, world, every)
            if rank == 0:
                Path(sys.argv[2], f"{way}-{every}.json").write_text(text, encoding="utf-8")
    if world > 1:
        distributed.destroy_process_group()


if __name__ == "__main__":
    main()
