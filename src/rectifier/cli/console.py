"""The consoles that commands print on: colour and width as the terminal allows, plain in a pipe."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING

from rectifier.optional import require

if TYPE_CHECKING:
    from rich.console import Console

PIPE_WIDTH = 100
"""Columns where there is no terminal to ask."""


def console(*, stderr: bool = False) -> Console:
    """A console on standard output, or on standard error.

    ``rectifier run`` reports on standard error, since standard output is the script's own.
    """
    require("rich", extra="cli", purpose="printing tables")
    from rich.console import Console

    stream = sys.stderr if stderr else sys.stdout
    plain = not stream.isatty() and "COLUMNS" not in os.environ
    return Console(stderr=stderr, width=PIPE_WIDTH if plain else None, highlight=False)
