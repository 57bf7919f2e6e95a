"""What is tried before the remedies of the findings, as the record itself speaks for it.

Layer: doctor, framework-free and pure, for `rectifier.doctor.in_turn`. A rule names the harm that
it is about; where a plain slip stands behind it, a bound that cuts every gradient, a decay that
takes the weights away, targets on another scale than the loss wants, a constant typed for biases,
that is what to mend first.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence

import numpy as np

from rectifier.doctor import decaying, evidence, judge
from rectifier.doctor.finding import Finding, Remedy
from rectifier.doctor.rules.unsuitable_output_activation import ENTROPIES, SLACK
from rectifier.watch.record import Record

ALIKE, EVEN = 20, 0.02
"""Steps at least, and spread of the gradients' norm over its median between the tenth and the
ninetieth of a hundred, from which they are not as they come: batches differ by more."""

WITHERING = frozenset({
    "dying_relu", "born_dead", "dormant_units", "vanishing_gradient", "learning_rate_too_low",
    "learning_rate_too_high",
})  # fmt: skip
"""Rules whose harm a decay does that takes the weights away."""

FEW = 4
"""Units of a layer that all are silent with a chance of one in sixteen, however they are drawn."""

LITTLE = 0.1
"""Least target over the largest, up to which it stands for nought."""


def before_others(findings: Sequence[Finding], record: Record) -> list[tuple[Remedy, ...]]:
    """Treatments that come first.

    Args:
        findings: The doctor's, root cause first.
        record: Of the sick run.
    """
    bad = judge.harmful(findings)
    if not bad:
        return []
    return [
        *_loosened(bad[0], record),
        *_undecayed(bad[0], record),
        *_within(bad[0], record),
        *_unbiased(bad[0], record),
    ]


def _loosened(cause: Finding, record: Record) -> list[tuple[Remedy, ...]]:
    """A looser bound of the gradients, where steps are too small and one cuts each of them.

    Gradients as they come differ in their norm from batch to batch; cut ones are as long as the
    bound, each of them.
    """
    norms = evidence.finite(record.training.gradient_norm)
    if cause.rule != "learning_rate_too_low" or norms.size < ALIKE:
        return []
    low, middle, high = np.percentile(norms, (10, 50, 90))
    if not high - low < EVEN * middle:
        return []
    why = "A bound that cuts every gradient a hundredfold leaves steps of next to nothing."
    return [(Remedy("clip_gradients", why, {"loosen": True}),)]


def _undecayed(cause: Finding, record: Record) -> list[tuple[Remedy, ...]]:
    """A usual decay, where one takes the weights away, whatever that brought about."""
    found = decaying.decaying(record, "error")
    if cause.rule not in WITHERING or found is None:
        return []
    if cause.rule == "learning_rate_too_high" and "taken" not in found.evidence:
        return []  # what the gradient was at the start tells nothing of steps that overshoot
    return [found.remedies]


def _within(cause: Finding, record: Record) -> list[tuple[Remedy, ...]]:
    """Targets of a binary cross-entropy from 0 to 1, where they are on another scale."""
    if cause.rule != "unsuitable_output_activation" or cause.remedies:
        return []
    found = [
        head
        for head in record.circumstances.heads
        if any(name in ENTROPIES for name in head.chain)
        and not (head.target_low >= -SLACK and head.target_high <= 1 + SLACK)
        and head.target_high > head.target_low
    ]
    if not found:
        return []
    low, high = min(h.target_low for h in found), max(h.target_high for h in found)
    if 0 <= low <= LITTLE * high:
        low = 0.0
    why = "A binary cross-entropy wants targets from 0 to 1."
    given = {"target_low": float(f"{low:.6g}"), "target_high": float(f"{high:.6g}")}
    return [(Remedy("stabilize_loss", why, given),)]


def _unbiased(cause: Finding, record: Record) -> list[tuple[Remedy, ...]]:
    """Biases of nought, where one constant typed for them silences the units of a layer."""
    if cause.rule != "born_dead":
        return []
    named = {cause.layer, cause.site, *cause.also}
    found = [
        site
        for site in record.sites
        if {site.layer, site.site} & named
        and site.unit.bias_start.size > 1
        and float(np.ptp(site.unit.bias_start)) == 0.0
        and float(site.unit.bias_start[0]) < 0.0
    ]
    if not found:
        return []
    why = "Biases of nought start units active for half of their inputs."
    scope = {"sites": [s.site for s in found], "layers": [s.layer for s in found]}
    return [(Remedy("reinitialize", why, {"biases": True}, scope),)]


def surest(finding: Finding, record: Record) -> Finding:
    """With a slope on both sides first, where silent units are so few that new draws may be, too.

    Args:
        finding: Any; of units that were silent from the start it is looked at how many there are.
        record: Of the run that it was found in.
    """
    few = any(site.layer == finding.layer and site.units <= FEW for site in record.sites)
    swaps = [r for r in finding.remedies if r.action == "swap_activation"]
    if finding.rule != "born_dead" or not few or not swaps:
        return finding
    rest = [remedy for remedy in finding.remedies if remedy is not swaps[0]]
    return dataclasses.replace(finding, remedies=(swaps[0], *rest))


def silent_too(
    treatment: tuple[Remedy, ...], findings: Sequence[Finding], record: Record
) -> tuple[Remedy, ...]:
    """With what wakes a layer of which no unit ever gave anything, beside an output's remedy.

    What stands behind a layer, or which loss follows, does not decide what it gives at the start.
    """
    bad = judge.harmful(findings)
    if not bad or bad[0].rule != "unsuitable_output_activation":
        return treatment
    more = [
        surest(finding, record).remedies[0]
        for finding in bad[1:]
        if finding.rule == "born_dead"
        and finding.layer != bad[0].layer
        and finding.evidence.get("dead", 0.0) >= 1.0
        and finding.remedies
    ]
    actions = {remedy.action for remedy in treatment}
    return (*treatment, *(r for r in more[:1] if r.action not in actions))


def is_stack(record: Record, deep: int) -> bool:
    """Whether most layers stand in numbered blocks, as many as are deep, of several layers each.

    Args:
        record: Of the sick run.
        deep: Number of blocks from which they are a deep stack.
    """
    inside: dict[str, dict[str, set[str]]] = {}
    for layer in record.layers:
        parts = layer.layer.split(".")
        at = next((i for i, part in enumerate(parts) if part.isdigit()), None)
        if at is not None and parts[at + 1 :]:
            blocks = inside.setdefault(".".join(parts[:at]), {})
            blocks.setdefault(parts[at], set()).add(".".join(parts[at + 1 :]))
    return any(
        len(blocks) >= deep
        and min(map(len, blocks.values())) > 1
        and 2 * sum(map(len, blocks.values())) > len(record.layers)
        for blocks in inside.values()
    )
