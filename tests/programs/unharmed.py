"""Does the doctor leave healthy programs as good as they were? Each is put through both repairs.

Layer: tests. A healthy program runs once under ``run --repair``, which acts while it trains, and
once under ``rectifier repair``, which reruns what it accuses. Its score is set against its plain
run with the same seed. Where nothing acted, the two must be equal to the last digit. Where
something did, the program is *harmed* if its score is worse by more than a change of its seed does:
by more than two standard deviations of `SEEDS` plain runs with other seeds.
"""

from __future__ import annotations

import dataclasses
import math
import re
import statistics
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import publish
import runs
import tally
from runs import Result
from suite import Program

Job = tuple[Program, str]

MODES = ("live", "repair")
SEEDS = 4
"""Plain runs with other seeds, of a program that something acted on."""

_OUTCOME = re.compile(r"is kept|made it worse|found nothing|ended on probation")
_SEED = re.compile(r"(?P<call>\b(?:manual_seed|seed_everything|random\.seed)\()(?P<number>\d+)\)")


@dataclasses.dataclass(frozen=True)
class Reseeded(Program):
    """A program whose seeds of weights and order are moved by ``by``; its data stay."""

    by: int = 0

    def script(self, variant: str) -> str:
        """The plain text, with other seeds."""
        return _SEED.sub(
            lambda found: f"{found['call']}{int(found['number']) + self.by})",
            super().script(variant),
        )


def noise(program: Program, variant: str, kept: Path) -> float:
    """Standard deviation of the score over seeds; of losses that of their logarithm.

    NaN where the script's seed could not be moved.
    """
    fields = {f.name: getattr(program, f.name) for f in dataclasses.fields(Program)}
    values = []
    for by in range(1, SEEDS + 1):
        other = Reseeded(**fields, by=1000 * by)
        if other.script(variant) == program.script(variant):
            return math.nan
        value = other.value(runs.plain(other, variant, kept).printed)
        if value is not None and math.isfinite(value):
            values.append(_scale(program, value))
    return statistics.stdev(values) if len(values) > 1 else math.nan


def _scale(program: Program, value: float) -> float:
    """The score such that higher is better and differences can be compared."""
    return value if program.up else -math.log(max(value, 1e-12))


def score(program: Program, mode: str, result: Result, plain: float | None) -> float | None:
    """What the user is left with: of ``repair`` the chosen rerun's score, else the plain one's."""
    if mode == "live":
        return program.value(result.printed)
    chosen = result.document.get("chosen")
    if chosen is None:
        return plain
    return tally.last(result.document["attempts"][chosen]["metrics"], program)


def acted(mode: str, result: Result) -> list[str]:
    """What was done to the program: announcements of the live repair, or the reruns' remedies."""
    if mode == "live":
        return [str(line) for line in result.document.get("repairs", ())]
    return [
        f"{remedy['action']}{'' if place == result.document.get('chosen') else ' (dropped)'}"
        for place, attempt in enumerate(result.document.get("attempts", ()))
        for remedy in attempt["remedies"]
    ]


def in_short(lines: Sequence[str]) -> list[str]:
    """The outcomes among announcements of the live repair; anything else as it is."""
    outcomes = [line.partition(" (loss")[0] for line in lines if _OUTCOME.search(line)]
    return outcomes or list(lines)


def weigh(
    mode: str, plain: Mapping[Job, Result], done: Mapping[Job, Result], kept: Path
) -> dict[str, Any]:
    """Print what was touched, and which programs were harmed by it."""
    print(f"\n== Healthy programs under {'run --repair' if mode == 'live' else 'repair'} ==")
    touched, harmed, broken = [], [], []
    for (item, variant), result in done.items():
        before = item.value(plain[item, variant].printed)
        after = score(item, mode, result, before)
        what = acted(mode, result)
        if not result.document or "Traceback" in result.error:
            broken.append(item.stem)
            print(f"  {item.stem}: broken: {result.error[-400:]}")
        elif what:
            lost = _lost(item, before, after)
            spread = noise(item, variant, kept) if lost > 0 else 0.0
            bad = lost > 0 and not lost <= 2 * spread
            row = {"program": item.stem, "twin": item.faulty, "did": in_short(what), "harmed": bad}
            numbers = {"before": before, "after": after, "noise": spread}
            touched.append(row | {name: publish.plain(value) for name, value in numbers.items()})
            print(f"  {item.stem}: {before} -> {after}, seed noise {spread:.3g}, ", end="")
            print("HARMED" if bad else "not harmed")
            for line in what:
                print(f"      {line}")
        elif mode == "live" and tally.differs(result, plain[item, variant]):
            print(
                f"  {item.stem}: nothing acted, yet {tally.differs(result, plain[item, variant])}"
            )
        if what and touched and touched[-1]["harmed"]:
            harmed.append(item.stem)
    alone = len(done) - len(touched) - len(broken)
    print("  left as they were", tally.Share(alone, len(done)))
    print("  harmed           ", tally.Share(len(harmed), len(done)))
    return {"healthy": len(done), "touched": touched, "harmed": harmed, "broken": broken}


def _lost(program: Program, before: float | None, after: float | None) -> float:
    """How much worse the score became, on the scale of its noise; infinite where it is gone."""
    if before is None or not math.isfinite(before):
        return 0.0
    if after is None or not math.isfinite(after):
        return math.inf
    return _scale(program, before) - _scale(program, after)
