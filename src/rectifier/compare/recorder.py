"""Runs the trials of a plan that have no outcome yet, keeps what comes, and tells about it.

Layer: compare. `rectifier.compare.run` says in which order: costs, tuning, a search for a mix,
final runs. By whom they are run is an engine's affair, and what is asked for is the plan's.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

from rectifier.compare import engines, grouping, mixing, tuning
from rectifier.compare.job import Job
from rectifier.compare.plan import Plan
from rectifier.compare.sinks import Sink
from rectifier.compare.store import Store
from rectifier.compare.summary import tried_points
from rectifier.compare.trial import Outcome, Setting, Stage, Trial
from rectifier.errors import InvalidInputError

_ROUND = 10
"""Final seeds that are run before the next ones are begun."""
_BUDGET_ROUND = 2
"""The same where time may run out, so that little is left incomplete."""


@dataclass(frozen=True)
class Progress:
    """How far a comparison is; given to the callback at the start and after every job.

    Attributes:
        done: Trials whose outcome is there, those of the store included. ``total``: of all, as far
            as is known; it grows when a search is extended.
        resumed: How many of ``done`` came from the store.
        failed: How many of ``done`` diverged or ended in an error.
        elapsed: Seconds since the start.
        remaining: Seconds that the rest will take, roughly; None before the first trial has ended.
        stage: What is being run: ``cost``, then ``tuning``, then ``final``.
        trial, outcome: The latest; None at the start.
    """

    done: int
    total: int
    resumed: int
    failed: int
    elapsed: float
    remaining: float | None
    stage: Stage
    trial: Trial | None = None
    outcome: Outcome | None = None


class Recorder:
    """Runs trials that have no outcome yet, writes what comes, and tells about it."""

    engine: engines.Engine
    pairs: frozenset[tuple[str, int]] | None = None
    """Pairs of arm and study that are to be run; None: all."""

    def __init__(
        self,
        plan: Plan,
        store: Store,
        kept: dict[str, Outcome],
        progress: Callable[[Progress], None] | None,
        budget: float,
        clock: Callable[[], float],
        sinks: Sequence[Sink] = (),
    ) -> None:
        self.outcomes: dict[str, Outcome] = {}
        self.total = plan.total
        self._plan, self._store, self._kept = plan, store, kept
        self._progress, self._clock, self._begun = progress, clock, clock()
        self._budget, self._resumed, self._sinks = budget, 0, sinks

    @property
    def spent(self) -> bool:
        """Whether the budget is."""
        return self._clock() - self._begun > self._budget

    def costs(self) -> frozenset[str]:
        """Measure what steps cost; returns the arms whose trials are to train together."""
        plan = self._plan
        everything = frozenset(arm.name for arm in plan.arms)
        if plan.timing:
            trials = plan.cost_trials()
            job = Job("cost", trials, plan.seconds)
            self._run([job] if self._missing(trials) else [], trials, "cost")
            costs = {trial.arm.name: self.outcomes[trial.hash] for trial in trials}
            if all(cost.status == "error" for cost in costs.values()):
                raise InvalidInputError(
                    f"{plan.subject.name} cannot be trained on {plan.task.name}: "
                    f"{costs[plan.arms[0].name].reason.partition(': ')[2]}"
                )
            if plan.together == "auto":
                return grouping.worth_it(costs)
        return everything if plan.together == "on" else frozenset()

    def tune(self, together: frozenset[str]) -> dict[tuple[str, int], Setting]:
        """Run all studies, extensions included; returns what they chose."""
        plan = self._plan
        trials = self._own(plan.first_trials(), lambda trial: trial.seed)
        self._run(self._jobs(trials, together), trials, "tuning")
        for _ in range(tuning.EXTENSIONS):
            if self.spent:
                break
            tried = tried_points(plan, self.outcomes, self.pairs)
            more = plan.more_trials(tried)
            if not more:
                break
            self.total += len(more)
            self._run(self._jobs(more, together), more, "tuning")
        return plan.chosen(tried_points(plan, self.outcomes, self.pairs))

    def mix(
        self, chosen: dict[tuple[str, int], Setting], together: frozenset[str]
    ) -> tuple[Plan, dict[tuple[str, int], Setting], frozenset[str]]:
        """Search for a mix; returns the plan with it, tuned, or as it was if none is better."""
        plan = self._plan

        def run(trials: Sequence[Trial]) -> Mapping[str, Outcome]:
            self.total += sum(trial.hash not in self.outcomes for trial in trials)
            self._run(self._jobs(trials, frozenset()), trials, "tuning")
            return self.outcomes

        found = mixing.search(plan, tried_points(plan, self.outcomes), chosen, run)
        if found in plan.arms:
            return plan, chosen, together
        self._plan = replace(plan, arms=(*plan.arms, found))
        together = self.costs()
        return self._plan, self.tune(together), together

    def finals(
        self,
        plan: Plan,
        chosen: Mapping[tuple[str, int], Setting],
        together: frozenset[str],
    ) -> None:
        """Run the final trials, some seeds at a time."""
        size = _ROUND if math.isinf(self._budget) else _BUDGET_ROUND
        trials = [trial for seed in plan.seeds for trial in plan.final_trials(chosen, (seed,))]
        trials = list(self._own(trials, lambda trial: plan.study_of(trial.seed)))
        for start in range(0, len(plan.seeds), size):
            seeds = plan.seeds[start : start + size]
            some = [trial for trial in trials if trial.seed in seeds]
            if self.spent:
                some = [trial for trial in some if trial.hash in self._kept]
            self._run(self._jobs(some, together), some, "final")

    def _own(self, trials: Sequence[Trial], study: Callable[[Trial], int]) -> Sequence[Trial]:
        """Those that belong to the part to be run."""
        if self.pairs is None:
            return trials
        return [trial for trial in trials if (trial.arm.name, study(trial)) in self.pairs]

    def _missing(self, trials: Sequence[Trial]) -> bool:
        return any(trial.hash not in self._kept for trial in trials)

    def _jobs(self, trials: Sequence[Trial], together: frozenset[str]) -> tuple[Job, ...]:
        return grouping.jobs(trials, self._kept, together, self._plan.seconds)

    def _run(self, jobs: Sequence[Job], trials: Sequence[Trial], stage: Stage) -> None:
        """Run jobs; those of the trials that are kept need none."""
        coming = {trial.hash for job in jobs for trial in job.trials}
        found = {
            trial.hash: self._kept[trial.hash]
            for trial in trials
            if trial.hash in self._kept and trial.hash not in coming | self.outcomes.keys()
        }
        self.outcomes |= found
        self._resumed += len(found)
        if trials:
            self._tell(stage)
        for job, outcomes in self.engine.run(jobs, lambda: self.spent):
            pairs = list(zip(job.trials, outcomes, strict=True))
            self._store.append_all(pairs)
            for trial, outcome in pairs if stage == "final" else ():
                for sink in self._sinks:
                    sink.trial(trial, outcome)
            for trial, outcome in pairs:
                self.outcomes[trial.hash] = outcome
                if outcome.status != "error":
                    self._kept[trial.hash] = outcome
            self._tell(stage, *pairs[-1])

    def _tell(
        self, stage: Stage, trial: Trial | None = None, outcome: Outcome | None = None
    ) -> None:
        if self._progress is None:
            return
        done = len(self.outcomes)
        total = max(self.total, done)
        elapsed, fresh = self._clock() - self._begun, done - self._resumed
        self._progress(
            Progress(
                done=done,
                total=total,
                resumed=self._resumed,
                failed=sum(found.status != "finished" for found in self.outcomes.values()),
                elapsed=elapsed,
                remaining=elapsed / fresh * (total - done) if fresh else None,
                stage=stage,
                trial=trial,
                outcome=outcome,
            )
        )
