"""A table below the script's own output while it runs, on a terminal only.

Part of `rectifier.report.terminal`. The table stands below the cursor and the cursor stays where
the script left it, at the beginning of a line; whatever the script writes next first wipes the
table away. So the script's own characters reach the terminal unchanged and in their order, and what
writes past Python (a subprocess) merely overwrites the table. To know of the script's writes the
``write`` of its two streams is watched; the streams themselves stay what they are.
"""

from __future__ import annotations

import io
import os
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, Self, TextIO

from rectifier.doctor.finding import Finding
from rectifier.report import digest, wording
from rectifier.report.terminal.screen import STYLES, WORDS, Parts, cell, facts, table, to_encoding
from rectifier.watch.record import Record, SiteRecord

from rich.console import Console, RenderableType  # isort: skip
from rich.text import Text  # isort: skip

_WIPE = "\x1b[J"
_ROWS = 12
"""Most sites shown; those that stand out, in forward order."""


class LiveTable:
    """Shows how a run goes. A listener of the run; enter it before the script starts.

    Args:
        stream: The terminal, usually standard error.
        judge: Says what is wrong so far; None: only figures are shown.
        clock: Seconds that never go back.

    Attributes:
        interval: Least seconds between two updates.
    """

    name = "the live table"

    def __init__(
        self,
        stream: TextIO,
        judge: Callable[[Record], Sequence[Finding]] | None = None,
        *,
        clock: Callable[[], float] = time.perf_counter,
    ) -> None:
        self.interval = 0.5
        self._stream = stream
        self._judge = judge
        self._clock = clock
        self._started = clock()
        self._process = os.getpid()
        self._lock = threading.RLock()
        self._write = stream.write
        self._hooked: dict[TextIO, Callable[[str], int]] = {}
        self._shown = False
        self._at_line_start = True

    def __enter__(self) -> Self:
        """Begin to watch what the script writes."""
        for stream in (sys.stdout, sys.stderr):
            if stream is not None and stream.isatty() and hasattr(stream, "__dict__"):
                self._hook(stream)
        return self

    def __exit__(self, *error: object) -> None:
        """Wipe the table away and let the streams go."""
        with self._lock:
            self._wipe()
        for stream, ours in self._hooked.items():
            if vars(stream).get("write") is ours:  # the script may have put its own there
                del stream.write
        self._hooked = {}

    def _hook(self, stream: TextIO) -> None:
        original = stream.write

        def write(text: str) -> int:
            with self._lock:
                self._wipe()
                count = original(text)
                if text:
                    self._at_line_start = text.endswith("\n")
                return count

        stream.write = write  # type: ignore[method-assign]
        self._hooked[stream] = write

    def _wipe(self) -> None:
        if self._shown and os.getpid() == self._process:
            self._write(_WIPE)
            self._stream.flush()
            self._shown = False

    def open(self) -> None:
        """Draw nothing once: what that imports shall not count as the cost of the first table."""
        empty = Record()
        self._lines(empty, () if self._judge is None else self._judge(empty))

    def update(self, record: Record) -> None:
        """Draw the table anew, unless the script is in the middle of a line."""
        findings = () if self._judge is None else self._judge(record)
        with self._lock:
            self._wipe()
            for stream in self._hooked:
                stream.flush()
            if not self._at_line_start:
                return
            lines = self._lines(record, findings)
            self._write("\r" + _WIPE + "\n".join(lines) + f"\r\x1b[{len(lines) - 1}A")
            self._stream.flush()
            self._shown = True

    def close(self, record: Record, findings: Sequence[Mapping[str, Any]]) -> None:
        """The run is over; the report that follows says it all."""
        del record, findings
        self.__exit__()

    def _lines(self, record: Record, findings: Sequence[Finding]) -> list[str]:
        """The table as lines that fit the terminal; at least two."""
        try:
            width, height = os.get_terminal_size(self._stream.fileno())
        except (OSError, io.UnsupportedOperation):
            width, height = 100, 30
        room = max(height - 4, 4)
        console = Console(
            file=io.StringIO(), force_terminal=True, width=max(width - 1, 20), highlight=False
        )
        with console.capture() as captured:
            for part in self._parts(record, findings, room):
                console.print(part, emoji=False, no_wrap=True, overflow="ellipsis", crop=True)
        text = to_encoding(captured.get(), self._stream.encoding or "utf-8")
        return ["", *text.rstrip("\n").split("\n")[:room]]

    def _parts(
        self, record: Record, findings: Sequence[Finding], room: int
    ) -> Iterator[RenderableType]:
        seconds = self._clock() - self._started
        head = [
            ("step", f"{record.steps}"),
            ("steps a second", wording.number(record.steps / max(seconds, 1e-9), 3)),
            ("loss", wording.number(digest.final_loss(record), 4)),
            ("dead units", wording.percent(digest.mean_dead(record))),
            ("cost of watching", wording.percent(record.overhead)),
        ]
        yield Parts([Text("rectifier", style="bold"), *facts(head).parts])
        harmful = [finding for finding in findings if finding.severity != "info"][:3]
        rows = max(min(room - 3 - len(harmful), _ROWS), 1)
        made = table(
            ("site", "left"),
            *((name, "right") for name in ("units", "dead", "silent", "sparsity", "gradient")),
        )
        for site in digest.worst_sites(record, findings, rows):
            made.add_row(*_cells(site))
        if record.sites:
            yield made
        hidden = len(record.sites) - rows
        if hidden > 0:
            yield cell(f"… and {hidden} more", "dim")
        for finding in harmful:
            yield Text.assemble(
                (WORDS[finding.severity], STYLES[finding.severity]),
                f" so far: {wording.clean(finding.rule)} · {wording.clean(finding.cause)}",
            )


def _cells(site: SiteRecord) -> tuple[Text, ...]:
    dead, silent = digest.dead(site), digest.last(site.series.silent)
    return (
        cell(wording.shorten(wording.clean(site.site), 40)),
        cell(site.units),
        cell(wording.percent(dead), "bold red" if dead >= 0.5 else ""),
        cell(wording.percent(silent)),
        cell(wording.percent(site.sparsity)),
        cell(wording.number(digest.last(site.series.gradient_rms), 2)),
    )
