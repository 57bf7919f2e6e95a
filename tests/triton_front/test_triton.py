"""Runs triton_checks.py interpreted, and compiles a sample of the kernels for a GPU without one."""

from __future__ import annotations

import importlib.util
import os
import subprocess
import sys
from pathlib import Path

import pytest

HERE = Path(__file__).parent

APART = Path(sys.prefix) / "triton"
"""Where `make test` puts Triton, out of the way of other packages that hold an LLVM."""

pytestmark = [
    pytest.mark.skipif(
        (importlib.util.find_spec("triton") is None and not APART.is_dir())
        or importlib.util.find_spec("rectifier._triton") is None,
        reason="needs Triton, and the kernels that the build prints",
    ),
    pytest.mark.timeout(900),  # many small tests in one
]


def run(arguments: list[str], **environment: str) -> str:
    """Run Python and return what it said; fail with its last words."""
    path = os.pathsep.join(filter(None, (os.environ.get("PYTHONPATH"), str(APART))))
    done = subprocess.run(
        [sys.executable, *arguments],
        env={**os.environ, "OMP_NUM_THREADS": "1", "PYTHONPATH": path, **environment},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout[-4000:] + done.stderr[-4000:]
    return done.stdout


def test_interpreted_kernels_are_right() -> None:
    checks = str(HERE / "triton_checks.py")
    said = run(
        ["-m", "pytest", "-q", "-x", "-p", "no:cacheprovider", checks],
        TRITON_INTERPRET="1",
        RECTIFIER_TRITON="interpret",
    )
    assert " passed" in said


def test_kernels_compile_for_a_gpu(tmp_path: Path) -> None:
    # What the interpreter does not mind, the compiler may: types, constants, returns.
    said = run([str(HERE / "triton_compile.py"), "few"], TRITON_CACHE_DIR=str(tmp_path))
    assert "0 failed" in said
