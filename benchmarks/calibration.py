"""Is what a comparison promises kept on real trainings? ReLU against itself, by another name.

    python benchmarks/calibration.py [--pool N] [--repeats N] [--seeds N] [--store F]
    python benchmarks/calibration.py --simulate | --bootstrap | --reliability [--repeats N]

A pool of small ReLU networks is tuned and trained on digits by `rectifier compare`, each seed with
a tuning study of its own. Each repeat then draws two disjoint sets of seeds from the pool, calls
one of them relu and the other relu_again, and lets the comparison judge. Two arms that share their
seeds would be the same network twice and never differ; with seeds of their own they differ by all
the luck that there is: split, weights, order, tuning.

Printed: how often the two are called different (promised: at most 5 %), how often the interval of
their difference holds zero (95 %), how often a planted effect of one standard deviation is found at
the number of seeds that is said to find it (80 %), and how often the leader's chance to be best
said more than 95 % though there is no best. Shares come with Wilson's 95 % interval; repeats share
a pool, so their number overstates what is known a little. With --store the trainings are kept.

With --simulate nothing is trained: scores are drawn (noise of 0.6 points, luck of a tuning study of
0.3 or 0.4, arms of different worth), and the chance to be best that the leader is given is set
beside how often the leader is the best, for the comparison's way and for drawing seeds anew alone;
then, over all of these, by what was said.

With --bootstrap scores are drawn, and several bootstraps of a difference are held against the
truth, with and without tuning studies: why verdicts go by the one they go by (bootstraps.py).

With --reliability scores are drawn, too, but for arms whose true means are spread by anything from
0.05 to 1.6 points: of all arms that were given so much, how many were the best? The Brier and the
logarithmic score beside that are smaller for the better of two ways.
"""

from __future__ import annotations

import argparse
import math
import os
from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise

import numpy as np
from bootstraps import bootstraps
from machine import machine

import rectifier
from rectifier.compare import Store, make_plan, run_comparison
from rectifier.compare.differences import judged as judged_pairs
from rectifier.compare.plan import Plan
from rectifier.compare.resampling import chances_to_be_best, resampled
from rectifier.compare.statistics import seeds_needed
from rectifier.compare.summary import summarize
from rectifier.compare.trial import Outcome, Setting

RATES = (3e-3, 1e-2, 3e-2)


def trained(pool: int, store: str | None, workers: int) -> tuple[list[Outcome], float]:
    """Final outcomes of the pool, and the smallest step of a score."""
    plan = make_plan(
        "digits", ["relu"], pool, learning_rates=RATES, samples=400, epochs=10, batch=32,
        hidden=(32,), tuning_seeds=range(1_000_000, 1_000_000 + pool), timing=False, together="on",
    )  # fmt: skip
    with Store(store) as opened:
        run_comparison(plan, opened, workers=workers, resume=True)
        found = opened.lines()
        outcomes = {key: (identity, outcome) for key, identity, outcome in found}
    finals = {  # the last of a seed: a store may hold those of older code, too
        identity["seed"]: Outcome.from_dict(outcome)
        for identity, outcome in outcomes.values()
        if identity["stage"] == "final"
    }
    scored = [outcome for outcome in finals.values() if outcome.test is not None]
    print(f"pool: {len(scored)} of {pool} trainings finished, each tuned over {len(RATES)} rates")
    return scored, next(iter(plan.facts.values())).resolution


def judged(seeds: int, resolution: float) -> tuple[Plan, list[str]]:
    """A plan of the two names, and the hashes of its final trials, arm by arm."""
    twin = rectifier.define("relu_again", "maximum(x, 0)")
    plan = make_plan("digits", ["relu", twin], seeds, learning_rates=[0.01], timing=False)
    facts = {seed: replace(found, resolution=resolution) for seed, found in plan.facts.items()}
    plan.__dict__["facts"] = facts  # a cached property: the pool's resolution, not this plan's
    chosen = {(a.name, s): Setting(0.01) for a in plan.arms for s in plan.tuning_seeds}
    trials = plan.final_trials(chosen)
    return plan, [t.hash for a in plan.arms for t in trials if t.arm.name == a.name]


def share(hits: int, of: int) -> str:
    """A share with Wilson's 95 % interval, in per cent."""
    z, value = 1.96, hits / of
    centre = (value + z * z / (2 * of)) / (1 + z * z / of)
    reach = z / (1 + z * z / of) * math.sqrt(value * (1 - value) / of + z * z / (4 * of * of))
    return f"{100 * value:.1f} % [{100 * (centre - reach):.1f}, {100 * (centre + reach):.1f}]"


