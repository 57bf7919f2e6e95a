"""A network's parts and its batches are put where it is trained.

Without a GPU the device ``meta`` stands for one: it computes shapes only, and refuses to compute
with what was left on the CPU.
"""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from rectifier.cli.main import run_command
from rectifier.errors import InvalidInputError
from rectifier.training import starts
from rectifier.training.job import device_of

ELSEWHERE = (
    *("alphago_policy", "cnn4", "efficientnet_b0", "gpt_tiny", "irnn", "mish_mlp", "steering"),
    *("transformer_encoder", "vit_tiny"),
)
"""All kinds of networks and of jobs but two, which need the numbers themselves."""


@pytest.mark.parametrize("name", ELSEWHERE)
def test_everything_is_where_the_network_is(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    item = torch.Tensor.item
    monkeypatch.setattr(torch.Tensor, "item", lambda t: 0.0 if t.is_meta else item(t))
    job = starts.make(name, device="meta", batch=4)
    job.gradients(torch.Generator().manual_seed(0))
    parts = [*job.model.parameters(), *job.model.buffers()]
    assert {part.device.type for part in parts} == {"meta"}
    assert any(p.grad is not None for p in job.model.parameters())


def test_a_device_that_is_not_there_is_refused(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(InvalidInputError, match="'gpu' cannot be used here"):
        device_of("gpu")
    if not torch.cuda.is_available():
        train = ["train", "mlp", "--device", "cuda", "--checkpoint", str(tmp_path / "c.pt")]
        assert run_command(train) == 2
        assert "'cuda' cannot be used here" in capsys.readouterr().err
