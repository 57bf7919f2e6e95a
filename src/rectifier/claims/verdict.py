"""From a stated range and a measured interval to one of four words. Nothing else decides.

Layer: claims, pure functions. A quantity is judged first:

* its source gives values, and none of them is a stated one: *contradicted by its source*;
* nothing was measured, or what was measured stands for something else: *not testable here*;
* the whole measured interval lies in the stated range: *reproduced*;
* otherwise, also where the interval only reaches across a bound: *not reproduced*.

A claim is the conjunction of its quantities: the worst word counts, in the order above with
*not reproduced* before *not testable here*.
"""

from __future__ import annotations

from collections.abc import Sequence

from rectifier.claims.record import Estimate, Quantity, Range, Verdict

_ORDER: tuple[Verdict, ...] = (
    "contradicted by its source",
    "not reproduced",
    "not testable here",
    "reproduced",
)


def judge(quantity: Quantity, estimate: Estimate | None) -> Verdict | None:
    """The word for one quantity; None where nothing is stated, so that it has no say."""
    stated = quantity.stated
    if stated is None:
        return None
    source = quantity.source
    if source is not None and not _meet(stated, source):
        return "contradicted by its source"
    if estimate is None or quantity.proxy:
        return "not testable here"
    return "reproduced" if _within(estimate, stated) else "not reproduced"


def conclude(quantities: Sequence[Quantity], estimates: Sequence[Estimate | None]) -> Verdict:
    """The word for a claim.

    Args:
        quantities: Those of the claim.
        estimates: One for each; none at all where nothing was measured.

    Raises:
        ValueError: There are estimates, but not one for each quantity.
    """
    given: Sequence[Estimate | None] = estimates or [None] * len(quantities)
    words = {judge(q, e) for q, e in zip(quantities, given, strict=True)} - {None}
    return next((word for word in _ORDER if word in words), "not testable here")


def reason(quantity: Quantity, estimate: Estimate | None) -> str:
    """How a quantity comes to its word, in a few more."""
    word = judge(quantity, estimate)
    if word is None:
        return "told only"
    if word == "contradicted by its source":
        return "the source gives other values than the claim"
    if estimate is None:
        return "not measured"
    stated = quantity.stated or Range()
    if _within(estimate, stated):
        where = "inside the stated range"
    elif estimate.high < stated.low or estimate.low > stated.high:
        where = "outside the stated range"
    else:
        where = "open: the interval reaches across a bound of the stated range"
    return f"a proxy, {where}" if quantity.proxy else where


def _meet(one: Range, other: Range) -> bool:
    return one.low <= other.high and other.low <= one.high


def _within(estimate: Estimate, stated: Range) -> bool:
    return stated.low <= estimate.low and estimate.high <= stated.high
