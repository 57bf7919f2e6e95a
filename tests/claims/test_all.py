"""``claims --all``: every claim by its long way, cut down to seconds."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from rectifier.claims import comparing, depth, ledger, ranking, speed, trials, variants
from rectifier.claims.lab import Lab
from rectifier.cli.main import run_command
from rectifier.compare import Store

SLOW = 200
"""So many times fewer steps, widths and epochs than at full length, but two at least."""
FEW = 100
"""Samples of each split."""


@pytest.fixture
def cut(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    def seeds(lab: Lab, quick: int, full: int) -> list[int]:
        lab.seeds_used = full
        return [0, 1]

    def pick(lab: Lab, quick: Any, full: Any) -> Any:
        if not isinstance(full, int):
            return full
        return 1 if full <= 10 else max(2, full // SLOW)

    def some(task: str, seed: int, pixels: int) -> tuple[Any, ...]:
        return tuple(part[:FEW] for part in whole(task, seed, pixels))

    whole = trials._data

    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(Lab, "seeds", seeds)
    monkeypatch.setattr(Lab, "pick", pick)
    monkeypatch.setattr(trials, "_data", some)
    monkeypatch.setattr(depth, "DEPTHS", (2, 5))
    for module in (speed, variants):  # a median's interval needs eight
        monkeypatch.setattr(module, "how_often", lambda lab: 8)
    for module in (comparing, ranking):
        monkeypatch.setattr(module, "EIGHTEEN", ("relu", "gelu", "tanh"))


@pytest.mark.timeout(600)  # about a minute of one core
@pytest.mark.usefixtures("cut")
def test_all_claims_by_their_long_way(capsys: pytest.CaptureFixture[str]) -> None:
    assert run_command(["claims", "--all", "--engine", "inline", "--json", "all.json"]) == 0
    err = capsys.readouterr().err
    assert "looking how long it will take" in err
    assert "it can be interrupted" in err
    rows = json.loads(Path("all.json").read_text("utf-8"))
    measurable = [c.id for c in ledger.claims().values() if c.measure is not None]
    assert [row["id"] for row in rows if row["measured_here"]] == measurable
    assert {row["circumstances"]["effort"] for row in rows if row["measured_here"]} == {"full"}
    assert "40 of 40" in err
    with Store("rectifier-claims.sqlite", read_only=True) as store:
        lines = list(store.lines())
    assert len(lines) > 300
    pieces = [identity for _, identity, _ in lines if "function" in identity]
    assert {each["function"].rpartition(".")[2] for each in pieces} >= {
        "train", "gradients", "signal", "born_dead", "mixed", "boltzmann", "language", "series",
        "one_signed", "exact_zeros", "product_times", "function_times", "step_times", "elu_times",
        "scaling",
    }  # fmt: skip
    found = {file.name for file in Path().glob("*.sqlite")}
    assert {"rectifier-claims-compare-8-full.sqlite", "rectifier-claims-compare-3-full.sqlite"} <= (
        found
    )
    assert run_command(["claims", "--all", "--engine", "inline"]) == 0
    assert "looking" not in capsys.readouterr().err, "all is there"
