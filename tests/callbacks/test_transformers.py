"""The callback for Hugging Face's Trainer, in that Trainer, on a small BERT."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import torch

pytest.importorskip("transformers", reason="transformers is not installed")
pytest.importorskip("accelerate", reason="accelerate is not installed")
from transformers import BertConfig, BertForSequenceClassification, Trainer, TrainingArguments

from rectifier.callbacks.transformers import Watch
from rectifier.errors import SickTrainingError

pytestmark = pytest.mark.filterwarnings("ignore")


def trainer(folder: Path, watch: Watch, bias: float, labels: bool = True) -> Trainer:
    torch.manual_seed(0)
    config = BertConfig(
        vocab_size=50, hidden_size=16, num_hidden_layers=2, num_attention_heads=2,
        intermediate_size=24, max_position_embeddings=16, hidden_act="relu",
    )  # fmt: skip
    model = BertForSequenceClassification(config)
    for layer in model.bert.encoder.layer:
        torch.nn.init.constant_(layer.intermediate.dense.bias, bias)
    rows: list[dict[str, Any]] = []
    for _ in range(160):
        tokens = torch.randint(0, 50, (8,))
        row = {"input_ids": tokens, "labels": int(tokens[0] > 25)}
        rows.append(row if labels else {"input_ids": tokens})
    arguments = TrainingArguments(
        output_dir=str(folder), per_device_train_batch_size=8, num_train_epochs=2,
        use_cpu=True, report_to=[], disable_tqdm=True, save_strategy="no", logging_steps=1000,
    )  # fmt: skip
    return Trainer(model, arguments, train_dataset=rows, callbacks=[watch])


def test_a_training_is_watched(tmp_path: Path) -> None:
    watch = Watch(every=1, html=tmp_path / "r.html")
    trainer(tmp_path, watch, bias=-50.0).train()
    assert watch.record.steps == 40
    sites = {site.layer: site for site in watch.record.sites}
    for place in (0, 1):
        site = sites[f"bert.encoder.layer.{place}.intermediate.dense"]
        assert (site.function, site.units, site.dead) == ("relu", 24, 1.0)
    assert "born_dead" in [finding.rule for finding in watch.findings]
    assert (tmp_path / "r.html").exists()
    healthy = Watch(every=1)
    trainer(tmp_path, healthy, bias=0.0).train()
    assert "born_dead" not in [finding.rule for finding in healthy.findings]


def test_it_may_raise_and_a_context_ends_it_when_the_training_raises(tmp_path: Path) -> None:
    with pytest.raises(SickTrainingError, match="born_dead"):
        trainer(tmp_path, Watch(every=1, fail_on="error"), bias=-50.0).train()
    before = torch.autograd.backward
    with pytest.raises(Exception, match="loss"), Watch() as watch:
        trainer(tmp_path, watch, bias=0.0, labels=False).train()
    assert torch.autograd.backward is before
