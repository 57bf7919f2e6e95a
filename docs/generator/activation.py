"""The page of one activation: formula, plots, properties, source, advice, who else has it.

All of it comes from the catalog and from `rectifier.analysis`; no fact is written here.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import rectifier
from generator.text import code, formula, link, table
from rectifier.activation import Activation
from rectifier.analysis import Card
from rectifier.analysis.peers import Offer
from rectifier.report import page, properties


def write(folder: Path, name: str, offers: Sequence[Offer], accuracy: Mapping[str, str]) -> None:
    """Write the page and the plot of an activation.

    Args:
        folder: Where to.
        name: The activation.
        offers: What other libraries have.
        accuracy: Text on the measured accuracy by name.
    """
    card = rectifier.card(name)
    page.write_card_png(folder / f"{name}.png", card)
    text = page_of(card, offers, accuracy.get(name, ""))
    (folder / f"{name}.md").write_text(text, encoding="utf-8")


def page_of(card: Card, offers: Sequence[Offer], accuracy: str = "") -> str:
    """Return the page as Markdown."""
    use, avoid, found = (text for _, text in properties.advice(card))
    parts = [
        f"# {card.name}",
        card.summary,
        formula(f"f(x) = {card.latex}"),
        formula(f"f'(x) = {card.derivative_latex}"),
        f"As text: {code(card.formula)}",
        f"![{card.name}, its first and its second derivative]({card.name}.png)",
        "## When to use it, and when not",
        f"**Use:** {use}",
        f"**Avoid:** {avoid}",
        f"Sources: {found}.",
        "## In code",
        _example(card.activation),
    ]
    if card.params:
        rows = [(code(name), value, about) for name, value, about in properties.parameters(card)]
        parts += ["## Parameters", table(("name", "default", ""), rows)]
    parts += [
        "## Properties",
        table(("property", "value"), properties.properties(card)),
        "For inputs z drawn from N(0, 1):",
        table(("average", "value"), properties.averages(card)),
    ]
    if accuracy:
        parts += ["## Accuracy", accuracy]
    parts += ["## Who else has it", who_else(card.name, offers), "## Source", *_source(card)]
    return "\n\n".join(parts) + "\n"


def _example(spec: Activation) -> str:
    lines = [
        "import rectifier.torch as rt",
        "from rectifier.numpy import " + spec.name,
        "",
        f"{spec.name}(x), {spec.name}.derivative(x)  # NumPy",
        f"rt.functional.{spec.name}(t), rt.{spec.class_name}()  # PyTorch",
    ]
    return "```python\n" + "\n".join(lines) + "\n```"


def who_else(name: str, offers: Sequence[Offer]) -> str:
    """Return where else something is to be had, in words."""
    there = [
        f"{offer.title} ({', '.join(code(n) for n in offer.by_ours[name])})"
        for offer in offers
        if name in offer.by_ours
    ]
    looked = [offer for offer in offers if offer.version]
    if there:
        return ", ".join(there) + "."
    return f"None of {', '.join(offer.title for offer in looked)}."


def _source(card: Card) -> list[str]:
    origin = card.source
    address = f" {link(origin.url, origin.url)}" if origin.url else ""
    parts = [properties.source(card) + address]
    if origin.equation:
        parts.append(f"Defined there as: {origin.equation}")
    if origin.note:
        parts.append(origin.note)
    if card.differs:
        parts.append(f"**Where we differ:** {card.differs}")
    if card.aliases:
        parts.append(f"Also called: {', '.join(code(alias) for alias in card.aliases)}.")
    return parts
