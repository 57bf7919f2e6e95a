"""``rectifier compare``: which activation, and is the difference real?

Over 400 lines since it is one command: half of them are its options.
"""

from __future__ import annotations

import math
import re
import shlex
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from rectifier.cli.options import DURATION, Listed, OutputFile, write_json
from rectifier.errors import RectifierError

if TYPE_CHECKING:
    from rich.console import Console

    from rectifier.compare import Comparison, Plan, Progress, Store


@click.command("compare", short_help="Compare activations fairly on a task.")
@click.option("--task", help="What to learn; 'rectifier data' lists the tasks. Default: digits.")
@click.option(
    "--model",
    metavar="M",
    help="A network of ours, or your own: package.module:function or file.py:function, which "
    "returns a fresh torch model. Default: what suits the task.",
)
@click.option(
    "--data",
    "data_from",
    metavar="M",
    help="Your own data, in the same way: a function that returns (x, y), (train_x, train_y, "
    "test_x, test_y) or data sets of torch. Default: load() in the file of --model.",
)
@click.option(
    "--replace",
    "functions",
    type=Listed(str, "names"),
    metavar="A,B,…",
    help="Which activations of your model to replace. Default: all before a layer with weights.",
)
@click.option(
    "--activations",
    metavar="A,B,…",
    help="What to compare: names, families, formulas ('x*sigmoid(1.5*x)'), mixes by layer "
    "('relu|gelu'); 'rectifier list' has the names. Default: ten common ones.",
)
@click.option(
    "--define",
    "definitions",
    multiple=True,
    metavar="NAME=FORMULA",
    help="Compare a formula of your own too; may be given several times.",
)
@click.option(
    "--domain",
    metavar="D",
    help="What your data are about: vision, language, rl, series or tables, for the advice that is "
    "told beside the measurement. Default: guessed from the model's layers.",
)
@click.option("--mix", is_flag=True, help="Search for a mix by layer, and compare it too.")
@click.option(
    "--baseline", metavar="A", help="What is in use now. Default: your model's own, or relu."
)
@click.option(
    "--seeds",
    type=click.IntRange(min=1),
    default=10,
    show_default=True,
    help="Runs of each activation that count.",
)
@click.option(
    "--studies",
    type=click.IntRange(min=1),
    help="Independent tuning studies. Default: as many as seeds, 10 at most.",
)
@click.option(
    "--points",
    type=click.IntRange(min=2),
    default=8,
    show_default=True,
    help="Settings that each study tries for each activation.",
)
@click.option(
    "--epochs", type=click.IntRange(min=1), help="Passes over the training data. Default: 15."
)
@click.option("--batch", type=click.IntRange(min=1), help="Samples a step. Default: 64.")
@click.option("--samples", type=click.IntRange(min=1), help="Train on so many samples only.")
@click.option(
    "--learning-rates",
    type=Listed(float, "numbers"),
    metavar="A,B,…",
    help="Tune on exactly these, all else fixed. Default: quasi-random rate, warm-up and decay.",
)
@click.option(
    "--optimizer", default="adamw", show_default=True, help="adam, adamw or sgd (momentum 0.9)."
)
@click.option(
    "--hidden",
    type=Listed(int, "whole numbers"),
    metavar="N,N,…",
    help="Widths of the hidden layers of mlp. Default: 64,64.",
)
@click.option(
    "--matters",
    type=float,
    metavar="D",
    help="Smallest difference in score that matters. Default: 0.005 of accuracy.",
)
@click.option(
    "--target",
    type=float,
    metavar="S",
    help="Validation score that time to target counts to. Default: the task's own; 0.9 for yours.",
)
@click.option("--until-settled", is_flag=True, help="Add seeds until every verdict is settled.")
@click.option("--budget", type=DURATION, help="Begin nothing after this time, such as 30m or 2h.")
@click.option("--trial-time", "seconds", type=DURATION, help="Give up a trial after this time.")
@click.option("--dry-run", is_flag=True, help="Say how many trials and how long, and stop.")
@click.option(
    "--workers", type=click.IntRange(min=1), help="Processes. Default: one a core or a GPU."
)
@click.option("--engine", default="local", show_default=True, help="local, inline or ray.")
@click.option(
    "--device",
    type=click.Choice(["cpu", "cuda", "auto"]),
    default="cpu",
    show_default=True,
    help="What trials run on; auto: a GPU where torch sees one.",
)
@click.option(
    "--per-gpu",
    type=click.IntRange(min=1),
    default=1,
    show_default=True,
    help="Workers that share a GPU.",
)
@click.option("--address", metavar="A", help="Of a Ray cluster, such as ray://head:10001.")
@click.option("--shard", metavar="I/N", help="Run part I of N into a store of its own; see store.")
@click.option(
    "--together",
    type=click.Choice(["auto", "on", "off"]),
    default="auto",
    show_default=True,
    help="Train trials of one activation as one: where that is faster, wherever it can be done, "
    "never.",
)
@click.option(
    "--no-timing",
    "timing",
    is_flag=True,
    flag_value=False,
    default=True,
    help="Time nothing: the same plan then gives the same report, byte for byte.",
)
@click.option(
    "--store",
    metavar="F",
    help="Keep the trials here. Default: rectifier-TASK-PLAN.sqlite in this folder.",
)
@click.option("--resume", is_flag=True, help="Go on with the trials that the store already has.")
@click.option(
    "--json", "json_file", metavar="F", type=OutputFile(dash=True), help="Write JSON; - for stdout."
)
@click.option(
    "--html", "html_file", metavar="F", type=OutputFile(), help="Write a page with charts."
)
@click.option(
    "--text",
    "text_file",
    metavar="F",
    type=OutputFile(),
    help="Write what was done and what came of it as text to be cited.",
)
@click.option(
    "--sink",
    "sink_texts",
    multiple=True,
    metavar="S",
    help="Send final runs there, too: mlflow[:URI] or wandb[:PROJECT]. May be given several times.",
)
@click.option(
    "--table",
    "table_file",
    metavar="F",
    type=OutputFile(),
    help="Write the table, as LaTeX (.tex) or CSV (any other name).",
)
def command(
    activations: str | None,
    definitions: tuple[str, ...],
    store: str | None,
    resume: bool,
    json_file: str | None,
    html_file: str | None,
    table_file: str | None,
    text_file: str | None,
    sink_texts: tuple[str, ...],
    workers: int | None,
    engine: str,
    address: str | None,
    per_gpu: int,
    shard: str | None,
    dry_run: bool,
    until_settled: bool,
    budget: float | None,
    **settings: Any,
) -> None:
    """Compare activations on a task: each tuned alike, several seeds, intervals.

    All activations see the same data splits, orders and initial draws at the same seed. Learning
    rate, warm-up and weight decay are chosen on validation data in independent studies; what is
    reported is the test score of fresh seeds. The answer may be that there is no difference.

    Ctrl-C loses nothing that has finished: the same command with --resume goes on.

    \b
    Examples:
      rectifier compare
      rectifier compare --activations relu,gelu,mish --seeds 20 --html compare.html
      rectifier compare --model net.py:build --data net.py:load
      rectifier compare --activations "relu,x*sigmoid(1.5*x),relu|gelu"
    """  # noqa: D301
    from rectifier.cli.console import console
    from rectifier.compare import engines, make_plan, run
    from rectifier.compare.sinks import from_text

    sinks = [from_text(text) for text in sink_texts]
    if sinks and shard is not None:
        raise click.UsageError(
            "--sink goes with a whole run; the trials of parts are in their stores (store export)"
        )
    if address is not None and engine != "ray":
        raise click.UsageError("--address is for --engine ray")
    if until_settled:
        settings["looks"] = run.LOOKS
    plan = make_plan(
        activations=_chosen(activations, definitions),
        **{name: value for name, value in settings.items() if value is not None},
    )
    if store is not None and not store.strip():
        raise click.UsageError("--store expects the name of a file, got an empty one; give one")
    part = None if shard is None else run.check_shard(_part(shard))
    engines.get(engine)
    middle = plan.hash[:8] if part is None else f"{plan.hash[:8]}-{part[0]}of{part[1]}"
    place = Path(store or f"rectifier-{_file_name(plan.task.name)}-{middle}.sqlite")
    screen = console(stderr=True)
    options: dict[str, Any] = {
        "workers": workers, "engine": engine, "address": address, "per_gpu": per_gpu,
    }  # fmt: skip
    if dry_run:
        _dry_run(plan, workers, console())
        return
    comparison = _run(
        plan, place, part, screen, resume,
        {"until_settled": until_settled, "budget": math.inf if budget is None else budget,
         "sinks": sinks},
        options,
    )  # fmt: skip
    if comparison is None:
        return
    if html_file is not None:
        from rectifier.report import page

        page.write_comparison(html_file, comparison, command=_command_line())
    if json_file is not None:
        from rectifier.compare.document import to_dict

        write_json(json_file, to_dict(comparison))
    if table_file is not None:
        from rectifier.report import comparison_table, output

        output.write_text(table_file, comparison_table.text(comparison, table_file))
    if text_file is not None:
        from rectifier.report import comparison_text, output

        output.write_text(text_file, comparison_text.text(comparison, _command_line()))
    from rectifier.report import terminal

    terminal.print_comparison(comparison, console(stderr=json_file == "-"))
    for path in (html_file, json_file, table_file, text_file):
        if path not in (None, "-"):
            screen.print(f"wrote {path}", markup=False, soft_wrap=True)


