"""All claims together: found by scanning, measured on demand, judged by `verdict` alone.

Layer: claims. What came with the package (``committed.json``) is the last result of each claim that
was kept, with its effort, quick or full; what was measured here takes its place.
"""

from __future__ import annotations

import importlib
import json
import math
import os
import pkgutil
import platform
import re
import time
from collections.abc import Callable, Iterable, Mapping
from functools import cache
from importlib import resources
from pathlib import Path

import rectifier.claims
from rectifier import __version__
from rectifier.claims.claim import Claim
from rectifier.claims.lab import Lab
from rectifier.claims.record import Entry, Result
from rectifier.claims.verdict import conclude, deciding, is_open, readings, reason
from rectifier.compare.trial import package_version
from rectifier.errors import UnknownNameError

COMMITTED = "committed.json"


@cache
def claims() -> Mapping[str, Claim]:
    """Every claim by its number, in order."""
    found: dict[str, Claim] = {}
    for file in pkgutil.iter_modules(rectifier.claims.__path__):
        module = importlib.import_module(f"rectifier.claims.{file.name}")
        for value in vars(module).values():
            if isinstance(value, Claim):
                if found.get(value.id, value) is not value:
                    raise ValueError(f"two claims are numbered {value.id}")
                found[value.id] = value
    return dict(sorted(found.items()))


def get(name: str) -> Claim:
    """The claim of a number, in any case: ``C07``, ``c7`` and ``7`` are one.

    Raises:
        UnknownNameError: There is no such claim.
    """
    number = re.fullmatch(r"[cC]?0*([1-9]\d*)", name.strip(), flags=re.ASCII)
    found = claims().get(f"C{int(number[1]):02}") if number else None
    if found is None:
        raise UnknownNameError("claim", name, claims())
    return found


def committed() -> dict[str, Result]:
    """Results that came with the package."""
    file = resources.files("rectifier.claims").joinpath(COMMITTED)
    if not file.is_file():
        return {}
    return {
        name: Result.from_dict(values)
        for name, values in json.loads(file.read_text("utf-8"))["results"].items()
    }


def write_committed(path: str | Path, results: Mapping[str, Result]) -> None:
    """Write results in the form of the file that comes with the package."""
    data = {"schema": 1, "results": {k: results[k].to_dict() for k in sorted(results)}}
    lines = json.dumps(data, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
    # A claim a line, so that a later run shows as the lines it changed.
    Path(path).write_text(lines.replace('},"C', '},\n"C') + "\n", encoding="utf-8")


def entry(claim: Claim, result: Result | None, *, here: bool) -> Entry:
    """A claim with its result and its verdict."""
    fits = result is not None and len(result.estimates) == len(claim.quantities)
    estimates = result.estimates if result is not None and fits else ()
    word = conclude(claim.quantities, estimates)
    given = estimates or (None,) * len(claim.quantities)
    told = "; ".join(
        f"{q.name}: {reason(q, e)}"
        for q, e in zip(claim.quantities, given, strict=True)
        if q.stated is not None
    )
    return Entry(
        id=claim.id,
        claim=claim.claim,
        quote=claim.quote,
        section=claim.section,
        kind=claim.kind,
        source=claim.source,
        says=claim.says,
        protocol=claim.protocol,
        quantities=claim.quantities,
        result=result if fits else None,
        verdict=word,
        reason=told,
        here=here and fits,
        open=is_open(claim.quantities, estimates),
        readings=readings(claim.quantities, estimates),
        decides=deciding(claim.quantities, estimates),
        words=claim.words,
    )


def entries(here: Mapping[str, Result], names: Iterable[str] | None = None) -> tuple[Entry, ...]:
    """Entries of claims: with what was measured here, else with what came with the package.

    Args:
        here: Results of this machine.
        names: Numbers of claims; None: all.
    """
    kept = committed()
    chosen = claims().values() if names is None else [get(name) for name in names]
    return tuple(
        entry(claim, here.get(claim.id, kept.get(claim.id)), here=claim.id in here)
        for claim in chosen
    )


def by_length(chosen: Iterable[Claim]) -> list[Claim]:
    """Claims, those first that took most processor time when they were last measured for us."""
    kept = committed()

    def seconds(claim: Claim) -> float:
        result = kept.get(claim.id)
        return math.inf if result is None else float(result.circumstances["processor seconds"])

    return sorted(chosen, key=seconds, reverse=True)


def measure(claim: Claim, lab: Lab, *, clock: Callable[[], float] = time.time) -> Result | None:
    """Measure a claim; None for a record."""
    if claim.measure is None:
        return None
    begun, own = clock(), time.thread_time()
    lab.seeds_used, lab.processor = 0, 0.0
    found = claim.measure(lab)
    return Result(
        estimates=tuple(found.estimates),
        pictures=tuple(found.pictures),
        notes=tuple(found.notes),
        circumstances={
            "effort": lab.effort,
            "date": time.strftime("%Y-%m-%d", time.gmtime(begun)),
            "processor seconds": f"{time.thread_time() - own + lab.processor:.1f}",
            **({"seeds": f"0 to {lab.seeds_used - 1}"} if lab.seeds_used else {}),
            **machine(),
        },
    )


def machine() -> dict[str, str]:
    """What an experiment runs on."""
    return {
        "machine": f"{platform.system()} {platform.machine()}, {os.cpu_count()} cores",
        "rectifier": __version__,
        "python": platform.python_version(),
        **{name: package_version(name) for name in ("torch", "numpy", "scipy")},
    }
