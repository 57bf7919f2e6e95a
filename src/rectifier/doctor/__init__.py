"""Judging a run: rules turn a record into findings, and remedies act on them.

`diagnose`, the rules and what they say import no framework. `rectifier.doctor.remedies`, ``rerun``
and ``repair`` act on running programs; they are imported on their own.
"""

from __future__ import annotations

from pathlib import Path

from rectifier.doctor.diagnose import diagnose
from rectifier.doctor.finding import SEVERITIES, Finding, Remedy, Severity
from rectifier.errors import InvalidInputError
from rectifier.watch.record import Record

__all__ = ["SEVERITIES", "Finding", "Remedy", "Severity", "diagnose", "load_record"]


def load_record(path: str | Path) -> Record:
    """Read a record from a file that ``rectifier run --record FILE`` wrote.

    Raises:
        InvalidInputError: The file cannot be read, is no record, or is from a newer version.
    """
    try:
        text = Path(path).read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise InvalidInputError(
            f"expected a readable record file, got {str(path)!r} ({error}); write one with "
            "'rectifier run --record FILE SCRIPT'"
        ) from error
    return Record.from_json(text)
