"""A watched run in the terminal: the sentence, the sites, the findings.

Part of `rectifier.report.terminal`.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from rectifier.doctor.finding import SEVERITIES, Finding
from rectifier.report import digest, wording
from rectifier.report.terminal.screen import (
    STYLES,
    WORDS,
    Parts,
    cell,
    facts,
    fits,
    heading,
    indented,
    numbered,
    section,
    show,
    table,
)

from rich.text import Text  # isort: skip

if TYPE_CHECKING:
    from rich.console import Console, RenderableType
    from rich.table import Table

    from rectifier.watch.record import Record, SiteRecord

SHOWN_SITES = 40


def print_run(record: Record, findings: Sequence[Finding], console: Console) -> None:
    """Print what was seen in a run and what is wrong with it.

    Args:
        record: What was measured.
        findings: What the doctor says of it, root cause first.
        console: Where to print.
    """
    show(console, _parts(record, findings, console))


def _parts(
    record: Record, findings: Sequence[Finding], console: Console
) -> Iterator[RenderableType]:
    yield heading("run", record.script or "session")
    yield Text(digest.run_sentence(record, findings))
    yield facts(digest.run_facts(record))
    if record.sites:
        yield section("Sites: where the program applies an activation")
        wide = _sites_table(record, findings, wide=True)
        yield wide if fits(console, wide) else _sites_table(record, findings, wide=False)
        hidden = len(record.sites) - SHOWN_SITES
        if hidden > 0:
            yield cell(f"… and {hidden} more; --json and --html have all of them", "dim")
    yield from findings_parts(findings)
    if record.non_finite:
        yield section("First NaN or infinite values")
        for item in record.non_finite[:5]:
            at = f" ({item.source})" if item.source else ""
            yield indented(cell(f"step {item.step}: {item.where} {item.name}{at}"))
    yield from notes_parts(record.notes)


def _sites_table(record: Record, findings: Sequence[Finding], *, wide: bool) -> Table:
    """One line per site; on a narrow screen its function, source and layer stand below its name."""
    shown = record.sites
    if len(shown) > SHOWN_SITES:
        shown = digest.worst_sites(record, findings, SHOWN_SITES)
    words = ["site", "function", "source", "layer"] if wide else ["site"]
    figures = ["units", "dead", "born dead" if wide else "born\ndead", "sparsity", "gradient"]
    made = table(*((word, "left") for word in words), *((figure, "right") for figure in figures))
    for site in shown:
        made.add_row(*_name_cells(site, wide=wide), *_figure_cells(site))
    return made


def _name_cells(site: SiteRecord, *, wide: bool) -> tuple[Text, ...]:
    if wide:
        return cell(site.site), cell(site.function), cell(site.source), cell(site.layer)
    where = f"\n  {wording.clean(site.function)}"
    if site.source:
        where += f" at {wording.clean(site.source)}"
    if site.layer and site.layer != site.site:
        where += f" after {wording.clean(site.layer)}"
    return (Text.assemble(wording.clean(site.site), (where, "dim")),)


def _figure_cells(site: SiteRecord) -> tuple[Text, ...]:
    dead, born = digest.dead(site), digest.born_dead(site)
    return (
        cell(site.units),
        cell(wording.percent(dead), "bold red" if dead >= 0.5 else ""),
        cell(wording.percent(born), "bold red" if born >= 0.5 else ""),
        cell(wording.percent(site.sparsity)),
        cell(wording.number(digest.last(site.series.gradient_rms), 2)),
    )


def findings_parts(findings: Sequence[Finding]) -> Iterator[RenderableType]:
    """Each finding with its place, cause, evidence and numbered remedies."""
    if not findings:
        yield section("Findings: none")
        return
    yield section(f"Findings: {digest.severities(findings)}, root cause first")
    for finding in findings:
        yield Text()
        yield _finding_head(finding)
        yield indented(Text(wording.clean(finding.cause)))
        evidence = wording.evidence(finding)
        if evidence:
            text = ", ".join(f"{name.lower()} {value}" for name, value in evidence)
            yield indented(cell(f"evidence: {text}", "dim"))
        for place, remedy in enumerate(finding.remedies, start=1):
            line = Text(wording.remedy(remedy))
            if remedy.why:
                line.append(f": {wording.clean(remedy.why)}", "dim")
            yield numbered(place, line, 4)


def _finding_head(finding: Finding) -> Parts:
    severity = finding.severity if finding.severity in SEVERITIES else "info"
    name = Text.assemble(
        (WORDS[severity], STYLES[severity]), "  ", (wording.clean(finding.rule), "bold")
    )
    return Parts([name, *(Text(part) for part in wording.place(finding))])


def notes_parts(notes: Sequence[str]) -> Iterator[RenderableType]:
    """What a person should know about how this was seen."""
    if notes:
        yield section("Notes")
    for note in notes:
        yield indented(cell(note))
