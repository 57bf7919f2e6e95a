"""The demo's script: plain PyTorch, sick as it stands, healthy with a sane learning rate."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from rectifier.doctor.repair import repair_script

SCRIPT = Path(__file__).parents[2] / "examples" / "digits_dying.py"


@pytest.fixture(autouse=True)
def one_thread(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OMP_NUM_THREADS", "1")


def test_it_knows_nothing_of_us() -> None:
    assert "rectifier" not in SCRIPT.read_text(encoding="utf-8")


def test_it_is_diagnosed_and_repaired() -> None:
    repair = repair_script(str(SCRIPT), echo=lambda text, error: None)
    assert repair.verdict == "repaired"
    root, *rest = repair.before.findings
    assert root.rule == "learning_rate_too_high"
    dying = next(finding for finding in rest if finding.rule == "dying_relu")
    assert dying.layer == "fc1"
    assert re.search(r"digits_dying\.py:\d+$", dying.source)
    line = int(dying.source.rpartition(":")[2])
    assert "F.relu(self.fc1" in SCRIPT.read_text(encoding="utf-8").splitlines()[line - 1]
    assert dying.evidence["dead"] > 0.5
    assert 0 < dying.evidence["median_death_step"] < 100
    assert dying.consequence_of == root.rule
    assert repair.before.metrics["accuracy"][-1] < 0.5
    assert repair.after is not None, "a sane learning rate trains it"
    assert repair.after.metrics["accuracy"][-1] >= 0.95
    assert max(site.dead for site in repair.after.record.sites) < 0.1
    assert "default=0.05" in repair.patch
