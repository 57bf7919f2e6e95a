"""From a record to findings, root cause first. Framework-free, a pure function.

Each rule judges alone; here their findings are put in causal order. A rule declares which other
rules' findings are its consequences (`Rule.explains`); a finding is a consequence when such a rule
fired, harmfully, no later than it. Roots come first, each directly followed by its consequences,
``info`` last.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence

import numpy as np

from rectifier.doctor import rules as registry
from rectifier.doctor.finding import SEVERITIES, Finding
from rectifier.doctor.rule import Rule
from rectifier.doctor.targets import with_units
from rectifier.doctor.wording import listing
from rectifier.watch.record import Record

SLACK = 10
"""Steps by which a consequence may show before its cause does: both are read from samples."""

SEPARATE = 3
"""Findings of one rule with one cause that are told one by one; from there on they are merged."""


def diagnose(record: Record, rules: Sequence[str] | None = None) -> tuple[Finding, ...]:
    """Judge a run.

    Args:
        record: What was measured.
        rules: Ids of the rules to apply; None: all.

    Returns:
        Findings, most likely root cause first, each root followed by its consequences.

    Raises:
        UnknownNameError: A rule of that id does not exist; the message lists the nearest ones.
    """
    chosen = [registry.get(name) for name in (registry.names() if rules is None else rules)]
    with np.errstate(all="ignore"):  # a network that diverges in double precision passes 1e200
        found = [finding for rule in chosen for finding in _merge(rule.check(record))]
    return _order(with_units(found, record), {rule.id: rule for rule in chosen})


def _merge(findings: Sequence[Finding]) -> list[Finding]:
    """At most `SEPARATE` findings per severity of one rule; the last of them names the rest."""
    merged: list[Finding] = []
    for severity in SEVERITIES:
        same = [finding for finding in findings if finding.severity == severity]
        if len(same) <= SEPARATE:
            merged += same
            continue
        kept, rest = same[: SEPARATE - 1], same[SEPARATE - 1 :]
        lead = rest[0]
        others = listing([repr(finding.layer or finding.site) for finding in rest[1:]], limit=4)
        merged += kept
        merged.append(
            dataclasses.replace(
                lead,
                cause=f"{lead.cause} The same holds for {others}.",
                also=tuple(finding.site or finding.layer for finding in rest[1:]),
            )
        )
    return merged


def _order(findings: list[Finding], rules: dict[str, Rule]) -> tuple[Finding, ...]:
    rank = {severity: place for place, severity in enumerate(SEVERITIES)}

    def explained_by(finding: Finding) -> Finding | None:
        causes = [
            other
            for other in findings
            if other.rule != finding.rule
            and other.severity != "info"
            and finding.rule in rules[other.rule].explains
            and other.first_step <= _shown(finding) + SLACK
            and not _mutual(other, finding, rules)
        ]
        return min(causes, key=lambda other: other.first_step, default=None)

    cause_of = {id(finding): explained_by(finding) for finding in findings}

    def root_of(finding: Finding) -> Finding:
        seen = {id(finding)}
        cause = cause_of[id(finding)]
        while cause is not None and id(cause) not in seen:
            seen.add(id(cause))
            finding, cause = cause, cause_of[id(cause)]
        return finding

    def key(finding: Finding) -> tuple[float, ...]:
        root = root_of(finding)
        return (
            finding.severity == "info",
            rank[root.severity],
            root.first_step,
            findings.index(root),
            finding is not root,
            rank[finding.severity],
            finding.first_step,
            findings.index(finding),
        )

    ordered = sorted(findings, key=key)
    return tuple(
        finding
        if (cause := cause_of[id(finding)]) is None
        else dataclasses.replace(finding, consequence_of=cause.rule)
        for finding in ordered
    )


def _shown(finding: Finding) -> float:
    """When it had come to pass: of deaths that dragged on, the median one counts."""
    return max(finding.first_step, finding.evidence.get("median_death_step", 0.0))


def _mutual(other: Finding, finding: Finding, rules: dict[str, Rule]) -> bool:
    """Of two rules that may each explain the other, the one that showed first is the cause."""
    if other.rule not in rules[finding.rule].explains:
        return False
    return (other.first_step, other.rule) > (finding.first_step, finding.rule)
