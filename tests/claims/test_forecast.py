"""Predicted times: from a few steps, nothing kept, what is shared counted once."""

from __future__ import annotations

import time
from typing import Any

import pytest

from rectifier.claims import forecast, ledger
from rectifier.claims.claim import Claim, Finding
from rectifier.claims.lab import Lab
from rectifier.claims.record import Estimate, Quantity, Range
from rectifier.cli.main import run_command
from rectifier.compare import piece

STEP, START = 0.004, 0.02
CALLS: list[dict[str, Any]] = []


def work(*, steps: int, seed: int, rate: float = 0.1, width: int = 1) -> dict[str, Any]:
    """Keeps a processor busy for a known time."""
    CALLS.append({"steps": steps, "seed": seed})
    end = time.process_time() + START + STEP * steps * width
    while time.process_time() < end:
        pass
    return {"reached": None, "value": seed}


def uneven(*, steps: int, seed: int) -> dict[str, Any]:
    """The same, of short steps beside a long start that is never twice as long."""
    CALLS.append({"steps": steps, "seed": seed})
    start = 0.1 if len(CALLS) % 2 else 0.12
    end = time.process_time() + start + STEP / 10 * steps
    while time.process_time() < end:
        pass
    return {"reached": None}


def claim(name: str, measure: Any) -> Claim:
    return Claim(
        name, "a", "b", "1", "experiment", "c", "d", "e", (Quantity("q", Range(0, 1)),), measure
    )


@pytest.fixture(autouse=True)
def source_is_known(monkeypatch: pytest.MonkeyPatch) -> None:
    CALLS.clear()
    monkeypatch.setattr(piece, "source", lambda file, needs: "same")


def test_a_few_steps_foretell_the_rest() -> None:
    def measure(lab: Lab) -> Finding:
        seeds = lab.seeds(2, 10)
        runs = lab.map(work, [{"steps": lab.pick(5, 1000), "seed": s} for s in seeds])
        wide = lab.map(work, [{"steps": 500, "width": 2, "seed": s, "rate": 0.2} for s in seeds])
        assert len(runs) == len(wide) == len(seeds)
        assert runs[0]["reached"] == lab.pick(5, 1000), "counts on going to the end"
        return Finding([Estimate(0, 0, 0)])

    found = list(
        forecast.foretell([claim("C90", measure), claim("C91", measure)], full=True, workers=2)
    )
    assert [cost.trials for cost in found] == [20, 0], "what both need is counted once"
    wanted = 10 * (START + 1000 * STEP)  # twenty trials alike on two workers
    assert found[0].seconds == pytest.approx(wanted, rel=0.25)
    assert found[1].seconds < 1
    assert len(CALLS) <= 6
    assert max(call["steps"] for call in CALLS) < 20


def test_steps_that_are_short_beside_the_start_are_not_foretold_to_take_no_time() -> None:
    """Of ten thousand steps of a Boltzmann machine ten were timed: two minutes were to take 6 s."""

    def measure(lab: Lab) -> Finding:
        lab.map(uneven, [{"steps": 5000, "seed": s} for s in range(4)])
        return Finding([Estimate(0, 0, 0)])

    (cost,) = forecast.foretell([claim("C90", measure)], full=True, workers=1)
    assert cost.seconds == pytest.approx(4 * (0.1 + 5000 * STEP / 10), rel=0.4)
    assert max(call["steps"] for call in CALLS) <= 1000


def test_the_longest_trial_is_a_bound_and_comparisons_are_foretold() -> None:
    def alone(lab: Lab) -> Finding:
        lab.map(work, [{"steps": 100, "seed": 0}])
        return Finding([Estimate(0, 0, 0)])

    (cost,) = forecast.foretell([claim("C90", alone)], full=False, workers=8)
    assert cost.seconds == pytest.approx(START + 100 * STEP, rel=0.3)
    first, second = forecast.foretell([ledger.get("C23"), ledger.get("C43")], full=False, workers=2)
    assert first.trials > 100
    assert first.seconds > 1
    assert (second.trials, second.seconds < 1) == (0, True)


def test_a_dry_run_says_how_long_and_measures_nothing(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Any
) -> None:
    monkeypatch.chdir(tmp_path)
    chosen = {name: ledger.get(name) for name in ("C07", "C15", "C02")}
    monkeypatch.setattr(ledger, "claims", lambda: chosen)
    assert run_command(["claims", "--all", "--dry-run", "--workers", "3"]) == 0
    out = capsys.readouterr().out
    assert "C15" in out
    assert "C02" not in out, "a record has nothing to measure"
    assert "on 3 workers" in out
    assert not list(tmp_path.iterdir())
    assert run_command(["claims", "--dry-run"]) == 2
    assert "--quick or --all" in capsys.readouterr().err


def test_a_long_run_says_first_how_long_and_goes_on_where_it_was(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Any
) -> None:
    monkeypatch.chdir(tmp_path)
    chosen = {name: ledger.get(name) for name in ("C07", "C26", "C35")}
    monkeypatch.setattr(ledger, "claims", lambda: chosen)
    measured = ledger.measure
    asked: list[str] = []

    def measure(claim: Claim, lab: Lab) -> Any:
        asked.append(claim.id)
        if len(asked) == 2:
            raise KeyboardInterrupt
        return measured(claim, lab)

    monkeypatch.setattr(ledger, "measure", measure)
    assert run_command(["claims", "--all", "--workers", "1"]) == 130
    err = capsys.readouterr().err
    assert "on 1 worker;" in err
    assert "the same command goes on" in err
    assert run_command(["claims", "--all", "--workers", "1", "--json", "all.json"]) == 0
    assert set(asked) == set(chosen)
    assert asked.count(asked[1]) == 2, "the one that was broken off is not measured once more"
    assert '"effort": "full"' in (tmp_path / "all.json").read_text()
