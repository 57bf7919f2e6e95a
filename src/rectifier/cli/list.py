"""``rectifier list``: the catalog at a glance, and who else has what."""

from __future__ import annotations

from typing import Any

import click

from rectifier.cli.options import OutputFile, write_json


@click.command("list", short_help="List the activations.")
@click.option("--family", metavar="F", help="Only this family, such as 'rectifiers'.")
@click.option(
    "--json", "json_file", metavar="F", type=OutputFile(dash=True), help="As JSON; - for stdout."
)
@click.option("--compare", is_flag=True, help="Which other libraries have them, by what name.")
def command(family: str | None, json_file: str | None, compare: bool) -> None:
    """List the activations: name, formula, parameters, aliases, by family.

    With --compare, the table of who has what: it is read in the source of the libraries that are
    installed here (torch, Keras, JAX, timm, transformers).
    """
    if compare:
        _compare(family, json_file)
        return
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


def _compare(family: str | None, json_file: str | None) -> None:
    from rectifier.analysis import peers
    from rectifier.errors import UnknownNameError

    definitions = peers.definitions()
    if family is not None:
        families = dict.fromkeys(definitions.values())
        if family not in families:
            raise UnknownNameError("family", family, families)
        definitions = {name: kind for name, kind in definitions.items() if kind == family}
    offers = peers.offers()
    if json_file is None:
        from rectifier.cli.console import console
        from rectifier.report import terminal

        terminal.print_peers(definitions, offers, console())
        return
    rows: list[dict[str, Any]] = [
        {
            "name": name,
            "family": kind,
            "elsewhere": {o.title: list(o.by_ours[name]) for o in offers if name in o.by_ours},
        }
        for name, kind in definitions.items()
    ]
    libraries = [
        {
            "title": offer.title,
            "version": offer.version or None,
            "why_not": offer.why_not or None,
            "names": len(offer.names),
            "unknown": [theirs for theirs, ours in offer.names.items() if not ours],
        }
        for offer in offers
    ]
    write_json(json_file, {"schema": 1, "libraries": libraries, "activations": rows})
