"""The build prints kernels from these sources alone, whatever else is installed."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import rectifier

ROOT = Path(__file__).parents[2]
HOOK = """
import importlib.abc, importlib.machinery, sys
class Elsewhere(importlib.abc.MetaPathFinder):
    def find_spec(self, name, path=None, target=None):
        if name == "rectifier":
            raise ImportError("another checkout's rectifier was taken")
sys.meta_path.insert(0, Elsewhere())
"""


def test_every_emitter_runs_without_installed_packages() -> None:
    text = (ROOT / "CMakeLists.txt").read_text(encoding="utf-8")
    calls = re.findall(r"\$\{Python_EXECUTABLE\} (.*) -m (rectifier\S*)", text)
    assert {module for _, module in calls} == {
        f"rectifier.kernels.emit_{kind}" for kind in ("cpp", "gated", "triton")
    }
    assert {options for options, _ in calls} == {"-S"}
    assert text.count("-m rectifier") == len(calls)


def test_a_checkout_installed_editable_is_not_asked(tmp_path: Path) -> None:
    """An import hook, which a start file of site-packages would put in, comes before the path."""
    (tmp_path / "sitecustomize.py").write_text(HOOK, encoding="utf-8")
    source = Path(rectifier.__file__).parents[1]
    where = {**os.environ, "PYTHONPATH": os.pathsep.join((str(tmp_path), str(source)))}
    run = [sys.executable, "-m", "rectifier.kernels.emit_gated", str(tmp_path / "gated.cpp")]
    hooked = subprocess.run(run, env=where, capture_output=True, text=True, check=False)
    assert "another checkout's" in hooked.stderr, "without -S the hook is asked"
    subprocess.run([run[0], "-S", *run[1:]], env=where, check=True)
    assert "rectifier::emitted" in (tmp_path / "gated.cpp").read_text(encoding="utf-8") or (
        "namespace rectifier" in (tmp_path / "gated.cpp").read_text(encoding="utf-8")
    )
