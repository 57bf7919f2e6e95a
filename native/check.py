"""Runs the tests that reach what check.cpp cannot, on a module built with sanitizers.

Layer: native/, run by ``make check-native`` as ``python native/check.py build/check``. The
bindings, the hooks of nap.cpp and quick.cpp, shortcut.cpp and the statistics of tensors need Python
and PyTorch. So they are compiled into a module of their own, with AddressSanitizer and
UndefinedBehaviorSanitizer, and this puts it in the place of ``rectifier._native`` and runs some of
the tests. The sanitizers' libraries have to be there before Python is: they are preloaded into a
second process. Leaks are not looked for, since Python's own would hide ours.
"""

from __future__ import annotations

import importlib.util
import os
import subprocess
import sys
from pathlib import Path

TESTS = (
    "tests/torch_sites/test_naps.py",
    "tests/watch/test_brief.py",
    "tests/watch/test_statistics.py",
    "tests/torch_front/test_torch_gated_fused.py",
    "tests/torch_front/test_torch_shortcut.py",
    "tests/torch_front/test_torch_sparse.py",
)
"""Files whose tests call every binding but those of plain kernels, which check.cpp runs."""

LEFT_OUT = ("tests/watch/test_statistics.py::test_all_numbers_by_the_kernel_and_by_torch",)
"""Its tolerance is for sums in as many lanes as a register has; between a sanitizer's looks the
compiler adds one number after the other. The tests beside it run the same loops."""

PRELOADED = ("libasan.so", "libubsan.so", "libstdc++.so")
MARK = "RECTIFIER_CHECKED_MODULE"


def preloaded() -> str:
    """Return the sanitizers' libraries; the last is what they look for exceptions in."""
    compiler = os.environ.get("CXX", "c++")
    found = (
        subprocess.run(
            [compiler, f"-print-file-name={name}"], capture_output=True, text=True, check=True
        ).stdout.strip()
        for name in PRELOADED
    )
    return " ".join(found)


def run(module: Path) -> int:
    """Run the tests on the module; in the process with the libraries."""
    import pytest

    import rectifier  # noqa: F401 - the package of which the module is put in place

    spec = importlib.util.spec_from_file_location("rectifier._native", module)
    assert spec is not None
    assert spec.loader is not None
    loaded = importlib.util.module_from_spec(spec)
    sys.modules["rectifier._native"] = loaded
    spec.loader.exec_module(loaded)
    from rectifier.kernels import native

    if native.module() is not loaded:
        raise SystemExit(f"the tests would not run on {module}")
    options = ["-q", "-x", "-p", "no:cacheprovider", "--capture=sys"]  # a report ends the process
    options += [f"--deselect={each}" for each in LEFT_OUT]
    return int(pytest.main([*options, *(sys.argv[2:] or TESTS)]))


def main() -> int:
    """Run the tests on the module in the folder named on the command line."""
    found = sorted(Path(sys.argv[1]).glob("_native.*.so"))
    if len(found) != 1:
        raise SystemExit(f"expected one module in {sys.argv[1]}, found {len(found)}")
    if os.environ.get(MARK):
        return run(found[0])
    environment = os.environ | {
        MARK: "1",
        "LD_PRELOAD": preloaded(),
        "ASAN_OPTIONS": "detect_leaks=0:detect_odr_violation=0",
        "UBSAN_OPTIONS": "print_stacktrace=1",
    }
    return subprocess.run([sys.executable, *sys.argv], env=environment, check=False).returncode


if __name__ == "__main__":
    sys.exit(main())
