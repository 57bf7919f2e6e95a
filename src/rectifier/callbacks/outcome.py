"""What the callbacks of all trainers have in common: options, and what they leave.

For `rectifier.callbacks`.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, TypedDict, Unpack

from rectifier.doctor.diagnose import diagnose
from rectifier.doctor.finding import SEVERITIES, Finding, Severity
from rectifier.errors import InvalidInputError, SickTrainingError
from rectifier.watch.listening import Listener
from rectifier.watch.options import WatchOptions
from rectifier.watch.record import Record
from rectifier.watch.sinks import from_text

if TYPE_CHECKING:
    from os import PathLike


class Options(TypedDict, total=False):
    """What the callback of each trainer may be given.

    Attributes:
        every: Observe every n-th step; None: as many as the budget allows.
        budget: Share of the time that observing may cost; None: 0.02.
        sinks: Where the numbers go meanwhile, such as ``"tensorboard:runs/first"``.
        html: A page to write at the end.
        fail_on: Raise `SickTrainingError` at the end where a finding is this severe or worse.
    """

    every: int | None
    budget: float | None
    sinks: Sequence[str | Listener]
    html: str | PathLike[str] | None
    fail_on: Severity | None


class Outcome:
    """Options and results of a watched training.

    Args:
        **options: As `Options` says.

    Attributes:
        record: What was measured; empty before the training has begun.
        findings: What is wrong, root cause first; known once the training is over.

    Raises:
        InvalidInputError: An option is out of bounds.
        RectifierError: A sink is unknown, or its package or place is not there.
    """

    def __init__(self, **options: Unpack[Options]) -> None:
        known = Options.__annotations__
        for name in options.keys() - known.keys():
            raise TypeError(f"unknown option {name!r}; known are {', '.join(known)}")
        fail_on, html = options.get("fail_on"), options.get("html")
        if fail_on is not None and fail_on not in SEVERITIES:
            raise InvalidInputError(f"fail_on is one of {SEVERITIES} or None, got {fail_on!r}")
        self.options = WatchOptions(every=options.get("every"), budget=options.get("budget"))
        self.listeners = [
            from_text(each) if isinstance(each, str) else each for each in options.get("sinks", ())
        ]
        self.html = None if html is None else Path(html).absolute()
        self.fail_on = fail_on
        self.record = Record()
        self.findings: tuple[Finding, ...] = ()

    def take(self, record: Record) -> None:
        """The training is over: diagnose, and write what was asked for."""
        self.record = record
        self.findings = diagnose(record)
        if self.html is not None:
            from rectifier.report.page import write_run

            write_run(self.html, record, self.findings)

    def judge(self) -> None:
        """Raise where a finding is as severe as ``fail_on``.

        Raises:
            SickTrainingError: One is; the message says which and why.
        """
        if self.fail_on is None:
            return
        limit = SEVERITIES.index(self.fail_on)
        bad = [f for f in self.findings if SEVERITIES.index(f.severity) <= limit]
        if bad:
            others = f" (and {len(bad) - 1} more)" if len(bad) > 1 else ""
            raise SickTrainingError(f"{bad[0].rule}: {bad[0].cause}{others}")
