"""Where commands write: checked before the work starts, so that no long run loses its result."""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping
from typing import Any

import click

from rectifier.errors import OutputError
from rectifier.report import output

STANDARD_OUTPUT = "-"


class OutputFile(click.ParamType):  # type: ignore[type-arg]  # generic only since click 8.4
    """A file that a command will write: its folder exists and may be written to.

    Args:
        dash: Whether ``-`` is allowed, for standard output.
    """

    name = "file"

    def __init__(self, *, dash: bool = False) -> None:
        self.dash = dash

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> str:
        """Return an absolute path (the script may change directory), or ``-``."""
        text = str(value)
        if self.dash and text == STANDARD_OUTPUT:
            return text
        try:
            return str(output.check_writable(text))
        except OutputError as error:
            self.fail(str(error), param, ctx)


def write_json(target: str, data: Mapping[str, Any]) -> None:
    """Write data as indented JSON to a file or, for ``-``, to standard output."""
    text = json.dumps(data, indent=2, allow_nan=False, ensure_ascii=False) + "\n"
    if target == STANDARD_OUTPUT:
        sys.stdout.write(text)
        sys.stdout.flush()
    else:
        output.write_text(target, text)
