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
_DESCRIBED = 4
"""Members of the Pareto set that are told with their figures; the page has those of all."""


def recommend(comparison: Comparison) -> str:
    """The recommendation with its reservations, as sentences.

    Args:
        comparison: With everything but the recommendation.
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
            "Too few seeds: one cannot tell a difference from luck; run at least five, better ten."
        )
    elif len(equals) == 1:
        sentences += _winner(comparison, equals[0])
    else:
        sentences += _no_difference(comparison, equals)
    sentences += _trade_off(comparison)
    sentences += _by_the_middle(comparison)
    sentences += _reservations(comparison)
    return " ".join(sentences)


def _winner(comparison: Comparison, best: Row) -> list[str]:
    others = [row for row in comparison.rows if row is not best and row.difference is not None]
    keep = best.activation == comparison.baseline
    text = f"{'Keep' if keep else 'Use'} {best.activation}: {_scored(comparison, best)}"
    if not others:
        return [text + "; nothing else finished."]
    nearest = others[0]
    gap = nearest.difference
    assert gap is not None  # filtered above
    text += f", {_points(comparison, -gap.value)} above {nearest.activation}, the next best"
    if math.isfinite(gap.low):
        low, high = _number(comparison, -gap.high), _number(comparison, -gap.low)
        text += f" (corrected 95 % interval {low} to {high})"
    return [text + "."]


def _no_difference(comparison: Comparison, equals: Sequence[Row]) -> list[str]:
    count = len(comparison.seeds)
    names = _listed([row.activation for row in equals])
    which = "all of them" if len(equals) == len(comparison.rows) else names
    open_ = [row for row in equals[1:] if row.verdict == "no difference"]
    if open_:
        first = (
            f"No difference: {count} seeds cannot tell {which} apart on {comparison.task} "
            f"({_range(comparison, equals)})."
        )
    else:
        first = (
            f"No difference that matters: on {comparison.task} {which} score alike to within "
            f"{_points(comparison, comparison.matters)} ({_range(comparison, equals)})."
        )
    sentences = [first]
    sound = [row for row in equals if not row.failed_seeds] or list(equals)
    kept = next((row for row in sound if row.activation == comparison.baseline), None)
    if kept is not None:
        sentences.append(f"Keep {kept.activation}: nothing tried is known to be better.")
    if len(sound) == 1:
        sentences.append(f"Only {sound[0].activation} failed in no run, so take it.")
    else:
        if len(sound) < len(equals):
            which = _listed([row.activation for row in sound])
            sentences.append(f"Only {which} failed in no run, so take one of these.")
        sentences += _cheapest(sound)
    likely = sorted(
        (row for row in equals if row.chance_best >= 0.05), key=lambda row: -row.chance_best
    )
    if open_ and likely:
        told = ", ".join(f"{row.activation} {100 * row.chance_best:.0f} %" for row in likely[:3])
        sentences.append(f"The chance to have the best mean: {told}.")
    if open_ and math.isfinite(comparison.smallest_detectable):
        sentences.append(
            f"{count} seeds find a difference of "
            f"{_points(comparison, comparison.smallest_detectable)} four times out of five; "
            "smaller ones may be there."
        )
    if open_ and comparison.more_seeds is not None and comparison.more_seeds > count:
        sentences.append(
            f"If the gaps are as they look, about {comparison.more_seeds:,} seeds would settle "
            "which of them matter."
        )
    return sentences


def _trade_off(comparison: Comparison) -> list[str]:
    """The Pareto set over score, step time and memory, with the chance to be best."""
    rows = {row.activation: row for row in comparison.rows}
    front = [rows[name] for name in comparison.pareto]
    timed = all(math.isfinite(row.step_time) for row in front)
    if len(rows) < 2 or len(comparison.seeds) < 2 or not front or not timed:
        return []
    told = [_figures(comparison, row) for row in front[:_DESCRIBED]]
    told += [row.activation for row in front[_DESCRIBED:]]
    if len(front) == 1:
        return [f"No other beats {told[0]} in score, step time or memory."]
    return [f"Not beaten in score, step time and memory at once: {_listed(told)}."]


def _figures(comparison: Comparison, row: Row) -> str:
    score = f"{100 * row.score.value:.1f} %" if _is_share(comparison) else f"{row.score.value:.3f}"
    text = f"{row.activation} ({score}, {_time(row.step_time)}"
    if math.isfinite(row.memory):
        text += f", {_bytes(row.memory)}"
    if math.isfinite(row.chance_best):
        text += f", best with {100 * row.chance_best:.0f} %"
    return text + ")"


def _by_the_middle(comparison: Comparison) -> list[str]:
    """Where the interquartile means say the opposite of a verdict."""
    against = [
        row.activation
        for row in comparison.rows
        if row.verdict == "worse"
        and row.middle_difference is not None
        and row.middle_difference.value > 0
    ]
    if not against:
        return []
    verb = "is" if len(against) == 1 else "are"
    leader = comparison.rows[0].activation
    return [
        f"By the interquartile mean {_listed(against)} {verb} ahead of {leader}: a few "
        "runs make the difference, so look at the scores."
    ]


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
        return [f"{first.activation} has the shortest training step here {times}."]
    names = _listed([row.activation for row in fast])
    return [f"{names} have the shortest training steps here {times}."]


def _reservations(comparison: Comparison) -> list[str]:
    sentences = []
    edge = [row.activation for row in comparison.rows if row.learning_rate_at_edge]
    if edge and len(edge) < len(comparison.rows):
        verb = "scores" if len(edge) == 1 else "score"
        sentences.append(
            f"In some study {_listed(edge)} {verb} best at the smallest or largest learning rate "
            "tried, so a wider search may change the picture."
        )
    elif edge:
        sentences.append(
            "In some study every activation scores best at the smallest or largest learning rate "
            "tried, so a wider search may change the picture."
        )
    studies = len(comparison.settings.get("tuning_seeds", ()))
    if studies < 3 and studies < len(comparison.seeds) and len(comparison.rows) > 1:
        count = "One tuning study says" if studies == 1 else f"{studies} tuning studies say"
        sentences.append(
            f"{count} too little of the luck of tuning, so the intervals may be too narrow; three "
            "are the least."
        )
    guess = "counts" if sum(row.failed_seeds for row in comparison.rows) == 1 else "count"
    for row in comparison.rows:
        if row.failed_seeds:
            reason = f" ({row.failure})" if row.failure else ""
            runs = row.seeds + row.failed_seeds
            sentences.append(
                f"{row.failed_seeds} of {runs} runs of {row.activation} failed{reason} and {guess} "
                "as guessing."
            )
    return sentences


def _listed(names: Sequence[str]) -> str:
    if len(names) < 2:
        return "".join(names)
    return ", ".join(names[:-1]) + " and " + names[-1]


def _is_share(comparison: Comparison) -> bool:
    return "accuracy" in comparison.metric


def _scored(comparison: Comparison, row: Row) -> str:
    value = row.score.value
    text = f"{100 * value:.1f} %" if _is_share(comparison) else f"{value:.3f}"
    return f"{text} {comparison.metric}"


def _number(comparison: Comparison, score: float) -> str:
    if not _is_share(comparison):
        return f"{score:.2g}"
    return f"{100 * score:.2g}" if abs(score) < 0.1 else f"{100 * score:.1f}"


def _points(comparison: Comparison, score: float) -> str:
    return _number(comparison, score) + (" points" if _is_share(comparison) else "")


def _range(comparison: Comparison, rows: Sequence[Row]) -> str:
    low = min(row.score.value for row in rows)
    high = max(row.score.value for row in rows)
    if _is_share(comparison):
        return f"{100 * low:.1f} to {100 * high:.1f} % {comparison.metric}"
    return f"{low:.3f} to {high:.3f} {comparison.metric}"


def _time(seconds: float) -> str:
    return f"{_short(1000 * seconds)} ms"


def _bytes(amount: float) -> str:
    return f"{_short(amount / 1e6)} MB" if amount >= 1e5 else f"{_short(amount / 1e3)} kB"


def _short(value: float) -> str:
    """Two significant digits at least, never with an exponent."""
    return f"{value:,.0f}" if value >= 10 else f"{value:.2g}"
