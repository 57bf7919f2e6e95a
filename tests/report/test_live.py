"""The table below a running script, and that the script's own characters stay as they were."""

from __future__ import annotations

import io
import os
import re
import sys
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("rich")

from report_screen import screen_after

from rectifier.report.terminal import LiveTable
from rectifier.watch.record import Record

SCRIPT = """\
import sys
import torch
from torch import nn

torch.manual_seed(0)
model = nn.Sequential(nn.Linear(8, 32), nn.ReLU(), nn.Linear(32, 1))
optimizer = torch.optim.SGD(model.parameters(), lr=0.001)
print("begin")
for step in range(400):
    loss = model(torch.randn(4096, 8)).square().mean()
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    if step % 100 == 0:
        print("step", step, type(sys.stdout).__name__)
        sys.stderr.write("\\rhalf a line")
        sys.stderr.flush()
    if step % 100 == 50:
        print(" and its end", file=sys.stderr)
print("end")
"""
PARTS = [(f"step {n} TextIOWrapper", "half a line and its end") for n in (0, 100, 200, 300)]
OWN = ["begin", *(line for part in PARTS for line in part), "end"]


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_the_table_goes_before_the_script_writes(
    record: Record, monkeypatch: pytest.MonkeyPatch
) -> None:
    terminal = Terminal()
    monkeypatch.setattr(sys, "stdout", terminal)
    monkeypatch.setattr(sys, "stderr", terminal)
    with LiveTable(terminal) as table:
        sys.stdout.write("one\n")
        table.open()
        table.update(record)
        shown = screen_after(terminal.getvalue())
        assert shown[0] == "one"
        assert any(record.sites[0].site in line for line in shown)
        sys.stdout.write("two")
        assert screen_after(terminal.getvalue()) == ["one", "two"]
        table.update(record)
        assert screen_after(terminal.getvalue()) == ["one", "two"], "drawn into a line"
        sys.stdout.write(" and the rest\n")
        table.update(record)
        assert len(screen_after(terminal.getvalue())) > 4
    assert screen_after(terminal.getvalue()) == ["one", "two and the rest"]
    assert "write" not in vars(terminal), "the stream is still watched"


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs a pseudo-terminal")
def test_a_run_on_a_terminal(tmp_path: Path) -> None:
    (tmp_path / "train.py").write_text(SCRIPT)
    output = on_a_terminal([sys.executable, "-m", "rectifier", "run", "train.py"], tmp_path)
    assert output.count("\x1b[J") >= 2, "the table was not shown"
    assert "steps a second" in output
    report = output.index("rectifier run")
    own = screen_after(output[: output.rindex("\n", 0, report) + 1])
    assert own == OWN
    assert re.search(r"steps.*400", output[report:])


def on_a_terminal(command: list[str], folder: Path) -> str:
    """What a command writes to a terminal of 100 columns."""
    import fcntl
    import pty
    import struct
    import subprocess
    import termios

    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 40, 100, 0, 0))
    environment: dict[str, Any] = {**os.environ, "TERM": "xterm"}
    environment.pop("COLUMNS", None)
    running = subprocess.Popen(
        command, stdin=theirs, stdout=theirs, stderr=theirs, cwd=folder, env=environment
    )
    os.close(theirs)
    parts = []
    while True:
        try:
            part = os.read(ours, 65536)
        except OSError:  # Linux says so when the other end is closed
            break
        if not part:
            break
        parts.append(part)
    os.close(ours)
    assert running.wait(timeout=60) == 0
    return b"".join(parts).decode().replace("\r\n", "\n")
