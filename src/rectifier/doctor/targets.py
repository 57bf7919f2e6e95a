"""Regression targets far from the unit that networks start in. Framework-free, pure.

Layer: doctor. That is no finding of its own: a network can learn such targets with small steps.
Where the steps are found to overshoot, though, they do for that, and the unit is what to change.
"""

from __future__ import annotations

import dataclasses
import math

import numpy as np

from rectifier.doctor.finding import Finding, Remedy
from rectifier.doctor.rates import LARGE_UPDATE
from rectifier.watch.record import Record
from rectifier.watch.record.circumstances import Head

FAR = 10.0
"""Size of the targets over the output's, which starts at about one: a hundred in the squared error,
and in its gradient's size over the weights' about ten."""

SAME = 0.05
"""Difference of means and spreads over their size, under which targets are what enters."""

ABOUT = 0.3
"""Likewise where there are as many outputs as inputs, and of a loss by hand only the difference is
known, in which the untrained output has its share."""

OFF_CENTRE = 4.5
"""Distance of the data's mean from nought over their spread, as `unnormalized_input` has it."""

ALIKE = 3.0
"""Size of the targets over that of the data, up or down, up to which one may be the other."""

OVERSHOOTING = frozenset({
    "learning_rate_too_high", "exploding_gradient", "dying_relu", "non_finite",
    "saturated_activation",
})  # fmt: skip
"""Rules whose harm such targets do."""

_SQUARED = frozenset({"mse_loss", "pow", "mul"})
_ABSOLUTE = frozenset({"l1_loss", "smooth_l1_loss", "huber_loss", "abs"})


def degree(head: Head) -> int:
    """How the loss grows with the unit of its targets; 0 where it is no regression loss."""
    for name in (called.rstrip("*") for called in head.chain):
        if name in _SQUARED:
            return 2
        if name in _ABSOLUTE:
            return 1
    return 0


def unit_for(record: Record, opened: str = "") -> Remedy | None:
    """The remedy that makes the targets' spread the unit, where they are far from one.

    Of a loss by hand only the difference is known: where the data that enter are themselves large,
    it may be the output's size as well as the targets', unless these are the data themselves.

    Args:
        record: Of the sick run.
        opened: Layer whose output another remedy frees of its bounds.
    """
    found = []
    loud = any((np.hypot(f.mean, f.std) >= FAR).any() for f in record.circumstances.feeds)
    for head in record.circumstances.heads:
        if loud and math.isnan(head.target_low) and not _are_inputs(head, record):
            continue
        mean, std = head.target_mean, head.target_std
        size = math.hypot(mean, std)
        free = _free(head) or head.layer == opened
        if degree(head) and head.layer and std > 0 and size >= FAR and free:
            found.append(head)
    if len({head.layer for head in found}) != 1:
        return None
    head = found[0]
    return Remedy(
        "stabilize_loss",
        "Targets of mean zero and spread one suit how the network starts, and the rate.",
        {
            "target_mean": float(f"{head.target_mean:.4g}"),
            "target_std": float(f"{head.target_std:.4g}"),
            "degree": degree(head),
        },
        {"layers": [head.layer]},
    )


def _free(head: Head) -> bool:
    """Whether what it gives has no bounds."""
    return not (math.isfinite(head.low) or math.isfinite(head.high))


def unit_of_inputs(record: Record, scaled: Remedy, opened: str = "") -> Remedy | None:
    """The remedy that gives an autoencoder's outputs mean and spread of its normalised inputs.

    Args:
        record: Of the sick run.
        scaled: ``normalize_input``, with mean and spread of each feature.
        opened: Layer whose output another remedy frees of its bounds.
    """
    means, stds = list(scaled.settings.get("mean", ())), list(scaled.settings.get("std", ()))
    found = [
        head
        for head in record.circumstances.heads
        if _width(head, record) == len(means) > 1
        and degree(head)
        and head.layer
        and (_free(head) or head.layer == opened)
        and _are_inputs(head, record, ABOUT if math.isnan(head.target_low) else SAME)
    ]
    if len({head.layer for head in found}) != 1 or scaled.settings.get("axis") == 1:
        return None
    head = found[0]
    return Remedy(
        "stabilize_loss",
        "What is to be given back is in the unit of what enters.",
        {
            "target_mean": float(f"{head.target_mean:.4g}"),
            "target_std": float(f"{head.target_std:.4g}"),
            "degree": degree(head),
            "means": means,
            "stds": stds,
            "axis": -1,
        },
        {"layers": [head.layer]},
    )


