"""A unit of work for an engine: trials that are run as one and kept as one, or a piece.

Layer: compare, no framework. Engines know nothing else of what they run.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

from rectifier.compare.piece import Piece
from rectifier.compare.trial import Trial

Way = Literal["alone", "together", "cost", "piece"]
"""``alone``: one trial. ``together``: several that train as one. ``cost``: what a step of each
costs, all measured in turn. ``piece``: a call of any function (`rectifier.compare.piece`)."""


@dataclass(frozen=True)
class Job:
    """Trials and how to run them, or a piece.

    Attributes:
        way: How. ``trials``: which; their outcomes come in the same order.
        seconds: Given to each trial.
        pieces: In place of trials, one; its outcome is the only one.
    """

    way: Way
    trials: tuple[Trial, ...] = ()
    seconds: float = math.inf
    pieces: tuple[Piece, ...] = ()

    @property
    def size(self) -> int:
        """How many outcomes come of it."""
        return len(self.trials) + len(self.pieces)
