"""Kinds of option that several commands take.

Places to write to are checked before the work starts, so that no long run loses its result.
"""

from __future__ import annotations

import json
import math
import re
import sys
from collections.abc import Callable, Mapping, Sequence
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


class Finite(click.FloatRange):
    """A number in a range; not a number is in none, though no comparison says so."""

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> float:
        """The number."""
        number: float = super().convert(value, param, ctx)
        if math.isnan(number):
            self.fail(f"{value} is not in the range {self._describe_range()}.", param, ctx)
        return number


class _Duration(click.ParamType):  # type: ignore[type-arg]  # generic only since click 8.4
    """A time such as ``90``, ``90s``, ``30m``, ``1.5h`` or ``2d``, in seconds."""

    name = "time"

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> float:
        """Seconds."""
        found = re.fullmatch(r"(\d+(?:\.\d*)?)\s*([smhd]?)", str(value).strip())
        seconds = 0.0 if found is None else float(found[1]) * _UNITS[found[2]]
        if seconds <= 0:
            self.fail(f"expected a time such as 90s, 30m or 2h, got {value!r}", param, ctx)
        return seconds


_UNITS = {"": 1, "s": 1, "m": 60, "h": 3600, "d": 86400}
DURATION = _Duration()


class Listed(click.ParamType):  # type: ignore[type-arg]  # generic only since click 8.4
    """Values between commas.

    Args:
        kind: Makes one value of its text.
        name: What is expected, as it should read in ``--help`` and in errors.
    """

    def __init__(self, kind: Callable[[str], Any], name: str) -> None:
        self.kind = kind
        self.name = name

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> tuple[Any, ...]:
        """The values, in the order given."""
        try:
            return tuple(self.kind(part.strip()) for part in str(value).split(",") if part.strip())
        except ValueError:
            self.fail(f"expected {self.name} with commas between them, got {value!r}", param, ctx)


def write_json(target: str, data: Mapping[str, Any] | Sequence[Any]) -> None:
    """Write data as indented JSON to a file or, for ``-``, to standard output."""
    text = json.dumps(data, indent=2, allow_nan=False, ensure_ascii=False) + "\n"
    if target == STANDARD_OUTPUT:
        sys.stdout.write(text)
        sys.stdout.flush()
    else:
        output.write_text(target, text)