def calibrate(pool: Sequence[Outcome], repeats: int, seeds: int, resolution: float) -> None:
    draw = np.random.default_rng(0)
    plan, hashes = judged(seeds, resolution)
    scores = np.array([outcome.test for outcome in pool], dtype=float)
    deviation = math.sqrt(2) * float(scores.std(ddof=1))  # of a difference of two seeds
    enough = seeds_needed(1.0, 1.0, 0.05)
    different = holds = inner = found = sure = 0
    for _ in range(repeats):
        places = draw.permutation(len(pool))[: 2 * seeds]
        outcomes = {h: pool[place] for h, place in zip(hashes, places, strict=True)}
        comparison = summarize(plan, outcomes)
        different += comparison.rows[1].verdict == "worse"
        sure += max(row.chance_best for row in comparison.rows) > 0.95
        first, second = scores[places[:seeds]], scores[places[seeds:]]
        (gap,), _ = judged_pairs([first.tolist(), second.tolist()], resolution)
        holds += gap.interval.low <= 0.0 <= gap.interval.high
        inner += gap.middle is not None and gap.middle.low <= 0.0 <= gap.middle.high
        places = draw.permutation(len(pool))[: 2 * enough]
        better = scores[places[:enough]] + deviation
        (gap,), _ = judged_pairs([better.tolist(), scores[places[enough:]].tolist()], 0.0)
        found += gap.p_value < 0.05
    print(f"seeds {seeds}, repeats {repeats}, standard deviation {100 * scores.std(ddof=1):.2f}")
    print(f"called different though the same       {share(different, repeats)}, promised 5 %")
    print(f"interval of the difference holds zero  {share(holds, repeats)}, promised 95 %")
    print(f"that of the interquartile means does   {share(inner, repeats)}")
    print(f"one deviation found with {enough} seeds     {share(found, repeats)}, promised 80 %")
    print(f"chance to be best said above 95 %      {share(sure, repeats)}")


CASES = ((2, 3, 0.004), (6, 3, 0.004), (6, 10, 0.003))
"""Arms, tuning studies, and the luck of a study."""
WORTHS = (0.0, 0.001, 0.002, 0.004, 0.008)
"""How far the arms' true means are spread."""
BINS = (0.0, 0.3, 0.5, 0.7, 0.9, 1.0)


def redrawn(scores: np.ndarray, own: list[int]) -> np.ndarray:
    """Chances to be best by drawing studies and seeds anew, and nothing else."""
    means = scores[:, resampled(own, scores.shape[1])].mean(axis=2)
    top = means == means.max(axis=0)
    return (top / top.sum(axis=0)).mean(axis=1)


def drawn(
    draw: np.random.Generator, arms: int, studies: int, luck: float, worth: float, seeds: int
) -> tuple[np.ndarray, np.ndarray]:
    """True means, and scores (arms, seeds)."""
    truth = draw.normal(0, worth, arms)
    scores = truth[:, None] + draw.normal(0, 0.008, seeds) + draw.normal(0, 0.006, (arms, seeds))
    scores += draw.normal(0, luck, (arms, studies))[:, np.arange(seeds) % studies]
    return truth, np.round((0.9 + scores) * 2000) / 2000


def leads(case: tuple[int, int, float], worth: float, seeds: int) -> float:
    """How often the leader is the best, of so many draws that its own luck is small."""
    draw, found = np.random.default_rng(1), 0
    for _ in range(MANY):
        truth, scores = drawn(draw, *case, worth, seeds)
        found += scores.mean(axis=1).argmax() == truth.argmax()
    return found / MANY if worth else 1 / case[0]


MANY = 10_000


