"""One line on what a benchmark runs on."""

from __future__ import annotations

import os
import platform
from pathlib import Path

import torch


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
