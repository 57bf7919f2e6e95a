"""The index of all pages, and the table of who has what."""

from __future__ import annotations

from collections.abc import Sequence

from generator.text import BUILT, code, link, table
from rectifier import catalog
from rectifier.analysis import peers
from rectifier.analysis.peers import Offer
from rectifier.report import wording


def index() -> str:
    """Return the index as Markdown, family by family."""
    parts = [
        "# Activations",
        f"{len(catalog.names())} functions of one number, {len(catalog.gated_names())} gated units "
        f"and {len(catalog.rowwise_names())} functions of a row. Each page is made from the one "
        "definition that the code runs by.",
    ]
    for family in catalog.families():
        rows = [
            (link(spec.name, f"{spec.name}.md"), code(spec.formula), str(spec.source.year or ""))
            for spec in map(catalog.get, catalog.names(family))
        ]
        parts += [f"## {wording.title(family)}", table(("name", "formula", "year"), rows)]
    gated = [
        (link(unit.name, f"{unit.name}.md"), code(unit.formula), str(unit.source.year or ""))
        for unit in map(catalog.gated, catalog.gated_names())
    ]
    rowwise = [
        (link(each.name, f"{each.name}.md"), each.summary, str(each.source.year or ""))
        for each in map(catalog.rowwise, catalog.rowwise_names())
    ]
    parts += ["## Gated", table(("name", "formula", "year"), gated)]
    parts += ["## Row-wise", table(("name", "what it does", "year"), rowwise)]
    return "\n\n".join(parts) + "\n"


def coverage(offers: Sequence[Offer]) -> str:
    """Return the table of who has what as Markdown."""
    definitions = peers.definitions()
    some = [name for name in definitions if any(name in offer.by_ours for offer in offers)]
    rows = [
        [link(name, f"activations/{name}.md"), *(_there(offer, name) for offer in offers)]
        for name in some
    ]
    read = [
        (
            offer.title,
            offer.version.partition("+")[0] or "not installed",
            str(len(offer.names)) if offer.version else "",
            ", ".join(code(theirs) for theirs, ours in offer.names.items() if not ours) or "none",
        )
        for offer in offers
    ]
    parts = [
        "# Who has what",
        "Made by `rectifier list --compare`'s own code, from the source of the libraries as they "
        "were installed when this page was built. A name that stands for one of our definitions "
        "need not have our defaults there; [conventions](conventions.md) lists where they differ.",
        table(("library", "version", "names", "without a definition here"), read),
        f"In at least one of them: {len(some)} of the {len(definitions)} definitions here. {BUILT}",
        table(("rectifier", *(offer.title for offer in offers)), rows),
        "In none of them: " + ", ".join(n for n in definitions if n not in some) + ".",
    ]
    return "\n\n".join(parts) + "\n"


def _there(offer: Offer, name: str) -> str:
    return ", ".join(code(theirs) for theirs in offer.by_ours.get(name, ()))
