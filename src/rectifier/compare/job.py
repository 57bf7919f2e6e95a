"""A unit of work for an engine: trials that are run as one and kept as one.

Layer: compare, no framework. Engines know nothing else of what they run.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

from rectifier.compare.trial import Trial

Way = Literal["alone", "together", "cost"]
"""``alone``: one trial. ``together``: several that train as one. ``cost``: what a step of each
costs, all measured in turn."""


@dataclass(frozen=True)
class Job:
    """Trials and how to run them.

    Attributes:
        way: How. ``trials``: which; their outcomes come in the same order.
        seconds: Given to each trial.
    """

    way: Way
    trials: tuple[Trial, ...]
    seconds: float = math.inf
