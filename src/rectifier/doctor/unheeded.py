"""Parameters that a program means to train, which something takes the gradient from unseen.

Layer: doctor; part of the rule ``frozen_parameters``. Framework-free, pure. A module that is told
to require gradients by an attribute, and a loss that depends on a network by two ways that cancel.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from rectifier.doctor import evidence
from rectifier.doctor.finding import Finding, Remedy
from rectifier.doctor.wording import listing, percent
from rectifier.watch.record import LayerRecord, Record
from rectifier.watch.record.circumstances import Circumstances, ParameterFacts

CANCELLED = 2e-6
"""Gradient over another one's of the same loss that is no more than rounding: sixteen times the
spacing of single precision; ten times that at its largest."""

STEPS = 3
"""Looked-at losses that depend on a parameter, from which the dependence is no chance."""


def unheeded(facts: Circumstances, stuck: bool) -> Finding | None:
    """Frozen parameters of a module that was given an attribute in place of a method's call.

    Args:
        facts: Of the run.
        stuck: Whether the loss stayed near its start.

    Source:
        PyTorch documentation, ``nn.Module.requires_grad_`` (a method; the flag is a tensor's).
    """
    asked = [p for p in facts.parameters if p.asked and p.ran and not p.trainable]
    if not asked or not any(p.steps for p in facts.parameters):
        return None
    share = _size(asked) / max(_size([p for p in facts.parameters if p.ran]), 1)
    cause = (
        f"{_names(asked)}, {percent(share)} of the parameters that run, were to learn and are "
        "frozen: 'module.requires_grad = True' gives the module an attribute that its parameters "
        "know nothing of; 'module.requires_grad_(True)' frees them."
    )
    return Finding(
        rule="frozen_parameters",
        severity="error" if stuck else "warning",
        cause=cause,
        layer=asked[0].layer,
        evidence={"share_of_parameters": share},
        remedies=(
            Remedy(
                "add_to_optimizer",
                "requires_grad_(True) is what frees all parameters of a module.",
                {"how": "heed"},
                {"parameters": [p.name for p in asked]},
            ),
        ),
        also=tuple(dict.fromkeys(p.layer for p in asked[1:] if p.layer != asked[0].layer)),
    )


def cancelled(record: Record) -> Finding | None:
    """A network whose gradient is what rounding left of two that cancel, from first to last.

    Its layers all get next to nothing of what a layer of another network gets, where one optimiser
    steps both. Adam, which divides by the gradient's size, moves them all the same.
    """
    facts = record.circumstances
    reached = {(p.model, p.layer) for p in facts.parameters if p.reached >= STEPS}
    by_model: dict[str, list[LayerRecord]] = {}
    for item in record.layers:
        if item.trainable and item.in_optimizer and (item.model, item.layer) in reached:
            by_model.setdefault(item.model, []).append(item)
    sizes = {
        model: np.array([evidence.median(item.gradient_norm) for item in layers])
        for model, layers in by_model.items()
    }
    if len(facts.optimizers) != 1 or len(sizes) < 2:
        return None
    most = max((float(s.max()) for s in sizes.values() if np.isfinite(s).all()), default=0.0)
    for model, layers in by_model.items():
        usual = float(sizes[model].max())
        highest = max(evidence.largest(item.gradient_norm) for item in layers)
        nothing = usual <= CANCELLED * most and highest <= 10 * CANCELLED * most
        if not (np.all(sizes[model] > 0) and nothing):
            continue
        lost = [p for p in facts.parameters if p.model == model and p.reached >= STEPS]
        return Finding(
            rule="frozen_parameters",
            severity="error",
            cause=(
                f"The gradient of {_names(lost)} is {usual / most:.0e} of that of what else the "
                "optimiser steps, no more than rounding leaves: the loss depends on it by two ways "
                "that cancel, as where a ratio of new to old keeps the graph of the old."
            ),
            layer=lost[0].layer,
            evidence={
                "gradient_ratio": usual / most,
                "share_of_parameters": _size(lost)
                / max(_size([p for p in facts.parameters if p.steps]), 1),
            },
            also=tuple(dict.fromkeys(p.layer for p in lost[1:] if p.layer != lost[0].layer)),
        )
    return None


def _size(parameters: Sequence[ParameterFacts]) -> int:
    return sum(p.size for p in parameters)


def _names(parameters: Sequence[ParameterFacts]) -> str:
    return listing([repr(name) for name in dict.fromkeys(p.layer or p.name for p in parameters)])
