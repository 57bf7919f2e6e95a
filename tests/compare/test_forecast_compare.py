"""What ``--dry-run`` says: how many trials, and how long for how many workers."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest

from rectifier.compare import Plan, Store, run_comparison
from rectifier.compare import forecast as forecasting
from rectifier.compare.engines.inline import InlineEngine
from rectifier.compare.forecast import forecast
from rectifier.compare.job import Job
from rectifier.compare.trial import Outcome

Quick = Callable[..., Plan]


def seconds_of(lines: tuple[str, ...]) -> list[float]:
    """In seconds, what is said of 1, 8 and 100 workers."""
    units = {"s": 1, "min": 60, "h": 3600}
    found = [re.search(r"workers?: about ([\d.]+) (s|min|h)$", line) for line in lines]
    return [float(each[1]) * units[each[2]] for each in found if each]


@pytest.fixture(autouse=True)
def at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Workers start in no time; that of real ones is in the command's own test."""
    monkeypatch.setattr(forecasting, "starting", lambda plan: 0.0)


@pytest.fixture
def slow_steps(monkeypatch: pytest.MonkeyPatch) -> None:
    """A step of every activation takes a second, so that the times are known."""

    def run(self: InlineEngine, jobs: list[Job], spent: object = None) -> object:
        for job in jobs:
            yield job, [Outcome("finished", step_time=1.0, memory=1.0) for _ in job.trials]

    monkeypatch.setattr(InlineEngine, "run", run)


@pytest.mark.usefixtures("slow_steps")
def test_times_are_those_of_the_work_and_no_shorter_than_a_trial(quick: Quick) -> None:
    plan = quick(seeds=4)
    one, two, eight, hundred = seconds_of(forecast(plan, here=2))
    steps = plan.epochs * plan.first_trials()[0].steps
    trials = plan.total - len(plan.arms) * plan.timing
    assert one == pytest.approx(1.25 * steps * trials, rel=0.02)  # 1.25: judging, too
    assert two == pytest.approx(one / 2, rel=0.02)
    assert one / 8 - 1 <= eight < one
    # Tuning must be over before the final runs begin: one trial after another at least.
    assert hundred == pytest.approx(1.25 * steps * 2, rel=0.1)


def test_a_search_for_a_mix_is_counted(quick: Quick) -> None:
    plan = quick(seeds=4, mix=True, hidden=(8, 8))
    lines = forecast(plan)
    (found,) = (
        match
        for line in lines
        if (match := re.search(r"up to (\d+) trials in search of a mix, and (\d+)", line))
    )
    searched, own = map(int, found.groups())
    with Store() as store:
        run_comparison(plan, store, engine="inline")
        assert plan.total < len(store) <= plan.total + searched + own
    assert own == plan.total // len(plan.arms), "it is tuned and run like the others"
    assert not any("mix" in line for line in forecast(quick(seeds=4)))


def test_what_it_takes_to_begin_is_counted_for_any_number_of_workers(quick: Quick) -> None:
    plan = quick(seeds=2)
    told = seconds_of(forecast(plan, spent=40.0))
    assert min(told) >= 40
    assert max(told) < 80


def test_a_worker_has_whole_jobs_only() -> None:
    assert forecasting._busiest([3.0, 3.0, 3.0], 2) == 6.0
    assert forecasting._busiest([1.0, 1.0, 5.0], 3) == 5.0
    assert forecasting._busiest([], 4) == 0.0
