"""What a repair did: the sick run, each attempt, and the proof. Framework-free."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from rectifier.doctor.finding import Finding, Remedy
from rectifier.watch.record import Record

RepairVerdict = Literal["healthy", "repaired", "improved", "not repaired"]
"""``healthy``: nothing to repair. ``repaired``: the findings that harm training are gone and what
the script prints, or the loss, became better (a share by a twentieth of what it lacked).
``improved``: one of the two. ``not repaired``: no attempt helped."""


@dataclass(frozen=True, eq=False)
class Run:
    """One observed run of the user's script.

    Attributes:
        record: What was measured. ``findings``: the doctor's, root cause first.
        status: Exit status of the script. ``output``: what it printed.
        metrics: Numbers that it printed with a name (``accuracy``), in the order printed.
        seconds: Wall time.
    """

    record: Record
    findings: tuple[Finding, ...]
    status: int = 0
    output: str = ""
    metrics: Mapping[str, tuple[float, ...]] = field(default_factory=dict)
    seconds: float = 0.0


@dataclass(frozen=True, eq=False)
class Attempt:
    """One rerun under one or more remedies.

    Attributes:
        remedies: What was done. ``run``: what came of it.
        unwritten: Ids of remedies that did more than an edit of ours could say.
        log: What they did, in sentences.
        met: By remedy what it met while it acted, which its edit needs: lines, numbers.
    """

    remedies: tuple[Remedy, ...]
    run: Run
    unwritten: frozenset[str] = frozenset()
    log: tuple[str, ...] = ()
    met: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)


@dataclass(frozen=True, eq=False)
class Repair:
    """A sick run and the attempts to cure it.

    Attributes:
        script: As the user named it. ``before``: the run as it is.
        attempts: In the order tried. ``chosen``: index of the one kept, or None.
        verdict: In one word or two. ``summary``: one or two sentences that prove it with numbers.
        patch: The edit that makes the cure permanent, as a unified diff; empty where none applies.
        by_hand: What else to edit and where, a sentence for each remedy that the patch leaves out.
    """

    script: str
    before: Run
    attempts: tuple[Attempt, ...]
    chosen: int | None
    verdict: RepairVerdict
    summary: str
    patch: str = ""
    by_hand: tuple[str, ...] = ()

    @property
    def after(self) -> Run | None:
        """The run of the chosen attempt, or None."""
        return None if self.chosen is None else self.attempts[self.chosen].run
