"""What a comparison comes to, in sentences.

Layer: compare, no framework; reads a finished `Comparison` and computes nothing of its own. "No
difference" is an answer: then the cheapest is named, and what it would take to know more.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

from rectifier.compare.result import Comparison, Row

_SIMILAR_TIME = 0.05
"""Step times closer than this share of the shorter are called the same."""


def recommend(comparison: Comparison, seeds_to_settle: int | None) -> str:
    """The recommendation with its reservations, as sentences.

    Args:
        comparison: With everything but the recommendation.
        seeds_to_settle: About how many seeds would settle the gap between the first two; None if
            there is no such number in reach.
    """
    rows = {row.activation: row for row in comparison.rows}
    equals = [rows[name] for name in comparison.recommended]
    sentences: list[str] = []
    if not equals:
        sentences.append("No activation finished a single run, so none can be recommended.")
    elif len(comparison.rows) == 1:
        sentences.append(f"Only {equals[0].activation} was run, so there is nothing to compare.")
    elif len(comparison.seeds) < 2:
        sentences.append(
            "One seed cannot tell a difference from luck; run at least five, better ten."
        )
    elif len(equals) == 1:
        sentences += _winner(comparison, equals[0])
    else:
        sentences += _no_difference(comparison, equals, seeds_to_settle)
    sentences += _reservations(comparison)
    return " ".join(sentences)


def _winner(comparison: Comparison, best: Row) -> list[str]:
    others = [row for row in comparison.rows if row is not best and row.difference is not None]
    text = f"Use {best.activation}: {_percent(best.score.value)} {comparison.metric}"
    if not others:
        return [text + "; nothing else finished."]
    nearest = others[0]
    gap = nearest.difference
    assert gap is not None  # filtered above
    text += f", {_points(-gap.value)} above {nearest.activation}, the next best"
    if math.isfinite(gap.low):
        text += f" (corrected 95 % interval {_number(-gap.high)} to {_number(-gap.low)})"
    return [text + "."]


def _no_difference(
    comparison: Comparison, equals: Sequence[Row], seeds_to_settle: int | None
) -> list[str]:
    count = len(comparison.seeds)
    names = _listed([row.activation for row in equals])
    which = "all of them" if len(equals) == len(comparison.rows) else names
    sentences = [
        f"No difference: {count} seeds cannot tell {which} apart on {comparison.task} "
        f"({_range(equals)} {comparison.metric})."
    ]
    sound = [row for row in equals if not row.failed_seeds] or list(equals)
    if len(sound) == 1:
        sentences.append(f"Only {sound[0].activation} failed in no run, so take it.")
    else:
        if len(sound) < len(equals):
            which = _listed([row.activation for row in sound])
            sentences.append(f"Only {which} failed in no run, so take one of these.")
        sentences += _cheapest(sound)
    if math.isfinite(comparison.smallest_detectable):
        sentences.append(
            f"{count} seeds find a difference of {_points(comparison.smallest_detectable)} four "
            "times out of five; smaller ones may be there."
        )
    first, second = equals[0], equals[1]
    gap = first.score.value - second.score.value
    if seeds_to_settle is not None and gap > 0:
        sentences.append(
            f"If {first.activation} really is {_points(gap)} above {second.activation}, as it "
            f"looks, about {seeds_to_settle:,} seeds would show it."
        )
    return sentences


def _cheapest(equals: Sequence[Row]) -> list[str]:
    timed = sorted(
        (row for row in equals if math.isfinite(row.step_time)), key=lambda row: row.step_time
    )
    if not timed:
        return []
    first, last = timed[0], timed[-1]
    fast = [row for row in timed if row.step_time <= first.step_time * (1 + _SIMILAR_TIME)]
    if len(fast) == len(timed):
        return ["Their training steps take the same time, so take the simplest."]
    times = f"({_time(first.step_time)}; {last.activation} takes {_time(last.step_time)})"
    if len(fast) == 1:
        return [
            f"{first.activation} had the shortest training step as timed here {times}, which may "
            "decide; times move with what else the machine does, so time it on your own model."
        ]
    return [
        f"{_listed([row.activation for row in fast])} had the shortest training steps as timed "
        f"here {times}, which may decide; times move with what else the machine does."
    ]


def _reservations(comparison: Comparison) -> list[str]:
    sentences = []
    rates = {point.learning_rate for point in comparison.tuning}
    for end, word in ((min(rates, default=0), "smallest"), (max(rates, default=0), "largest")):
        edge = [
            row.activation
            for row in comparison.rows
            if row.learning_rate_at_edge and row.learning_rate == end
        ]
        if edge:
            verb = "scores" if len(edge) == 1 else "score"
            sentences.append(
                f"{_listed(edge)} {verb} best at {end:g}, the {word} learning rate tried, so a "
                "wider grid may change the picture."
            )
    for row in comparison.rows:
        if row.failed_seeds:
            reason = f" ({row.failure})" if row.failure else ""
            runs = row.seeds + row.failed_seeds
            sentences.append(
                f"{row.failed_seeds} of {runs} runs of {row.activation} failed{reason} and count "
                "as guessing."
            )
    return sentences


def _listed(names: Sequence[str]) -> str:
    if len(names) < 2:
        return "".join(names)
    return ", ".join(names[:-1]) + " and " + names[-1]


def _percent(score: float) -> str:
    return f"{100 * score:.1f} %"


def _number(score: float) -> str:
    return f"{100 * score:.2g}" if abs(score) < 0.1 else f"{100 * score:.1f}"


def _points(score: float) -> str:
    return f"{_number(score)} points"


def _range(rows: Sequence[Row]) -> str:
    low = min(row.score.value for row in rows)
    high = max(row.score.value for row in rows)
    return f"{100 * low:.1f} to {_percent(high)}"


def _time(seconds: float) -> str:
    return f"{1000 * seconds:.2g} ms"
