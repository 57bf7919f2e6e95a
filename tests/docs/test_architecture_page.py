"""The page on the arrangement of the code names every package, and none that is not there."""

from __future__ import annotations

import re
from pathlib import Path

ROOT = Path(__file__).parents[2]


def test_every_package_is_named_once() -> None:
    page = (ROOT / "docs" / "architecture.md").read_text(encoding="utf-8")
    rows = [line.split("|")[1] for line in page.splitlines() if line.startswith("| `")]
    named = [name for row in rows for name in re.findall(r"`(\w+)`", row)]
    packages = [file.parent.name for file in (ROOT / "src" / "rectifier").glob("*/__init__.py")]
    assert sorted(named) == sorted(packages)
