"""Batch normalisations that normalise nothing: in evaluation mode from the first step to the last.

Layer: doctor, pure; part of the rule ``poor_initialization``. What they subtract and divide by is
then what they were made with, zero and one, so that the network trains as one without them, from
weights that were chosen for one with them. A forgotten ``train()``, most often behind a check that
called ``eval()``. Fine-tuning with fixed statistics is told from it: those were loaded, or taken.
"""

from __future__ import annotations

from rectifier.doctor import evidence
from rectifier.doctor.finding import Finding, Remedy, Severity
from rectifier.doctor.wording import listing, number
from rectifier.watch.record import Record


def resting(record: Record) -> Finding | None:
    """A note where the network learnt all the same, to half of its first loss."""
    layers = record.circumstances.resting
    loss = evidence.loss_of(record)
    if not layers or not (loss.known or loss.broke_step is not None):
        return None
    severity: Severity = "warning"
    if evidence.stuck(loss) or loss.broke_step is not None:
        severity = "error"
    elif loss.start > 0 and loss.end <= 0.5 * loss.start:
        severity = "info"
    remedy = Remedy(
        "insert_normalization",
        "In training mode they normalise by the batch, and learn what to use in evaluation.",
        {"how": "train"},
        {"layers": list(layers)},
    )
    return Finding(
        rule="poor_initialization",
        severity=severity,
        cause=(
            f"{listing([repr(name) for name in layers])} never took the statistics of a batch: the "
            "network trains in evaluation mode, with means of zero and variances of one as they "
            "were made, so that nothing is normalised (model.train() is missing, or eval() was "
            f"called before); the loss went from {number(loss.start)} to {number(loss.end)}."
        ),
        layer=layers[0],
        first_step=0,
        evidence={"normalisations": float(len(layers))},
        remedies=(remedy,) if severity != "info" else (),
        also=tuple(layers[1:]),
    )
