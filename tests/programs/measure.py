"""Run a part of the suite under the tool and print how well it judged, or how well it cured.

    python tests/programs/measure.py develop           # a line per miss, the figures last
    python tests/programs/measure.py measure --jobs 4
    python tests/programs/measure.py develop --gaps    # no tool: is a fault worse than its twin?
    python tests/programs/measure.py develop --repair  # share of the gap to the twin regained
    python tests/programs/measure.py develop --random  # the same for remedies drawn at random
    python tests/programs/measure.py develop --unharmed live    # healthy ones under run --repair
    python tests/programs/measure.py develop --unharmed repair  # and under repair
    python tests/programs/measure.py measure --resume runs.jsonl --limit 200  # in pieces
    python tests/programs/measure.py develop --only wine_raw --json out.json
    python tests/programs/measure.py measure --publish docs/doctor.json   # or with --repair, …

Layer: tests. Look at single programs of the part ``develop`` only; of ``measure`` the figures.
"""

from __future__ import annotations

import argparse
import importlib.metadata
import json
import math
import os
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import chance
import publish
import runs
import tally
import unharmed
from kept import Kept
from runs import Result
from suite import FOLDER, Program, programs

Job = tuple[Program, str]


class Unfinished(Exception):
    """The time for this piece is over; how many runs are left."""


def spread(
    work: Callable[[Job], Result], jobs: list[Job], args: argparse.Namespace, kept: Kept, mode: str
) -> dict[Job, Result]:
    """Do the work side by side, in processes of their own, telling how far it is.

    Raises:
        Unfinished: Some were not begun before ``args.until``.
    """
    done: dict[Job, Result] = {}

    def one(job: Job) -> Result | None:
        if not kept.known(job, mode) and time.monotonic() > args.until:
            return None
        return kept.run(job, mode, lambda: work(job))

    with ThreadPoolExecutor(args.jobs) as pool:
        for job, result in zip(jobs, pool.map(one, jobs), strict=True):
            if result is not None:
                done[job] = result
            if sys.stderr.isatty():
                print(f"\r{len(done)}/{len(jobs)} {job[0].stem:40s}", end="", file=sys.stderr)
    print(file=sys.stderr)
    if len(done) < len(jobs):
        raise Unfinished(f"{mode}: {len(done)} of {len(jobs)} runs are there")
    kept.tell_age(mode)
    return done


def variants(suite: list[Program]) -> list[Job]:
    """Every script of the suite."""
    both = ("faulty", "healthy")
    return [(item, kind) for item in suite for kind in (both if item.faulty else both[1:])]


def gaps(suite: list[Program], plain: dict[Job, Result]) -> None:
    """Check without the tool that programs run and that faults harm."""
    print("== Programs: does each run, and is each fault worse than its twin? ==")
    good = []
    for item in suite:
        values = {kind: item.value(plain[item, kind].printed) for _, kind in variants([item])}
        failed = [kind for kind in values if plain[item, kind].status != 0]
        value = values["healthy"]
        sound = not failed and value is not None and math.isfinite(value)
        if item.faulty:
            sound = sound and tally.worse(item, values["faulty"], value)
        good.append(sound)
        if not sound:
            print(f"  {item.stem}: {item.metric} {values} failed {failed}")
    print(f"  sound: {tally.share(good)}")


