"""``rectifier data``: the tasks there are, where their data lie, and fetching them."""

from __future__ import annotations

from functools import partial
from typing import Any

import click

from rectifier.cli.options import OutputFile, write_json


@click.command("data", short_help="List the tasks to compare on; fetch their data.")
@click.argument("names", nargs=-1, metavar="[NAME…]")
@click.option(
    "--json", "json_file", metavar="F", type=OutputFile(dash=True), help="As JSON; - for stdout."
)
def command(names: tuple[str, ...], json_file: str | None) -> None:
    """List the built-in tasks, or fetch the data of those named.

    What is fetched is checked against its publisher's digest and goes into the folder that
    RECTIFIER_DATA names, else into the user's cache. Nothing is fetched unasked.

    \b
    Examples:
      rectifier data
      rectifier data fashion_mnist
    """  # noqa: D301
    from rectifier import data

    if not names:
        rows = [_row(data.get(name)) for name in data.names()]
        if json_file is not None:
            write_json(json_file, {"schema": 1, "tasks": rows})
            return
        from rectifier.cli.console import console
        from rectifier.report import terminal

        terminal.print_tasks(rows, console())
        return
    # With --json - standard output is for JSON alone.
    say = partial(click.echo, err=json_file == "-")
    for name in names:
        task = data.get(name)
        if task.files is None:
            say(f"{task.name}: nothing to fetch; {task.source} ({task.licence})")
            continue
        found = task.files.find()
        if found is None:
            click.echo(f"{task.name}: licence {task.licence}", err=True)
            found = task.files.fetch(lambda line: click.echo(line, err=True))
        say(f"{task.name}: {found}")
    if json_file is not None:
        rows = [_row(data.get(name)) for name in names]
        write_json(json_file, {"schema": 1, "tasks": rows})


def _row(task: Any) -> dict[str, Any]:
    """A task in plain values."""
    place = None if task.files is None else task.files.find()
    if task.files is None:
        state = "built in"
    elif place is None:
        state = f"not here: rectifier data {task.name}"
        if task.files.debian:
            state += f", or apt install {task.files.debian}"
    else:
        state = str(place)
    return {
        "name": task.name,
        "domain": task.domain,
        "model": task.model,
        "summary": task.summary,
        "source": task.source,
        "licence": task.licence,
        "data": state,
        "megabytes": None
        if task.files is None
        else round(sum(file.size for file in task.files.files) / 1e6, 1),
    }
