"""What a benchmark runs on, and where its figures are kept."""

from __future__ import annotations

import json
import os
import platform
from datetime import UTC, datetime
from pathlib import Path

import torch


def add_to(file: Path, part: str, runs_on: str, rows: object) -> None:
    """Put the rows of a part into a JSON file, with the machine and the day; its others stay.

    Args:
        file: The file, which may not be there yet.
        part: What the rows are of.
        runs_on: The line on the machine.
        rows: What JSON can hold.
    """
    known = json.loads(file.read_text(encoding="utf-8")) if file.exists() else {}
    day = datetime.now(UTC).date().isoformat()
    known[part] = {"machine": runs_on, "date": day, "rows": rows}
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(json.dumps(known, indent=1, sort_keys=True) + "\n", encoding="utf-8")


def machine(threads: int) -> str:
    """Return the processor, the threads and the versions."""
    cpuinfo = Path("/proc/cpuinfo")
    text = cpuinfo.read_text(encoding="utf-8") if cpuinfo.exists() else ""
    models = [line.partition(":")[2].strip() for line in text.splitlines() if "model name" in line]
    name = models[0] if models else platform.processor() or platform.machine()
    wide = "AVX-512" if "avx512dq" in text else "AVX2" if "avx2" in text else "no AVX2"
    return (
        f"{name} ({wide}), {threads} of {os.cpu_count()} cores, Python "
        f"{platform.python_version()}, torch {torch.__version__}"
    )
