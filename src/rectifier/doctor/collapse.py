"""Networks that the opening steps made blind: inputs look alike, and the front gets no gradient.

Layer: doctor, pure; for the rule ``learning_rate_too_high``. A step that changes each of many
layers in a row by a few per cent changes what they give by about the sum of it (of a product of L
factors, each changed by e, by L e; Liu et al. 2020, "Understanding the difficulty of training
transformers", section 4, of layers that normalise after the sum). No layer's own ratio looks large
then.
"""

from __future__ import annotations

import numpy as np

from rectifier.doctor import evidence
from rectifier.watch.record import LayerRecord, Record

HALF = 0.5
"""Sum over the layers of what the first step changed, over their weights: half of the signal."""

FADED = 1e-2
"""What is left of the gradient in the front half of the layers."""

ALIKE = 0.1
"""First gradient of the front half over that of the back half, from which it was there at first; a
gradient that depth had taken away before any step is no step's doing."""

DEEP = 8
"""Layers with weights from which one may speak of many."""

OPENING, AFTER = 2, 20
"""Observed steps that show the network as it was, and the steps after which it has become blind."""


def collapsed(record: Record) -> tuple[int, float] | None:
    """How many layers, and the sum of their first changes; None where the network is not blind."""
    layers = sorted(evidence.matrices(record), key=lambda item: item.order)
    layers = [item for item in layers if item.in_optimizer and item.step.size > 3 * OPENING]
    changed = [evidence.largest(item.update_ratio[:OPENING]) for item in layers]
    if len(layers) < DEEP or not np.nansum(changed) >= HALF:
        return None
    front, back = layers[: len(layers) // 2], layers[len(layers) // 2 :]
    if not _opening(front) >= ALIKE * _opening(back):
        return None
    return (len(layers), float(np.nansum(changed))) if max(map(_left, front)) <= FADED else None


def _opening(layers: list[LayerRecord]) -> float:
    return evidence.median(np.array([item.gradient_norm[0] for item in layers]))


def _left(layer: LayerRecord) -> float:
    """Gradient of the run over that of the opening; one where it is not known."""
    opening = evidence.median(layer.gradient_norm[:OPENING])
    later = evidence.median(layer.gradient_norm[layer.step >= AFTER])
    return later / opening if opening > 0 and later >= 0 else 1.0
