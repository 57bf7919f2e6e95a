"""Weights that are frozen while they are all zero, so that their branch gives nothing. Pure.

Layer: doctor; part of the rule ``frozen_parameters``. A matrix of noughts is a beginning (the
second factor of a low-rank branch, the last layer of a residual one) and needs steps to become
anything; who freezes it has closed the branch.
"""

from __future__ import annotations

from rectifier.doctor import evidence
from rectifier.doctor.finding import Finding, Remedy
from rectifier.doctor.wording import listing
from rectifier.watch.record import Record
from rectifier.watch.record.circumstances import ParameterFacts

WELL = 0.2
"""Loss over its start at which nothing is missed: a fifth, as for a branch that is cut off."""


def frozen_at_nought(record: Record) -> Finding | None:
    """Matrices that run, require no gradient and hold nothing from first to last.

    What moves without an optimiser (a moving mean of another model, a codebook) or was loaded is
    none of them. The remedy thaws what stands beside them in the same branch too, as long as no
    step was ever taken with it.
    """
    facts = record.circumstances
    still = {
        (item.model, item.layer)
        for item in record.layers
        if "mbedding" not in item.kind
        and item.weight_norm.size
        and not evidence.finite(item.weight_norm).any()
    }
    found = [
        p
        for p in facts.parameters
        if p.fan_in > 0
        and p.zero_start
        and p.ran
        and not (p.trainable or p.held or p.steps or p.loaded or p.moved > 0)
        and any(layer == p.layer for _, layer in still)
    ]
    if not found or not any(p.steps for p in facts.parameters):
        return None
    if evidence.loss_of(record).reached(WELL):
        return None
    thawed = [p for p in facts.parameters if _beside(p, found)]
    names = listing([repr(p.name) for p in found])
    return Finding(
        rule="frozen_parameters",
        severity="warning",
        cause=(
            f"Frozen while all zero: {names}. What stands on that adds nothing, and never will; it "
            "was frozen before its first step, as by a loop over all parameters after new ones had "
            "come in."
        ),
        layer=found[0].layer,
        first_step=0,
        evidence={"matrices": float(len(found))},
        remedies=(
            Remedy(
                "add_to_optimizer",
                "A branch that begins at nought learns if an optimiser holds it.",
                {"how": "thaw"},
                {"layers": list(dict.fromkeys(p.layer for p in thawed))},
            ),
        ),
        also=tuple(dict.fromkeys(p.layer for p in found))[1:],
    )


def _beside(parameter: ParameterFacts, found: list[ParameterFacts]) -> bool:
    """Whether it is one of them, or a sibling that was never trained either."""
    if parameter.trainable or parameter.held or parameter.steps or parameter.loaded:
        return False
    parent = parameter.layer.rpartition(".")[0]
    return any(
        parameter.layer == p.layer or (parent and parent == p.layer.rpartition(".")[0])
        for p in found
    )
