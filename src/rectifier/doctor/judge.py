"""Which remedies to try, and whether a rerun under them was better. Framework-free, pure.

Layer: doctor. `plans` turns findings into treatments in the order to try them; `compare` weighs a
treated run against the sick one by what was found in it, by its loss, and by what the script itself
prints. Running them is left to `rectifier.doctor.repair`.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from rectifier.doctor import evidence, metrics
from rectifier.doctor.finding import Finding, Remedy
from rectifier.doctor.outcome import RepairVerdict, Run
from rectifier.doctor.wording import number

AT_ONCE = 3
"""Remedies of one treatment at most: one for each independent root cause."""

_ALONE = {"lower_learning_rate": "to", "clip_gradients": "max_norm"}
"""Remedies of which the gentlest holds where two findings ask for one: by that setting."""


def harmful(findings: Sequence[Finding]) -> list[Finding]:
    """Those that harm the training, in order."""
    return [finding for finding in findings if finding.severity != "info"]


def plans(findings: Sequence[Finding], known: Sequence[str]) -> list[tuple[Remedy, ...]]:
    """Treatments in the order to try them.

    The first treats every independent root cause with its most promising remedy; later ones go on
    to the next remedy of the first cause, then of its consequences, each with the rest unchanged.

    Args:
        findings: The doctor's, root cause first.
        known: Ids of the remedies that can be carried out.
    """
    bad = [
        (finding, [remedy for remedy in finding.remedies if remedy.action in known])
        for finding in harmful(findings)
    ]
    bad = [(finding, remedies) for finding, remedies in bad if remedies]
    if not bad:
        return []
    roots = [remedies for finding, remedies in bad if not finding.consequence_of] or [bad[0][1]]
    tried: list[tuple[Remedy, ...]] = [_together([remedies[0] for remedies in roots])]
    for remedies in [roots[0][1:], *(rest for _, rest in bad)]:
        for remedy in remedies:
            treatment = _together([remedy, *(others[0] for others in roots[1:])])
            if {r.action for r in treatment} not in [{r.action for r in t} for t in tried]:
                tried.append(treatment)
    return tried


def _together(remedies: Sequence[Remedy]) -> tuple[Remedy, ...]:
    """One remedy per action: of sites the union, of numbers the gentlest."""
    merged: dict[str, Remedy] = {}
    for remedy in remedies:
        known = merged.get(remedy.action)
        if known is None:
            if len(merged) < AT_ONCE:
                merged[remedy.action] = remedy
            continue
        settings = known.settings
        key = _ALONE.get(remedy.action)
        if key and remedy.settings.get(key, math.inf) < settings.get(key, math.inf):
            settings = remedy.settings
        merged[remedy.action] = Remedy(known.action, known.why, settings, _joint(known, remedy))
    return tuple(merged.values())


def _joint(one: Remedy, other: Remedy) -> dict[str, Any]:
    """Both scopes together; an empty one is everywhere and stays so."""
    if not one.scope or not other.scope:
        return {}
    joint: dict[str, Any] = {**other.scope, **one.scope}
    for name in ("sites", "layers"):
        found = [*one.scope.get(name, ()), *other.scope.get(name, ())]
        if found:
            joint[name] = list(dict.fromkeys(found))
    if "units" in joint:
        joint["units"] = {**other.scope.get("units", {}), **one.scope.get("units", {})}
    return joint


@dataclass(frozen=True)
class Comparison:
    """A treated run against the sick one.

    Attributes:
        verdict: As in `Repair.verdict`, had this been the only attempt.
        metric: The printed number that was compared; empty if none was.
        metric_gain: How much better it is; NaN if none was.
        loss_gain: How much lower the loss ended; NaN if not known.
        findings_gone: How many harmful findings fewer.
    """

    verdict: RepairVerdict
    metric: str
    metric_gain: float
    loss_gain: float
    findings_gone: int

    @property
    def rank(self) -> tuple[float, ...]:
        """Larger is better."""
        order = ("not repaired", "improved", "repaired")
        known = [0.0 if math.isnan(g) else g for g in (self.metric_gain, self.loss_gain)]
        return (order.index(self.verdict), known[0], self.findings_gone, known[1])


def compare(before: Run, after: Run) -> Comparison:
    """Weigh a treated run.

    "Worse" and "better" need a difference of at least a hundredth of the sick run's value (of one
    point, for shares), so that the noise of one run decides nothing. The number that the script
    prints outweighs the loss, since a remedy may change what the loss measures.
    """
    name = metrics.principal({k: v for k, v in before.metrics.items() if k in after.metrics}) or ""
    gain = metrics.gain(name, before.metrics[name], after.metrics[name]) if name else math.nan
    loss = _loss_gain(before, after)
    fewer = len(harmful(before.findings)) - len(harmful(after.findings))
    old = before.metrics[name][-1] if name else math.nan
    margin = 0.01 * max(1.0 if 0 <= old <= 1 else abs(old), 1e-12) if math.isfinite(old) else 0.0
    measured = gain if name else loss
    if not name:
        start = abs(evidence.loss_of(before.record).end)
        margin = 0.01 * start if math.isfinite(start) else 0.0
    worse = measured < -margin or (after.status != 0 and before.status == 0)
    better = measured > margin or (after.status == 0 and before.status != 0)
    verdict: RepairVerdict = "not repaired"
    if not worse and after.record.steps:
        if better and not harmful(after.findings):
            verdict = "repaired"
        elif better or fewer > 0:
            verdict = "improved"
    return Comparison(verdict, name, gain, loss, fewer)


def _loss_gain(before: Run, after: Run) -> float:
    old, new = evidence.loss_of(before.record).end, evidence.loss_of(after.record).end
    if math.isnan(new):
        return math.nan
    if not math.isfinite(old):
        return math.inf if math.isfinite(new) else 0.0
    return old - new


def proof(before: Run, after: Run, comparison: Comparison) -> str:
    """The numbers that show it, as the end of a sentence."""
    parts = []
    if comparison.metric:
        old, new = (f"{run.metrics[comparison.metric][-1]:.3g}" for run in (before, after))
        parts.append(f"{comparison.metric} {old} → {new}")
    losses = (evidence.loss_of(run.record).end for run in (before, after))
    old, new = (number(value) for value in losses)
    if old != "unknown" and new != "unknown":
        parts.append(f"training loss {old} → {new}")
    dead = [max((site.dead for site in run.record.sites), default=0.0) for run in (before, after)]
    if max(dead) >= 0.1:
        parts.append(f"most dead layer {100 * dead[0]:.0f} % → {100 * dead[1]:.0f} % dead")
    counts = [len(harmful(run.findings)) for run in (before, after)]
    parts.append(f"harmful findings {counts[0]} → {counts[1]}")
    return ", ".join(parts)
