"""How a program is watched. Framework-free."""

from __future__ import annotations

from dataclasses import dataclass

from rectifier.errors import InvalidInputError

DEFAULT_BUDGET = 0.02
"""Share of the run's time that observing may cost."""


@dataclass(frozen=True)
class WatchOptions:
    """How a program is watched.

    Attributes:
        every: Observe every n-th step; None: as many steps as the budget allows. Where it is every
            step of a large network, most are looked at briefly (`rectifier.watch.brief` says what
            that leaves out).
        budget: Share of the run's time that observing may cost where ``every`` is None; None: 0.02.

    Raises:
        InvalidInputError: ``every`` is below 1 or the budget not above 0.
    """

    every: int | None = None
    budget: float | None = None

    def __post_init__(self) -> None:
        if self.every is not None and self.every < 1:
            raise InvalidInputError(f"every must be 1 or more steps, got {self.every}")
        if self.budget is not None and not 0 < self.budget <= 1:
            raise InvalidInputError(
                f"the overhead budget is a share above 0 and at most 1, got {self.budget}; "
                f"the default is {DEFAULT_BUDGET}"
            )
