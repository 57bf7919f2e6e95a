"""``missing_activation``: layers with nothing nonlinear between. A rule: pure, framework-free."""

from __future__ import annotations

from collections.abc import Sequence

from rectifier.doctor.finding import Finding, Remedy, Severity
from rectifier.doctor.rule import Rule
from rectifier.doctor.wording import listing
from rectifier.watch.record import Record

MOST = 0.5
"""Share of a network's layers that follow another without an activation, from which it harms."""


def check(record: Record) -> Sequence[Finding]:
    """Layers that are fed by another layer through linear operations alone.

    Two such layers compute one linear map, however wide. Not counted: a bottleneck (fewer units
    between than at both ends makes the map's rank low on purpose: LoRA, factorised layers, the code
    of an autoencoder), grouped convolutions (a separable convolution is one factorised layer),
    layers that are joined by a product of branches (attention, gates), and by a sum of them
    (residual streams) unless all others are joined so too. A normalisation of each example between
    (layer norm) makes up for no activation: it takes any factor out of what it is given, so of a
    row of them with linear layers between the last alone does anything. ``error`` where the whole
    network is linear, also one that is applied to its own results (an integrator's field; a linear
    system's matrices are joined by sums, or are one); ``warning`` from two such layers whose places
    make up half of the network's layers; else ``info``, as one redundant layer (a projection behind
    attention or before its queries and values, two layers as a head) costs little.

    Source:
        Minsky and Papert 1969; Goodfellow, Bengio and Courville 2016, section 6.1 (linear layers
        compose to a linear layer); Chollet 2017 (separable convolutions without an activation
        between are better).
    """
    facts = record.circumstances
    loose = [joint for joint in facts.joints if not joint.grouped]
    whole = 0 < facts.wired <= len(loose)
    bare = [j for j in loose if not j.bottleneck and (whole or not j.summed)]
    again = [j for j in bare if j.first != j.second]
    if facts.linear and again and not whole:
        whole, bare = True, again
    if not bare or not facts.wired:
        return ()
    same = [joint for joint in bare if joint.kind != "mixed"]
    severity: Severity = "info"
    if whole:
        severity = "error"
    elif len({joint.first for joint in same}) >= 2 and len(bare) >= MOST * facts.wired:
        severity = "warning"
    elif len(same) == 0:
        return ()
    pairs = listing([f"{joint.first!r} and {joint.second!r}" for joint in reversed(bare)])
    what = "the whole network computes one linear map" if whole else "each such pair is one layer"
    normed = any(joint.normed for joint in bare)
    what += ", normalised" if normed else ""
    nothing = "Nothing nonlinear but normalisation" if normed else "Nothing nonlinear"
    last = bare[-1]
    return (
        Finding(
            rule="missing_activation",
            severity=severity,
            cause=f"{nothing} lies between {pairs}: {what}.",
            layer=last.first,
            first_step=min(joint.step for joint in bare),
            evidence={"without_activation": float(len(bare)), "layers_fed": float(facts.wired)},
            remedies=(
                Remedy(
                    "add_activation",
                    "A nonlinearity between makes the second layer worth having.",
                    {"function": "relu"},
                    {"layers": list(dict.fromkeys(joint.first for joint in bare))},
                ),
            )
            if severity != "info"
            else (),
        ),
    )


RULE = Rule(
    id="missing_activation",
    check=check,
    summary="Layers follow each other with no activation between: together they are one.",
    source="Goodfellow, Bengio and Courville 2016, section 6.1",
    explains=("learning_rate_too_low", "poor_initialization"),
)
