"""Runs that are kept in a file as they end, so that a long measurement can be done in pieces.

Layer: tests; standard library only. A line of the file is one run, with a fingerprint of the code
under test. A later call runs what is not there yet. Runs of other code count too, since a change
may not touch them, but how many there are is said each time: whoever publishes has to know.
"""

from __future__ import annotations

import functools
import hashlib
import json
import threading
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path

import runs
from runs import Result
from suite import Program

Job = tuple[Program, str]


@functools.cache
def fingerprint() -> str:
    """Of the package's Python files as they are now."""
    digest = hashlib.sha256()
    for file in sorted(runs.SOURCE.rglob("*.py")):
        digest.update(file.read_bytes())
    return digest.hexdigest()[:12]


class Kept:
    """The file of kept runs.

    Args:
        file: Where; None keeps nothing.
    """

    def __init__(self, file: Path | None) -> None:
        self._file = file
        self._guard = threading.Lock()
        self._known: dict[tuple[str, str, str], tuple[Result, str]] = {}
        if file is not None and file.is_file():
            for line in file.read_text(encoding="utf-8").splitlines():
                item = json.loads(line)
                code = item.pop("code")
                self._known[item["stem"], item["variant"], item["mode"]] = Result(**item), code

    def known(self, job: Job, mode: str) -> bool:
        """Whether this run is there already."""
        return (job[0].stem, job[1], mode) in self._known

    def run(self, job: Job, mode: str, work: Callable[[], Result]) -> Result:
        """The kept run, or the work done now and kept."""
        key = job[0].stem, job[1], mode
        if key not in self._known:
            result = work()
            with self._guard:
                self._known[key] = result, fingerprint()
                if self._file is not None:
                    line = json.dumps(asdict(result) | {"code": fingerprint()})
                    with self._file.open("a", encoding="utf-8") as stream:
                        stream.write(line + "\n")
        return self._known[key][0]

    def tell_age(self, mode: str) -> None:
        """Say how many of a mode's runs are not of the present code."""
        codes = [code for (_, _, which), (_, code) in self._known.items() if which == mode]
        old = sum(code != fingerprint() for code in codes)
        if old:
            print(f"  note: {old} of {len(codes)} kept runs ({mode}) are not of the present code")
