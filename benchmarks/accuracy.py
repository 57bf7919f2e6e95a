"""Largest errors of values and first derivatives, in units in the last place.

Measured are the default paths of NumPy and PyTorch here, and beside them rectifier on JAX and Keras
and the functions that torch, JAX and Keras (on its torch backend) have themselves, from the same
inputs: every fp16 and bf16 number; of fp32 one of each 4096, and those around kinks, zeros of the
derivative, 0 and the ends of the range. With --exhaustive all 2**32 inputs of the twenty most used
activations go through NumPy and PyTorch too. `precision.formats` says what an error in ulp is,
`precision.sweep` what it is beside a zero of the derivative, `precision.references` what the
results are held against; those are held to mpmath here, and the table ends with where they fail.

With --fp64 the same is measured in fp64 instead, at 300 inputs of each activation, against mpmath
alone (`precision.double`); that takes two minutes.

An interrupted run goes on where it stopped (--store), as long as the code is the same; for the
twenty, as long as their kernels are.
"""

from __future__ import annotations

import argparse
import dataclasses
import datetime
import json
import multiprocessing
import os
import platform
import sys
import time
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from pathlib import Path
from typing import Any

os.environ["OMP_NUM_THREADS"] = "1"  # the work is spread over processes; before NumPy and torch
os.environ.setdefault("MALLOC_MMAP_THRESHOLD_", "33554432")  # or page faults take half the time
os.environ.setdefault("MALLOC_TRIM_THRESHOLD_", "268435456")

import torch
from precision import contestants, double, inspection, results, sweep
from precision.formats import FORMATS
from precision.references import CORE

from rectifier import catalog
from rectifier.kernels import native

HALVES = ("float16", "bfloat16")
_CHUNK = 1 << 24


