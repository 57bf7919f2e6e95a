"""How the entries of the ledger of claims read; for terminal, page, JSON and docs.

For the report layer. Works on `rectifier.claims.record` alone.
"""

from __future__ import annotations

import dataclasses
import math
from typing import Any

from rectifier.claims.record import VERDICTS, Entry, Estimate, Quantity, Range
from rectifier.report import wording


def value(number: float, unit: str = "") -> str:
    """A value with its unit; shares of one in per cent."""
    if unit == "%":
        return _percent(number)
    text = wording.number(number, 4)
    return f"{text} {unit}" if unit else text


def _percent(share: float) -> str:
    """Per cent without the unit's rounding to one decimal, since a share may be tiny."""
    if not math.isfinite(share):
        return wording.number(share)
    return f"{wording.number(100 * share, 4)} %"


def estimate(found: Estimate, unit: str = "") -> str:
    """A measured value, with its interval where it has one.

    Example:
        >>> estimate(Estimate(1.5, 1.2, 1.9), "×"), estimate(Estimate(2.0, 2.0, 2.0))
        ('1.5 × [1.2, 1.9]', '2')
    """
    if found.low == found.high:
        return value(found.value, unit)
    factor = 100 if unit == "%" else 1
    low, high = wording.number(factor * found.low), wording.number(factor * found.high)
    return f"{value(found.value, unit)} [{low}, {high}]"


def stated(given: Range | None, unit: str = "") -> str:
    """A range of values in words.

    Example:
        >>> stated(Range(5, 7), "×"), stated(Range(high=0.9)), stated(Range(3, 3)), stated(None)
        ('5 to 7 ×', 'at most 0.9', '3', '–')
    """
    if given is None:
        return wording.UNKNOWN
    factor = 100 if unit == "%" else 1
    sign = f" {unit}" if unit else ""
    low, high = wording.number(factor * given.low), wording.number(factor * given.high)
    if given.low == given.high:
        return low + sign
    if math.isinf(given.low):
        return f"at most {high}{sign}" if math.isfinite(given.high) else "any"
    return f"at least {low}{sign}" if math.isinf(given.high) else f"{low} to {high}{sign}"


def claimed(quantity: Quantity) -> str:
    """What a claim states of a quantity, and from where on a difference matters.

    Example:
        >>> claimed(Quantity("won", Range(low=0.0), "%", matters=0.005))
        'at least 0 % (to matter, 0.5 %)'
    """
    told, given = stated(quantity.stated, quantity.unit), quantity.stated
    if given is None or not quantity.matters:
        return told
    ends = (given.low + quantity.matters, given.high - quantity.matters)
    from_there = " or ".join(value(end, quantity.unit) for end in ends if math.isfinite(end))
    return f"{told} (to matter, {from_there})"


def pairs(entry: Entry) -> list[tuple[Quantity, Estimate | None]]:
    """Quantities with what was measured of them."""
    found = entry.result.estimates if entry.result else (None,) * len(entry.quantities)
    return list(zip(entry.quantities, found, strict=True))


def measured(entry: Entry) -> str:
    """What was measured, in a line: value, interval and unit of each quantity; proxies as such."""
    told = [
        f"{q.name}: {estimate(e, q.unit)}" + (" (proxy)" if q.proxy else "")
        for q, e in pairs(entry)
        if e is not None
    ]
    return "; ".join(told) or "nothing"


def origin(entry: Entry) -> str:
    """Where and when it was measured."""
    if entry.result is None:
        return "not measured" if entry.kind != "record" else "a record, nothing to measure"
    facts = entry.result.circumstances
    place = "here" if entry.here else "came with the package"
    return ", ".join(
        part
        for part in (place, facts.get("date"), facts.get("effort"), facts.get("machine"))
        if part
    )


def verdict(entry: Entry) -> str:
    """The verdict, and whether it is open or depends on how the claim is read."""
    told: list[str] = [entry.verdict]
    if entry.open:
        told.append("open")
    if len({word for _, word in entry.readings}) > 1:
        told.append("depends on the reading")
    return told[0] if len(told) == 1 else f"{told[0]} ({', '.join(told[1:])})"


def by_reading(entry: Entry) -> str:
    """What the verdict is in each way to read the claim; empty where there is one way."""
    return " ".join(f"Read as “{reading}”: {word}." for reading, word in entry.readings)


def counts(entries: tuple[Entry, ...]) -> list[tuple[str, str]]:
    """How many claims have each verdict, and how many of "not reproduced" are open."""
    told = [(word, str(sum(e.verdict == word for e in entries))) for word in VERDICTS]
    place = VERDICTS.index("not reproduced") + 1
    return [*told[:place], ("of these open", str(sum(e.open for e in entries))), *told[place:]]


def to_dict(entry: Entry) -> dict[str, Any]:
    """An entry as plain data for JSON."""
    return {
        "id": entry.id,
        "claim": entry.claim,
        "verdict": entry.verdict,
        "measured": measured(entry),
        "source": entry.source,
        "source_says": entry.says,
        "source_words": entry.words,
        "kind": entry.kind,
        "section": entry.section,
        "quote": entry.quote,
        "protocol": entry.protocol,
        "reason": entry.reason,
        "open": entry.open,
        "readings": dict(entry.readings),
        "measured_here": entry.here,
        "quantities": [
            {
                "name": quantity.name,
                "unit": quantity.unit,
                "proxy": quantity.proxy,
                "reading": quantity.reading,
                "stated": _range(quantity.stated),
                "matters": quantity.matters,
                "source": _range(quantity.source),
                "measured": None if found is None else _range(found),
            }
            for quantity, found in pairs(entry)
        ],
        "notes": list(entry.result.notes) if entry.result else [],
        "circumstances": dict(entry.result.circumstances) if entry.result else {},
    }


def _range(given: Range | Estimate | None) -> list[float | str] | None:
    if given is None:
        return None
    return [v if math.isfinite(v) else str(v) for v in dataclasses.astuple(given)]
