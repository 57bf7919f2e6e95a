"""A claim: what is said, where, by whom in the first place, and the function that measures it.

Layer: claims. A file of this package that holds objects of `Claim` is found by `ledger`; one object
is all that a claim needs. The function gets a `Lab`, which runs trainings and knows how much may be
spent, and returns what it found, one estimate for each quantity.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from rectifier.claims.record import Estimate, Kind, Picture, Quantity

if TYPE_CHECKING:
    from rectifier.claims.lab import Lab


@dataclass(frozen=True)
class Finding:
    """What measuring a claim gave: estimates in the order of its quantities, pictures, notes."""

    estimates: Sequence[Estimate | None]
    pictures: Sequence[Picture] = ()
    notes: Sequence[str] = ()


@dataclass(frozen=True)
class Claim:
    """A claim. Checked when built.

    Attributes:
        id: ``C01`` …. ``claim``: in our words. ``quote``: a few words of the article's.
        section: Where it stands. ``kind``: see `rectifier.claims.record.Kind`.
        source: The primary source, as precisely as it can be cited.
        says: What that says, in brief.
        protocol: What is done to measure it; for a record, why nothing is.
        quantities: What it says something about.
        measure: Measures them; None for a record.
        timed: Whether it measures times, so that nothing else may run beside it.
        words: A few of the source's own, where they could be confirmed; else empty.
    """

    id: str
    claim: str
    quote: str
    section: str
    kind: Kind
    source: str
    says: str
    protocol: str
    quantities: tuple[Quantity, ...]
    measure: Callable[[Lab], Finding] | None = None
    timed: bool = False
    words: str = ""

    def __post_init__(self) -> None:
        if not re.fullmatch(r"C\d\d", self.id):
            raise ValueError(f"a claim is numbered C01 and so on; {self.id!r} came")
        for name in ("claim", "quote", "section", "source", "says", "protocol"):
            if not getattr(self, name).strip():
                raise ValueError(f"claim {self.id} lacks its {name}")
        for quoted in (self.quote, self.words):
            if len(quoted.split()) > 25:
                raise ValueError(f"a quote of claim {self.id} is longer than a quote should be")
        if (self.kind == "record") != (self.measure is None):
            raise ValueError(f"claim {self.id}: exactly the records have nothing to measure")
        if self.kind == "proxy" and not any(q.proxy or q.source for q in self.quantities):
            raise ValueError(f"claim {self.id} is a proxy, but none of its quantities is")
        if not any(q.stated for q in self.quantities):
            raise ValueError(f"claim {self.id} states nothing that could be judged")
