"""How everything in the terminal is put on the screen: styles, tables, and an ASCII way out.

For `rectifier.report.terminal`. Text of the user's (site names, output) comes in as
`rich.text.Text` or through `cell`, never as markup, so that ``[bold]`` in a name is shown and not
obeyed.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from rectifier.optional import require

require("rich", extra="cli", purpose="a report in the terminal")

from rich import box  # noqa: E402
from rich.padding import Padding  # noqa: E402
from rich.table import Table  # noqa: E402
from rich.text import Text  # noqa: E402

from rectifier.report import wording  # noqa: E402

if TYPE_CHECKING:
    from rich.console import (
        Console,
        ConsoleOptions,
        JustifyMethod,
        RenderableType,
        RenderResult,
    )

STYLES = {"error": "bold red", "warning": "bold yellow", "info": "bold cyan"}
WORDS = {"error": "ERROR", "warning": "WARNING", "info": "NOTE"}

_ASCII = str.maketrans(
    {
        "–": "-",
        "−": "-",
        "…": "~",
        "→": ">",
        "←": "<",
        "×": "x",
        "·": "-",
        "∞": "inf",
        "µ": "u",
        "±": "+-",
        "≥": ">=",
        "≤": "<=",
        "√": "sqrt",
        "α": "alpha",
        "β": "beta",
        "μ": "mu",
        "″": "''",
        "′": "'",
        "\N{REPLACEMENT CHARACTER}": "?",
        "─": "-",
        "│": "|",
        "✓": "x",
    }
)


def show(console: Console, parts: Iterable[RenderableType]) -> None:
    """Print all parts, in characters that the output's encoding has."""
    unicode = console.encoding.lower().replace("_", "-").startswith("utf")
    if console.record or (unicode and console.is_terminal):
        for part in parts:
            whole = isinstance(part, Verbatim)
            console.print(part, highlight=False, emoji=False, soft_wrap=whole)
        return
    for part in parts:
        if isinstance(part, Verbatim):
            console.file.write(to_encoding(part.plain, console.encoding) + "\n")
            continue
        with console.capture() as captured:
            console.print(part, highlight=False, emoji=False)
        text = to_encoding(captured.get(), console.encoding)
        # Tables are padded to the right edge; in a file that is only noise.
        console.file.write("\n".join(line.rstrip(" ") for line in text.split("\n")))


class Verbatim(Text):
    """Text that stays as it is, at the margin and unbroken: what is to be copied."""


def to_encoding(text: str, encoding: str) -> str:
    """The same text in characters of an encoding, by look-alikes where there are any."""
    try:
        text.encode(encoding)
    except UnicodeEncodeError:
        text = unicodedata.normalize("NFKC", text.translate(_ASCII)).translate(_ASCII)
        return text.encode(encoding, "replace").decode(encoding)
    return text


def cell(text: object, style: str = "") -> Text:
    """Any text as one line that is shown as it is."""
    return Text(wording.clean(text), style=style)


def heading(kind: str, name: str) -> Text:
    """The first line of a report."""
    return Text.assemble((f"rectifier {kind}", "bold"), "  ", (wording.clean(name), "dim"))


def section(title: str) -> Text:
    """The heading of a part of a report, with a line of air above."""
    return Text(f"\n{title}", style="bold")


def indented(part: RenderableType, by: int = 2) -> Padding:
    """Move a part to the right; long lines wrap below their own beginning."""
    return Padding(part, (0, 0, 0, by), expand=False)


def numbered(place: int, part: RenderableType, by: int = 2) -> Padding:
    """A numbered line; what wraps stands below its text, not below its number."""
    grid = Table.grid(padding=(0, 1, 0, 0))
    grid.add_column(no_wrap=True)
    grid.add_column(overflow="fold")
    grid.add_row(Text(f"{place}.", style="bold"), part)
    return indented(grid, by)


class Parts:
    """Short texts in a running line, parted by dots; a line breaks between two, not within one."""

    def __init__(self, parts: Sequence[Text]) -> None:
        self.parts = parts

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        """Fill line by line."""
        line = Text()
        for part in self.parts:
            if line and line.cell_len + 5 + part.cell_len > options.max_width:
                yield line
                line = Text()
            if line:
                line.append("  ·  ", "dim")
            line.append_text(part)
        yield line


def facts(pairs: Sequence[tuple[str, str]]) -> Parts:
    """Key figures in a running line: ``steps 500 · sites 4``."""
    return Parts([Text.assemble((f"{name} ", "dim"), value) for name, value in pairs])


def fits(console: Console, part: RenderableType) -> bool:
    """Whether a table can be shown without folding its cells."""
    roomy = console.options.update(max_width=10_000)
    return console.measure(part, options=roomy).maximum <= console.width


def table(*columns: tuple[str, JustifyMethod], padding: int = 2) -> Table:
    """A table with a rule below its head and nothing else drawn."""
    made = Table(
        box=box.SIMPLE_HEAD,
        pad_edge=False,
        padding=(0, padding, 0, 0),
        show_edge=False,
        header_style="dim",
        border_style="dim",
    )
    for name, justify in columns:
        # Words fold, numbers must not: half a number is a wrong number.
        made.add_column(name, justify=justify, overflow="fold", no_wrap=justify == "right")
    return made
