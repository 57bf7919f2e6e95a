"""Who has what: the activations beside those of other libraries.

Part of `rectifier.report.terminal`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

from rectifier.report import wording
from rectifier.report.terminal.screen import cell, section, show, table

from rich.text import Text  # isort: skip

if TYPE_CHECKING:
    from rich.console import Console, RenderableType

    from rectifier.analysis.peers import Offer


def print_peers(definitions: Mapping[str, str], offers: Sequence[Offer], console: Console) -> None:
    """Print a table with a row for each activation that anybody else has.

    Args:
        definitions: What is ours: the family by name.
        offers: What each library has.
        console: Where to print.
    """
    show(console, _parts(definitions, offers))


def _parts(definitions: Mapping[str, str], offers: Sequence[Offer]) -> Iterator[RenderableType]:
    titles = [
        offer.title.replace("torch.nn.functional", "torch F")
        + ("" if offer.version else " (not installed)")
        for offer in offers
    ]
    made = table(("rectifier", "left"), *((title, "left") for title in titles), padding=1)
    only: dict[str, list[str]] = {}
    for name, family in definitions.items():
        if any(name in offer.by_ours for offer in offers):
            made.add_row(cell(name, "bold"), *(cell(_entry(offer, name)) for offer in offers))
        else:
            only.setdefault(family, []).append(name)
    unknown = [
        f"{offer.title}: {theirs}"
        for offer in offers
        for theirs, ours in offer.names.items()
        if not ours
    ]
    there = [offer for offer in offers if offer.version]
    if made.row_count:
        yield section("Who else has it, and by what name if by another")
        yield made
    if only:
        yield section(f"In none of {'these' if len(there) == len(offers) else 'those installed'}")
        for family, names in only.items():
            yield Text.assemble((f"{family}: ", "dim"), ", ".join(names))
    yield section("Read in")
    for offer in there:
        yield cell(f"{offer.title}: {wording.count(len(offer.names), 'name')}, {offer.version}")
    for sentence in dict.fromkeys(offer.why_not for offer in offers if offer.why_not):
        yield cell(sentence)
    if unknown:
        yield cell(f"No definition here for {', '.join(unknown)}.", "bold yellow")
    elif there:
        yield cell("Every one of these names stands for one of the definitions here.", "dim")


def _entry(offer: Offer, name: str) -> str:
    """A tick where the name is the same but for its spelling, else the names there."""
    names = offer.by_ours.get(name, ())
    others = [
        theirs for theirs in names if theirs.lower().replace("_", "") != name.replace("_", "")
    ]
    return " ".join([*(["✓"] if len(others) < len(names) else []), *others])
