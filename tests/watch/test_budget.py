"""The overhead budget, on a simulated clock."""

from __future__ import annotations

import pytest

from rectifier.errors import InvalidInputError
from rectifier.watch.budget import ALLOWANCE, FIRST, Budget
from rectifier.watch.options import WatchOptions


class Clock:
    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


def simulate(
    steps: int, step: float, cost: float, hidden: float = 0.0, **options: float
) -> tuple[Budget, list[int], float]:
    """Run steps that cost more when observed, ``cost`` inside the observation, ``hidden`` not."""
    clock = Clock()
    budget = Budget(WatchOptions(**options), clock)
    inside, seen = 0.0, []
    for number in range(steps):
        observed = budget.wants(number)
        clock.now += step + (cost + hidden if observed else 0.0)
        if observed:
            inside += cost
            seen.append(number)
        budget.ended(observed, inside)
    extra = len(seen) * (cost + hidden)
    return budget, seen, extra / (clock.now - 100.0)


@pytest.mark.parametrize("step", [0.0005, 0.02])
@pytest.mark.parametrize("cost", [0.05, 0.5, 3.0])
@pytest.mark.parametrize("hidden", [0.0, 0.5])
def test_the_share_is_kept(step: float, cost: float, hidden: float) -> None:
    steps = 20_000
    budget, seen, share = simulate(steps, step, cost * step, hidden * step)
    first = (FIRST + 1) * (cost + hidden) * step
    assert share <= 0.02 + (ALLOWANCE + first) / (steps * step) + 0.002
    assert share >= 0.015, "the budget is there to be used"
    assert seen[:FIRST] == list(range(FIRST))
    assert budget.overhead() == pytest.approx(share, rel=0.2, abs=0.002)


def test_another_budget_is_kept_too() -> None:
    _, _, share = simulate(20_000, 0.01, 0.005, budget=0.1)
    assert share == pytest.approx(0.1, rel=0.1)


def test_every_nth() -> None:
    _, seen, _ = simulate(10, 0.01, 0.5, every=3)
    assert seen == [0, 3, 6, 9]


def test_observed_steps_are_spread_over_the_run() -> None:
    _, seen, _ = simulate(10_000, 0.01, 0.01)
    quarters = [sum(1 for s in seen if q <= s < q + 2500) for q in range(0, 10_000, 2500)]
    assert min(quarters) > 0.5 * max(quarters) - FIRST


@pytest.mark.parametrize("options", [{"every": 0}, {"every": -1}, {"budget": 0}, {"budget": 1.5}])
def test_senseless_options_are_refused(options: dict[str, float]) -> None:
    with pytest.raises(InvalidInputError, match="got"):
        WatchOptions(**options)
