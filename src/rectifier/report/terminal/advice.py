"""Advice in the terminal. Part of `rectifier.report.terminal`."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from rectifier.report import ledger, wording
from rectifier.report.terminal.ledger import VERDICT_STYLES
from rectifier.report.terminal.screen import cell, facts, heading, indented, show

from rich.text import Text  # isort: skip

if TYPE_CHECKING:
    from rich.console import Console, RenderableType

    from rectifier.claims.record import Entry


def print_advice(
    case: Mapping[str, Any],
    notes: Sequence[str],
    advice: Sequence[Mapping[str, Any]],
    evidence: Mapping[str, Entry],
    console: Console,
) -> None:
    """Print advice, topic by topic, each with its source and its evidence.

    Args:
        case: The facts, plain.
        notes: How they were found.
        advice: A row a topic: ``topic``, ``choice``, ``why``, ``source``, ``claims``,
            ``stances``, ``note`` and ``also``.
        evidence: Entries of the ledger, by number.
        console: Where to print.
    """
    show(console, _parts(case, notes, advice, evidence))


def _parts(
    case: Mapping[str, Any],
    notes: Sequence[str],
    advice: Sequence[Mapping[str, Any]],
    evidence: Mapping[str, Entry],
) -> Iterator[RenderableType]:
    yield heading("advise", str(case["domain"]))
    known = [
        (name.replace("_", " "), _plain(value))
        for name, value in case.items()
        if value not in (None, [], "", False) and name not in ("domain", "widths")
    ]
    if known:
        yield facts([(name, wording.clean(value)) for name, value in known])
    yield from (cell(note, "dim") for note in notes)
    told: set[str] = set()
    for row in advice:
        yield Text()
        yield Text.assemble(
            (f"{wording.title(row['topic'])}  ", "dim"), (wording.clean(row["choice"]), "bold")
        )
        if row["note"]:
            yield indented(cell(row["note"], "dim"))
        yield indented(cell(row["why"]))
        yield indented(cell(f"source: {row['source']}", "dim"))
        if not row["claims"]:
            yield indented(cell("no claim of the ledger bears on it", "dim"))
        for name in row["claims"]:
            yield indented(_claim(evidence[name], row["stances"][name], brief=name in told))
            told.add(name)
        for other in row["also"][:2]:
            yield indented(cell(_other(other), "dim"))


def _plain(value: Any) -> str:
    return ", ".join(map(str, value)) if isinstance(value, list) else str(value)


def _other(row: Mapping[str, Any]) -> str:
    """A second choice in a line, with its source and what the ledger says of it."""
    told = "; ".join(f"{name} {row['stances'][name]}" for name in row["claims"])
    return (
        f"or {row['choice']}: {row['why']} source: {row['source']}"
        f" ({told or 'no claim of the ledger bears on it'})"
    )


def _claim(entry: Entry, stance: str, *, brief: bool) -> Text:
    text = Text.assemble(
        (entry.id, "bold"), f" {stance}: “{wording.clean(entry.claim)}” is ",
        (entry.verdict, VERDICT_STYLES[entry.verdict]),
    )  # fmt: skip
    if not brief and entry.result is not None:
        text.append(f" ({ledger.measured(entry)}; {ledger.origin(entry)})", "dim")
    return text
