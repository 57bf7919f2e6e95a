"""From outcomes to a `Comparison`: a pure function of the plan and the store's content.

Layer: compare, no framework. What is sorted, averaged and tested is decided here; how the tests
work is in `rectifier.compare.statistics`, a row's figures in `rectifier.compare.rows`, what is said
in `rectifier.compare.recommend` and `rectifier.compare.protocol`.

A final run that failed is not dropped: it counts as guessing (1 / number of classes), since that is
what its user would have got.
"""

from __future__ import annotations

import itertools
import math
import statistics as averages
from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace

from rectifier.compare import statistics
from rectifier.compare.differences import Difference, judged
from rectifier.compare.plan import Plan
from rectifier.compare.prior import advice
from rectifier.compare.protocol import protocol
from rectifier.compare.recommend import recommend
from rectifier.compare.resampling import chances_to_be_best
from rectifier.compare.result import Comparison, Row, TuningPoint, Verdict
from rectifier.compare.rows import ArmRuns, row
from rectifier.compare.trial import Outcome, Setting
from rectifier.compare.tuning import Tried, score
from rectifier.errors import InvalidInputError


def summarize(
    plan: Plan,
    outcomes: Mapping[str, Outcome],
    *,
    environment: Mapping[str, str] | None = None,
) -> Comparison:
    """Judge what a plan's trials came to.

    Args:
        plan: What was run.
        outcomes: By hash of the trial. Seeds that are not there for every arm are left out.
        environment: Machine and versions, for the report.

    Returns:
        The comparison, best mean test score first.

    Raises:
        InvalidInputError: Not even one seed is complete.
    """
    try:
        tried = tried_points(plan, outcomes)
        chosen = plan.chosen(tried)
    except KeyError:
        tried, chosen = {}, {}
    arms, seeds = _arms(plan, outcomes, chosen, tried) if chosen else ((), ())
    if not seeds:
        raise InvalidInputError(
            "not one seed has finished for every activation, so there is nothing to compare yet; "
            "resume the comparison"
        )
    studies = [plan.study_of(seed) for seed in seeds]
    ranked = sorted(
        arms, key=lambda arm: (arm.finished == 0, -averages.fmean(arm.scores), arm.name)
    )
    rows, differences, typical, factor = _rows(plan, ranked, studies)
    alpha = (1 - statistics.LEVEL) / factor
    equals = tuple(each.activation for each in rows if each.verdict not in ("worse", "failed"))
    trials = sum(len(points) for points in tried.values()) + len(arms) * len(seeds)
    smallest = statistics.smallest_detectable(typical.deviation, len(seeds), alpha, typical.freedom)
    comparison = Comparison(
        task=plan.task.name,
        metric=f"test {plan.metric}",
        target=plan.target,
        seeds=seeds,
        rows=rows,
        tuning=tuple(
            TuningPoint(
                name, setting.learning_rate, found, study, setting.warmup, setting.weight_decay
            )
            for (name, study), points in tried.items()
            for setting, found in points
        ),
        recommendation="",
        recommended=equals,
        smallest_detectable=smallest if smallest < 1 else math.nan,  # no score differs by more
        trials=trials,
        settings=plan.settings,
        environment=dict(environment or {}),
        matters=plan.matters,
        baseline=plan.baseline,
        improvement=tuple(
            tuple(statistics.probability_of_improvement(a.scores, b.scores) for b in ranked)
            for a in ranked
        ),
        pareto=_pareto(rows),
        settled=all(each.verdict != "no difference" for each in rows[1:]) and len(seeds) > 1,
        more_seeds=_seeds_to_settle(plan, rows, differences, alpha),
        prior=advice(plan.task.domain, guessed=plan.guessed_domain),
    )
    comparison = replace(comparison, protocol=protocol(plan, comparison))
    return replace(comparison, recommendation=recommend(comparison))


def tried_points(
    plan: Plan,
    outcomes: Mapping[str, Outcome],
    pairs: Collection[tuple[str, int]] | None = None,
) -> Tried:
    """All points tried in every study, extensions included, with their validation scores.

    Args:
        plan: What was run.
        outcomes: By hash of the trial; those of the points that every arm is tried at must be
            there (KeyError), those beyond edges may be.
        pairs: Which arms in which studies; None: all.
    """
    tried: dict[tuple[str, int], list[tuple[Setting, float]]] = {}
    if not plan.search.tuned:
        return tried
    for arm, study in itertools.product(plan.arms, plan.tuning_seeds):
        if pairs is not None and (arm.name, study) not in pairs:
            continue
        points: list[tuple[Setting, float]] = []
        wanted = plan.search.first(study)
        while wanted:
            trials = [plan.trial(arm, setting, study, "tuning") for setting in wanted]
            if points and not all(trial.hash in outcomes for trial in trials):
                break
            points += [(trial.setting, score(trial, outcomes[trial.hash])) for trial in trials]
            wanted = plan.search.beyond(study, points)
        tried[arm.name, study] = points
    return tried


