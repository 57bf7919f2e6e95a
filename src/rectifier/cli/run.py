"""``rectifier run``: a training script under observation, otherwise exactly as Python runs it."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import nullcontext
from dataclasses import replace
from typing import TYPE_CHECKING

import click

from rectifier.cli.options import Finite, Listed, OutputFile, write_json
from rectifier.doctor.finding import SEVERITIES, Finding, Severity
from rectifier.optional import require

if TYPE_CHECKING:
    from rectifier.doctor.live import LiveRepair
    from rectifier.report.terminal import LiveTable
    from rectifier.watch.record import Record

SCRIPT_SETTINGS = {"ignore_unknown_options": True, "allow_interspersed_args": False}
"""Whatever follows SCRIPT belongs to the script, options too."""


class _Live:
    """The live repair, built when torch arrives: a script may set things for torch before."""

    def __init__(self, tell: Callable[[str], None]) -> None:
        self._tell = tell
        self._built: list[LiveRepair] = []

    def __iter__(self) -> Iterator[LiveRepair]:
        if not self._built:
            from rectifier.doctor.live import LiveRepair

            self._built.append(LiveRepair(self._tell))
        return iter(self._built)

    def finish(self) -> None:
        """The run is over."""
        for live in self._built:
            live.finish()

    @property
    def done(self) -> list[str]:
        """What was done."""
        return [line for live in self._built for line in live.done]


@click.command(
    "run",
    context_settings=SCRIPT_SETTINGS,
    options_metavar="[OPTIONS]",
    short_help="Run a training script, unedited, and say what is wrong with its units.",
)
@click.option(
    "--json", "json_file", metavar="F", type=OutputFile(dash=True), help="Write JSON; - for stdout."
)
@click.option(
    "--html", "html_file", metavar="F", type=OutputFile(), help="Write a page with charts."
)
@click.option(
    "--record", "record_file", metavar="F", type=OutputFile(), help="Write every number measured."
)
@click.option(
    "--every",
    type=click.IntRange(min=1),
    metavar="N",
    help="Observe every Nth training step, instead of as many as --budget allows.",
)
@click.option(
    "--budget",
    type=Finite(min=0, max=1, min_open=True),
    default=0.02,
    show_default=True,
    help="Share of the run's time that observing may take.",
)
@click.option(
    "--fail-on",
    type=click.Choice(list(SEVERITIES)),
    help="Exit with 1 when a finding is this severe or worse and the script itself succeeded.",
)
@click.option(
    "--rules",
    type=Listed(str, "rule ids"),
    metavar="A,B,…",
    help="Judge by these rules only. Default: by all.",
)
@click.option(
    "--repair",
    is_flag=True,
    help="Act on what harms while it runs, and take back what did not help.",
)
@click.option(
    "--sink",
    "sink_texts",
    multiple=True,
    metavar="S",
    help="Send the numbers there while it runs: jsonl:F, tensorboard:FOLDER, mlflow[:URI] or "
    "wandb[:PROJECT]. May be given several times.",
)
@click.option(
    "--no-live",
    is_flag=True,
    help="Show no table while it runs; without a terminal on standard error there is none anyway.",
)
@click.option("-m", "module", is_flag=True, help="SCRIPT is a module, as in 'python -m'.")
@click.argument("script")
@click.argument("arguments", nargs=-1, type=click.UNPROCESSED)
def command(
    script: str,
    arguments: tuple[str, ...],
    json_file: str | None,
    html_file: str | None,
    record_file: str | None,
    every: int | None,
    budget: float,
    fail_on: Severity | None,
    rules: tuple[str, ...] | None,
    repair: bool,
    sink_texts: tuple[str, ...],
    no_live: bool,
    module: bool,
) -> int:
    """Run SCRIPT as Python would and report what its units did while it trained.

    The script needs no edit. Its arguments, output, exit status and exceptions are its own; the
    report goes to standard error. What follows SCRIPT is handed to it. With --json - the JSON
    follows what the script itself prints; give a file name to have it alone.

    The exit status is the script's own. With --fail-on it is 1 when the script succeeded and a
    finding is that severe, so that a pipeline stops at a sick training. Under torchrun the first
    process reports; the others only run.

    \b
    Examples:
      rectifier run train.py --epochs 5
      rectifier run --html report.html train.py
      rectifier run --fail-on error -m my.training --lr 0.1
      rectifier run --repair train.py
      rectifier run --sink tensorboard:runs/first train.py
      torchrun --nproc-per-node 2 -m rectifier run train.py
    """  # noqa: D301
    from rectifier.cli.console import console
    from rectifier.doctor import diagnose
    from rectifier.doctor import rules as known_rules
    from rectifier.watch import WatchOptions, is_first_process, sinks
    from rectifier.watch.listening import Listeners
    from rectifier.watch.script import run_script

    def judge(record: Record) -> tuple[Finding, ...]:
        return diagnose(record, rules)

    for rule in rules or ():
        known_rules.get(rule)  # an unknown one is said before anything runs
    if repair and int(os.environ.get("WORLD_SIZE", "1")) > 1:
        raise click.UsageError(
            "--repair acts in one process, and here several train together; run without it, or use "
            "'rectifier repair' on one process."
        )
    screen = console(stderr=True)
    live = _Live(lambda said: screen.print(f"rectifier: {said}", soft_wrap=True, markup=False))
    reports = is_first_process()
    table = _live_table(judge) if reports and not no_live else None
    told = [*(sinks.from_text(text) for text in sink_texts if reports), *([table] if table else ())]
    listeners = Listeners(told)
    with table or nullcontext():
        result = run_script(
            script,
            arguments,
            module=module,
            options=WatchOptions(every=every, budget=budget),
            observers=live if repair else (),  # type: ignore[arg-type]  # when torch arrives
            listeners=listeners,
        )
    live.finish()
    if not reports:
        return result.status
    record, findings = result.record, judge(result.record)
    known = len(listeners.notes)
    listeners.close(record, [finding.to_dict() for finding in findings])
    record = replace(record, notes=(*record.notes, *listeners.notes[known:]))
    if html_file is not None:
        from rectifier.report import page

        page.write_run(html_file, record, findings, repairs=live.done if repair else None)
    if record_file is not None:
        from rectifier.report.output import write_text

        write_text(record_file, record.to_json())
    if json_file is not None:
        from rectifier.report.summary import run_summary

        summary = run_summary(record, findings)
        write_json(json_file, {**summary, "repairs": live.done} if repair else summary)
    from rectifier.report import terminal

    terminal.print_run(record, findings, screen)
    for path in (html_file, record_file, json_file):
        if path not in (None, "-"):
            screen.print(f"wrote {path}", soft_wrap=True, markup=False)
    if result.status == 0 and fail_on is not None:
        limit = SEVERITIES.index(fail_on)
        if any(SEVERITIES.index(finding.severity) <= limit for finding in findings):
            return 1
    return result.status


def _live_table(judge: Callable[[Record], Sequence[Finding]]) -> LiveTable | None:
    """The table that runs along, where there is a terminal that can show one."""
    stream = sys.stderr
    if stream is None or not stream.isatty() or os.environ.get("TERM") in ("dumb", "unknown"):
        return None
    require("rich", extra="cli", purpose="the live table")
    from rectifier.report.terminal import LiveTable

    return LiveTable(stream, judge)
