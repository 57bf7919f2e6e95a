"""The overhead budget, on a simulated clock."""

from __future__ import annotations

import math

import pytest

from rectifier.errors import InvalidInputError
from rectifier.watch.budget import FIRST, GROWTH, PERIOD, Budget, allowed
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
        budget.ended(number, observed, inside)
    extra = len(seen) * (cost + hidden)
    return budget, seen, extra / (clock.now - 100.0)


@pytest.mark.parametrize("step", [0.0005, 0.02])
@pytest.mark.parametrize("cost", [0.05, 0.5, 3.0])
@pytest.mark.parametrize("hidden", [0.0, 0.5])
@pytest.mark.parametrize("share", [0.02, 0.1])
def test_the_share_is_kept(step: float, cost: float, hidden: float, share: float) -> None:
    steps = min(round(2 * PERIOD / step), 40_000)
    budget, seen, spent = simulate(steps, step, cost * step, hidden * step, budget=share)
    seconds = steps * step / (1 - spent)
    always = FIRST + math.log(steps * GROWTH) / GROWTH + 1
    least = always * (cost + hidden) * step
    assert spent <= max(allowed(share, seconds), least) / seconds + 0.003
    assert spent >= 0.8 * allowed(share, seconds) / seconds or len(seen) >= steps - 1, (
        "the budget is there to be used"
    )
    assert seen[:FIRST] == list(range(FIRST))
    assert budget.overhead() == pytest.approx(spent, rel=0.2, abs=0.002)


@pytest.mark.parametrize("host", [0.0004, 0.018])
@pytest.mark.parametrize("cost", [0.2, 1.5])
def test_a_device_that_runs_behind_is_waited_for_before_a_step_counts(
    host: float, cost: float
) -> None:
    # Its steps take 20 ms, the program asks for them in `host` seconds and only waits where a step
    # is observed: for up to hundreds of steps. That is no cost of watching.
    step, clock = 0.02, Clock()
    budget = Budget(WatchOptions(budget=0.02), clock)
    done = clock.now  # when the device will have done what it was asked for
    inside = waited = 0.0
    seen = 0
    for number in range(4000):
        observed = budget.wants(number)
        if observed:
            waited += max(0.0, done - clock.now)
            inside += max(0.0, done - clock.now)
            clock.now = max(clock.now, done)
            budget.caught_up(number)
        clock.now += host
        done = max(done, clock.now) + step
        if observed:
            wait = done - clock.now
            clock.now = done + cost * step
            inside, waited, seen = inside + wait + cost * step, waited + wait, seen + 1
        budget.ended(number, observed, inside, waited)
    # an observed step costs what it asks of the program besides, and the device stands idle then
    extra = seen * (cost * step + host) / (clock.now - 100.0)
    least = (FIRST + math.log(4000 * GROWTH) / GROWTH + 1) * (cost * step + host)
    elapsed = clock.now - 100.0
    assert extra <= max(allowed(0.02, elapsed), least) / elapsed + 0.003
    assert seen > 100
    assert 0.5 * seen * cost * step < budget.spent < 1.3 * seen * (cost * step + host)


def test_naps_last_until_the_budget_allows_a_step_and_no_longer() -> None:
    clock, step, cost = Clock(), 0.06, 0.012
    budget = Budget(WatchOptions(), clock)
    number, inside, asked, seen = 0, 0.0, 0, []
    while number < 6000:
        asked += 1
        if budget.wants(number):
            seen.append(number)
            clock.now += step + cost
            inside += cost
            budget.ended(number, True, inside)
            number += 1
            continue
        nap = budget.sleeps(number)
        clock.now += step * max(nap, 1)
        if nap:
            budget.slept(nap, 0.0)
        else:
            budget.ended(number, False, inside)
        number += max(nap, 1)
    _, awake, _ = simulate(6000, step, cost)
    assert seen == awake
    assert asked < 3 * len(seen) < 3000


def test_short_runs_are_seen_more_closely_and_long_ones_less() -> None:
    shares = [allowed(0.02, seconds) / seconds for seconds in (1, 4, 100, 1e4, 1e6)]
    assert shares == pytest.approx([0.0807, 0.0454, 0.0171, 0.0107, 0.01007], rel=0.01)


def test_every_nth() -> None:
    _, seen, _ = simulate(10, 0.01, 0.5, every=3)
    assert seen == [0, 3, 6, 9]


def test_observed_steps_are_spread_over_the_run() -> None:
    _, seen, _ = simulate(10_000, 0.01, 0.01)
    quarters = [sum(1 for s in seen if q <= s < q + 2500) for q in range(0, 10_000, 2500)]
    assert min(quarters) >= 10
    assert sum(quarters[1:]) > 0.5 * quarters[0]


@pytest.mark.parametrize("steps", [20, 330, 10_000])
def test_however_dear_a_step_is_some_of_every_stretch_are_observed(steps: int) -> None:
    _, seen, _ = simulate(steps, 0.001, 1.0)
    gaps = [(b - a) / max(a, 1) for a, b in zip(seen, [*seen[1:], steps], strict=True)]
    assert max(gaps[FIRST:], default=0) <= GROWTH + 0.1
    assert len(seen) <= FIRST + 1 / GROWTH + math.log(max(steps * GROWTH, 1)) / GROWTH
    assert sum(1 for s in seen if s >= steps / 2) >= min(10, steps // 2)


@pytest.mark.parametrize("options", [{"every": 0}, {"every": -1}, {"budget": 0}, {"budget": 1.5}])
def test_senseless_options_are_refused(options: dict[str, float]) -> None:
    with pytest.raises(InvalidInputError, match="got"):
        WatchOptions(**options)