def main() -> None:
    """Measure, print the table, write the summary."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--quick", action="store_true", help="a sample of the sample, in a minute")
    parser.add_argument("--exhaustive", action="store_true", help="all fp32 inputs of the twenty")
    parser.add_argument("--fp64", action="store_true", help="a sample in fp64, and nothing else")
    parser.add_argument("--only", default="", help="names, separated by commas")
    parser.add_argument("--ours", action="store_true", help="leave the frameworks' own out")
    parser.add_argument("--jobs", type=int, default=max(1, (os.cpu_count() or 2) // 2))
    parser.add_argument("--store", type=Path, default=Path("build/accuracy.jsonl"))
    parser.add_argument(
        "--summary", action="store_true", help="measure nothing, show what is known"
    )
    parser.add_argument("--json", type=Path, help="where to write the summary")
    options = parser.parse_args()
    if options.exhaustive and not native.available():
        sys.exit(f"--exhaustive measures the compiled kernels, and {native.why_not()}")
    names = [n for n in options.only.split(",") if n] or list(catalog.names())
    names = [catalog.get(name).name for name in names]
    if options.fp64:
        keep(sampled_in_double(names, options.jobs), options.json)
        return
    work = plan(names, options)
    kernels = (results.kernel_fingerprint(name) for name in CORE)
    store = results.Store(options.store, {*results.fingerprints().values(), *kernels})
    if store.dropped:
        print(f"{store.dropped} results of other code dropped from {options.store}")
    todo = [item for item in work if item.key not in store.lines]
    print(f"{len(work)} tasks, {len(work) - len(todo)} of them done before; {machine()}")
    complete = run([] if options.summary else todo, store, options.jobs)
    summary = summarise(names, work, store, options.quick)
    print(table(summary))
    keep(summary, options.json)
    if not complete:
        sys.exit("interrupted; the same command goes on from here")


def keep(summary: dict[str, Any], file: Path | None) -> None:
    """Write a summary where that was asked for."""
    if file:
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(json.dumps(summary, indent=1) + "\n", encoding="utf-8")
        print(f"wrote {file}")


def sampled_in_double(names: list[str], jobs: int) -> dict[str, Any]:
    """Measure in fp64, print the table, and return everything for the documentation."""
    print(f"{len(names)} activations in fp64; {machine()}")
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(jobs, mp_context=context) as pool:
        rows = list(pool.map(double.measure, names))
    print(double.table(rows))
    return {
        "schema": 1,
        "machine": machine(),
        "versions": results.frameworks(),
        "date": datetime.datetime.now(datetime.UTC).date().isoformat(),
        "compiled": "float64" in native.element_types(),
        "points": double.POINTS,
        "rows": rows,
    }


@dataclasses.dataclass(frozen=True)
class Work:
    """A task with the fingerprint under which its result is kept."""

    task: sweep.Task | inspection.Check
    stamp: str

    @property
    def key(self) -> str:
        """The name of the result."""
        return f"{self.task.key}/{results.formula_hash(self.task.name)}/{self.stamp}"


def plan(names: list[str], options: argparse.Namespace) -> list[Work]:
    """Return the work: the front ends with kernels first, then what is only as good as others."""
    stamps = results.fingerprints()
    there = contestants.installed()
    traced = tuple(who for who in contestants.TRACED if there[who])
    groups = [("ours", contestants.OURS), ("ours", traced)]
    if not options.ours:
        groups += [("others", (who,)) for who in contestants.OTHERS if there[who]]
    points = 20 if options.quick else 120
    finer = 16 if options.quick else 1
    work = []
    for name in names:
        work.append(Work(inspection.Check(name, points), stamps["others"]))
        for stamp, who in groups:
            tasks = [
                sweep.Task(name, "float32", -1, 0, 1, who),
                sweep.Task(name, "float32", 0, 1 << 32, 4096 * finer, who),
                *(sweep.Task(name, dtype, 0, 1 << 16, finer, who) for dtype in HALVES),
            ]
            work += [Work(task, stamps[stamp]) for task in tasks]
    work.sort(key=_turn)
    if options.exhaustive:
        for name in [name for name in names if name in CORE]:
            stamp = results.kernel_fingerprint(name)
            for start in range(0, 1 << 32, _CHUNK):
                stop = start + _CHUNK
                task = sweep.Task(name, "float32", start, stop, 1, contestants.OURS, True)
                work.append(Work(task, stamp))
    return work


def _turn(work: Work) -> int:
    """Return when some work is due: what runs by default here, the references, the others."""
    if isinstance(work.task, inspection.Check):
        return 1
    if work.task.who == contestants.OURS:
        return 0
    return 3 if set(work.task.who) <= set(contestants.OTHERS) else 2


def _do(task: sweep.Task | inspection.Check) -> dict[str, Any]:
    torch.set_num_threads(1)
    if isinstance(task, sweep.Task):
        return sweep.measure(task)
    return inspection.check_reference(task)


def run(todo: list[Work], store: results.Store, jobs: int) -> bool:
    """Do the work; return whether all of it is done."""
    if not todo:
        return True
    started = time.monotonic()
    context = multiprocessing.get_context("spawn")
    done = 0
    with ProcessPoolExecutor(jobs, mp_context=context) as pool:
        waiting: dict[Future[dict[str, Any]], Work] = {}
        queue = iter(todo)
        try:
            while True:
                for work in queue:
                    waiting[pool.submit(_do, work.task)] = work
                    if len(waiting) >= 2 * jobs:
                        break
                if not waiting:
                    return True
                for future in wait(waiting, return_when=FIRST_COMPLETED).done:
                    work = waiting.pop(future)
                    store.add({**future.result(), "key": work.key, "stamp": work.stamp})
                    done += 1
                left = (time.monotonic() - started) / max(done, 1) * (len(todo) - done) / 60
                if sys.stderr.isatty() or done % 50 == 0:
                    line = results.progress(
                        f"{work.task.key}, {left:.0f} min left", done, len(todo)
                    )
                    print(line, end="", file=sys.stderr, flush=True)
        except KeyboardInterrupt:
            pool.shutdown(wait=False, cancel_futures=True)
            return False
        finally:
            print(file=sys.stderr)


def summarise(
    names: list[str], work: list[Work], store: results.Store, quick: bool
) -> dict[str, Any]:
    """Return everything that is known, for the table and for the documentation."""
    lines: dict[tuple[str, str], list[dict[str, Any]]] = {}
    checks = {}
    for each in work:
        line = store.lines.get(each.key)
        if line is None:
            continue
        if isinstance(each.task, sweep.Task):
            lines.setdefault((line["name"], line["dtype"]), []).append(line)
        else:
            checks[line["name"]] = line
    keys = [(name, dtype) for name in names for dtype in FORMATS if (name, dtype) in lines]
    return {
        "schema": 1,
        "machine": machine(),
        "versions": results.frameworks(),
        "date": datetime.datetime.now(datetime.UTC).date().isoformat(),
        "quick": quick,
        "bars": {k: {"value": f.value_bar, "slope": f.slope_bar} for k, f in FORMATS.items()},
        "steep": {name: places for name in names if (places := inspection.steep(name))},
        "rows": [_row(name, dtype, lines[name, dtype]) for name, dtype in keys],
        "references": {
            name: {order: line[order] for order in ("value", "slope")}
            for name, line in checks.items()
        },
    }


def _row(name: str, dtype: str, lines: list[dict[str, Any]]) -> dict[str, Any]:
    whole = sum(line["inputs"] for line in lines if line["whole"])
    row: dict[str, Any] = {
        "name": name,
        "dtype": dtype,
        "share": min(1.0, whole / FORMATS[dtype].patterns) if whole else 1 / 4096,
        "of": {},
    }
    for who in (*contestants.OURS, *contestants.TRACED, *contestants.OTHERS):
        pair = {o: results.worst(lines, name, dtype, who, o) for o in ("value", "slope")}
        if pair["value"] is not None:
            faults = inspection.at_the_ends(name, who, dtype)
            row["of"][who] = {**pair, "faults": faults}
    return row


def machine() -> str:
    """Return what this runs on."""
    cpuinfo = Path("/proc/cpuinfo")
    text = cpuinfo.read_text(encoding="utf-8") if cpuinfo.exists() else ""
    wide = "AVX-512" if "avx512dq" in text else "AVX2" if "avx2" in text else "no AVX2"
    return f"{platform.machine()} ({wide}), {platform.system()}, Python {platform.python_version()}"


def table(summary: dict[str, Any]) -> str:
    """Return the summary as text: value and derivative, a miss marked by an asterisk."""
    shown = (*contestants.OURS, *contestants.TRACED, *contestants.OTHERS)
    head = "".join(f"{who.replace('rectifier.', 'r.'):>19}" for who in shown)
    out = [f"largest error in ulp, value / derivative; * misses its bar\n{'':19}{'':9}{head}"]
    for row in summary["rows"]:
        cells = []
        for who in shown:
            pair = row["of"].get(who)
            text = "–" if pair is None else " / ".join(_cell(pair[o]) for o in ("value", "slope"))
            cells.append(f"{text + ('!' if pair and pair['faults'] else ''):>19}")
        mark = "" if row["share"] == 1 else "~"
        out.append(f"{row['name']:19}{row['dtype'] + mark:9}{''.join(cells)}")
    out.append("~ not all inputs; ! wrong at NaN or at an infinity, see the summary")
    for name, check in summary["references"].items():
        for order in ("value", "slope"):
            if check[order]["ulp"] == "inf" or check[order]["ulp"] > 0.02:
                error, x = check[order]["ulp"], check[order]["x"]
                out.append(f"reference of {name}, {order}: off by {error} ulp of fp32 at {x!r}")
    return "\n".join(out)


def _cell(error: dict[str, Any]) -> str:
    return figure(error["ulp"]) + ("" if error["passed"] and not error["not_nan"] else "*")


def figure(number: float | str) -> str:
    """Return an error in ulp as short text."""
    if isinstance(number, str):
        return number
    return f"{number:.2f}" if number < 100 else f"{number:.0e}".replace("e+0", "e")


if __name__ == "__main__":
    main()
