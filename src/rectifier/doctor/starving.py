"""Layers that get next to none of the gradient that others get. Framework-free, pure.

Layer: doctor; part of the rule ``vanishing_gradient``. Along a chain the gradient is compared from
activation to activation; branches that lie beside what does learn (residual ones, behind a scale of
nearly nothing) are in no chain, and optimisers that divide by the gradient's size hide it from the
steps.
"""

from __future__ import annotations

import numpy as np

from rectifier.doctor import evidence
from rectifier.doctor.finding import Finding
from rectifier.doctor.wording import listing
from rectifier.watch.record import Record

STARVED = 1e-5
"""Gradient of a layer over that of the layer which gets most, in norm, from which it gets none."""

MOST = 0.5
"""Share of the layers with weights, at least, that get none."""


def starving(record: Record) -> Finding | None:
    """Half of the layers, at the start and over the run; zeros are other rules' affair."""
    layers = [item for item in evidence.matrices(record) if item.in_optimizer]
    early = np.array([evidence.median(item.gradient_norm[: evidence.OPENING]) for item in layers])
    later = np.array([evidence.median(item.gradient_norm) for item in layers])
    if len(layers) < 4 or not (np.all(early > 0) and np.all(later > 0)):
        return None
    faint = (early <= STARVED * early.max()) & (later <= STARVED * later.max())
    if not faint.mean() >= MOST:
        return None
    lost = [item for item, is_faint in zip(layers, faint, strict=True) if is_faint]
    most = layers[int(later.argmax())]
    share = float(np.median(later[faint]) / later.max())
    return Finding(
        rule="vanishing_gradient",
        severity="error",
        cause=(
            f"{listing([repr(item.layer) for item in lost])} get {share:.1e} of the gradient that "
            f"{most.layer!r} gets, from the first step on: what they give is multiplied by next to "
            "nothing (the scale of a branch that no optimiser holds, a weight of the loss), so "
            "that they learn nothing, however far the optimiser moves them."
        ),
        layer=lost[0].layer,
        first_step=int(record.training.step[0]) if record.training.step.size else 0,
        evidence={"share_of_gradient": share, "layers": float(len(lost))},
        also=tuple(item.layer for item in lost[1:]),
    )
