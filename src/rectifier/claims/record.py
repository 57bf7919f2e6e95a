"""What is known of a claim: plain records that reports draw. Imports nothing of rectifier.

Layer: claims, read by ``report``. A claim is taken apart into quantities; of each there is the
range of values that would bear the claim out, the range that the primary source itself gives where
it gives one, and what was measured, with an interval.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

Verdict = Literal["reproduced", "not reproduced", "contradicted by its source", "not testable here"]
VERDICTS: tuple[Verdict, ...] = (
    "reproduced",
    "not reproduced",
    "contradicted by its source",
    "not testable here",
)
Kind = Literal["exact", "experiment", "proxy", "record"]
"""``exact``: arithmetic or analysis. ``experiment``: a small one that tests the claim itself.
``proxy``: a small one in the place of one that is too large. ``record``: no experiment."""


@dataclass(frozen=True)
class Range:
    """Values from ``low`` to ``high``, both included; infinite where there is no bound."""

    low: float = -math.inf
    high: float = math.inf

    def __post_init__(self) -> None:
        if not self.low <= self.high:
            raise ValueError(f"a range goes from low to high; {self.low} to {self.high} came")


def about(value: float, tolerance: float = 0.1) -> Range:
    """A value give or take a share of it; by default a tenth."""
    reach = abs(value) * tolerance
    return Range(value - reach, value + reach)


def exactly(value: float) -> Range:
    """One value alone."""
    return Range(value, value)


@dataclass(frozen=True)
class Estimate:
    """A measured value with its interval, in the quantity's unit; all the same where it is exact.

    A value may be infinite: something that never happened.
    """

    value: float
    low: float
    high: float

    def __post_init__(self) -> None:
        if not self.low <= self.value <= self.high:
            raise ValueError(f"{self.value} lies outside its interval {self.low} … {self.high}")


@dataclass(frozen=True)
class Quantity:
    """One thing that a claim says something about.

    Attributes:
        name: What it is, in words.
        stated: Values that would bear the claim out; None: only told, it has no say.
        unit: Of value and range; ``%`` for shares of one, which are kept as shares.
        source: Values that the primary source gives for the very same quantity; None: it gives
            none, or it is the same work that the claim is quoted from.
        proxy: Whether what is measured stands for something else that cannot be measured here.
        reading: Where the claim can be read in more than one way: the reading, in a few words, in
            which this quantity has a say. Empty: in all of them.
        matters: For a claim of a difference: how far past its bound a value must lie to be worth
            speaking of. Where no measured value does, more seeds cannot bear the claim out.
        extremes: Whether what is measured comes with its least and greatest value, which more seeds
            do not narrow: one that lies outside the stated range lies outside for good.
    """

    name: str
    stated: Range | None = None
    unit: str = ""
    source: Range | None = None
    proxy: bool = False
    reading: str = ""
    matters: float = 0.0
    extremes: bool = False

    def __post_init__(self) -> None:
        stated = self.stated or Range()
        if self.matters and not 0.0 < 2 * self.matters < stated.high - stated.low:
            raise ValueError(f"no value of {self.name!r} is {self.matters} past its bounds")


@dataclass(frozen=True)
class Line:
    """A line or a row of points of a picture."""

    name: str
    x: tuple[float, ...]
    y: tuple[float, ...]


@dataclass(frozen=True)
class Picture:
    """Lines over a common x, to be drawn. ``log``: whether y is logarithmic."""

    title: str
    x_label: str
    y_label: str
    lines: tuple[Line, ...]
    log: bool = False


@dataclass(frozen=True)
class Result:
    """What an experiment gave.

    Attributes:
        estimates: One for each quantity of the claim, in its order; None: not measured.
        pictures: To be drawn.
        notes: Sentences that belong to the numbers.
        circumstances: Effort, machine, versions, seeds, seconds and date.
    """

    estimates: tuple[Estimate | None, ...]
    pictures: tuple[Picture, ...] = ()
    notes: tuple[str, ...] = ()
    circumstances: Mapping[str, str] = field(default_factory=dict)

    def to_dict(self) -> dict[str, Any]:
        """Plain values for JSON; what is infinite becomes a word."""
        return {
            "estimates": [
                None if e is None else [_plain(e.value), _plain(e.low), _plain(e.high)]
                for e in self.estimates
            ],
            "pictures": [
                {
                    "title": p.title,
                    "x_label": p.x_label,
                    "y_label": p.y_label,
                    "log": p.log,
                    "lines": [
                        {"name": n.name, "x": [*map(_plain, n.x)], "y": [*map(_plain, n.y)]}
                        for n in p.lines
                    ],
                }
                for p in self.pictures
            ],
            "notes": list(self.notes),
            "circumstances": dict(self.circumstances),
        }

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> Result:
        """The result that `to_dict` wrote."""
        return cls(
            tuple(
                None if e is None else Estimate(*(float(v) for v in e)) for e in values["estimates"]
            ),
            tuple(
                Picture(
                    p["title"],
                    p["x_label"],
                    p["y_label"],
                    tuple(
                        Line(n["name"], tuple(map(float, n["x"])), tuple(map(float, n["y"])))
                        for n in p["lines"]
                    ),
                    bool(p["log"]),
                )
                for p in values["pictures"]
            ),
            tuple(values["notes"]),
            dict(values["circumstances"]),
        )


def _plain(value: float) -> float | str:
    """Four significant digits more than anyone reads, so that a committed file stays small."""
    return float(f"{value:.7g}") if math.isfinite(value) else str(value)


@dataclass(frozen=True)
class Entry:
    """A claim with what is known of it.

    Attributes:
        id: ``C01`` to ``C44``. ``claim``: in our words. ``quote``: a few of the article's.
        section: Where it stands there. ``kind``: how it is tested.
        source: The primary source. ``says``: what that says, in brief.
        protocol: What is done to measure it.
        quantities: What it says something about.
        result: What was measured; None: nothing yet.
        verdict: In one of four words. ``reason``: how it comes to that.
        readings: Where the claim can be read in more than one way: each with its own verdict.
        here: Whether the result was measured by whoever asks, or came with the package.
        open: Whether "not reproduced" only means that the intervals are too wide to tell.
        decides: Place of the quantity that the verdict comes from; None: none has a say.
        words: A few of the source's own words; empty where none could be confirmed.
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
    result: Result | None
    verdict: Verdict
    reason: str
    here: bool = False
    open: bool = False
    readings: tuple[tuple[str, Verdict], ...] = ()
    decides: int | None = None
    words: str = ""
