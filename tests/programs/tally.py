"""From the runs of the suite to figures: recall, precision, false alarms, with intervals.

Layer: tests; standard library only. A finding *counts* when it is an error or a warning; ``info``
accuses nobody. A *root* is a finding that counts and is nobody's consequence.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from runs import Result
from suite import Program

Z = 1.959964
"""Two-sided 95 % of the normal distribution."""


@dataclass(frozen=True)
class Share:
    """``hits`` of ``total``."""

    hits: int
    total: int

    @property
    def value(self) -> float:
        return self.hits / self.total if self.total else math.nan

    def interval(self) -> tuple[float, float]:
        """Wilson's 95 % interval (Wilson 1927), sound for few cases and near 0 and 1."""
        if not self.total:
            return (math.nan, math.nan)
        n, p = self.total, self.value
        middle = (p + Z * Z / (2 * n)) / (1 + Z * Z / n)
        half = Z / (1 + Z * Z / n) * math.sqrt(p * (1 - p) / n + Z * Z / (4 * n * n))
        return (max(0.0, middle - half), min(1.0, middle + half))

    def __str__(self) -> str:
        low, high = self.interval()
        return f"{self.value:.2f} ({self.hits}/{self.total}, 95 % interval {low:.2f} to {high:.2f})"


def share(flags: Iterable[bool]) -> Share:
    """How many of them hold."""
    held = list(flags)
    return Share(sum(held), len(held))


def counting(result: Result) -> list[Mapping[str, Any]]:
    """Findings that are an error or a warning, in the tool's order."""
    return [f for f in result.document.get("findings", ()) if f["severity"] != "info"]


def roots(result: Result) -> list[Mapping[str, Any]]:
    """Those that are nobody's consequence."""
    return [f for f in counting(result) if not f.get("consequence_of")]


@dataclass(frozen=True)
class Verdict:
    """What the tool said of one faulty program."""

    program: Program
    named: tuple[str, ...]
    told: tuple[str, ...]

    @property
    def found(self) -> bool:
        """Whether a finding that counts names an acceptable root cause."""
        return bool(set(self.named) & set(self.program.rules))

    @property
    def first_right(self) -> bool:
        """Whether the first finding does."""
        return bool(self.named) and self.named[0] in self.program.rules


def verdict(program: Program, result: Result) -> Verdict:
    """Judge the findings of a faulty program's run."""
    told = tuple(f"{f['rule']}:{f['severity']}" for f in result.document.get("findings", ()))
    return Verdict(program, tuple(f["rule"] for f in counting(result)), told)


def precision(faulty: Sequence[tuple[Program, Result]], healthy: Sequence[Result]) -> Share:
    """Of the root causes named anywhere, those that are acceptable; one per rule and run."""
    right = [
        rule in program.rules
        for program, result in faulty
        for rule in {f["rule"] for f in roots(result)}
    ]
    wrong = [False for result in healthy for _ in {f["rule"] for f in roots(result)}]
    return share(right + wrong)


def differs(tool: Result, plain: Result) -> list[str]:
    """Where a run under the tool behaved otherwise than without it."""
    found = []
    if tool.status != plain.status:
        found.append(f"exit status {tool.status} in place of {plain.status}")
    if tool.output != plain.output:
        pairs = zip(tool.output.splitlines(), plain.output.splitlines(), strict=False)
        line = next((f"{a!r} in place of {b!r}" for a, b in pairs if a != b), "other length")
        found.append(f"other output: {line}")
    if tool.mode == "run" and not tool.document:
        found.append(f"no document written; {tool.error[-300:]}")
    if "Traceback" in tool.error and "Traceback" not in plain.error:
        found.append(f"a traceback: {tool.error[tool.error.index('Traceback') :][-600:]}")
    return found


def worse(program: Program, faulty: float | None, healthy: float | None) -> bool:
    """Whether the fault shows in the metric: by a twentieth of a share, or a quarter of a loss."""
    if healthy is None or not math.isfinite(healthy):
        return False
    if faulty is None or not math.isfinite(faulty):
        return True
    return healthy - faulty >= 0.05 if program.up else faulty >= 1.25 * healthy


def last(metrics: dict[str, list[float]], item: Program) -> float | None:
    """The last value of the program's metric among those that the tool read."""
    names = [name for name in metrics if name.endswith(item.metric.lower())]
    return metrics[names[0]][-1] if names and metrics[names[0]] else None


def recovered(program: Program, before: float, after: float, twin: float) -> float:
    """Share of the gap to the healthy twin that a repair closed; losses on a log scale.

    A metric that was not finite counts as zero (``up``; where others are below zero, as ten times
    the lowest of them) or as ten times the largest other one.
    """
    if not program.up:
        top = 10 * max((v for v in (before, after, twin) if math.isfinite(v)), default=1.0)
        before, after, twin = (
            -math.log(max(v, 1e-12)) if math.isfinite(v) else -math.log(max(top, 1e-12))
            for v in (before, after, twin)
        )
    else:
        low = 10 * min(0.0, *(v for v in (before, after, twin) if math.isfinite(v)))
        before, after = (v if math.isfinite(v) else low for v in (before, after))
    gap = twin - before
    return (after - before) / gap if gap > 0 else math.nan