def _run(
    plan: Plan,
    place: Path,
    part: tuple[int, int] | None,
    screen: Console,
    resume: bool,
    limits: dict[str, Any],
    options: dict[str, Any],
) -> Comparison | None:
    """Run a plan, or a part of it; an interruption says how to go on."""
    from rectifier.compare import run

    with _new_or_kept(place) as opened, _progress(plan, screen) as progress:
        try:
            if part is None:
                return run.run_comparison(
                    plan, opened, progress=progress, resume=resume, **limits, **options
                )
            count = run.run_shard(plan, opened, part, progress=progress, resume=resume, **options)
        except KeyboardInterrupt:
            screen.print(
                f"interrupted: {len(opened)} trials are kept in {place}; "
                "the same command with --resume goes on",
                markup=False,
                soft_wrap=True,
            )
            raise
    screen.print(
        f"part {part[0]} of {part[1]}: {count} trials are in {place}; when all parts are done, "
        "'rectifier store merge' them, then run the same command without --shard, with --resume "
        "and --store",
        markup=False,
        soft_wrap=True,
    )
    return None


@contextmanager
def _new_or_kept(place: Path) -> Iterator[Store]:
    """The store of that name. A new one that was refused before its first trial leaves no file."""
    from rectifier.compare import Store

    new = not place.exists()
    empty = False
    try:
        with Store(place) as opened:
            try:
                yield opened
            except RectifierError:
                empty = new and len(opened) == 0
                raise
    finally:
        if empty:
            for ending in ("", "-wal", "-shm"):
                place.with_name(place.name + ending).unlink(missing_ok=True)