def mean_for_output(record: Record, scaled: Remedy) -> Remedy | None:
    """The remedy that has an autoencoder's output start at the mean of its data.

    What stands far off centre, and spreads in sound measure, is to be given back as it is: were it
    normalised, it would enter in another unit than it leaves in. The trained vector that is added
    to the output is as long as the data, and starts near nought.

    Args:
        record: Of the sick run.
        scaled: ``normalize_input``, with mean and spread of each feature.
    """
    means, stds = (np.array(scaled.settings.get(name, ())) for name in ("mean", "std"))
    mean, spread = float(np.linalg.norm(means)), float(np.linalg.norm(stds))
    if means.size < 2 or scaled.settings.get("axis") == 1 or scaled.settings.get("others"):
        return None
    if not (mean >= OFF_CENTRE * spread > 0 and stds.max() < FAR):
        return None
    facts = [p for p in record.circumstances.parameters if p.trainable]
    ends = {
        head.layer
        for head in record.circumstances.heads
        if degree(head)
        and not (math.isfinite(head.low) or math.isfinite(head.high))
        and any(means.size in p.shape[-2:] for p in facts if p.layer == head.layer and p.fan_in)
        and _may_be(math.hypot(head.target_mean, head.target_std), mean / math.sqrt(means.size))
    }
    first = set(scaled.scope.get("layers", ()))
    vectors = [
        p
        for p in facts
        if p.shape in ((means.size,), (1, means.size)) and p.model and p.layer not in first
    ]
    own = [p for p in vectors if p.layer in ends] or [p for p in vectors if p.zero_start]
    if not ends or len(own) != 1:
        return None
    return dataclasses.replace(
        scaled,
        why="An output that starts at the data's mean leaves their spread to be learnt.",
        settings={**scaled.settings, "how": "centre"},
        scope={**scaled.scope, "parameters": [own[0].name]},
    )


def _may_be(size: float, known: float) -> bool:
    """Whether targets may be data of a size: the difference from an untrained output is as large as
    both, at most some times as either.
    """
    return size > 0 and known / ALIKE <= size <= known * ALIKE


def _width(head: Head, record: Record) -> int:
    """Of the output; of a loss by hand as the last layer's weights tell."""
    shapes = [p.shape for p in record.circumstances.parameters if p.layer == head.layer]
    return head.width or next((shape[0] for shape in shapes if len(shape) == 2), 0)


def _are_inputs(head: Head, record: Record, same: float = SAME) -> bool:
    """Whether targets have mean and spread of what enters: an autoencoder's, or a forecast's."""
    for feed in record.circumstances.feeds:
        if not feed.mean.size:
            continue
        mean = float(feed.mean.mean())
        std = math.sqrt(float((feed.std**2).mean() + feed.mean.var()))
        far = same * math.hypot(mean, std)
        if abs(head.target_mean - mean) <= far and abs(head.target_std - std) <= far:
            return True
    return False


def with_units(findings: list[Finding], record: Record) -> list[Finding]:
    """The findings, each that such targets may be behind with the remedy for it first."""
    remedy = unit_for(record)
    updates = record.training.update_ratio
    if remedy is None or not (updates >= LARGE_UPDATE).any():
        return findings
    return [
        dataclasses.replace(finding, remedies=(remedy, *finding.remedies))
        if finding.rule in OVERSHOOTING and finding.remedies and finding.severity != "info"
        else finding
        for finding in findings
    ]
