"""The edit that makes a remedy last: only where the place is certain."""

from __future__ import annotations

import io
import shutil
import subprocess
from pathlib import Path

import pytest
from rich.console import Console

from rectifier.doctor.finding import Remedy
from rectifier.doctor.outcome import Attempt, Repair, Run
from rectifier.doctor.patch import patch_for
from rectifier.report.terminal import print_repair
from rectifier.watch.record import Record

LOWER = Remedy("lower_learning_rate", "", {"from": 0.5, "to": 0.05})


def edited(tmp_path: Path, text: str, *remedies: Remedy, sources=None) -> list[str]:
    """The lines that a patch adds."""
    script = tmp_path / "train.py"
    script.write_text(text, encoding="utf-8")
    patch = patch_for(script, remedies or (LOWER,), sources or {}, tmp_path)
    assert script.read_text(encoding="utf-8") == text, "the user's file is never written"
    if patch:
        assert patch.startswith("--- a/train.py\n+++ b/train.py\n@@")
    lines = patch.splitlines()[2:]
    return [line[1:].strip() for line in lines if line.startswith("+")]


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("opt = SGD(p, lr=0.5, momentum=0.5)", "opt = SGD(p, lr=0.05, momentum=0.5)"),
        ("opt = torch.optim.Adam(p, 5e-1)", "opt = torch.optim.Adam(p, 0.05)"),
        ("LR = .5", "LR = 0.05"),
        ("learning_rate: float = 0.5", "learning_rate: float = 0.05"),
        ("config = {'lr': 0.5, 'dropout': 0.5}", "config = {'lr': 0.05, 'dropout': 0.5}"),
        (
            "parser.add_argument('--learning-rate', default=0.5)",
            "parser.add_argument('--learning-rate', default=0.05)",
        ),
        ("def train(n, lr=0.5): pass", "def train(n, lr=0.05): pass"),
        ("def train(*, base_lr=0.5): pass", "def train(*, base_lr=0.05): pass"),
        ("x = 'ü'; opt = SGD(p, lr=0.5)", "x = 'ü'; opt = SGD(p, lr=0.05)"),
    ],
)
def test_literal_learning_rates(tmp_path: Path, before: str, after: str) -> None:
    assert edited(tmp_path, f"import torch\n{before}\n") == [after]


@pytest.mark.parametrize(
    "text",
    [
        "dropout = Dropout(0.5)\nfilter = 0.5\nslr_camera = 0.5\n",
        "opt = SGD(p, lr=0.1)\n",
        "opt = SGD(p, lr=args.lr)\n",
        "opt = SGD(p, lr=",
        "parser.add_argument('--dropout', default=0.5)\n",
    ],
)
def test_no_edit_where_nothing_is_certain(tmp_path: Path, text: str) -> None:
    assert edited(tmp_path, text) == []


def test_several_places_of_one_value(tmp_path: Path) -> None:
    text = "a = Adam(p, lr=0.5)\nb = Adam(q, lr=0.5)"
    assert edited(tmp_path, text) == ["a = Adam(p, lr=0.05)", "b = Adam(q, lr=0.05)"]


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("x = F.relu(self.a(x))", "x = F.leaky_relu(self.a(x))"),
        ("x = torch.relu(x)", "x = torch.nn.functional.leaky_relu(x)"),
        ("act = nn.ReLU(inplace=True)", "act = nn.LeakyReLU(inplace=True)"),
        ("x = F.relu(F.relu(x))", None),
        ("x = x.relu()", None),
        ("x = my_F.relu6(x)", None),
    ],
)
def test_activations(tmp_path: Path, before: str, after: str | None) -> None:
    settings = {"from": "relu", "to": "leaky_relu"}
    swap = Remedy("swap_activation", "", settings, {"sites": ["a.relu"]})
    added = edited(tmp_path, f"#\n{before}\n", swap, sources={"a.relu": "train.py:2"})
    assert added == ([] if after is None else [after])


def test_remedies_that_are_no_edit(tmp_path: Path) -> None:
    assert edited(tmp_path, "opt = SGD(p, lr=0.5)\n", Remedy("recycle_units", "")) == []


def test_missing_file_is_no_patch(tmp_path: Path) -> None:
    assert patch_for(tmp_path / "none.py", (LOWER,), {}, tmp_path) == ""


@pytest.mark.skipif(shutil.which("patch") is None, reason="needs the program patch")
@pytest.mark.parametrize("end", ["\n", ""])
def test_what_is_printed_is_a_patch_that_applies(tmp_path: Path, end: str) -> None:
    """Long lines, tabs and blank context lines come out of the report as they went in."""
    long = "# " + "a comment that is wider than any terminal " * 6
    text = f"{long}\nif True:\n\tlr = 0.5\n\nprint(lr)  \nopt = SGD(p, lr=0.5){end}"
    script = tmp_path / "train.py"
    script.write_text(text, encoding="utf-8")
    patch = patch_for(script, [LOWER], {}, tmp_path)
    run = Run(Record(script="train.py"), (), 0, "", {}, 1.0)
    attempt = Attempt((LOWER,), run)
    repair = Repair("train.py", run, (attempt,), 0, "repaired", "Better.", patch=patch)
    printed = io.StringIO()
    print_repair(repair, Console(file=printed, width=80))
    (tmp_path / "printed").write_text(printed.getvalue(), encoding="utf-8")
    command = ["patch", "-p1", "-i", "printed"]  # it looks for the diff in what surrounds it
    subprocess.run(command, cwd=tmp_path, check=True, capture_output=True)
    assert script.read_text(encoding="utf-8") == text.replace("0.5", "0.05")
