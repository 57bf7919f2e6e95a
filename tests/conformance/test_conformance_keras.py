"""Keras on each of its backends, in a process of its own, since Keras cannot change its backend.

That process passes the conformance suite and the front end's own tests.
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

HERE = Path(__file__).parent
CHECKS = (HERE / "keras_conformance.py", HERE.parent / "keras_front" / "keras_checks.py")


@pytest.mark.timeout(600)
@pytest.mark.parametrize("backend", ["torch", "jax", "tensorflow"])
def test_the_checks_pass_on_this_backend(backend: str) -> None:
    env = {
        **os.environ,
        "KERAS_BACKEND": backend,
        "JAX_ENABLE_X64": "1",  # or JAX has no fp64; Keras remembers which of the two it found
        "PYTHONPATH": os.pathsep.join(p for p in (str(HERE.parent), str(HERE), *sys.path) if p),
        "TF_CPP_MIN_LOG_LEVEL": "3",
        "CUDA_VISIBLE_DEVICES": "",
    }
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-p", "no:xdist"]
    done = subprocess.run(
        [*command, *map(str, CHECKS)],
        env=env,
        capture_output=True,
        text=True,
        timeout=580,
        check=False,
    )
    assert done.returncode == 0, done.stdout[-6000:] + done.stderr[-2000:]
    assert " passed" in done.stdout
    assert " skipped" not in done.stdout