def judged(suite: list[Program], plain: dict[Job, Result], told: dict[Job, Result]) -> None:
    """Print misses, false alarms, changed behaviour and the figures."""
    faulty = [item for item in suite if item.faulty]
    verdicts = [tally.verdict(item, told[item, "faulty"]) for item in faulty if item.rules]
    print("\n== Behaviour changed by the tool ==")
    for job, result in told.items():
        for difference in tally.differs(result, plain[job]):
            print(f"  {job[0].stem} ({job[1]}): {difference}")
    print("\n== Faulty programs whose first finding is not an acceptable root cause ==")
    for item in verdicts:
        if not item.first_right:
            told_ = ", ".join(item.told) or "nothing"
            print(f"  {item.program.stem}: wanted {' | '.join(item.program.rules)}; told {told_}")
    print("\n== False alarms on healthy programs ==")
    healthy = {item: told[item, "healthy"] for item in suite}
    for item, result in healthy.items():
        for finding in tally.counting(result):
            print(f"  {item.stem}{' (twin)' if item.faulty else ''}:", end=" ")
            print(f"{finding['rule']}:{finding['severity']} {json.dumps(finding['evidence'])}")
            print(f"    {finding['cause']}")
    print("\n== By rule: found, first right, of ==")
    by_rule: dict[str, list[tally.Verdict]] = defaultdict(list)
    for item in verdicts:
        by_rule[item.program.rules[0]].append(item)
    for rule, items in sorted(by_rule.items()):
        found, first = sum(v.found for v in items), sum(v.first_right for v in items)
        print(f"  {rule:30s} {found:3d} {first:3d} {len(items):3d}")
    alarms = {item: bool(tally.counting(result)) for item, result in healthy.items()}
    pairs = [(item, told[item, "faulty"]) for item in faulty]
    print("\n== Figures ==")
    print("  recall of the root cause ", tally.share(v.found for v in verdicts))
    print("  first finding right      ", tally.share(v.first_right for v in verdicts))
    print("  precision, faulty alone  ", tally.precision(pairs, []))
    print("  precision, healthy too   ", tally.precision(pairs, list(healthy.values())))
    print("  false alarms, all healthy", tally.share(alarms.values()))
    print("    twins                  ", tally.share(alarms[i] for i in suite if i.faulty))
    print("    controls               ", tally.share(alarms[i] for i in suite if not i.faulty))


def cured(plain: dict[Job, Result], done: dict[Job, Result]) -> dict[str, Any]:
    """Print how much of the gap came back, and which healthy programs were not left alone."""
    print("\n== Repair: share of the gap to the twin that came back, in cost of trainings ==")
    rows = []
    for (item, kind), result in done.items():
        if kind != "faulty":
            continue
        before, twin = (item.value(plain[item, k].printed) for k in ("faulty", "healthy"))
        attempts, chosen = result.document.get("attempts", []), result.document.get("chosen")
        metrics = attempts[chosen]["metrics"] if chosen is not None else {}
        after = tally.last(metrics, item) if metrics else before
        nan = float("nan")
        back = tally.recovered(item, *(nan if v is None else v for v in (before, after, twin)))
        tried = [r["action"] for r in attempts[-1]["remedies"]] if attempts else []
        row = {
            "program": item.stem,
            "verdict": result.document.get("verdict", "no document"),
            "remedies": tried,
            "before": before,
            "after": after,
            "twin": twin,
            "back": back if back == back else 0.0,
            "cost": 1 + len(attempts),
            "in_view": item.in_view,
        }
        rows.append(row)
        print(f"  {item.stem:36s} {row['verdict']:14s} {' + '.join(tried):40s}", end=" ")
        print(f"{before} -> {after} (twin {twin}): {back:.2f}")
    print("  at least 80 % recovered", tally.share(row["back"] >= 0.8 for row in rows))
    healthy = [item for (item, kind) in done if kind == "healthy"]
    touched = [
        item.stem
        for (item, kind), result in done.items()
        if kind == "healthy" and result.document.get("verdict") != "healthy"
    ]
    print("  healthy programs not left alone:", ", ".join(touched) or "none")
    return publish.cured(healthy, rows, touched)


def drawn(jobs: list[Job], args: argparse.Namespace, kept: Kept) -> dict[Job, Result]:
    """One rerun of each faulty program under a remedy drawn at random."""
    seen = spread(lambda job: runs.execute(*job, "run"), jobs, args, kept, "run")
    sites = {job[0].stem: list(result.document.get("sites", ())) for job, result in seen.items()}
    return spread(
        lambda job: chance.execute(job[0], sites[job[0].stem], args.draw),
        jobs,
        args,
        kept,
        "random",
    )


