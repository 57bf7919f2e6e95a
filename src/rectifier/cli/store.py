"""``rectifier store``: merge the stores of a comparison's parts; hand trials to other programs."""

from __future__ import annotations

from pathlib import Path

import click

from rectifier.cli.options import OutputFile


@click.group("store", short_help="Merge stores of trials, or export one.")
def command() -> None:
    """Merge the stores that 'rectifier compare' keeps trials in, or export one as a table.

    \b
    Examples:
      rectifier compare --shard 1/2 --store one.sqlite
      rectifier compare --shard 2/2 --store two.sqlite
      rectifier store merge whole.sqlite one.sqlite two.sqlite
      rectifier compare --store whole.sqlite --resume --json report.json
      rectifier store export whole.sqlite trials.parquet
    """  # noqa: D301


@command.command("merge")
@click.argument("target", type=click.Path(path_type=Path))
@click.argument(
    "sources", nargs=-1, required=True, type=click.Path(path_type=Path, exists=True, dir_okay=False)
)
def merge(target: Path, sources: tuple[Path, ...]) -> None:
    """Copy the trials of SOURCES into TARGET, which is made if it is not there.

    A trial that is in TARGET already is left out; nothing in SOURCES is changed.
    """
    from rectifier.compare import Store

    with Store(target) as store:
        for source in sources:
            with Store(source, read_only=True) as other:
                count = store.merge(other)
            click.echo(f"{count} trials from {source}")


@command.command("export")
@click.argument("store", type=click.Path(path_type=Path, exists=True, dir_okay=False))
@click.argument("target", type=OutputFile())
def export(store: Path, target: str) -> None:
    """Write all trials of STORE to TARGET: a name ending in .parquet or .csv."""
    from rectifier.compare import Store
    from rectifier.compare.export import write

    with Store(store, read_only=True) as opened:
        click.echo(f"{write(opened, target)} trials to {target}")
