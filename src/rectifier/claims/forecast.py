"""How long measuring claims will take, before any is measured.

Layer: claims. A `Rehearsal` is a lab that makes a few steps of each kind of training that a claim
asks for, and foretells the rest: trials that differ by seed, rate or activation alone are taken to
cost the same, and to run to their end; those that end early make it less. What a claim does without
trials is done, and timed.
"""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from rectifier.claims.claim import Claim
from rectifier.claims.lab import Lab
from rectifier.claims.notebook import Notebook, piece_of
from rectifier.compare.result import Comparison
from rectifier.errors import PieceError

if TYPE_CHECKING:
    from rectifier.compare.plan import Plan

ALIKE = frozenset(("seed", "rate", "activation", "activations", "l1", "weight_scale", "clip"))
"""Arguments that do not change much how long a trial takes."""
FEW = 10
"""Steps that are timed, where a look at all of the data is not further away."""
CLEAR = 0.2
"""What timed steps must take at least, as a share of a trial without them; else more are timed."""
MORE = 5
"""So many times more, each time, and never more than that share of all."""


class ForetoldError(Exception):
    """Ends the rehearsal of a claim whose comparison is too long to be made."""


@dataclass(frozen=True)
class Cost:
    """What a claim will cost.

    Attributes:
        claim: Its number. ``trials``: how many trainings or measurements, new ones.
        seconds: On the workers that were asked about.
    """

    claim: str
    trials: int
    seconds: float


class Rehearsal(Lab):
    """A lab that foretells instead of measuring.

    Args:
        full: As for a `Lab`.
        workers: On how many the claims will be measured.
    """

    def __init__(self, *, full: bool, workers: int) -> None:
        super().__init__(Notebook(), full=full)
        self.foretold = workers
        self.trials, self.seconds, self.sampled = 0, 0.0, 0.0
        """Of the claim that is rehearsed: its trials, what they will take, what samples took."""
        self._known: dict[str, tuple[Any, float, float]] = {}
        self._asked: set[str] = set()
        self._warm: set[Callable[..., Any]] = set()

    def map(self, function: Callable[..., Any], settings: Iterable[Mapping[str, Any]]) -> list[Any]:
        """Foretell the trials; every result is that of a few steps of one of its kind."""
        results, costs = [], []
        for setting in settings:
            result, fixed, each = self._sample(function, setting)
            results.append(result)
            key = piece_of(function, setting).hash
            if key not in self._asked:
                self._asked.add(key)
                costs.append(fixed + each * setting.get("steps", 0))
        self.trials += len(costs)
        self.seconds += max(sum(costs) / self.foretold, max(costs, default=0.0))
        return results

    def compare(self, plan: Plan, name: str) -> Comparison:
        """Foretell a comparison by one of its trials.

        Raises:
            ForetoldError: Always: there is no result to go on with.
        """
        from rectifier.compare.engines import get
        from rectifier.compare.job import Job

        if plan.hash not in self._asked:
            self._asked.add(plan.hash)
            search = plan.search.first(plan.tuning_seeds[0])
            trial = plan.trial(plan.arms[-1], search[0], plan.seeds[0], "final")
            begun = between = time.perf_counter()
            with get("inline")(plan.task, 1) as engine:
                for _ in range(2):  # the first one loads data and code
                    between = time.perf_counter()
                    for _ in engine.run([Job("alone", (trial,))]):
                        pass
            taken = time.perf_counter() - between
            self.sampled += time.perf_counter() - begun
            self.trials += plan.total
            self.seconds += plan.total * taken / self.foretold
        raise ForetoldError(name)

    def _sample(
        self, function: Callable[..., Any], setting: Mapping[str, Any]
    ) -> tuple[Any, float, float]:
        """A result, and the seconds of a trial without its steps and of a step."""
        kind = piece_of(function, {k: v for k, v in setting.items() if k not in ALIKE}).hash
        if kind not in self._known:
            begun = time.perf_counter()
            if "steps" not in setting:
                result, fixed = call(function, setting)
                self._known[kind] = (result, fixed, 0.0)
            else:
                many = min(setting["steps"], 2 + max(FEW, setting.get("every", 0)))
                few = min(2, many)
                if function not in self._warm:
                    call(function, {**setting, "steps": few})  # loads data and code
                    self._warm.add(function)
                _, fixed = call(function, {**setting, "steps": few})
                result, longer = call(function, {**setting, "steps": many})
                # What takes no time beside the rest cannot be told from its noise.
                while longer - fixed < CLEAR * fixed and MORE * many <= setting["steps"] / MORE:
                    many *= MORE
                    result, longer = call(function, {**setting, "steps": many})
                if isinstance(result, dict) and "reached" in result:
                    # Who fails early is not asked again: so count on arriving, but at the end.
                    result = {**result, "reached": setting["steps"]}
                each = max(0.0, longer - fixed) / max(1, many - few)
                self._known[kind] = (result, max(0.0, fixed - few * each), each)
            self.sampled += time.perf_counter() - begun
        return self._known[kind]


def call(function: Callable[..., Any], setting: Mapping[str, Any]) -> tuple[Any, float]:
    """Call a trial function as a worker would; what it gives and its processor seconds.

    Raises:
        PieceError: It failed.
    """
    from rectifier.compare.work import perform

    outcome = perform(piece_of(function, setting))
    if outcome.status != "finished":
        raise PieceError(f"{function.__name__} failed: {outcome.reason}")
    return outcome.result, outcome.processor


def foretell(claims: Iterable[Claim], *, full: bool, workers: int) -> Iterable[Cost]:
    """What claims will cost, one after the other.

    Args:
        claims: Which; what several need is counted for the first.
        full: Whether at length.
        workers: Number of processes.
    """
    rehearsal = Rehearsal(full=full, workers=workers)
    for claim in claims:
        if claim.measure is None:
            continue
        rehearsal.trials, rehearsal.seconds, rehearsal.sampled = 0, 0.0, 0.0
        begun = time.perf_counter()
        with contextlib.suppress(ForetoldError):
            claim.measure(rehearsal)
        own = max(0.0, time.perf_counter() - begun - rehearsal.sampled)
        yield Cost(claim.id, rehearsal.trials, own + rehearsal.seconds)


def duration(seconds: float) -> str:
    """A time in words."""
    if seconds < 90:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 5400 else f"{seconds / 3600:.1f} h"
