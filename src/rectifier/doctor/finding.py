"""What the doctor says: findings and the remedies they propose. Framework-free.

Rules (`rectifier.doctor.rules`) turn a `rectifier.watch.record.Record` into findings; remedies
(`rectifier.doctor.remedies`) act on what a `Remedy` describes; reports draw them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

Severity = Literal["error", "warning", "info"]
SEVERITIES: tuple[Severity, ...] = ("error", "warning", "info")
"""Worst first. ``error`` and ``warning`` harm the training; ``info`` is good to know."""


@dataclass(frozen=True)
class Remedy:
    """One thing to do about a finding.

    Attributes:
        action: Remedy id, such as ``lower_learning_rate``.
        why: One sentence: why this should help here.
        settings: What the action needs, in plain values: ``{"from": 0.5, "to": 0.05}``.
        scope: Where it acts, for the machine rather than the reader: ``sites``, ``layers`` (which
            feed them), ``units`` (numbers of the dead ones, by layer). Empty: everywhere.
    """

    action: str
    why: str
    settings: Mapping[str, Any] = field(default_factory=dict)
    scope: Mapping[str, Any] = field(default_factory=dict)

    def to_dict(self) -> dict[str, Any]:
        """As in the JSON that ``rectifier run --json`` writes."""
        sites = {"sites": list(self.scope["sites"])} if "sites" in self.scope else {}
        return {"action": self.action, **self.settings, **sites, "why": self.why}


@dataclass(frozen=True)
class Finding:
    """One thing that is wrong, or worth knowing, and why.

    Attributes:
        rule: Rule id, such as ``dying_relu``.
        severity: ``error``, ``warning`` or ``info``.
        layer: Module path of the layer concerned; empty where it concerns the whole training.
        site: Name of the site concerned; empty where none.
        source: ``file.py:line`` in the user's code; empty where unknown.
        first_step: First step at which it showed.
        evidence: The measured numbers that the finding rests on.
        cause: One sentence: what happened and why.
        remedies: Most promising first.
        consequence_of: Rule id of the finding that explains this one; empty for a root cause.
        also: Further sites or layers to which the same applies, where findings were merged.
    """

    rule: str
    severity: Severity
    cause: str
    layer: str = ""
    site: str = ""
    source: str = ""
    first_step: int = 0
    evidence: Mapping[str, float] = field(default_factory=dict)
    remedies: tuple[Remedy, ...] = ()
    consequence_of: str = ""
    also: tuple[str, ...] = ()

    def to_dict(self) -> dict[str, Any]:
        """As in the JSON that ``rectifier run --json`` writes."""
        return {
            "rule": self.rule,
            "severity": self.severity,
            "layer": self.layer,
            "site": self.site,
            "source": self.source,
            "first_step": self.first_step,
            "evidence": dict(self.evidence),
            "cause": self.cause,
            "remedies": [remedy.to_dict() for remedy in self.remedies],
            "consequence_of": self.consequence_of,
            "also": list(self.also),
        }
