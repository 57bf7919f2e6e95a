"""``rectifier repair``: a sick run, a cured run, and the proof."""

from __future__ import annotations

import sys

import click

from rectifier.cli.options import OutputFile, write_json
from rectifier.cli.run import SCRIPT_SETTINGS


@click.command(
    "repair",
    context_settings=SCRIPT_SETTINGS,
    options_metavar="[OPTIONS]",
    short_help="Find what ails a training script, cure it, prove it.",
)
@click.option(
    "--json",
    "json_file",
    metavar="F",
    type=OutputFile(dash=True),
    help="Write JSON; - for stdout (all else then goes to stderr).",
)
@click.option(
    "--html", "html_file", metavar="F", type=OutputFile(), help="Write a page with charts."
)
@click.option(
    "--patch",
    "patch_file",
    metavar="F",
    type=OutputFile(),
    help="Write the edit that makes the cure last, as a unified diff for 'patch -p1'.",
)
@click.option(
    "--attempts",
    type=click.IntRange(min=1),
    default=1,
    show_default=True,
    help="Reruns to spend at most; the best one is kept.",
)
@click.option("-m", "module", is_flag=True, help="SCRIPT is a module, as in 'python -m'.")
@click.argument("script")
@click.argument("arguments", nargs=-1, type=click.UNPROCESSED)
def command(
    script: str,
    arguments: tuple[str, ...],
    json_file: str | None,
    html_file: str | None,
    patch_file: str | None,
    attempts: int,
    module: bool,
) -> int:
    """Run SCRIPT, say what is wrong and why, rerun it with the remedy, and show before and after.

    The script is not edited; where the cure is an edit, it is printed as a patch. What follows
    SCRIPT is handed to it. Costs one training per attempt on top of the first. Where no rule finds
    anything, though the loss stayed at what a guess costs, what helps most networks is tried.

    Exits with 0 when the script is healthy, repaired or improved, with 1 when no attempt helped.

    \b
    Examples:
      rectifier repair train.py
      rectifier repair --html repair.html --attempts 2 train.py --epochs 5
      rectifier repair --patch fix.patch train.py && patch -p1 < fix.patch
    """  # noqa: D301
    from rectifier.cli.console import console
    from rectifier.doctor.repair import repair_script
    from rectifier.report import terminal

    progress = console(stderr=True)

    def announce(message: str) -> None:
        progress.print(message, markup=False, soft_wrap=True)

    def echo_aside(text: str, is_error: bool) -> None:
        sys.stderr.write(text)
        sys.stderr.flush()

    repair = repair_script(
        script,
        arguments,
        module=module,
        attempts=attempts,
        progress=announce,
        echo=echo_aside if json_file == "-" else None,
    )
    if html_file is not None:
        from rectifier.report import page

        page.write_repair(html_file, repair)
    if json_file is not None:
        from rectifier.report.summary import repair_summary

        write_json(json_file, repair_summary(repair))
    if patch_file is not None:
        from rectifier.report.output import write_text

        write_text(patch_file, repair.patch)
    terminal.print_repair(repair, console(stderr=json_file == "-"))
    for path in (html_file, json_file, patch_file):
        if path not in (None, "-"):
            empty = path == patch_file and not repair.patch
            announce(f"wrote {path}{', empty: there is no edit to propose' if empty else ''}")
    return 1 if repair.verdict == "not repaired" else 0
