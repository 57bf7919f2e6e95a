"""The pages of gated units and of row-wise functions."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from generator.activation import who_else
from generator.text import code, formula, link, table
from rectifier import catalog
from rectifier.activation import Source
from rectifier.analysis import unit_card
from rectifier.analysis.peers import Offer
from rectifier.expression import to_latex
from rectifier.report import page, unit_properties


def write_gated(folder: Path, name: str, offers: Sequence[Offer]) -> None:
    """Write the page of a gated unit."""
    unit = catalog.gated(name)
    parts = [
        f"# {unit.name}",
        unit.summary,
        formula(rf"f(x, \mathrm{{gate}}) = {to_latex(unit.expression)}"),
        f"As text: {code(unit.formula)}",
        *_shown(folder, unit.name),
        "`rectifier.torch.gated` and `rectifier.numpy.gated` halve their input along one dimension:"
        ' by default the last half gates, as in `torch.nn.functional.glu`; `gate="first"`, '
        '`"even"` and `"odd"` are the other conventions.',
        *_rest(unit.name, unit.source, unit.differs, unit.aliases, offers),
    ]
    (folder / f"{name}.md").write_text("\n\n".join(parts) + "\n", encoding="utf-8")


def write_rowwise(folder: Path, name: str, offers: Sequence[Offer]) -> None:
    """Write the page of a row-wise function."""
    record = catalog.rowwise(name)
    options = ", ".join(
        f"{code(option)} ({'must be given' if default is None else f'default {default}'})"
        for option, default in record.options.items()
    )
    parts = [
        f"# {record.name}",
        record.summary,
        *_shown(folder, record.name),
        f"Options: {options}." if options else "It has no options.",
        *_rest(record.name, record.source, record.differs, record.aliases, offers),
    ]
    (folder / f"{name}.md").write_text("\n\n".join(parts) + "\n", encoding="utf-8")


def _shown(folder: Path, name: str) -> list[str]:
    """Write the picture; return it, the formulas and the gain."""
    card = unit_card(name)
    page.write_unit_png(folder / f"{name}.png", card)
    rows = [*unit_properties.formulas(card), *unit_properties.properties(card)]
    return [
        f"![{name}: {card.cut}]({name}.png)",
        f"The picture is a cut: {card.cut}.",
        table(
            ("what", ""),
            [
                (head, code(text)) if "gain" not in head else (head, text)
                for head, text in rows
                if head != "gating"
            ],
        ),
    ]


def _rest(
    name: str, origin: Source, differs: str, aliases: tuple[str, ...], offers: Sequence[Offer]
) -> list[str]:
    advice = catalog.advice(name)
    year = f" ({origin.year})" if origin.year else ""
    address = f" {link(origin.url, origin.url)}" if origin.url else ""
    title = origin.title if origin.title.endswith((".", "?", "!")) else f"{origin.title}."
    parts = [
        "## When to use it, and when not",
        f"**Use:** {advice.use}",
        f"**Avoid:** {advice.avoid}",
        f"Sources: {'; '.join(advice.sources)}.",
        "## Who else has it",
        who_else(name, offers),
        "## Source",
        f"{origin.authors}{year}: {title}{address}",
    ]
    parts += [f"Defined there as: {origin.equation}"] if origin.equation else []
    parts += [origin.note] if origin.note else []
    parts += [f"**Where we differ:** {differs}"] if differs else []
    return parts + ([f"Also called: {', '.join(map(code, aliases))}."] if aliases else [])
