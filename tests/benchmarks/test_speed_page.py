"""The page on speed: what it says of a row that misses its bar."""

from __future__ import annotations

import importlib
import re
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

DOCS = Path(__file__).parents[2] / "docs"


@pytest.fixture(scope="module")
def speed() -> ModuleType:
    sys.path.insert(0, str(DOCS))
    try:
        return importlib.import_module("generator.speed")
    finally:
        sys.path.remove(str(DOCS))


def part(rows: list[dict[str, Any]]) -> dict[str, Any]:
    return {"machine": "two cores", "date": "2026-01-01", "rows": rows}


def row(name: str, forward: float, bound: float, **more: object) -> dict[str, Any]:
    return {
        "name": name, "forward": forward, "forward bound": bound, "backward": 6.0,
        "backward bound": 9.0, **more,
    }  # fmt: skip


def test_memory_is_told_from_arithmetic(speed: ModuleType) -> None:
    rows = [row("smish", 2.0, 6.0), row("lisht", 2.0, 4.0), row("pau", 5.0, 5.5)]
    lines = speed.page({"composed": part(rows)}, []).splitlines()
    smish = next(line for line in lines if line.startswith("| `smish`"))
    assert "| 2.00 | 6.00 | 6.00 | 9.00 | forward: arithmetic, 3.0 times a move: " in smish
    assert re.search(r"move: \d+ look-ups in (two|one register) and \d+ products for 16", smish)
    assert "| `lisht` | 2.00 | 4.00 | 6.00 | 9.00 | forward: memory, 2.0 times a move |" in lines
    assert "| `pau` | 5.00 | 5.50 | 6.00 | 9.00 |  |" in lines
    assert any("the bar of 5 is met by 4 of 6" in line for line in lines)


def test_the_bars_of_torch(speed: ModuleType) -> None:
    common = {"allocate": False, "transcendental": True}
    rows = [
        row("elu", 4.0, 5.0, accurate=True, **common),
        row("gelu", 0.5, 2.0, accurate=False, **common),
    ]
    gradients = [
        {"name": name, "dtype": dtype, "of": {"torch": {"slope": {"passed": name == "gelu"}}}}
        for name in ("elu", "gelu")
        for dtype in ("float32", "float16")
    ]
    gradients.append({"name": "mish", "dtype": "float32", "of": {}})
    text = speed.page({"torch": part(rows)}, gradients)
    assert "backward, least where PyTorch's gradient keeps our accuracy bar | ≥ 0.95" in text
    assert "| `elu` ‡ |" in text
    assert "| `gelu` † |" in text
    assert "| ≥ 3.0 | 1.41 | 3.16 | missed |" in text
    assert "| ≥ 0.95 | 4.00 (elu) | 5.00 | met |" in text
    assert "| ≥ 0.6 | 0.50 (gelu) | 2.00 | missed |" in text


def test_memory_traffic_says_what_limits(speed: ModuleType) -> None:
    def traffic(name: str, dtype: str, times: float) -> dict[str, Any]:
        return {"name": name, "dtype": dtype, "forward": times, "backward": 1.0}

    rows = [traffic("golu", "float32", 2.0), traffic("phish", "float32", 1.75),
            traffic("relu", "float32", 1.0), traffic("gelu", "bfloat16", 1.6)]  # fmt: skip
    lines = speed.page({"memory": part(rows)}, []).splitlines()
    golu, phish, gelu = (
        next(line for line in lines if line.startswith(f"| `{name}` |"))
        for name in ("golu", "phish", "gelu")
    )
    assert golu.endswith("| forward | 2.00 | no table keeps the bar: the formula, in double |")
    share = re.search(r"a table of degree \d; (\d+\.\d)% of the inputs go by the formula", phish)
    assert share is not None
    assert 0 < float(share[1]) < 5
    assert gelu == "| `gelu` | bfloat16 | forward | 1.60 |  |"


def test_every_part_that_is_measured_is_shown(speed: ModuleType) -> None:
    shown = set(speed._SECTIONS)
    assert shown == {
        "torch", "compile", "composed", "numpy", "memory", "small", "gated", "sparse",
        "memory kept",
    }  # fmt: skip
