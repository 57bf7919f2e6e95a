"""Which remedies to try, and whether a rerun under them was better. Framework-free, pure.

Layer: doctor. `plans` turns findings into treatments in the order to try them; `compare` weighs a
treated run against the sick one by what was found in it, by its loss, and by what the script itself
prints. Running them is left to `rectifier.doctor.repair`.
"""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from rectifier.doctor import evidence, metrics
from rectifier.doctor.finding import Finding, Remedy
from rectifier.doctor.outcome import RepairVerdict, Run
from rectifier.doctor.rates import ADAPTIVE, ADAPTIVE_RATE, PLAIN_RATE
from rectifier.doctor.wording import number
from rectifier.watch.record import Record

AT_ONCE = 3
"""Remedies of one treatment at most: one for each independent root cause."""

CHANCE = 0.03
"""Fall of a share that tells nothing: two standard errors of nineteen right in twenty, of two
hundred."""

WRITTEN = frozenset({
    "unsuitable_output_activation", "missing_activation", "frozen_parameters",
    "symmetric_initialization", "non_finite",
})  # fmt: skip
"""Rules that read how the program is written, or what is broken: certain at the first look."""

RATES = ("lower_learning_rate", "raise_learning_rate")
"""Remedies of the rate."""

SHORTEST, LEAST, LONGEST = 60, 10, 40
"""Steps of a run in which rates are tried, and of each trial: a fortieth of the run within these
bounds; ten are what a momentum of 0.9 takes to be at work."""

RESCALING = frozenset({
    "normalize_input", "insert_normalization", "reinitialize", "swap_activation",
    "remove_output_activation", "add_activation", "add_residual",
})  # fmt: skip
"""Remedies under which signals and gradients are of another size than the rate was chosen for."""

CLIMB = 2.0
"""A usual rate over the author's, from which it is worth a trial."""

UNHURRIED = 3e-3
"""Rate of Adam's kind that is still usual, where a training is short or its network recurrent."""

RECURRENT = frozenset({"RNN", "LSTM", "GRU", "RNNCell", "LSTMCell", "GRUCell"})
"""Layers that are applied from step to step of a sequence, by their class's name."""

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
    roots = [
        remedies
        for finding, remedies in bad
        if not finding.consequence_of
        or "target_std" in remedies[0].settings
        or finding.evidence.get("rate_over_usual", 1.0) < 1.0
    ] or [bad[0][1]]  # neither the targets' unit nor a rate as set is what another cause brought
    tried: list[tuple[Remedy, ...]] = [_together([remedies[0] for remedies in roots])]
    for remedies in [roots[0][1:], *(rest for _, rest in bad)]:
        for remedy in remedies:
            treatment = _together([remedy, *(others[0] for others in roots[1:])])
            if {r.action for r in treatment} not in [{r.action for r in t} for t in tried]:
                tried.append(treatment)
    return tried