def by_chance(plain: dict[Job, Result], done: dict[Job, Result]) -> dict[str, Any]:
    """Print how much of the gap remedies drawn at random bring back, one rerun a program."""
    rows = []
    for (item, _), result in done.items():
        before, twin = (item.value(plain[item, k].printed) for k in ("faulty", "healthy"))
        after = item.value(result.printed) if result.status == 0 else None
        nan = float("nan")
        back = tally.recovered(item, *(nan if v is None else v for v in (before, after, twin)))
        back = back if back > 0 else 0.0  # what got worse would not be kept
        action = result.document["remedies"][0]["action"]
        row = {"program": item.stem, "remedies": [action], "before": before, "after": after}
        rows.append(row | {"twin": twin, "back": back, "in_view": item.in_view})
        print(f"  {item.stem:36s} {action:26s} {before} -> {after} (twin {twin}): {back:.2f}")
    recovered = tally.share(row["back"] >= 0.8 for row in rows)
    print("  at least 80 % recovered at random", recovered)
    return publish.cured([], rows, [])


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("part", choices=["develop", "measure", "all"])
    parser.add_argument("--jobs", type=int, default=max(1, os.cpu_count() or 1))
    parser.add_argument("--folder", type=Path, default=FOLDER, help="another suite like this one")
    parser.add_argument("--cold", action="store_true", help="a fresh interpreter for each run")
    parser.add_argument("--only", help="stems, with commas between them")
    parser.add_argument("--batch", help="those of this batch alone")
    parser.add_argument("--gaps", action="store_true", help="without the tool")
    parser.add_argument("--repair", action="store_true", help="rectifier repair, not run")
    parser.add_argument("--random", action="store_true", help="remedies drawn at random")
    parser.add_argument("--draw", type=int, default=0, help="which draw, with --random")
    parser.add_argument("--faulty", action="store_true", help="with --repair: no healthy program")
    parser.add_argument("--unharmed", choices=unharmed.MODES, help="healthy ones under a repair")
    parser.add_argument("--publish", type=Path, help="add the figures to this file")
    parser.add_argument("--commit", default="", help="the commit that was measured, for --publish")
    parser.add_argument("--resume", type=Path, help="keep runs here; those there are not repeated")
    parser.add_argument("--limit", type=float, default=math.inf, help="begin no run after seconds")
    kept = Path(tempfile.gettempdir()) / "rectifier-programs"
    parser.add_argument("--kept", type=Path, default=kept, help="folder for plain runs")
    args = parser.parse_args()
    suite = programs(args.part, args.folder)
    os.environ["OMP_NUM_THREADS"] = "1"  # before the first process copies this environment
    os.environ["PYTHONPATH"] = str(runs.SOURCE)
    if args.cold:
        os.environ["PROGRAMS_COLD"] = "1"
    if args.only:
        suite = [item for item in suite if item.stem in args.only.split(",")]
    if args.batch:
        suite = [item for item in suite if item.batch == args.batch]
    args.until = time.monotonic() + args.limit
    kept = Kept(args.resume)
    try:
        measured(suite, args, kept)
    except Unfinished as piece:
        print(f"{piece}; the same call goes on from here")
        return 3
    return 0


def measured(suite: list[Program], args: argparse.Namespace, kept: Kept) -> None:
    """Run what was asked for, print and publish it."""
    jobs = variants(suite)
    if args.faulty or args.random:
        jobs = [job for job in jobs if job[0].faulty]
    plain = spread(lambda job: runs.plain(*job, args.kept), jobs, args, Kept(None), "plain")
    gaps(sorted({job[0] for job in jobs}, key=lambda item: item.stem), plain)
    if args.gaps:
        return
    if args.unharmed:
        jobs = [job for job in jobs if job[1] == "healthy"]
        done = spread(
            lambda job: runs.execute(*job, args.unharmed), jobs, args, kept, args.unharmed
        )
        found = unharmed.weigh(args.unharmed, plain, done, args.kept)
        publishing(args, f"unharmed_{args.unharmed}", found)
        return
    if args.faulty or args.random:
        jobs = [job for job in jobs if job[1] == "faulty"]
    if args.random:
        publishing(args, "random", by_chance(plain, drawn(jobs, args, kept)))
        return
    mode = "repair" if args.repair else "run"
    told = spread(lambda job: runs.execute(*job, mode), jobs, args, kept, mode)
    if args.repair:
        publishing(args, "repair", cured(plain, told))
    else:
        judged(suite, plain, told)
        publishing(args, "run", publish.judged(suite, told))


def publishing(args: argparse.Namespace, what: str, found: dict[str, Any]) -> None:
    """Keep what was found, if that was asked for."""
    if args.publish:
        names = ("torch", "numpy", "rectifier")
        facts = {
            "date": time.strftime("%Y-%m-%d"),
            "versions": {name: importlib.metadata.version(name) for name in names},
        }
        part = f"{args.batch} batch" if args.batch else args.part
        publish.keep(args.publish, part, what, {**found, "commit": args.commit}, facts)


if __name__ == "__main__":
    sys.exit(main())
