"""Running the suite's programs: plainly, under ``rectifier run`` and under ``rectifier repair``.

Layer: tests. Each run is a process of its own with one thread: a copy of a process that imported
torch already (`warm`), or a fresh interpreter where the environment says ``PROGRAMS_COLD``. Plain
runs are kept in a folder, as they depend on the program and on torch alone; what is under test
never is.
"""

from __future__ import annotations

import ast
import hashlib
import importlib.metadata
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import warm
from suite import Program

SOURCE = Path(__file__).resolve().parents[2] / "src"
LIMIT = 900.0
"""Seconds after which a run counts as hung; a program takes about four, on a busy core more."""


@dataclass(frozen=True)
class Result:
    """One run of one variant of a program.

    Attributes:
        stem, variant, mode: Which one; mode is ``plain``, ``run``,
            ``live`` (``run --repair``) or ``repair``.
        status: Exit status; None where it hung. ``output``, ``error``: what it printed.
        seconds: Wall time of the process, imports included.
        document: What the tool wrote with ``--json``; empty where it wrote nothing.
    """

    stem: str
    variant: str
    mode: str
    status: int | None
    output: str
    error: str
    seconds: float
    document: Mapping[str, Any] = field(default_factory=dict)

    @property
    def printed(self) -> str:
        """All that it printed, or logged."""
        return f"{self.output}\n{self.error}"


def execute(program: Program, variant: str, mode: str) -> Result:
    """Run one variant of a program."""
    with tempfile.TemporaryDirectory(prefix="programs-") as folder:
        script = Path(folder) / "train.py"
        script.write_text(program.script(variant), encoding="utf-8")
        written = Path(folder) / "result.json"
        command = ["run", "--repair"] if mode == "live" else [mode]
        tool = ["-m", "rectifier", *command, "--json", str(written)] if mode != "plain" else []
        start = time.perf_counter()
        status, output, error = python(
            [*tool, script.name], Path(folder), LIMIT * (1 if mode != "repair" else 3)
        )
        seconds = time.perf_counter() - start
        document = json.loads(written.read_text("utf-8")) if written.is_file() else {}
    return Result(program.stem, variant, mode, status, output, error, seconds, document)


def python(
    arguments: Sequence[str], folder: Path, limit: float = LIMIT
) -> tuple[int | None, str, str]:
    """Run ``python ARGUMENTS`` in a folder: exit status (None: it hung), output, errors."""
    if not os.environ.get("PROGRAMS_COLD"):
        return warm.run(arguments, folder, limit)
    environment = os.environ | {"OMP_NUM_THREADS": "1", "PYTHONPATH": str(SOURCE)}
    try:
        done = subprocess.run(
            [sys.executable, *arguments],
            cwd=folder,
            env=environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
            timeout=limit,
        )
    except subprocess.TimeoutExpired:
        return None, "", f"still running after {limit:g} s"
    return done.returncode, done.stdout, done.stderr


def plain(program: Program, variant: str, kept: Path) -> Result:
    """A run without the tool, read from the folder ``kept`` if it is there."""
    tree = ast.dump(ast.parse(program.script(variant)))  # its layout does not matter
    text = tree + importlib.metadata.version("torch") + sys.version
    file = kept / f"{program.stem}-{variant}-{hashlib.sha256(text.encode()).hexdigest()[:16]}.json"
    if file.is_file():
        return Result(**json.loads(file.read_text("utf-8")))
    result = execute(program, variant, "plain")
    if result.status == 0:
        kept.mkdir(parents=True, exist_ok=True)
        file.write_text(json.dumps(asdict(result)), encoding="utf-8")
    return result
