"""The callback for Lightning, in Lightning's own Trainer."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional as F
from torch.utils.data import DataLoader, TensorDataset

pytest.importorskip("lightning", reason="lightning is not installed")
import lightning.pytorch as pl
from lightning.pytorch.loggers import CSVLogger

from rectifier.callbacks.lightning import Watch
from rectifier.errors import SickTrainingError

pytestmark = pytest.mark.filterwarnings("ignore")


class Net(pl.LightningModule):
    def __init__(self, bias: float = 0.0, explode: bool = False) -> None:
        super().__init__()
        self.fc1 = nn.Linear(8, 32)
        self.fc2 = nn.Linear(32, 1)
        nn.init.constant_(self.fc1.bias, bias)
        self.explode = explode

    def forward(self, x: Tensor) -> Tensor:
        return self.fc2(F.relu(self.fc1(x)))

    def training_step(self, batch: Any, index: int) -> Tensor:
        if self.explode and self.global_step == 7:
            raise ArithmeticError("in the training step")
        x, y = batch
        loss = F.mse_loss(self(x), y)
        self.log("loss", loss)  # makes metrics: modules whose hash reads their state
        return loss

    def validation_step(self, batch: Any, index: int) -> None:
        self(batch[0] - 100.0)

    def configure_optimizers(self) -> torch.optim.Optimizer:
        return torch.optim.SGD(self.parameters(), lr=0.01)


def data() -> DataLoader[Any]:
    x = torch.randn(640, 8)
    return DataLoader(TensorDataset(x, x[:, :1]), batch_size=32)


def fit(model: Net, watch: Watch, folder: Path, **options: Any) -> None:
    trainer = pl.Trainer(
        callbacks=[watch], max_epochs=2, accelerator="cpu", enable_progress_bar=False,
        enable_model_summary=False, enable_checkpointing=False, default_root_dir=folder,
        **{"logger": False, **options},
    )  # fmt: skip
    trainer.fit(model, data(), data())


def test_a_fit_is_watched(tmp_path: Path) -> None:
    watch = Watch(every=1, html=tmp_path / "r.html", sinks=[f"jsonl:{tmp_path / 'r.jsonl'}"])
    logger = CSVLogger(tmp_path, name="csv")
    fit(Net(bias=-20.0), watch, tmp_path, logger=logger)
    (site,) = watch.record.sites
    assert (site.function, site.layer, site.units, site.dead) == ("relu", "fc1", 32, 1.0)
    assert site.source.startswith("test_lightning.py:") or "test_lightning.py:" in site.source
    assert watch.record.steps == 40
    assert watch.record.observed_steps == 40, "validation passes are no steps"
    assert watch.findings[0].rule == "born_dead"
    assert (tmp_path / "r.html").stat().st_size > 10_000
    last = json.loads((tmp_path / "r.jsonl").read_text().splitlines()[-1])
    assert last["findings"][0]["rule"] == "born_dead"
    logged = (Path(logger.log_dir) / "metrics.csv").read_text()
    assert "rectifier.silent/" in logged.splitlines()[0]
    # What a healthy twin gives, in the same process and with nothing left of the first:
    healthy = Watch(every=1, fail_on="warning")
    fit(Net(), healthy, tmp_path)
    assert healthy.record.sites[0].dead < 0.2
    assert [f.rule for f in healthy.findings if f.severity != "info"] == []


def test_a_sick_fit_may_raise_and_an_exception_ends_the_watch(tmp_path: Path) -> None:
    with pytest.raises(SickTrainingError, match="born_dead: "):
        fit(Net(bias=-20.0), Watch(every=1, fail_on="error"), tmp_path)
    watch = Watch(every=1)
    before = torch.autograd.backward
    with pytest.raises(ArithmeticError):
        fit(Net(explode=True), watch, tmp_path)
    assert watch.record.steps == 7
    assert torch.autograd.backward is before
    assert len(watch.record.sites) == 1