def with_trials(treatment: Sequence[Remedy], record: Record) -> tuple[Remedy, ...]:
    """The treatment, with leave for remedies of the rate to try others in the rerun's opening.

    Where none is of the rate, one stands by: a cause that is cured may have hidden steps that are
    too large as well. Not where a schedule moves the rate meanwhile, nor where steps are Newton's.

    Args:
        treatment: Remedies of one rerun.
        record: Of the sick run.
    """
    rates = evidence.finite(record.training.learning_rate)
    opening = rates[: max(1, rates.size // 5)]
    moves = bool(opening.size) and opening.min() < 0.8 * rates.max()
    if moves or record.optimizer == "LBFGS" or record.steps < SHORTEST:
        return tuple(treatment)
    steps = min(max(LEAST, record.steps // 40), LONGEST)
    if not any(remedy.action in RATES for remedy in treatment):
        return (*treatment, _standing_by(treatment, record, steps))
    return tuple(
        dataclasses.replace(
            remedy,
            settings={
                **remedy.settings,
                "trial_steps": steps,
                "most": _most(remedy, record.optimizer),
            },
        )
        if remedy.action in RATES and not {"cap", "hold"} & set(remedy.settings)
        else remedy
        for remedy in treatment
    )


def _standing_by(treatment: Sequence[Remedy], record: Record, steps: int) -> Remedy:
    """Smaller steps where they overshoot; larger ones where another scale bears and repays them.

    The author's rate was chosen, if at all, for the signals and gradients that were there before.
    """
    rate = evidence.largest(record.training.learning_rate)
    known = {"from": float(f"{rate:.6g}")} if rate > 0 else {"from": 1.0, "relative": True}
    most = usual_rate(record) if rate > 0 and _rescales(treatment) else 0.0
    climbs = most >= CLIMB * known["from"]
    settings = {**known, "to": known["from"], "most": most if climbs else known["from"]}
    why = "Steps that overshoot in spite of the other remedies are made smaller."
    length = steps if climbs else LONGEST
    return Remedy(
        "lower_learning_rate", why, {**settings, "trial_steps": length, "guard": True}, {}
    )


def _rescales(treatment: Sequence[Remedy]) -> bool:
    return any(r.action in RESCALING or "target_std" in r.settings for r in treatment)


def usual_rate(record: Record) -> float:
    """A rate that suits most networks in a training of this length; NaN where none is known.

    A step of a fixed share of the weights needs as many steps again to learn; so of Adam's kind
    1e-3, which is usual, is a little for a training of some hundred, and for gates and states that
    saturate late. In the suite healthy programs of the kind take 2e-3 in the median, recurrent ones
    5e-3.
    """
    if record.optimizer not in ADAPTIVE:
        return PLAIN_RATE if record.optimizer == "SGD" else math.nan
    usual = min(max(ADAPTIVE_RATE, 1.0 / max(record.steps, 1)), UNHURRIED)
    if any(layer.kind in RECURRENT for layer in record.layers):
        usual = UNHURRIED
    return evidence.one_digit(usual)


def _most(remedy: Remedy, optimizer: str) -> float:
    """The largest rate to try: well below the one that overshot; in reason above one that crept."""
    old, new = (float(remedy.settings[name]) for name in ("from", "to"))
    most = 0.2 * old if remedy.action == "lower_learning_rate" else 30 * new
    if optimizer in ADAPTIVE:  # their steps are of the rate's size, and a network's weights small
        most = min(most, max(new, 10 * ADAPTIVE_RATE))
    return most


def chosen(treatment: Sequence[Remedy], met: Mapping[str, Mapping[str, Any]]) -> tuple[Remedy, ...]:
    """The treatment as it was carried out in the end: the rate that trials chose, nothing idle."""
    done = []
    for remedy in treatment:
        to = met.get(remedy.action, {}).get("to")
        idle = remedy.settings.get("guard") and not to
        if idle or met.get(remedy.action, {}).get("idle"):
            continue
        settings = {k: v for k, v in remedy.settings.items() if k not in _OF_TRIALS}
        action = remedy.action
        if to:
            settings["to"] = to[0]
            larger = action == RATES[0] and to[0] > settings["from"]
            action = RATES[1] if larger else action
        done.append(dataclasses.replace(remedy, action=action, settings=settings))
    return tuple(done)


_OF_TRIALS = ("trial_steps", "most", "guard")
"""Settings that are the rerun's own."""


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
    prints outweighs the loss, since a remedy may change what the loss measures. A share that fell
    by as little as chance may have it gives way to a loss that is printed, and halved.
    """
    name = metrics.principal({k: v for k, v in before.metrics.items() if k in after.metrics}) or ""
    name = _surer(before, after, name) if name else name
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
    far = not _still_at(name, old, gain)
    verdict: RepairVerdict = "not repaired"
    if not worse and after.record.steps:
        if better and far and not harmful(after.findings):
            verdict = "repaired"
        elif better or fewer > 0:
            verdict = "improved"
    return Comparison(verdict, name, gain, loss, fewer)


def _surer(before: Run, after: Run, name: str) -> str:
    """What is printed beside a share that fell by chance, and fell to half itself; else the share.

    A count of right answers is coarse, a loss of what is given for each of them is not (Gneiting
    and Raftery 2007, "Strictly proper scoring rules").
    """
    old = before.metrics[name][-1]
    gain = metrics.gain(name, before.metrics[name], after.metrics[name])
    if metrics.direction(name) <= 0 or not (0 <= old <= 1 and -CHANCE <= gain < 0):
        return name
    first, last = _first_word(name), after.metrics
    for other, values in before.metrics.items():
        known = other in last and metrics.direction(other) < 0 and _first_word(other) == first
        if known and 0 < last[other][-1] <= 0.5 * values[-1]:
            return other
    return name


def _first_word(name: str) -> str:
    """Of ``test accuracy`` or ``test_acc`` that which tells of which data; of ``loss`` nothing."""
    word = name.replace("_", " ").partition(" ")[0]
    return "" if metrics.direction(word) else word


def _still_at(name: str, old: float, gain: float) -> bool:
    """Whether a share that the script prints went less than a twentieth of its way to the whole.

    Steps that no longer overshoot are no cure while the network guesses as before.
    """
    return metrics.direction(name) > 0 and 0 <= old < 1 and gain < 0.05 * (1 - old)


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
