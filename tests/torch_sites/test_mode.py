"""The function mode's place on torch's stack: nothing of ours is left there, whatever happens."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional as F
from torch.overrides import TorchFunctionMode
from torch.utils.data import DataLoader, IterableDataset

from rectifier.torch import forms
from rectifier.torch.mode import put_on, take_out
from rectifier.torch.sites import Interception, Observer


def depth() -> int:
    return torch._C._len_torch_function_stack()


def network() -> nn.Sequential:
    return nn.Sequential(nn.Linear(4, 4), nn.ReLU(), nn.Linear(4, 2))


class Batches(IterableDataset[Tensor]):
    """Rows of another loader."""

    def __iter__(self) -> Iterator[Tensor]:
        for (batch,) in DataLoader([(row,) for row in torch.randn(6, 4)], batch_size=2):
            yield from batch


def test_a_loader_inside_a_loader_puts_the_mode_back_once() -> None:
    model = network()
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    depths = set()
    with Interception([Observer()], [model]):
        for x in DataLoader(Batches(), batch_size=3):
            depths.add(depth())
            optimizer.zero_grad()
            model(x).sum().backward()
            optimizer.step()
    assert depths == {1}
    assert depth() == 0


def test_a_failure_while_a_function_is_handled_leaves_no_mode(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def fail(*args: object) -> None:
        raise LookupError("no such form")

    monkeypatch.setattr(forms, "recognise", fail)
    weight = torch.randn(4, 4, requires_grad=True)
    with Interception([Observer()]) as interception:
        F.relu(torch.randn(2, 4) @ weight).sum().backward()
    assert "LookupError" in interception.notes[0]
    assert depth() == 0


def test_a_failure_in_a_backward_pass_leaves_no_mode() -> None:
    class Gradients(Observer):
        def on_site(self, site: object, input: Tensor, output: Tensor) -> None:
            output.register_hook(lambda _: stop())

    model = network()
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    with Interception([Gradients()], [model]) as interception:
        stop = interception._stop
        model(torch.randn(3, 4)).sum().backward()
        optimizer.step()
    assert depth() == 0


def test_a_mode_is_taken_out_from_under_others_however_often_it_is_there() -> None:
    class Other(TorchFunctionMode):
        pass

    one, two = Other(), Other()
    for mode in (one, two, one):
        put_on(mode)
    assert take_out(one)
    assert not take_out(one)
    assert depth() == 1
    assert take_out(two)
    assert depth() == 0
