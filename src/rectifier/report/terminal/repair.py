"""A repair in the terminal: verdict, before and after, the edit that makes it last.

Part of `rectifier.report.terminal`.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from rectifier.report import digest, wording
from rectifier.report.terminal.run import findings_parts, notes_parts
from rectifier.report.terminal.screen import Verbatim, cell, heading, numbered, section, show, table

from rich.text import Text  # isort: skip

if TYPE_CHECKING:
    from rich.console import Console, RenderableType

    from rectifier.doctor.outcome import Attempt, Repair

VERDICT_STYLES = {
    "healthy": "bold green",
    "repaired": "bold green",
    "improved": "bold yellow",
    "not repaired": "bold red",
}


def print_repair(repair: Repair, console: Console) -> None:
    """Print what was wrong with a script, what was tried, and the proof that it helped.

    Args:
        repair: The sick run and the attempts to cure it.
        console: Where to print.
    """
    show(console, _parts(repair))


def _parts(repair: Repair) -> Iterator[RenderableType]:
    yield heading("repair", repair.script)
    yield Text.assemble(
        (repair.verdict.upper(), VERDICT_STYLES.get(repair.verdict, "bold")),
        "  ",
        wording.clean(repair.summary),
    )
    yield from findings_parts(repair.before.findings)
    if repair.attempts:
        yield section(f"Tried: {digest.repair_cost(repair)}")
        for place, attempt in enumerate(repair.attempts):
            yield from _attempt(place, attempt, kept=place == repair.chosen)
    if repair.after is not None:
        yield section("Before and after")
        rows = table(("", "left"), ("before", "right"), ("after", "right"), ("change", "right"))
        for name, before, after, change in digest.before_after(repair):
            rows.add_row(cell(name), cell(before), cell(after, "bold"), cell(change, "dim"))
        yield rows
        left = [finding for finding in repair.after.findings if finding.severity != "info"]
        if left:
            yield Text("\nStill there after the repair:")
            yield from findings_parts(left)
    if repair.patch:
        yield section("To make it last, edit the script (--patch F writes this for patch -p1)")
        yield _diff(repair.patch)
    if repair.by_hand:
        yield section("To make it last, edit by hand" if not repair.patch else "And by hand")
        for line in repair.by_hand:
            yield Text(wording.clean(line))
    run = repair.after or repair.before
    yield from notes_parts(run.record.notes)


def _attempt(place: int, attempt: Attempt, *, kept: bool) -> Iterator[RenderableType]:
    word = "kept" if kept else "dropped"
    actions = " + ".join(wording.remedy(remedy) for remedy in attempt.remedies) or "nothing changed"
    line = Text.assemble(actions, (f"  {word}", "bold" if kept else "dim"))
    result = [f"findings: {digest.severities(attempt.run.findings)}"]
    end = digest.final_loss(attempt.run.record)
    result.append(f"loss {wording.number(end, 4)}")
    result.append(f"dead units {wording.percent(digest.mean_dead(attempt.run.record))}")
    if attempt.run.status:
        result.append(f"exit status {attempt.run.status}")
    printed = digest.final_metrics(attempt.run)
    if printed:
        told = ", ".join(f"{name} {wording.number(value, 4)}" for name, value in printed.items())
        result.append(f"printed: {told}")
    line.append("\n" + ", ".join(result), "dim")
    yield numbered(place + 1, line)


def _diff(patch: str) -> Verbatim:
    """A unified diff, coloured by line; the signs at its margin say the same."""
    text = Verbatim()
    styles = {"+": "green", "-": "red", "@": "cyan"}
    for line in wording.clean_lines(patch).rstrip("\n").split("\n"):
        file = line.startswith(("+++", "---"))
        text.append(line + "\n", "bold" if file else styles.get(line[:1], ""))
    text.right_crop(1)
    return text
