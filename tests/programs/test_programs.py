"""Whole programs: each faulty one is told its root cause, no healthy one is accused.

They run in this process, as `rectifier.watch.script.run_script` runs them, every step observed. The
healthy programs are the faulty ones' twins, where only the fault is mended, and some that look
suspicious by nature: adversarial losses, sparse codes, frozen layers, residual sums.
"""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from rectifier.doctor import diagnose
from rectifier.watch.options import WatchOptions
from rectifier.watch.script import run_script

FOLDER = Path(__file__).parent
ROOT_CAUSE = {
    "deep_sigmoid": "vanishing_gradient",
    "large_weights": "exploding_gradient",
    "learning_rate": "learning_rate_too_high",
    "log_of_zero": "non_finite",
    "negative_biases": "born_dead",
    "raised_rate": "learning_rate_too_high",
    "transformer_rate": "learning_rate_too_high",
}
FIRST_STEP = {"raised_rate": 100, "negative_biases": 0, "large_weights": 0, "deep_sigmoid": 0}
REMEDY = {
    "deep_sigmoid": "insert_normalization",
    "large_weights": "reinitialize",
    "negative_biases": "reinitialize",
}


@pytest.fixture(autouse=True)
def one_thread():
    threads, state = torch.get_num_threads(), torch.get_rng_state()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)
    torch.set_rng_state(state)


def judge(kind: str, name: str):
    run = run_script(str(FOLDER / kind / f"{name}.py"), options=WatchOptions(every=1))
    assert run.status == 0
    assert run.record.steps > 0
    return diagnose(run.record)


def test_every_faulty_program_has_a_healthy_twin() -> None:
    faulty = {path.stem for path in (FOLDER / "faulty").glob("*.py")}
    assert faulty == set(ROOT_CAUSE)
    assert faulty <= {path.stem for path in (FOLDER / "healthy").glob("*.py")}


@pytest.mark.parametrize("name", sorted(ROOT_CAUSE))
def test_the_first_finding_is_the_root_cause(name: str) -> None:
    first = judge("faulty", name)[0]
    assert first.rule == ROOT_CAUSE[name]
    assert first.severity in ("error", "warning")
    assert abs(first.first_step - FIRST_STEP.get(name, first.first_step)) <= 2
    if name in REMEDY or first.rule == "learning_rate_too_high":
        assert first.remedies[0].action == REMEDY.get(name, "lower_learning_rate")


@pytest.mark.parametrize("name", sorted(p.stem for p in (FOLDER / "healthy").glob("*.py")))
def test_no_healthy_program_is_accused(name: str) -> None:
    assert [f.cause for f in judge("healthy", name) if f.severity != "info"] == []
