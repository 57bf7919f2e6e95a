"""Small parts of Markdown that all pages share."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

BUILT = "Links to single activations lead to pages that `make docs` builds."


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Return a Markdown table.

    Args:
        head: The names of the columns.
        rows: Cells as Markdown; a bar within one is escaped.
    """
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join("| " + " | ".join(_cell(cell) for cell in line) + " |" for line in lines)


def code(text: str) -> str:
    """Return text set as code."""
    return f"`{text}`"


def formula(latex: str) -> str:
    """Return a formula on lines of its own, fenced so that its backslashes are left alone."""
    return f"```math\n{latex}\n```"


def link(text: str, target: str) -> str:
    """Return a link."""
    return f"[{text}]({target})"


def _cell(text: str) -> str:
    return str(text).replace("|", r"\|").replace("\n", " ")
