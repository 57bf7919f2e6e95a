"""AlexNet's two groups in two real processes: outputs and gradients of the network in one piece."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

PROGRAM = """
import sys, torch, torch.distributed as dist
from rectifier import models
from rectifier.models._towers import TwoProcesses

rank, place = int(sys.argv[1]), sys.argv[2]
dist.init_process_group("gloo", init_method=f"file://{place}", rank=rank, world_size=2)
generator = torch.Generator().manual_seed(0)
whole = models.get("alexnet")((3, 67, 67), 10, channels=(8,) * 5, hidden=8, generator=generator,
                              init="he_normal", dropout=0.0)
x = torch.randn(2, 3, 67, 67, generator=generator)
mine = TwoProcesses(whole)
out = mine(x)
torch.testing.assert_close(out, whole(x))
torch.nn.functional.cross_entropy(out, torch.tensor([1, 2])).backward()
torch.nn.functional.cross_entropy(whole(x), torch.tensor([1, 2])).backward()
layers = [m for m in whole.modules() if isinstance(m, torch.nn.Conv2d | torch.nn.Linear)]
halves = [m for m in mine.modules() if isinstance(m, torch.nn.Conv2d | torch.nn.Linear)]
assert len(layers) == len(halves) == 8
for layer, half in zip(layers, halves, strict=True):
    torch.testing.assert_close(half.weight.grad, layer.weight.grad.chunk(2)[rank])
    assert half.weight.grad.abs().sum() > 0
dist.barrier()
dist.destroy_process_group()
print("same")
"""


def test_two_processes_give_what_one_network_gives(tmp_path: Path) -> None:
    place = str(tmp_path / "meeting")
    running = [
        subprocess.Popen(
            [sys.executable, "-c", PROGRAM, str(rank), place],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        for rank in range(2)
    ]
    for process in running:
        out, error = process.communicate(timeout=120)
        assert "same" in out, error
