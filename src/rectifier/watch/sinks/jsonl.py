"""``jsonl:FILE``: a line of JSON for each step, and a last one with the findings."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, TextIO

from rectifier.errors import OutputError
from rectifier.watch.record import Record
from rectifier.watch.sinks.moments import Moment
from rectifier.watch.sinks.sink import Sink, absolute


class JsonLines(Sink):
    """Lines ``{"step": 12, "values": {name: number}}``, then one ``{"findings": […]}``.

    A number that is infinite is the string ``"Infinity"`` or ``"-Infinity"``, as in a record. Each
    line is complete when it is written, so that a reader can follow the file.

    Args:
        path: The file; what it held before is overwritten when the first line comes.
    """

    name = "jsonl"
    interval = 1.0

    def __init__(self, path: Path) -> None:
        super().__init__()
        self._path = path
        self._file: TextIO | None = None

    def write(self, new: Sequence[Moment], record: Record) -> None:
        """A line for each moment."""
        for moment in new:
            values = {name: _plain(value) for name, value in moment.values.items()}
            self._line({"step": moment.step, "values": values})

    def finish(self, record: Record, findings: Sequence[Mapping[str, Any]]) -> None:
        """The last line."""
        self._line(
            {"steps": record.steps, "overhead": _plain(record.overhead), "findings": findings}
        )
        if self._file is not None:
            self._file.close()

    def _line(self, data: Mapping[str, Any]) -> None:
        if self._file is None:
            self._file = self._path.open("w", encoding="utf-8")
        self._file.write(json.dumps(_all_plain(data), ensure_ascii=False) + "\n")
        self._file.flush()


def _plain(value: float) -> float | str | None:
    if math.isnan(value):
        return None
    return value if math.isfinite(value) else ("Infinity" if value > 0 else "-Infinity")


def _all_plain(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {str(key): _all_plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_all_plain(item) for item in value]
    return _plain(value) if isinstance(value, float) else value


def sink(place: str) -> JsonLines:
    """Make it from the name of a file.

    Raises:
        OutputError: There is no folder to put it in, or it is a folder itself.
    """
    path = absolute(place, "jsonl", "run.jsonl")
    if path.is_dir() or not path.parent.is_dir():
        raise OutputError(f"cannot write {place}: expected a file in a folder that exists")
    return JsonLines(path)
