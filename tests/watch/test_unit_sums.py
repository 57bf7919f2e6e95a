"""What happens where Triton's kernels for the statistics of units cannot be compiled."""

from __future__ import annotations

import math
import warnings

import pytest
import torch

from rectifier.kernels import cuda
from rectifier.torch import on_gpu, unit_sums
from rectifier.watch import statistics
from rectifier.watch.device import Device


class _NoCompiler:
    def forward(self, *args: object, **kwargs: object) -> None:
        raise RuntimeError("no C compiler")


def test_without_a_compiler_torch_computes_the_same_and_it_is_said_once(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(on_gpu, "serves", lambda tensor: True)
    monkeypatch.setattr(cuda, "why_not", lambda dtype, device: "")
    monkeypatch.setattr(unit_sums, "_units", _NoCompiler)
    monkeypatch.setattr(unit_sums, "_broken", set())
    x = torch.randn(8, 5, dtype=torch.float16)  # the compiled kernel takes no float16
    given = {"detailed": True, "saturation": None}
    with pytest.warns(RuntimeWarning, match="take longer, because Triton .* no C compiler"):
        found = statistics.forward(x, x.relu(), 1, "relu", **given)
    wanted = statistics.measured(x, x.relu(), 1, -math.inf, math.inf, zeros_too=True)
    assert torch.equal(found.units, wanted[0])
    assert found.whole is not None
    assert torch.equal(found.whole, wanted[1])
    with warnings.catch_warnings():
        warnings.simplefilter("error")  # it is said once
        statistics.forward(x, x.relu(), 1, "relu", **given)


def test_what_memory_lacks_is_told_as_that(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(unit_sums, "_broken", set())

    def full() -> None:
        raise torch.OutOfMemoryError("full")

    with pytest.raises(torch.OutOfMemoryError):
        unit_sums._tried(full)
    assert not unit_sums._broken


def test_the_cpu_is_not_waited_for() -> None:
    device = Device()
    device.meet(torch.ones(2))
    assert device.catch_up() is False
    assert device.waited == 0.0
