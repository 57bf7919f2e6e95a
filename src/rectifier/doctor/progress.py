"""Whether a rerun under a remedy gets anywhere, told from its losses so far. Framework-free, pure.

Layer: doctor. `rectifier.doctor.falling_back` asks while the rerun is under way, `rectifier.doctor.
live` of a training that is repaired as it runs.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from rectifier.doctor import evidence
from rectifier.watch.record import FloatArray

GETTING_ON = 0.02
"""Fall of the loss from one third of the steps to the next, as a share of its start, by which a
training gets on; at a slower pace twenty times the steps would hardly change it."""

STANDS = 0.95
"""Of its first loss what a training has left that learnt nothing yet, the noise of a few steps
aside."""

STUCK = 0.9
"""Of its first loss what a run has left at its end that learnt nothing, as in `evidence.stuck`."""

CLEAR = 1.02
"""Loss over another one, from which it is worse by more than the choice of batches may do."""

IN_A_ROW = 5
"""Losses that are not finite, after which none will be: a scaled one may overflow now and then."""


def gets_on(values: FloatArray) -> bool:
    """Whether the loss falls: its last third lies below the one before, by more than noise."""
    third = values.size // 3
    if third < 2:
        return False
    then, now = values[-2 * third : -third], values[-third:]
    fall = float(then.mean() - now.mean())
    noise = math.sqrt((float(then.var()) + float(now.var())) / third)
    return fall > 2 * noise and fall >= GETTING_ON * abs(float(values[0]))


def broken(losses: Sequence[float]) -> bool:
    """Whether the loss is not finite any more."""
    latest = losses[-IN_A_ROW:]
    return len(latest) == IN_A_ROW and not any(map(math.isfinite, latest))


def hopeless(
    losses: Sequence[float],
    window: int,
    since: int,
    sick: Sequence[float],
    guess: float = math.nan,
) -> bool:
    """Whether a remedy brought nothing: no finite loss, or one that stands where it should not.

    That is where the sick run stood that learnt nothing either; at its own start, where the sick
    run was further by then; where guessing stands, which a loss that began far above it falls to at
    once; or anywhere above what the sick run had by then and in the end. A loss
    that still falls is let be, whatever it has come to: smaller steps take their time. A loss that
    is not positive tells nothing, nor one that the sick run never had.

    Args:
        losses: Of the rerun's steps under the remedy, in order.
        window: How many of the latest to weigh.
        since: Step at which the first of them was taken.
        sick: Of the sick run, by step.
        guess: What guessing costs; NaN where that is not known.

    Returns:
        Whether something else should be tried.
    """
    if broken(losses):
        return True
    began, other = evidence.finite(np.array(losses)), np.array(sick)
    known, own = evidence.finite(other), began[-window:]
    if own.size < 3 or not known.size or min(began[0], known[0]) <= 0 or gets_on(own):
        return False
    third = own[-(own.size // 3) :]
    level, noise = float(third.mean()), 2 * float(third.std()) / math.sqrt(third.size)
    end = math.inf if not np.isfinite(other[-1]) else evidence.median(evidence.closing(known))
    steps = slice(max(0, since + len(losses) - third.size), since + len(losses))
    then = evidence.finite(other[steps])
    by_then = float(then.mean()) if then.size else math.inf
    start = float(began[: max(1, window // 10)].mean())
    behind = level - noise > CLEAR * by_then
    if end >= STUCK * float(known[0]) and level >= STANDS * min(start, end):
        return True  # a start above that plateau is soon lost, and nothing learnt by it
    if behind and level >= STANDS * start:
        return True
    if level >= guess:
        return True  # not known to be less for classes of different size, so no share of it
    return behind and level - noise > CLEAR * end
