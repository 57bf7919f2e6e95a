"""Layers that get nothing but noughts: from units that no datum reaches, or from scales of zero.

Layer: doctor; part of the rule ``poor_initialization``. Units that answer to what is near them (a
radial basis, a kernel, an exponential of minus a distance) give a number too small for 32 bits far
from it. No activation is seen there; that the weights behind have no gradient while their bias has
one says it, since the gradient of a weight is its input times that of its bias.
"""

from __future__ import annotations

from rectifier.doctor import evidence
from rectifier.doctor.finding import Finding, Remedy, Severity
from rectifier.doctor.wording import listing, number
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
        if before is None or before.zero_start or before.loaded or before.layer in seen:
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


def unfed(record: Record) -> Finding | None:
    """Activations that all get noughts at the first step: the scales in front start at zero.

    One scale of zero behind a way around it is how residual branches start; where every way leads
    through them, no weight in front has a gradient until the last scale has moved, and so on down.
    """
    sites = [site for site in record.sites if site.series.input_std.size]
    size = [abs(site.series.input_mean[0]) + site.series.input_std[0] for site in sites]
    scales = [
        p
        for p in record.circumstances.parameters
        if p.zero_start and not p.fan_in and p.trainable and p.name.endswith("weight")
    ]
    loss = evidence.loss_of(record)
    if len(sites) < 2 or len(scales) < 2 or any(value != 0 for value in size) or not loss.known:
        return None
    severity: Severity = "error" if evidence.stuck(loss) else "warning"
    if loss.start > 0 and loss.end <= 0.5 * loss.start:
        severity = "info"
    layers = list(dict.fromkeys(p.layer or p.name for p in scales))
    remedy = Remedy(
        "reinitialize",
        "Scales of one let the signal through from the first step on.",
        {"scheme": "he_normal"},
    )
    return Finding(
        rule="poor_initialization",
        severity=severity,
        cause=(
            f"The scales of {listing([repr(name) for name in layers])} start at zero, so that all "
            "activations get noughts at first, and the weights in front no gradient; the loss went "
            f"from {number(loss.start)} to {number(loss.end)}."
        ),
        layer=layers[0],
        evidence={"scales_of_zero": float(len(scales))},
        remedies=(remedy,) if severity != "info" else (),
        also=tuple(layers[1:]),
    )


def _bias_of(parameter: ParameterFacts, weight: ParameterFacts) -> bool:
    own = (parameter.model, parameter.layer) == (weight.model, weight.layer)
    return own and parameter.fan_in == 0 and parameter.name.endswith("bias")