def _dry_run(plan: Plan, workers: int | None, screen: Console) -> None:
    from rectifier.compare.forecast import forecast

    for line in forecast(plan, workers, spent=time.process_time()):
        screen.print(line, markup=False, soft_wrap=True)


def _part(text: str) -> tuple[int, int]:
    first, slash, last = text.partition("/")
    if not slash or not first.isdigit() or not last.isdigit():
        raise click.UsageError(
            f"--shard expects a part and their number, such as 2/8; got {text!r}"
        )
    return int(first), int(last)


def _file_name(name: str) -> str:
    return re.sub(r"[^A-Za-z0-9_]+", "_", Path(name).stem if name.endswith(".py") else name)


def _command_line() -> str:
    """What makes the report anew. A run that was gone on with is no other run: no --resume."""
    return shlex.join(["rectifier", *(word for word in sys.argv[1:] if word != "--resume")])


def _chosen(text: str | None, definitions: tuple[str, ...]) -> list[Any] | None:
    """Names and own formulas; the default set where no name is given."""
    from rectifier import define
    from rectifier.compare import DEFAULT_ACTIVATIONS
    from rectifier.compare.arm import split_list

    names = None if text is None else split_list(text)
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
            latest = "" if progress.trial is None else progress.trial.arm.name
            bars.update(
                bar,
                completed=progress.done,
                total=progress.total,
                description=progress.stage,
                latest=latest[:20],
            )

        yield advance


def _sentence(progress: Progress) -> str:
    text = f"{progress.stage}: {progress.done} of {progress.total} trials"
    if progress.resumed:
        text += f", {progress.resumed} of them from the store"
    if progress.remaining is not None and progress.done < progress.total:
        text += f", about {progress.remaining:.0f} s left"
    return text
