"""Each sink is read back by the package that it writes for."""

from __future__ import annotations

import importlib.util
import json
import math
import struct
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from rectifier.errors import MissingPackageError, OutputError, UnknownNameError
from rectifier.watch import sinks
from rectifier.watch.record import (
    LayerRecord,
    Record,
    SiteRecord,
    SiteSeries,
    TrainingSeries,
    UnitStatistics,
)
from rectifier.watch.sinks.moments import moments

FINDING = {
    "rule": "born_dead", "severity": "error", "layer": "fc1", "site": "relu", "source": "net.py:4",
    "cause": "They never lived.", "remedies": [{"action": "reinitialize", "why": "It helps."}],
}  # fmt: skip


def needs(package: str) -> None:
    if importlib.util.find_spec(package) is None:
        pytest.skip(f"{package} is not installed")


def record(steps: int, model: str = "Net") -> Record:
    """A run of so many steps; at step s the loss is 10 / (s + 1), the gradient 2**-s."""
    step, nan = np.arange(steps), np.full(steps, np.nan)
    series = SiteSeries(
        step=step,
        **{
            name: np.linspace(0, 1, 8)[:steps]
            for name in ("silent", "sparsity", "zero_gradient", "saturated")
        },
        **dict.fromkeys(("input_mean", "input_std", "output_mean"), nan),
        output_std=np.full(steps, 2.0),
        gradient_rms=2.0**-step,
    )
    unit = UnitStatistics(
        seen_recent=4,
        active_recent=np.array([0, 3, 2, 1]),
        nonzero_gradient_recent=np.array([0, 3, 2, 1]),
        input_edges=np.array([-1.0, 0.0, 3.0]),
        input_counts=np.array([5, 2]),
    )
    return Record(
        script="train.py",
        steps=steps,
        sites=(SiteRecord("relu", "relu", "", "fc1", "Linear", "Net", 4, 1, 0, 3, series, unit),),
        layers=tuple(
            LayerRecord("fc1", "Linear", name, 0, 9, step=step, weight_norm=np.full(steps, 3.0),
                        gradient_rms=0.5**step, update_ratio=nan)
            for name in sorted({"Net", model})
        ),
        training=TrainingSeries(
            step=step,
            loss=np.where(step == 2, np.inf, 10.0 / (step + 1)),
            **dict.fromkeys(("learning_rate", "gradient_norm", "update_ratio"), nan),
        ),
    )  # fmt: skip


def fill(sink: sinks.Sink) -> None:
    """Two updates that overlap, and an end with one more step."""
    sink.open()
    sink.update(record(3))
    sink.update(record(5))
    sink.update(record(5))
    sink.close(record(6), [FINDING])


def test_moments_hold_every_number_once_and_nothing_unknown() -> None:
    rows = moments(record(5), after=1)
    assert [row.step for row in rows] == [2, 3, 4]
    assert rows[0].values["rectifier.training/loss"] == math.inf
    assert rows[1].values["rectifier.gradient_rms/relu"] == 0.125
    assert rows[1].values["rectifier.weight_gradient_rms/fc1"] == 0.125
    assert not any("input_mean" in name for row in rows for name in row.values)
    dead = [row.values.get("rectifier.dead/relu") for row in rows]
    assert dead == [None, None, 0.25]
    two = moments(record(1, model="Other"), after=-1)[0].values
    assert {name for name in two if "norm" in name} == {
        "rectifier.weight_norm/Net.fc1",
        "rectifier.weight_norm/Other.fc1",
    }


def test_jsonl(tmp_path: Path) -> None:
    fill(sinks.from_text(f"jsonl:{tmp_path / 'run.jsonl'}"))
    lines = [json.loads(line) for line in (tmp_path / "run.jsonl").read_text().splitlines()]
    assert [line["step"] for line in lines[:-1]] == [0, 1, 2, 3, 4, 5]
    losses = [line["values"]["rectifier.training/loss"] for line in lines[:-1]]
    assert losses == [10.0, 5.0, "Infinity", 2.5, 2.0, 10 / 6]
    assert lines[-1]["findings"] == [FINDING]
    assert lines[-1]["overhead"] is None, "not known"


