"""From a stated range and a measured interval to one of four words. Nothing else decides.

Layer: claims, pure functions. A quantity is judged first:

* its source gives values, and none of them is a stated one: *contradicted by its source*;
* nothing was measured, or what was measured stands for something else: *not testable here*;
* the whole measured interval lies in the stated range: *reproduced*;
* otherwise, also where the interval only reaches across a bound: *not reproduced*.

An interval that only reaches across is *open*: more seeds may narrow it to the claim's side. Not so
where a claimed difference must have a size to matter and the whole interval stays below that: then
the difference is too small, whatever its sign. Nor where the ends are the least and the greatest
value that were seen: then some were seen outside. An interval within the stated range bears the
claim out, however small the difference is: that there is one is what was claimed.

A claim is the conjunction of its quantities: the worst word counts, in the order above with
*not reproduced* before *not testable here*. Some claims can be read in more than one way; each
reading is then judged by the quantities that belong to it, and the claim gets the worst word of its
readings, since it was made without the qualification that would save it. `readings` tells them all.
"""

from __future__ import annotations

import math
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


def deciding(quantities: Sequence[Quantity], estimates: Sequence[Estimate | None]) -> int | None:
    """Place of the quantity that the word for a claim comes from; None: no quantity has a say.

    The first with the claim's own word; of several that were not reproduced, the first whose
    interval lies outside the stated range, since one that only reaches across may still change.
    """
    word = conclude(quantities, estimates)
    given: Sequence[Estimate | None] = estimates or [None] * len(quantities)
    own = [
        place
        for place, (quantity, estimate) in enumerate(zip(quantities, given, strict=True))
        if judge(quantity, estimate) == word
    ]
    for place in own if word == "not reproduced" else ():
        estimate, stated = given[place], quantities[place].stated
        if estimate is not None and stated is not None and _against(quantities[place], estimate):
            return place
    return own[0] if own else None


def readings(
    quantities: Sequence[Quantity], estimates: Sequence[Estimate | None]
) -> tuple[tuple[str, Verdict], ...]:
    """The word for each way to read a claim, in the order of the quantities; none where one.

    Args:
        quantities: Those of the claim.
        estimates: One for each; none at all where nothing was measured.
    """
    given: Sequence[Estimate | None] = estimates or [None] * len(quantities)
    pairs = list(zip(quantities, given, strict=True))
    names = dict.fromkeys(quantity.reading for quantity in quantities if quantity.reading)
    found = []
    for name in names:
        own = [(q, e) for q, e in pairs if q.reading in ("", name)]
        found.append((name, conclude([q for q, _ in own], [e for _, e in own])))
    return tuple(found)


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
    elif _apart(estimate, stated):
        where = "outside the stated range"
    elif quantity.extremes:
        where = "for some seeds outside the stated range"
    elif _against(quantity, estimate):
        where = "no such difference: the whole interval stays below what would matter"
    else:
        where = "open: the interval reaches across a bound of the stated range"
        factor = more(quantity, estimate)
        if factor is not None:
            where += f"; about {factor:.2g} times the seeds would settle it if the value stayed"
    return f"a proxy, {where}" if quantity.proxy else where


def is_open(quantities: Sequence[Quantity], estimates: Sequence[Estimate | None]) -> bool:
    """Whether "not reproduced" only means that the intervals are too wide to tell.

    So where no interval lies outside its range or below what matters: more seeds could still bear
    the claim out.
    """
    given: Sequence[Estimate | None] = estimates or [None] * len(quantities)
    failed = [
        (quantity, estimate)
        for quantity, estimate in zip(quantities, given, strict=True)
        if judge(quantity, estimate) == "not reproduced"
    ]
    return conclude(quantities, estimates) == "not reproduced" and not any(
        _against(quantity, estimate) for quantity, estimate in failed if estimate is not None
    )


def more(quantity: Quantity, estimate: Estimate) -> float | None:
    """How many times as many seeds would settle an open quantity, if the value stayed.

    An interval narrows with the root of the number of seeds. It settles a quantity by lying inside
    the stated range, or by staying away from all that would matter.

    Args:
        quantity: One whose interval reaches across a bound.
        estimate: What was measured.

    Returns:
        The lesser of the two factors; None where no number would do, or an end is infinite.

    Example:
        >>> more(Quantity("won", Range(low=0.0)), Estimate(1.0, -1.0, 3.0))
        4.0
    """
    stated, matters = quantity.stated or Range(), quantity.matters
    value = estimate.value
    below, above = value - estimate.low, estimate.high - value
    if not math.isfinite(below + above):
        return None
    ways = []
    if stated.low < value < stated.high:
        ways.append(max(below / (value - stated.low), above / (stated.high - value)))
    if value < stated.low + matters:
        ways.append(above / (stated.low + matters - value))
    if value > stated.high - matters:
        ways.append(below / (value - stated.high + matters))
    return min(ways) ** 2 if ways else None


def _against(quantity: Quantity, estimate: Estimate) -> bool:
    """Whether no measured value is past the bounds by as much as matters, or one is outside."""
    stated, matters = quantity.stated or Range(), quantity.matters
    if quantity.extremes:
        return not _within(estimate, stated)
    return _apart(estimate, Range(stated.low + matters, stated.high - matters))


def _apart(estimate: Estimate, stated: Range) -> bool:
    return estimate.high < stated.low or estimate.low > stated.high


def _meet(one: Range, other: Range) -> bool:
    return one.low <= other.high and other.low <= one.high


def _within(estimate: Estimate, stated: Range) -> bool:
    return stated.low <= estimate.low and estimate.high <= stated.high
