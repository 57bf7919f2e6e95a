"""The ledger as a whole: complete, consistent, judged by nothing but the rule."""

from __future__ import annotations

import ast
from collections import Counter
from pathlib import Path

import pytest

import rectifier.claims
from rectifier.claims import ledger
from rectifier.claims.claim import Claim
from rectifier.claims.lab import Lab
from rectifier.claims.notebook import Notebook
from rectifier.claims.record import VERDICTS, Estimate, Quantity, Range, Result
from rectifier.errors import UnknownNameError
from rectifier.report import ledger as report

KINDS = {
    "exact": "C03 C06 C07 C15 C26 C31 C35 C36 C41",
    "experiment": "C01 C04 C08 C09 C10 C11 C12 C13 C14 C17 C18 C19 C20 C21 C22 C23 C24 C25 "
    "C30 C34 C39 C40 C43",
    "proxy": "C05 C16 C27 C28 C29 C32 C33 C38",
    "record": "C02 C37 C42 C44",
}


def test_all_44_claims_are_there_each_with_its_kind() -> None:
    found = ledger.claims()
    assert list(found) == [f"C{number:02}" for number in range(1, 45)]
    for kind, ids in KINDS.items():
        assert {c.id for c in found.values() if c.kind == kind} == set(ids.split()), kind


def test_claims_differ_and_quote_briefly() -> None:
    claims = ledger.claims().values()
    assert max(Counter(c.claim for c in claims).values()) == 1
    assert all(len(c.quote.split()) <= 20 for c in claims)
    # Records and what is exact aside, whatever a claim states has something to measure it.
    for claim in claims:
        if claim.measure is None:
            assert claim.kind == "record"


def test_whatever_has_a_primary_text_is_quoted() -> None:
    """The others name none, or their own arithmetic or code, or reports behind payment."""
    without = {claim.id for claim in ledger.claims().values() if not claim.words}
    assert without == {
        *("C07", "C13", "C14", "C20", "C22", "C34", "C35", "C38", "C41", "C42"),
    }


def test_no_verdict_is_typed_by_hand() -> None:
    folder = Path(rectifier.claims.__file__).parent
    for file in folder.glob("*.py"):
        if file.name in ("record.py", "verdict.py", "__init__.py"):
            continue
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Constant) and isinstance(node.value, str):
                assert node.value not in VERDICTS, f"{file.name}:{node.lineno}"


@pytest.mark.parametrize("name", ["C03", "C06", "C07", "C26", "C31", "C35", "C36", "C41"])
def test_exact_claims_come_out_the_same_on_any_machine(name: str) -> None:
    claim = ledger.get(name)
    with Notebook() as notebook:
        result = ledger.measure(claim, Lab(notebook))
    assert result is not None
    entry = ledger.entry(claim, result, here=True)
    expected = {
        "C03": "contradicted by its source",
        "C07": "not reproduced",
        "C41": "not reproduced",
    }
    assert entry.verdict == expected.get(name, "reproduced")
    assert all(e is not None for e in result.estimates)
    assert {"machine", "torch", "date", "effort"} <= set(result.circumstances)


def test_known_figures() -> None:
    def values(name: str) -> list[float]:
        with Notebook() as notebook:
            result = ledger.measure(ledger.get(name), Lab(notebook))
        assert result is not None
        return [e.value for e in result.estimates if e is not None]

    assert values("C03") == pytest.approx([60.965224, 62.378344])
    assert values("C07") == [2.0**-20]
    assert values("C26")[0] == pytest.approx(4.73e-4, rel=0.01)
    assert values("C41")[0] == pytest.approx(0.3)
    assert values("C41")[2] == 8


def test_what_was_measured_here_takes_the_place_of_what_came_along() -> None:
    mine = Result((Estimate(1e-7, 1e-7, 1e-7),), circumstances={"date": "2000-01-01"})
    (entry,) = ledger.entries({"C07": mine}, ["c07"])
    assert entry.here
    assert entry.verdict == "reproduced"
    assert "here, 2000-01-01" in report.origin(entry)
    (old,) = ledger.entries({}, ["C07"])
    assert not old.here
    assert old.verdict == "not reproduced"
    assert "came with the package" in report.origin(old)


def test_a_result_that_does_not_fit_its_claim_any_more_is_not_used() -> None:
    odd = Result((Estimate(1, 1, 1), Estimate(1, 1, 1)))
    entry = ledger.entry(ledger.get("C07"), odd, here=True)
    assert entry.result is None
    assert entry.verdict == "not testable here"


def test_the_package_brings_results_of_a_whole_run() -> None:
    kept = ledger.committed()
    measurable = {c.id for c in ledger.claims().values() if c.measure is not None}
    assert set(kept) == measurable
    for name, result in kept.items():
        assert len(result.estimates) == len(ledger.get(name).quantities), name
        assert {"machine", "torch", "date", "effort", "processor seconds"} <= set(
            result.circumstances
        )
    entries = ledger.entries({})
    assert all(entry.result is not None for entry in entries if entry.kind != "record")
    proxies = [e for e in entries if e.kind == "proxy"]
    assert not [e.id for e in proxies if e.verdict == "reproduced"]


def test_committed_results_survive_writing(tmp_path: Path) -> None:
    kept = ledger.committed()
    ledger.write_committed(tmp_path / "again.json", kept)
    file = Path(rectifier.claims.__file__).parent / ledger.COMMITTED
    assert (tmp_path / "again.json").read_bytes() == file.read_bytes()


@pytest.mark.parametrize("name", ["C99", "C", "", "0", "C-7", "C7.0", "CC7", "seven", "C٧"])
def test_unknown_claims_are_named(name: str) -> None:
    with pytest.raises(UnknownNameError, match="claim"):
        ledger.get(name)


@pytest.mark.parametrize("name", ["C07", "c07", " C7 ", "7", "007"])
def test_a_claim_goes_by_its_number(name: str) -> None:
    assert ledger.get(name).id == "C07"


def test_a_claim_is_checked_when_it_is_built() -> None:
    parts = {
        "id": "C90", "claim": "a", "quote": "b", "section": "1", "kind": "record", "source": "c",
        "says": "d", "protocol": "e", "quantities": (Quantity("q", Range(0, 1)),),
    }  # fmt: skip
    Claim(**parts)
    for change, message in (
        ({"id": "X1"}, "numbered"),
        ({"says": " "}, "lacks its says"),
        ({"quote": "word " * 26}, "longer"),
        ({"kind": "exact"}, "nothing to measure"),
        ({"quantities": (Quantity("q"),)}, "states nothing"),
    ):
        with pytest.raises(ValueError, match=message):
            Claim(**{**parts, **change})
