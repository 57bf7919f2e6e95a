"""The whole workflow on small scripts: sick, healthy, failing, interrupted, reading its input."""

from __future__ import annotations

import os
import signal
import textwrap
from pathlib import Path

import pytest

from rectifier.doctor import in_turn
from rectifier.doctor.finding import Remedy
from rectifier.doctor.repair import repair_script
from rectifier.errors import ScriptError

HEAD = """
    import argparse, sys, torch
    import torch.nn.functional as F
    from torch import nn
    parser = argparse.ArgumentParser()
    parser.add_argument("--lr", type=float, default={lr})
    args = parser.parse_args()
    torch.manual_seed(0)
    x = torch.rand(256, 10)
    y = (x[:, :5].sum(1) > x[:, 5:].sum(1)).long()
    wide = nn.Linear(10, 32), nn.ReLU(), nn.Linear(32, 32), nn.ReLU()
    net = nn.Sequential(*wide, nn.Linear(32, 2))
    opt = torch.optim.SGD(net.parameters(), lr=args.lr, momentum=0.9)
"""
LOOP = """
    for epoch in range(15):
        for b in torch.randperm(256).split(64):
            loss = F.cross_entropy(net(x[b]), y[b])
            opt.zero_grad(); loss.backward(); opt.step()
        print(f"epoch {epoch} loss {loss.item():.4f}")
    print("accuracy:", (net(x).argmax(1) == y).float().mean().item())
"""


@pytest.fixture(autouse=True)
def in_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("OMP_NUM_THREADS", "1")


def script(tmp_path: Path, lr: float = 1.0, head: str = HEAD, loop: str = LOOP) -> str:
    (tmp_path / "train.py").write_text(
        textwrap.dedent(head.replace("{lr}", str(lr))) + textwrap.dedent(loop), encoding="utf-8"
    )
    return "train.py"


