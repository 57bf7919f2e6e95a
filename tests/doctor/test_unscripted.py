"""What a program would script runs as it is written, and is scripted when it is saved."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from torch import nn

from rectifier.doctor.remedies._unscripted import leave_unscripted


class Doubled(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.fc = nn.Linear(3, 2)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return 2.0 * torch.relu(self.fc(x))


@pytest.fixture(autouse=True)
def restored(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.jit, "script", torch.jit.script)
    leave_unscripted()


def test_modules_and_functions_stay_as_they_are() -> None:
    model = Doubled()
    assert torch.jit.script(model) is model

    @torch.jit.script
    def plus(x: torch.Tensor) -> torch.Tensor:
        return x + 1

    assert not isinstance(plus, torch.jit.ScriptFunction)
    assert plus(torch.ones(1)).item() == 2


@pytest.mark.filterwarnings("ignore:`torch.jit")
@pytest.mark.parametrize("way", ["method", "function"])
def test_what_is_saved_is_scripted(tmp_path: Path, way: str) -> None:
    model, place = torch.jit.script(Doubled()), tmp_path / "model.pt"
    if way == "method":
        model.save(str(place))
    else:
        torch.jit.save(model, str(place))
    again, x = torch.jit.load(str(place)), torch.randn(4, 3)
    assert isinstance(again, torch.jit.ScriptModule)
    assert torch.equal(again(x), model(x))
    assert torch.jit.script(model) is model