def _arms(
    plan: Plan,
    outcomes: Mapping[str, Outcome],
    chosen: Mapping[tuple[str, int], Setting],
    tried: Tried,
) -> tuple[tuple[ArmRuns, ...], tuple[int, ...]]:
    trials = plan.final_trials(chosen)
    missing = {trial.seed for trial in trials if trial.hash not in outcomes}
    seeds = tuple(seed for seed in plan.seeds if seed not in missing)
    costs = {trial.arm.name: outcomes.get(trial.hash) for trial in plan.cost_trials()}
    arms = []
    for arm in plan.arms:
        own = tuple(t for t in trials if t.arm.name == arm.name and t.seed not in missing)
        arms.append(
            ArmRuns(
                arm.name,
                own,
                tuple(outcomes[trial.hash] for trial in own),
                costs[arm.name] if plan.timing else None,
                tuple(chosen[arm.name, study] for study in plan.tuning_seeds),
                tuple(tried[arm.name, study] for study in plan.tuning_seeds if tried),
            )
        )
    return tuple(arms), seeds


def _resolution(arm: ArmRuns) -> float:
    return max(trial.data.resolution for trial in arm.trials)


def _rows(
    plan: Plan, ranked: Sequence[ArmRuns], studies: Sequence[int]
) -> tuple[tuple[Row, ...], tuple[Difference, ...], statistics.Spread, float]:
    """Rows in order, all differences, the typical one to the leader, the next factor."""
    differences, factor = judged(
        [arm.scores for arm in ranked], _resolution(ranked[0]), studies, plan.looks
    )
    # The pairs of the leader come first: (0, 1), (0, 2), …
    to_leader = dict(zip(range(1, len(ranked)), differences))  # noqa: B905
    worse = {place for place, found in to_leader.items() if found.p_value < 0.05}
    intervals = {place: found.interval for place, found in to_leader.items()}
    alike = {
        place
        for place, found in intervals.items()
        if found.low > -plan.matters and found.high < plan.matters
    }
    alone = len(ranked) > 1 and all(
        (place in worse and place not in alike) or not arm.finished
        for place, arm in enumerate(ranked)
        if place
    )
    all_alike = len(alike) == len(ranked) - 1 and len(ranked) > 1
    chances = chances_to_be_best([arm.scores for arm in ranked], studies)
    rows = []
    for place, arm in enumerate(ranked):
        own: Difference | None = None
        p_value = improvement = None
        verdict: Verdict = "best" if alone else "no difference"
        if all_alike:
            verdict = "no difference that matters"
        if len(studies) < 2:
            verdict = "too few seeds"
        if len(ranked) == 1:
            verdict = "nothing to compare"
        if arm.finished == 0:
            verdict = "failed"
        elif place and ranked[0].finished:
            own = to_leader[place]
            p_value = own.p_value if own.gap.count > 1 else None
            improvement = statistics.probability_of_improvement(arm.scores, ranked[0].scores)
            if len(studies) > 1:
                verdict = "worse" if place in worse else "no difference"
            if place in alike:
                verdict = "no difference that matters"
        made = row(plan, arm, verdict, studies)
        rows.append(
            replace(
                made,
                difference=None if own is None else own.interval,
                student=None if own is None else own.student,
                bootstrap=None if own is None else own.bootstrap,
                middle_difference=None if own is None else own.middle,
                p_value=p_value,
                probability_of_improvement=improvement,
                chance_best=chances[place],
            )
        )
    spreads = [found.gap for place, found in to_leader.items() if ranked[place].finished]
    if not spreads:
        return tuple(rows), differences, statistics.Spread(math.nan, math.nan, math.nan, 0), factor
    typical = sorted(spreads, key=lambda each: each.interval().high - each.mean)
    return tuple(rows), differences, typical[(len(spreads) - 1) // 2], factor


def _pareto(rows: Sequence[Row]) -> tuple[str, ...]:
    """Those that no other is at least equal to in score, time and memory and better in one."""

    def figures(each: Row) -> tuple[float, ...]:
        costs = (each.step_time, each.memory)
        return each.score.value, *(-cost if math.isfinite(cost) else 0.0 for cost in costs)

    kept = []
    for one in rows:
        if one.verdict == "failed":
            continue
        beaten = any(
            all(b >= a for a, b in zip(figures(one), figures(other), strict=True))
            and figures(other) != figures(one)
            for other in rows
            if other is not one and other.verdict != "failed"
        )
        if not beaten:
            kept.append(one.activation)
    return tuple(kept)


def _seeds_to_settle(
    plan: Plan, rows: Sequence[Row], differences: Sequence[Difference], alpha: float
) -> int | None:
    """Seeds that would likely settle every open verdict, if the gaps are as they look.

    A gap that matters is to be found; one that does not, to be shown to be smaller than what
    matters, which takes as many seeds as to find what is left between the two.
    """
    needed = 0
    for place, each in enumerate(rows):
        if place == 0 or each.verdict != "no difference":
            continue
        gap = differences[place - 1].plain  # what the draws add goes away with more seeds
        lead = -gap.mean
        distance = lead if lead > plan.matters else plan.matters - lead
        count = statistics.seeds_needed(distance, gap.deviation, alpha)
        if count is None:
            return None
        needed = max(needed, count)
    return needed or None