def test_a_sick_script_is_repaired(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    told: list[str] = []
    repair = repair_script(script(tmp_path), progress=told.append)
    assert repair.verdict == "repaired"
    assert repair.before.findings[0].rule == "learning_rate_too_high"
    (attempt,) = repair.attempts
    assert [remedy.action for remedy in attempt.remedies] == ["lower_learning_rate"]
    assert repair.after is attempt.run
    assert attempt.run.metrics["accuracy"][-1] > repair.before.metrics["accuracy"][-1] + 0.2
    assert "accuracy" in repair.summary
    assert "+parser.add_argument(" in repair.patch
    assert told[0] == "running train.py as it is"
    assert any("learning rate of SGD: 1 → " in line for line in told)
    assert capfd.readouterr().out == repair.before.output + attempt.run.output
    assert list(tmp_path.iterdir()) == [tmp_path / "train.py"]


def test_a_rate_from_the_command_line_and_input_that_is_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The answer is an argument, not an edit; each run gets the same input."""
    (tmp_path / "in.txt").write_text("0 hello\n", encoding="utf-8")
    path = script(tmp_path, 0.1, loop="\n    print('got', input())\n" + LOOP)
    with (tmp_path / "in.txt").open() as given:
        monkeypatch.setattr("sys.stdin", given)
        repair = repair_script(path, ["--lr", "1"], echo=lambda text, error: None)
    assert repair.verdict == "repaired"
    assert "pass --lr 0.1" in repair.summary
    assert repair.patch == ""
    assert "got 0 hello" in repair.before.output
    assert "got 0 hello" in repair.attempts[0].run.output


def test_a_healthy_script_is_left_alone(tmp_path: Path) -> None:
    repair = repair_script(script(tmp_path, 0.1), echo=lambda text, error: None)
    assert (repair.verdict, repair.attempts, repair.patch) == ("healthy", (), "")


@pytest.mark.parametrize(
    ("text", "status"),
    [
        ("print('no torch here')", 0),
        ("raise ValueError('mine')", 1),
        ("import sys; sys.exit(3)", 3),
        ("import torch; torch.nn.Linear(1, 1)", 0),
        ("def broken(:", 1),
    ],
)
def test_scripts_that_do_not_train(tmp_path: Path, text: str, status: int) -> None:
    (tmp_path / "train.py").write_text(text, encoding="utf-8")
    repair = repair_script("train.py", echo=lambda text, error: None)
    assert repair.verdict == "not repaired"
    assert repair.before.status == status
    assert "no training step was seen" in repair.summary


def test_a_script_that_fails_after_training_is_still_judged(tmp_path: Path) -> None:
    loop = LOOP + "    assert loss.item() < 0.3, 'did not train'\n"
    repair = repair_script(script(tmp_path, loop=loop), echo=lambda text, error: None)
    assert repair.before.status == 1
    assert repair.verdict == "repaired"
    assert repair.after is not None
    assert repair.after.status == 0


@pytest.mark.parametrize(("name", "module"), [("nothing.py", False), ("no.such", True)])
def test_missing_script(name: str, module: bool) -> None:
    with pytest.raises(ScriptError, match=name):
        repair_script(name, module=module, echo=lambda text, error: None)


def test_ctrl_c_in_the_rerun_keeps_the_sick_run(tmp_path: Path) -> None:
    pressed: list[str] = []

    def press(text: str, error: bool) -> None:
        pressed.append(text)
        if sum(piece.count("epoch 0 ") for piece in pressed) == 2 and "stop" not in pressed:
            pressed.append("stop")
            os.kill(os.getpid(), signal.SIGINT)

    loop = LOOP.replace("print(f", "import time; time.sleep(0.1); print(f")
    repair = repair_script(script(tmp_path, loop=loop), echo=press)
    assert repair.verdict == "not repaired"
    assert "interrupted" in repair.summary
    assert repair.before.findings
    assert len(repair.attempts) == 1


STRICT = """
    class Strict(torch.optim.SGD):  # as one that clips the gradient of each example by itself
        def step(self):
            if sum(len(group["params"]) for group in self.param_groups) != 6:
                raise RuntimeError("expected the six parameters that it was made with")
            return super().step()
    opt = Strict(net.parameters(), lr=args.lr)
    for epoch in range(15):
        for b in torch.randperm(256).split(64):
            loss = F.cross_entropy(net(x[b]), y[b])
            opt.zero_grad(); loss.backward(); opt.step()
        print(f"epoch {epoch} loss {loss.item():.4f}")
    print("accuracy:", (net(x).argmax(1) == y).float().mean().item())
"""


def test_a_remedy_under_which_the_script_fails_is_left_out(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def treatments(*given: object) -> list[list[Remedy]]:
        return [[Remedy("insert_normalization", "")], *in_turn_treatments(*given)]

    in_turn_treatments = in_turn.treatments
    monkeypatch.setattr(in_turn, "treatments", treatments)
    told: list[str] = []
    path = script(tmp_path, lr=30.0, loop=STRICT)
    repair = repair_script(path, progress=told.append)
    assert any("failed with status 1 under insert normalization" in line for line in told)
    (attempt,) = repair.attempts
    assert attempt.run.status == 0
    assert attempt.remedies[0].action == "lower_learning_rate"


def test_what_lies_inside_a_scripted_module_is_reached_too(tmp_path: Path) -> None:
    head = (
        HEAD
        + """
    class Sure(nn.Module):
        def __init__(self):
            super().__init__()
            self.body, self.last = nn.Sequential(*wide), nn.Linear(32, 2)
        def forward(self, x):
            return torch.softmax(self.last(self.body(x)) / 0.05, dim=-1)
    net = torch.jit.script(Sure())
    opt = torch.optim.SGD(net.parameters(), lr=args.lr, momentum=0.9)
    """
    )
    told: list[str] = []
    repair = repair_script(script(tmp_path, lr=0.02, head=head), progress=told.append)
    assert any("TorchScript" in note for note in repair.before.record.notes)
    assert repair.before.findings[0].rule == "unsuitable_output_activation"
    (attempt,) = repair.attempts
    assert [remedy.action for remedy in attempt.remedies] == ["remove_output_activation"]
    assert any("is given what entered softmax" in line for line in told)


def test_what_nobody_can_learn_is_tried_and_given_back(tmp_path: Path) -> None:
    """Labels drawn by lot at each step: no rule says why nothing is learnt, and nothing helps."""
    text = (
        "import torch\nfrom torch import nn\nfrom torch.nn import functional as F\n"
        "torch.manual_seed(0)\n"
        "net = nn.Sequential(nn.Linear(8, 16), nn.ReLU(), nn.Linear(16, 4))\n"
        "optimizer = torch.optim.SGD(net.parameters(), lr=0.05)\n"
        "for step in range(150):\n"
        "    loss = F.cross_entropy(net(torch.randn(64, 8)), torch.randint(4, (64,)))\n"
        "    optimizer.zero_grad()\n    loss.backward()\n    optimizer.step()\n"
        "print('loss', loss.item())\n"
    )
    (tmp_path / "train.py").write_text(text, encoding="utf-8")
    told: list[str] = []
    repair = repair_script("train.py", progress=told.append, echo=lambda text, error: None)
    assert any("no rule says why" in line for line in told)
    assert repair.verdict in ("not repaired", "improved")  # a batch's luck may improve it
    assert repair.attempts
    assert not repair.before.findings or {f.severity for f in repair.before.findings} == {"info"}
    assert (tmp_path / "train.py").read_text(encoding="utf-8") == text
