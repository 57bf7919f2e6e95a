"""The page of the ledger of claims, from the results that come with the package."""

from __future__ import annotations

import json

from generator.text import table
from rectifier.claims import ledger
from rectifier.claims.record import VERDICTS, Entry
from rectifier.report import ledger as report


def page() -> str:
    """Return the ledger as Markdown."""
    entries = ledger.entries({})
    wrong = [e for e in entries if e.verdict in ("not reproduced", "contradicted by its source")]
    parts = [
        "# Is what people say about ReLU true?",
        f"{len(entries)} claims of one popular article, each traced to its primary source and, "
        "where there can be one, put to an experiment. `rectifier claims run ID` repeats one here, "
        "`rectifier claims --quick` all of them in minutes, `rectifier claims --all` at length; "
        "`--html` makes a page with the charts.",
        "A verdict is computed, never typed: from the range of values that would bear the claim "
        "out, from the values that the primary source itself gives for the same quantity, and from "
        "the whole measured interval, which must lie inside the range. *Contradicted by its "
        "source* needs no experiment. What stands in the place of something that cannot be "
        "measured here (a proxy) is told, but decides nothing. The experiments are small, on small "
        "data; *not reproduced* means just that, and *open* that no interval lies outside its "
        "range: it only reaches across a bound, and more seeds may still settle it; about how many "
        "times as many is told. Where a protocol says how large a difference must be to matter, an "
        "interval that reaches across but stays below that settles it as well: there is no such "
        "difference. A claim that can be read in more than one way gets the worst verdict of its "
        "readings; all of them are told. The length is that of the run that the numbers come from: "
        "*quick*, or *full*, with the numbers of seeds and steps that a protocol gives in "
        "brackets. What stands in square brackets is a 95 % interval, unless the protocol calls it "
        "the least and greatest value.",
        table(("verdict", "claims"), report.counts(entries)),
        f"Measured: {_runs(entries)}.",
        table(
            ("", "claim", "primary source", "measured [95 %]", "length", "verdict"),
            [
                (
                    f"[{e.id}](#{e.id.lower()})",
                    e.claim,
                    e.source,
                    report.measured(e),
                    _length(e),
                    report.verdict(e),
                )
                for e in entries
            ],
        ),
        "## What turned out otherwise here",
        "\n".join(f"- {e.id}, {report.verdict(e)}: {e.claim}. {_against(e)}" for e in wrong),
        *(_entry(entry) for entry in entries),
    ]
    return "\n\n".join(parts) + "\n"


def _runs(entries: tuple[Entry, ...]) -> str:
    found = sorted(
        {
            ", ".join(
                e.result.circumstances[key]
                for key in ("date", "effort", "machine", "python", "torch")
            )
            for e in entries
            if e.result is not None
        }
    )
    return "; ".join(found) or "nothing yet"


def _length(entry: Entry) -> str:
    return entry.result.circumstances["effort"] if entry.result else "–"


def _against(entry: Entry) -> str:
    """The quantities that decided against a claim."""
    from rectifier.claims.verdict import judge

    told = []
    for quantity, found in report.pairs(entry):
        word = judge(quantity, found)
        if word == "contradicted by its source":
            told.append(
                f"{quantity.name}: claimed {report.claimed(quantity)}, in the "
                f"source {report.stated(quantity.source, quantity.unit)}"
            )
        elif word == "not reproduced" and found is not None:
            told.append(
                f"{quantity.name}: claimed {report.claimed(quantity)}, "
                f"measured {report.estimate(found, quantity.unit)}"
            )
    return "; ".join(told) + "."


def _entry(entry: Entry) -> str:
    rows = [
        (
            quantity.name + (" (proxy)" if quantity.proxy else ""),
            "–" if found is None else report.estimate(found, quantity.unit),
            report.claimed(quantity),
            report.stated(quantity.source, quantity.unit),
        )
        for quantity, found in report.pairs(entry)
    ]
    notes = "".join(f" {note}." for note in (entry.result.notes if entry.result else ()))
    facts = entry.result.circumstances if entry.result else {}
    run = [f"Measured at {_length(entry)} length"]
    run += [f"seeds {facts['seeds']}"] if "seeds" in facts else []
    run += [
        f"{seconds} s of a processor" for seconds in [facts.get("processor seconds")] if seconds
    ]
    return "\n\n".join(
        (
            f"### {entry.id}",
            f"**{entry.claim}**: {report.verdict(entry)}. ({entry.reason}.)"
            + (f" {told}" if (told := report.by_reading(entry)) else ""),
            table(("quantity", "measured [95 %]", "claimed", "in the source"), rows),
            f"Said in section {entry.section}: “{entry.quote}”. Source: {entry.source}. It says: "
            f"{entry.says}" + (f" In its words: “{entry.words}”" if entry.words else ""),
            f"{entry.protocol}{notes}" + (f" {', '.join(run)}." if facts else ""),
        )
    )


def data() -> str:
    """Return what ``rectifier claims list --json`` writes, for the results with the package."""
    rows = [report.to_dict(entry) for entry in ledger.entries({})]
    assert all(row["verdict"] in VERDICTS for row in rows)
    return json.dumps(rows, indent=1, ensure_ascii=False, allow_nan=False) + "\n"
