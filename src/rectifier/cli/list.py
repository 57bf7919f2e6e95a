"""``rectifier list``: the catalog at a glance."""

from __future__ import annotations

import click

from rectifier.cli.options import OutputFile, write_json


@click.command("list", short_help="List the activations.")
@click.option("--family", metavar="F", help="Only this family, such as 'rectifiers'.")
@click.option(
    "--json", "json_file", metavar="F", type=OutputFile(dash=True), help="As JSON; - for stdout."
)
def command(family: str | None, json_file: str | None) -> None:
    """List the activations: name, formula, parameters, aliases, by family."""
    from rectifier import catalog

    activations = [catalog.get(name) for name in catalog.names(family)]
    if json_file is not None:
        rows = [
            {
                "name": activation.name,
                "family": activation.family,
                "formula": activation.formula,
                "aliases": list(activation.aliases),
                "parameters": {name: p.default for name, p in activation.params.items()},
                "summary": activation.summary,
            }
            for activation in activations
        ]
        write_json(json_file, {"schema": 1, "activations": rows})
        return
    from rectifier.cli.console import console
    from rectifier.report import terminal

    terminal.print_list(activations, console())
