"""Where commands write: checked before the work starts, so that no long run loses its result."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import click

from rectifier.errors import OutputError

STANDARD_OUTPUT = "-"


class OutputFile(click.ParamType):
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
            return str(writable(text))
        except OutputError as error:
            self.fail(str(error), param, ctx)


def writable(text: str) -> Path:
    """Check that a file can be written.

    Raises:
        OutputError: It is empty, a folder, or in a folder that is missing or read-only.
    """
    if not text:
        raise OutputError("expected the name of a file to write, got an empty name; give one")
    path = Path(text).absolute()
    folder = path.parent
    if path.is_dir():
        raise OutputError(f"expected a file to write, got the folder {text!r}; add a file name")
    if not folder.is_dir():
        raise OutputError(f"the folder {str(folder)!r} does not exist; create it or name another")
    if not os.access(path if path.exists() else folder, os.W_OK):
        raise OutputError(f"cannot write {text!r}: no permission; name another place")
    return path


def write_json(target: str, data: Mapping[str, Any]) -> None:
    """Write data as indented JSON to a file or, for ``-``, to standard output."""
    text = json.dumps(data, indent=2, allow_nan=False) + "\n"
    if target == STANDARD_OUTPUT:
        sys.stdout.write(text)
        sys.stdout.flush()
        return
    write_text(target, text)


def write_text(target: str, text: str) -> None:
    """Write a text file.

    Raises:
        OutputError: The file cannot be written.
    """
    try:
        Path(target).write_text(text, encoding="utf-8")
    except OSError as error:
        raise OutputError(f"cannot write {target!r}: {error.strerror}") from error
