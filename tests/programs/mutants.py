"""Put faults into healthy programs by rule, and print how many of each kind the tool tells.

    python tests/programs/mutants.py --resume mutants.jsonl              # found, first, accused
    python tests/programs/mutants.py --resume mutants.jsonl --repair 40  # gap regained, of some
    python tests/programs/mutants.py --resume mutants.jsonl --publish docs/doctor.json --when first

Layer: tests. `mutations` holds the faults. A mutant counts where it is harmed: where its metric is
as much worse than the program's own as `tally.worse` asks of a pair. Whoever mends a rule looks at
mutants that it missed, so none of these figures is blind.
"""

from __future__ import annotations

import argparse
import ast
import dataclasses
import hashlib
import json
import math
import os
import sys
import tempfile
import time
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import mutations
import runs
import tally
from kept import Kept
from measure import Unfinished, cured, spread
from suite import Program, programs

COUNTED = ("found", "first", "harmed")
"""What is published of a kind of fault."""

TRIED = 8
"""Programs that a fault is put into at most, until `PER_OPERATOR` of them are harmed."""
PER_OPERATOR = 3
LONGEST = 12.0
"""Seconds that a program that is drawn may take, on a busy core."""


@dataclass(frozen=True)
class Mutant(Program):
    """A healthy program with a fault: ``faulty`` has it, ``healthy`` is the program itself."""

    operator: str = ""

    @property
    def base(self) -> Program:
        """The program itself, whose plain runs are kept under its own name."""
        fields = {f.name: getattr(self, f.name) for f in dataclasses.fields(Program)}
        stem = self.stem.removesuffix(f"-{self.operator}")
        return Program(**(fields | {"stem": stem, "faulty": False, "rules": ()}))

    def script(self, variant: str) -> str:
        """The plain text of either."""
        text = ast.unparse(ast.parse(super().script("healthy"))) + "\n"
        return (mutations.mutate(text, self.operator) or text) if variant == "faulty" else text


def mutant(base: Program, operator: str) -> Mutant | None:
    """The program with this fault; None where it has no place for it."""
    if mutations.mutate(base.script("healthy"), operator) is None:
        return None
    fields = {f.name: getattr(base, f.name) for f in dataclasses.fields(Program)}
    fields |= {"stem": f"{base.stem}-{operator}", "faulty": True}
    fields |= {"rules": mutations.OPERATORS[operator].rules}
    return Mutant(**fields, operator=operator)


def drawn_from(batches: list[str]) -> list[Program]:
    """The healthy programs; or those of some batches, the twins of their faulty ones with them."""
    if not batches:
        return [item for item in programs() if not item.faulty]
    return [dataclasses.replace(p, faulty=False) for p in programs() if p.batch in batches]


def _order(base: Program, operator: str) -> str:
    return hashlib.sha256(f"{operator} {base.stem}".encode()).hexdigest()


def harmed(base: list[Program], operators: Iterable[str], args: argparse.Namespace) -> list[Mutant]:
    """Draw programs for each fault until enough of them are harmed by it."""
    found = []
    for operator in operators:
        tried = hurt = 0
        for program in sorted(base, key=lambda item: _order(item, operator)):
            if tried >= TRIED or hurt >= args.per or time.monotonic() > args.until:
                break
            item = mutant(program, operator)
            before = runs.plain(program, "healthy", args.kept) if item else None
            if item is None or before is None or before.seconds > LONGEST:
                continue
            tried += 1
            after = runs.plain(item, "faulty", args.kept)
            value = program.value(before.printed)
            failed = after.status != 0 and "non-finite" not in after.error
            if not failed and tally.worse(program, item.value(after.printed), value):
                found.append(item)
                hurt += 1
        print(f"  {operator:30s} harmed {hurt} of {tried}", file=sys.stderr, flush=True)
    return found


