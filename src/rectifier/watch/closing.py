"""Where the closing window begins that "dead" refers to. Framework-free.

It reaches back over the last tenth of the run's steps, and further until 10 observed steps and
2,000 inputs to each site lie in it, but at most over half of the run: a unit that stays silent for
n inputs fires, with 95 % confidence, on less than 3/n of them, so 2,000 put it below 0.15 %.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

WINDOW_INPUTS = 2000
WINDOW_STEPS = 10


def closing_window(
    starts: Iterable[tuple[int, int]], observed: int, steps: int, rows: Sequence[float]
) -> int:
    """The observed step at which the window begins.

    Args:
        starts: Where it may begin, latest first: observed step, and step of all.
        observed: Number of observed steps.
        steps: Number of steps of the run.
        rows: Inputs that each site gets in a step, on average.
    """
    start = 0
    for start, step in starts:
        within, share = observed - start, 1 - step / max(steps, 1)
        inputs = min((row * within for row in rows), default=0.0)
        enough = within >= WINDOW_STEPS and inputs >= WINDOW_INPUTS
        if share >= 0.5 or (enough and share >= 0.1):
            break
    return start
