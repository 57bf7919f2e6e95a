"""What every sink is: numbers of steps in order, and an end.

For `rectifier.watch.sinks`, framework-free. A sink is a `rectifier.watch.listening.Listener` that
gets each moment of a record once.
"""

from __future__ import annotations

import abc
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, ClassVar

from rectifier.errors import OutputError
from rectifier.watch.record import NEVER, Record
from rectifier.watch.sinks.moments import Moment, moments


class Sink(abc.ABC):
    """A place that numbers go to.

    Attributes:
        name: As a person names it. ``interval``: least seconds between two writes.
    """

    name: ClassVar[str]
    interval: float = 5.0

    def __init__(self) -> None:
        self._latest = NEVER

    def open(self) -> None:  # noqa: B027 - there may be nothing to do
        """Import and open what is needed; called before the first `update`, or not at all."""

    def update(self, record: Record) -> None:
        """Write the moments that are new in a record of the same run."""
        found = moments(record, self._latest)
        if found:
            self.write(found, record)
            self._latest = found[-1].step

    def close(self, record: Record, findings: Sequence[Mapping[str, Any]]) -> None:
        """Write what is new, then what was found, and let go of the place."""
        self.update(record)
        self.finish(record, findings)

    @abc.abstractmethod
    def write(self, new: Sequence[Moment], record: Record) -> None:
        """Write moments, in the order of steps; never empty."""

    @abc.abstractmethod
    def finish(self, record: Record, findings: Sequence[Mapping[str, Any]]) -> None:
        """Write what was found; called once, last, also where no moment ever came."""


def as_text(findings: Sequence[Mapping[str, Any]]) -> str:
    """Findings as Markdown, root cause first, for places that show text."""
    parts = []
    for finding in findings:
        where = ", ".join(
            str(finding[key]) for key in ("layer", "site", "source") if finding.get(key)
        )
        lines = [f"**{finding['severity']}: {finding['rule']}** {where}".rstrip(), finding["cause"]]
        lines += [f"- {remedy['action']}: {remedy['why']}" for remedy in finding["remedies"]]
        parts.append("\n\n".join(lines[:2]) + "\n\n" + "\n".join(lines[2:]))
    return "\n\n".join(parts) or "Nothing was found."


def absolute(place: str, kind: str, example: str) -> Path:
    """The absolute path of a place; a script may change the working folder.

    Raises:
        OutputError: No place was given.
    """
    if not place:
        raise OutputError(f"the sink {kind!r} needs a place, such as {kind}:{example}")
    return Path(place).absolute()
