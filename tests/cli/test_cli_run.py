"""``rectifier run`` and ``rectifier repair``: streams, statuses, JSON."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

SICK = """\
import sys
import torch
from torch import nn

torch.manual_seed(0)
model = nn.Sequential(nn.Linear(8, 32), nn.ReLU(), nn.Linear(32, 1))
nn.init.constant_(model[0].bias, -20.0)
optimizer = torch.optim.SGD(model.parameters(), lr=0.01)
x = torch.randn(64, 8)
y = x.square().sum(1, keepdim=True)
for step in range(60):
    loss = (model(x) - y).square().mean()
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
print("loss", loss.item())
print("to the error stream", file=sys.stderr)
sys.exit(7 if "--fail" in sys.argv else 0)
"""


def rectifier(
    folder: Path, *arguments: str, script: str = SICK
) -> subprocess.CompletedProcess[str]:
    (folder / "sick.py").write_text(script)
    return subprocess.run(
        [sys.executable, "-m", "rectifier", *arguments],
        capture_output=True,
        text=True,
        check=False,
        cwd=folder,
    )


def test_run_keeps_the_scripts_output_and_status(tmp_path: Path) -> None:
    done = rectifier(tmp_path, "run", "--html", "r.html", "--record", "r.json", "sick.py", "--fail")
    assert done.returncode == 7, "the script's own status goes before ours"
    assert done.stdout.startswith("loss ")
    assert done.stdout.count("\n") == 1, "something of ours on the script's standard output"
    assert "to the error stream" in done.stderr
    assert "born_dead" in done.stderr
    assert "sick.py:6" in done.stderr
    assert (tmp_path / "r.html").read_text().count("born") > 0
    assert json.loads((tmp_path / "r.json").read_text())["steps"] == 60


def test_repair_acts_while_the_script_runs_and_says_so(tmp_path: Path) -> None:
    long = SICK.replace("range(60)", "range(400)")  # its output's bias learns for 200 steps
    done = rectifier(tmp_path, "run", "--repair", "--json", "r.json", "sick.py", script=long)
    assert done.returncode == 0
    assert "reinitialize is at work" in done.stderr
    said = json.loads((tmp_path / "r.json").read_text())["repairs"]
    assert any("weights of Sequential drawn anew" in line for line in said)
    losses = [float(line.split()[1]) for line in done.stdout.splitlines()]
    plain = rectifier(tmp_path, "run", "sick.py", script=long).stdout
    assert losses[-1] < float(plain.split()[1])


def test_fail_on_turns_findings_into_a_status(tmp_path: Path) -> None:
    json_on_stdout = ["run", "--json", "-", "--fail-on", "error", "sick.py"]
    done = rectifier(tmp_path, *json_on_stdout)
    assert done.returncode == 1
    data = json.loads(done.stdout[done.stdout.index("{") :])
    (site,) = data["sites"]
    assert (site["function"], site["units"], site["dead"]) == ("relu", 32, 1.0)
    assert data["findings"][0]["rule"] == "born_dead"
    assert data["findings"][0]["remedies"][0]["action"]
    assert rectifier(tmp_path, "run", "--rules", "non_finite", *json_on_stdout[3:]).returncode == 0


def test_fail_on_leaves_a_healthy_or_failing_script_its_status(tmp_path: Path) -> None:
    failing = rectifier(tmp_path, "run", "--fail-on", "warning", "sick.py", "--fail")
    assert failing.returncode == 7
    (tmp_path / "healthy.py").write_text(SICK.replace("-20.0", "0.0"))
    healthy = rectifier(tmp_path, "run", "--fail-on", "warning", "healthy.py")
    assert healthy.returncode == 0, healthy.stderr
    unknown = rectifier(tmp_path, "run", "--sink", "tensorbord:runs", "healthy.py")
    assert unknown.returncode == 2
    assert "'tensorboard'" in unknown.stderr
    assert unknown.stdout == "", "the script ran all the same"


def test_help_teaches_by_example(tmp_path: Path) -> None:
    shown = rectifier(tmp_path, "run", "--help")
    assert shown.returncode == 0
    for word in ("--fail-on", "exit status", "--sink", "torchrun", "rectifier run train.py"):
        assert word in shown.stdout


def test_repair_prints_only_json_on_stdout_when_asked(tmp_path: Path) -> None:
    done = rectifier(tmp_path, "repair", "--json", "-", "--html", "r.html", "sick.py")
    data = json.loads(done.stdout)
    assert data["verdict"] in ("repaired", "improved"), done.stderr
    assert done.returncode == 0
    before, after = data["before"], data["attempts"][data["chosen"]]
    assert before["sites"][0]["dead"] == 1.0
    assert after["sites"][0]["dead"] < 0.5
    assert after["final_loss"] < before["final_loss"]
    assert "to the error stream" in done.stderr
    assert (tmp_path / "r.html").stat().st_size > 10_000
