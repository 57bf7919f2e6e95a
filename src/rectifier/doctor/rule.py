"""What a rule is. Framework-free; `rectifier.doctor.rules` finds them, `diagnose` runs them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from rectifier.doctor.finding import Finding
from rectifier.watch.record import Record


@dataclass(frozen=True)
class Rule:
    """One kind of fault and how to tell it from a record.

    Attributes:
        id: Rule id, such as ``dying_relu``; also the name of its file.
        check: Pure function from a record to the findings of this rule, none when healthy.
        summary: One sentence: what is wrong when it fires.
        source: Where its thresholds come from.
        explains: Ids of the rules whose findings are consequences when this one also fires and its
            trouble did not begin after theirs.
    """

    id: str
    check: Callable[[Record], Sequence[Finding]]
    summary: str
    source: str
    explains: tuple[str, ...] = ()
