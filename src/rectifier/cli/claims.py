"""``rectifier claims``: is what people say about ReLU true?"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from functools import wraps
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from rectifier.cli.options import OutputFile, write_json
from rectifier.errors import PieceError, RectifierError

if TYPE_CHECKING:
    from rectifier.claims.claim import Claim
    from rectifier.claims.conductor import Progress
    from rectifier.claims.record import Entry, Result

STORE = "rectifier-claims.sqlite"

_JSON = click.option(
    "--json", "json_file", metavar="F", type=OutputFile(dash=True), help="As JSON; - for stdout."
)
_HTML = click.option(
    "--html", "html_file", metavar="F", type=OutputFile(), help="As one page with charts."
)
_STORE = click.option(
    "--store",
    metavar="F",
    default=STORE,
    show_default=True,
    help="Where results are kept and looked for.",
)


def _hands(command: Any) -> Any:
    """Options that say who measures; the command gets them as one mapping."""

    @click.option("--workers", type=click.IntRange(min=1), help="Processes. Default: one a core.")
    @click.option("--engine", default="local", show_default=True, help="local, inline or ray.")
    @click.option("--address", metavar="A", help="Of a Ray cluster, such as ray://head:10001.")
    @click.option(
        "--resume", is_flag=True, help="As for 'rectifier compare'. Claims always go on; no need."
    )
    @wraps(command)
    def gathered(
        *arguments: Any,
        workers: int | None,
        engine: str,
        address: str | None,
        resume: bool,
        **options: Any,
    ) -> Any:
        del resume
        if address is not None and engine != "ray":
            raise click.UsageError("--address is for --engine ray")
        hands = {"workers": workers, "engine": engine, "address": address}
        return command(*arguments, hands=hands, **options)

    return gathered


@click.group("claims", invoke_without_command=True, short_help="Is what is said of ReLU true?")
@click.option("--quick", is_flag=True, help="Measure every claim in small: minutes on two cores.")
@click.option("--all", "everything", is_flag=True, help="Measure every claim at length: hours.")
@click.option("--dry-run", is_flag=True, help="Say how long it would take, and measure nothing.")
@_STORE
@_hands
@_JSON
@_HTML
@click.option(
    "--commit",
    "commit_file",
    metavar="F",
    type=OutputFile(),
    help="Write the results in the form in which they come with the package.",
)
@click.pass_context
def command(
    ctx: click.Context,
    quick: bool,
    everything: bool,
    dry_run: bool,
    store: str,
    hands: Mapping[str, Any],
    json_file: str | None,
    html_file: str | None,
    commit_file: str | None,
) -> None:
    """Take 44 claims about ReLU from a popular article to a verdict each.

    A verdict is computed from the measured interval, the range that the claim states and what its
    primary source says: reproduced, not reproduced, contradicted by its source, or not testable
    here. Without --quick or --all the ledger is shown as it is known: with what was measured here,
    else with what came with the package.

    A run can be interrupted or killed; the same command goes on, and nothing that had finished is
    run again. Claims are measured side by side, on the engines of 'rectifier compare'. --all says
    first how long it will take, unless it goes on; --dry-run says so alone, claim by claim.

    \b
    Examples:
      rectifier claims list
      rectifier claims run C07 C12
      rectifier claims --quick --html claims.html
      rectifier claims --all --dry-run
      rectifier claims --all --engine ray --address auto
      rectifier claims list --json - | python -m json.tool
    """  # noqa: D301
    if ctx.invoked_subcommand is not None:
        if quick or everything or dry_run:
            raise click.UsageError(
                "--quick, --all and --dry-run are about every claim; leave out the rest, or use "
                "'rectifier claims run ID --quick'"
            )
        return
    from rectifier.claims import ledger

    if quick and everything:
        raise click.UsageError("--quick and --all exclude each other; give one")
    if dry_run:
        if not (quick or everything):
            raise click.UsageError("--dry-run goes with --quick or --all; give one")
        _forecast(ledger.claims().values(), full=everything, workers=hands["workers"])
        return
    if quick or everything:
        _measure(ledger.claims().values(), store, full=everything, hands=hands, again=False)
    _show(store, None, json_file, html_file, commit_file)


@command.command("list")
@_STORE
@_JSON
@_HTML
def listing(store: str, json_file: str | None, html_file: str | None) -> None:
    """List all claims with their verdicts."""
    _show(store, None, json_file, html_file)


@command.command("run")
@click.argument("ids", nargs=-1, required=True, metavar="ID…")
@click.option("--quick/--full", "quick", default=True, show_default=True, help="Minutes or hours.")
@click.option("--again", is_flag=True, help="Measure anew what was measured here already.")
@_STORE
@_hands
@_JSON
@_HTML
def run(
    ids: tuple[str, ...],
    quick: bool,
    again: bool,
    store: str,
    hands: Mapping[str, Any],
    json_file: str | None,
    html_file: str | None,
) -> None:
    """Measure claims and show each in full: measured against claimed, protocol, source."""
    from rectifier.claims import ledger

    # As in other commands, names may be listed with commas too.
    names = [part for each in ids for part in each.split(",") if part.strip()]
    if not names:
        raise click.UsageError("expected numbers of claims, such as C07; none came")
    chosen = list({claim.id: claim for claim in map(ledger.get, names)}.values())
    _measure(chosen, store, full=not quick, hands=hands, again=again)
    entries = ledger.entries(_results(store), [claim.id for claim in chosen])
    _write(entries, json_file, html_file)
    if json_file == "-":
        return
    from rectifier.cli.console import console
    from rectifier.report import terminal

    for entry in entries:
        terminal.print_claim(entry, console())


def _measure(
    chosen: Iterable[Claim], store: str, *, full: bool, hands: Mapping[str, Any], again: bool
) -> None:
    """Measure claims side by side; each is kept as it ends.

    Raises:
        PieceError: Some could not be measured; the others have been.
    """
    from rectifier.claims import ledger
    from rectifier.claims.conductor import Conductor
    from rectifier.claims.notebook import Notebook
    from rectifier.cli.console import console

    wanted = [claim for claim in chosen if claim.measure is not None]
    screen = console(stderr=True)
    effort = "full" if full else "quick"
    failed = []
    with Notebook(store) as notebook:
        kept = {} if again else notebook.results(wanted, effort)
        missing = ledger.by_length(claim for claim in wanted if claim.id not in kept)
        if not missing:
            return
        # Not again when a run goes on: it takes a minute, in which nothing is measured.
        if full and len(wanted) > 1 and not len(notebook):
            screen.print("looking how long it will take", markup=False)
            _forecast(missing, full=True, workers=hands["workers"], brief=True)
        try:
            with (
                _progress(len(missing)) as (tell, advance),
                closing(
                    Conductor(notebook, full=full, progress=advance, **hands).measure(
                        missing, ledger.measure
                    )
                ) as running,
            ):
                for claim, result in running:
                    if isinstance(result, RectifierError):
                        failed.append((claim, result))
                    elif result is not None:
                        notebook.keep_result(claim, effort, result)
                    tell(claim, result)
        except KeyboardInterrupt:
            screen.print(
                f"interrupted: what was measured is kept in {store}; the same command goes on",
                markup=False,
                soft_wrap=True,
            )
            raise
    if failed:
        told = "; ".join(f"{claim.id}: {error}" for claim, error in failed)
        raise PieceError(f"{len(failed)} of {len(missing)} claims could not be measured: {told}")


def _forecast(
    chosen: Iterable[Claim], *, full: bool, workers: int | None, brief: bool = False
) -> None:
    """How long claims will take; brief: the sum alone, on standard error."""
    import os

    from rectifier.claims import forecast
    from rectifier.cli.console import console

    count = workers or os.cpu_count() or 1
    screen = console(stderr=brief)
    costs = []
    for cost in forecast.foretell(chosen, full=full, workers=count):
        costs.append(cost)
        if not brief:
            screen.print(
                f"{cost.claim}  {cost.trials:>6,} trials  {forecast.duration(cost.seconds):>8}",
                markup=False,
            )
    screen.print(
        f"{sum(cost.trials for cost in costs):,} trials, about "
        f"{forecast.duration(sum(cost.seconds for cost in costs))} on {count} "
        + ("worker" if count == 1 else "workers")
        + ("; it can be interrupted, and the same command goes on" if brief else ""),
        markup=False,
        soft_wrap=True,
    )


@contextmanager
def _progress(
    total: int,
) -> Iterator[tuple[Callable[[Claim, Any], None], Callable[[Progress], None]]]:
    """A line for each claim that ends on standard error; on a terminal also how far all is."""
    from rectifier.cli.console import console

    screen = console(stderr=True)
    ended = 0

    def tell(claim: Claim, result: Any) -> None:
        nonlocal ended
        ended += 1
        how = "failed" if isinstance(result, RectifierError) else claim.claim
        screen.print(f"{ended} of {total}: {claim.id} {how}", markup=False, soft_wrap=True)

    if not screen.is_terminal:
        yield tell, lambda _: None
        return
    with screen.status("starting") as status:
        yield (
            tell,
            lambda far: status.update(
                f"{far.claims} of {far.of} claims; {far.done:,} trainings and measurements of "
                f"{far.asked:,} that are asked for so far"
            ),
        )


def _results(store: str) -> dict[str, Result]:
    from rectifier.claims import ledger
    from rectifier.claims.notebook import Notebook

    if not Path(store).exists():
        if store != STORE:
            from rectifier.cli.console import console

            console(stderr=True).print(
                f"there is no store {store}; what came with the package is shown", markup=False
            )
        return {}
    with Notebook(store, read_only=True) as notebook:
        return notebook.results(ledger.claims().values())


def _show(
    store: str,
    ids: Sequence[str] | None,
    json_file: str | None,
    html_file: str | None,
    commit_file: str | None = None,
) -> None:
    from rectifier.claims import ledger

    results = _results(store)
    entries = ledger.entries(results, ids)
    _write(entries, json_file, html_file)
    if commit_file is not None:
        ledger.write_committed(commit_file, {**ledger.committed(), **results})
    if json_file == "-":
        return
    from rectifier.cli.console import console
    from rectifier.report import terminal

    terminal.print_ledger(entries, console())


def _write(entries: Sequence[Entry], json_file: str | None, html_file: str | None) -> None:
    if html_file is not None:
        from rectifier.report import page

        page.write_ledger(html_file, entries)
    if json_file is not None:
        from rectifier.report import ledger as report

        write_json(json_file, [report.to_dict(entry) for entry in entries])
