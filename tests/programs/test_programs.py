"""The suite of programs is sound, and in a sample each fault is told and no healthy run accused.

`measure` runs all of it. The sample runs in this process, as `rectifier.watch.script.run_script`
does, every step observed: pairs of a faulty program and its twin, and some healthy programs that
look suspicious by nature: adversarial losses, sparse codes, frozen layers, residual sums.
"""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from suite import FOLDER, RULES, Program, programs, read

from rectifier.doctor import diagnose
from rectifier.watch.options import WatchOptions
from rectifier.watch.script import run_script

SUITE = programs()
FIRST_STEP = {
    "raised_rate": 100,
    "negative_biases": 0,
    "large_weights": 0,
    "deep_sigmoid": 0,
    "learning_rate": None,
    "log_of_zero": None,
    "transformer_rate": None,
}
"""The sample that runs here, and the step at which the fault shows, where that is one."""


@pytest.fixture(autouse=True)
def one_thread():
    threads, state = torch.get_num_threads(), torch.get_rng_state()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)
    torch.set_rng_state(state)


def judge(folder: Path, program: Program, variant: str):
    script = folder / "train.py"
    script.write_text(program.script(variant), encoding="utf-8")
    run = run_script(str(script), options=WatchOptions(every=1))
    assert run.status == 0
    assert run.record.steps > 0
    return diagnose(run.record)


def test_the_suite_is_as_large_as_promised_and_spread_over_parts_and_rules() -> None:
    faulty = [item for item in SUITE if item.faulty]
    assert len(faulty) >= 40
    assert len(SUITE) - len(faulty) >= 40
    assert {item.rules[0] for item in faulty if item.rules} == RULES
    for part in ("develop", "measure"):
        assert 0.35 <= sum(item.part == part for item in faulty) / len(faulty) <= 0.65


@pytest.mark.parametrize("program", SUITE, ids=lambda item: item.stem)
def test_every_program_is_a_plain_script_that_names_its_metric(program: Program) -> None:
    for variant in ("faulty", "healthy") if program.faulty else ("healthy",):
        text = program.script(variant)
        compile(text, program.stem, "exec")
        assert not {"# healthy", "# faulty", "rectifier"} & set(text.split())
        assert program.metric.lower().split()[-1] in text.lower()


@pytest.mark.parametrize(
    ("output", "value"),
    [("acc 0.1\nacc: 0.25", 0.25), ("val acc=91.5%", 0.915), ("Acc 1e-3", 1e-3), ("macc 1", None)],
)
def test_the_last_value_of_the_metric_counts(output: str, value: float | None) -> None:
    program = Program("x", FOLDER, False, (), (), "acc", True)
    assert program.value(output) == value


@pytest.mark.parametrize("name", sorted(FIRST_STEP))
def test_the_first_finding_is_the_root_cause(name: str, tmp_path: Path) -> None:
    program = read(FOLDER / "pairs" / f"{name}.py")
    first = judge(tmp_path, program, "faulty")[0]
    assert first.rule in program.rules
    assert first.severity in ("error", "warning")
    if FIRST_STEP[name] is not None:
        assert abs(first.first_step - FIRST_STEP[name]) <= 2
    assert first.remedies[0].action in program.remedies


@pytest.mark.parametrize("name", sorted(FIRST_STEP))
def test_no_healthy_twin_is_accused(name: str, tmp_path: Path) -> None:
    program = read(FOLDER / "pairs" / f"{name}.py")
    assert accusations(tmp_path, program) == []


@pytest.mark.parametrize("name", ["frozen_lora", "gan", "resnet", "sparse_autoencoder"])
def test_no_healthy_program_is_accused(name: str, tmp_path: Path) -> None:
    assert accusations(tmp_path, read(FOLDER / "healthy" / f"{name}.py")) == []


def accusations(folder: Path, program: Program) -> list[str]:
    return [f.cause for f in judge(folder, program, "healthy") if f.severity != "info"]
