"""Layers that get nothing but noughts, from units of the user's own kind that no datum reaches.

Layer: doctor; part of the rule ``poor_initialization``. Units that answer to what is near them (a
radial basis, a kernel, an exponential of minus a distance) give a number too small for 32 bits far
from it. No activation is seen there; that the weights behind have no gradient while their bias has
one says it, since the gradient of a weight is its input times that of its bias.
"""

from __future__ import annotations

from rectifier.doctor import evidence
from rectifier.doctor.finding import Finding
from rectifier.watch.record import Record
from rectifier.watch.record.circumstances import ParameterFacts

LOOKED = 5
"""Looked-at steps from which a gradient that was nought at each of them is no accident."""


def unreached(record: Record) -> Finding | None:
    """A layer whose input was nought for all data at every step, and what stands before it."""
    facts = record.circumstances
    held = [p for p in facts.parameters if p.held and p.trainable and p.with_gradient >= LOOKED]
    seen = {site.layer for site in record.sites}
    for weight in held:
        bias = next((p for p in held if _bias_of(p, weight)), None)
        if weight.fan_in < 2 or weight.nonzero or bias is None or bias.nonzero < LOOKED:
            continue
        before = next(
            (
                p
                for p in held
                if p.fan_in and not p.nonzero and p.moved == 0 and p.layer != weight.layer
            ),
            None,
        )
        if before is None or before.zero_start or before.layer in seen:
            continue
        stuck = evidence.stuck(evidence.loss_of(record))
        return Finding(
            rule="poor_initialization",
            severity="error" if stuck else "warning",
            cause=(
                f"What enters {weight.layer!r} is nought for all data from the first step to the "
                f"last, and {before.name!r} ({before.mean:.3g} ± {before.std:.3g} at the start) "
                "gets no gradient: its units start where no datum reaches them. Start them on the "
                "scale that the data have when they enter."
            ),
            layer=before.layer,
            evidence={"mean": before.mean, "std": before.std},
        )
    return None


def _bias_of(parameter: ParameterFacts, weight: ParameterFacts) -> bool:
    own = (parameter.model, parameter.layer) == (weight.model, weight.layer)
    return own and parameter.fan_in == 0 and parameter.name.endswith("bias")