def simulate(repeats: int, seeds: int) -> None:
    """Print what the leader is given, and how often it is the best."""
    print(f"seeds {seeds}, {repeats} repeats for what is said, {MANY} for what is right")
    held: list[tuple[float, bool]] = []
    for case in CASES:
        own = [place % case[1] for place in range(seeds)]
        for worth in WORTHS:
            draw, said = np.random.default_rng(0), {"redrawn": 0.0, "compare": 0.0}
            for _ in range(repeats):
                truth, scores = drawn(draw, *case, worth, seeds)
                leader = int(scores.mean(axis=1).argmax())
                chance = chances_to_be_best(scores.tolist(), own)[leader]
                said["compare"] += chance / repeats
                said["redrawn"] += float(redrawn(scores, own)[leader]) / repeats
                if worth:
                    held.append((chance, bool(leader == truth.argmax())))
            print(
                f"arms {case[0]}  studies {case[1]:2}  worth {100 * worth:.1f} points  "
                f"right {leads(case, worth, seeds):.2f}  "
                + "  ".join(f"{way} {share:.2f}" for way, share in said.items()),
                flush=True,
            )
    chances, right = np.array(held, dtype=float).T
    print("all of them but those that are all alike, by what was said")
    for low, high in pairwise(BINS):
        inside = (chances >= low) & (chances < high)
        if inside.any():
            mean, count = 100 * chances[inside].mean(), int(inside.sum())
            held_share = share(int(right[inside].sum()), count)
            print(
                f"{100 * low:3.0f} to {100 * high:3.0f} %: said {mean:.0f} %, right {held_share} "
                f"of {count}"
            )


SPREAD = ((2, 3, 0.004), (3, 10, 0.003), (6, 3, 0.004), (6, 10, 0.003), (10, 10, 0.003))
"""Arms, tuning studies, and the luck of a study; in turn."""
WIDEST = (0.0005, 0.016)
SHARES = (0.0, 0.05, 0.1, 0.2, 0.3, 0.5, 0.7, 0.9, 1.0001)


def reliability(repeats: int, seeds: int) -> None:
    """Print, by what was said of an arm, how often it was the best; all arms, and leaders alone."""
    draw, best = np.random.default_rng(7), []
    said: dict[str, list[float]] = {"compare": [], "redrawn": []}
    leaders: list[int] = []
    for number in range(repeats):
        case = SPREAD[number % len(SPREAD)]
        worth = float(np.exp(draw.uniform(*np.log(WIDEST))))
        truth, scores = drawn(draw, *case, worth, seeds)
        own = [place % case[1] for place in range(seeds)]
        leaders.append(len(best) + int(scores.mean(axis=1).argmax()))
        best += list(np.arange(case[0]) == truth.argmax())
        said["compare"] += list(chances_to_be_best(scores.tolist(), own))
        said["redrawn"] += list(redrawn(scores, own))
    right = np.array(best, dtype=float)
    print(f"{repeats} comparisons of {seeds} seeds, {len(right)} arms")
    for way, given in said.items():
        chances = np.array(given)
        sure = chances.clip(1e-3, 1 - 1e-3)
        log = -(right * np.log(sure) + (1 - right) * np.log(1 - sure)).mean()
        print(
            f"{way}: Brier {((chances - right) ** 2).mean():.4f}, logarithmic {log:.4f}; leaders "
            f"said {100 * chances[leaders].mean():.1f} %, right {100 * right[leaders].mean():.1f} %"
        )
        for low, high in pairwise(SHARES):
            inside = (chances >= low) & (chances < high)
            if inside.any():
                print(
                    f"  {100 * low:3.0f} to {100 * high:3.0f} %: said "
                    f"{100 * chances[inside].mean():.0f} %, right "
                    f"{share(int(right[inside].sum()), int(inside.sum()))} of {inside.sum()}"
                )


def main() -> None:
    """Train, draw, print."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--pool", type=int, default=240, help="trainings to draw from")
    parser.add_argument("--repeats", type=int, default=1000)
    parser.add_argument("--seeds", type=int, default=10, help="of each arm in a repeat")
    parser.add_argument("--store", help="keep the trainings in this file, and go on with it")
    parser.add_argument("--workers", type=int, default=os.cpu_count() or 1)
    parser.add_argument(
        "--simulate", action="store_true", help="the chance to be best; no trainings"
    )
    parser.add_argument(
        "--reliability", action="store_true", help="that over many spreads; no trainings"
    )
    parser.add_argument(
        "--bootstrap", action="store_true", help="ways to draw seeds anew; no trainings"
    )
    options = parser.parse_args()
    if options.bootstrap:
        bootstraps(options.repeats)
        return
    if options.reliability:
        reliability(options.repeats, options.seeds)
        return
    if options.simulate:
        simulate(options.repeats, options.seeds)
        return
    if options.pool < 4 * options.seeds:
        parser.error(f"a pool of {options.pool} is too small to draw 2 times {options.seeds} from")
    print(machine(options.workers))
    pool, resolution = trained(options.pool, options.store, options.workers)
    calibrate(pool, options.repeats, options.seeds, resolution)


if __name__ == "__main__":
    main()
