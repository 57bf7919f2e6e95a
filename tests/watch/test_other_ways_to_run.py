"""What a program does beside training: it is traced, or trains in another thread or process."""

from __future__ import annotations

import subprocess
import sys
import threading
import warnings

import pytest
import torch
from torch import Tensor, nn

import rectifier.torch as rt


class Net(nn.Module):
    """One site of a module, one of a function."""

    def __init__(self) -> None:
        super().__init__()
        self.body = nn.Sequential(nn.Linear(4, 8), nn.ReLU(), nn.Linear(8, 8))
        self.head = nn.Linear(8, 1)

    def forward(self, x: Tensor) -> Tensor:
        return self.head(torch.tanh(self.body(x)))


def traced(model: nn.Module) -> list[str]:
    """The operations of the recorded program; names in it stem from lines of Python."""
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message=".*torch.jit.trace.*")  # deprecated, not gone
        graph = torch.jit.trace(model, torch.ones(2, 4)).inlined_graph
    return [node.kind() for node in graph.nodes()]


@pytest.mark.parametrize("every", [1, 7])
def test_a_traced_program_holds_nothing_of_the_watchers(every: int) -> None:
    torch.manual_seed(0)
    model = Net()
    optimizer = torch.optim.SGD(model.parameters(), 0.1)
    plain = traced(model)
    assert plain.count("aten::tanh") == plain.count("aten::relu") == 1
    with rt.watch(model, optimizer) as session:
        for step in range(90):  # close looks and brief ones
            if step % every == 0:
                assert traced(model) == plain
            loss = (model(torch.randn(16, 4)) - 1).square().mean()
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
        assert traced(model) == plain
    record = session.record
    assert record.steps == 90
    assert [site.function for site in record.sites] == ["relu", "tanh"]
    assert all(site.unit.seen % 16 == 0 for site in record.sites)  # no row of what was traced
    assert record.notes == ()


def test_steps_of_another_thread_are_said_not_to_be_seen() -> None:
    model = Net()
    optimizer = torch.optim.SGD(model.parameters(), 0.1)

    def train() -> None:
        for _ in range(5):
            model(torch.randn(16, 4)).square().mean().backward()
            optimizer.step()

    with rt.watch(model, optimizer) as session:
        other = threading.Thread(target=train)
        other.start()
        other.join()
    assert "Steps that another thread takes are not seen." in session.record.notes


def test_training_that_other_processes_did_is_said_to_be_unseen() -> None:
    work = "import time\nwhile time.process_time() < 1.2: pass"
    with rt.watch(Net()) as session:
        subprocess.run([sys.executable, "-c", work], check=True)
    (note,) = session.record.notes
    assert "Processes that the program started computed for" in note
    assert "torchrun" in note
