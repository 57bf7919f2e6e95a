"""``rectifier compare``: which activation, and is the difference real?"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from rectifier.cli.options import Listed, OutputFile, write_json

if TYPE_CHECKING:
    from rich.console import Console

    from rectifier.compare import Plan, Progress


@click.command("compare", short_help="Compare activations fairly on a task.")
@click.option("--task", default="digits", show_default=True, help="What to learn.")
@click.option(
    "--activations",
    type=Listed(str, "names"),
    metavar="A,B,…",
    help="What to compare; 'rectifier list' has the names. Default: ten common ones.",
)
@click.option(
    "--define",
    "definitions",
    multiple=True,
    metavar="NAME=FORMULA",
    help="Compare a formula of your own too; may be given several times.",
)
@click.option(
    "--seeds",
    type=click.IntRange(min=1),
    default=10,
    show_default=True,
    help="Runs of each activation that count.",
)
@click.option(
    "--epochs", type=click.IntRange(min=1), help="Passes over the training data. Default: 15."
)
@click.option(
    "--learning-rates",
    type=Listed(float, "numbers"),
    metavar="A,B,…",
    help="Tune each activation's on these. Default: five from 0.001 to 0.1.",
)
@click.option(
    "--optimizer", default="adam", show_default=True, help="adam, adamw or sgd (momentum 0.9)."
)
@click.option(
    "--hidden",
    type=Listed(int, "whole numbers"),
    metavar="N,N,…",
    help="Widths of the hidden layers. Default: 64,64.",
)
@click.option("--workers", type=click.IntRange(min=1), help="Processes. Default: one a core.")
@click.option(
    "--store",
    metavar="F",
    help="Keep the trials in this file. Default: one in this folder, named after the comparison.",
)
@click.option("--resume", is_flag=True, help="Go on with the trials that the store already has.")
@click.option(
    "--json", "json_file", metavar="F", type=OutputFile(dash=True), help="Write JSON; - for stdout."
)
@click.option(
    "--html", "html_file", metavar="F", type=OutputFile(), help="Write a page with charts."
)
def command(
    task: str,
    activations: tuple[str, ...] | None,
    definitions: tuple[str, ...],
    store: str | None,
    resume: bool,
    json_file: str | None,
    html_file: str | None,
    workers: int | None,
    **settings: Any,
) -> None:
    """Compare activations on a task: the learning rate tuned for each, several seeds, intervals.

    All activations see the same data splits, orders and initial draws at the same seed. Learning
    rates are chosen on validation data with seeds of their own; what is reported is the test score.
    The answer may be that there is no difference.

    Ctrl-C loses nothing that has finished: the same command with --resume goes on.

    \b
    Examples:
      rectifier compare
      rectifier compare --activations relu,gelu,mish --seeds 20 --html compare.html
      rectifier compare --activations relu --define "swash=x * sigmoid(1.5 * x)"
    """  # noqa: D301
    from rectifier.cli.console import console
    from rectifier.compare import Store, make_plan, run_comparison
    from rectifier.report import terminal

    plan = make_plan(
        task,
        _chosen(activations, definitions),
        **{name: value for name, value in settings.items() if value is not None},
    )
    if store is not None and not store.strip():
        raise click.UsageError("--store expects the name of a file, got an empty one; give one")
    place = Path(store or f"rectifier-{plan.task.name}-{plan.hash[:8]}.sqlite")
    screen = console(stderr=True)
    with Store(place) as opened, _progress(plan, screen) as progress:
        try:
            comparison = run_comparison(
                plan, opened, progress=progress, workers=workers, resume=resume
            )
        except KeyboardInterrupt:
            screen.print(
                f"interrupted: {len(opened)} trials are kept in {place}; "
                "the same command with --resume goes on",
                markup=False,
                soft_wrap=True,
            )
            raise
    if html_file is not None:
        from rectifier.report import page

        page.write_comparison(html_file, comparison)
    if json_file is not None:
        from rectifier.compare.document import to_dict

        write_json(json_file, to_dict(comparison))
    terminal.print_comparison(comparison, console(stderr=json_file == "-"))
    for path in (html_file, json_file):
        if path not in (None, "-"):
            screen.print(f"wrote {path}", markup=False, soft_wrap=True)


def _chosen(names: tuple[str, ...] | None, definitions: tuple[str, ...]) -> list[Any] | None:
    """Names and own formulas; the default set where no name is given."""
    from rectifier import define
    from rectifier.compare import DEFAULT_ACTIVATIONS

    own = []
    for definition in definitions:
        name, equals, formula = definition.partition("=")
        if not equals or not name.strip() or not formula.strip():
            raise click.UsageError(
                f"--define expects NAME=FORMULA, such as 'swash=x * sigmoid(x)'; got {definition!r}"
            )
        own.append(define(name.strip(), formula))
    if names is not None and not names and not own:
        raise click.UsageError("--activations expects at least one name; 'rectifier list' has them")
    return [*(DEFAULT_ACTIVATIONS if names is None else names), *own]


@contextmanager
def _progress(plan: Plan, screen: Console) -> Iterator[Callable[[Progress], None]]:
    """A progress bar on a terminal; elsewhere one line for every tenth."""
    if not screen.is_terminal:
        shown = -1

        def say(progress: Progress) -> None:
            nonlocal shown
            tenth = 10 * progress.done // max(1, progress.total)
            if tenth > shown:
                shown = tenth
                screen.print(_sentence(progress), markup=False, soft_wrap=True)

        yield say
        return
    from rich.progress import (
        BarColumn,
        MofNCompleteColumn,
        TextColumn,
        TimeElapsedColumn,
        TimeRemainingColumn,
    )
    from rich.progress import Progress as Bars

    columns = (
        TextColumn("{task.description:9}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        TextColumn("left"),
        TimeRemainingColumn(),
        TextColumn("{task.fields[latest]}"),
    )
    with Bars(*columns, console=screen, transient=True) as bars:
        bar = bars.add_task("starting", total=plan.total, latest="")

        def advance(progress: Progress) -> None:
            latest = "" if progress.trial is None else progress.trial.activation.name
            bars.update(
                bar, completed=progress.done, description=progress.stage, latest=latest[:20]
            )

        yield advance


def _sentence(progress: Progress) -> str:
    text = f"{progress.stage}: {progress.done} of {progress.total} trials"
    if progress.resumed:
        text += f", {progress.resumed} of them from the store"
    if progress.remaining is not None and progress.done < progress.total:
        text += f", about {progress.remaining:.0f} s left"
    return text
