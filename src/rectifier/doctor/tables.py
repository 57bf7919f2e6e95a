"""Tables of factors that start far louder than what they are to give. Framework-free, pure.

Layer: doctor; part of the rule ``poor_initialization``. Where rows of tables are multiplied with
each other and summed, no layer's weights tell the scale of the output, and no activation is seen:
the first loss does. With entries of spread one, a sum of K products has a variance of K.

Source: Karpathy, CS231n notes, "Before learning: sanity checks" (the first loss is known
beforehand); Funk 2006 and Koren, Bell and Volinsky 2009 (factors start near nought, so that the
first guess is the mean).
"""

from __future__ import annotations

import math

from rectifier.doctor import evidence
from rectifier.doctor.finding import Finding, Remedy
from rectifier.doctor.wording import listing, number
from rectifier.watch.record import Record

LOUDER = 3.0
"""First squared error over the targets' second moment, which noughts would cost: outputs then have
twice the power of the targets, and nothing to do with them."""

WIDER = 5.0
"""Range of the outputs over that of the targets."""

QUIET = 0.1
"""Spread of the first outputs over that of the targets that the remedy leaves."""


def loud_tables(record: Record, loss: evidence.Loss) -> Finding | None:
    """Tables whose products start loud, in a training that ended above what the mean costs."""
    kinds = {layer.layer: layer.kind for layer in record.layers}
    tables = [
        p
        for p in record.circumstances.parameters
        if "mbedding" in kinds.get(p.layer, "")
        and p.trainable
        and p.steps
        and not p.loaded
        and p.std > 0
        and len(p.shape) == 2
    ]
    factors = [p for p in tables if p.shape[1] > 1]
    known = {name for name, kind in kinds.items() if "mbedding" in kind}  # biases of nought, too
    for head in record.circumstances.heads:
        if head.chain[:1] != ("mse_loss",) or head.layer not in known:
            continue
        variance = head.target_std * head.target_std
        power = head.target_mean * head.target_mean + variance
        shown = head.output_high - head.output_low
        wide = shown >= WIDER * (head.target_high - head.target_low)
        mean = loss.start <= shown * shown  # of a sum over a batch nothing is known
        loud = loss.start >= LOUDER * power > 0 and wide and mean
        if not (factors and loud and head.target_std > 0 and loss.end >= variance):
            continue
        spread = math.sqrt(loss.start - power)
        factor = (QUIET * head.target_std / spread) ** (1 / len(factors))
        names = list(dict.fromkeys(p.layer for p in tables))
        return Finding(
            rule="poor_initialization",
            severity="error" if evidence.stuck(loss) else "warning",
            cause=(
                f"The tables {listing([repr(name) for name in names])} start so large (spread "
                f"{number(max(p.std for p in factors))}, {max(p.shape[1] for p in factors)} "
                f"columns) that the first loss is {number(loss.start)}, where noughts would cost "
                f"{number(power)}; the loss ended at {number(loss.end)}, above the "
                f"{number(variance)} that the targets' mean alone costs."
            ),
            layer=names[0],
            first_step=0,
            evidence={"first_loss_over_noughts": loss.start / power, "output_spread": spread},
            remedies=(
                Remedy(
                    "reinitialize",
                    "Factors near nought make the mean the first guess.",
                    {"scheme": "scaled"},
                    {"layers": names, "factors": dict.fromkeys(names, float(f"{factor:.2g}"))},
                ),
            ),
            also=tuple(names[1:]),
        )
    return None