def table(mutants: list[Mutant], told: dict[Any, runs.Result]) -> dict[str, dict[str, Any]]:
    """Print and return, by fault: harmed, found, first right, and what was told of the others."""
    rows: dict[str, dict[str, Any]] = {}
    for item in mutants:
        verdict = tally.verdict(item, told[item, "faulty"])
        row = rows.setdefault(
            item.operator, {"harmed": 0, "found": 0, "first": 0, "accused": 0, "missed": {}}
        )
        row["harmed"] += 1
        row["found"] += verdict.found
        row["first"] += verdict.first_right
        row["accused"] += bool(verdict.named) and not verdict.found
        if not verdict.first_right:
            row["missed"][item.stem] = list(verdict.told)
    for name, row in rows.items():
        print(f"  {name:30s} harmed {row['harmed']:2d} found {row['found']:2d}", end="")
        print(f" first {row['first']:2d} wrongly accused {row['accused']:2d}")
        for stem, said in row["missed"].items():
            print(f"      {stem}: {', '.join(said) or 'nothing'}")
    total = {key: sum(row[key] for row in rows.values()) for key in COUNTED}
    for name in COUNTED[:2]:
        print(f"  {name} {tally.Share(total[name], total['harmed'])}")
    return rows


def turns(mutants: list[Mutant], count: int) -> list[Mutant]:
    """So many of them, one of each fault in turn."""
    by: dict[str, list[Mutant]] = {}
    for item in mutants:
        by.setdefault(item.operator, []).append(item)
    rounds = max(map(len, by.values()), default=0)
    chosen = [
        items[place] for place in range(rounds) for items in by.values() if place < len(items)
    ]
    return chosen[:count]


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--jobs", type=int, default=1)
    parser.add_argument("--operators", help="with commas between them; all where left out")
    parser.add_argument("--batches", help="with commas: put them into these, twins too")
    parser.add_argument("--per", type=int, default=PER_OPERATOR, help="harmed ones of each fault")
    parser.add_argument("--repair", type=int, default=0, help="put so many through repair")
    parser.add_argument("--resume", type=Path, help="keep runs here; those there are not repeated")
    parser.add_argument("--limit", type=float, default=math.inf, help="begin no run after seconds")
    parser.add_argument("--publish", type=Path, help="add the shares to this file")
    parser.add_argument(
        "--when", default="first", choices=["first", "mended", "later"], help="under this"
    )
    parser.add_argument("--commit", default="", help="the commit that was measured, for --publish")
    parser.add_argument("--gaps", action="store_true", help="without the tool: which are harmed")
    kept = Path(tempfile.gettempdir()) / "rectifier-programs"
    parser.add_argument("--kept", type=Path, default=kept, help="folder for plain runs")
    args = parser.parse_args()
    os.environ["OMP_NUM_THREADS"] = "1"  # before the first process copies this environment
    os.environ["PYTHONPATH"] = str(runs.SOURCE)
    args.until = time.monotonic() + args.limit
    try:
        measured(args)
    except Unfinished as piece:
        print(f"{piece}; the same call goes on from here")
        return 3
    return 0


def measured(args: argparse.Namespace) -> None:
    """Draw the mutants, run what was asked for, print and publish it."""
    operators = args.operators.split(",") if args.operators else list(mutations.OPERATORS)
    base = drawn_from(args.batches.split(",") if args.batches else [])
    mutants, known = harmed(base, operators, args), Kept(args.resume)
    if args.gaps:
        print("\n".join(item.stem for item in mutants))
        return
    jobs = [(item, "faulty") for item in mutants]
    if args.repair:
        jobs = [(item, "faulty") for item in turns(mutants, args.repair)]
        plain = {job: runs.plain(*job, args.kept) for job in jobs}
        plain |= {
            (item, "healthy"): runs.plain(item.base, "healthy", args.kept) for item, _ in jobs
        }
        cured(plain, spread(lambda job: runs.execute(*job, "repair"), jobs, args, known, "repair"))
        return
    rows = table(mutants, spread(lambda job: runs.execute(*job, "run"), jobs, args, known, "run"))
    if args.publish:
        kept = json.loads(args.publish.read_text(encoding="utf-8"))
        faults = {name: [row[key] for key in COUNTED] for name, row in rows.items()}
        kept.setdefault("mutants", {})[args.when] = {"commit": args.commit, "faults": faults}
        text = json.dumps(kept, indent=1, sort_keys=True, ensure_ascii=False) + "\n"
        args.publish.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    sys.exit(main())
