"""Two processes that train one model see together what one process sees: DDP and FSDP2, on gloo."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from rectifier.watch import ranks
from rectifier.watch.ledger import Clock, Observation, SiteLedger
from rectifier.watch.record import Record, SiteRecord
from rectifier.watch.training import TrainingLedger

PROGRAM = Path(__file__).with_name("joint_training.py")
EXACT = ("seen", "seen_recent", "active", "active_recent", "nonzero_gradient_recent")
MOMENTS = ("input_mean", "input_std", "output_mean", "output_std", "gradient_rms")


def run(*command: str) -> None:
    environment = {**os.environ, "OMP_NUM_THREADS": "1"}
    done = subprocess.run(
        [sys.executable, *command], env=environment, capture_output=True, text=True, timeout=240
    )
    assert done.returncode == 0, done.stderr


@pytest.fixture(scope="module")
def records(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Record]:
    folder = tmp_path_factory.mktemp("ranks")
    torchrun = ("-m", "torch.distributed.run", "--standalone", "--nproc-per-node=2")
    run(*torchrun, str(PROGRAM), "together", str(folder))
    run(str(PROGRAM), "alone", str(folder))
    return {
        path.stem: Record.from_json(path.read_text(encoding="utf-8"))
        for path in folder.glob("*.json")
    }


def same(one: SiteRecord, two: SiteRecord) -> None:
    for name in EXACT:
        np.testing.assert_array_equal(getattr(one.unit, name), getattr(two.unit, name), name)
    np.testing.assert_array_equal(one.unit.last_active_step, two.unit.last_active_step)
    np.testing.assert_array_equal(one.unit.nonzero_recent, two.unit.nonzero_recent)
    np.testing.assert_allclose(one.unit.map_active, two.unit.map_active)
    np.testing.assert_allclose(one.unit.mean_abs_recent, two.unit.mean_abs_recent, rtol=1e-5)
    for name in ("silent", "sparsity", "zero_gradient", "saturated"):
        found = getattr(one.series, name), getattr(two.series, name)
        np.testing.assert_allclose(*found, rtol=1e-12, err_msg=name)
    for name in MOMENTS:
        found = getattr(one.series, name), getattr(two.series, name)
        np.testing.assert_allclose(*found, rtol=1e-5, atol=1e-6, err_msg=name)


@pytest.mark.parametrize("every", ["1", "None"])
@pytest.mark.parametrize("way", ["ddp", "fsdp"])
def test_counts_are_exact_and_moments_agree(
    records: dict[str, Record], way: str, every: str
) -> None:
    alone, together = records[f"alone-{every}"], records[f"{way}-{every}"]
    assert together.observed_steps == 14
    assert alone.observed_steps == 14, "few enough that all are seen in any case"
    assert any("2 processes" in note for note in together.notes)
    names = [(s.site, s.model, s.function, s.layer, s.layer_kind) for s in alone.sites]
    assert names == [
        ("act", "Net", "relu", "conv", "Conv2d"),
        ("gelu", "Net", "gelu", "fc", "Linear"),
    ]
    assert [(s.site, s.model, s.function, s.layer, s.layer_kind) for s in together.sites] == names
    for one, two in zip(alone.sites, together.sites, strict=True):
        same(one, two)
    assert alone.sites[0].unit.dead.tolist() == [False, True, False, False, False, False]
    for name in ("loss", "input_mean", "input_std", "input_abs_max"):
        found = getattr(alone.training, name), getattr(together.training, name)
        np.testing.assert_allclose(*found, rtol=1e-5, atol=1e-6, err_msg=name)
    if way == "fsdp":
        assert any("split over processes" in note for note in together.notes)
    else:
        for one, two in zip(alone.sites, together.sites, strict=True):
            biases = one.unit.bias_at_death, two.unit.bias_at_death
            np.testing.assert_allclose(*biases, rtol=1e-5)
        norms = alone.training.gradient_norm, together.training.gradient_norm
        np.testing.assert_allclose(*norms, rtol=1e-5)


def share(steps: int, units: int = 2) -> ranks.Share:
    ledger = SiteLedger(units, Clock())
    for step in range(steps):
        seen = Observation(elements=3, rows=3, active=np.array([1, 0][:units]))
        ledger.add(step, step, seen, None, None)
    return ranks.Share({("Net", "relu", "relu"): ledger}, TrainingLedger(), steps, steps)


def test_a_process_that_took_other_steps_is_left_out_and_that_is_said() -> None:
    own = share(4)
    (note,) = ranks.join(own, [share(3)])
    assert "left out" in note
    (ledger,) = own.sites.values()
    assert ledger.statistics(0, None).active.tolist() == [4, 0]
    assert ranks.join(own, [share(4)]) == []
    assert ledger.statistics(0, None).active.tolist() == [8, 0]
    assert ledger.statistics(0, None).seen == 24