@pytest.mark.filterwarnings("ignore")
def test_tensorboard(tmp_path: Path) -> None:
    needs("tensorboard")
    fill(sinks.from_text(f"tensorboard:{tmp_path / 'runs'}"))
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    events = EventAccumulator(str(tmp_path / "runs"), size_guidance={"histograms": 0})
    events.Reload()
    silent = [(event.step, event.value) for event in events.Scalars("rectifier.silent/relu")]
    assert [step for step, _ in silent] == [0, 1, 2, 3, 4, 5]
    assert silent[3][1] == pytest.approx(3 / 7)
    histogram = events.Histograms("rectifier.inputs/relu")[-1]
    assert histogram.step == 5
    assert list(histogram.histogram_value.bucket)[-2:] == [5.0, 2.0]
    text = events.Tensors("rectifier.findings/text_summary")[0].tensor_proto.string_val[0].decode()
    assert "born_dead" in text
    assert "reinitialize: It helps." in text


@pytest.mark.filterwarnings("ignore")
def test_mlflow(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    needs("mlflow")
    import mlflow

    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("GIT_PYTHON_REFRESH", "quiet")
    uri = f"sqlite:///{tmp_path / 'runs.db'}"
    fill(sinks.from_text(f"mlflow:{uri}"))
    assert mlflow.active_run() is None, "the program's own state was moved"
    client = mlflow.MlflowClient(tracking_uri=uri)
    (run,) = client.search_runs(["0"])
    history = client.get_metric_history(run.info.run_id, "rectifier.gradient_rms/relu")
    assert sorted((m.step, m.value) for m in history) == [(s, 2.0**-s) for s in range(6)]
    assert run.data.tags["rectifier.findings"] == "born_dead"
    assert run.info.status == "FINISHED"

    mlflow.set_tracking_uri(uri)
    with mlflow.start_run() as own:
        fill(sinks.from_text("mlflow"))
        assert mlflow.active_run().info.run_id == own.info.run_id
    data = client.get_run(own.info.run_id).data
    assert data.metrics["rectifier.dead/relu"] == 0.25, "not in the run that the program has open"


@pytest.mark.filterwarnings("ignore")
def test_wandb_offline(offline_wandb: Path) -> None:
    fill(sinks.from_text("wandb:project"))
    (file,) = (offline_wandb / "wandb").glob("offline-run-*/*.wandb")
    end = time.monotonic() + 60  # a process of W&B's own writes the file
    while b"born_dead" not in file.read_bytes() and time.monotonic() < end:
        time.sleep(0.1)
    rows = [row for row in histories(file) if "rectifier.silent/relu" in row]
    assert [row["rectifier_step"] for row in rows] == [0, 1, 2, 3, 4, 5]
    assert rows[4]["rectifier.training/loss"] == 2.0
    summary = b"".join(blocks(file))
    assert b"born_dead" in summary


def histories(file: Path) -> Iterator[dict[str, Any]]:
    """The rows that an offline run holds."""
    from wandb.proto import wandb_internal_pb2

    for data in blocks(file):
        entry = wandb_internal_pb2.Record()
        entry.ParseFromString(data)
        if entry.WhichOneof("record_type") == "history":
            yield {
                item.key or ".".join(item.nested_key): json.loads(item.value_json)
                for item in entry.history.item
            }


def blocks(file: Path) -> Iterator[bytes]:
    """The records of a LevelDB log, as W&B writes it: blocks of 32 KiB behind 7 bytes of head."""
    data, place, whole = file.read_bytes(), 7, b""
    while place + 7 <= len(data):
        if 32768 - place % 32768 < 7:
            place += 32768 - place % 32768
            continue
        length, kind = struct.unpack("<HB", data[place + 4 : place + 7])
        whole += data[place + 7 : place + 7 + length]
        place += 7 + length
        if kind in (1, 4):
            yield whole
            whole = b""


def test_what_cannot_be_written_to_is_said_at_once(tmp_path: Path) -> None:
    assert sinks.names() == ("jsonl", "mlflow", "tensorboard", "wandb")
    with pytest.raises(UnknownNameError, match="tensorboard"):
        sinks.from_text("tensorbord:runs")
    with pytest.raises(OutputError, match="needs a place"):
        sinks.from_text("jsonl")
    with pytest.raises(OutputError, match="folder that exists"):
        sinks.from_text(f"jsonl:{tmp_path}/no/run.jsonl")


@pytest.mark.parametrize("name", ["tensorboard", "mlflow", "wandb"])
def test_a_missing_package_names_its_extra(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(importlib.util, "find_spec", lambda _: None)
    with pytest.raises(MissingPackageError, match=rf"rectifier\[{name}\]"):
        sinks.from_text(f"{name}:place")
