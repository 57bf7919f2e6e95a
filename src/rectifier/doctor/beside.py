"""What a rerun takes on beside its treatment, where something else keeps the training back.

Layer: doctor, framework-free and pure, for `rectifier.doctor.falling_back`. One cause may hide
another: where the first remedy is at work and the loss stands all the same, the record so far is
judged once more. A run that is cut off early looks ill more easily than a whole one, so only what
the sick run had too counts, or what is an error.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence

import numpy as np

from rectifier.doctor import evidence, in_turn, judge, progress
from rectifier.doctor.finding import Finding, Remedy
from rectifier.doctor.first_of_all import surest
from rectifier.watch.record import Record

FAR = 0.5
"""Of its first loss what a training has left that is still near its start, where the cause is
certain: a loss that stands lower may have come to its end."""


def stands(losses: Sequence[float], window: int) -> bool:
    """Whether a loss that is still near its start falls no more.

    Args:
        losses: Of the rerun's steps under the treatment, in order.
        window: How many of the latest to weigh.
    """
    known = evidence.finite(np.array(losses))
    own = known[-window:]
    if own.size < 3 or not known[0] > 0 or progress.gets_on(own):
        return False
    return bool(own[-(own.size // 3) :].mean() >= FAR * known[: max(1, window // 10)].mean())


def _lasts(finding: Finding) -> bool:
    """Whether it is read off the program, or a whole layer that never gave anything."""
    silent = finding.rule == "born_dead" and finding.evidence.get("dead", 0.0) >= 1.0
    return finding.severity == "error" and (silent or finding.rule in judge.WRITTEN)


def beside(
    treatment: Sequence[Remedy],
    findings: Sequence[Finding],
    sick: Collection[str],
    known: Sequence[str],
    record: Record,
    *,
    still: bool,
) -> tuple[Finding, tuple[Remedy, ...]] | None:
    """What is found now, and the treatment with the remedies for it as well.

    Rates are left out: they are tried anyhow, and of so few steps their evidence is thin.

    Args:
        treatment: What is at work.
        findings: The doctor's of the record so far, root cause first.
        sick: Rules that harmed the sick run.
        known: Ids of the remedies that can be carried out.
        record: So far.
        still: Whether the loss stands; where it falls, only what nothing else can mend counts.
    """
    left = [f for f in judge.harmful(findings) if f.rule in sick or f.severity == "error"]
    left = [f for f in left if any(r.action in known for r in f.remedies)]
    left = [f for f in left if still or (_lasts(f) and f.rule in sick)]
    if not left:
        return None
    at_work = {remedy.action for remedy in treatment if not remedy.settings.get("guard")}
    left[0] = surest(left[0], record)
    first = in_turn.treatments(left, known, record)[0]
    more = [r for r in first if r.action not in (*at_work, *judge.RATES)]
    return (left[0], (*treatment, *more)) if more else None
